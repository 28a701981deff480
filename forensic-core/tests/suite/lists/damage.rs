//! Damaged lists: each gives an error that says where, or issues with their places, and what is beside the damage is read.

use super::{
    binary::{bloom, encase},
    collect::{Collected, md5, read, read_within},
    databases::{KDB, database},
    vics::CONTEXT,
};
use forensic_core::{Error, Limits};
use proptest::prelude::*;
use std::sync::LazyLock;

fn digest(number: u32) -> String {
    format!("{number:032x}")
}

fn vics() -> String {
    let media: Vec<String> = (1..=5)
        .map(|n| format!("{{\"MediaID\":{n},\"MD5\":\"{}\",\"Category\":{n},\"Tags\":[\"a\",{{\"b\":1}}]}}", digest(n)))
        .collect();
    format!("{{\"@odata.context\":\"{CONTEXT}\",\"value\":[{}]}}", media.join(","))
}

fn kdb() -> Vec<u8> {
    let rows: Vec<String> = (1..=2000).map(|n| format!("({n}, x'{}', NULL, NULL)", digest(n))).collect();
    database(&["PRAGMA page_size = 1024;", KDB, &format!("INSERT INTO hashes VALUES {};", rows.join(","))])
}

fn lines(rows: &[&str]) -> Vec<u8> {
    rows.join("\n").into_bytes()
}

/// What is expected of a damaged list.
enum Answer {
    /// Issues, and these digests.
    Issues(Vec<u32>),
    /// Issues, and at least as many records.
    AtLeast(usize),
    Error,
}

use Answer::{AtLeast, Error as Refused, Issues};

