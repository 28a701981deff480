//! Any bytes as a set of EnCase's or HashKeeper's, an index of The Sleuth Kit's, or a Bloom filter.
#![no_main]

use forensic_core::known::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    forensic_fuzz::lists(data, &[Format::EncaseHash, Format::Hashkeeper, Format::TskIdx, Format::HashlookupBloom]);
});
