//! Any bytes as an index of perceptual hashes, their checksums made right: what is behind them is reached.
#![no_main]

use forensic_core::perceptual::{Algorithm, HashIndex, ImageHash, Query};
use libfuzzer_sys::fuzz_target;
use twox_hash::XxHash3_64;

const BLOCK: usize = 4096;
/// Where the header has the offset of the checksums, and the checksum of them all.
const SUMS_AT: usize = 32 + 6 * 16;
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
    let Ok(index) = HashIndex::from_bytes(bytes) else { return };
    let verified = index.verify().is_ok();
    let length = index.bits() as usize / 8;
    let algorithm = index.algorithm().unwrap_or(Algorithm::Pdq);
    let mut hashes = vec![ImageHash::from_parts(algorithm, vec![0; length], None)];
    let all = index.for_each(|_, hash| {
        if hashes.len() < 50 {
            hashes.push(hash);
        }
        Ok(())
    });
    for radius in [0, index.bits() / 16, index.bits() / 8, index.bits()] {
        let query = Query::new(radius).min_quality(0);
        for hash in &hashes {
            let answer = index.query(hash, &query);
            if verified {
                // The hash itself is found, but for the one that is not of the index.
                assert!(all.is_ok() && (hash == &hashes[0] || !answer.unwrap().matches.is_empty()));
            }
        }
        let _ = index.query_many(&hashes, &query, Some(1));
    }
});
