//! Digests beside those of other programs: OpenSSL, coreutils, b3sum.

use crate::corpus;
use forensic_core::{
    bytes::{FileSource, Source},
    hash::{self, Algorithm, Digests},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

/// Programs that print a digest in hex of each file they are given, in order.
const PEERS: &[(Algorithm, &[&str])] = &[
    (Algorithm::Md5, &["openssl", "dgst", "-r", "-md5"]),
    (Algorithm::Sha1, &["openssl", "dgst", "-r", "-sha1"]),
    (Algorithm::Sha256, &["openssl", "dgst", "-r", "-sha256"]),
    (Algorithm::Sha512, &["openssl", "dgst", "-r", "-sha512"]),
    (Algorithm::Sha3_256, &["openssl", "dgst", "-r", "-sha3-256"]),
    (Algorithm::Md5, &["md5sum"]),
    (Algorithm::Sha1, &["sha1sum"]),
    (Algorithm::Sha256, &["sha256sum"]),
    (Algorithm::Sha512, &["sha512sum"]),
    (Algorithm::Blake3, &["b3sum"]),
];

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut inside: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    inside.sort_unstable();
    for path in inside {
        if path.is_dir() { files_below(&path, files) } else { files.push(path) }
    }
}

/// What a peer says of files; says plainly when there is no such program.
fn told(peer: &[&str], files: &[PathBuf]) -> Option<Vec<String>> {
    let mut digests = Vec::new();
    for portion in files.chunks(500) {
        let Ok(done) = Command::new(peer[0]).args(&peer[1..]).args(portion).output() else {
            eprintln!("SKIPPED: there is no {}", peer[0]);
            return None;
        };
        assert!(done.status.success(), "{peer:?}: {}", String::from_utf8_lossy(&done.stderr));
        // A name with a line break would begin with a backslash.
        let lines = String::from_utf8_lossy(&done.stdout)
            .lines()
            .map(|line| {
                let digest = line.split([' ', '\t']).next().unwrap_or_default();
                digest.trim_start_matches('\\').to_owned()
            })
            .collect::<Vec<_>>();
        digests.extend(lines);
    }
    Some(digests)
}

fn agree(files: &[PathBuf]) {
    let open = |file: &PathBuf| Ok(Arc::new(FileSource::open(file)?) as Source);
    let many: Vec<Digests> =
        hash::hash_each(files, open, &Algorithm::ALL, None).into_iter().map(Result::unwrap).collect();
    for (file, many) in files.iter().zip(&many) {
        let alone = hash::hash(&open(file).unwrap(), &Algorithm::ALL).unwrap();
        assert_eq!(&alone, many, "{}", file.display());
    }
    for (algorithm, peer) in PEERS {
        let Some(told) = told(peer, files) else { continue };
        assert_eq!(told.len(), files.len(), "{peer:?}");
        for ((file, ours), theirs) in files.iter().zip(&many).zip(&told) {
            assert_eq!(ours.hex(*algorithm).as_deref(), Some(&**theirs), "{peer:?} of {}", file.display());
        }
    }
}

#[test]
fn every_file_of_the_corpus_has_the_digests_others_say() {
    let Some(folder) = corpus::root().map(|root| root.join("files")).filter(|folder| folder.is_dir()) else {
        eprintln!("SKIPPED: there is no folder files in FORENSIC_CORPUS");
        return;
    };
    let mut files = Vec::new();
    files_below(&folder, &mut files);
    agree(&files);
}

/// Blocks of 64 bytes (MD5, SHA-1, SHA-256), 128 (SHA-512), 136 (SHA3-256), 1,024 and its powers (BLAKE3), and of reads.
#[test]
fn lengths_around_every_boundary_have_the_digests_others_say() {
    let folder = tempfile::tempdir().unwrap();
    let mut lengths: Vec<usize> = (0..=300).collect();
    for boundary in [512, 544, 1024, 2048, 4096, 8192, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 1 << 20] {
        lengths.extend(boundary - 9..=boundary + 1);
        lengths.extend([boundary - 65, boundary - 64, boundary - 63, boundary + 64, boundary + 136]);
    }
    let content: Vec<u8> = (0..2u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
    let write = |length: usize| {
        let path = folder.path().join(format!("{length}"));
        std::fs::write(&path, &content[..length]).unwrap();
        path
    };
    lengths.sort_unstable();
    lengths.dedup();
    let files: Vec<PathBuf> = lengths.into_iter().map(write).collect();
    agree(&files);
}
