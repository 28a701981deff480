//! Lists in CSV: the ICSE database's, HashKeeper's, and what goes wrong in any.

use super::collect::{md5, read, read_as};
use forensic_core::{Error, known::Format};

const ICSE: &str = "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;\
    Number of submissions;File Available;Media Type;Baseline";

fn digest(number: u8) -> String {
    format!("{number:02x}").repeat(16)
}

#[test]
fn icse_keeps_its_columns_as_properties() {
    let row = format!(
        "{};{};{};77;Yes;No;;\"Série \"\"x\"\"; y\";3;1;Image;True",
        digest(1),
        "2".repeat(40),
        "QUJD".repeat(48)
    );
    let collected = read(format!("{ICSE}\r\n{row}\r\n")).unwrap();
    assert_eq!((collected.format, collected.issues.len()), (Some(Format::IcseCsv), 0));
    let record = collected.records()[0];
    assert_eq!((md5(record), record.sha1), (digest(1), Some([0x22; 20])));
    let map = record.properties.to_map();
    assert_eq!((map["Series name"].as_str(), map["Baseline"].as_str()), (Some("Série \"x\"; y"), Some("True")));
    assert_eq!(map["PhotoDNA"].as_str().unwrap().len(), 192);
    assert!(!map.contains_key("Offender identified"), "what is empty is not there");
}

#[test]
fn hashkeeper_has_its_md5_in_the_fifth_column() {
    let header = "\"file_id\",\"hashset_id\",\"file_name\",\"directory\",\"hash\",\"file_size\",\"date_modified\",\"time_modified\",\
        \"time_zone\",\"comments\",\"date_accessed\",\"time_accessed\"";
    let row = format!(
        "1,\"Z001\",\"a.exe\",\"C:\\x\",\"{}\",4096,\"1/2/1999\",\"1:00\",\"UTC\",\"\",\"\",\"\"",
        digest(1).to_uppercase()
    );
    let collected = read(format!("{header}\n{row}\n")).unwrap();
    assert_eq!((collected.format, collected.names()), (Some(Format::Hashkeeper), vec!["a.exe"]));
    assert_eq!(collected.records()[0].size, Some(4096));
    assert_eq!(collected.records()[0].properties.to_map()["directory"], "C:\\x");
}

#[test]
fn a_field_may_go_over_lines() {
    let text = format!("{ICSE}\n{};;;;;;;\"a\r\nb\n\n c\";;;;\n{};;;;;;;;;;;\n", digest(1), digest(2));
    let collected = read(&text).unwrap();
    assert_eq!(collected.records()[0].properties.to_map()["Series name"], "a\r\nb\n\n c");
    assert_eq!((collected.records().len(), collected.issues.len()), (2, 0));
}

#[test]
fn bad_rows_are_issues_with_their_line_and_the_rest_is_read() {
    let good = |number: u8| format!("{};;;;;;;;;;;", digest(number));
    let text = [
        ICSE.to_owned(),
        good(1),
        "too;few".to_owned(),
        format!("{};;;;;;;;;;;;;too many", digest(9)),
        "zz;;;;;;;;;;;".to_owned(),
        ";;;;;;;;;;;".to_owned(),
        format!("{};;;;;;;\"a quote that is never closed;;;;", digest(8)),
        good(2),
        format!("{};not hex;;;;;;;;;;", digest(3)),
        "x".repeat(300_000),
        good(4),
    ]
    .join("\n");
    let collected = read(&text).unwrap();
    let found: Vec<String> = collected.records().into_iter().map(md5).collect();
    assert_eq!(found, [1, 2, 3, 4].map(digest));
    let mut lines: Vec<u64> = collected.issues.iter().map(|issue| issue.0).collect();
    lines.sort_unstable();
    assert_eq!(lines, [3, 4, 5, 6, 7, 9, 10], "{:?}", collected.issues);
}

#[test]
fn a_quote_that_is_never_closed_costs_its_line_not_the_list() {
    let mut text = format!("{ICSE}\n{};;;;;;;\"open;;;;\n", digest(0));
    for number in 1..=200 {
        text.push_str(&format!("{};;;;;;;;;;;\n", digest(number)));
    }
    let collected = read(&text).unwrap();
    assert_eq!((collected.records().len(), collected.issues.len()), (200, 1));
    assert_eq!(collected.issues[0].0, 2);
}

#[test]
fn a_header_without_digests_is_an_error() {
    let answer = read_as("a;b;c\n1;2;3\n", Some(Format::IcseCsv));
    assert!(matches!(answer, Err(Error::Corrupt { .. })), "{answer:?}");
}
