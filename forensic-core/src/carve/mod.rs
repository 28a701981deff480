//! Carving: files found by their structure alone, where no directory entry tells of them any more.
//!
//! [`carve`] reads any source once. At every byte offset the scan looks for signatures; each hit is checked by the validator
//! of its format ([`formats`]), from fixed fields to the exact last byte; what validates claims its range, and what lies
//! inside becomes its child. What begins like a file and breaks is put together from its fragments where the format
//! allows, and reported with the prefix that holds where not. Ranges are reported; writing them out is the caller's choice.
//!
//! ```
//! use forensic_core::{NoProgress, bytes::Source, carve};
//! use std::sync::Arc;
//!
//! // A one-pixel GIF somewhere in other bytes.
//! let gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
//! let medium = [&[0u8; 4096][..], gif, &[7u8; 1000]].concat();
//! let source: Source = Arc::new(medium);
//! let carving = carve::carve(&source, &carve::Options::default(), &NoProgress)?;
//! let found = &carving.files[0];
//! assert_eq!((found.kind, found.offset(), found.size), ("gif", 4096, gif.len() as u64));
//! assert_eq!(found.open().read_vec(0, found.size)?, gif);
//! # Ok::<(), forensic_core::Error>(())
//! ```
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod claim;
mod format;
pub(crate) mod formats;
mod mend;
mod mending;
mod model;
mod run;
mod scan;
mod slack;
mod space;
mod tape;

pub use format::{Break, Broken, Cause, Format, Found, Holds, Outcome, Signature};
pub use formats::{formats, types};
pub use mending::{Mended, Mending};
pub use model::{Carved, Carving, Options, Status};
pub use run::carve;
pub use space::unallocated;
pub use tape::Tape;
