//! Digests, one and several in one pass. Bytes a second; all on one thread.
#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forensic_core::{
    bytes::Source,
    hash::{self, Algorithm},
};
use std::sync::Arc;

fn digests(criterion: &mut Criterion) {
    let bytes: Vec<u8> = (0..16u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let source: Source = Arc::new(bytes);
    let mut group = criterion.benchmark_group("digests of 16 MiB");
    group.throughput(Throughput::Bytes(source.len())).sample_size(10);
    for (name, algorithms) in [
        ("md5", &[Algorithm::Md5][..]),
        ("sha1", &[Algorithm::Sha1]),
        ("sha256", &[Algorithm::Sha256]),
        ("blake3", &[Algorithm::Blake3]),
        ("the four of records in one pass", &Algorithm::RECORDED),
    ] {
        group.bench_function(name, |bencher| bencher.iter(|| hash::hash(&source, algorithms)));
    }
    group.finish();
}

criterion_group!(benches, digests);
criterion_main!(benches);
