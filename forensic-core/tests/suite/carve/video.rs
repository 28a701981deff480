//! Carving of video, sound and pictures in boxes: each container and variant between other bytes; cut, hurt, torn and made up.

use super::{content, named, noise, unpacked};
use crate::corpus;
use forensic_core::{
    NoProgress,
    bytes::{ReadAt, Source},
    carve::{self, Carved, Options, Status},
};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

/// Files made by `tests/fixtures/carve_video.sh`; the end of the name is the type.
static FIXTURES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let mut files = unpacked(include_bytes!("../../fixtures/carve_video.tar.gz"));
    for (name, content) in &files {
        let is_boxed = matches!(kind(name), "mp4" | "mov" | "3gp" | "m4a");
        corpus::seed(if is_boxed { "carve_isobmff" } else { "carve_video" }, content);
        // Torn in the middle with a gap of text; and in three, the last piece first.
        for plan in [*b"\x80\0\0\0\0\0\x09\0", *b"\x50\x80\x02\0\x08\x0a\x09\x0b"] {
            corpus::seed("carve_fragments", &[&plan[..], content].concat());
        }
    }
    files.push(("speech.amr".into(), amr()));
    files
});

fn fixture(name: &str) -> &'static [u8] {
    named(&FIXTURES, name)
}

fn kind(name: &str) -> &str {
    name.rsplit('.').next().unwrap()
}

/// 50 frames of 12.2 kbit/s, and one that says there is nothing to say.
fn amr() -> Vec<u8> {
    let mut file = b"#!AMR\n".to_vec();
    for number in 0..50 {
        file.push(0x3c);
        file.extend(noise(31, number));
    }
    file.push(0x7c);
    file
}

/// Words that are types of boxes, in a text.
fn text(length: usize) -> Vec<u8> {
    b"the free index skipped a wide moov \r\n mdat <uuid> ".iter().copied().cycle().take(length).collect()
}

fn carved(medium: Vec<u8>) -> Vec<Carved> {
    let source: Source = Arc::new(medium);
    carve::carve(&source, &Options::default().threads(1).cluster_size(512), &NoProgress).unwrap().files
}

fn summary(files: &[Carved]) -> Vec<(&str, u64, u64, Status)> {
    files.iter().map(|file| (file.kind, file.offset(), file.size, file.status)).collect()
}

#[test]
fn each_container_is_carved_to_its_last_byte_from_an_odd_offset_in_noise_and_in_text() {
    for (name, file) in FIXTURES.iter() {
        for around in [noise(3001, 3), text(3001)] {
            let found = carved([around.clone(), file.clone(), around].concat());
            assert_eq!(summary(&found), [(kind(name), 3001, file.len() as u64, Status::Complete)], "{name}");
        }
    }
}

#[test]
fn files_back_to_back_are_told_apart() {
    let (mut medium, mut expected) = (Vec::new(), Vec::new());
    for (name, file) in FIXTURES.iter().chain(FIXTURES.iter().rev()) {
        expected.push((kind(name), medium.len() as u64, file.len() as u64, Status::Complete));
        medium.extend(file);
        medium.resize(medium.len().next_multiple_of(512), 0);
    }
    assert_eq!(summary(&carved(medium)), expected);
}

#[test]
fn every_video_and_boxed_picture_of_the_corpus_is_carved_to_its_last_byte() {
    let Some(list) = corpus::read("files/corpus.json") else { return };
    let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
    for entry in list.as_array().unwrap() {
        let [id, kind] = ["id", "type"].map(|key| entry[key].as_str().unwrap());
        let usual = if kind == "mpg" { "mpeg" } else { kind };
        let known = ["heic", "avif", "mp4", "mov", "m4a", "avi", "mkv", "mpeg", "ts", "wmv", "mp3"].contains(&usual);
        if !known || entry["size"].as_u64().unwrap() > 600_000 {
            continue;
        }
        let Some(file) = corpus::read(&format!("files/{id}.{kind}")) else { continue };
        let found = carved([noise(777, 1), file.clone(), noise(3000, 4)].concat());
        let [found] = &found[..] else { panic!("{id}: {:?}", summary(&found)) };
        assert_eq!((found.offset(), found.size, found.status), (777, file.len() as u64, Status::Complete), "{id}");
        assert!(found.kind == usual || (usual, found.kind) == ("mkv", "webm"), "{id}: {}", found.kind);
    }
}

