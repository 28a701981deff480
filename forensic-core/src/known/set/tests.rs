//! A set beside a list of records, whatever is put into both.
#![allow(clippy::arithmetic_side_effects)] // An overflow fails the test, as it should.

use super::{Builder, HashSet, intake::Events, sort::Budget};
use crate::known::{FileRecord, Format, Group, Known, record::Sink};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// What takes records as a list gives them.
fn into(builder: &mut Builder) -> impl Sink {
    Events::new(|event| builder.enter(event))
}

/// True where there is nothing but one digest.
fn is_bare(record: &FileRecord) -> bool {
    let (md5, sha1, sha256, blake3, untold) = (None, None, None, None, None);
    let rest = FileRecord { md5, sha1, sha256, blake3, untold, ..record.clone() };
    record.digests().count() == 1 && rest == FileRecord::default()
}

#[derive(Debug, Clone)]
enum Step {
    List(String),
    Group(Option<String>),
    Record(FileRecord),
    Remove(FileRecord),
}

/// What a set is to know: records with their groups, in order.
#[derive(Debug, Default)]
struct Model {
    groups: Vec<(String, Option<String>)>,
    records: Vec<(usize, FileRecord)>,
}

impl Model {
    fn of(steps: &[Step]) -> Self {
        let mut model = Self::default();
        let mut list = String::new();
        for step in steps {
            match step {
                Step::List(name) => {
                    list.clone_from(name);
                    model.groups.push((name.clone(), None));
                }
                Step::Group(scheme) => model.groups.push((list.clone(), scheme.clone())),
                Step::Record(record) => {
                    let twice =
                        |(group, known): &(usize, FileRecord)| *group + 1 == model.groups.len() && known == record;
                    if !is_bare(record) || !model.records.iter().any(twice) {
                        model.records.push((model.groups.len() - 1, record.clone()));
                    }
                }
                Step::Remove(record) => model.records.retain(|(_, known)| known != record),
            }
        }
        model
    }

    fn lookup(&self, digest: &[u8]) -> Vec<Known> {
        let mut hits: Vec<&(usize, FileRecord)> =
            self.records.iter().filter(|(_, record)| record.digests().any(|own| own == digest)).collect();
        hits.sort_by_key(|(group, record)| (*group, !is_bare(record)));
        // Of bare digests a hit says no more than which list has them.
        let number = |record: &FileRecord| if is_bare(record) { std::ptr::null() } else { std::ptr::from_ref(record) };
        hits.dedup_by_key(|(group, record)| (*group, number(record)));
        let known = |(group, record): &(usize, FileRecord)| {
            let mut properties = record.properties.to_map();
            if let Some(size) = record.size {
                properties.insert("size".to_owned(), json!(size));
            }
            let (set_name, scheme) = self.groups[*group].clone();
            let (category, name) = (record.category.clone(), record.name.clone());
            Known { set_name, scheme, category, name, properties, possible: false }
        };
        hits.into_iter().map(known).collect()
    }

    fn digests(&self) -> Vec<Vec<u8>> {
        let mut all: Vec<_> =
            self.records.iter().flat_map(|(_, record)| record.digests().map(<[u8]>::to_vec)).collect();
        all.sort();
        all.dedup();
        all
    }
}

fn build(steps: &[Step], path: Option<&Path>, budget: Budget) -> HashSet {
    let mut builder = Builder::with_budget(path, budget).unwrap();
    for step in steps {
        match step {
            Step::List(name) => builder.begin_list(&PathBuf::from("lists").join(name), Format::Sums).unwrap(),
            Step::Group(scheme) => {
                into(&mut builder).begin_group().unwrap();
                into(&mut builder).describe(Group { scheme: scheme.clone(), ..Group::default() }).unwrap();
            }
            Step::Record(record) => into(&mut builder).record(record).unwrap(),
            Step::Remove(record) => into(&mut builder).remove(record).unwrap(),
        }
    }
    builder.finish().unwrap()
}

fn merge(sets: &[&HashSet], budget: Budget) -> HashSet {
    let mut builder = Builder::with_budget(None, budget).unwrap();
    sets.iter().for_each(|set| builder.merge(set).unwrap());
    builder.finish().unwrap()
}

