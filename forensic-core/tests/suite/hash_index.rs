//! The index of perceptual hashes beside a look at every hash: what it finds, damage, hostility, files; and groups.

use crate::corpus;
use forensic_core::{
    Error,
    perceptual::{Algorithm, Answer, Group, GroupOptions, HashIndex, ImageHash, IndexBuilder, Key, Query, group},
};
use proptest::prelude::*;
use std::{collections::HashSet, sync::LazyLock};
use twox_hash::XxHash3_64;

const BLOCK: usize = 4096;

/// More than an index without tables has.
const ENOUGH: usize = 5000;

/// Fewer than that, in several blocks.
const SOME: usize = 600;

/// Numbers that are the same each time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn hash(&mut self, length: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).collect();
        bytes.truncate(length);
        bytes
    }

    /// The same with so many bits turned, some of them perhaps twice.
    fn turned(&mut self, hash: &[u8], bits: usize) -> Vec<u8> {
        let mut turned = hash.to_vec();
        for _ in 0..bits {
            let bit = self.below(hash.len() * 8);
            turned[bit / 8] ^= 1 << (bit % 8);
        }
        turned
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    /// Any bit as likely as its opposite.
    Uniform,
    /// As real sets: many equal, many nearly equal to one of a few, many alike in half of their bits, few others.
    Skewed,
}

fn hashes(set: Set, count: usize, length: usize) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(count as u64 * 1000 + length as u64);
    let plain = numbers.hash(length);
    let known: Vec<Vec<u8>> = (0..20).map(|_| numbers.hash(length)).collect();
    let one = |number: usize| match (set, number % 10) {
        (Set::Uniform, 0..9) => numbers.hash(length),
        // Near ones are there as well.
        (Set::Uniform, _) => {
            let turns = numbers.below(40);
            let like = known[numbers.below(known.len())].clone();
            numbers.turned(&like, turns)
        }
        (Set::Skewed, 0..3) => plain.clone(),
        (Set::Skewed, 3..6) => {
            let turns = numbers.below(12);
            numbers.turned(&plain, turns)
        }
        (Set::Skewed, 6) => {
            let mut hash = numbers.hash(length);
            hash[length / 2..].fill(0);
            hash
        }
        (Set::Skewed, 7) => {
            let turns = numbers.below(60);
            let like = known[numbers.below(known.len())].clone();
            numbers.turned(&like, turns)
        }
        (Set::Skewed, _) => numbers.hash(length),
    };
    (0..count).map(one).collect()
}

fn of(algorithm: Algorithm, bytes: &[u8]) -> ImageHash {
    ImageHash::from_parts(algorithm, bytes, None)
}

fn distance(a: &[u8], b: &[u8]) -> u32 {
    let word = |bytes: &[u8]| bytes.iter().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
    a.chunks(8).zip(b.chunks(8)).map(|(a, b)| (word(a) ^ word(b)).count_ones()).sum()
}

fn index_of(hashes: &[Vec<u8>]) -> HashIndex {
    HashIndex::build((0..).map(Key::Number).zip(hashes.iter().map(|hash| of(Algorithm::Mean, hash))), None).unwrap()
}

fn found(answer: &Answer) -> Vec<(u32, Key)> {
    answer.matches.iter().map(|hit| (hit.distance, hit.key.clone())).collect()
}

/// What a look at every hash finds, at distances up to `most`.
fn brute_force(hashes: &[Vec<u8>], query: &[u8], most: u32) -> Vec<(u32, Key)> {
    let all = hashes.iter().zip(0..).map(|(hash, key)| (distance(hash, query), Key::Number(key)));
    let mut near: Vec<_> = all.filter(|(distance, _)| *distance <= most).collect();
    near.sort();
    near
}

