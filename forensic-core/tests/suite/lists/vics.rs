//! VICS and CAID documents: each version, and each quirk of those who write them.

use super::collect::{hex, md5, read, read_as, read_within};
use forensic_core::{
    Error, Limits, Result,
    known::{FileRecord, Format, Group, List, Sink},
};
use std::io::Read;

pub const CONTEXT: &str = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/Default/$metadata#Media";

fn cases_context(scheme: &str) -> String {
    format!("http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{scheme}/$metadata#Cases")
}

fn set(media: &str) -> String {
    format!("{{\"@odata.context\":\"{CONTEXT}\",\"value\":[{media}]}}")
}

fn digest(number: u8) -> String {
    format!("{number:02X}").repeat(16)
}

/// The one record of a set of one Media.
fn one(media: &str) -> FileRecord {
    let collected = read(set(media)).unwrap();
    assert_eq!(collected.issues, [], "{media}");
    assert_eq!(collected.records().len(), 1, "{media}");
    collected.records()[0].clone()
}

#[test]
fn a_hash_set_gives_its_fields_and_keeps_the_rest_as_it_stands() {
    let photo_dna = "A".repeat(192);
    let media = format!(
        "{{\"MediaID\":7,\"Category\":2,\"MD5\":\"{}\",\"SHA1\":\"{}\",\"MediaSize\":1234,\
         \"VictimIdentified\":\"True\",\"Tags\":[\"a\" , \"b\"],\"PhotoDNA\":\"{photo_dna}\",\
         \"DateUpdated\":\"\\/Date(1286705410000)\\/\",\"Series\":\"S\\u00e9rie\",\
         \"MediaFiles\":[{{\"FileName\":\"b\\u00e9.jpg\",\"FilePath\":\"x\\\\y\"}},{{\"FileName\":\"second.jpg\"}}]}}",
        digest(1),
        "ab".repeat(20)
    );
    let record = one(&media);
    assert_eq!(md5(&record), "01".repeat(16));
    assert_eq!(hex(&record.sha1.unwrap()), "ab".repeat(20));
    assert_eq!(
        (record.size, record.category.as_deref(), record.name.as_deref()),
        (Some(1234), Some("2"), Some("bé.jpg"))
    );
    let properties = record.properties.as_json();
    assert!(
        properties.starts_with("{\"MediaID\":7,\"VictimIdentified\":\"True\",\"Tags\":[\"a\" , \"b\"],\"PhotoDNA\":")
    );
    assert!(properties.contains("\"DateUpdated\":\"\\/Date(1286705410000)\\/\",\"Series\":\"S\\u00e9rie\""));
    let map = record.properties.to_map();
    assert_eq!(map["PhotoDNA"].as_str().unwrap().len(), 192);
    assert_eq!(map["MediaFiles"][1]["FileName"], "second.jpg");
    assert!(["MD5", "SHA1", "MediaSize", "Category"].iter().all(|name| !map.contains_key(*name)));
}

#[test]
fn every_version_is_told_by_its_context_wherever_it_stands() {
    let media = format!("{{\"MD5\":\"{}\"}}", digest(1));
    let old = |version: &str| format!("http://github.com/ICMEC/ProjectVic/DataModels/{version}.xml#Media");
    for (key, context, format, scheme) in [
        ("odata.metadata", old("1.2"), Format::Caid, None),
        ("odata.metadata", old("1.3"), Format::Vics, None),
        ("@odata.context", CONTEXT.to_owned(), Format::Vics, Some("Default")),
        ("@odata.context", CONTEXT.replace("/", "\\/").replace("Default", "UK"), Format::Vics, Some("UK")),
    ] {
        for (text, format) in [
            (format!("{{\"{key}\":\"{context}\",\"value\":[{media}]}}"), format),
            // Before the list is read nothing tells its version.
            (format!("\u{feff}\r\n{{ \"value\" : [ {media} ] ,\n\"{key}\" : \"{context}\" }}\r\n"), Format::Vics),
        ] {
            let collected = read(&text).unwrap();
            if format == Format::Caid || !text.contains("\"value\" :") {
                assert_eq!(collected.format, Some(format), "{text}");
            }
            assert_eq!((collected.records().len(), collected.issues.len()), (1, 0), "{text}");
            assert_eq!(collected.group().scheme.as_deref(), scheme, "{text}");
            assert!(collected.group().properties.to_map().contains_key(key));
        }
    }
}

