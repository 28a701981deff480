//! Carving in memory on one thread, bytes of the medium a second: media on which nothing begins, which cost the scan alone;
//! pictures, which cost a walk over every code; and a mixed medium, once, twice and four times as long.
#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use forensic_core::{
    NoProgress,
    bytes::Source,
    carve::{self, Options},
};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage, codecs};
use std::sync::Arc;

const MIB: usize = 1 << 20;

/// So many bytes in which nothing repeats.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(length).collect()
}

/// Text with three words a line that begin files of mail and pictures.
fn text(length: usize) -> Vec<u8> {
    b"The exhibit was found in a drawer, and sealed; From there it went to the BM of the lab. X-rays: none.\n"
        .iter()
        .copied()
        .cycle()
        .take(length)
        .collect()
}

/// A picture with edges, slopes and grain, as a photograph has.
fn picture() -> RgbImage {
    let grain = noise(1600 * 1200);
    RgbImage::from_fn(1600, 1200, |x, y| {
        let grain = grain[(y * 1600 + x) as usize] & 15;
        let edge = if (x / 90 + y / 70) % 3 == 0 { 60 } else { 0 };
        Rgb([(x / 9) as u8 + edge + grain, (y / 7) as u8 + grain, ((x + y) / 14) as u8 + edge])
    })
}

fn jpeg(quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    codecs::jpeg::JpegEncoder::new_with_quality(&mut file, quality).encode_image(&picture()).unwrap();
    file
}

fn png() -> Vec<u8> {
    let (mut file, picture) = (Vec::new(), picture());
    let encoder = codecs::png::PngEncoder::new(&mut file);
    encoder.write_image(picture.as_raw(), picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    file
}

/// The files one behind another on clusters of 4 KiB, with noise between, until the medium is so long.
fn medium(files: &[Vec<u8>], length: usize) -> Vec<u8> {
    let gap = noise(64 << 10);
    let mut medium = Vec::new();
    for file in files.iter().cycle() {
        if medium.len() + file.len() > length {
            break;
        }
        medium.extend_from_slice(file);
        medium.resize(medium.len().next_multiple_of(4096), 0);
        medium.extend_from_slice(&gap);
    }
    medium
}

fn carving(criterion: &mut Criterion) {
    let options = Options::default().threads(1);
    let mut run = |group: &str, name: BenchmarkId, medium: Vec<u8>, files: bool| {
        let source: Source = Arc::new(medium);
        let found = carve::carve(&source, &options, &NoProgress).unwrap().files.len();
        assert_eq!(found > 0, files, "{found} files");
        let mut group = criterion.benchmark_group(group);
        group.throughput(Throughput::Bytes(source.len())).sample_size(10);
        group.bench_function(name, |bencher| bencher.iter(|| carve::carve(&source, &options, &NoProgress).unwrap()));
        group.finish();
    };
    run("scan alone", BenchmarkId::from_parameter("noise"), noise(64 * MIB), false);
    run("scan alone", BenchmarkId::from_parameter("text full of candidates"), text(64 * MIB), false);
    run("scan alone", BenchmarkId::from_parameter("zeros"), vec![0; 64 * MIB], false);
    for quality in [60, 85, 97] {
        let files = [jpeg(quality)];
        run("JPEG", BenchmarkId::new("quality", quality), medium(&files, 16 * MIB), true);
    }
    run("PNG", BenchmarkId::from_parameter("RGB"), medium(&[png()], 16 * MIB), true);
    let files = [jpeg(85), png(), noise(MIB), jpeg(97)];
    for length in [16, 32, 64] {
        run("mixed", BenchmarkId::new("MiB", length), medium(&files, length * MIB), true);
    }
}

criterion_group!(benches, carving);
criterion_main!(benches);
