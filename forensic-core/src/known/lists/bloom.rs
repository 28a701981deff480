//! hashlookup's Bloom filter, in the form of DCSO's: six words (version and flags, n, p, k, m, N), the bits, and data that
//! the maker adds. It knows a file only as "possible".
//!
//! The bits are not read here: the filter goes to the sink as it is.

use super::{Group, Sink, input::Input, object::ObjectText};
use crate::{
    error::{Error, Result},
    known::record::Properties,
};

const HEADER: usize = 48;

/// Data behind the bits that is kept.
const DATA_BYTES: u64 = 1 << 20;

/// How often the bound of one structure a filter may have: it is that of a list of hundreds of millions of files.
const STRUCTURES: u64 = 16;

/// The header of a filter.
struct Header {
    capacity: u64,
    false_positives: f64,
    functions: u64,
    bits: u64,
    members: u64,
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (words, _) = bytes.get(..HEADER)?.as_chunks::<8>();
        let &[first, capacity, false_positives, functions, bits, members] = words.first_chunk()?;
        let word = u64::from_le_bytes;
        let header = Self {
            capacity: word(capacity),
            false_positives: f64::from_le_bytes(false_positives),
            functions: word(functions),
            bits: word(bits),
            members: word(members),
        };
        let share = header.false_positives;
        let is_plausible = word(first) & 0xff == 1
            && share > 0.0
            && share < 1.0
            && (1..=1024).contains(&header.functions)
            && (1..=1 << 50).contains(&header.bits)
            && header.capacity > 0;
        is_plausible.then_some(header)
    }

    /// Bytes of the bits.
    fn length(&self) -> u64 {
        self.bits.div_ceil(64).saturating_mul(8)
    }
}

/// True for the first bytes of a filter.
pub(super) fn is_filter(head: &[u8]) -> bool {
    Header::parse(head).is_some()
}

/// Reads the filter.
pub(super) fn read(mut input: Input<'_>, sink: &mut dyn Sink) -> Result<()> {
    let mut bytes = Vec::new();
    input.read_up_to(HEADER as u64, &mut bytes)?;
    let corrupt = |offset, expected: String, found: String| Error::corrupt("Bloom filter", offset, expected, found);
    let Some(header) = Header::parse(&bytes) else {
        return Err(corrupt(0, "a header of six words, version 1".to_owned(), format!("{} bytes", bytes.len())));
    };
    let limit = input.limits.structure_bytes.saturating_mul(STRUCTURES);
    if header.length() > limit {
        let (structure, found) = ("Bloom filter", header.length());
        return Err(Error::Limit { structure, offset: 32, found, limit, unit: "bytes" });
    }
    let end = header.length().saturating_add(HEADER as u64);
    input.read_up_to(header.length(), &mut bytes)?;
    if (bytes.len() as u64) < end {
        return Err(corrupt(
            bytes.len() as u64,
            format!("{end} bytes of header and bits"),
            "the end of the file".to_owned(),
        ));
    }
    let mut properties = Properties::default();
    let mut object = ObjectText::new(&mut properties);
    object.raw("capacity", &header.capacity.to_string());
    object.raw("false positives", &format!("{:?}", header.false_positives));
    object.raw("members", &header.members.to_string());
    let mut data = Vec::new();
    input.read_up_to(DATA_BYTES, &mut data)?;
    match std::str::from_utf8(&data) {
        Ok("") => {}
        Ok(text) => object.text("data", text),
        Err(_) => object.text("data", &crate::hash::hex::encode(&data)),
    }
    if data.len() as u64 == DATA_BYTES {
        sink.issue(end.saturating_add(DATA_BYTES), "what the maker adds behind the bits is kept up to here".to_owned());
    }
    bytes.extend_from_slice(&data);
    sink.describe(Group { scheme: None, properties })?;
    sink.filter(bytes)
}
