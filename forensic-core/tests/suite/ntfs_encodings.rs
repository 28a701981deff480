//! Content that NTFS does not store as it is read: packed by the overlay filter, compressed, encrypted, or kept elsewhere.

use crate::ntfs::{image::*, open};
use forensic_core::{
    Error, Limits,
    bytes::{ExtentKind, ReadAt, Source},
    filesystem::{self, Entry, Kind, Recoverability, Value, WalkOptions},
};
use proptest::prelude::*;
use std::sync::Arc;

const PLAIN: &[u8] = include_bytes!("../fixtures/wof/plain");
/// The algorithm's number and name, and `PLAIN` as wimlib packed it (`make.py` beside the files says how).
const PACKED: [(u32, &str, &[u8]); 4] = [
    (0, "xpress4k", include_bytes!("../fixtures/wof/xpress4k")),
    (1, "lzx", include_bytes!("../fixtures/wof/lzx")),
    (2, "xpress8k", include_bytes!("../fixtures/wof/xpress8k")),
    (3, "xpress16k", include_bytes!("../fixtures/wof/xpress16k")),
];
const REPARSE_POINT: u32 = 0xc0;
const SPARSE: u16 = 0x8000;

fn all(source: &Source) -> Vec<u8> {
    source.read_vec(0, source.len()).unwrap()
}

fn text<'a>(entry: &'a Entry, key: &str) -> Option<&'a str> {
    match entry.attributes.get(key) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn reparse(tag: u32, data: &[u8]) -> Vec<u8> {
    let mut value = tag.to_le_bytes().to_vec();
    value.extend((data.len() as u16).to_le_bytes());
    value.extend([0, 0]);
    value.extend(data);
    resident(REPARSE_POINT, "", 3, &value)
}

/// What the overlay filter leaves in a reparse point: two versions, the provider and the algorithm.
fn overlay(provider: u32, algorithm: u32) -> Vec<u8> {
    let data: Vec<u8> = [1, provider, 1, algorithm].iter().flat_map(|field: &u32| field.to_le_bytes()).collect();
    reparse(0x8000_0017, &data)
}

/// $STANDARD_INFORMATION with these DOS flags.
fn information(flags: u32) -> Vec<u8> {
    let mut value: Vec<u8> = (0..4).flat_map(|_| TIME.to_le_bytes()).collect();
    value.extend(flags.to_le_bytes());
    value.resize(72, 0);
    resident(0x10, "", 0, &value)
}

/// The attributes of a file whose packed content lies from `cluster` on.
fn packed_file(image: &mut Image, algorithm: u32, packed: &[u8], cluster: u64, in_use: bool) -> Vec<Vec<u8>> {
    let hole = [(None, PLAIN.len().div_ceil(CLUSTER) as u64)];
    let runs = [(Some(cluster), packed.len().div_ceil(CLUSTER) as u64)];
    let main = Clusters { flags: SPARSE, ..Clusters::new(&hole, PLAIN.len() as u64) };
    image.write(cluster, packed, in_use);
    vec![
        non_resident(DATA, "", 1, &main),
        non_resident(DATA, "WofCompressedData", 4, &Clusters::new(&runs, packed.len() as u64)),
        overlay(2, algorithm),
    ]
}