#[test]
fn a_boxed_picture_with_clusters_of_no_coder_in_it_is_put_together() {
    let Some(list) = corpus::read("files/corpus.json") else { return };
    let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
    let mut tried = 0;
    for entry in list.as_array().unwrap() {
        let [id, kind] = ["id", "type"].map(|key| entry[key].as_str().unwrap());
        let small = (20_000..110_000).contains(&entry["size"].as_u64().unwrap());
        if kind != "avif" || !small || entry["size"].as_u64().unwrap() % 512 > 480 {
            continue;
        }
        let Some(file) = corpus::read(&format!("files/{id}.{kind}")) else { continue };
        let mut tail = file[8192..].to_vec();
        tail.resize(tail.len().next_multiple_of(4096), 0);
        let medium = [noise(4096, 1), file[..8192].to_vec(), text(3 * 4096), tail, noise(8192, 3)].concat();
        let source: Source = Arc::new(medium);
        let options = Options::default().threads(1).cluster_size(4096);
        let found = carve::carve(&source, &options, &NoProgress).unwrap().files;
        assert_eq!((found[0].kind, found[0].status), (kind, Status::Fragmented), "{id}");
        assert!(content(&found[0]) == file, "{id}");
        tried += 1;
    }
    assert!(tried > 3, "{tried}");
}

/// Changes the box of type `kind` at the top of `file`.
fn at_box(file: &[u8], kind: &[u8; 4]) -> (usize, usize) {
    let mut at = 0;
    loop {
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        if &file[at + 4..at + 8] == kind {
            return (at, size);
        }
        at += size;
    }
}

#[test]
fn movies_without_a_type_with_wide_sizes_and_with_open_ends_are_carved() {
    // QuickTime before 2001 knew no file type: what stands in its place here is skipped.
    let mut old = fixture("quicktime.mov").to_vec();
    old[4..8].copy_from_slice(b"skip");
    // "wide" makes room for a size of 64 bits.
    let mut wide = fixture("quicktime.mov").to_vec();
    let (at, size) = at_box(&wide, b"mdat");
    assert_eq!(&wide[at - 4..at], b"wide");
    wide[at - 8..at - 4].copy_from_slice(&[0, 0, 0, 1]);
    wide[at - 4..at].copy_from_slice(b"mdat");
    wide[at..at + 8].copy_from_slice(&(size as u64 + 8).to_be_bytes());
    // A size of 0 reaches to the end of the file.
    let mut open = fixture("movie_first.mp4").to_vec();
    let (at, _) = at_box(&open, b"mdat");
    open[at..at + 4].fill(0);
    for (file, kind) in [(old, "mov"), (wide, "mov"), (open, "mp4")] {
        let found = carved([noise(1000, 9), file.clone(), noise(2000, 8)].concat());
        assert_eq!(summary(&found), [(kind, 1000, file.len() as u64, Status::Complete)]);
    }
}

#[test]
fn what_follows_a_movie_is_not_taken_for_its_boxes() {
    let file = fixture("movie_behind.mp4");
    for (behind, own) in [
        (b"\0\0\0\x08free".to_vec(), 8),
        (b"\0\x10\0\0free".to_vec(), 0),
        (b"\0\0\0\x10mdat\0\0\0\0\0\0\0\0".to_vec(), 0),
        (vec![0; 4096], 0),
    ] {
        let found = carved([file.to_vec(), behind, vec![0; 100]].concat());
        assert_eq!(summary(&found), [("mp4", 0, file.len() as u64 + own, Status::Complete)]);
    }
}

#[test]
fn a_live_stream_ends_with_its_last_block_whatever_looks_like_an_element_behind_it() {
    for (name, file) in FIXTURES.iter().filter(|(name, _)| name.starts_with("live")) {
        for behind in [
            // Void; a checksum; the position of a cluster; a block of no track of the file; flags that no block has.
            &b"\xec\x84gone"[..],
            b"\xbf\x84\x01\x02\x03\x04\xec\x80",
            b"\xa7\x82\x01\x02",
            b"\xa3\x86\x85\0\0\x80ab",
            b"\xa3\x86\x81\0\0\x70ab",
            b"\xa0\x84\xa1\x82\x81\0",
        ] {
            let found = carved([file.clone(), behind.to_vec(), noise(1000, 11)].concat());
            assert_eq!(summary(&found), [(kind(name), 0, file.len() as u64, Status::Complete)], "{behind:?}");
        }
    }
}

/// A sector among the samples; before them stand the headers, which are a half of so small an AVI.
fn inside(name: &str, length: usize) -> usize {
    let eighths = if kind(name) == "avi" { 6 } else { 4 };
    length * eighths / 8 / 512 * 512
}

