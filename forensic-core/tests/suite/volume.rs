//! Partition tables: what is in them, what is between, what is damaged; beside what `mmls` says.

use crate::{corpus, faults::FailingRead};
use forensic_core::{
    Limits,
    bytes::{ReadAt, Source},
    evidence::{Evidence, OpenOptions},
};
use proptest::prelude::*;
use std::{process::Command, sync::Arc};

/// A medium that is written sector by sector.
struct Medium {
    bytes: Vec<u8>,
    sector: usize,
}

impl Medium {
    fn new(sectors: usize, sector: usize) -> Self {
        Self { bytes: vec![0; sectors * sector], sector }
    }

    fn at(&mut self, sector: usize) -> &mut [u8] {
        &mut self.bytes[sector * self.sector..]
    }

    /// Writes a boot record with entries of type, start and number of sectors.
    fn boot_record(&mut self, sector: usize, entries: &[(u8, u32, u32)]) {
        let record = &mut self.at(sector)[..512];
        record[510..].copy_from_slice(b"\x55\xaa");
        for (entry, (kind, start, sectors)) in record[446..510].chunks_mut(16).zip(entries) {
            entry[4] = *kind;
            entry[8..12].copy_from_slice(&start.to_le_bytes());
            entry[12..].copy_from_slice(&sectors.to_le_bytes());
        }
    }

    /// Writes a GPT with both headers; partitions are type GUID bytes, first and last sector, name.
    fn gpt(&mut self, partitions: &[([u8; 16], u64, u64, &str)]) {
        let last = self.bytes.len() / self.sector - 1;
        self.boot_record(0, &[(0xee, 1, u32::try_from(last).unwrap())]);
        let mut entries = vec![0; 128 * 128];
        for (entry, (kind, first, end, name)) in entries.chunks_mut(128).zip(partitions) {
            entry[..16].copy_from_slice(kind);
            entry[16] = 1;
            entry[32..40].copy_from_slice(&first.to_le_bytes());
            entry[40..48].copy_from_slice(&end.to_le_bytes());
            for (unit, letter) in entry[56..].chunks_mut(2).zip(name.encode_utf16()) {
                unit.copy_from_slice(&letter.to_le_bytes());
            }
        }
        let backup_entries = last - entries.len().div_ceil(self.sector);
        self.at(2)[..entries.len()].copy_from_slice(&entries);
        self.at(backup_entries)[..entries.len()].copy_from_slice(&entries);
        for (own, other, array) in [(1, last, 2), (last, 1, backup_entries)] {
            let header = &mut self.at(own)[..92];
            header[..8].copy_from_slice(b"EFI PART");
            header[8..12].copy_from_slice(&0x10000u32.to_le_bytes());
            header[12..16].copy_from_slice(&92u32.to_le_bytes());
            header[24..32].copy_from_slice(&(own as u64).to_le_bytes());
            header[32..40].copy_from_slice(&(other as u64).to_le_bytes());
            header[72..80].copy_from_slice(&(array as u64).to_le_bytes());
            header[80..84].copy_from_slice(&128u32.to_le_bytes());
            header[84..88].copy_from_slice(&128u32.to_le_bytes());
            header[88..92].copy_from_slice(&crc32fast::hash(&entries).to_le_bytes());
            self.seal(own);
        }
    }

    /// Makes the checksum of the GPT header in a sector fit.
    fn seal(&mut self, sector: usize) {
        let header = &mut self.at(sector)[..92];
        header[16..20].fill(0);
        let checksum = crc32fast::hash(header);
        header[16..20].copy_from_slice(&checksum.to_le_bytes());
    }

    fn open(self) -> Evidence {
        corpus::seed("volume", &self.bytes);
        Evidence::from_bytes(self.bytes).unwrap()
    }
}

const BASIC_DATA: [u8; 16] = *b"\xa2\xa0\xd0\xeb\xe5\xb9\x33\x44\x87\xc0\x68\xb6\xb7\x26\x99\xc7";
const UNNAMED: [u8; 16] = *b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10";

/// Type, first sector, number of sectors.
fn listing(evidence: &Evidence, sector: u64) -> Vec<(String, u64, u64)> {
    let row = |v: &forensic_core::volume::Volume| (v.type_name.clone(), v.offset / sector, v.size / sector);
    evidence.volumes().iter().map(row).collect()
}

fn rows(expected: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
    expected.iter().map(|(name, start, length)| ((*name).to_owned(), *start, *length)).collect()
}

