//! What picture files say of their pictures.

use crate::picture_files::{Tiff, Value, chunk, drawing, encoded, fixture, iso, jpeg_with, png, riff, segment, source};
use forensic_core::{
    Error, Limits,
    picture::{self, PictureInfo},
};
use image::ImageFormat;

const PACKET: &str = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description xmp:CreatorTool="Darkroom"><dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>sun</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"#;

fn info(bytes: Vec<u8>) -> PictureInfo {
    picture::info(&source(bytes), &Limits::default()).unwrap()
}

/// EXIF as a camera writes it, its thumbnail in a directory of its own.
fn exif(big: bool) -> Vec<u8> {
    let thumbnail = encoded(&drawing(16, 8), ImageFormat::Jpeg);
    Tiff::file(
        big,
        &[
            vec![
                (0x10f, Value::Text("Leitz")),
                (0x110, Value::Text("M")),
                (
                    0x8769,
                    Value::Directory(vec![
                        (0x829a, Value::Fraction(vec![(10, 1250)])),
                        (0x8827, Value::Short(vec![400])),
                        (0x9000, Value::Undefined(b"0232".to_vec())),
                        (0x9003, Value::Text("2024:05:17 10:30:15")),
                        (0x9286, Value::Undefined(b"ASCII\0\0\0a view".to_vec())),
                        (0xa432, Value::Fraction(vec![(24, 1), (70, 1), (28, 10), (0, 0)])),
                        (0x9a00, Value::Short(vec![1, 2])),
                    ]),
                ),
                (
                    0x8825,
                    Value::Directory(vec![
                        (1, Value::Text("S")),
                        (2, Value::Fraction(vec![(33, 1), (51, 1), (3564, 100)])),
                        (3, Value::Text("W")),
                        (4, Value::Fraction(vec![(70, 1), (30, 1), (0, 1)])),
                        (5, Value::Byte(vec![1])),
                        (6, Value::Fraction(vec![(125, 10)])),
                        (7, Value::Fraction(vec![(8, 1), (30, 1), (15, 1)])),
                        (29, Value::Text("2024:05:17")),
                    ]),
                ),
            ],
            vec![(0x202, Value::Long(vec![thumbnail.len() as u32])), (0x201, Value::Place(thumbnail))],
        ],
    )
}

fn check_exif(info: &PictureInfo, name: &str) {
    let tag = |name: &str| info.exif.get(name).map(String::as_str);
    assert_eq!(info.maker.as_deref(), Some("Leitz"), "{name}");
    assert_eq!(tag("ExposureTime"), Some("1/125"), "{name}");
    assert_eq!(tag("PhotographicSensitivity"), Some("400"));
    assert_eq!(tag("ExifVersion"), Some("0232"));
    assert_eq!(tag("DateTimeOriginal"), Some("2024:05:17 10:30:15"));
    assert_eq!(tag("UserComment"), Some("a view"));
    assert_eq!(tag("LensSpecification"), Some("24 70 14/5 0/0"));
    assert_eq!(tag("0x9a00"), Some("1 2"));
    let gps = info.gps.as_ref().unwrap();
    assert!((gps.latitude.unwrap() + 33.8599).abs() < 1e-9, "{name} {gps:?}");
    assert!((gps.longitude.unwrap() + 70.5).abs() < 1e-9);
    assert_eq!(gps.altitude, Some(-12.5));
    assert_eq!(gps.timestamp.as_deref(), Some("2024-05-17T08:30:15Z"));
    assert!(info.issues.is_empty(), "{name} {:?}", info.issues);
}

fn check_xmp(info: &PictureInfo, name: &str) {
    let xmp = info.xmp.as_ref().unwrap_or_else(|| panic!("{name}"));
    assert_eq!(xmp.packet, PACKET, "{name}");
    assert_eq!(xmp.properties.get("xmp:CreatorTool").map(String::as_str), Some("Darkroom"));
    assert_eq!(xmp.properties.get("dc:subject").map(String::as_str), Some("sea; sun"));
}

