//! Pictures in boxes, whose coded bytes tell little: what stands at their end, and in which run of the space they go on.

use super::{GIF, content, in_noise, noise};
use forensic_core::{
    NoProgress,
    bytes::{Extents, Run, Source},
    carve::{Carved, Options, Status, carve},
};
use proptest::prelude::*;
use std::sync::Arc;

const CLUSTER: usize = 4096;

fn boxed(kind: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&u32::try_from(body.len() + 8).unwrap().to_be_bytes()[..], kind, &body].concat()
}

/// A picture of one item of AV1, and XMP behind it (ISO/IEC 23008-12; AV1 Image File Format).
fn avif(coded: &[u8], xmp: &[u8]) -> Vec<u8> {
    // A frame without a size reaches to the end of the item.
    let item = [&[0x12, 0, 0x30][..], coded].concat();
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let entry = |id: u8, kind: &[u8], more: &[u8]| boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, &[0], more]);
    let kind = boxed(b"ftyp", &[b"avif\0\0\0\0avifmif1"]);
    let meta = |offset: usize| {
        let place = |id: u8, offset, length| [&[0, id, 0, 0, 0, 1][..], &number(offset), &number(length)].concat();
        let places = [place(1, offset, item.len()), place(2, offset + item.len(), xmp.len())].concat();
        let entries = [entry(1, b"av01", b""), entry(2, b"mime", b"application/rdf+xml\0")].concat();
        let iinf = boxed(b"iinf", &[&[0, 0, 0, 0, 0, 2], &entries]);
        boxed(b"meta", &[&[0; 4], &boxed(b"iloc", &[&[0, 0, 0, 0, 0x44, 0, 0, 2], &places]), &iinf])
    };
    let data = kind.len() + meta(0).len() + 8;
    [kind, meta(data), boxed(b"mdat", &[&item, xmp])].concat()
}

fn xmp(length: usize) -> Vec<u8> {
    let text = b"<?xpacket begin=\"\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>".iter().copied();
    text.chain(std::iter::repeat(b' ')).take(length).collect()
}

fn carved(source: Source) -> Vec<Carved> {
    let options = Options::default().threads(1).cluster_size(CLUSTER as u64);
    let files = carve(&source, &options, &NoProgress).unwrap().files;
    files.into_iter().filter(|file| file.kind == "avif").collect()
}

fn carved_whole(file: &[u8]) -> (Status, u64) {
    let source = [noise(CLUSTER, 1), file.to_vec(), noise(2 * CLUSTER, 2)].concat();
    let files = carved(Arc::new(source));
    assert_eq!(files.len(), 1, "{files:?}");
    (files[0].status, files[0].size)
}

#[test]
fn data_that_ends_with_zeros_is_cut_before_them() {
    let coded = noise(5 * CLUSTER, 3);
    let file = avif(&coded, &xmp(100));
    assert_eq!(carved_whole(&file), (Status::Complete, file.len() as u64));
    let cut = avif(&[&coded[..5 * CLUSTER - 900], &[0; 900]].concat(), &xmp(100));
    let (status, size) = carved_whole(&cut);
    assert_eq!(status, Status::Truncated);
    let good = cut.len() as u64 - 8 - 100 - 900;
    assert!(size <= good + 512 && size + 1024 > good, "{size} of {good}");
}

#[test]
fn xmp_has_no_zeros_but_at_its_end() {
    let coded = noise(2 * CLUSTER, 4);
    let with_zeros_at = |from: usize, to: usize| {
        let mut text = xmp(3000);
        text[from..to].fill(0);
        carved_whole(&avif(&coded, &text)).0
    };
    assert_eq!(with_zeros_at(2999, 3000), Status::Complete);
    assert_ne!(with_zeros_at(1000, 1010), Status::Complete);
}

/// The free runs of a medium with files whose end is sure, and zeros behind them; then `pieces`, each behind a cluster in use.
fn space(pieces: &[Vec<u8>]) -> Source {
    let mut medium: Vec<u8> = GIF.iter().copied().chain(std::iter::repeat_n(0, CLUSTER - GIF.len())).collect();
    medium = medium.repeat(24);
    let mut free = vec![Run::new(0, medium.len() as u64)];
    for (number, piece) in pieces.iter().enumerate() {
        medium.extend(noise(CLUSTER, 900 + number as u64));
        let start = medium.len();
        medium.extend(piece);
        medium.resize(medium.len().next_multiple_of(CLUSTER), 0);
        free.push(Run::new(start as u64, (medium.len() - start) as u64));
    }
    Arc::new(Extents::new(Arc::new(medium), free))
}

#[test]
fn a_picture_goes_on_in_the_only_run_that_ends_as_it_does() {
    let file = avif(&noise(6 * CLUSTER, 5), &xmp(300));
    let (head, tail) = file.split_at(3 * CLUSTER);
    let other = |length: usize, seed| noise(length, seed);
    let pieces = [other(tail.len() + 77, 6), head.to_vec(), other(2 * CLUSTER + 5, 7), tail.to_vec(), other(900, 8)];
    let files = carved(space(&pieces));
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!((files[0].status, content(&files[0]) == file), (Status::Fragmented, true));
    assert!(files[0].confidence <= 75 && files[0].extents().iter().any(|extent| extent.inferred));

    // XMP tells the run from another that ends there as well; where two would do, none is taken.
    let alike = [&pieces[..], &[other(tail.len(), 9)]].concat();
    assert!(carved(space(&alike)).iter().any(|found| content(found) == file));
    let twice = [&pieces[..], &[[other(tail.len() - 300, 10), xmp(300)].concat()]].concat();
    assert!(carved(space(&twice)).iter().all(|found| found.status == Status::Truncated));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_picture_is_carved_exactly_from_any_offset(
        coded in 100usize..9000, text in 60usize..900, before in 0usize..5000, seed in 0u64..1000,
    ) {
        let file = avif(&noise(coded, seed), &xmp(text));
        let found = carved(Arc::new(in_noise(before, &file, seed)));
        let found: Vec<_> = found.iter().map(|file| (file.offset(), file.size, file.status)).collect();
        prop_assert_eq!(found, [(before as u64, file.len() as u64, Status::Complete)]);
    }

    #[test]
    fn whatever_the_pieces_no_wrong_one_is_taken(first in 2usize..5, last in 200usize..4000, seed in 0u64..1000) {
        let file = avif(&noise(6 * CLUSTER + last, seed), &xmp(300));
        // Fewer zeros tell nothing.
        prop_assume!(file.len().next_multiple_of(CLUSTER) - file.len() >= 8);
        let (head, tail) = file.split_at(first * CLUSTER);
        let others = [noise(3 * CLUSTER + last, seed + 1), noise(2 * CLUSTER + 50, seed + 2)];
        let lost = carved(space(&[&[head.to_vec()], &others[..]].concat()));
        prop_assert!(lost.iter().all(|found| found.status == Status::Truncated), "{lost:?}");
        let found = carved(space(&[&[head.to_vec()], &others[..], &[tail.to_vec()]].concat()));
        prop_assert!(found.iter().any(|found| content(found) == file), "{found:?}");
    }
}