#[test]
fn utf16_is_read() {
    let text = set(&format!("{{\"MD5\":\"{}\",\"Series\":\"Ünï🚩\"}}", digest(1)));
    let bytes: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let collected = read(bytes).unwrap();
    assert_eq!(collected.records()[0].properties.to_map()["Series"], "Ünï🚩");
}

#[test]
fn each_case_is_a_group_with_its_own_fields() {
    let case = |number: u8, behind: bool| {
        let fields = format!("\"CaseID\":\"{{guid-{number}}}\",\"TotalMediaFiles\":2");
        let media = format!("\"Media\":[{{\"MD5\":\"{}\"}},{{\"MD5\":\"{}\"}}]", digest(number), digest(9));
        if behind { format!("{{{media},{fields}}}") } else { format!("{{{fields},{media}}}") }
    };
    for scheme in ["US", "UK", "Default", "CUSTOM"] {
        let context = cases_context(scheme);
        let text = format!("{{\"@odata.context\":\"{context}\",\"value\":[{},{}]}}", case(1, false), case(2, true));
        let collected = read(&text).unwrap();
        assert_eq!((collected.groups.len(), collected.issues.len()), (3, 0));
        for (number, (group, records)) in collected.groups.iter().enumerate().skip(1) {
            assert_eq!(group.scheme.as_deref(), Some(scheme));
            assert_eq!(group.properties.to_map()["CaseID"], format!("{{guid-{number}}}"));
            assert!(!group.properties.to_map().contains_key("Media"));
            assert_eq!(records.len(), 2);
            assert_eq!(md5(&records[0]), digest(number as u8));
        }
    }
    // The one case of a document whose context stands behind it is given its scheme all the same.
    let text = format!("{{\"value\":[{}],\"@odata.context\":\"{}\"}}", case(1, false), cases_context("UK"));
    let collected = read(&text).unwrap();
    assert_eq!(collected.groups[1].0.scheme.as_deref(), Some("UK"));
    assert_eq!(collected.groups[1].0.properties.to_map()["TotalMediaFiles"], 2);
    // A case without Media is a case.
    let text = format!("{{\"@odata.context\":\"{}\",\"value\":[{{\"CaseNumber\":\"7\"}}]}}", cases_context("US"));
    assert_eq!(read(text).unwrap().groups.len(), 2);
}

#[test]
fn caid_has_files_in_lower_case() {
    let context = "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media";
    let media = format!("{{\"MD5\":\"{}\",\"files\":[{{\"FileName\":\"a.jpg\"}}],\"Category\":\"A\"}}", digest(1));
    let collected = read(format!("{{\"odata.metadata\":\"{context}\",\"value\":[{media}]}}")).unwrap();
    assert_eq!(collected.format, Some(Format::Caid));
    assert_eq!(collected.names(), ["a.jpg"]);
    assert_eq!(collected.records()[0].category.as_deref(), Some("A"));
}

#[test]
fn a_category_is_what_it_is() {
    let category = |value: &str| one(&format!("{{\"MD5\":\"{}\",\"Category\":{value}}}", digest(1)));
    assert_eq!(category("0").category.as_deref(), Some("0"));
    assert_eq!(category("\"CA\"").category.as_deref(), Some("CA"));
    assert_eq!(category("-1").category.as_deref(), Some("-1"));
    assert_eq!(category("null").category, None);
    assert_eq!(category("null").properties.as_json(), "{\"Category\":null}");
    assert_eq!(one(&format!("{{\"MD5\":\"{}\"}}", digest(1))).category, None);
}

#[test]
fn digests_may_be_empty_or_of_mixed_case_and_sizes_text() {
    let record = one(
        "{\"MD5\":\" aAbBcCdDeEfF00112233445566778899 \",\"SHA1\":\"\",\"MediaSize\":\"77\",\"IsDistributed\":true}",
    );
    assert_eq!(md5(&record), "aabbccddeeff00112233445566778899");
    assert_eq!((record.sha1, record.size), (None, Some(77)));
    assert_eq!(record.properties.as_json(), "{\"SHA1\":\"\",\"IsDistributed\":true}");
    let record = one(&format!("{{\"MD5\":null,\"SHA1\":\"{}\",\"MediaSize\":null}}", "1".repeat(40)));
    assert_eq!((record.md5, record.size), (None, None));
}