fn mentions(evidence: &Evidence, text: &str) -> bool {
    evidence.volumes();
    evidence.issues().iter().any(|issue| issue.to_string().contains(text))
}

#[test]
fn primary_and_logical_partitions_and_the_gaps_cover_the_medium() {
    let mut medium = Medium::new(1000, 512);
    medium.boot_record(0, &[(0x07, 100, 100), (0x05, 300, 600), (0x83, 950, 50)]);
    medium.boot_record(300, &[(0x0b, 10, 90), (0x05, 200, 300)]);
    medium.boot_record(500, &[(0x83, 10, 290)]);
    let evidence = medium.open();
    let expected = [
        ("unallocated", 0, 100),
        ("ntfs_exfat_hpfs (0x07)", 100, 100),
        ("unallocated", 200, 110),
        ("fat32 (0x0b)", 310, 90),
        ("unallocated", 400, 110),
        ("linux (0x83)", 510, 290),
        ("unallocated", 800, 150),
        ("linux (0x83)", 950, 50),
    ];
    assert_eq!(listing(&evidence, 512), rows(&expected));
    assert_eq!(evidence.issues(), []);
    assert!(evidence.volumes().iter().enumerate().all(|(index, volume)| volume.index == index));
    assert!(evidence.volumes().iter().all(|volume| volume.scheme.as_str() == "mbr"));
    assert!(evidence.volumes().iter().all(|volume| volume.allocated == (volume.type_name != "unallocated")));
    assert_eq!(evidence.volumes()[3].stream().medium_offset(5), 310 * 512 + 5);
}

#[test]
fn a_loop_of_extended_boot_records_ends() {
    let mut medium = Medium::new(1000, 512);
    medium.boot_record(0, &[(0x0f, 300, 600)]);
    medium.boot_record(300, &[(0x0b, 10, 20), (0x05, 100, 100)]);
    medium.boot_record(400, &[(0x0b, 10, 20), (0x05, 0, 100)]);
    let evidence = medium.open();
    assert_eq!(evidence.volumes().iter().filter(|volume| volume.allocated).count(), 2);
    assert!(mentions(&evidence, "sector 300 again"), "{:?}", evidence.issues());
}

#[test]
fn extended_boot_records_without_number_stop_at_the_limit() {
    let mut medium = Medium::new(5000, 512);
    medium.boot_record(0, &[(0x0f, 1, 4999)]);
    for sector in 1..4999u32 {
        medium.boot_record(sector as usize, &[(0x83, 1, 1), (0x05, sector, 1)]);
    }
    let limits = Limits { partitions: 100, ..Limits::default() };
    let evidence = OpenOptions::new().limits(limits).open_source(Arc::new(medium.bytes)).unwrap();
    assert!(mentions(&evidence, "exceed the limit of 100"));
    assert!(evidence.volumes().len() < 300);
}

#[test]
fn a_chain_outside_its_extended_partition_is_told() {
    let mut medium = Medium::new(1000, 512);
    medium.boot_record(0, &[(0x05, 300, 100)]);
    medium.boot_record(300, &[(0x0b, 10, 20), (0x05, 200, 100)]);
    medium.boot_record(500, &[(0x0b, 10, 20), (0x05, 0xffff_0000, 100)]);
    let evidence = medium.open();
    assert_eq!(evidence.volumes().iter().filter(|volume| volume.allocated).count(), 2);
    assert!(mentions(&evidence, "sector 500") && mentions(&evidence, "boot record"), "{:?}", evidence.issues());
}

#[test]
fn overlapping_partitions_are_both_kept_and_told() {
    let mut medium = Medium::new(1000, 512);
    medium.boot_record(0, &[(0x83, 100, 300), (0x07, 200, 400)]);
    let evidence = medium.open();
    let expected = [
        ("unallocated", 0, 100),
        ("linux (0x83)", 100, 300),
        ("ntfs_exfat_hpfs (0x07)", 200, 400),
        ("unallocated", 600, 400),
    ];
    assert_eq!(listing(&evidence, 512), rows(&expected));
    assert_eq!(evidence.issues().len(), 1);
    assert_eq!(evidence.issues()[0].offset, Some(462));
}

#[test]
fn partitions_of_a_cut_off_image_are_cut_to_it() {
    let mut medium = Medium::new(1000, 512);
    medium.boot_record(0, &[(0x83, 100, 3000), (0x07, 4000, 400)]);
    let evidence = medium.open();
    assert_eq!(listing(&evidence, 512), rows(&[("unallocated", 0, 100), ("linux (0x83)", 100, 900)]));
    assert_eq!(evidence.issues().len(), 2);
}

