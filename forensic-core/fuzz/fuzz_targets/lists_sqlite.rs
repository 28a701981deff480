//! Any bytes as a database in SQLite, or as SQL text.
#![no_main]

use forensic_core::known::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let formats: &[Format] = match data.starts_with(b"SQLite format 3\0") {
        true => &[Format::NsrlSqlite, Format::TskKdb, Format::Iped],
        false => &[Format::NsrlSql],
    };
    forensic_fuzz::lists(data, formats);
});
