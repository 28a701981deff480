//! The set of known digests on disk: damage, hostility, files.

use crate::corpus;
use forensic_core::{
    Error,
    known::{Format, HashSet, Known},
};
use proptest::prelude::*;
use std::{fmt::Write, path::PathBuf, sync::LazyLock};
use twox_hash::XxHash3_64;

const BLOCK: usize = 4096;

/// Digests of three widths, some bare, some with names and sizes, one with several names; a row that is none.
fn lists() -> [(PathBuf, String); 3] {
    let mut sums = String::new();
    for number in 0..40u32 {
        let digit = number % 16;
        writeln!(sums, "{}{number:08x}  picture {number}.jpg", format!("{digit:x}").repeat(24)).unwrap();
    }
    sums += "no digest\n";
    let plain: String =
        (0..60u32).map(|number| format!("{:08x}{}\n", number.wrapping_mul(0x9e37_79b9), "5".repeat(32))).collect();
    let rows: String = (0..10).map(|n| format!("{n},{n:032x},{:064x},/a,b {}\n", n * 3, n / 2)).collect();
    let hashdeep = format!("%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n{rows}{rows}");
    [("a.md5".into(), sums), ("b.sha1".into(), plain), ("c.hashdeep".into(), hashdeep)]
}

fn build() -> HashSet {
    let lists = lists();
    HashSet::build_from_readers(lists.iter().map(|(path, text)| (path.clone(), text.as_bytes())), None).unwrap()
}

/// The bytes of the same set.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut inputs) = (folder.path().join("known.set"), Vec::new());
    for (name, text) in lists() {
        std::fs::write(folder.path().join(&name), text).unwrap();
        inputs.push(folder.path().join(name));
    }
    HashSet::build_to(&inputs, None, &path).unwrap();
    let bytes = std::fs::read(path).unwrap();
    corpus::seed("known_set", &bytes);
    bytes
});

/// Known and unknown digests of each width.
static QUERIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut queries = Vec::new();
    build()
        .for_each_record(|_, record| {
            let own = [record.md5.map(Vec::from), record.sha1.map(Vec::from), record.sha256.map(Vec::from)];
            queries.extend(own.into_iter().flatten());
            Ok(())
        })
        .unwrap();
    for at in 0..queries.len() {
        let mut unknown = queries[at].clone();
        unknown[at % 16] ^= 0x10;
        queries.push(unknown);
    }
    queries
});

type Answers = Vec<Result<Vec<Known>, Error>>;

fn ask(set: &HashSet) -> Answers {
    QUERIES.iter().map(|digest| set.lookup_bytes(digest)).collect()
}

#[test]
fn what_lists_say_is_what_the_set_says() {
    let set = build();
    assert_eq!((set.sources().len(), set.issues().len()), (3, 1));
    assert_eq!(set.sources().iter().map(|source| source.records).collect::<Vec<_>>(), [40, 60, 20]);
    let hits = set.lookup_hex(&format!("{:032x}", 9)).unwrap();
    assert_eq!(hits.iter().map(|hit| hit.name.as_deref()).collect::<Vec<_>>(), [Some("/a,b 4"); 2]);
    assert_eq!(hits[0].properties["size"], 9);
    assert_eq!(set.lookup_hex(&format!("{:08x}{}", 0, "5".repeat(32))).unwrap()[0].set_name, "b.sha1");
    set.verify().unwrap();
}

#[test]
fn no_changed_byte_changes_an_answer() {
    let whole = HashSet::from_bytes(BYTES.clone()).unwrap();
    let expected: Vec<Vec<Known>> = ask(&whole).into_iter().map(Result::unwrap).collect();
    let (mut refused, mut reported) = (0, 0);
    for at in 0..BYTES.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = BYTES.clone();
            bytes[at] ^= change;
            match HashSet::from_bytes(bytes) {
                Err(_) => refused += 1,
                Ok(set) => {
                    assert_eq!(set.sources(), whole.sources(), "byte {at}");
                    assert_eq!((set.issues(), set.len()), (whole.issues(), whole.len()), "byte {at}");
                    // What is asked one by one; the answers of the batch are held against the same blocks.
                    for (answer, expected) in ask(&set).iter().zip(&expected) {
                        match answer {
                            Ok(known) => assert_eq!(known, expected, "byte {at}"),
                            Err(error) => assert!(matches!(error, Error::Corrupt { .. }), "byte {at}: {error}"),
                        }
                    }
                    assert!(matches!(set.verify(), Err(Error::Corrupt { .. })), "byte {at}");
                    reported += 1;
                }
            }
        }
    }
    assert!(refused > 0 && reported > 0, "{refused} refused, {reported} reported");
}

#[test]
fn a_set_that_is_cut_or_longer_is_refused() {
    for length in 0..BYTES.len() {
        assert!(HashSet::from_bytes(BYTES[..length].to_vec()).is_err(), "{length} bytes");
    }
    let mut longer = BYTES.clone();
    longer.push(0);
    assert!(matches!(HashSet::from_bytes(longer), Err(Error::Corrupt { .. })));
    assert!(matches!(HashSet::from_bytes(b"%PDF-1.4".to_vec()), Err(Error::Format { .. })));
}

