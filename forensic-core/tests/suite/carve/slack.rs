//! What the bytes behind files say of those that only their frame speaks for.

use super::{GIF, noise};
use forensic_core::{
    NoProgress,
    bytes::Source,
    carve::{Options, Status, carve},
};
use std::sync::Arc;

const CLUSTER: usize = 4096;

/// Sound in plain samples, nothing in which can be checked.
fn wav(samples: &[u8]) -> Vec<u8> {
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
    let format = [&[1, 0, 1, 0][..], &length(8000), &length(8000), &[1, 0, 8, 0]].concat();
    let body = [b"WAVEfmt ", &length(16)[..], &format, b"data", &length(samples.len()), samples].concat();
    [b"RIFF", &length(body.len())[..], &body].concat()
}

/// What is carved of the sound in `pieces`, on a medium whose other files have `fill` behind them.
fn carved(pieces: &[&[u8]], fill: impl Fn(usize, usize) -> Vec<u8>) -> (Status, u64) {
    let mut medium = vec![0; CLUSTER];
    for number in 0..24 {
        medium.extend(GIF);
        medium.extend(fill(medium.len().next_multiple_of(CLUSTER) - medium.len(), number));
    }
    pieces.iter().for_each(|piece| medium.extend(*piece));
    medium.extend(fill(medium.len().next_multiple_of(CLUSTER) - medium.len(), 99));
    medium.extend(noise(3 * CLUSTER, 77));
    let source: Source = Arc::new(medium);
    let files = carve(&source, &Options::default().threads(1).cluster_size(CLUSTER as u64), &NoProgress).unwrap().files;
    let sound: Vec<_> = files.iter().filter(|file| file.kind == "wav").map(|file| (file.status, file.size)).collect();
    assert_eq!(sound.len(), 1, "{files:?}");
    sound[0]
}

fn zeros(length: usize, _: usize) -> Vec<u8> {
    vec![0; length]
}

fn remains(length: usize, number: usize) -> Vec<u8> {
    noise(length, number as u64)
}

#[test]
fn what_ends_before_other_bytes_is_cut_where_the_medium_has_zeros_behind_files() {
    let file = wav(&noise(6 * CLUSTER + 1000, 5));
    let (head, tail) = file.split_at(3 * CLUSTER);
    let gap = noise(2 * CLUSTER, 6);
    let torn = [head, &gap, tail];
    assert_eq!(carved(&torn, zeros), (Status::Truncated, 6 * CLUSTER as u64));
    // Remains of older files behind the others tell nothing.
    assert_eq!(carved(&torn, remains), (Status::Complete, file.len() as u64));
    assert_eq!(carved(&[&file], zeros), (Status::Complete, file.len() as u64));
}

#[test]
fn zeros_that_begin_where_a_cluster_does_are_not_of_the_file() {
    let file = wav(&noise(6 * CLUSTER + 1000, 5));
    let gap = vec![0; 5 * CLUSTER];
    assert_eq!(carved(&[&file[..4 * CLUSTER], &gap], zeros), (Status::Truncated, 4 * CLUSTER as u64));
    // Silence begins anywhere.
    let silent = [&file[..4 * CLUSTER + 100], &vec![0; file.len() - 4 * CLUSTER - 100]].concat();
    assert_eq!(carved(&[&silent], zeros), (Status::Complete, file.len() as u64));
}
