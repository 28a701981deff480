use super::{
    feed::{READ, feed},
    kernel::Width,
};
use crate::{
    bytes::{Extents, Run, Source},
    hash::{Algorithm, Digests, Hasher},
};
use proptest::prelude::*;
use std::sync::Arc;

const TRIO: [Algorithm; 3] = [Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha256];

/// The algorithms of a set of bits, BLAKE3 among them for one that is of no lane.
fn set_of(bits: u32) -> Vec<Algorithm> {
    let all = TRIO.into_iter().chain([Algorithm::Blake3]);
    all.enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, algorithm)| algorithm).collect()
}

/// The bytes of all streams: each is a piece of them.
fn content() -> Vec<u8> {
    let mut state = 0x9e37_79b9u32;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    (0..4 * READ).map(|_| byte()).collect()
}

fn alone(bytes: &[u8], algorithms: &[Algorithm]) -> Digests {
    let mut hasher = Hasher::new(algorithms);
    hasher.update(bytes);
    hasher.finish()
}

/// All streams of these lengths through up to so many lanes of every width; each begins elsewhere in the content.
fn agree(content: &Arc<Vec<u8>>, lengths: &[usize], lanes: usize, algorithms: &[Algorithm]) {
    agree_in(&Width::all(), content, lengths, lanes, algorithms);
}

fn agree_in(widths: &[Width], content: &Arc<Vec<u8>>, lengths: &[usize], lanes: usize, algorithms: &[Algorithm]) {
    let begin = |number: usize| number * 977 % READ;
    let medium: Source = content.clone();
    let source = |number: usize| {
        let run = Run::new(begin(number) as u64, lengths[number] as u64);
        Arc::new(Extents::new(medium.clone(), [run])) as Source
    };
    let expected: Vec<Digests> = lengths
        .iter()
        .enumerate()
        .map(|(number, length)| alone(&content[begin(number)..begin(number) + length], algorithms))
        .collect();
    for width in widths.iter().copied().map(Some).chain([None]) {
        let mut numbers = 0..lengths.len();
        let mut results = feed(width, lanes, algorithms, || numbers.next().map(|number| (number, Ok(source(number)))));
        results.sort_unstable_by_key(|(number, _)| *number);
        assert_eq!(results.len(), lengths.len());
        for ((number, digests), expected) in results.into_iter().zip(&expected) {
            let length = lengths[number];
            assert_eq!(&digests.unwrap(), expected, "{length} bytes, number {number} in {lanes} lanes, {width:?}");
        }
    }
}

#[test]
fn lengths_around_a_block_and_a_read_agree_with_one_stream_alone() {
    let content = Arc::new(content());
    let mut lengths: Vec<usize> = (0..200).collect();
    for bits in 1..16 {
        agree(&content, &lengths, usize::MAX, &set_of(bits));
    }
    lengths.extend(((READ - 70)..(READ + 70)).step_by(9));
    lengths.extend([2 * READ, 2 * READ - 9, 2 * READ + 1]);
    agree(&content, &lengths, usize::MAX, &TRIO);
    agree(&content, &[], 5, &TRIO);
    agree(&content, &[5], 5, &TRIO);
}

#[test]
fn a_stream_that_cannot_be_read_costs_only_itself() {
    let short: Source = Arc::new(b"abc".to_vec());
    // The second run lies outside: reading it fails, the first time late in the stream.
    let torn = |first: u64| {
        Arc::new(Extents::new(Arc::new(vec![7u8; 300_000]), [Run::new(0, first), Run::new(400_000, 9)])) as Source
    };
    let sources = [short.clone(), torn(10), short.clone(), torn(200_000), short.clone()];
    for width in Width::all() {
        let mut numbers = 0..5;
        let mut results =
            feed(Some(width), 3, &TRIO, || numbers.next().map(|number| (number, Ok(sources[number].clone()))));
        results.sort_unstable_by_key(|(number, _)| *number);
        for place in [0, 2, 4] {
            let hex = results[place].1.as_ref().unwrap().hex(Algorithm::Md5);
            assert_eq!(hex.as_deref(), Some("900150983cd24fb0d6963f7d28e17f72"));
        }
        assert!(results[1].1.is_err() && results[3].1.is_err());
    }
}

/// Streams of [`any_lengths_in_any_lanes`], each a case of its length and of who had the lanes beside it:
/// `FORENSIC_LANE_CASES=1000000` takes minutes in release.
fn cases() -> usize {
    std::env::var("FORENSIC_LANE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

#[test]
fn any_lengths_in_any_lanes() {
    let content = Arc::new(content());
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let (mut done, all, widths) = (0, cases(), Width::all());
    while done < all {
        let (count, lanes, bits) = (1 + random(100), 1 + random(40), 1 + random(15) as u32);
        // Mostly short, so that lanes change hands often; some of several reads.
        let most = match random(20) {
            0 => 3 * READ,
            1..=6 => 70,
            7..=12 => 300,
            _ => 2_000,
        };
        let lengths: Vec<usize> = (0..count).map(|_| random(most)).collect();
        // The portable twin takes ten times as long as all others together.
        let widths = if random(10) == 0 { &widths[..] } else { &widths[1..] };
        agree_in(widths, &content, &lengths, lanes, &set_of(bits));
        done += count;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn any_mixture_of_lengths_agrees(
        lengths in prop::collection::vec(0usize..5_000, 0..30),
        lanes in 1usize..40,
        bits in 1u32..16,
    ) {
        agree(&Arc::new(content()), &lengths, lanes, &set_of(bits));
    }
}