#[test]
fn alternative_hashes_fill_the_digests_that_sets_are_asked_by() {
    let hashes = format!(
        "[{{\"HashName\":\"PhotoDNA\",\"HashValue\":\"xyz\"}},{{\"MD5\":\"\",\"HashName\":\"SHA-256\",\"HashValue\":\"{}\"}},\
         {{\"HashName\":\"BLAKE3\",\"HashValue\":\"{}\"}}]",
        "3".repeat(64),
        "4".repeat(64)
    );
    let record = one(&format!("{{\"MD5\":\"{}\",\"AlternativeHashes\":{hashes}}}", digest(1)));
    assert_eq!((record.sha256, record.blake3), (Some([0x33; 32]), Some([0x44; 32])));
    assert_eq!(record.properties.to_map()["AlternativeHashes"][0]["HashValue"], "xyz");
}

#[test]
fn what_exporters_write_each_in_their_way_is_kept_as_it_stands() {
    for (name, value) in [
        ("DateUpdated", "\"2023-06-07T02:31:49.8300Z\""),
        ("DateUpdated", "\"2010-10-10T10:10:10\""),
        ("DateUpdated", "\"/Date(1286705410000)/\""),
        ("DateUpdated", "\"6/7/2023 2:31:49 AM\""),
        ("IsPrecategorized", "true"),
        ("IsPrecategorized", "\"true\""),
        ("OffenderIdentified", "\"True\""),
        ("MimeType", "\"image/unknown\""),
        ("RelativeFilePath", "\"a\\\\b\\\\c.jpg\""),
        ("Tags", "\"one, two\""),
        ("Tags", "{\"a\":1}"),
        ("Exifs", "[{\"PropertyName\":\"GPSLatitudeRef\",\"PropertyValue\":\"\\u0000\"}]"),
        ("Segments", "[{\"SegmentIndex\":0,\"Start\":\"00:00:01\"}]"),
        ("Repositories", "[{\"RepositoryName\":\"x\"}]"),
    ] {
        let record = one(&format!("{{\"MD5\":\"{}\",\"Category\":null,\"{name}\":{value}}}", digest(1)));
        assert_eq!(record.properties.as_json(), format!("{{\"Category\":null,\"{name}\":{value}}}"));
    }
}

#[test]
fn a_media_that_says_media_of_itself_is_no_case() {
    let record = one(&format!("{{\"MD5\":\"{}\",\"Media\":[{{\"MD5\":\"{}\"}}]}}", digest(1), digest(2)));
    assert_eq!(md5(&record), "01".repeat(16));
    assert!(record.properties.to_map()["Media"].is_array());
}

#[test]
fn a_value_beyond_all_bounds_costs_no_other() {
    let deep = "[".repeat(5000) + &"]".repeat(5000);
    let record = one(&format!("{{\"MD5\":\"{}\",\"a\":1e999,\"b\":{deep},\"c\":\"kept\"}}", digest(1)));
    let map = record.properties.to_map();
    assert_eq!(
        (map["a"].as_str(), map["b"].as_str(), map["c"].as_str()),
        (Some("1e999"), Some(deep.as_str()), Some("kept"))
    );
}

#[test]
fn one_digest_in_many_media_is_a_record_for_each() {
    let media: Vec<String> = (0..116).map(|id| format!("{{\"MediaID\":{id},\"MD5\":\"{}\"}}", digest(5))).collect();
    assert_eq!(read(set(&media.join(",\n"))).unwrap().records().len(), 116);
}

#[test]
fn wrong_types_are_issues_with_their_place_and_the_rest_is_read() {
    let media = [
        format!("{{\"MD5\":\"{}\",\"MediaSize\":\"big\",\"Category\":[1],\"SHA1\":17,\"MediaFiles\":[3]}}", digest(1)),
        "{\"MD5\":\"nonsense\"}".to_owned(),
        "{\"MediaSize\":1}".to_owned(),
        "null".to_owned(),
        "\"text, with {brackets}\"".to_owned(),
        "[1,[2]]".to_owned(),
        format!("{{\"MD5\":\"{}\"}}", digest(2)),
    ];
    let text = set(&media.join(","));
    let collected = read(&text).unwrap();
    let found: Vec<String> = collected.records().into_iter().map(md5).collect();
    assert_eq!(found, [digest(1).to_lowercase(), digest(2).to_lowercase()]);
    // What is not as it ought to be is kept.
    let kept = collected.records()[0].properties.to_map();
    assert_eq!((kept["MediaSize"].as_str(), kept["SHA1"].as_u64(), kept.len()), (Some("big"), Some(17), 4));
    let places: std::collections::BTreeSet<u64> = collected.issues.iter().map(|issue| issue.0).collect();
    let expected = media[..6].iter().map(|media| text.find(media.as_str()).unwrap() as u64).collect();
    assert_eq!(places, expected, "{:?}", collected.issues);
}

