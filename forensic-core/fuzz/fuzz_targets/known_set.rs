//! Any bytes as a set of known digests, their checksums made right: what is behind them is reached.
#![no_main]

use forensic_core::known::HashSet;
use libfuzzer_sys::fuzz_target;

/// Which of its sections the checksums are.
const SUMS: usize = 9;

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    forensic_fuzz::mend_sealed(&mut bytes, SUMS);
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