/// Compares an index with a look at every hash; gives how many matches there were.
fn compare(set: Set, count: usize, length: usize, queries: usize, radii: &[u32]) -> usize {
    let hashes = hashes(set, count, length);
    let index = index_of(&hashes);
    let (mut numbers, mut matches) = (Numbers(7), 0);
    for number in 0..queries {
        let like = hashes[numbers.below(hashes.len())].clone();
        let turns = number * 3 % 50;
        let query = numbers.turned(&like, turns);
        let most = radii.iter().copied().max().unwrap();
        let all = brute_force(&hashes, &query, most);
        for radius in radii {
            let answer = index.query(&of(Algorithm::Mean, &query), &Query::new(*radius)).unwrap();
            let expected = &all[..all.partition_point(|(distance, _)| distance <= radius)];
            assert!(found(&answer) == expected, "{set:?}, {count} hashes of {length} bytes, radius {radius}");
            matches += expected.len();
        }
    }
    matches
}

#[test]
fn an_index_finds_what_a_look_at_every_hash_finds() {
    for set in [Set::Uniform, Set::Skewed] {
        for (length, radii) in [
            (8, &[0, 1, 4, 9, 15, 31][..]),
            (11, &[0, 7, 13]),
            (16, &[0, 3, 15, 30]),
            (32, &[0, 1, 2, 10, 17, 31, 48, 64]),
            (128, &[0, 12, 31, 48, 127]),
        ] {
            let matches = compare(set, ENOUGH, length, 10, radii);
            assert!(matches > 10, "only {matches} matches");
        }
        // Without tables, and at the largest distance there is.
        compare(set, 40, 32, 5, &[0, 31, 255, 256]);
    }
}

