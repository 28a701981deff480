//! PDQ, the hashes of PyPI ImageHash and videos, against what the references gave for the same pixels.

use forensic_core::{
    Error, Limits,
    bytes::Source,
    perceptual::{Algorithm, ImageHash, Options, Pipeline, Scale, VideoHash, VideoQuery, hash_file, hash_picture},
};
use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage, imageops::FilterType};
use proptest::prelude::*;
use std::{io::Cursor, sync::Arc};

/// The picture that the references hashed: `make_perceptual.py` draws the same.
fn drawing(width: u32, height: u32, seed: u32) -> DynamicImage {
    let channel = |x: u32, y: u32, factor: u32| {
        let (column, row) = (x / (1 + width / 16), y / (1 + height / 14));
        let cell = column.wrapping_mul(31) ^ row.wrapping_mul(factor) ^ seed.wrapping_mul(97);
        (cell.wrapping_mul(2_654_435_761) >> 24) as u8
    };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        Rgb([channel(x, y, 17), channel(x, y, 19), channel(x, y, 23)])
    }))
}

fn pdq(picture: &DynamicImage) -> ImageHash {
    hash_picture(picture, Options::new(Algorithm::Pdq)).unwrap()
}

/// Lines of `width height seed algorithm size quality hex`; quality is `-` but for PDQ, whose eight turns are joined by commas.
#[test]
fn hashes_equal_those_of_the_references() {
    let mut compared = 0;
    for line in include_str!("../fixtures/perceptual.tsv").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [width, height, seed, name, size, quality, hex] = fields[..] else { panic!("{line}") };
        let (width, height, seed) = (width.parse().unwrap(), height.parse().unwrap(), seed.parse().unwrap());
        let picture = drawing(width, height, seed);
        let algorithm: Algorithm = name.parse().unwrap();
        let options = Options::new(algorithm).hash_size(size.parse().unwrap());
        let hash = hash_picture(&picture, options).unwrap();
        if algorithm == Algorithm::Pdq {
            let turns: Vec<String> = hash.dihedral().unwrap().iter().map(ImageHash::hex).collect();
            assert_eq!(turns.join(","), hex, "{line}");
            assert!(hash.quality().unwrap().abs_diff(quality.parse().unwrap()) <= 1, "{line}");
        } else {
            assert_eq!(hash.hex(), hex, "{line}");
        }
        compared += 1;
    }
    assert!(compared > 50);
}

#[test]
fn pictures_without_anything_in_them_have_no_quality() {
    for (width, height) in [(1, 1), (4, 900), (5000, 1), (4, 4)] {
        let hash = pdq(&drawing(width, height, 1));
        assert_eq!((hash.as_bytes(), hash.quality()), (&[0; 32][..], Some(0)));
        assert!(hash.dihedral().unwrap().iter().all(|turn| turn.as_bytes() == [0; 32]));
    }
    let flat = DynamicImage::ImageRgb8(RgbImage::from_pixel(200, 100, Rgb([9, 80, 200])));
    assert_eq!(pdq(&flat).quality(), Some(0));
    assert!(pdq(&flat).within_border().is_none());
}

#[test]
fn grey_alpha_and_depth_change_nothing() {
    let picture = drawing(150, 110, 3);
    let grey = DynamicImage::ImageLuma8(picture.to_luma8());
    assert_eq!(pdq(&grey), pdq(&DynamicImage::ImageRgb8(grey.to_rgb8())));
    let mut clear = picture.to_rgba8();
    clear.pixels_mut().for_each(|pixel| pixel.0[3] = 7);
    assert_eq!(pdq(&DynamicImage::ImageRgba8(clear)), pdq(&picture));
    assert_eq!(pdq(&DynamicImage::ImageRgb16(picture.to_rgb16())), pdq(&picture));
}

/// The nearest neighbours of CImg: pixel `i` of 512 is that at `i · side / 512`.
#[test]
fn the_pipeline_of_files_takes_nearest_neighbours_first() {
    let options = Options::new(Algorithm::Pdq).pipeline(Pipeline::ThreatExchangeFile);
    let picture = drawing(1300, 700, 5);
    let rgb = picture.to_rgb8();
    let small = RgbImage::from_fn(512, 512, |x, y| *rgb.get_pixel(x * 1300 / 512, y * 700 / 512));
    let hash = hash_picture(&picture, options).unwrap();
    assert_eq!(hash, pdq(&DynamicImage::ImageRgb8(small)));
    assert_eq!(hash.pipeline(), Pipeline::ThreatExchangeFile);
    let fits = drawing(512, 300, 5);
    assert_eq!(hash_picture(&fits, options).unwrap(), pdq(&fits));
}

fn jpeg(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
    bytes
}

fn file_hash(bytes: Vec<u8>, options: Options) -> Result<ImageHash, Error> {
    let source: Source = Arc::new(bytes);
    hash_file(&source, &[options], &Limits::default())?.hashes.pop().unwrap()
}