fn assert_knows(set: &HashSet, model: &Model) {
    let digests = model.digests();
    assert_eq!(set.len(), digests.len());
    for (group, (name, scheme)) in set.groups().iter().zip(&model.groups) {
        assert_eq!((&set.sources()[group.source].set_name, &group.group.scheme), (name, scheme));
    }
    for width in [16, 20, 32] {
        let known = digests.iter().filter(|digest| digest.len() == width);
        // Each digest, and one beside it that is mostly unknown.
        let queries: Vec<Vec<u8>> = known.flat_map(|digest| [digest.clone(), beside(digest)]).collect();
        let expected: Vec<Vec<Known>> = queries.iter().map(|digest| model.lookup(digest)).collect();
        let one_by_one: Vec<Vec<Known>> = queries.iter().map(|digest| set.lookup_bytes(digest).unwrap()).collect();
        assert_eq!(one_by_one, expected);
        assert_eq!(set.lookup_many(&queries.concat(), width).unwrap(), expected);
        let expected: Vec<bool> = expected.iter().map(|known| !known.is_empty()).collect();
        assert_eq!(set.contains_many(&queries.concat(), width).unwrap(), expected);
        assert!(queries.iter().zip(expected).all(|(digest, known)| set.contains(digest).unwrap() == known));
    }
    let mut records = Vec::new();
    set.for_each_record(|group, record| {
        records.push((group, record));
        Ok(())
    })
    .unwrap();
    let told = |records: &[(usize, FileRecord)]| -> Vec<(usize, FileRecord)> {
        records.iter().filter(|(_, record)| !is_bare(record)).cloned().collect()
    };
    assert_eq!(told(&records), told(&model.records));
    let bare = |records: &[(usize, FileRecord)]| {
        let mut bare: Vec<String> =
            records.iter().filter(|(_, record)| is_bare(record)).map(|record| format!("{record:?}")).collect();
        bare.sort();
        bare
    };
    assert_eq!(bare(&records), bare(&model.records));
    set.verify().unwrap();
}

fn beside(digest: &[u8]) -> Vec<u8> {
    let mut other = digest.to_vec();
    *other.last_mut().unwrap() ^= 1;
    other
}

/// Few digests, so that records share them; some share all but their last bytes.
fn digest<const N: usize>() -> impl Strategy<Value = [u8; N]> {
    (0..6u8).prop_map(|n| {
        let mut digest = [n / 3 * 0x9d; N];
        digest[N - 1] = n;
        digest
    })
}

fn record() -> impl Strategy<Value = FileRecord> {
    let md5 = digest::<16>().prop_map(|digest| FileRecord { md5: Some(digest), ..FileRecord::default() });
    let untold = digest::<32>().prop_map(|digest| FileRecord { untold: Some(digest), ..FileRecord::default() });
    let sha256 = digest::<32>().prop_map(|digest| FileRecord { sha256: Some(digest), ..FileRecord::default() });
    let text = || option::of("[a-bÜ]{0,2}");
    let digests = (option::of(digest::<16>()), digest::<20>(), option::of(digest::<32>()), option::of(digest::<32>()));
    let full = (digests, option::of(0..3u64), text(), text(), option::of(0..3u8));
    let full = full.prop_map(|((md5, sha1, sha256, blake3), size, category, name, property)| {
        let mut record =
            FileRecord { md5, sha1: Some(sha1), sha256, blake3, size, category, name, ..FileRecord::default() };
        let property = property.map(|value| {
            ("Series".to_owned(), [json!(1.5), json!("a"), json!([true, null])][usize::from(value)].clone())
        });
        record.properties = property.into_iter().collect::<Map<String, Value>>().into();
        record
    });
    prop_oneof![md5, untold, sha256, full]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => "[a-c]".prop_map(Step::List),
        1 => option::of("[A-B]").prop_map(Step::Group),
        8 => record().prop_map(Step::Record),
        1 => record().prop_map(Step::Remove),
    ];
    vec(step, 0..60).prop_map(|mut steps| {
        steps.insert(0, Step::List("first".to_owned()));
        steps
    })
}

fn budget() -> impl Strategy<Value = Budget> {
    let tiny = (0..1500usize, 1..200usize, 40..600u64);
    let tiny = tiny.prop_map(|(memory, chunk, piece)| Budget { memory, chunk, piece });
    prop_oneof![tiny, Just(Budget::default())]
}

proptest! {
    #[test]
    fn a_set_knows_what_was_put_into_it(steps in steps(), budget in budget()) {
        let set = build(&steps, None, budget);
        assert_knows(&set, &Model::of(&steps));
        // The same bytes, however much memory there was.
        let again = build(&steps, None, Budget::default());
        prop_assert_eq!(set.image.bytes(), again.image.bytes());
    }

    #[test]
    fn a_set_of_sets_knows_what_they_know(one in steps(), other in steps(), budget in budget()) {
        let (first, second) = (build(&one, None, Budget::default()), build(&other, None, Budget::default()));
        let merged = merge(&[&first, &second], budget);
        // A removal is of what came before it in its own set.
        let (mut model, second) = (Model::of(&one), Model::of(&other));
        let groups = model.groups.len();
        model.groups.extend(second.groups);
        model.records.extend(second.records.into_iter().map(|(group, record)| (group + groups, record)));
        assert_knows(&merged, &model);
    }
}

/// Digests that look random, always the same.
fn random(seed: u64) -> impl FnMut() -> [u8; 16] {
    let mut number = seed;
    move || {
        number += 1;
        blake3::hash(&number.to_le_bytes()).as_bytes()[..16].try_into().unwrap()
    }
}

fn bare(digest: [u8; 16]) -> Step {
    Step::Record(FileRecord { md5: Some(digest), ..FileRecord::default() })
}