fn edit(text: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

fn documents() -> Vec<(&'static str, Vec<u8>, Answer)> {
    let whole = vics();
    let third = format!("\"MD5\":\"{}\"", digest(3));
    vec![
        (
            "VICS, a quote lost before a digest",
            edit(&whole, &third, &third.replace(":\"", ":")),
            Issues(vec![1, 2, 4, 5]),
        ),
        (
            "VICS, a quote lost behind a name",
            edit(&whole, &third, &third.replace("\":", ":")),
            Issues(vec![1, 2, 4, 5]),
        ),
        ("VICS, a comma lost", edit(&whole, &format!("{third},"), &third), Issues(vec![1, 2, 4, 5])),
        ("VICS, a colon lost", edit(&whole, "\"MediaID\":3", "\"MediaID\" 3"), Issues(vec![1, 2, 4, 5])),
        ("VICS, a value lost", edit(&whole, "\"Category\":3", "\"Category\":"), Issues(vec![1, 2, 4, 5])),
        ("VICS, a bracket lost", edit(&whole, "{\"MediaID\":3", "\"MediaID\":3"), AtLeast(4)),
        ("VICS, a bracket too many", edit(&whole, "{\"MediaID\":3", "{{\"MediaID\":3"), AtLeast(4)),
        ("VICS, a list closed too early", edit(&whole, ",{\"MediaID\":3", "],{\"MediaID\":3"), AtLeast(3)),
        (
            "VICS, bytes that are no text",
            [&whole.as_bytes()[..300], b"\xff\xfe\0", &whole.as_bytes()[303..]].concat(),
            AtLeast(3),
        ),
        ("VICS, a word for a value", edit(&whole, "\"Category\":3", "\"Category\":NaN"), Issues(vec![1, 2, 4, 5])),
        ("VICS, a wrong escape", edit(&whole, "\"Tags\":[\"a\"", "\"Tags\":[\"\\x\""), Issues(vec![2, 3, 4, 5])),
        ("VICS, a digest too short", edit(&whole, &third, &third.replace("00000003", "03")), Issues(vec![1, 2, 4, 5])),
        ("VICS, cut", whole.as_bytes()[..whole.len() - 60].to_vec(), AtLeast(4)),
        ("VICS, text behind its end", format!("{whole}}}").into_bytes(), Issues(vec![1, 2, 3, 4, 5])),
        ("VICS, without a list", format!("{{\"@odata.context\":\"{CONTEXT}\",\"value\":7,}} x").into_bytes(), Refused),
    ]
}

fn tables() -> Vec<(&'static str, Vec<u8>, Answer)> {
    let kdb = kdb();
    let mut torn = kdb.clone();
    let leaf = torn.chunks(1024).enumerate().skip(30).find(|(_, page)| page[0] == 0x0d).unwrap().0;
    torn[leaf * 1024..leaf * 1024 + 512].fill(0xa5);
    let mut schema = kdb.clone();
    schema[100..1024].fill(0);
    let icse = "MD5;SHA1;PhotoDNA";
    let (one, two) = (format!("{};;x", digest(1)), format!("{};;y", digest(2)));
    let row = |n: u32| format!("INSERT INTO FILE(md5) VALUES ('{}');", digest(n));
    vec![
        ("database, a page overwritten", torn, AtLeast(1900)),
        ("database, its schema gone", schema, Refused),
        ("database, cut", kdb[..kdb.len() / 2].to_vec(), AtLeast(1)),
        ("database, without its table", database(&["CREATE TABLE hashes_of_files (md5);"]), Refused),
        (
            "database, without a digest's column",
            database(&["CREATE TABLE FILE (name); INSERT INTO FILE VALUES ('x');"]),
            Refused,
        ),
        ("ICSE, a row too short", lines(&[icse, &one, "x;y", &two]), Issues(vec![1, 2])),
        ("ICSE, a quote not closed", lines(&[icse, "\"abc;;", &one, &two]), Issues(vec![1, 2])),
        ("ICSE, a quote within a field", lines(&[icse, &one, "12\"34;;", &two]), Issues(vec![1, 2])),
        ("ICSE, a null byte in a digest", lines(&[icse, &one, &two.replace("02;", "0\0;"), &two]), Issues(vec![1, 2])),
        ("SQL, a text not closed", lines(&["BEGIN;", &row(1), "INSERT INTO FILE(md5) VALUES ('"]), Issues(vec![1])),
        ("SQL, a bracket lost", lines(&["BEGIN;", &row(1), &row(9).replace(')', ""), &row(2)]), Issues(vec![1, 2])),
        (
            "SQL, words that are no statement",
            lines(&["BEGIN;", &row(1), "such things happen;", &row(2)]),
            Issues(vec![1, 2]),
        ),
    ]
}

fn others() -> Vec<(&'static str, Vec<u8>, Answer)> {
    let (one, two) = (digest(1), digest(2));
    let set = encase(&[([1; 16], [0; 2]), ([2; 16], [0; 2])]);
    let filter = bloom(5000, "");
    let deep =
        format!("%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n1,{one},a\n2,xyz,b\n-3,{two},c\n4,{two}\n5,{two},d\n");
    vec![
        ("plain, a line of noise", lines(&[&one, "\u{1}\u{2}\u{3}", &two]), Issues(vec![1, 2])),
        ("plain, a digest too short", lines(&[&one, &one[1..], &two]), Issues(vec![1, 2])),
        (
            "sums, bytes for a digest",
            lines(&[&format!("{one}  a"), "MD5 (b) = xyz", &format!("{two} *c")]),
            Issues(vec![1, 2]),
        ),
        ("hashdeep, wrong fields", deep.clone().into_bytes(), Issues(vec![1, 2])),
        ("hashdeep, without columns", deep.replace("%%%% size,md5,filename\n", "").into_bytes(), Refused),
        ("EnCase, cut in an entry", set[..set.len() - 5].to_vec(), AtLeast(1)),
        ("EnCase, cut in its header", set[..900].to_vec(), Refused),
        ("Bloom, cut", filter[..200].to_vec(), Refused),
        ("gzip, cut", [&[0x1f, 0x8b, 8, 0][..], &[7; 40]].concat(), Refused),
    ]
}

#[test]
fn every_damaged_list_says_where_and_gives_the_rest() {
    let all: Vec<_> = [documents(), tables(), others()].into_iter().flatten().collect();
    assert!(all.len() >= 30);
    for (what, bytes, answer) in all {
        match (read(&bytes), answer) {
            (Ok(collected), Issues(expected)) => {
                let found: Vec<String> = collected.records().into_iter().map(md5).collect();
                assert_eq!(
                    found,
                    expected.into_iter().map(digest).collect::<Vec<_>>(),
                    "{what}: {:?}",
                    collected.issues
                );
                assert_places(&collected, what);
            }
            (Ok(collected), AtLeast(count)) => {
                let found = collected.records().len();
                assert!(found >= count, "{what}: {found} {:?}", collected.issues);
                assert_places(&collected, what);
            }
            (Err(error), Refused) => assert!(
                matches!(error, Error::Format { .. } | Error::Corrupt { .. } | Error::Limit { .. } | Error::Io { .. }),
                "{what}: {error}"
            ),
            (answer, _) => panic!("{what}: {answer:?}"),
        }
    }
}

#[test]
fn a_packed_list_is_read_as_far_as_it_unpacks() {
    let text: String = (1..=5000_u32).map(|number| digest(number.wrapping_mul(0x9e37_79b1)) + "\n").collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(read(&packed).unwrap().records().len(), 5000);
    let collected = read(&packed[..packed.len() / 2]).unwrap();
    assert!((1000..5000).contains(&collected.records().len()));
    assert!(collected.issues.last().unwrap().1.contains("packed list is cut"), "{:?}", collected.issues);
}

#[test]
fn issues_without_number_are_counted_not_kept() {
    let limits = Limits { issues: 10, ..Limits::default() };
    for text in [
        format!("{}\n{}", digest(1), "noise\n".repeat(1000)),
        format!("{}{}", vics().trim_end_matches("]}"), "}".repeat(1000)),
    ] {
        let collected = read_within(&text, None, &limits).unwrap();
        assert_eq!(collected.issues.len(), 11);
        assert!(
            collected.issues[10].1.ends_with("more issues of this list are not told one by one"),
            "{:?}",
            collected.issues
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_damage_ends_in_records_and_issues_or_an_error(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..6),
    ) {
        let mut bytes = which.get(&LISTS).clone();
        for (at, kind, value) in edits {
            let at = at.index(bytes.len().max(1));
            match kind {
                _ if bytes.is_empty() => {}
                0 => bytes[at] = value,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"\"{}[],:;\n\\'()"[usize::from(value) % 13]),
                _ => bytes.truncate(at),
            }
        }
        let limits = Limits { issues: 100, ..Limits::default() };
        if let Ok(collected) = read_within(&bytes, None, &limits) {
            prop_assert!(collected.issues.len() <= 101);
            for record in collected.records() {
                prop_assert!(record.properties.as_json().is_empty() || !record.properties.to_map().is_empty());
            }
        }
    }
}

/// What is damaged further: lists that are damaged already, and a database.
static LISTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let rows = "INSERT INTO hashes VALUES (1, x'00', x'01', NULL); INSERT INTO comments VALUES ('c', 1);";
    let database = database(&["PRAGMA page_size = 512;", KDB, rows]);
    [documents(), others()].into_iter().flatten().map(|list| list.1).chain([database]).collect()
});

fn assert_places(collected: &Collected, what: &str) {
    assert!(!collected.issues.is_empty(), "{what}");
    assert!(
        collected.issues.iter().all(|(place, message)| *place > 0 && !message.is_empty()),
        "{what}: {:?}",
        collected.issues
    );
}
