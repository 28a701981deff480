//! Triage of the sample volumes, which the repository carries: an NTFS and a FAT volume with live and deleted pictures.

use flate2::read::GzDecoder;
use forensic_core::{
    Error, NoProgress,
    bytes::{Extent, ExtentKind},
    evidence::Evidence,
    known::HashSet,
    report::Record,
    triage::{self, Class, Options, Plan},
};
use std::{io::Read, ops::ControlFlow, path::Path, path::PathBuf, sync::Arc};

/// A disk with a partition table and both sample volumes, as `examples/sample/build.py` lays it out.
pub fn disk() -> Evidence {
    let volumes = ["ntfs", "fat"].map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../examples/sample/volumes/{name}.img.gz"));
        let mut bytes = Vec::new();
        GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
        bytes
    });
    let mut medium = vec![0u8; 1 << 20];
    for (slot, (volume, kind)) in volumes.iter().zip([0x07, 0x0e]).enumerate() {
        let (start, count) = (medium.len() / 512, volume.len() / 512);
        let entry = &mut medium[446 + slot * 16..462 + slot * 16];
        entry[4] = kind;
        entry[8..12].copy_from_slice(&u32::try_from(start).unwrap().to_le_bytes());
        entry[12..16].copy_from_slice(&u32::try_from(count).unwrap().to_le_bytes());
        medium.extend_from_slice(volume);
    }
    medium[510..512].copy_from_slice(&[0x55, 0xaa]);
    Evidence::from_bytes(medium).unwrap()
}

fn options(threads: usize) -> Options {
    Options { threads: Some(threads), ..Options::default() }
}

fn find<'a>(records: &'a [Record], path: &str) -> &'a Record {
    records.iter().find(|record| record.path.as_deref() == Some(path)).unwrap_or_else(|| panic!("no record of {path}"))
}

#[test]
fn records_are_the_same_on_any_number_of_threads() {
    let evidence = disk();
    let lines = |threads| {
        let report = triage::run(&evidence, &options(threads), &NoProgress).unwrap();
        let lines: Vec<String> = report.records.iter().map(Record::to_json).collect();
        (lines, report.summary, report.issues)
    };
    let one = lines(1);
    assert!(one.0.len() > 40);
    for threads in [2, 3, 8] {
        assert_eq!(lines(threads), one, "{threads} threads");
    }
}

#[test]
fn a_unit_gives_the_same_records_each_time_and_all_units_give_all() {
    let evidence = disk();
    let options = Options { carve: false, ..options(1) };
    let plan = Plan::new(&evidence, &options);
    let units: Vec<_> = (0..plan.unit_count()).map(|number| plan.unit(number).unwrap()).collect();
    assert!(plan.unit(plan.unit_count()).is_none());
    assert_eq!(units.iter().map(|unit| unit.count).sum::<u64>(), plan.entry_count());
    let all = triage::run(&evidence, &options, &NoProgress).unwrap().records;
    let backwards: Vec<_> = units.iter().rev().map(|unit| plan.process(*unit)).collect();
    let again: Vec<Record> = backwards.into_iter().rev().flatten().collect();
    assert_eq!(again.len(), all.len());
    for (mut one, whole) in again.into_iter().zip(all) {
        (one.id, one.same_as) = (whole.id, whole.same_as);
        assert_eq!(one, whole);
    }
}

#[test]
fn live_and_deleted_pictures_are_hashed_and_looked_up() {
    let evidence = disk();
    let deleted = "/Users/sample/Pictures/IMG_0003.PNG";
    let md5 = find(&triage::run(&evidence, &options(2), &NoProgress).unwrap().records, deleted).md5.clone().unwrap();
    let list = format!("{}  case-7/0003.png\n", md5.to_uppercase());
    let set = HashSet::build_from_readers([(PathBuf::from("known.md5"), list.as_bytes())], None).unwrap();
    let options = Options { hash_sets: vec![Arc::new(set)], ..options(2) };
    let report = triage::run(&evidence, &options, &NoProgress).unwrap();

    let record = find(&report.records, deleted);
    assert_eq!((record.status, record.recoverability), (Some("deleted"), Some("intact")));
    assert_eq!(record.content_type, Some("png"));
    assert_eq!(record.picture.as_ref().map(|picture| (picture.width, picture.height)), Some((160, 120)));
    assert_eq!(record.perceptual.len(), 1);
    assert_eq!(record.known[0].name.as_deref(), Some("case-7/0003.png"));
    // The card holds a deleted copy; its place is a guess, its content is not.
    let copy = report.records.iter().find(|other| other.known == record.known && other.id != record.id).unwrap();
    assert_eq!(copy.filesystem, Some("fat16"));
    assert_eq!(copy.same_as, Some(record.id));
    assert!(copy.extents.iter().all(|extent| extent.inferred));
    // Both are carved as well, from space that no file in use has, and said to be the bytes of that entry.
    let carved: Vec<_> =
        report.records.iter().filter(|other| other.source == "carved" && other.md5 == record.md5).collect();
    assert_eq!(carved.len(), 2);
    for other in carved {
        assert_eq!((other.status, other.content_type), (Some("complete"), Some("png")));
        assert_eq!((other.same_as, &other.known), (Some(record.id), &record.known));
    }
    assert_eq!(report.summary.known, 4);
    assert_eq!(report.summary.filesystems, 2);
}