#[test]
fn many_digests_have_many_buckets() {
    let mut random = random(1);
    let mut steps = vec![Step::List("many".to_owned())];
    steps.extend((0..4000).map(|_| bare(random())));
    let set = build(&steps, None, Budget::default());
    assert_knows(&set, &Model { groups: vec![("many".to_owned(), None)], records: records_of(&steps) });
    // In a file it is the same, and it may be spilled.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.set");
    let tiny = Budget { memory: 10_000, chunk: 100, piece: 500 };
    assert_eq!(build(&steps, Some(&path), tiny).image.bytes(), set.image.bytes());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// So many that their buckets tell two bytes of each.
#[test]
fn a_bare_digest_takes_less_than_its_own_bytes() {
    const COUNT: usize = 800_000;
    let mut builder = Builder::new(None).unwrap();
    builder.begin_list(Path::new("many"), Format::Plain).unwrap();
    let digests: Vec<[u8; 16]> = std::iter::repeat_with(random(7)).take(COUNT).collect();
    for digest in &digests {
        into(&mut builder).record(&FileRecord { md5: Some(*digest), ..FileRecord::default() }).unwrap();
    }
    let set = builder.finish().unwrap();
    assert_eq!(set.len(), COUNT);
    assert!(set.image.bytes().len() < COUNT * 15, "{} bytes", set.image.bytes().len());
    assert!(set.contains_many(&digests.concat(), 16).unwrap().into_iter().all(|known| known));
    let others: Vec<u8> = std::iter::repeat_with(random(1 << 40)).take(10_000).flatten().collect();
    assert!(!set.contains_many(&others, 16).unwrap().into_iter().any(|known| known));
}

fn records_of(steps: &[Step]) -> Vec<(usize, FileRecord)> {
    let record = |step: &Step| if let Step::Record(record) = step { Some((0, record.clone())) } else { None };
    steps.iter().filter_map(record).collect()
}

/// Digests that all begin alike are one bucket, which is searched by halving.
#[test]
fn digests_that_are_not_random_are_found() {
    let mut steps = vec![Step::List("hostile".to_owned())];
    let digest = |number: u32| {
        let mut digest = [0x77; 16];
        digest[11..15].copy_from_slice(&(number / 3).to_be_bytes());
        digest[15] = (number % 3) as u8 * 100;
        digest
    };
    steps.extend((0..1500).map(|number| bare(digest(number))));
    // Some of them with so many names that their lines are full of them.
    for number in [0, 700, 1499] {
        let named =
            |name: u32| FileRecord { md5: Some(digest(number)), size: Some(u64::from(name)), ..FileRecord::default() };
        steps.extend((0..150).map(|name| Step::Record(named(name))));
    }
    let tiny = Budget { memory: 1000, chunk: 100, piece: 1000 };
    assert_knows(
        &build(&steps, None, tiny),
        &Model { groups: vec![("hostile".to_owned(), None)], records: records_of(&steps) },
    );
}

/// The facts of hashlookup's filters: FNV-1 of the SHA-1 in upper-case hex, k times multiplied.
#[test]
fn what_a_bloom_filter_knows_is_possible() {
    let digests: Vec<[u8; 20]> =
        (0..50u64).map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[..20].try_into().unwrap()).collect();
    let (k, m) = (10u64, 2000u64);
    let mut words = vec![0u64; m.div_ceil(64) as usize];
    for digest in &digests[..25] {
        let text: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        let fnv = text
            .bytes()
            .fold(14_695_981_039_346_656_037u64, |hash, byte| hash.wrapping_mul(1_099_511_628_211) ^ u64::from(byte));
        let mut hash = u128::from(fnv) % 18_446_744_073_709_551_557;
        for _ in 0..k {
            hash = u128::from((hash as u64).wrapping_mul(18_446_744_073_709_550_147)) % 18_446_744_073_709_551_557;
            let bit = hash as u64 % m;
            words[(bit / 64) as usize] |= 1 << (bit % 64);
        }
    }
    let header = [1, 25, 0.001f64.to_bits(), k, m, 25];
    let filter: Vec<u8> = header.into_iter().chain(words).flat_map(u64::to_le_bytes).chain(*b"free").collect();
    let mut builder = Builder::new(None).unwrap();
    builder.begin_list(Path::new("hashlookup.bloom"), Format::Plain).unwrap();
    into(&mut builder).record(&FileRecord { sha1: Some(digests[49]), ..FileRecord::default() }).unwrap();
    into(&mut builder).filter(filter).unwrap();
    assert!(into(&mut builder).filter(b"no filter".to_vec()).is_err());
    let set = builder.finish().unwrap();
    for set in [merge(&[&set, &set], Budget::default()), set] {
        for digest in &digests[..25] {
            let hits = set.lookup_bytes(digest).unwrap();
            assert!(hits.iter().all(|hit| hit.possible && hit.set_name == "hashlookup.bloom") && !hits.is_empty());
        }
        let unknown = set.contains_many(&digests[25..].concat(), 20).unwrap();
        assert_eq!(unknown.iter().filter(|known| **known).count(), 1);
        assert!(!set.lookup_bytes(&digests[49]).unwrap()[0].possible);
        assert_eq!(set.len(), 1);
    }
}
