//! What every fuzz target of carving asks: that the answer is of the medium and of no byte twice, and can be read.
use forensic_core::{
    Limits, NoProgress,
    bytes::{ReadAt, Source},
    carve::{self, Options},
};
use std::sync::Arc;

/// Carves `medium` on one thread with a small effort for mending, and checks what is claimed.
pub fn carve(medium: Vec<u8>, options: Options) {
    let source: Source = Arc::new(medium);
    let limits = Limits { mend_bytes: 4 << 20, ..Limits::default() };
    let carving = carve::carve(&source, &options.threads(1).limits(limits), &NoProgress).unwrap();
    for file in carving.files {
        let mut runs: Vec<_> =
            file.extents().iter().filter_map(|run| Some((run.offset?, run.offset? + run.length))).collect();
        runs.sort_unstable();
        assert!(runs.iter().all(|run| run.1 <= source.len()) && runs.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        assert!(file.size > 0);
        assert_eq!(file.open().read_vec(0, file.size).unwrap().len() as u64, file.size);
    }
}
