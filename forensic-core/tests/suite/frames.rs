//! Frames of animations and of videos made of pictures.

use crate::{
    corpus,
    picture_files::{drawn, encoded, fixture, iso, riff, source},
};
use forensic_core::{
    Error, Limits,
    picture::{self, Frame},
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage, codecs::gif::GifEncoder};

fn frames(bytes: Vec<u8>) -> Vec<Result<Frame, Error>> {
    corpus::seed("frames", &bytes);
    picture::frames(&source(bytes), &Limits::default()).unwrap().collect()
}

/// Frames of one colour each.
fn plain(number: u8) -> RgbImage {
    RgbImage::from_pixel(16, 8, Rgb([number * 60, 200 - number * 50, 30]))
}

#[test]
fn frames_of_a_gif_are_drawn_one_over_the_other() {
    let mut bytes = Vec::new();
    {
        let mut encoder = gif::Encoder::new(&mut bytes, 4, 2, &[255, 0, 0, 0, 255, 0, 0, 0, 255]).unwrap();
        let frame = |left, width, indexes: &'static [u8], dispose| gif::Frame {
            left,
            width,
            height: 2,
            buffer: indexes.into(),
            transparent: Some(2),
            dispose,
            delay: 50,
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame(0, 4, &[0; 8], gif::DisposalMethod::Keep)).unwrap();
        encoder.write_frame(&frame(1, 2, &[1, 2, 2, 1], gif::DisposalMethod::Previous)).unwrap();
        encoder.write_frame(&frame(3, 1, &[1, 1], gif::DisposalMethod::Background)).unwrap();
        encoder.write_frame(&frame(0, 1, &[1, 2], gif::DisposalMethod::Keep)).unwrap();
    }
    let found: Vec<Frame> = frames(bytes).into_iter().map(Result::unwrap).collect();
    let pixel = |frame: usize, x, y| found[frame].picture.get_pixel(x, y).0;
    let (red, green, none) = ([255, 0, 0], [0, 255, 0], [0, 0, 0]);
    assert_eq!(found.iter().map(|frame| frame.seconds).collect::<Vec<_>>(), [0.0, 0.5, 1.0, 1.5]);
    assert_eq!((pixel(0, 1, 0), pixel(1, 1, 0), pixel(1, 2, 0)), (red, green, red));
    // What was drawn for the second is taken back, and the third leaves nothing where it was.
    assert_eq!((pixel(2, 1, 0), pixel(2, 3, 0)), (red, green));
    assert_eq!((pixel(3, 3, 0), pixel(3, 0, 0), pixel(3, 0, 1)), (none, green, red));
}

#[test]
fn a_damaged_frame_of_a_gif_is_an_error_in_its_place() {
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new(&mut bytes);
        for number in 0..3 {
            let picture = RgbaImage::from_fn(60, 40, |x, y| Rgba([(x * 4) as u8, (y * 6) as u8, number * 80, 255]));
            encoder.encode_frame(image::Frame::new(picture)).unwrap();
        }
    }
    let whole = frames(bytes.clone());
    assert!(whole.len() == 3 && whole.iter().all(Result::is_ok));
    // A code that is none, in the data of the second frame.
    let second = bytes
        .windows(4)
        .enumerate()
        .filter(|(_, four)| four == &[0x21, 0xf9, 4, 4] || four[..3] == [0x21, 0xf9, 4])
        .nth(1)
        .unwrap()
        .0;
    let data = second + 8 + 10 + 3 * 256 + 40;
    bytes[data..data + 60].fill(0xff);
    let found = frames(bytes);
    assert!(found.len() >= 2 && found[0].is_ok(), "{}", found.len());
    assert!(found.iter().any(Result::is_err));
}

