//! Carving as a whole: what no single format decides.

use super::{GIF, noise};
use crate::{corpus, faults::FailingRead, fixtures};
use forensic_core::{
    Error, NoProgress,
    bytes::{Extents, ReadAt, Run, Source},
    carve::{self, Carved, Options, Status},
    evidence::Evidence,
};
use std::sync::Arc;

fn files(source: Source, options: &Options) -> Vec<Carved> {
    carve::carve(&source, options, &NoProgress).unwrap().files
}

#[test]
fn the_cluster_size_is_that_of_the_filesystems() {
    let knows = |medium: Vec<u8>| {
        let evidence = Evidence::from_bytes(medium).unwrap();
        Options::default().clusters_of(&evidence).has_cluster_size()
    };
    assert!(knows(fixtures::read("f2fs.img")));
    assert!(!knows(noise(1 << 20, 1)));
}

#[test]
fn a_file_in_two_unallocated_runs_is_one() {
    let medium: Source = Arc::new([&[b'.'; 512][..], &GIF[..20], &[b'L'; 492], &GIF[20..], &[b'.'; 700]].concat());
    let unallocated: Source = Arc::new(Extents::new(medium, [Run::new(0, 532), Run::new(1024, 715)]));
    let found = files(unallocated, &Options::default());
    let places: Vec<_> = found[0].extents().iter().map(|extent| (extent.offset, extent.length)).collect();
    assert_eq!(places, [(Some(512), 20), (Some(1024), 15)]);
    assert_eq!((found.len(), found[0].offset(), found[0].status), (1, 512, Status::Complete));
    assert_eq!(found[0].open().read_vec(0, 35).unwrap(), GIF);
}

#[test]
fn a_place_that_cannot_be_read_is_told_and_the_rest_is_carved() {
    let mut medium = vec![b'.'; 3 << 20];
    for at in [4096, (2 << 20) + 512, (3 << 20) - GIF.len()] {
        medium[at..at + GIF.len()].copy_from_slice(GIF);
    }
    let source: Source = Arc::new(FailingRead::of_range(Arc::new(medium), 1 << 20..(1 << 20) + 4096));
    let carving = carve::carve(&source, &Options::default(), &NoProgress).unwrap();
    assert_eq!(carving.files.len(), 3);
    assert!(!carving.issues.is_empty());
    let inside = |offset: u64| ((1 << 20)..(1 << 20) + 4096).contains(&offset);
    assert!(carving.issues.iter().all(|issue| issue.offset.is_some_and(inside)), "{:?}", carving.issues);
}

#[test]
fn the_files_of_real_media_are_the_same_on_any_number_of_threads() {
    for image in ["images/made/fat16.img.xz", "images/made/ext4.img.xz"] {
        let Some(packed) = corpus::file(image) else { return };
        let mut bytes = corpus::unpack(&packed);
        bytes.truncate(8 << 20);
        let evidence = Evidence::from_bytes(bytes).unwrap();
        let listed = |threads| format!("{:?}", files(evidence.stream(), &Options::default().threads(threads)));
        assert_eq!(listed(1), listed(3));
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let source: Source = Arc::new(vec![0u8; 100]);
    for options in [Options::default().types(["holiday"]), Options::default().align(0)] {
        assert!(matches!(carve::carve(&source, &options, &NoProgress), Err(Error::InvalidArgument { .. })));
    }
    assert!(files(source, &Options::default().types(["JPG", "tif"])).is_empty());
}