#[test]
fn content_packed_by_the_overlay_filter_is_read() {
    for (algorithm, name, packed) in PACKED {
        let mut image = Image::new();
        let attributes = packed_file(&mut image, algorithm, packed, 500, true);
        image.file(30, "system.dll", &attributes);
        let filesystem = open(image.finish());
        let entry = filesystem.entry("/system.dll").unwrap();
        assert_eq!((entry.size, entry.kind), (PLAIN.len() as u64, Kind::File));
        assert!(entry.streams[0].info.compressed && !entry.streams[0].info.sparse);
        assert_eq!(text(&entry, "reparse_tag_name"), Some("IO_REPARSE_TAG_WOF"));
        assert_eq!(text(&entry, "wof_algorithm"), Some(name));
        assert!(all(&entry.open("").unwrap()) == PLAIN, "{name}");
        // The stream as it is stored is listed beside it.
        assert!(all(&entry.open("WofCompressedData").unwrap()) == packed, "{name}");
        let extents = entry.extents("").unwrap();
        assert_eq!(extents.iter().map(|extent| extent.length).sum::<u64>(), PLAIN.len() as u64);
        assert!(extents.iter().any(|extent| extent.kind == ExtentKind::Compressed));
        // A chunk of noise is stored as it is, where chunks are small enough to hold nothing else.
        let as_is = extents.iter().find(|extent| extent.kind == ExtentKind::Data);
        assert_eq!(as_is.is_some(), ["xpress4k", "xpress8k"].contains(&name));
        if let Some(extent) = as_is {
            let at = extent.stream_offset as usize;
            assert!(
                filesystem.volume().read_vec(extent.offset.unwrap(), 512).unwrap() == PLAIN[at..at + 512],
                "{name}"
            );
        }
        let check = filesystem.cross_check().unwrap();
        assert!(check.agrees(), "{:?}", check.differences);
        assert!(check.differences.iter().any(|difference| difference.known_limit.contains("overlay filter")));
    }
}

#[test]
fn what_the_overlay_filter_keeps_elsewhere_is_refused_by_name() {
    let mut image = Image::new();
    let hole = [(None, 2)];
    let main = || non_resident(DATA, "", 1, &Clusters { flags: SPARSE, ..Clusters::new(&hole, 1000) });
    image.file(30, "in a wim", &[main(), overlay(1, 0)]);
    image.file(31, "unknown", &[main(), overlay(2, 9)]);
    image.file(32, "without its stream", &[main(), overlay(2, 1)]);
    let filesystem = open(image.finish());
    let error = |path: &str| filesystem.entry(path).unwrap().open("").err().unwrap();
    assert!(matches!(error("/in a wim"), Error::Unsupported { what } if what.contains("WIM file")));
    assert!(matches!(error("/unknown"), Error::Unsupported { what } if what.contains("compression 9")));
    assert!(matches!(error("/without its stream"), Error::Corrupt { structure: "reparse point", .. }));
}

/// Offsets and lengths of the two names of a link, then the names, with `between` in front of them.
fn link(follow: &str, print: &str, between: &[u8]) -> Vec<u8> {
    let (follow, print) = (utf16(follow), utf16(print));
    let fields = [0, follow.len(), follow.len(), print.len()];
    let mut data: Vec<u8> = fields.iter().flat_map(|field| (*field as u16).to_le_bytes()).collect();
    data.extend(between);
    data.extend(follow);
    data.extend(print);
    data
}