#[test]
fn frames_of_an_apng_are_laid_over_or_put_instead() {
    let mut bytes = Vec::new();
    {
        let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_animated(3, 0).unwrap();
        encoder.set_frame_delay(1, 4).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[255, 0, 0, 255, 255, 0, 0, 255]).unwrap();
        writer.set_blend_op(png::BlendOp::Over).unwrap();
        writer.write_image_data(&[0, 0, 255, 128, 0, 0, 0, 0]).unwrap();
        writer.set_blend_op(png::BlendOp::Source).unwrap();
        writer.write_image_data(&[0, 255, 0, 255, 1, 2, 3, 0]).unwrap();
        writer.finish().unwrap();
    }
    let found: Vec<Frame> = frames(bytes).into_iter().map(Result::unwrap).collect();
    let pixels = |frame: usize| found[frame].picture.as_raw().as_slice();
    assert_eq!(found.iter().map(|frame| frame.seconds).collect::<Vec<_>>(), [0.0, 0.25, 0.5]);
    assert_eq!(pixels(0), [255, 0, 0, 255, 0, 0]);
    assert_eq!(pixels(1), [127, 0, 128, 255, 0, 0]);
    assert_eq!(pixels(2), [0, 255, 0, 1, 2, 3]);
}

/// An animated WebP of lossless frames.
fn webp() -> Vec<u8> {
    let mut chunks = riff(b"VP8X", &[2, 0, 0, 0, 15, 0, 0, 7, 0, 0]);
    chunks.extend(riff(b"ANIM", &[0; 6]));
    for number in 0..3 {
        let still = encoded(&DynamicImage::ImageRgb8(plain(number)), ImageFormat::WebP);
        let head = [0, 0, 0, 0, 0, 0, 15, 0, 0, 7, 0, 0, 100, 0, 0, 2];
        chunks.extend(riff(b"ANMF", &[&head[..], &still[12..]].concat()));
    }
    riff(b"RIFF", &[b"WEBP".to_vec(), chunks].concat())
}

#[test]
fn frames_of_an_animated_webp_are_its_pictures() {
    let found: Vec<Frame> = frames(webp()).into_iter().map(Result::unwrap).collect();
    assert_eq!(found.len(), 3);
    for (number, frame) in found.iter().enumerate() {
        assert_eq!((frame.number, &frame.picture), (number as u64, &plain(number as u8)));
        assert!((frame.seconds - number as f64 / 10.0).abs() < 1e-9);
    }
}

/// Motion JPEG: the second frame without Huffman tables, as AVI has them.
fn jpegs() -> Vec<Vec<u8>> {
    let mut jpegs: Vec<Vec<u8>> =
        (0..3).map(|number| encoded(&DynamicImage::ImageRgb8(plain(number)), ImageFormat::Jpeg)).collect();
    let bytes = &mut jpegs[1];
    while let Some(at) = bytes.windows(2).position(|pair| pair == [0xff, 0xc4]) {
        let length = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        bytes.drain(at..at + 2 + length);
    }
    jpegs
}

fn avi(jpegs: &[Vec<u8>], coding: &[u8; 4]) -> Vec<u8> {
    let mut header = b"vids".to_vec();
    header.extend_from_slice(coding);
    header.resize(20, 0);
    header.extend_from_slice(&[1, 0, 0, 0, 25, 0, 0, 0]);
    header.resize(56, 0);
    let mut format = vec![0; 40];
    format[16..20].copy_from_slice(coding);
    let stream = riff(b"LIST", &[b"strl".to_vec(), riff(b"strh", &header), riff(b"strf", &format)].concat());
    let headers = riff(b"LIST", &[b"hdrl".to_vec(), riff(b"avih", &[0; 56]), stream].concat());
    let mut movie = b"movi".to_vec();
    for jpeg in jpegs {
        movie.extend(riff(b"01wb", b"sound"));
        movie.extend(riff(b"LIST", &[b"rec ".to_vec(), riff(b"00dc", jpeg)].concat()));
    }
    riff(b"RIFF", &[b"AVI ".to_vec(), headers, riff(b"LIST", &movie)].concat())
}