#[test]
fn a_file_whose_middle_was_overwritten_keeps_its_length() {
    for name in ["movie_behind.mp4", "movie_first.mp4", "mpeg4.avi", "transport.ts", "flash.flv", "sound.flac"] {
        let mut file = fixture(name).to_vec();
        let middle = inside(name, file.len());
        file[middle..middle + 1024].fill(0);
        let found = carved([file.clone(), vec![0; 700]].concat());
        assert_eq!(summary(&found), [(kind(name), 0, file.len() as u64, Status::Damaged)], "{name}");
        assert!(found[0].damaged_at.is_some_and(|at| at < middle as u64 + 1024), "{name}");
    }
}

#[test]
fn a_cut_file_is_reported_up_to_where_it_is_known_to_be_its_own() {
    for name in ["known.mkv", "mpeg4.avi", "pictures.avi", "video.wmv", "flash.flv", "vorbis.ogg", "movie_first.mp4"] {
        let file = fixture(name);
        let cut = file.len() * 2 / 3 / 512 * 512;
        let found = carved([file[..cut].to_vec(), text(60_000)].concat());
        assert_eq!((found[0].offset(), found[0].status), (0, Status::Truncated), "{name}");
        assert!(found[0].size as usize <= cut + 4096 && found[0].size as usize >= cut / 2, "{name}: {}", found[0].size);
    }
}

#[test]
fn torn_videos_are_put_together() {
    for name in [
        "movie_behind.mp4",
        "movie_first.mp4",
        "fragments.mp4",
        "quicktime.mov",
        "pictures.mov",
        "sound.m4a",
        "mpeg4.avi",
        "pictures.avi",
        "known.mkv",
        "v8.webm",
        "flash.flv",
        "vorbis.ogg",
        "opus.ogg",
    ] {
        let file = fixture(name);
        let cut = inside(name, file.len());
        let (head, tail) = file.split_at(cut);
        let mut medium = [head.to_vec(), text(4096), tail.to_vec()].concat();
        medium.resize(medium.len().next_multiple_of(512) + 5000, 0);
        let source: Source = Arc::new(medium);
        let found = carve::carve(&source, &Options::default().threads(1).cluster_size(512), &NoProgress).unwrap().files;
        assert_eq!(summary(&found), [(kind(name), 0, file.len() as u64, Status::Fragmented)], "{name}");
        let mended = &found[0];
        assert_eq!(mended.open().read_vec(0, mended.size).unwrap(), file, "{name}");
    }
}

/// Where clusters of 4096 bytes begin in `file`.
fn clusters(file: &[u8]) -> impl Iterator<Item = usize> + use<> {
    (4096..file.len()).step_by(4096)
}

#[test]
fn frames_of_motion_jpeg_and_checksums_of_pages_find_the_break_in_noise() {
    for name in ["pictures.avi", "pictures.mov", "vorbis.ogg", "flash.flv"] {
        let (file, mut mended) = (fixture(name), 0);
        for cut in clusters(file) {
            let medium = [&file[..cut], &noise(8192, cut as u64), &file[cut..], &[0; 3000]].concat();
            mended +=
                usize::from(summary(&carved(medium)).contains(&(kind(name), 0, file.len() as u64, Status::Fragmented)));
        }
        // Headers and indexes are no chains.
        assert!(mended * 2 > clusters(file).count(), "{name}: {mended} of {}", clusters(file).count());
    }
}

#[test]
fn streams_that_end_inside_a_picture_or_a_unit_are_cut_whatever_follows() {
    for (name, pack) in [("program.mpeg", 2048), ("transport.ts", 4096)] {
        let (file, mut tried, mut cut_there) = (fixture(name), 0, 0);
        for cut in (file.len() / 2..file.len()).filter(|cut| cut.is_multiple_of(pack)) {
            for behind in [noise(30_000, 7), vec![0; 30_000], file.to_vec()] {
                let found = carved([file[..cut].to_vec(), behind].concat());
                assert_eq!(found[0].offset(), 0, "{name}");
                tried += 1;
                let is_near = found[0].size.abs_diff(cut as u64) < 2048;
                cut_there += usize::from(found[0].status == Status::Truncated && is_near);
            }
        }
        // A picture, or a unit of each stream, may end there.
        assert!(cut_there * 2 > tried, "{name}: {cut_there} of {tried}");
    }
}

#[test]
fn a_movie_cut_in_its_last_sound_is_not_whole() {
    let file = fixture("fragments.mp4");
    let (at, size) = at_box(file, b"mdat");
    // The sound stands behind the pictures.
    let cut = at + size - 1500;
    for behind in [noise(9000, 12), vec![0; 9000], text(9000)] {
        let found = carved([file[..cut].to_vec(), behind].concat());
        assert!(found.iter().all(|file| file.status != Status::Complete), "{:?}", summary(&found));
    }
}