/// Makes the checksums of changed bytes right again, as whoever makes a set to do harm would.
fn mend(bytes: &mut [u8]) {
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    if bytes.len() < BLOCK {
        return;
    }
    let sums = number(bytes, 32 + 9 * 16);
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

/// Asks all there is to ask; that it ends is what is tested.
fn ask_all(bytes: Vec<u8>) {
    let Ok(set) = HashSet::from_bytes(bytes) else { return };
    let _ = ask(&set);
    for width in [16, 20, 32] {
        let of_width = QUERIES.iter().filter(|digest| digest.len() == width);
        let queries: Vec<u8> = of_width.flatten().copied().collect();
        let many = set.contains_many(&queries, width);
        if let Ok(many) = many {
            let known = queries.chunks_exact(width).zip(many);
            // Where tags and places are nonsense, "known" may still end in an error about the record.
            assert!(known.into_iter().all(|(digest, known)| set.contains(digest).is_ok_and(|alone| alone == known)));
        }
        let _ = set.lookup_many(&queries, width);
    }
    let _ = set.for_each_record(|_, _| Ok(()));
    let _ = set.verify();
}

#[test]
fn mended_bytes_are_a_set_again() {
    let mut bytes = BYTES.clone();
    mend(&mut bytes);
    assert_eq!(bytes, *BYTES);
}

#[test]
fn each_field_of_the_header_may_be_made_to_do_harm() {
    for at in (32..400).step_by(8) {
        for value in [0, 1, 0xff, 0x1000, u64::from(u32::MAX), 1 << 40, u64::MAX / 2, u64::MAX] {
            let mut bytes = BYTES.clone();
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
            mend(&mut bytes);
            ask_all(bytes);
        }
    }
}

proptest! {
    #[test]
    fn a_set_made_to_do_harm_ends_in_answers_or_errors(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = BYTES.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        mend(&mut bytes);
        ask_all(bytes);
    }
}

#[test]
fn a_set_is_built_opened_replaced_and_merged_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("one.md5"), format!("{}  one\n", "1".repeat(32))).unwrap();
    std::fs::write(path("two.md5"), format!("{}  two\n{}\n", "2".repeat(32), "1".repeat(32))).unwrap();
    let one = HashSet::build_to([path("one.md5")], None, path("set")).unwrap();
    let same = HashSet::build_to([path("one.md5")], None, path("same")).unwrap();
    assert_eq!(std::fs::read(path("set")).unwrap(), std::fs::read(path("same")).unwrap());
    drop(same);
    // An addition, to the set that is open.
    let both = HashSet::build_to([path("set"), path("two.md5")], None, path("set")).unwrap();
    let names = |set: &HashSet| -> Vec<Option<String>> {
        set.lookup_hex(&"1".repeat(32)).unwrap().into_iter().map(|known| known.name).collect()
    };
    assert_eq!((one.len(), names(&one)), (1, vec![Some("one".to_owned())]));
    assert_eq!((both.len(), names(&both)), (2, vec![Some("one".to_owned()), None]));
    assert_eq!(both.sources().iter().map(|source| source.format).collect::<Vec<_>>(), [Format::Sums; 2]);
    let again = HashSet::build([path("set")]).unwrap();
    assert_eq!((again.sources(), names(&again)), (both.sources(), names(&both)));
    assert!(matches!(HashSet::build_as([path("one.md5")], Some(Format::Set)), Err(Error::Format { .. })));
    // What fails leaves what was there, and nothing beside it.
    assert!(HashSet::build_to([path("none.md5")], None, path("set")).is_err());
    assert_eq!(HashSet::open(path("set")).unwrap().len(), 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
    assert!(matches!(HashSet::open(path("none")), Err(Error::Io { .. })));
    std::fs::write(path("empty"), "").unwrap();
    assert!(matches!(HashSet::open(path("empty")), Err(Error::Format { .. })));
}

#[cfg(unix)]
#[test]
fn others_may_read_a_set_as_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("list"), "").unwrap();
    HashSet::build_to([folder.path().join("list")], None, folder.path().join("set")).unwrap();
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("set"), mode("list"));
}

#[test]
fn queries_that_are_no_digests_are_refused() {
    let set = build();
    assert!(matches!(set.contains_many(&[0; 15], 15), Err(Error::InvalidArgument { .. })));
    assert!(matches!(set.contains_many(&[0; 17], 16), Err(Error::InvalidArgument { .. })));
    assert!(matches!(set.contains_into(&[0; 32], 16, &mut [false]), Err(Error::InvalidArgument { .. })));
    assert!(!set.contains(&[0; 7]).unwrap() && set.lookup_bytes(&[]).unwrap().is_empty());
}

#[test]
fn threads_that_touch_the_same_blocks_agree() {
    let set = HashSet::from_bytes(BYTES.clone()).unwrap();
    let answers = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| ask(&set).into_iter().map(Result::unwrap).collect::<Vec<_>>())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}
