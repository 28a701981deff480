//! Similarity digests, beside the programs that define them: ssdeep, and TLSH by PyPI's py-tlsh.

use crate::corpus;
use forensic_core::{
    Error,
    bytes::{Extents, Run, Source},
    hash::fuzzy::{self, Algorithm},
};
use proptest::prelude::*;
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

fn digest(bytes: &[u8], algorithm: Algorithm) -> String {
    fuzzy::hash(&(Arc::new(bytes.to_vec()) as Source), algorithm).unwrap()
}

/// Bytes of many kinds: noise of all and of few values, text, repetitions, zeros at the end, one byte over and over.
fn sample(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(length as u32);
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut bytes: Vec<u8> = match seed % 5 {
        0 => (0..length).map(|_| next()).collect(),
        1 => (0..length).map(|_| next() & 3).collect(),
        2 => (0..length).map(|_| b"etaoin shrdlu\n"[usize::from(next()) % 14]).collect(),
        3 => {
            let part: Vec<u8> = (0..1 + usize::from(next())).map(|_| next()).collect();
            part.into_iter().cycle().take(length).collect()
        }
        _ => vec![next(); length],
    };
    if seed.is_multiple_of(3) {
        let start = length.saturating_sub(20);
        bytes[start..].fill(0);
    }
    bytes
}

/// What the cases are: lengths from 0 to 5,000, larger ones, and the files of the corpus.
fn cases(folder: &Path) -> Vec<PathBuf> {
    // A build without optimisation takes its time.
    let most = if cfg!(debug_assertions) { 20_000 } else { u64::MAX };
    let lengths = (0..400).chain((400..5_000).step_by(23)).chain([12_288, 99_999, 300_001, 1 << 20]);
    let made = lengths.filter(|length| *length as u64 <= most).enumerate().map(|(seed, length)| {
        let path = folder.join(format!("{seed}"));
        std::fs::write(&path, sample(length, seed as u32)).unwrap();
        path
    });
    let mut cases: Vec<PathBuf> = made.collect();
    match corpus::root().and_then(|root| std::fs::read_dir(root.join("files")).ok()) {
        Some(files) => {
            let files = files.filter_map(|file| Some(file.ok()?.path()));
            cases.extend(files.filter(|path| path.metadata().is_ok_and(|file| file.is_file() && file.len() <= most)));
        }
        None => eprintln!("SKIPPED: files is not in FORENSIC_CORPUS"),
    }
    cases
}

#[test]
fn ssdeep_gives_the_same_digests_and_scores() {
    let folder = tempfile::tempdir().unwrap();
    let cases = cases(folder.path());
    let Ok(run) = Command::new("ssdeep").args(["-s"]).args(&cases).output() else {
        eprintln!("SKIPPED: ssdeep is not installed");
        return;
    };
    let text = String::from_utf8(run.stdout).unwrap();
    let theirs: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(theirs.len(), cases.len());
    for (path, theirs) in cases.iter().zip(&theirs) {
        assert_eq!(digest(&std::fs::read(path).unwrap(), Algorithm::Ssdeep), *theirs, "{}", path.display());
    }

    // Each of two lists against each, zeros included. Lists of related inputs, so that not all of them are zeros.
    let related: Vec<String> = (0..24u32)
        .flat_map(|number| {
            let whole = sample(2_000 * (1 + number as usize % 7), number);
            let mut edited = whole.clone();
            let (from, to) = (whole.len() / 4, whole.len() / 4 + whole.len() / (3 + number as usize));
            edited.splice(from..to, sample(number as usize * 40, 5));
            [digest(&whole, Algorithm::Ssdeep), digest(&edited, Algorithm::Ssdeep)]
        })
        .collect();
    let list = folder.path().join("list");
    let rows: String = related.iter().enumerate().map(|(n, digest)| format!("{digest},\"{n}\"\n")).collect();
    std::fs::write(&list, format!("ssdeep,1.1--blocksize:hash:hash,filename\n{rows}")).unwrap();
    let run = Command::new("ssdeep").args(["-x", "-a", "-c"]).arg(&list).arg(&list).output().unwrap();
    let (mut seen, mut compared) = (0, 0);
    for line in String::from_utf8(run.stdout).unwrap().lines() {
        let fields: Vec<usize> = line.split(',').filter_map(|field| field.trim_matches('"').parse().ok()).collect();
        let [a, b, score] = fields[..] else { continue };
        assert_eq!(fuzzy::compare(&related[a], &related[b]).unwrap() as usize, score, "{} {}", related[a], related[b]);
        compared += 1;
        seen += usize::from(score > 0 && score < 100);
    }
    assert!(compared >= related.len() * (related.len() - 1), "{compared}");
    assert!(seen > 20, "{seen} scores between 0 and 100");
}

