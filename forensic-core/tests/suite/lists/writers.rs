//! Writers: what is read, written and read again is the same, field by field; what a format cannot hold is counted.

use super::collect::{Collected, read, read_as};
use forensic_core::{
    Error, Limits,
    known::{FileRecord, Format, Group, List, ListWriter},
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Value, json};

fn upper(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{1,12}", "\\PC{1,8}", Just("a\"b\\c\nd\r\te".to_owned()), Just("True".to_owned())]
}

/// A member of a Media, as one exporter or another writes it.
fn member() -> impl Strategy<Value = (String, Value)> {
    let flag =
        prop_oneof![any::<bool>().prop_map(Value::from), Just(json!("True")), Just(json!("false")), Just(Value::Null)];
    let files = vec((text(), text(), option::of(any::<bool>())), 0..3).prop_map(|files| {
        let file = |(name, path, deleted)| json!({"MD5": "00", "FileName": name, "FilePath": path, "Deleted": deleted});
        Value::Array(files.into_iter().map(file).collect())
    });
    let hashes = any::<[u8; 32]>().prop_map(|digest| {
        json!([{"HashName": "PhotoDNA", "HashValue": "A"}, {"MD5": "00", "HashName": "SHA256", "HashValue": upper(&digest)}])
    });
    let exif = vec((text(), text()), 0..3).prop_map(|pairs| {
        Value::Array(
            pairs.into_iter().map(|(name, value)| json!({"PropertyName": name, "PropertyValue": value})).collect(),
        )
    });
    prop_oneof![
        ("(VictimIdentified|OffenderIdentified|IsDistributed|IsPrecategorized|IsSuspected)", flag),
        (Just("MediaFiles".to_owned()), files),
        (Just("AlternativeHashes".to_owned()), hashes),
        (Just("Exifs".to_owned()), exif),
        ("(Series|Tags|Comments|MimeType|RelativeFilePath)", text().prop_map(Value::from)),
        (Just("PhotoDNA".to_owned()), "[A-Za-z0-9+/]{192}".prop_map(Value::from)),
        (Just("DateUpdated".to_owned()), Just(json!("/Date(1286705410000+0100)/"))),
        (Just("MediaID".to_owned()), any::<u32>().prop_map(Value::from)),
        (Just("SHA1".to_owned()), Just(json!(""))),
        ("[A-Za-z]{1,8}", any::<f64>().prop_map(|number| json!(number))),
    ]
}

/// A Media as text: typed members among others, in any order.
fn media() -> impl Strategy<Value = String> {
    let category = prop_oneof![
        (0..6_i64).prop_map(Value::from),
        Just(Value::Null),
        "[A-E]|CA|1|-0|007".prop_map(Value::from),
        Just(json!("")),
    ];
    let typed = (any::<[u8; 16]>(), option::of(any::<[u8; 20]>()), option::of(any::<u64>()), option::of(category));
    (typed, vec(member(), 0..6), any::<usize>()).prop_map(|((md5, sha1, size, category), members, at)| {
        let mut map = Map::new();
        for (number, (name, value)) in members.into_iter().enumerate() {
            if number == at % 4 {
                map.insert("MD5".to_owned(), json!(upper(&md5)));
            }
            map.entry(name).or_insert(value);
        }
        map.insert("MD5".to_owned(), json!(upper(&md5)));
        map.extend(sha1.map(|digest| ("SHA1".to_owned(), json!(upper(&digest)))));
        map.extend(size.map(|size| ("MediaSize".to_owned(), json!(size))));
        map.extend(category.map(|category| ("Category".to_owned(), category)));
        map.entry("MediaID").or_insert(json!(1));
        Value::Object(map).to_string()
    })
}

/// Both as they are to be the same: what a reader gives but for issues.
fn same(first: &Collected, second: &Collected) -> Result<(), TestCaseError> {
    prop_assert_eq!(first.groups.len(), second.groups.len());
    for ((group, records), (other, others)) in first.groups.iter().zip(&second.groups) {
        prop_assert_eq!(group, other);
        prop_assert_eq!(records, others);
    }
    Ok(())
}

/// Reads a text, writes it and reads what is written.
fn round_trip(text: &str, format: Format) -> Result<(), TestCaseError> {
    let first = read_as(text, Some(format)).unwrap();
    prop_assert_eq!(&first.issues, &[]);
    let (written, report) = first.write(format);
    prop_assert_eq!(report.lost.len(), 0, "{:?}", report);
    prop_assert_eq!((report.records, report.skipped), (first.records().len() as u64, 0));
    let second = read(&written).unwrap();
    prop_assert_eq!(&second.issues, &[]);
    same(&first, &second)?;
    // And nothing is lost the second time.
    prop_assert_eq!(second.write(format).0, written);
    Ok(())
}

