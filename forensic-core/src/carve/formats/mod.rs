//! The formats that can be carved: one file or folder a family, and this list.

mod bzip2;
mod checksum;
mod evtx;
mod gif;
mod gzip;
mod inflate;
mod lnk;
mod mail;
mod ole;
mod pdf;
mod rar;
mod registry;
mod rtf;
mod search;
mod seven_zip;
mod splice;
mod sqlite;
mod thumbcache;
mod xz;
mod zip;
mod zstd;

use super::Format;

/// Every format this library carves, in the order in which hits of one place are tried.
const FORMATS: &[&dyn Format] = &[
    &bzip2::Bzip2,
    &evtx::Evtx,
    &gif::Gif,
    &gzip::Gzip,
    &lnk::Lnk,
    &mail::Mail,
    &ole::Ole,
    &pdf::Pdf,
    &rar::Rar,
    &registry::Registry,
    &rtf::Rtf,
    &seven_zip::SevenZip,
    &sqlite::Sqlite,
    &sqlite::Wal,
    &thumbcache::Thumbcache,
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
