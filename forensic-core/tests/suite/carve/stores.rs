//! Thumbnail stores, compound files and the rarer pictures, made up byte by byte: each is carved to its last byte from anywhere.

use super::{in_noise, noise};
use forensic_core::{
    NoProgress,
    bytes::Source,
    carve::{Options, Status, carve},
};
use proptest::prelude::*;
use std::sync::Arc;

fn le32(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_le_bytes()
}

fn be32(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_be_bytes()
}

/// A thumbnail cache of Windows 7 (libyal, "Windows Explorer Thumbnail Cache database format", 2 and 3): a header, and an entry for
/// each of `pictures`, with its name in UTF-16 and the picture.
fn thumbcache(pictures: &[Vec<u8>]) -> Vec<u8> {
    const HEADER: usize = 24;
    let entries: Vec<u8> = pictures
        .iter()
        .enumerate()
        .flat_map(|(number, data)| {
            let name: Vec<u8> = format!("{number:016x}").encode_utf16().flat_map(u16::to_le_bytes).collect();
            let size = 56 + name.len() + data.len();
            let head = [
                &b"CMMM"[..],
                &le32(size),
                &[number as u8; 8],
                &le32(name.len()),
                &[0; 4],
                &le32(data.len()),
                &[0; 28],
            ];
            [&head.concat()[..], &name, data].concat()
        })
        .collect();
    let used = HEADER + entries.len();
    [&b"CMMM"[..], &le32(0x15), &le32(1), &le32(HEADER), &le32(used), &le32(pictures.len()), &entries].concat()
}