/// `FORENSIC_INDEX_HASHES=10000000 cargo test --release -p forensic-core --test suite hash_index:: -- --ignored`
#[test]
#[ignore = "as many hashes as FORENSIC_INDEX_HASHES says, 100,000 where it says nothing"]
fn a_large_index_finds_what_a_look_at_every_hash_finds() {
    let count = std::env::var("FORENSIC_INDEX_HASHES").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    for set in [Set::Uniform, Set::Skewed] {
        for length in [8, 32] {
            let radii: &[u32] = if length == 8 { &[0, 3, 7, 12] } else { &[0, 8, 16, 31, 40, 48] };
            eprintln!("{set:?}, {count} hashes of {length} bytes: {} matches", compare(set, count, length, 30, radii));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_index_finds_what_a_look_at_every_hash_finds(
        length in 8usize..=40, seed in any::<u64>(), spread in 1usize..60, count in 1usize..200, radius in 0u32..64,
    ) {
        let mut numbers = Numbers(seed);
        let centre = numbers.hash(length);
        let hashes: Vec<Vec<u8>> = (0..count).map(|_| { let turns = numbers.below(spread); numbers.turned(&centre, turns) }).collect();
        let answer = index_of(&hashes).query(&of(Algorithm::Mean, &centre), &Query::new(radius)).unwrap();
        prop_assert_eq!(found(&answer), brute_force(&hashes, &centre, radius));
    }
}

#[test]
fn the_answer_is_the_same_on_any_number_of_threads() {
    let hashes = hashes(Set::Skewed, ENOUGH, 32);
    let build = |threads| {
        let mut builder = IndexBuilder::new().threads(threads);
        for (key, hash) in hashes.iter().enumerate() {
            builder.push(key as i64, &of(Algorithm::Mean, hash)).unwrap();
        }
        builder.finish(None).unwrap()
    };
    let queries: Vec<ImageHash> = hashes.iter().step_by(160).map(|hash| of(Algorithm::Mean, hash)).collect();
    let (index, query) = (build(1), Query::new(31));
    let expected: Vec<Answer> = queries.iter().map(|hash| index.query(hash, &query).unwrap()).collect();
    for threads in [1, 2, 5] {
        let answers = build(threads).query_many(&queries, &query, Some(threads)).unwrap();
        assert!(answers == expected, "{threads} threads");
    }
}

#[test]
fn a_plain_picture_neither_asks_nor_answers_unless_it_is_told_to() {
    let graded = |last: u8, quality| ImageHash::from_parts(Algorithm::Pdq, [&[7; 31][..], &[last]].concat(), quality);
    let items = [("good", 0, Some(100)), ("fair", 1, Some(50)), ("poor", 3, Some(49)), ("ungraded", 7, None)];
    let items = items.map(|(key, last, quality)| (Key::from(key), graded(last, quality)));
    let index = HashIndex::build(items, None).unwrap();
    let keys = |answer: &Answer| answer.matches.iter().map(|hit| hit.key.to_string()).collect::<Vec<_>>();
    let ask = |quality, query: Query| index.query(&graded(0, quality), &query).unwrap();

    let answer = ask(Some(50), Query::new(31));
    assert_eq!(
        (keys(&answer), answer.asked, answer.gated),
        (vec!["\"good\"".into(), "\"fair\"".into(), "\"ungraded\"".into()], true, 1)
    );
    let hit = &answer.matches[1];
    assert_eq!(
        (hit.quality, hit.algorithm, hit.version, hit.threshold),
        (Some(50), Algorithm::Pdq, Algorithm::Pdq.version(), 31)
    );
    assert_eq!(keys(&ask(None, Query::new(31))).len(), 3);
    // "Not asked" and "no answer" are told apart.
    let silent = ask(Some(49), Query::new(31));
    assert_eq!((silent.matches.len(), silent.asked, silent.gated), (0, false, 0));
    let far = index.query(&of(Algorithm::Pdq, &[0xf0; 32]), &Query::new(31)).unwrap();
    assert_eq!((far.matches.len(), far.asked, far.gated), (0, true, 0));
    assert_eq!(keys(&ask(Some(49), Query::new(31).min_quality(49))).len(), 4);
    assert_eq!(keys(&ask(Some(90), Query::new(31).min_quality(80))).len(), 2);
}

#[test]
fn keys_are_numbers_and_texts_and_may_share_a_hash() {
    let hash = |byte: u8| of(Algorithm::Gradient, &[byte; 8]);
    let items = [
        (Key::from("b"), hash(1)),
        (Key::from(-7), hash(1)),
        (Key::from(""), hash(1)),
        (Key::from(i64::MAX), hash(1)),
        (Key::from("b"), hash(1)),
        (Key::from("b"), hash(2)),
        (Key::from("Füße/ß.jpg"), hash(3)),
    ];
    let index = HashIndex::build(items.clone(), None).unwrap();
    assert_eq!((index.len(), index.distinct(), index.bits(), index.algorithm()), (6, 3, 64, Some(Algorithm::Gradient)));
    let keys = |radius| {
        index.query(&hash(1), &Query::new(radius)).unwrap().matches.into_iter().map(|hit| hit.key).collect::<Vec<_>>()
    };
    assert_eq!(keys(0), [Key::from(-7), Key::from(i64::MAX), Key::from(""), Key::from("b")]);
    assert_eq!(keys(16)[4..], [Key::from("Füße/ß.jpg"), Key::from("b")]);
    let mut given = HashSet::new();
    index
        .for_each(|key, hash| {
            given.insert((key, hash));
            Ok(())
        })
        .unwrap();
    assert_eq!(given, HashSet::from(items));
    index.verify().unwrap();
}

#[test]
fn what_does_not_go_together_is_named() {
    let message = |error: Error| {
        assert!(matches!(error, Error::InvalidArgument { .. }));
        error.to_string()
    };
    let build = |second| {
        let first = (Key::from(1), of(Algorithm::Pdq, &[0; 32]));
        message(HashIndex::build([first, (Key::from("x.jpg"), second)], None).unwrap_err())
    };
    let name = build(of(Algorithm::Mean, &[0; 32]));
    assert_eq!(name, "item 1 (key \"x.jpg\"): a mean hash of 256 bits does not go with a pdq hash of 256 bits");
    assert!(build(of(Algorithm::Pdq, &[0; 16])).contains("item 1"));
    assert!(build(of(Algorithm::Pdq, &[0; 7])).contains("56 bits"));
    assert!(build(of(Algorithm::Pdq, &[0; 129])).contains("1032 bits"));
    assert!(build(ImageHash::from_parts(Algorithm::Pdq, [0; 32], Some(101))).contains("101"));
    let index = HashIndex::build([(Key::from(1), of(Algorithm::Pdq, &[0; 32]))], None).unwrap();
    let ask = |hash: &ImageHash, radius| message(index.query(hash, &Query::new(radius)).unwrap_err());
    assert!(ask(&of(Algorithm::Pdq, &[0; 32]), 257).contains("257"));
    assert!(ask(&of(Algorithm::Mean, &[0; 32]), 31).contains("mean"));
    assert!(index.accepts(&of(Algorithm::Pdq, &[0; 32])) && !index.accepts(&of(Algorithm::Pdq, &[0; 8])));
}

#[test]
fn an_empty_index_answers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.index");
    HashIndex::build([], Some(&path)).unwrap();
    let index = HashIndex::open(&path).unwrap();
    index.verify().unwrap();
    let answer = index.query(&of(Algorithm::Pdq, &[0; 32]), &Query::default()).unwrap();
    assert!(answer.asked && answer.matches.is_empty() && index.is_empty() && index.algorithm().is_none());
}

#[test]
fn indexes_are_merged_and_keys_removed_while_they_are_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pictures.index");
    let all = hashes(Set::Skewed, ENOUGH + 2, 32);
    let items = |range: std::ops::Range<usize>| {
        range.map(|number| (Key::from(number as i64), of(Algorithm::Mean, &all[number]))).collect::<Vec<_>>()
    };
    let first = HashIndex::build(items(0..ENOUGH), Some(&path)).unwrap();
    let second = HashIndex::build(items(ENOUGH - 1..ENOUGH + 2), None).unwrap();
    let removed: HashSet<Key> = (0..1000).map(Key::Number).collect();
    // Into the place of one of them.
    let merged = HashIndex::merge([&first, &second], &removed, Some(&path)).unwrap();
    assert_eq!((first.len(), merged.len()), (ENOUGH, ENOUGH + 2 - 1000));
    let rebuilt = HashIndex::build(items(1000..ENOUGH + 2), None).unwrap();
    for query in all.iter().step_by(500) {
        let query = of(Algorithm::Mean, query);
        assert_eq!(merged.query(&query, &Query::new(31)).unwrap(), rebuilt.query(&query, &Query::new(31)).unwrap());
    }
    first.verify().unwrap();
    merged.verify().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn bytes_of(hashes: &[Vec<u8>]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pictures.index");
    let key = |number: usize| {
        if number.is_multiple_of(3) { Key::from(format!("{number}.jpg")) } else { Key::from(number as i64) }
    };
    let graded = |number: usize| ImageHash::from_parts(Algorithm::Pdq, &hashes[number][..], Some((number % 101) as u8));
    HashIndex::build((0..hashes.len()).map(|number| (key(number), graded(number))), Some(&path)).unwrap();
    let bytes = std::fs::read(path).unwrap();
    corpus::seed("hash_index", &bytes);
    bytes
}

/// A file without tables, and one with.
static SMALL: LazyLock<Vec<u8>> = LazyLock::new(|| bytes_of(&hashes(Set::Skewed, SOME, 32)));
static LARGE: LazyLock<Vec<u8>> = LazyLock::new(|| bytes_of(&hashes(Set::Uniform, ENOUGH, 32)));

type Answers = Vec<Result<Answer, Error>>;

fn ask(index: &HashIndex, count: usize) -> Answers {
    let hashes = hashes(if count < ENOUGH { Set::Skewed } else { Set::Uniform }, count, 32);
    let ask = |hash: &Vec<u8>| index.query(&of(Algorithm::Pdq, hash), &Query::new(31).min_quality(10));
    hashes.iter().step_by(count.div_ceil(30)).map(ask).collect()
}

/// Opens and asks changed bytes: refused, or no other answer than that of the whole file, and told by a check of all of it.
fn no_other_answer(bytes: Vec<u8>, count: usize, expected: &[Answer], at: usize) -> bool {
    let Ok(index) = HashIndex::from_bytes(bytes) else { return false };
    for (answer, expected) in ask(&index, count).iter().zip(expected) {
        match answer {
            Ok(answer) => assert_eq!(answer, expected, "byte {at}"),
            Err(error) => assert!(matches!(error, Error::Corrupt { .. }), "byte {at}: {error}"),
        }
    }
    assert!(matches!(index.verify(), Err(Error::Corrupt { .. })), "byte {at}");
    true
}

#[test]
fn no_changed_byte_changes_an_answer() {
    for (bytes, count, step) in [(&*SMALL, SOME, 67), (&*LARGE, ENOUGH, 20_011)] {
        let whole = HashIndex::from_bytes(bytes.clone()).unwrap();
        let expected: Vec<Answer> = ask(&whole, count).into_iter().map(Result::unwrap).collect();
        let (mut refused, mut reported) = (0, 0);
        for at in (0..bytes.len()).step_by(step).chain([0, 17, bytes.len() - 1]) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            if no_other_answer(bytes, count, &expected, at) { reported += 1 } else { refused += 1 }
        }
        assert!(refused > 0 && reported > 0, "{refused} refused, {reported} reported");
    }
}

