//! Any bytes as an index of perceptual hashes, their checksums made right: what is behind them is reached.
#![no_main]

use forensic_core::perceptual::{Algorithm, HashIndex, ImageHash, Query};
use libfuzzer_sys::fuzz_target;

/// Which of its sections the checksums are.
const SUMS: usize = 6;

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    forensic_fuzz::mend_sealed(&mut bytes, SUMS);
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