fn mov(samples: &[Vec<u8>], coding: &[u8; 4]) -> Vec<u8> {
    let data = iso(b"mdat", &samples.concat());
    let full = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let mut entry = vec![0; 78];
    entry[7] = 1;
    let stsd = iso(b"stsd", &[full(&[0, 1]), iso(coding, &entry)].concat());
    let stts = iso(b"stts", &full(&[0, 2, 1, 10, 2, 30]));
    let stsc = iso(b"stsc", &full(&[0, 1, 1, samples.len() as u32, 1]));
    let sizes: Vec<u32> = samples.iter().map(|sample| sample.len() as u32).collect();
    let stsz = iso(b"stsz", &full(&[&[0, 0, samples.len() as u32], &sizes[..]].concat()));
    let stco = iso(b"stco", &full(&[0, 1, 8 + 20]));
    let stbl = iso(b"stbl", &[stsd, stts, stsc, stsz, stco].concat());
    let hdlr = iso(b"hdlr", &[full(&[0, 0]), b"vide".to_vec(), vec![0; 13]].concat());
    let mdhd = iso(b"mdhd", &full(&[0, 0, 0, 100, 0, 0]));
    let mdia = iso(b"mdia", &[mdhd, hdlr, iso(b"minf", &stbl)].concat());
    let moov = iso(b"moov", &iso(b"trak", &mdia));
    [iso(b"ftyp", b"qt  \0\0\0\0qt  "), data, moov].concat()
}

#[test]
fn motion_jpeg_of_avi_and_quicktime_is_decoded_with_its_times() {
    for (name, bytes, times) in
        [("avi", avi(&jpegs(), b"MJPG"), [0.0, 0.04, 0.08]), ("mov", mov(&jpegs(), b"jpeg"), [0.0, 0.1, 0.4])]
    {
        let found = frames(bytes);
        assert_eq!(found.len(), 3, "{name}");
        for (number, frame) in found.into_iter().enumerate() {
            let frame = frame.unwrap_or_else(|error| panic!("{name} {number}: {error}"));
            assert!((frame.seconds - times[number]).abs() < 1e-9, "{name} {}", frame.seconds);
            let (is, should) = (frame.picture.get_pixel(5, 5).0, plain(number as u8).get_pixel(5, 5).0);
            assert!(
                is.iter().zip(should).all(|(is, should)| is.abs_diff(should) < 6),
                "{name} {number} {is:?} {should:?}"
            );
        }
    }
}

#[test]
fn a_damaged_frame_of_a_video_is_reported_and_those_behind_it_follow() {
    let mut jpegs = jpegs();
    jpegs[1].truncate(40);
    for bytes in [avi(&jpegs, b"MJPG"), mov(&jpegs, b"jpeg")] {
        let found = frames(bytes);
        assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    }
}

#[test]
fn a_video_coded_otherwise_is_named() {
    for bytes in [avi(&jpegs(), b"H264"), mov(&jpegs(), b"avc1")] {
        match picture::frames(&source(bytes), &Limits::default()) {
            Err(Error::Unsupported { what }) => assert!(what.contains("H264") || what.contains("avc1")),
            other => panic!("{:?}", other.map(|_| ())),
        }
    }
}

#[test]
fn a_sequence_of_avif_moves_and_a_still_picture_is_one_frame() {
    let found: Vec<Frame> = frames(fixture("sequence.avif")).into_iter().map(Result::unwrap).collect();
    assert_eq!(found.len(), 3);
    assert!((found[2].seconds - 0.2).abs() < 1e-6, "{}", found[2].seconds);
    assert_ne!(found[0].picture, found[1].picture);
    let still = frames(encoded(&DynamicImage::ImageRgb8(drawn()), ImageFormat::Png));
    assert_eq!(still.len(), 1);
    assert_eq!(still[0].as_ref().unwrap().picture, drawn());
}

#[test]
fn frames_that_change_nothing_on_a_large_screen_end_with_the_limit_on_pixels() {
    // A frame of one pixel takes some twenty bytes, and its screen a million pixels.
    let mut bytes = b"GIF89a\xe8\x03\xe8\x03\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    for _ in 0..100 {
        bytes.extend_from_slice(b",\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0");
    }
    bytes.push(b';');
    let limits = Limits { pixels: 1 << 20, ..Limits::default() };
    let found: Vec<_> = picture::frames(&source(bytes), &limits).unwrap().collect();
    let (last, before) = found.split_last().unwrap();
    assert!(matches!(last, Err(Error::Limit { unit: "pixels", .. })), "{last:?}");
    assert!(before.len() < 10 && before.iter().all(Result::is_ok), "{}", before.len());
}
