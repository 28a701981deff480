//! Files in many runs of unallocated space, out of order, between clusters in use and others' remains.

use super::{content, noise, pictures::picture};
use crate::corpus;
use forensic_core::{
    NoProgress,
    bytes::{Extents, Run, Source},
    carve::{self, Options, Status},
};
use image::ImageFormat;
use std::{path::PathBuf, sync::Arc};

const CLUSTER: usize = 4096;

/// The free runs of a medium on which `file` lies in runs of so many clusters and more, each behind a cluster in use; the last
/// of them comes first, the others follow in order behind remains of as many clusters.
fn in_runs(file: &[u8], clusters: usize) -> Source {
    let mut pieces = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.len().min((clusters + pieces.len() % 3) * CLUSTER));
        pieces.push(piece);
        rest = more;
    }
    pieces.rotate_right(1);
    let (mut medium, mut free) = (Vec::new(), Vec::new());
    for (number, piece) in pieces.into_iter().enumerate() {
        let remains = noise(clusters * CLUSTER, number as u64 + 70);
        for bytes in [remains.as_slice(), piece] {
            medium.extend(noise(CLUSTER, number as u64));
            let start = medium.len();
            medium.extend(bytes);
            medium.resize(medium.len().next_multiple_of(CLUSTER), 0);
            free.push(Run::new(start as u64, (medium.len() - start) as u64));
        }
    }
    Arc::new(Extents::new(Arc::new(medium), free))
}

/// Files of the corpus with one of these extensions, of so many bytes at most and more than four runs.
fn files(extensions: &[&str], most: u64) -> Vec<(PathBuf, Vec<u8>)> {
    let Some(folder) = corpus::root().map(|root| root.join("files")).filter(|folder| folder.is_dir()) else {
        eprintln!("SKIPPED: files/ is not in FORENSIC_CORPUS");
        return Vec::new();
    };
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let wanted = paths.filter(|path| {
        let known = path.extension().is_some_and(|ending| extensions.iter().any(|wanted| ending == *wanted));
        known && (90_000..most).contains(&path.metadata().unwrap().len())
    });
    wanted.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// How many of `files` are put together again; nothing else may be called so.
fn mended(files: &[(PathBuf, Vec<u8>)]) -> usize {
    let mut exact = 0;
    for (path, file) in files {
        let options = Options::default().cluster_size(CLUSTER as u64).threads(1);
        let found = carve::carve(&in_runs(file, 4), &options, &NoProgress).unwrap().files;
        for fragmented in found.iter().filter(|found| found.status == Status::Fragmented) {
            assert!(content(fragmented) == *file, "{} is put together wrongly", path.display());
            exact += 1;
        }
    }
    exact
}

#[test]
fn pictures_in_many_runs_are_put_together() {
    let files = files(&["jpg", "png"], 320_000);
    let exact = mended(&files);
    assert!(exact * 10 >= files.len() * 8, "{exact} of {}", files.len());
}

#[test]
fn databases_and_archives_in_many_runs_are_put_together() {
    let files = files(&["sqlite", "docx", "xlsx"], 400_000);
    let exact = mended(&files);
    // Not those with pages of more than a run, nor all whose rows are pictures.
    assert!(exact * 2 >= files.len(), "{exact} of {}", files.len());
}

#[test]
fn uncompressed_pictures_in_many_runs_are_put_together() {
    let files = [(PathBuf::from("soft.bmp"), picture(ImageFormat::Bmp, 400, 260, 3))];
    assert_eq!(mended(&files), 1);
}