#[test]
fn an_index_that_is_cut_or_longer_is_refused() {
    for length in (0..SMALL.len()).step_by(61) {
        assert!(HashIndex::from_bytes(SMALL[..length].to_vec()).is_err(), "{length} bytes");
    }
    let mut longer = SMALL.clone();
    longer.push(0);
    assert!(matches!(HashIndex::from_bytes(longer), Err(Error::Corrupt { .. })));
    assert!(matches!(HashIndex::from_bytes(b"%PDF-1.4".to_vec()), Err(Error::Format { .. })));
    assert!(matches!(HashIndex::open("/nowhere/at.all"), Err(Error::Io { .. })));
}

/// Makes the checksums of changed bytes right again, as whoever makes an index to do harm would.
fn mend(bytes: &mut [u8]) {
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let sums = number(bytes, 32 + 6 * 16);
    if (BLOCK..=bytes.len()).contains(&sums) {
        let (before, table) = bytes.split_at_mut(sums);
        for (block, sum) in before[BLOCK..].chunks(BLOCK).zip(table.chunks_exact_mut(8)) {
            sum.copy_from_slice(&XxHash3_64::oneshot(block).to_le_bytes());
        }
        let over_all = XxHash3_64::oneshot(table).to_le_bytes();
        bytes[384..392].copy_from_slice(&over_all);
    }
    let header = XxHash3_64::oneshot(&bytes[..BLOCK - 8]).to_le_bytes();
    bytes[BLOCK - 8..BLOCK].copy_from_slice(&header);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn an_index_made_to_do_harm_does_none(
        large in any::<bool>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
    ) {
        let (mut bytes, count) = if large { (LARGE.clone(), ENOUGH) } else { (SMALL.clone(), SOME) };
        for (place, byte, in_header) in changes {
            let end = if in_header { 400 } else { bytes.len() };
            bytes[place.index(end)] = byte;
        }
        mend(&mut bytes);
        if let Ok(index) = HashIndex::from_bytes(bytes) {
            // That all of this ends is what is tested.
            let _ = ask(&index, count);
            let _ = index.for_each(|_, _| Ok(()));
            let _ = index.verify();
        }
    }
}