/// A case of which the document says more than it should: what has a digest before its Media is read as one of them.
#[test]
fn a_case_with_a_digest_of_its_own_stays_a_case() {
    let context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Cases";
    let media = format!("\"Media\":[{{\"MediaID\":1,\"MD5\":\"{}\"}}]", upper(&[7; 16]));
    for (fields, lost) in [
        (format!("\"CaseID\":\"1\",{media},\"MD5\":\"{}\",\"Note\":\"x\"", upper(&[8; 16])), false),
        (format!("{media},\"MD5\":\"{}\",\"CaseID\":\"1\"", upper(&[8; 16])), false),
        (format!("\"CaseID\":\"1\",\"M\\u0065dia\":[{{\"MD5\":\"00\"}}],{media}"), true),
    ] {
        let text = format!("{{\"@odata.context\":\"{context}\",\"value\":[{{{fields}}}]}}");
        let first = read(&text).unwrap();
        assert_eq!((first.groups.len(), first.groups[1].1.len(), first.issues.len()), (2, 1, 0));
        let (written, report) = first.write(Format::VicsCase);
        assert_eq!(report.lost.is_empty(), !lost, "{report:?}");
        let second = read(&written).unwrap();
        assert_eq!(second.issues.len(), 0);
        assert_eq!(first.groups[1].1, second.groups[1].1);
        assert_eq!(first.groups[1].0 == second.groups[1].0, !lost);
        assert_eq!(second.write(Format::VicsCase).0, written);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_hash_set_is_the_same_when_read_again(media in vec(media(), 1..6), scheme in "US|UK|Default", note in text()) {
        let context = format!("http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{scheme}/$metadata#Media");
        let document = json!({"@odata.context": context, "Note": note}).to_string();
        let document = format!("{},\"value\":[{}]}}", document.trim_end_matches('}'), media.join(","));
        round_trip(&document, Format::Vics)?;
    }

    #[test]
    fn a_case_is_the_same_when_read_again(
        cases in vec((vec(media(), 1..4), text(), option::of(text())), 1..4),
        scheme in "US|UK|Default|CUSTOM",
    ) {
        let context = format!("http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{scheme}/$metadata#Cases");
        let cases: Vec<String> = cases.iter().map(|(media, id, contact)| {
            let fields = json!({"CaseID": id, "ContactName": contact, "TotalMediaFiles": media.len()}).to_string();
            format!("{},\"Media\":[{}]}}", fields.trim_end_matches('}'), media.join(","))
        }).collect();
        let document = format!("{{\"@odata.context\":\"{context}\",\"value\":[{}]}}", cases.join(","));
        let first = read(&document).unwrap();
        let (written, report) = first.write(Format::VicsCase);
        prop_assert_eq!((report.lost.len(), report.skipped), (0, 0));
        same(&first, &read(&written).unwrap())?;
    }

    #[test]
    fn a_caid_document_is_the_same_when_read_again(media in vec(media(), 1..6)) {
        let media = media.join(",").replace("MediaFiles", "files");
        let context = "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media";
        round_trip(&format!("{{\"odata.metadata\":\"{context}\",\"value\":[{media}]}}"), Format::Caid)?;
    }

    #[test]
    fn an_icse_list_is_the_same_when_read_again(
        rows in vec((any::<[u8; 16]>(), option::of(any::<[u8; 20]>()), vec(prop_oneof![Just(String::new()), text()], 10)), 1..8),
    ) {
        let names = ["PhotoDNA", "Image ID", "Is distributed", "Victim identified", "Offender identified", "Series name",
            "Number of submissions", "File Available", "Media Type", "Baseline"];
        let mut collected = Collected::default();
        let records = rows.into_iter().map(|(md5, sha1, fields)| {
            let mut record = FileRecord::default();
            (record.md5, record.sha1) = (Some(md5), sha1);
            let there = names.iter().zip(fields).filter(|(_, field)| !field.is_empty());
            record.properties = there.map(|(name, field)| ((*name).to_owned(), json!(field))).collect::<Map<_, _>>().into();
            record
        });
        collected.groups.push((Group::default(), records.collect()));
        let (written, report) = collected.write(Format::IcseCsv);
        prop_assert_eq!(report.lost.len(), 0, "{:?}", report);
        let second = read(&written).unwrap();
        prop_assert_eq!((second.format, &second.issues), (Some(Format::IcseCsv), &vec![]));
        same(&collected, &second)?;
    }

    #[test]
    fn a_hashdeep_list_is_the_same_when_read_again(
        rows in vec((any::<[u8; 16]>(), option::of(any::<[u8; 20]>()), option::of(any::<[u8; 32]>()), option::of(any::<u64>()),
            option::of("[^\r\n]{1,20}"), option::of("[0-9a-f]{48}")), 1..8),
        folder in "[^\r\n]{1,20}",
    ) {
        let mut collected = Collected::default();
        let mut group = Group::default();
        group.properties = json!({"Invoked from": folder.trim(), "command": "hashdeep -l ."}).as_object().unwrap().clone().into();
        prop_assume!(!folder.trim().is_empty());
        let records = rows.into_iter().map(|(md5, sha1, sha256, size, name, tiger)| {
            let mut record = FileRecord::default();
            (record.md5, record.sha1, record.sha256, record.size, record.name) = (Some(md5), sha1, sha256, size, name);
            record.properties = tiger.map(|digest| ("tiger".to_owned(), json!(digest))).into_iter().collect::<Map<_, _>>().into();
            record
        });
        collected.groups.push((group, records.collect()));
        let (written, report) = collected.write(Format::Hashdeep);
        prop_assert_eq!(report.lost.len(), 0, "{:?}", report);
        let second = read(&written).unwrap();
        prop_assert_eq!((second.format, &second.issues), (Some(Format::Hashdeep), &vec![]));
        same(&collected, &second)?;
    }

    #[test]
    fn sums_and_plain_lists_are_read_again(
        rows in vec((any::<[u8; 32]>(), prop_oneof![text(), Just("x) = y".to_owned())], 0..4_u8), 1..8),
    ) {
        let mut collected = Collected::default();
        let records = rows.into_iter().map(|(digest, name, kind)| {
            let mut record = FileRecord::default();
            match kind {
                0 => record.md5 = digest[..16].try_into().ok(),
                1 => record.sha1 = digest[..20].try_into().ok(),
                2 => record.sha256 = Some(digest),
                _ => record.blake3 = Some(digest),
            }
            record.name = Some(name);
            record
        });
        collected.groups.push((Group::default(), records.collect()));
        let (written, report) = collected.write(Format::Sums);
        prop_assert_eq!(report.lost.len(), 0, "{:?}", report);
        same(&collected, &read_as(&written, Some(Format::Sums)).unwrap())?;
        let (written, report) = collected.write(Format::Plain);
        prop_assert_eq!(report.lost["name"], collected.records().len() as u64);
        let second = read(&written).unwrap();
        prop_assert_eq!(second.format, Some(Format::Plain));
        prop_assert_eq!(second.records().len(), collected.records().len());
    }
}

fn everything() -> Collected {
    let mut record = FileRecord::default();
    (record.md5, record.sha1, record.sha256) = (Some([0xab; 16]), Some([2; 20]), Some([3; 32]));
    (record.blake3, record.untold) = (Some([4; 32]), Some([5; 32]));
    (record.size, record.category, record.name) = (Some(7), Some("1".to_owned()), Some("a\nb.jpg".to_owned()));
    record.properties = json!({"crc32": "00"}).as_object().unwrap().clone().into();
    let mut keyless = FileRecord::default();
    keyless.sha256 = Some([6; 32]);
    let mut group = Group::default();
    group.scheme = Some("NSRL".to_owned());
    group.properties = json!({"PKG": []}).as_object().unwrap().clone().into();
    Collected { groups: vec![(group, vec![record, keyless])], ..Collected::default() }
}

#[test]
fn what_a_format_cannot_hold_is_counted() {
    let lost = |format| {
        let (_, report) = everything().write(format);
        let parts: Vec<&str> = report.lost.keys().copied().collect();
        (report.records, report.skipped, parts.join(" "))
    };
    assert_eq!(lost(Format::Vics), (1, 1, "group scheme untold".to_owned()));
    assert_eq!(lost(Format::VicsCase), (1, 1, "group scheme untold".to_owned()));
    assert_eq!(lost(Format::Caid), (1, 1, "group scheme untold".to_owned()));
    let icse = "blake3 category group name properties scheme sha256 size untold";
    assert_eq!(lost(Format::IcseCsv), (1, 1, icse.to_owned()));
    let hashdeep = "blake3 category group name properties scheme untold";
    assert_eq!(lost(Format::Hashdeep), (2, 0, hashdeep.to_owned()));
    assert_eq!(lost(Format::Sums), (2, 0, "algorithm category group properties scheme size".to_owned()));
    assert_eq!(lost(Format::Plain), (2, 0, "algorithm category group name properties scheme size".to_owned()));
}

#[test]
fn a_record_of_another_list_becomes_a_media() {
    let (written, _) = everything().write(Format::Vics);
    let document: Value = serde_json::from_slice(&written).unwrap();
    let media = &document["value"][0];
    let context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/Default/$metadata#Media";
    assert_eq!(document["@odata.context"], context);
    assert_eq!((media["MD5"].as_str().unwrap(), &media["Category"]), ("AB".repeat(16).as_str(), &json!(1)));
    assert_eq!((&media["MediaID"], &media["MediaSize"], &media["crc32"]), (&json!(1), &json!(7), &json!("00")));
    assert_eq!(media["MediaFiles"][0]["FileName"], "a\nb.jpg");
    let read_again = read(&written).unwrap();
    let record = read_again.records()[0];
    assert_eq!((record.sha256, record.blake3, record.size), (Some([3; 32]), Some([4; 32]), Some(7)));
    let (written, _) = everything().write(Format::VicsCase);
    let document: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(document["value"][0]["CaseID"].as_str().unwrap().len(), 36);
    assert_eq!(document["value"][0]["Media"].as_array().unwrap().len(), 1);
}

/// A reader tells a writer of a case as it comes, with what stands behind its Media at the end.
#[test]
fn a_document_of_cases_goes_from_reader_to_writer() {
    let context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Cases";
    let media = |n: u8| format!("{{\"MediaID\":1,\"MD5\":\"{}\"}}", format!("{n:02X}").repeat(16));
    let document = format!(
        "{{\"@odata.context\":\"{context}\",\"value\":[{{\"CaseID\":\"a\",\"Media\":[{}],\"TotalMediaFiles\":1}},{{\"CaseID\":\"b\",\"Media\":[{}]}}]}}",
        media(1),
        media(2)
    );
    let mut written = Vec::new();
    let mut writer = ListWriter::new("x", &mut written, Format::VicsCase).unwrap();
    List::from_reader("x", document.as_bytes(), None, &Limits::default()).unwrap().read(&mut writer).unwrap();
    let report = writer.finish().unwrap();
    assert_eq!((report.records, report.lost.len()), (2, 0), "{report:?}");
    let without_breaks: String = String::from_utf8(written).unwrap().split('\n').collect();
    assert_eq!(without_breaks, document);
}

#[test]
fn an_empty_list_is_a_list_of_its_format() {
    for format in
        [Format::Vics, Format::VicsCase, Format::Caid, Format::IcseCsv, Format::Hashdeep, Format::Sums, Format::Plain]
    {
        let (written, _) = Collected::default().write(format);
        let collected = read_as(&written, Some(format)).unwrap();
        assert_eq!((collected.records().len(), collected.issues.len()), (0, 0), "{format}");
        if matches!(format, Format::Vics | Format::VicsCase | Format::Caid) {
            serde_json::from_slice::<Value>(&written).unwrap();
        }
    }
    assert!(matches!(ListWriter::new("x", Vec::new(), Format::NsrlSqlite), Err(Error::Unsupported { .. })));
}

/// coreutils, b3sum and hashdeep check the files that our lists name.
#[test]
fn other_programs_check_our_lists() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["plain.jpg", "with space.jpg", "back\\slash.jpg", "new\nline.jpg", "Übersicht.jpg"];
    let mut collected = Collected::default();
    let mut records = Vec::new();
    for name in names {
        std::fs::write(folder.path().join(name), name).unwrap();
        let mut hasher = forensic_core::hash::Hasher::new(&forensic_core::hash::Algorithm::ALL);
        hasher.update(name.as_bytes());
        let digests = hasher.finish();
        let of = |algorithm| digests.get(algorithm).unwrap();
        let mut record = FileRecord::default();
        record.md5 = of(forensic_core::hash::Algorithm::Md5).try_into().ok();
        record.sha256 = of(forensic_core::hash::Algorithm::Sha256).try_into().ok();
        (record.name, record.size) = (Some(name.to_owned()), Some(name.len() as u64));
        records.push(record);
    }
    collected.groups.push((Group::default(), records));
    let run = |program: &str, arguments: &[&str]| {
        let output = std::process::Command::new(program).args(arguments).current_dir(folder.path()).output();
        output.map_err(|_| eprintln!("SKIPPED: {program} is not installed")).ok()
    };
    std::fs::write(folder.path().join("sums"), collected.write(Format::Sums).0).unwrap();
    for program in ["md5sum", "sha256sum"] {
        let Some(output) = run(program, &["--check", "sums"]) else { continue };
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.lines().filter(|line| line.ends_with(": OK")).count() == 5, "{said}");
    }
    // hashdeep escapes nothing: it cannot name a file over two lines.
    collected.groups[0].1.remove(3);
    std::fs::write(folder.path().join("deep"), collected.write(Format::Hashdeep).0).unwrap();
    let files: Vec<&str> = names.iter().copied().filter(|name| !name.contains('\n')).collect();
    if let Some(output) = run("hashdeep", &[&["-m", "-k", "deep"], files.as_slice()].concat()) {
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 4, "{output:?}");
    }
}