#[test]
fn sectors_of_4096_bytes_are_told_by_the_filesystems_that_begin_there() {
    let mut medium = Medium::new(300, 4096);
    medium.boot_record(0, &[(0x07, 10, 100)]);
    medium.at(10)[3..11].copy_from_slice(b"NTFS    ");
    let evidence = medium.open();
    assert_eq!(
        listing(&evidence, 4096),
        rows(&[("unallocated", 0, 10), ("ntfs_exfat_hpfs (0x07)", 10, 100), ("unallocated", 110, 190)])
    );
}

#[test]
fn a_boot_sector_is_not_a_partition_table() {
    let mut medium = Medium::new(100, 512);
    medium.boot_record(0, &[(0x6f, 0x6e20_6d65, 0x7465_7373)]);
    medium.at(0)[446] = 0x69;
    medium.at(0)[..11].copy_from_slice(b"\xeb\x52\x90NTFS    ");
    let evidence = medium.open();
    assert_eq!(listing(&evidence, 512), rows(&[("ntfs", 0, 100)]));
    assert_eq!(evidence.volumes()[0].scheme.as_str(), "none");
    let mut medium = Medium::new(100, 512);
    medium.boot_record(0, &[]);
    medium.at(0)[..3].copy_from_slice(b"\xeb\x3c\x90");
    medium.at(0)[11..24].copy_from_slice(b"\0\x02\x01\x01\0\x02\xe0\0\x64\0\xf8\x01\0");
    assert_eq!(medium.open().volumes()[0].scheme.as_str(), "none");
}

#[test]
fn a_medium_without_partitions_is_still_all_there() {
    let evidence = Medium::new(100, 512).open();
    assert_eq!(listing(&evidence, 512), rows(&[("unknown", 0, 100)]));
    let mut medium = Medium::new(100, 512);
    medium.boot_record(0, &[]);
    let evidence = medium.open();
    assert_eq!(listing(&evidence, 512), rows(&[("unallocated", 0, 100)]));
    assert_eq!(Evidence::from_bytes([]).unwrap().volumes().len(), 1);
}

fn gpt(sector: usize) -> Medium {
    let mut medium = Medium::new(400, sector);
    medium.gpt(&[(BASIC_DATA, 100, 199, "Basic data é"), (UNNAMED, 200, 249, "")]);
    medium
}

const GPT_ROWS: [(&str, u64, u64); 4] = [
    ("unallocated", 0, 100),
    ("microsoft_basic_data", 100, 100),
    ("04030201-0605-0807-090a-0b0c0d0e0f10", 200, 50),
    ("unallocated", 250, 150),
];

#[test]
fn a_gpt_is_read_with_sectors_of_512_and_4096_bytes() {
    for sector in [512, 4096] {
        let evidence = gpt(sector).open();
        assert_eq!(listing(&evidence, sector as u64), rows(&GPT_ROWS));
        assert_eq!(evidence.issues(), [], "{sector}");
        assert_eq!(evidence.volumes()[1].label, "Basic data é");
        assert!(evidence.volumes().iter().all(|volume| volume.scheme.as_str() == "gpt"));
    }
}

#[test]
fn a_damaged_primary_gpt_gives_way_to_the_backup() {
    for sector in [512, 4096] {
        // The signature, a field, the checksum, an entry.
        for place in [sector, sector + 72, sector + 17, 2 * sector + 40] {
            let mut medium = gpt(sector);
            medium.bytes[place] ^= 0x10;
            let evidence = medium.open();
            assert_eq!(listing(&evidence, sector as u64), rows(&GPT_ROWS), "byte {place}");
            assert!(mentions(&evidence, "backup table is used"), "byte {place}: {:?}", evidence.issues());
        }
    }
}

#[test]
fn a_damaged_backup_is_an_issue() {
    let mut medium = gpt(512);
    medium.at(399)[20] ^= 1;
    let evidence = medium.open();
    assert_eq!(listing(&evidence, 512), rows(&GPT_ROWS));
    assert!(mentions(&evidence, "header checksum"));
}

#[test]
fn entries_with_a_wrong_checksum_are_listed_with_an_issue() {
    let mut medium = gpt(512);
    for sector in [1, 399] {
        medium.at(sector)[88] ^= 1;
        medium.seal(sector);
    }
    let evidence = medium.open();
    assert_eq!(listing(&evidence, 512), rows(&GPT_ROWS));
    assert!(mentions(&evidence, "of the entries"), "{:?}", evidence.issues());
}

