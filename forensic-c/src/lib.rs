//! The C interface: one file a C type, every function behind one boundary. The header `include/forensic.h` is made
//! from these files by cbindgen; what is written here about a function is what its C caller reads.
//!
//! This is the only crate of the workspace with unsafe code of its own.
// Types carry the names that C knows them by.
#![allow(non_camel_case_types)]
// What every pointer must be is said once, at the head of the header (cbindgen.toml), not at each function.
#![allow(clippy::missing_safety_doc)]

mod boundary;
pub mod callback;
pub mod carved;
pub mod carver;
pub mod cross_check;
pub mod entry;
pub mod error;
pub mod evidence;
pub mod extents;
pub mod filesystem;
pub mod fuzzy;
pub mod hash;
pub mod hash_index;
pub mod hash_set;
pub mod image_hash;
pub mod issues;
pub mod limits;
pub mod pairs;
pub mod picture_info;
pub mod pieces;
pub mod record;
pub mod report;
pub mod stream;
mod text;
pub mod time;
pub mod triage;
pub mod verification;
pub mod video;
pub mod volume;
pub mod walk;
pub mod write_report;

use std::ffi::c_char;

/// Version of the binary interface that this header describes. A program may run with a library whose
/// forensic_abi_version() is the same.
pub const FORENSIC_ABI_VERSION: u32 = 1;

/// Version of the binary interface of the library that the program runs with.
#[unsafe(no_mangle)]
pub extern "C" fn forensic_abi_version() -> u32 {
    FORENSIC_ABI_VERSION
}

/// Version of the library, "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn forensic_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the header promises: that it compiles is the test.
    #[test]
    fn handles_may_be_shared_between_threads() {
        const fn shared<T: Send + Sync>() {}
        shared::<error::forensic_error>();
        shared::<evidence::forensic_evidence>();
        shared::<verification::forensic_verification>();
        shared::<volume::forensic_volume>();
        shared::<filesystem::forensic_filesystem>();
        shared::<filesystem::forensic_filesystems>();
        shared::<cross_check::forensic_cross_check>();
        shared::<walk::forensic_walk>();
        shared::<entry::forensic_entry>();
        shared::<stream::forensic_stream>();
        shared::<issues::forensic_issues>();
        shared::<extents::forensic_extents>();
        shared::<hash_index::forensic_hash_index>();
        shared::<hash_index::forensic_answer>();
        shared::<hash_set::forensic_hash_set>();
        shared::<hash_set::forensic_hits>();
        shared::<image_hash::forensic_image_hash>();
        shared::<picture_info::forensic_picture_info>();
        shared::<picture_info::forensic_frame>();
        shared::<carved::forensic_carved>();
        shared::<report::forensic_report>();
        shared::<record::forensic_record>();
        shared::<write_report::forensic_write_report>();
    }
}