#[test]
fn rows_out_of_their_place_are_told_by_a_check_of_all() {
    let whole = HashIndex::from_bytes(LARGE.clone()).unwrap();
    whole.verify().unwrap();
    let section = |number: usize| {
        let at = 32 + number * 16;
        let number = |at: usize| u64::from_le_bytes(LARGE[at..at + 8].try_into().unwrap()) as usize;
        number(at)..number(at) + number(at + 8)
    };
    for (number, step) in [(0, 32), (1, 4), (2, 4)] {
        let section = section(number);
        let mut bytes = LARGE.clone();
        let middle = section.start + section.len() / 2 / step * step;
        // Two neighbours that differ change places.
        let place = (middle..section.end - 2 * step)
            .step_by(step)
            .find(|at| bytes[*at..at + step] != bytes[at + step..at + 2 * step]);
        let place = place.unwrap();
        let (a, b) = bytes[place..place + 2 * step].split_at_mut(step);
        a.swap_with_slice(b);
        mend(&mut bytes);
        let verified = HashIndex::from_bytes(bytes).and_then(|index| index.verify());
        assert!(matches!(verified, Err(Error::Corrupt { .. })), "section {number}");
    }
}

/// Groups by the definition.
fn grouped(hashes: &[Vec<u8>], radius: u32) -> Vec<(usize, Vec<usize>, Vec<u32>)> {
    let near = |a: &[u8], b: &[u8]| distance(a, b) <= radius;
    let count =
        |a: usize| hashes.iter().enumerate().filter(|(b, hash)| *b != a && near(&hashes[a], hash)).count().min(128);
    let counts: Vec<usize> = (0..hashes.len()).map(count).collect();
    let mut order: Vec<usize> = (0..hashes.len()).filter(|item| counts[*item] > 0).collect();
    order.sort_by_key(|item| (std::cmp::Reverse(counts[*item]), *item));
    let (mut taken, mut groups) = (vec![false; hashes.len()], Vec::new());
    for item in order {
        if taken[item] {
            continue;
        }
        let others =
            (0..hashes.len()).filter(|other| !taken[*other] && *other != item && near(&hashes[item], &hashes[*other]));
        let mut members: Vec<(u32, usize)> =
            others.map(|other| (distance(&hashes[item], &hashes[other]), other)).collect();
        members.sort();
        members.insert(0, (0, item));
        members.iter().for_each(|(_, member)| taken[*member] = true);
        let (distances, members): (Vec<u32>, Vec<usize>) = members.into_iter().unzip();
        groups.push((item, members, distances));
    }
    groups.sort_by_key(|(representative, members, _)| (std::cmp::Reverse(members.len()), *representative));
    groups
}

