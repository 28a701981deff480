//! The formats that can be carved: one file or folder a family, and this list.

mod amr;
mod asf;
mod begins;
mod bmp;
mod bzip2;
mod chain;
mod checksum;
mod coded;
mod evtx;
mod flac;
mod flv;
mod gif;
mod gzip;
mod ico;
mod inflate;
pub(crate) mod isobmff;
mod jpeg;
pub(super) mod last_run;
mod layout;
mod lnk;
mod lzw;
mod mail;
mod matroska;
mod mp3;
mod mpeg_ps;
mod mpeg_ts;
mod mpeg_video;
mod ogg;
mod ole;
mod own;
mod pdf;
mod pixels;
mod png;
mod psd;
mod rar;
mod registry;
pub(crate) mod riff;
mod rows;
mod rtf;
mod runs;
mod search;
mod sector;
mod seven_zip;
mod splice;
mod sqlite;
mod thumbcache;
pub(crate) mod tiff;
mod webp;
mod xz;
mod zip;
mod zstd;

use super::Format;

/// Every format this library carves, in the order in which hits of one place are tried.
const FORMATS: &[&dyn Format] = &[
    &amr::Amr,
    &asf::Asf,
    &bmp::Bmp,
    &bzip2::Bzip2,
    &evtx::Evtx,
    &flac::Flac,
    &flv::Flv,
    &gif::Gif,
    &gzip::Gzip,
    &ico::Ico,
    &isobmff::IsoMedia,
    &jpeg::Jpeg,
    &lnk::Lnk,
    &mail::Mail,
    &matroska::Matroska,
    &mp3::Mp3,
    &mpeg_ps::ProgramStream,
    &mpeg_ts::TransportStream,
    &ogg::Ogg,
    &ole::Ole,
    &pdf::Pdf,
    &png::Png,
    &psd::Psd,
    &rar::Rar,
    &registry::Registry,
    &riff::Avi,
    &riff::Wav,
    &rtf::Rtf,
    &seven_zip::SevenZip,
    &sqlite::Sqlite,
    &sqlite::Wal,
    &thumbcache::Thumbcache,
    &tiff::Tiff,
    &webp::WebP,
    &xz::Xz,
    &zip::Zip,
    &zstd::Zstd,
];

/// Every format this library carves.
pub fn formats() -> &'static [&'static dyn Format] {
    FORMATS
}

/// The types that can be carved, in alphabetical order.
///
/// ```
/// assert!(forensic_core::carve::types().contains(&"gif"));
/// ```
pub fn types() -> Vec<&'static str> {
    let mut types: Vec<_> = FORMATS.iter().flat_map(|format| format.types()).copied().collect();
    types.sort_unstable();
    types.dedup();
    types
}

/// The name this library uses for a type that goes by several.
pub(super) fn usual_name(name: &str) -> &str {
    const OTHERS: &[(&str, &str)] = &[
        ("jpg", "jpeg"),
        ("tif", "tiff"),
        ("gz", "gzip"),
        ("bz2", "bzip2"),
        ("zst", "zstd"),
        ("heif", "heic"),
        ("mpg", "mpeg"),
        ("m2ts", "ts"),
        ("mts", "ts"),
        ("wma", "wmv"),
        ("asf", "wmv"),
        ("htm", "html"),
    ];
    OTHERS.iter().find(|(other, _)| *other == name).map_or(name, |(_, usual)| *usual)
}
