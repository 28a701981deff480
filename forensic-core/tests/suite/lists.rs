//! Lists of known digests: each form, damage, and what independent programs write.

mod binary;
mod collect;
mod csv;
mod damage;
mod databases;
mod nsrl;
mod vics;
mod writers;

use crate::corpus;
use forensic_core::{
    Error,
    hash::{Algorithm, Hasher},
    known::{Format, HashSet},
};
use proptest::prelude::*;
use std::{path::PathBuf, process::Command};

const EMPTY_MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

fn build(text: impl AsRef<[u8]>) -> Result<HashSet, Error> {
    corpus::seed("lists", text.as_ref());
    HashSet::build_from_readers([(PathBuf::from("dir/list.txt"), text.as_ref())], None)
}

fn names(set: &HashSet, digest: &str) -> Vec<String> {
    set.lookup_hex(digest).unwrap().into_iter().map(|known| known.name.unwrap_or_default()).collect()
}

#[test]
fn the_format_is_found_by_content() {
    let hashdeep = format!("%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n## Invoked from: /\n0,{EMPTY_MD5},/a,b\n");
    for (text, format) in [
        (format!("{EMPTY_MD5}\n"), Format::Plain),
        (format!("# from a colleague\n\n{EMPTY_MD5}  a.jpg\n"), Format::Sums),
        (format!("MD5 (a.jpg) = {EMPTY_MD5}\n"), Format::Sums),
        (hashdeep, Format::Hashdeep),
    ] {
        let set = build(&text).unwrap();
        assert_eq!(set.sources()[0].format, format, "{text}");
        assert_eq!((set.len(), set.issues().len()), (1, 0), "{text}");
        assert_eq!(set.sources()[0].set_name, "list.txt");
    }
}

#[test]
fn what_is_no_list_is_refused_and_an_empty_list_is_none_too_few() {
    assert!(matches!(build("hello\nworld\n"), Err(Error::Format { .. })));
    assert!(matches!(build([0u8; 5000]), Err(Error::Format { .. })));
    assert!(build("").unwrap().is_empty());
    assert!(matches!(HashSet::build(["/no/such/list"]), Err(Error::Io { .. })));
}

#[test]
fn a_bad_row_is_an_issue_with_its_line_and_the_rest_is_read() {
    let set = build(format!("{EMPTY_MD5}  a\nnonsense\n{}  b\n", "0".repeat(40))).unwrap();
    assert_eq!(set.len(), 2);
    assert_eq!(set.issues()[0].position, 2);
    assert_eq!(set.sources()[0].records, 2);
}

#[test]
fn one_digest_under_several_names_gives_each() {
    let set = build(format!("{EMPTY_MD5}  a\n{EMPTY_MD5}  b\n")).unwrap();
    assert_eq!(set.len(), 1);
    assert_eq!(names(&set, EMPTY_MD5), ["a", "b"]);
}

#[test]
fn a_file_known_by_two_of_its_digests_is_one_hit() {
    let digests = Hasher::new(&Algorithm::RECORDED).finish();
    let (md5, sha256) = (digests.hex(Algorithm::Md5).unwrap(), digests.hex(Algorithm::Sha256).unwrap());
    let set = build(format!("%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n0,{md5},{sha256},/empty\n")).unwrap();
    assert_eq!(set.len(), 2);
    let hits = set.lookup(&digests).unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].properties["size"], 0);
}

#[test]
fn byte_order_marks_and_utf16_are_read() {
    let text = format!("{EMPTY_MD5}  Übersicht.jpg\r\n{}  Ċ.jpg\r\n", "1".repeat(32));
    let utf16: Vec<u16> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).collect();
    let little: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for bytes in [format!("\u{feff}{text}").into_bytes(), little, big] {
        let set = build(&bytes).unwrap();
        assert_eq!(names(&set, EMPTY_MD5), ["Übersicht.jpg"]);
        assert_eq!(names(&set, &"1".repeat(32)), ["Ċ.jpg"]);
        assert!(set.issues().is_empty());
    }
}

#[test]
fn a_line_without_end_is_cut_not_kept() {
    let mut text = format!("{EMPTY_MD5}  a\n").into_bytes();
    text.resize(text.len() + 3_000_000, b'x');
    text.extend_from_slice(format!("\n{}  b\n", "2".repeat(32)).as_bytes());
    let set = build(&text).unwrap();
    assert_eq!((set.len(), set.issues().len()), (2, 1));
}

/// md5sum, sha1sum, sha256sum (coreutils) and, where installed, hashdeep write lists of awkward names; each is found.
#[test]
fn lists_by_other_programs_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let awkward =
        ["plain.jpg", "with space.jpg", "comma,comma.jpg", "Übersicht.jpg", "back\\slash.jpg", "new\nline.jpg"];
    for (number, name) in awkward.iter().enumerate() {
        std::fs::write(folder.path().join(name), format!("content {number}")).unwrap();
    }
    for (program, arguments) in [
        ("md5sum", vec![]),
        ("md5sum", vec!["--tag"]),
        ("sha1sum", vec!["--binary"]),
        ("sha256sum", vec!["--tag"]),
        ("hashdeep", vec!["-l"]),
    ] {
        let run = Command::new(program).args(&arguments).args(awkward).current_dir(folder.path()).output();
        let Ok(output) = run else {
            eprintln!("SKIPPED: {program} is not installed");
            continue;
        };
        let set = build(&output.stdout).unwrap();
        for (number, name) in awkward.iter().enumerate() {
            let mut hasher = Hasher::new(&Algorithm::RECORDED);
            hasher.update(format!("content {number}").as_bytes());
            let hits = set.lookup(&hasher.finish()).unwrap();
            // hashdeep escapes nothing: a name with a line feed is two lines.
            if program == "hashdeep" && name.contains('\n') {
                continue;
            }
            assert_eq!(hits.len(), 1, "{program} {arguments:?} {name:?}");
            assert_eq!(hits[0].name.as_deref(), Some(*name), "{program} {arguments:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_set_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = build(&bytes);
    }

    #[test]
    fn every_listed_digest_is_found_and_no_other(
        rows in proptest::collection::vec((any::<[u8; 16]>(), "[ -~]{1,20}"), 1..50),
        other in any::<[u8; 16]>(),
    ) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        let text: String = rows.iter().map(|(digest, name)| format!("{} *{name}\n", hex(digest))).collect();
        let set = build(&text).unwrap();
        for (digest, name) in &rows {
            let found = set.lookup_bytes(digest).unwrap();
            prop_assert!(found.iter().any(|known| known.name.as_ref() == Some(name)));
        }
        prop_assert_eq!(set.contains(&other).unwrap(), rows.iter().any(|(digest, _)| *digest == other));
    }
}