#[test]
fn extents_lead_to_the_bytes_of_the_record() {
    let evidence = disk();
    let report = triage::run(&evidence, &options(2), &NoProgress).unwrap();
    let record = find(&report.records, "/Users/sample/Pictures/IMG_0004.PNG");
    let mut bytes = Vec::new();
    for extent in &record.extents {
        bytes.extend(evidence.stream().read_vec(extent.offset.unwrap(), extent.length).unwrap());
    }
    let picture = forensic_core::hash::hash(&(Arc::new(bytes) as _), &[forensic_core::hash::Algorithm::Md5]).unwrap();
    assert_eq!(picture.hex(forensic_core::hash::Algorithm::Md5), record.md5);
}

#[test]
fn streams_have_records_of_their_own_and_directories_have_one() {
    let report = triage::run(&disk(), &options(2), &NoProgress).unwrap();
    let of = |path: &str| report.records.iter().filter(|r| r.path.as_deref() == Some(path)).collect::<Vec<_>>();
    let streams: Vec<_> = of("/Users/sample/Pictures/IMG_0001.PNG").iter().map(|r| r.stream.clone()).collect();
    assert_eq!(streams, [Some(String::new()), Some("Zone.Identifier".to_owned())]);
    let directory = of("/Users/sample");
    assert_eq!((directory.len(), directory[0].kind, &directory[0].md5), (1, Some("directory"), &None));
    let ids: Vec<u64> = report.records.iter().map(|record| record.id).collect();
    assert_eq!(ids, (0..ids.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_stream_that_is_not_content_is_an_issue_and_not_hashed() {
    let report = triage::run(&disk(), &options(1), &NoProgress).unwrap();
    let bad = report.records.iter().find(|record| record.stream.as_deref() == Some("$Bad")).unwrap();
    assert!(bad.md5.is_none());
    assert!(!bad.issues.is_empty());
}

#[test]
fn the_caller_may_stop_it() {
    let stop = |done: u64, _| if done > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    for threads in [1, 3] {
        assert!(matches!(triage::run(&disk(), &options(threads), &stop), Err(Error::Cancelled)));
    }
}

#[test]
fn an_error_of_the_sink_ends_it() {
    let ended = triage::run_into(&disk(), &options(2), &NoProgress, |record| match record.id {
        5 => Err(Error::Cancelled),
        _ => Ok(()),
    });
    assert!(matches!(ended, Err(Error::Cancelled)));
}

#[test]
fn the_account_has_each_byte_of_the_medium_once() {
    let evidence = disk();
    let report = triage::run(&evidence, &options(2), &NoProgress).unwrap();
    let totals = report.account.totals();
    assert_eq!(totals.iter().map(|(_, bytes)| bytes).sum::<u64>(), evidence.size());
    let mut seen = Vec::new();
    for (class, bytes) in totals {
        let extents = report.account.extents(class);
        assert_eq!(extents.iter().map(|extent| extent.length).sum::<u64>(), bytes, "{class:?}");
        seen.extend(extents.iter().map(|extent| (extent.offset.unwrap(), extent.length)));
    }
    seen.sort_unstable();
    assert!(seen.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0));
    let of = |class| report.account.extents(class);
    assert_eq!(of(Class::Partition)[0].offset, Some(0));
    for class in [Class::Live, Class::Slack, Class::Metadata, Class::Fill] {
        assert!(!of(class).is_empty(), "{class:?}");
    }
    // Content of a live file is told as such wherever it lies.
    let live = report.records.iter().filter(|record| record.status == Some("allocated"));
    for extent in live.flat_map(|record| &record.extents).filter(|extent| extent.kind == ExtentKind::Data) {
        let inside = |live: &Extent| {
            let (start, at) = (live.offset.unwrap(), extent.offset.unwrap());
            start <= at && at + extent.length <= start + live.length
        };
        assert!(of(Class::Live).iter().any(inside), "{extent:?}");
    }
}