/// A compound file of version 3 ([MS-CFB] 2.2 to 2.6) with one FAT sector, one of the directory, and these streams of 4,096 bytes and
/// more, three at most.
fn compound(streams: &[(&str, Vec<u8>)]) -> Vec<u8> {
    const END: usize = 0xffff_fffe;
    const FREE: usize = 0xffff_ffff;
    let mut header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    header.extend([0; 16]);
    header.extend([0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
    // Sectors of the directory, which are not told of, of the FAT, the first of the directory; a transaction; what is small.
    header.extend([0, 1, 1, 0, 4096, END, 0, END, 0, 0].map(le32).concat());
    header.resize(512, 0xff);
    let mut fat = vec![0xffff_fffd, END];
    let entry = |name: &str, kind: u8, next: usize, child: usize, first: usize, size: usize| {
        let mut entry: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let length = entry.len() as u8;
        entry.resize(64, 0);
        entry.extend([length, 0, kind, 1]);
        entry.extend([FREE, next, child].map(le32).concat());
        entry.extend([0; 36]);
        entry.extend([le32(first), le32(size), le32(0)].concat());
        entry
    };
    let mut directory = entry("Root Entry", 5, FREE, 1, END, 0);
    let mut data = Vec::new();
    for (number, (name, content)) in streams.iter().enumerate() {
        let next = if number + 1 < streams.len() { number + 2 } else { FREE };
        directory.extend(entry(name, 2, next, FREE, fat.len(), content.len()));
        let sectors = content.len().div_ceil(512);
        fat.extend((1..sectors).map(|sector| fat.len() + sector).collect::<Vec<_>>());
        fat.push(END);
        data.extend(content);
        data.resize(data.len().next_multiple_of(512), 0);
    }
    directory.resize(512, 0);
    fat.resize(128, FREE);
    [header, fat.into_iter().flat_map(le32).collect(), directory, data].concat()
}

/// A file of the PNG family: its signature, and chunks with their checksums (PNG, 5.3; MNG 1.0; JNG 1.0).
fn chunks(first: u8, name: &[u8], list: &[(&[u8], Vec<u8>)]) -> Vec<u8> {
    let mut file = [&[first], name, b"\r\n\x1a\n"].concat();
    for (kind, data) in list {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(data);
        file.extend([&be32(data.len())[..], kind, data, &crc.sum().to_be_bytes()].concat());
    }
    file
}

fn mng(frames: Vec<u8>) -> Vec<u8> {
    let header = [8, 8, 25, 1, 1, 0, 1].map(be32).concat();
    let list: [(&[u8], _); 3] =
        [(b"MHDR", header), (b"tEXt", [b"Comment\0", &frames[..]].concat()), (b"MEND", Vec::new())];
    chunks(0x8a, b"MNG", &list)
}

fn jng(coded: Vec<u8>) -> Vec<u8> {
    let header = [&be32(8)[..], &be32(8), &[10, 8, 8, 0, 0, 0, 0, 0]].concat();
    let list: [(&[u8], _); 3] = [(b"JHDR", header), (b"JDAT", coded), (b"IEND", Vec::new())];
    chunks(0x8b, b"JNG", &list)
}

/// A cursor of 16 by 16 pixels in 32 bits, with its mask; the point that points is told where icons have planes.
fn cursor(seed: u64) -> Vec<u8> {
    let picture =
        [&le32(40)[..], &le32(16), &le32(32), &[1, 0, 32, 0], &[0; 24], &noise(16 * 16 * 4, seed), &[0; 64]].concat();
    [&[0, 0, 2, 0, 1, 0, 16, 16, 0, 0, 3, 0, 5, 0][..], &le32(picture.len()), &le32(22), &picture].concat()
}

/// JPEG XL in boxes (ISO/IEC 18181-2, 9), the codestream in one.
fn jpeg_xl(coded: &[u8]) -> Vec<u8> {
    let boxed = |kind: &[u8], body: &[u8]| [&be32(body.len() + 8)[..], kind, body].concat();
    let codestream = [&[0xff, 0x0a][..], coded].concat();
    [boxed(b"JXL ", b"\r\n\x87\n"), boxed(b"ftyp", b"jxl \0\0\0\0jxl "), boxed(b"jxlc", &codestream)].concat()
}

/// A Photoshop document of one channel of gray, not compressed (Adobe Photoshop File Formats Specification).
fn document(width: usize, height: usize, seed: u64) -> Vec<u8> {
    let head = [&b"8BPS\0\x01\0\0\0\0\0\0\0\x01"[..], &be32(height), &be32(width), &[0, 8, 0, 1], &[0; 12], &[0, 0]];
    [head.concat(), noise(width * height, seed)].concat()
}

fn carved(medium: Vec<u8>) -> Vec<(&'static str, u64, u64, Status)> {
    let medium: Source = Arc::new(medium);
    let files = carve(&medium, &Options::default().threads(1), &NoProgress).unwrap().files;
    files.iter().map(|file| (file.kind, file.offset(), file.size, file.status)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_made_up_is_carved_exactly_from_any_offset(
        which in 0usize..8, sizes in proptest::collection::vec(4096usize..9000, 1..4), before in 0usize..3000, seed in 1u64..1000,
    ) {
        let parts: Vec<Vec<u8>> = sizes.iter().map(|size| noise(*size, seed + 7)).collect();
        let streams = |first: &'static str| {
            let names = [first, "1", "2"];
            names.into_iter().zip(parts.iter().cloned()).collect::<Vec<_>>()
        };
        let (kind, file) = match which {
            0 => ("thumbcache", thumbcache(&parts)),
            1 => ("thumbs", compound(&streams("Catalog"))),
            2 => ("ole", compound(&streams("Contents"))),
            3 => ("mng", mng(parts.concat())),
            4 => ("jng", jng(parts.concat())),
            5 => ("cur", cursor(seed)),
            6 => ("jxl", jpeg_xl(&parts.concat())),
            _ => ("psd", document(sizes[0] / 64, 70, seed)),
        };
        prop_assert_eq!(carved(in_noise(before, &file, seed)), [(kind, before as u64, file.len() as u64, Status::Complete)]);
    }

    #[test]
    fn what_is_cut_is_never_called_complete(
        which in 0usize..4, size in 4096usize..9000, share in 10usize..99, seed in 1u64..1000,
    ) {
        let part = noise(size, seed + 7);
        let file = match which {
            0 => thumbcache(&[part.clone(), part]),
            1 => compound(&[("Catalog", part)]),
            2 => mng(part),
            _ => jng(part),
        };
        let found = carved(file[..file.len() * share / 100].to_vec());
        prop_assert!(found.iter().all(|file| file.3 != Status::Complete), "{found:?}");
    }
}