#[test]
fn a_movie_whose_tail_lies_before_its_head_is_united_by_its_sample_tables() {
    let file = fixture("movie_behind.mp4");
    let (head, tail) = file.split_at(4096);
    let mut medium = [text(2048), tail.to_vec()].concat();
    medium.resize(medium.len().next_multiple_of(512), 0);
    medium.extend(text(2048));
    let start = medium.len() as u64;
    medium.extend(head);
    medium.extend(text(9000));
    let found = carved(medium);
    let mended = found.iter().find(|file| file.status == Status::Fragmented).unwrap();
    assert_eq!(mended.offset(), start);
    assert_eq!(mended.open().read_vec(0, mended.size).unwrap(), file);
}

#[test]
fn sizes_of_anything_and_heads_without_a_body_are_no_files() {
    let ftyp = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
    let with = |more: &[u8]| [&ftyp[..], more].concat();
    for head in [
        with(b"\0\0\0\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff"),
        with(b"\0\0\0\0moov"),
        with(b"\0\0\0\x07moov"),
        with(b"\xff\xff\xff\xffmoov\0\0\0\x08mvhd"),
        b"RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffhdrlavih".to_vec(),
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec(),
        b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        b"\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x09\xff\xff\xff".to_vec(),
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f".to_vec(),
        b"fLaC\x80\0\0\x22".to_vec(),
        b"OggS\0\x02".to_vec(),
        b"\0\0\x01\xba\x44\0\x04\0\x04\x01\0\0\x03\xf8".to_vec(),
        b"\x47\x40\0\x10".to_vec(),
        b"#!AMR\n".to_vec(),
    ] {
        for behind in [noise(5000, 5), text(5000), vec![0; 5000], vec![0xff; 5000]] {
            let found = carved([noise(512, 6), head.clone(), behind].concat());
            assert!(found.is_empty(), "{head:?}: {:?}", summary(&found));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_in_noise_is_carved_from_any_offset(number in 0usize..29, before in 0usize..2000, seed in 1u64..1000) {
        let (name, file) = &FIXTURES[number % FIXTURES.len()];
        // Frames of sound in noise may by chance be followed by one more.
        prop_assume!(!["mp3", "amr"].contains(&kind(name)));
        let found = carved([noise(before, seed), file.clone(), noise(1500, seed + 1)].concat());
        prop_assert_eq!(summary(&found), [(kind(name), before as u64, file.len() as u64, Status::Complete)]);
    }

    #[test]
    fn what_is_put_together_is_the_file_wherever_it_is_torn(
        number in 0usize..29, cut in any::<prop::sample::Index>(), gap in 1usize..9, filler in 0usize..4, turned in any::<bool>(),
    ) {
        let (name, file) = &FIXTURES[number % FIXTURES.len()];
        // PCM cannot be told from noise, nor where a stream ends of which nothing tells it.
        prop_assume!(!["wav", "mp3", "amr", "mpeg", "ts"].contains(&kind(name)) && !name.starts_with("live"));
        let (head, tail) = file.split_at((cut.index(file.len() / 512) + 1) * 512 - 512);
        let gap = match filler {
            0 => noise(gap * 512, 77),
            1 => text(gap * 512),
            2 => vec![0; gap * 512],
            _ => file.iter().rev().copied().take(gap * 512).collect(),
        };
        let pieces = if turned { [tail, head] } else { [head, tail] };
        let mut medium = noise(512, 8);
        for piece in pieces {
            medium.extend(piece);
            medium.resize(medium.len().next_multiple_of(512), 0);
            medium.extend(&gap);
            medium.resize(medium.len().next_multiple_of(512), 0);
        }
        for found in carved(medium).iter().filter(|found| found.status == Status::Fragmented) {
            let is_file = &found.open().read_vec(0, found.size).unwrap() == file;
            prop_assert!(is_file, "{}: {:?} of {:?}", name, found.extents(), (head.len(), tail.len()));
        }
    }

    #[test]
    fn hurt_and_cut_files_are_never_called_whole_where_checksums_say_otherwise(
        number in 0usize..29, at in any::<prop::sample::Index>(), value in 1u8.., length in any::<prop::sample::Index>(),
    ) {
        let (name, file) = &FIXTURES[number % FIXTURES.len()];
        let mut hurt = file[..length.index(file.len()) + 1].to_vec();
        let place = at.index(hurt.len());
        hurt[place] ^= value;
        let found = carved(hurt.clone());
        for file in &found {
            prop_assert!(file.offset() + file.size <= hurt.len() as u64);
        }
        if ["flac", "ogg"].contains(&kind(name)) && place > 4096.min(file.len() / 4) {
            let whole = found.iter().any(|found| found.status == Status::Complete && found.size == file.len() as u64);
            prop_assert!(!whole);
        }
    }
}