#[test]
fn wherever_a_document_is_cut_all_whole_elements_are_kept() {
    let media: Vec<String> =
        (1..=3).map(|n| format!("{{\"MD5\":\"{}\",\"Series\":\"a\\\"}}],\"}}", digest(n))).collect();
    let case = format!("{{\"CaseID\":\"c\",\"Media\":[{}]}}", media.join(", "));
    for text in
        [set(&media.join(", ")), format!("{{\"@odata.context\":\"{}\",\"value\":[{case}]}}", cases_context("US"))]
    {
        let ends: Vec<usize> = media.iter().map(|media| text.find(media.as_str()).unwrap() + media.len()).collect();
        for cut in 1..text.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count();
            match read_as(&text[..cut], Some(Format::Vics)) {
                Ok(collected) => {
                    assert_eq!(collected.records().len(), whole, "cut at {cut}");
                    let last = collected.issues.last().unwrap();
                    assert!(last.0 == cut as u64 && last.1.contains("cut"), "cut at {cut}: {last:?}");
                }
                Err(Error::Format { .. }) => assert_eq!(whole, 0),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn a_lost_quote_costs_its_element_alone() {
    let media: Vec<String> = (1..=4)
        .map(|n| {
            format!(
                "{{\"MediaID\":{n},\"MD5\":\"{}\",\"MediaFiles\":[{{\"MD5\":\"x\"}},{{\"MD5\":\"y\"}}]}}",
                digest(n)
            )
        })
        .collect();
    for separator in [",", ",\n"] {
        let text = set(&media.join(separator));
        let at = text.find(&digest(2)).unwrap();
        let damaged = [&text[..at + 32], &text[at + 33..]].concat();
        let collected = read(&damaged).unwrap();
        let found: Vec<String> = collected.records().into_iter().map(md5).collect();
        assert_eq!(found, [1, 3, 4].map(|n| digest(n).to_lowercase()), "{separator:?} {:?}", collected.issues);
        assert_eq!(collected.issues.len(), 1);
        let (place, message) = &collected.issues[0];
        assert!(
            *place > at as u64 && message.contains(&format!("begins at byte {}", damaged.find(&media[2]).unwrap()))
        );
    }
}

#[test]
fn an_element_over_the_budget_is_refused_with_its_place() {
    let media = format!("{{\"MD5\":\"{}\",\"Comments\":\"{}\"}}", digest(1), "x".repeat(9 << 20));
    let text = set(&format!("{{\"MD5\":\"{}\"}},{media}", digest(2)));
    match read_within(&text, None, &Limits::default()) {
        Err(Error::Limit { offset, unit: "bytes", .. }) => assert!(offset > text.find(&media).unwrap() as u64),
        other => panic!("{other:?}"),
    }
}

/// A document of any length on one line, which is nowhere in memory as a whole.
struct OneLine {
    media: u64,
    next: std::io::Cursor<Vec<u8>>,
}

impl Read for OneLine {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let count = self.next.read(buf)?;
        if count > 0 || self.media == 0 {
            return Ok(count);
        }
        self.media -= 1;
        let end = if self.media == 0 { "]}" } else { "," };
        let text = format!("{{\"MD5\":\"{:032X}\",\"Comments\":\"{}\"}}{end}", self.media, "x".repeat(1000));
        self.next = std::io::Cursor::new(text.into_bytes());
        self.next.read(buf)
    }
}

#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    fn begin_group(&mut self) -> Result<()> {
        Ok(())
    }

    fn describe(&mut self, _: Group) -> Result<()> {
        Ok(())
    }

    fn record(&mut self, record: &FileRecord) -> Result<()> {
        assert_eq!(record.properties.as_json().len(), 1000 + "{\"Comments\":\"\"}".len());
        self.0 += 1;
        Ok(())
    }

    fn remove(&mut self, _: &FileRecord) -> Result<()> {
        Ok(())
    }

    fn filter(&mut self, _: Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn issue(&mut self, position: u64, message: String) {
        panic!("{position}: {message}");
    }
}

#[test]
fn a_document_on_one_line_streams() {
    let head = format!("{{\"@odata.context\":\"{CONTEXT}\",\"value\":[");
    let document = OneLine { media: 20_000, next: std::io::Cursor::new(head.into_bytes()) };
    let mut count = Count::default();
    List::from_reader("list", document, None, &Limits::default()).unwrap().read(&mut count).unwrap();
    assert_eq!(count.0, 20_000);
}