fn plain(groups: Vec<Group>) -> Vec<(usize, Vec<usize>, Vec<u32>)> {
    groups.into_iter().map(|group| (group.representative, group.members, group.distances)).collect()
}

#[test]
fn groups_are_those_of_the_definition_on_any_number_of_threads() {
    for (set, count, length, radius) in [
        (Set::Uniform, 800, 32, 31),
        (Set::Skewed, 600, 32, 31),
        (Set::Skewed, 400, 32, 8),
        (Set::Skewed, 400, 8, 7),
        (Set::Uniform, 200, 8, 24),
        (Set::Skewed, 200, 128, 0),
        (Set::Uniform, 1, 32, 256),
        (Set::Uniform, 0, 32, 31),
    ] {
        let hashes = hashes(set, count, length);
        let expected = grouped(&hashes, radius);
        let items: Vec<ImageHash> = hashes.iter().map(|hash| of(Algorithm::Mean, hash)).collect();
        for threads in [1, 3] {
            let options = GroupOptions { threads: Some(threads), ..GroupOptions::new(radius) };
            assert!(plain(group(&items, &options).unwrap()) == expected, "{set:?} {count} {length} {radius} {threads}");
        }
        assert!(count < 200 || !expected.is_empty());
    }
}

#[test]
fn equal_hashes_are_grouped_at_once_and_plain_ones_not_at_all() {
    let mut items = vec![ImageHash::from_parts(Algorithm::Pdq, [1; 32], Some(100)); 30_000];
    items.push(ImageHash::from_parts(Algorithm::Pdq, [1; 32], Some(49)));
    items.push(ImageHash::from_parts(Algorithm::Pdq, [0; 32], Some(50)));
    let groups = group(&items, &GroupOptions::new(31)).unwrap();
    assert_eq!((groups.len(), groups[0].representative, groups[0].members.len()), (1, 0, 30_000));
    items.push(of(Algorithm::Mean, &[1; 32]));
    let error = group(&items, &GroupOptions::new(31)).unwrap_err();
    assert!(error.to_string().contains("item 30002: a mean hash"), "{error}");
    assert!(matches!(group(&items[..2], &GroupOptions::new(257)), Err(Error::InvalidArgument { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_groups_are_those_of_the_definition(length in 8usize..=40, seed in any::<u64>(), spread in 1usize..60, count in 0usize..150, radius in 0u32..64) {
        let mut numbers = Numbers(seed);
        let centres: Vec<Vec<u8>> = (0..4).map(|_| numbers.hash(length)).collect();
        let one = |number: usize| { let turns = numbers.below(spread); numbers.turned(&centres[number % 4], turns) };
        let hashes: Vec<Vec<u8>> = (0..count).map(one).collect();
        let items: Vec<ImageHash> = hashes.iter().map(|hash| of(Algorithm::Mean, hash)).collect();
        prop_assert_eq!(plain(group(&items, &GroupOptions::new(radius)).unwrap()), grouped(&hashes, radius));
    }
}