#[test]
fn py_tlsh_gives_the_same_digests_and_distances() {
    let folder = tempfile::tempdir().unwrap();
    let cases = cases(folder.path());
    let program = "import sys, tlsh\nd = [tlsh.hash(open(p, 'rb').read()) for p in sys.stdin.read().split('\\n')]\n\
                   print('\\n'.join(d))\nr = [x for x in d if x != 'TNULL'][:60]\n\
                   print('\\n'.join(str(tlsh.diff(a, b)) for a in r for b in r))";
    let list = folder.path().join("list");
    let paths: Vec<String> = cases.iter().map(|path| path.display().to_string()).collect();
    std::fs::write(&list, paths.join("\n")).unwrap();
    let python = std::env::var_os("PYTHON_TLSH").unwrap_or_else(|| "python3".into());
    let run = Command::new(python).args(["-c", program]).stdin(std::fs::File::open(&list).unwrap()).output();
    let Some(run) = run.ok().filter(|run| run.status.success()) else {
        eprintln!("SKIPPED: py-tlsh is not installed (pip install py-tlsh)");
        return;
    };
    let text = String::from_utf8(run.stdout).unwrap();
    let (digests, distances): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('T'));
    assert_eq!(digests.len(), cases.len());
    for (path, theirs) in cases.iter().zip(&digests) {
        assert_eq!(digest(&std::fs::read(path).unwrap(), Algorithm::Tlsh), *theirs, "{}", path.display());
    }
    let real: Vec<&str> = digests.into_iter().filter(|digest| *digest != "TNULL").take(60).collect();
    let pairs = real.iter().flat_map(|a| real.iter().map(move |b| (a, b)));
    assert_eq!(distances.len(), real.len() * real.len());
    for ((a, b), theirs) in pairs.zip(distances) {
        assert_eq!(fuzzy::compare(a, b).unwrap().to_string(), theirs, "{a} {b}");
    }
}

/// As printed by ssdeep 2.14.1 and py-tlsh 4 and later.
#[test]
fn known_digests_are_given() {
    assert_eq!(digest(b"", Algorithm::Ssdeep), "3::");
    assert_eq!(digest(b"", Algorithm::Tlsh), "TNULL");
    assert_eq!(digest(&[7; 5_000], Algorithm::Tlsh), "TNULL");
    let text: Vec<u8> = (0..300u32).flat_map(|n| format!("{} ", n * n).into_bytes()).collect();
    assert_eq!(
        digest(&text, Algorithm::Ssdeep),
        "24:BAEoCG68Cb7c9hHo4GnA9o9URt3CMRJSa7faBJCiYe+NMmUr3qgLB8UTNy7Nw+Fl:BAEoCG6ihIRAS2xn7KlJ3dbiy+D"
    );
    assert_eq!(
        digest(&text, Algorithm::Tlsh),
        "T1603134BDD8AD61EA2729F5C0AFC52CB7C19716074D040CE2D1A4ED503C89829CF4B89C"
    );
}

#[test]
fn what_is_no_digest_is_refused() {
    let tlsh = digest(&sample(4_000, 2), Algorithm::Tlsh);
    for (a, b) in
        [("", ""), ("3:a", "3::"), ("x::", "3::"), ("2::", "3::"), ("3:a b:", "3::"), ("TNULL", &tlsh), ("3::", &tlsh)]
    {
        assert!(matches!(fuzzy::compare(a, b), Err(Error::InvalidArgument { .. })), "{a:?} {b:?}");
    }
    assert_eq!(fuzzy::compare("3::", "3::,\"a name, with commas\"").unwrap(), 100);
}

#[test]
fn more_bytes_than_the_algorithm_has_room_for_and_unreadable_ones_are_errors() {
    let zeros = |length| Arc::new(Extents::new(Arc::new(Vec::new()), [Run::sparse(length)])) as Source;
    assert!(matches!(fuzzy::hash(&zeros(5 << 30), Algorithm::Tlsh), Err(Error::Limit { .. })));
    assert!(matches!(fuzzy::hash(&zeros(193 << 30), Algorithm::Ssdeep), Err(Error::Limit { .. })));
    let torn = Arc::new(Extents::new(Arc::new(vec![1; 100]), [Run::new(0, 100), Run::new(500, 100)])) as Source;
    assert!(fuzzy::hash(&torn, Algorithm::Ssdeep).is_err() && fuzzy::hash(&torn, Algorithm::Tlsh).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_file_is_all_alike_itself(length in 0usize..3_000, seed in any::<u32>()) {
        let bytes = sample(length, seed);
        for algorithm in Algorithm::ALL {
            let digest = digest(&bytes, algorithm);
            if digest != "TNULL" {
                let same = fuzzy::compare(&digest, &digest).unwrap();
                prop_assert_eq!(same, if algorithm == Algorithm::Tlsh { 0 } else { 100 });
            }
        }
    }

    #[test]
    fn any_text_is_compared_or_refused(a in "[A-Za-z0-9:+/,]{0,80}", b in "\\PC{0,80}") {
        let _ = fuzzy::compare(&a, &b);
        let _ = fuzzy::compare(&format!("3:{a}"), &format!("6:{b}:{a}"));
    }
}