/// Photoshop's resources: IPTC, and one with a name of odd length.
fn resources() -> Vec<u8> {
    let iptc = b"\x1c\x01\x5a\0\x03\x1b%G\x1c\x02\x19\0\x05Z\xc3\xbcri\x1c\x02\x19\0\x02ch\x1c\x02\x5a\0\x04Bern";
    let mut bytes = b"8BIM\x03\xed\x03abc\0\0\0\x01x\0".to_vec();
    bytes.extend_from_slice(b"8BIM\x04\x04\0\0");
    bytes.extend_from_slice(&(iptc.len() as u32).to_be_bytes());
    bytes.extend_from_slice(iptc);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

#[test]
fn a_jpeg_tells_exif_xmp_iptc_place_and_thumbnail() {
    for big in [false, true] {
        let bytes = jpeg_with(&[
            segment(0xe1, &[b"Exif\0\0".to_vec(), exif(big)].concat()),
            segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", PACKET.as_bytes()].concat()),
            segment(0xed, &[b"Photoshop 3.0\0".to_vec(), resources()].concat()),
        ]);
        let found = info(bytes.clone());
        assert_eq!((found.format, found.width, found.height), ("jpeg", 48, 32));
        check_exif(&found, "jpeg");
        check_xmp(&found, "jpeg");
        assert_eq!(found.iptc.get("Keywords").unwrap(), &["Züri", "ch"]);
        assert_eq!(found.iptc.get("City").unwrap(), &["Bern"]);
        let [thumbnail] = &found.thumbnails[..] else { panic!("{:?}", found.thumbnails.len()) };
        let place = thumbnail.offset as usize;
        assert_eq!(thumbnail.bytes, bytes[place..place + thumbnail.bytes.len()]);
        let small = picture::decode(&source(thumbnail.bytes.clone()), &Limits::default()).unwrap();
        assert_eq!((small.width(), small.height()), (16, 8));
    }
}

#[test]
fn png_webp_tiff_and_psd_tell_the_same() {
    let mut bytes = png(10, 20, b"");
    let text = [b"XML:com.adobe.xmp\0\0\0\0\0", PACKET.as_bytes()].concat();
    bytes.splice(33..33, [chunk(b"eXIf", &exif(true)), chunk(b"iTXt", &text)].concat());
    let found = info(bytes);
    assert_eq!((found.format, found.width, found.height), ("png", 10, 20));
    check_exif(&found, "png");
    check_xmp(&found, "png");

    let still = encoded(&drawing(48, 32), ImageFormat::WebP);
    let mut header = vec![0x0c, 0, 0, 0];
    header.extend_from_slice(&[47, 0, 0, 31, 0, 0]);
    let chunks =
        [riff(b"VP8X", &header), still[12..].to_vec(), riff(b"EXIF", &exif(false)), riff(b"XMP ", PACKET.as_bytes())];
    let found = info(riff(b"RIFF", &[b"WEBP".to_vec(), chunks.concat()].concat()));
    assert_eq!((found.format, found.width, found.height), ("webp", 48, 32));
    check_exif(&found, "webp");
    check_xmp(&found, "webp");
    assert_eq!(info(still).width, 48);

    let found = info(exif(true));
    check_exif(&found, "tiff");
    assert_eq!(found.thumbnails.len(), 1);

    let mut psd = b"8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x05\0\0\0\x07\0\x08\0\x03\0\0\0\0".to_vec();
    let mut own = resources();
    for (kind, body) in [(b"\x04\x22", exif(false)), (b"\x04\x24", PACKET.as_bytes().to_vec())] {
        own.extend_from_slice(b"8BIM");
        own.extend_from_slice(kind);
        own.extend_from_slice(&[0, 0]);
        own.extend_from_slice(&(body.len() as u32).to_be_bytes());
        own.extend_from_slice(&body);
        own.resize(own.len().next_multiple_of(2), 0);
    }
    psd.extend_from_slice(&(own.len() as u32).to_be_bytes());
    psd.extend_from_slice(&own);
    let found = info(psd);
    assert_eq!((found.format, found.width, found.height), ("psd", 7, 5));
    check_exif(&found, "psd");
    check_xmp(&found, "psd");
    assert_eq!(found.iptc.get("City").unwrap(), &["Bern"]);
}

/// A HEIC of which only the items are there: a picture, EXIF and XMP.
fn heic() -> Vec<u8> {
    let exif = [vec![0, 0, 0, 0], exif(true)].concat();
    let item = |id: u8, kind: &[u8; 4], rest: &[u8]| {
        iso(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], &kind[..], b"\0", rest].concat())
    };
    let entries = [item(1, b"hvc1", b""), item(2, b"Exif", b""), item(3, b"mime", b"application/rdf+xml\0")].concat();
    let iinf = iso(b"iinf", &[&[0, 0, 0, 0, 0, 3], &entries[..]].concat());
    let pitm = iso(b"pitm", &[0, 0, 0, 0, 0, 1]);
    let ispe = iso(b"ispe", &[0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 12, 0]);
    let iprp = iso(b"iprp", &[iso(b"ipco", &ispe), iso(b"ipma", &[0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0x81])].concat());
    let build = |exif_at: u32, xmp_at: u32| {
        let place = |id: u8, at: u32, length: usize| {
            [&[0, id, 0, 0, 0, 1][..], &at.to_be_bytes(), &(length as u32).to_be_bytes()].concat()
        };
        let places = [place(2, exif_at, exif.len()), place(3, xmp_at, PACKET.len())].concat();
        let iloc = iso(b"iloc", &[&[0, 0, 0, 0, 0x44, 0, 0, 2], &places[..]].concat());
        let meta = iso(b"meta", &[&[0; 4], &pitm[..], &iinf, &iloc, &iprp].concat());
        [iso(b"ftyp", b"heic\0\0\0\0mif1heic"), meta].concat()
    };
    let start = build(0, 0).len() as u32 + 8;
    let data = [&exif[..], PACKET.as_bytes()].concat();
    [build(start, start + exif.len() as u32), iso(b"mdat", &data)].concat()
}

