//! Deleted entries of FAT32 that lost the upper half of their first cluster, as Windows leaves them.

use super::{content, find};
use crate::fat_image::{DIRECTORY, FILE, FatImage, Kind, Slot, deleted, short, short_made};
use forensic_core::filesystem::{Recoverability, Value};

/// A deleted entry without the upper half of its first cluster.
fn without_high_word(entry: Slot) -> Slot {
    let mut slot = deleted(vec![entry])[0];
    slot[20..22].fill(0);
    slot
}

/// A live file, a deleted directory with a deleted file, and a deleted file, all beyond cluster 65,535.
fn image() -> FatImage {
    let mut image = FatImage::with_clusters(Kind::Fat32, 70_000);
    image.chain(&[66_000]);
    let at = image.slots(image.root(), &[short_made(b"LIVE    BIN", FILE, 66_000, 100, 10)]);
    let at = image.slots(at, &[without_high_word(short_made(b"GONE    BIN", FILE, 66_020, 600, 10))]);
    let at = image.slots(at, &[without_high_word(short(b"OLD        ", DIRECTORY, 66_010, 0))]);
    image.slots(at, &[without_high_word(short_made(b"WASLIVE BIN", FILE, 66_000, 100, 10))]);
    let inside = image.directory(66_010, 0);
    image.slots(inside, &[without_high_word(short(b"INSIDE  BIN", FILE, 66_030, 5))]);
    image.free(&[66_010]);
    image.fill(66_000, b'l');
    image.fill(66_020, b'g');
    image.fill(66_021, b'h');
    image.write(image.at(66_030), b"hello");
    image
}

#[test]
fn a_lost_upper_half_is_guessed_from_what_is_near() {
    let entries = image().list();
    assert_eq!(entries.len(), 5);
    let gone = find(&entries, "/_ONE.BIN");
    assert_eq!(content(gone), [vec![b'g'; 512], vec![b'h'; 88]].concat());
    assert_eq!(gone.recoverability, Some(Recoverability::Unknown));
    assert!(gone.recoverability_reason.contains("set to zero at deletion"), "{}", gone.recoverability_reason);
    assert!(gone.extents("").unwrap().iter().all(|extent| extent.inferred));
    assert_eq!(gone.attributes["first_cluster"], Value::Int(66_020 - 65_536));
    assert_eq!(gone.attributes["first_cluster_inferred"], Value::Int(66_020));
    // The directory there names itself and its parent.
    assert_eq!(content(find(&entries, "/_LD/_NSIDE.BIN")), b"hello");
    // A renamed file is found, but its place is a guess.
    let renamed = find(&entries, "/_ASLIVE.BIN");
    assert_eq!((content(renamed), renamed.recoverability), (vec![b'l'; 100], Some(Recoverability::Unknown)));
}

#[test]
fn where_deletion_keeps_the_upper_half_nothing_is_guessed() {
    let mut image = image();
    let kept = deleted(vec![short_made(b"KEPT    BIN", FILE, 66_040, 5, 10)]);
    image.slots(image.root() + 4 * 32, &kept);
    let entries = image.list();
    assert_eq!(find(&entries, "/_ONE.BIN").extents("").unwrap()[0].offset, Some(image.at(66_020 - 65_536) as u64));
    assert!(!find(&entries, "/_ONE.BIN").attributes.contains_key("first_cluster_inferred"));
    assert_eq!(find(&entries, "/_LD/_NSIDE.BIN").size, 5);
}