#[test]
fn every_kind_of_link_tells_where_it_leads() {
    let mut image = Image::new();
    let program = ["Microsoft.App_8wekyb", "Microsoft.App_8wekyb!App", r"C:\app.exe", "0", ""].join("\0");
    let program = [3u32.to_le_bytes().to_vec(), utf16(&program)].concat();
    let nfs = [0x014b_4e4cu64.to_le_bytes().to_vec(), utf16("../nfs")].concat();
    let points = [
        (0xa000_000c, link(r"\??\C:\Windows", r"C:\Windows", &[0; 4]), Kind::Symlink, Some(r"C:\Windows")),
        (0xa000_000c, link(r"\??\C:\only", "", &[0; 4]), Kind::Symlink, Some(r"C:\only")),
        (0xa000_0003, link(r"\??\Volume{1}\", "D:\\", &[]), Kind::Symlink, Some("D:\\")),
        (0xa000_001d, [&[2, 0, 0, 0], "../etc/é".as_bytes()].concat(), Kind::Symlink, Some("../etc/é")),
        (0x8000_0014, nfs, Kind::Symlink, Some("../nfs")),
        (0x8000_0023, vec![], Kind::Other, None),
        (0x8000_0024, vec![], Kind::Other, None),
        (0x8000_001b, program, Kind::File, None),
        (0xdead_beef, vec![1, 2, 3], Kind::File, None),
    ];
    for (number, (tag, data, ..)) in (30..).zip(&points) {
        let attributes = [resident(DATA, "", 1, b""), reparse(*tag, data)];
        image.record(number, 1, IN_USE, &format!("{number}"), &attributes);
    }
    let filesystem = open(image.finish());
    for (number, (tag, _, kind, target)) in (30..).zip(points) {
        let entry = filesystem.entry(&format!("/{number}")).unwrap();
        assert_eq!((entry.kind, entry.target.as_deref()), (kind, target), "tag {tag:#x}");
        assert_eq!(entry.attributes.get("reparse_tag"), Some(&Value::Int(i64::from(tag))));
    }
    let alias = filesystem.entry("/37").unwrap();
    assert_eq!(text(&alias, "reparse_tag_name"), Some("IO_REPARSE_TAG_APPEXECLINK"));
    assert_eq!(text(&alias, "app_exec_package"), Some("Microsoft.App_8wekyb"));
    assert_eq!(text(&alias, "app_exec_target"), Some(r"C:\app.exe"));
    assert_eq!(text(&filesystem.entry("/38").unwrap(), "reparse_tag_name"), None);
}

#[test]
fn content_kept_elsewhere_is_refused_and_content_in_place_is_read() {
    const RECALL: u32 = 0x0040_0000;
    const OFFLINE: u32 = 0x1000;
    let mut image = Image::new();
    let content = resident(DATA, "", 1, b"in place");
    let cases = [
        ("deduplicated", 0, 0x8000_0013, Some("data deduplication")),
        ("in the cloud", RECALL, 0x9000_601a, Some("cloud store")),
        ("kept on this device", 0, 0x9000_601a, None),
        ("migrated", OFFLINE, 0xc000_0004, Some("hierarchical storage")),
        ("a layer", 0, 0x8000_0018, Some("container")),
        ("of an unknown owner", RECALL, 0x9999_0001, Some("another place")),
    ];
    for (number, (name, flags, tag, _)) in (30..).zip(cases) {
        image.file(number, name, &[information(flags | 0x400), content.clone(), reparse(tag, &[])]);
    }
    let filesystem = open(image.finish());
    for (name, _, tag, refused) in cases {
        let entry = filesystem.entry(&format!("/{name}")).unwrap();
        match (entry.open(""), refused) {
            (Ok(content), None) => assert_eq!(all(&content), b"in place"),
            (Err(Error::Unsupported { what }), Some(place)) => assert!(what.contains(place), "{name}: {what}"),
            (found, _) => panic!("{name}: {:?}", found.err()),
        }
        assert_eq!(entry.attributes.contains_key("reparse_tag_name"), tag != 0x9999_0001, "{name}");
    }
}

#[test]
fn encrypted_content_is_refused_in_every_stream() {
    const ENCRYPTED: u16 = 0x4000;
    let mut image = Image::new();
    image.write(500, &[7; 1024], true);
    let cipher = Clusters { flags: ENCRYPTED, ..Clusters::new(&[(Some(500), 2)], 1000) };
    let attributes = [
        information(0x4000),
        non_resident(DATA, "", 1, &cipher),
        non_resident(DATA, "named", 4, &cipher),
        resident(0x100, "$EFS", 5, &[0; 32]),
    ];
    image.file(30, "secret", &attributes);
    let entry = open(image.finish()).entry("/secret").unwrap();
    for stream in ["", "named"] {
        assert!(matches!(entry.open(stream), Err(Error::Unsupported { what }) if what.contains("EFS")));
    }
    for key in ["encrypted", "efs"] {
        assert_eq!(entry.attributes.get(key), Some(&Value::Bool(true)));
    }
}

/// An LZNT1 chunk of one literal and copies of it: 4096 bytes.
fn lznt1_of(byte: u8) -> Vec<u8> {
    vec![0x03, 0xb0, 0x02, byte, 0xfc, 0x0f]
}

#[test]
fn deleted_packed_content_is_intact_only_where_it_unpacks() {
    let mut image = Image::new();
    let unit = |byte| (0..2).flat_map(|_| lznt1_of(byte)).collect::<Vec<u8>>();
    let mut number = 30;
    // Units of 16 clusters, one of which is stored; all clusters are free.
    for (name, second) in [("whole", unit(b'b')), ("half", vec![0xee; 512]), ("trimmed", vec![0; 512])] {
        let at = 500 + number * 4;
        image.write(at, &unit(b'a'), false).write(at + 2, &second, false);
        let runs = [(Some(at), 1), (None, 15), (Some(at + 2), 1), (None, 15)];
        let clusters = Clusters { flags: 1, unit: 4, ..Clusters::new(&runs, 16384) };
        image.record(number, 2, 0, name, &[non_resident(DATA, "", 1, &clusters)]);
        number += 1;
    }
    for (name, damage) in [("packed", None), ("packed over", Some(40_000))] {
        let mut packed = PACKED[0].2.to_vec();
        if let Some(from) = damage {
            packed[from..].fill(0x11);
        }
        let attributes = packed_file(&mut image, 0, &packed, 1000 + (number - 33) * 200, false);
        image.record(number, 2, 0, name, &attributes);
        number += 1;
    }
    let filesystem = open(image.finish());
    let entry = |path: &str| filesystem.entry(path).unwrap();
    for (path, grade) in [
        ("/whole", Recoverability::Intact),
        ("/half", Recoverability::Partial),
        ("/trimmed", Recoverability::Partial),
        ("/packed", Recoverability::Intact),
        ("/packed over", Recoverability::Partial),
    ] {
        let entry = entry(path);
        assert_eq!(entry.recoverability, Some(grade), "{path}: {}", entry.recoverability_reason);
    }
    let half = entry("/half");
    assert!(half.recoverability_reason.starts_with("2 of 4 places"), "{}", half.recoverability_reason);
    // What does unpack is given all the same.
    let content = half.open("").unwrap();
    assert!(content.read_vec(0, 8192).unwrap().iter().all(|byte| *byte == b'a'));
    assert!(content.read_vec(8192, 1).is_err());
}

#[test]
fn hole_of_any_length_in_a_compressed_stream_is_one_extent() {
    let mut image = Image::new();
    image.write(500, &lznt1_of(b'a'), true);
    let runs = [(Some(500), 1), (None, 15), (None, 1 << 48)];
    let size = (16 + (1u64 << 48)) * CLUSTER as u64;
    image.file(30, "hole", &[non_resident(DATA, "", 1, &Clusters { flags: 1, unit: 4, ..Clusters::new(&runs, size) })]);
    let entry = open(image.finish()).entry("/hole").unwrap();
    assert_eq!(entry.extents("").unwrap().len(), 2);
    assert_eq!(entry.open("").unwrap().read_vec(size - 9, 9).unwrap(), [0; 9]);
}

#[test]
fn bitmap_with_a_hole_longer_than_the_medium_is_read_as_far_as_there_are_clusters() {
    let mut image = Image::new();
    let hole = [(None, 1 << 48)];
    let name = resident(FILE_NAME, "", 2, &file_name(ROOT, "$Bitmap"));
    let bits = non_resident(DATA, "", 1, &Clusters { flags: SPARSE, ..Clusters::new(&hole, 1 << 57) });
    image.records.insert(6, record(6, IN_USE, 0, &[name, bits]));
    let filesystem = open(image.finish());
    assert_eq!(filesystem.unallocated().unwrap().len(), (CLUSTERS * CLUSTER) as u64);
}

/// A volume with content packed in each way.
pub fn packed_volume() -> Vec<u8> {
    let mut image = Image::new();
    for (number, (algorithm, name, packed)) in (30..).zip(PACKED) {
        let attributes = packed_file(&mut image, algorithm, packed, 200 + (number - 30) * 120, true);
        image.file(number, name, &attributes);
    }
    image.finish()
}

fn read_everything(source: Source) -> usize {
    let Ok(Some(filesystem)) = filesystem::open(source, &Limits::default()) else { return 0 };
    let mut whole = 0;
    for entry in filesystem.walk(WalkOptions::default()) {
        for content in entry.streams.iter().filter_map(|stream| stream.open().ok()) {
            let extents = content.extents();
            assert!(extents.iter().all(|extent| extent.stream_offset + extent.length <= content.len()));
            whole += usize::from(content.read_vec(0, content.len().min(1 << 18)).is_ok());
        }
    }
    whole
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn mutated_packed_content_is_read_without_a_panic(
        changes in prop::collection::vec((0usize..(700 * CLUSTER), any::<u8>()), 1..60),
    ) {
        let mut bytes = packed_volume();
        for (place, value) in changes {
            bytes[place] = value;
        }
        read_everything(Arc::new(bytes));
    }
}