#[test]
fn a_gpt_of_two_to_the_32_entries_is_bounded_by_the_medium() {
    let mut medium = gpt(512);
    for sector in [1, 399] {
        medium.at(sector)[80..84].fill(0xff);
        medium.seal(sector);
    }
    let evidence = medium.open();
    assert!(listing(&evidence, 512).starts_with(&rows(&GPT_ROWS[..2])));
    assert!(mentions(&evidence, "4294967295 entries"), "{:?}", evidence.issues());
}

#[test]
fn a_gpt_is_found_without_its_guard_and_left_where_the_mbr_speaks() {
    let mut medium = gpt(512);
    medium.at(0)[..512].fill(0);
    let evidence = medium.open();
    assert_eq!(listing(&evidence, 512), rows(&GPT_ROWS));
    assert!(mentions(&evidence, "no protective partition"));
    let mut medium = gpt(512);
    medium.boot_record(0, &[(0x83, 100, 20)]);
    let evidence = medium.open();
    assert_eq!(evidence.volumes()[1].type_name, "linux (0x83)");
    assert!(mentions(&evidence, "not used"));
    let mut medium = gpt(512);
    medium.boot_record(0, &[(0xee, 1, 99), (0x83, 300, 20)]);
    let evidence = medium.open();
    assert_eq!(listing(&evidence, 512), rows(&GPT_ROWS));
    assert!(mentions(&evidence, "only in the master boot record"), "{:?}", evidence.issues());
}

/// A medium with an Apple partition map: name, type, first block and number of blocks of each partition.
fn apm(block: usize, partitions: &[(&str, &str, u32, u32)]) -> Medium {
    let mut medium = Medium::new(256, block);
    medium.at(0)[..2].copy_from_slice(b"ER");
    medium.at(0)[2..4].copy_from_slice(&u16::try_from(block).unwrap().to_be_bytes());
    for (number, (name, kind, start, blocks)) in (1..).zip(partitions) {
        let entry = medium.at(number);
        entry[..2].copy_from_slice(b"PM");
        entry[4..8].copy_from_slice(&u32::try_from(partitions.len()).unwrap().to_be_bytes());
        entry[8..12].copy_from_slice(&start.to_be_bytes());
        entry[12..16].copy_from_slice(&blocks.to_be_bytes());
        entry[16..16 + name.len()].copy_from_slice(name.as_bytes());
        entry[48..48 + kind.len()].copy_from_slice(kind.as_bytes());
    }
    medium
}

const APPLE: &[(&str, &str, u32, u32)] =
    &[("Apple", "Apple_partition_map", 1, 63), ("disk image", "Apple_HFS", 64, 100), ("", "Apple_Free", 164, 92)];

#[test]
fn an_apple_partition_map_is_read_with_blocks_of_any_size() {
    for block in [512, 2048, 4096] {
        let evidence = apm(block, APPLE).open();
        let expected =
            [("unallocated", 0, 1), ("apple_partition_map", 1, 63), ("apple_hfs", 64, 100), ("unallocated", 164, 92)];
        assert_eq!(listing(&evidence, block as u64), rows(&expected));
        assert!(evidence.volumes().iter().all(|volume| volume.scheme.as_str() == "apm"));
        assert_eq!(evidence.volumes()[2].label, "disk image");
        assert_eq!(evidence.issues(), []);
    }
}

