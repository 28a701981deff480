//! What a stream holds, by the signature at its start.

/// Name, offset, signature. The first that fits wins.
const SIGNATURES: &[(&str, usize, &[u8])] = &[
    ("jpeg", 0, b"\xff\xd8\xff"),
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("gif", 0, b"GIF87a"),
    ("gif", 0, b"GIF89a"),
    ("webp", 8, b"WEBP"),
    ("avi", 8, b"AVI "),
    ("wav", 8, b"WAVE"),
    ("tiff", 0, b"II*\0"),
    ("tiff", 0, b"MM\0*"),
    ("psd", 0, b"8BPS"),
    ("jxl", 0, b"\0\0\0\x0cJXL \r\n\x87\n"),
    ("jxl", 0, b"\xff\x0a"),
    ("avif", 4, b"ftypavif"),
    ("avif", 4, b"ftypavis"),
    ("heic", 4, b"ftypheic"),
    ("heic", 4, b"ftypheix"),
    ("heic", 4, b"ftyphevc"),
    ("heic", 4, b"ftyphevx"),
    ("heic", 4, b"ftypheim"),
    ("heic", 4, b"ftypheis"),
    ("mov", 4, b"ftypqt  "),
    ("3gp", 4, b"ftyp3g"),
    ("mp4", 4, b"ftyp"),
    ("mov", 4, b"moov"),
    ("mkv", 0, b"\x1a\x45\xdf\xa3"),
    ("wmv", 0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("flv", 0, b"FLV\x01"),
    ("mpeg", 0, b"\0\0\x01\xba"),
    ("ogg", 0, b"OggS"),
    ("flac", 0, b"fLaC"),
    ("mp3", 0, b"ID3"),
    ("pdf", 0, b"%PDF-"),
    ("ole", 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("zip", 0, b"PK\x03\x04"),
    ("7z", 0, b"7z\xbc\xaf\x27\x1c"),
    ("rar", 0, b"Rar!\x1a\x07"),
    ("gzip", 0, b"\x1f\x8b\x08"),
    ("bzip2", 0, b"BZh"),
    ("xz", 0, b"\xfd7zXZ\0"),
    ("zstd", 0, b"\x28\xb5\x2f\xfd"),
    ("sqlite", 0, b"SQLite format 3\0"),
    ("registry", 0, b"regf"),
    ("evtx", 0, b"ElfFile\0"),
    ("rtf", 0, b"{\\rtf"),
];

/// The type of content that begins with `head` (some 32 bytes or more); `None` where no signature fits.
///
/// A signature is a hint for what to try next, not a validation.
///
/// ```
/// assert_eq!(forensic_core::picture::content_type(b"\xff\xd8\xff\xe0..JFIF"), Some("jpeg"));
/// assert_eq!(forensic_core::picture::content_type(b"hello"), None);
/// ```
pub fn content_type(head: &[u8]) -> Option<&'static str> {
    let fits = |offset: usize, signature: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(signature));
    let found = SIGNATURES.iter().find(|(_, offset, signature)| fits(*offset, signature)).map(|(name, ..)| *name);
    // "BM" alone is too weak: the header size that follows must be one of the known ones.
    let is_bmp = fits(0, b"BM") && head.get(15..18) == Some(&[0, 0, 0]) && matches!(head.get(14), Some(12..=124));
    // Nor are four bytes of small numbers: the first image's planes must be 0 or 1, and its data lie behind the directory.
    let is_ico = fits(0, b"\0\0\x01\0")
        && matches!(head.get(4..6), Some([1..=255, 0]))
        && matches!(head.get(9..12), Some([0, 0 | 1, 0]))
        && head.get(18).is_some_and(|offset| *offset >= 22 || head.get(19..22) != Some(&[0, 0, 0]));
    let is_pnm = matches!(head, [b'P', b'1'..=b'6', b'\t' | b'\n' | b'\r' | b' ', b'0'..=b'9' | b'#', ..]);
    let is_pnm = is_pnm || fits(0, b"P7\n");
    // A picture of the HEIF manner says among its brands how it is coded.
    let heif = (fits(4, b"ftypmif1") || fits(4, b"ftypmsf1")).then(|| {
        let brands = head.get(16..).unwrap_or_default().chunks_exact(4);
        if brands.take(8).any(|brand| brand == b"avif" || brand == b"avis") { "avif" } else { "heic" }
    });
    heif.or(found).or(is_bmp.then_some("bmp")).or(is_ico.then_some("ico")).or(is_pnm.then_some("pnm"))
}

/// Types of content that [`decode`](super::decode) decodes.
pub(crate) fn is_picture(content_type: &str) -> bool {
    const PICTURES: [&str; 12] =
        ["jpeg", "png", "gif", "bmp", "tiff", "webp", "ico", "avif", "heic", "jxl", "psd", "pnm"];
    PICTURES.contains(&content_type)
}
