//! Any bytes as a list of lines or of CSV.
#![no_main]

use forensic_core::known::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    forensic_fuzz::lists(data, &[Format::Sums, Format::Hashdeep, Format::NsrlCsv, Format::IcseCsv]);
});