#[test]
fn a_damaged_entry_of_an_apple_partition_map_costs_that_partition_only() {
    let mut medium = apm(512, APPLE);
    medium.at(0)[..512].fill(0);
    medium.at(1)[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
    medium.at(2)[..2].fill(0);
    let evidence = medium.open();
    assert_eq!(
        listing(&evidence, 512),
        rows(&[("unallocated", 0, 1), ("apple_partition_map", 1, 63), ("unallocated", 64, 192)])
    );
    assert!(mentions(&evidence, "the signature PM") && mentions(&evidence, "partitions exceed"));
}

#[test]
fn any_read_of_a_table_may_fail_and_the_medium_is_still_covered() {
    let bytes = gpt(512).bytes;
    for nth in 0.. {
        let failing = Arc::new(FailingRead::new(Arc::new(bytes.clone()), nth));
        let source: Source = failing.clone();
        let evidence = OpenOptions::new().open_source(source).unwrap();
        let total: u64 = evidence.volumes().iter().map(|volume| volume.size).sum();
        assert_eq!(total, bytes.len() as u64, "read {nth}");
        if !failing.has_failed() {
            return;
        }
    }
}

/// What `mmls -a` lists of partitions: first sector and number of sectors. Says plainly when it is not installed.
fn mmls(path: &std::path::Path) -> Option<Vec<(u64, u64)>> {
    let Ok(output) = Command::new("mmls").arg("-a").arg(path).output() else {
        eprintln!("SKIPPED: mmls is not installed");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // "002:  000:000   0000000100   0000000199   0000000100   Linux (0x83)"
    let row = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let number = |field: usize| fields.get(field)?.parse().ok();
        fields.first()?.strip_suffix(':')?.parse::<u32>().ok()?;
        Some((number(2)?, number(4)?))
    };
    Some(text.lines().filter_map(row).collect())
}

fn assert_as_mmls(path: &std::path::Path) {
    let evidence = Evidence::open(path).unwrap();
    let volumes = evidence.volumes().iter().filter(|volume| volume.allocated && volume.scheme.as_str() != "none");
    let ours: Vec<_> = volumes.map(|volume| (volume.offset / 512, volume.size / 512)).collect();
    if let Some(theirs) = mmls(path) {
        assert_eq!(ours, theirs, "{}", path.display());
    }
}

#[test]
fn partitions_are_those_mmls_lists() {
    let folder = tempfile::tempdir().unwrap();
    let mut mbr = Medium::new(1000, 512);
    mbr.boot_record(0, &[(0x07, 100, 100), (0x05, 300, 600), (0x83, 950, 50)]);
    mbr.boot_record(300, &[(0x0b, 10, 90), (0x05, 200, 300)]);
    mbr.boot_record(500, &[(0x83, 10, 290)]);
    for (name, bytes) in [("mbr", mbr.bytes), ("gpt", gpt(512).bytes)] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        assert_as_mmls(&path);
    }
    for name in ["sleuthkit/imageformat_mmls_1.E01", "dfvfs/apfs.raw", "dfvfs/hfsplus.raw"] {
        if let Some(path) = corpus::file(&format!("images/{name}")) {
            assert_as_mmls(&path);
        }
    }
}

#[test]
fn partitions_are_those_sfdisk_made() {
    let folder = tempfile::tempdir().unwrap();
    for (label, script) in [
        ("dos", "label: dos\n2048,4096,7\n8192,16384,E\n,2048,L\n,4096,b\n"),
        ("gpt", "label: gpt\n2048,4096,U\n8192,16384,L\n"),
    ] {
        let path = folder.path().join(label);
        std::fs::write(&path, vec![0; 32 << 20]).unwrap();
        let input = folder.path().join("script");
        std::fs::write(&input, script).unwrap();
        let input = std::fs::File::open(input).unwrap();
        match Command::new("sfdisk").arg("-q").arg(&path).stdin(input).status() {
            Ok(status) => assert!(status.success(), "{label}"),
            Err(_) => return eprintln!("SKIPPED: sfdisk is not installed"),
        }
        let evidence = Evidence::open(&path).unwrap();
        let allocated = evidence.volumes().iter().filter(|volume| volume.allocated).count();
        assert_eq!(allocated, if label == "dos" { 3 } else { 2 });
        assert_eq!(evidence.issues(), []);
        assert_eq!(evidence.volumes().iter().map(|volume| volume.size).sum::<u64>(), 32 << 20);
        assert_as_mmls(&path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the tables say, every byte of the medium lies in a volume, and volumes are in order.
    #[test]
    fn a_mutated_table_still_covers_the_medium(
        is_gpt in any::<bool>(),
        changes in prop::collection::vec((0usize..4096, any::<u8>()), 1..8),
    ) {
        let mut medium = if is_gpt { gpt(512) } else { Medium::new(400, 512) };
        if !is_gpt {
            medium.boot_record(0, &[(0x83, 2, 50), (0x05, 3, 300)]);
            medium.boot_record(3, &[(0x83, 1, 1), (0x05, 1, 3)]);
            medium.boot_record(4, &[(0x83, 10, 10), (0x05, 3, 3)]);
        }
        for (at, value) in changes {
            medium.bytes[at] = value;
        }
        let size = medium.bytes.len() as u64;
        let evidence = medium.open();
        let mut covered = 0;
        let mut last = 0;
        for volume in evidence.volumes() {
            prop_assert!(volume.offset <= covered && volume.offset >= last);
            last = volume.offset;
            covered = covered.max(volume.offset + volume.size);
        }
        prop_assert_eq!(covered, size);
    }
}