#[test]
fn heic_tells_size_exif_and_xmp() {
    let found = info(heic());
    assert_eq!((found.format, found.width, found.height), ("heic", 4096, 3072));
    check_exif(&found, "heic");
    check_xmp(&found, "heic");
    assert_eq!(found.thumbnails.len(), 1);
}

#[test]
fn formats_without_metadata_tell_their_size() {
    for (format, name) in [(ImageFormat::Bmp, "bmp"), (ImageFormat::Gif, "gif"), (ImageFormat::Pnm, "pnm")] {
        let found = info(encoded(&drawing(30, 20), format));
        assert_eq!((found.format, found.width, found.height), (name, 30, 20));
    }
    for name in ["still.avif", "lossless.jxl"] {
        assert_eq!((info(fixture(name)).width, info(fixture(name)).height), (32, 24));
    }
    let text = picture::info(&source(b"no picture".to_vec()), &Limits::default());
    assert!(matches!(text, Err(Error::Format { .. })));
}

#[test]
fn pointers_in_a_loop_end_and_what_is_impossible_is_left_out() {
    // EXIF, GPS and interoperability all point back to the first directory, and the chain, too.
    let mut tiff = Tiff::file(
        false,
        &[vec![
            (0x10f, Value::Text("Loop")),
            (0x8769, Value::Long(vec![8])),
            (0x8825, Value::Long(vec![8])),
            (0xa005, Value::Long(vec![8])),
            (0x14a, Value::Long(vec![8; 5000])),
        ]],
    );
    let next = 8 + 2 + 12 * 5;
    tiff[next..next + 4].copy_from_slice(&8u32.to_le_bytes());
    let found = info(jpeg_with(&[segment(0xe1, &[b"Exif\0\0".to_vec(), tiff].concat())]));
    assert_eq!((found.maker.as_deref(), found.gps), (Some("Loop"), None));

    let place = |latitude, longitude| {
        let gps = vec![
            (2, Value::Fraction(vec![latitude, (0, 1), (0, 1)])),
            (4, Value::Fraction(vec![longitude, (0, 0), (0, 0)])),
        ];
        info(Tiff::file(true, &[vec![(0x100, Value::Short(vec![1])), (0x8825, Value::Directory(gps))]])).gps
    };
    let gps = place((200, 1), (8, 1)).unwrap();
    assert_eq!((gps.latitude, gps.longitude), (None, Some(8.0)));
    assert_eq!(place((200, 1), (1, 0)), None);
}

#[test]
fn a_jpeg_that_is_cut_before_its_frame_still_tells_its_exif() {
    let bytes = jpeg_with(&[segment(0xe1, &[b"Exif\0\0".to_vec(), exif(false)].concat())]);
    let end = bytes.windows(2).position(|pair| pair == [0xff, 0xdb]).unwrap_or(bytes.len());
    let found = info(bytes[..end].to_vec());
    assert_eq!((found.width, found.maker.as_deref()), (0, Some("Leitz")));
    assert_eq!(found.issues.len(), 1);
}