#[test]
fn a_scaled_jpeg_hashes_nearly_as_the_whole() {
    let picture = drawing(60, 45, 9).resize_exact(2100, 1570, FilterType::CatmullRom);
    let bytes = jpeg(&picture);
    let options = Options::new(Algorithm::Pdq);
    let whole = file_hash(bytes.clone(), options).unwrap();
    assert!(whole.distance(&pdq(&picture)).unwrap() <= 6);
    // 1570 / 4 is over 256, 1570 / 8 is not.
    for (scale, used) in [(Scale::Full, 1), (Scale::Half, 2), (Scale::Quarter, 4), (Scale::Auto, 4), (Scale::Eighth, 8)]
    {
        let scaled = file_hash(bytes.clone(), options.scale(scale)).unwrap();
        assert_eq!(scaled.scale(), used);
        assert!(scaled.distance(&whole).unwrap() <= 8, "{scale:?}: {}", scaled.distance(&whole).unwrap());
    }
}

#[test]
fn what_is_left_of_a_cut_picture_is_hashed_where_it_is_asked_for() {
    let mut bytes = jpeg(&drawing(320, 240, 2));
    bytes.truncate(bytes.len() / 2);
    let options = Options::new(Algorithm::Pdq);
    assert!(matches!(file_hash(bytes.clone(), options), Err(Error::Corrupt { .. })));
    for algorithm in [Algorithm::Pdq, Algorithm::Phash] {
        let part = file_hash(bytes.clone(), Options::new(algorithm).partial(true)).unwrap();
        assert!(part.decoded() > 0.2 && part.decoded() < 0.8, "{}", part.decoded());
    }
}

#[test]
fn a_framed_picture_is_found_within_its_border() {
    let picture = drawing(300, 200, 4);
    let mut framed = RgbImage::from_pixel(380, 320, Rgb([20, 22, 24]));
    image::imageops::overlay(&mut framed, &picture.to_rgb8(), 40, 60);
    let framed = pdq(&DynamicImage::ImageRgb8(framed));
    assert!(framed.distance(&pdq(&picture)).unwrap() > 31);
    assert!(framed.within_border().unwrap().distance(&pdq(&picture)).unwrap() <= 16);
}

#[test]
fn options_that_an_algorithm_does_not_take_are_refused() {
    let picture = DynamicImage::ImageLuma8(GrayImage::new(20, 20));
    let pdq = Options::new(Algorithm::Pdq);
    for wrong in [
        pdq.hash_size(8),
        pdq.dct(true),
        Options::new(Algorithm::Phash).dct(true),
        Options::new(Algorithm::Whash).hash_size(10),
        Options::new(Algorithm::Mean).pipeline(Pipeline::ThreatExchangeFile),
        Options::new(Algorithm::Dhash).hash_size(65),
    ] {
        assert!(matches!(hash_picture(&picture, wrong), Err(Error::InvalidArgument { .. })), "{wrong:?}");
    }
    assert!(hash_picture(&picture, Options::new(Algorithm::Ahash)).unwrap().dihedral().is_err());
}

#[test]
fn the_text_of_a_video_is_parsed_and_damage_has_its_place() {
    // The form of Meta's own example.
    let text = format!("0,100,{},0.000\n\n30,9,{},1.001\n", "e2".repeat(32), "05".repeat(32));
    let video: VideoHash = text.parse().unwrap();
    assert_eq!(video.frames().len(), 2);
    assert_eq!((video.frames()[1].frame, video.frames()[1].quality, video.frames()[1].seconds), (30, 9, 1.001));
    assert_eq!(video.to_string(), text.replace("\n\n", "\n"));
    // Plain frames do not count.
    let other: VideoHash = format!("0,80,{},0.000\n", "e3".repeat(32)).parse().unwrap();
    let found = video.compare(&other, VideoQuery { max_distance: 32, min_quality: 50 });
    assert_eq!((found.query_percent, found.other_percent), (100.0, 100.0));
    assert_eq!(video.compare(&other, VideoQuery::default()).query_percent, 0.0);
    assert_eq!(video.contact_sheet(31).len(), 2);
    for wrong in ["x,1,,0", "0,101,00,0", "0,1,00,0", "0,1"] {
        let damaged = format!("{text}{wrong}\n").parse::<VideoHash>();
        assert!(matches!(damaged, Err(Error::Corrupt { offset, .. }) if offset == text.len() as u64), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_turned_picture_has_the_turned_hash(width in 5u32..90, height in 5u32..90, seed in any::<u32>()) {
        let picture = drawing(width, height, seed);
        let hash = pdq(&picture);
        let turns = hash.dihedral().unwrap();
        prop_assert_eq!(&turns[0], &hash);
        // Each turn of a turn is again one of the eight.
        let turned = pdq(&picture.rotate180());
        let nearest = turns.iter().map(|turn| turn.distance(&turned).unwrap()).min().unwrap();
        prop_assert!(nearest <= 64, "{}", nearest);
    }
}
