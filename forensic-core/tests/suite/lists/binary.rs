//! EnCase's sets, The Sleuth Kit's indexes, hashlookup's Bloom filters.

use super::collect::{md5, read, read_within};
use forensic_core::{Error, Limits, known::Format};

pub fn encase(entries: &[([u8; 16], [u8; 2])]) -> Vec<u8> {
    let mut bytes = b"HASH\r\n\xff\0".to_vec();
    bytes.resize(1152, 0);
    for (place, text) in [(1032, "Täter 7"), (1112, "Notable")] {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes[place..place + units.len()].copy_from_slice(&units);
    }
    entries.iter().for_each(|(md5, rest)| bytes.extend([&md5[..], rest].concat()));
    bytes
}

#[test]
fn an_encase_set_gives_its_name_and_bare_digests() {
    let collected = read(encase(&[([1; 16], [0; 2]), ([2; 16], [7, 8])])).unwrap();
    assert_eq!((collected.format, collected.issues.len()), (Some(Format::EncaseHash), 0));
    let records = collected.records();
    assert_eq!((md5(records[0]), records[0].properties.as_json()), ("01".repeat(16), ""));
    assert_eq!((md5(records[1]), records[1].properties.as_json()), ("02".repeat(16), "{\"entry end\":\"0708\"}"));
    assert_eq!(collected.group().properties.as_json(), "{\"name\":\"Täter 7\",\"category\":\"Notable\"}");
}

#[test]
fn a_cut_encase_set_gives_what_is_there() {
    let bytes = encase(&[([1; 16], [0; 2]), ([2; 16], [0; 2])]);
    for (cut, records, issues) in [(1152, 0, 0), (1153, 0, 1), (1170, 1, 0), (1180, 1, 1), (1186, 2, 1), (1188, 2, 0)] {
        match read(&bytes[..cut]) {
            Ok(collected) => {
                assert_eq!((collected.records().len(), collected.issues.len()), (records, issues), "{cut}")
            }
            Err(Error::Format { .. }) => assert_eq!((records, issues), (0, 1), "{cut}"),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(matches!(read(&bytes[..1000]), Err(Error::Corrupt { structure: "EnCase hash set", .. })));
}

#[test]
fn an_index_gives_its_digests_and_its_header() {
    let text = format!(
        "{}|nsrl\n{}1|NSRLFile.txt\n{}|0000000000000012\n{}|0000000000000099\nnonsense\n{}|x\n",
        "0".repeat(41),
        "0".repeat(40),
        "0A".repeat(20),
        "0b".repeat(20),
        "0c".repeat(20),
    );
    let collected = read(&text).unwrap();
    assert_eq!(collected.format, Some(Format::TskIdx));
    let found: Vec<_> = collected.records().into_iter().map(|record| record.sha1.unwrap()).collect();
    assert_eq!(found, [[10; 20], [11; 20]]);
    assert_eq!(collected.group().properties.as_json(), "{\"type\":\"nsrl\",\"name\":\"NSRLFile.txt\"}");
    assert_eq!(collected.issues.iter().map(|issue| issue.0).collect::<Vec<_>>(), [5, 6]);
}

#[test]
fn an_index_of_the_sleuth_kit_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.md5");
    let digests = ["900150983cd24fb0d6963f7d28e17f72", "d41d8cd98f00b204e9800998ecf8427e"];
    let rows: Vec<String> = digests.iter().map(|digest| format!("{digest}  name of {digest}\n")).collect();
    std::fs::write(&list, rows.concat()).unwrap();
    let Ok(_) = std::process::Command::new("hfind").args(["-i", "md5sum"]).arg(&list).output() else {
        return eprintln!("SKIPPED: hfind is not installed");
    };
    let Ok(bytes) = std::fs::read(folder.path().join("list.md5-md5.idx")) else {
        return eprintln!("SKIPPED: hfind made no index");
    };
    let collected = read(bytes).unwrap();
    assert_eq!((collected.format, collected.issues.len()), (Some(Format::TskIdx), 0), "{:?}", collected.issues);
    assert_eq!(collected.records().into_iter().map(md5).collect::<Vec<_>>(), digests);
    assert_eq!(collected.group().properties.to_map()["type"], "md5sum");
}

/// Six words, bits, and what the maker adds.
pub fn bloom(bits: u64, data: &str) -> Vec<u8> {
    let share = 0.001_f64.to_bits();
    let mut bytes: Vec<u8> = [1, 2000, share, 10, bits, 1500].into_iter().flat_map(u64::to_le_bytes).collect();
    bytes.extend((0..bits.div_ceil(64) * 8).map(|byte| byte as u8));
    bytes.extend_from_slice(data.as_bytes());
    bytes
}

#[test]
fn a_bloom_filter_goes_to_the_set_as_it_is() {
    let bytes = bloom(28755, "made by a test");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &bytes).unwrap();
    for list in [bytes.clone(), packed.finish().unwrap()] {
        let collected = read(list).unwrap();
        assert_eq!((collected.format, collected.issues.len()), (Some(Format::HashlookupBloom), 0));
        assert!(collected.filters == [bytes.clone()] && collected.records().is_empty());
        let said = collected.group().properties.to_map();
        assert_eq!((said["members"].as_u64(), said["data"].as_str()), (Some(1500), Some("made by a test")));
    }
}

#[test]
fn a_cut_or_boundless_filter_is_refused() {
    let bytes = bloom(28755, "");
    match read(&bytes[..bytes.len() - 1]) {
        Err(Error::Corrupt { structure: "Bloom filter", offset, .. }) => assert_eq!(offset, bytes.len() as u64 - 1),
        other => panic!("{other:?}"),
    }
    let limits = Limits { structure_bytes: 100, ..Limits::default() };
    let mut boundless = bytes.clone();
    boundless[32..40].copy_from_slice(&(1_u64 << 45).to_le_bytes());
    assert!(matches!(read_within(boundless, None, &limits), Err(Error::Limit { offset: 32, .. })));
}
