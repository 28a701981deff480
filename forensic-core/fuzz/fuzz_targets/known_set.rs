//! Any bytes as a set of known digests, their checksums made right: what is behind them is reached.
#![no_main]

use forensic_core::known::HashSet;
use libfuzzer_sys::fuzz_target;
use twox_hash::XxHash3_64;

const BLOCK: usize = 4096;
/// Where the header has the offset of the checksums, and the checksum of them all.
const SUMS_AT: usize = 32 + 9 * 16;
const SUMS_CHECKSUM_AT: usize = 384;

fn mend(bytes: &mut [u8]) -> Option<()> {
    let length = bytes.len() as u64;
    bytes.get_mut(24..32)?.copy_from_slice(&length.to_le_bytes());
    let sums = u64::from_le_bytes(bytes.get(SUMS_AT..SUMS_AT + 8)?.try_into().ok()?);
    let sums = usize::try_from(sums).ok().filter(|sums| (BLOCK..=bytes.len()).contains(sums))?;
    let (blocks, table) = bytes.split_at_mut(sums);
    for (block, sum) in blocks[BLOCK..].chunks(BLOCK).zip(table.chunks_exact_mut(8)) {
        sum.copy_from_slice(&XxHash3_64::oneshot(block).to_le_bytes());
    }
    let over_all = XxHash3_64::oneshot(table).to_le_bytes();
    bytes.get_mut(SUMS_CHECKSUM_AT..SUMS_CHECKSUM_AT + 8)?.copy_from_slice(&over_all);
    let header = XxHash3_64::oneshot(&bytes[..BLOCK - 8]).to_le_bytes();
    bytes[BLOCK - 8..BLOCK].copy_from_slice(&header);
    Some(())
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    mend(&mut bytes);
    let Ok(set) = HashSet::from_bytes(bytes) else { return };
    let mut digests = vec![vec![0; 16], vec![0; 20], vec![0; 32]];
    let records = set.for_each_record(|group, record| {
        assert!(group < set.groups().len());
        let own = [record.md5.map(Vec::from), record.sha1.map(Vec::from), record.sha256.map(Vec::from)];
        digests.extend(own.into_iter().flatten().take(200usize.saturating_sub(digests.len())));
        Ok(())
    });
    for digest in &digests {
        let alone = set.contains(digest);
        let many = set.contains_many(digest, digest.len());
        assert_eq!(alone.as_ref().ok(), many.as_ref().ok().map(|known| &known[0]));
        if let (Ok(known), Ok(hits)) = (alone, set.lookup_bytes(digest)) {
            assert_eq!(known, !hits.is_empty());
        }
    }
    // Every block was made right, and every record is in one.
    assert!(set.verify().is_ok());
    if records.is_ok() && !digests.is_empty() {
        let bytes = digests.iter().filter(|digest| digest.len() == 16).flatten().copied().collect::<Vec<u8>>();
        let _ = set.lookup_many(&bytes, 16);
    }
});
