//! Perceptual hashes beside the crate they come from, `image_hasher`, on the same decoded picture.
#![allow(missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use forensic_core::perceptual::{Algorithm, Options, hash_picture};
use image::{DynamicImage, Rgb, RgbImage};
use img_hash::{HashAlg, HasherConfig};

fn pictures(criterion: &mut Criterion) {
    let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(1600, 1200, |x, y| {
        Rgb([(x / 7) as u8, (y / 5) as u8, ((x * y) >> 12) as u8])
    }));
    let mut group = criterion.benchmark_group("gradient hash of 1600 × 1200");
    group.sample_size(20);
    let options = Options::new(Algorithm::Gradient);
    group.bench_function("forensic", |bencher| bencher.iter(|| hash_picture(&picture, options)));
    let hasher = HasherConfig::new().hash_alg(HashAlg::Gradient).hash_size(8, 8).to_hasher();
    group.bench_function("image_hasher", |bencher| bencher.iter(|| hasher.hash_image(&picture)));
    group.finish();
}

criterion_group!(benches, pictures);
criterion_main!(benches);
