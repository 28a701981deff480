//! A frame: its header, the subframe of each channel, and its checksums (RFC 9639, 9).

use super::bits::Bits;
use crate::carve::{Break, Tape};

/// What is read at once, and at most, for one frame.
const FIRST_READ: usize = 32 << 10;
const LONGEST: usize = 2 << 20;

/// What the stream's information says.
pub(super) struct Stream {
    pub(super) largest_block: u64,
    pub(super) channels: u64,
    pub(super) bits: u32,
    /// All samples of a channel; 0 where it is not known.
    pub(super) samples: u64,
}

/// A frame.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) length: u64,
    /// Samples of a channel.
    pub(super) samples: u64,
    /// The first of them.
    pub(super) first: u64,
}

/// The frame at `at`, whose checksums hold.
pub(super) fn read(tape: &mut Tape, at: u64, stream: &Stream) -> Result<Frame, Break> {
    let mut wanted = FIRST_READ;
    loop {
        let there = usize::try_from(tape.len().saturating_sub(at)).unwrap_or(usize::MAX);
        let bytes = tape.bytes(at, wanted.min(there))?;
        if let Some(frame) = frame(bytes, stream) {
            return Ok(frame);
        }
        // A frame that is not over in what was read may be longer, if its header is one.
        if wanted >= LONGEST.min(there) || header(bytes, stream).is_none() {
            return Err(Break::wrong(at, "frame"));
        }
        wanted = wanted.saturating_mul(4);
    }
}

struct Header {
    length: u64,
    block: u64,
    assignment: u64,
    bits: u32,
    first: u64,
}

fn header(bytes: &[u8], stream: &Stream) -> Option<Header> {
    let mut reader = Bits::new(bytes, 0);
    if reader.number(15)? != 0x7ffc {
        return None;
    }
    let variable = reader.number(1)? == 1;
    let [block, rate, assignment, depth] = [reader.number(4)?, reader.number(4)?, reader.number(4)?, reader.number(3)?];
    if reader.number(1)? != 0 || block == 0 || rate == 15 || assignment > 10 {
        return None;
    }
    let number = coded_number(&mut reader)?;
    let block = match block {
        1 => 192,
        2..=5 => 144u64 << block,
        6 => reader.number(8)?.saturating_add(1),
        7 => reader.number(16)?.saturating_add(1),
        _ => 1u64 << block,
    };
    match rate {
        12 => reader.skip(8)?,
        13 | 14 => reader.skip(16)?,
        _ => {}
    }
    let length = reader.byte();
    let head = bytes.get(..usize::try_from(length).ok()?)?;
    let channels = if assignment < 8 { assignment.saturating_add(1) } else { 2 };
    if reader.number(8)? != u64::from(crc8(head)) || channels != stream.channels || block > stream.largest_block {
        return None;
    }
    let bits = match depth {
        0 => stream.bits,
        1 => 8,
        2 => 12,
        4 => 16,
        5 => 20,
        6 => 24,
        7 => 32,
        _ => return None,
    };
    let first = if variable { number } else { number.saturating_mul(stream.largest_block) };
    Some(Header { length: length.saturating_add(1), block, assignment, bits, first })
}

fn frame(bytes: &[u8], stream: &Stream) -> Option<Frame> {
    let Header { length, block, assignment, bits, first } = header(bytes, stream)?;
    let mut reader = Bits::new(bytes, length);
    for channel in 0..stream.channels {
        // The difference of two channels has a bit more.
        let side = matches!((assignment, channel), (8 | 10, 1) | (9, 0));
        subframe(&mut reader, block, bits.saturating_add(u32::from(side)))?;
    }
    let end = usize::try_from(reader.byte()).ok()?.checked_add(2)?;
    let whole = bytes.get(..end)?;
    (crc16(whole) == 0).then_some(Frame { length: end as u64, samples: block, first })
}

fn subframe(reader: &mut Bits<'_>, block: u64, bits: u32) -> Option<()> {
    if reader.number(1)? != 0 {
        return None;
    }
    let kind = reader.number(6)?;
    let wasted = if reader.number(1)? == 1 { reader.unary()?.checked_add(1)? } else { 0 };
    let bits = u64::from(bits).checked_sub(wasted)?;
    match kind {
        0 => reader.skip(bits),
        1 => reader.skip(bits.checked_mul(block)?),
        8..=12 => {
            let order = kind & 7;
            reader.skip(bits.checked_mul(order)?)?;
            residual(reader, block, order)
        }
        32.. => {
            let order = (kind & 31).saturating_add(1);
            reader.skip(bits.checked_mul(order)?)?;
            let precision = reader.number(4)?.saturating_add(1);
            reader.skip(precision.checked_mul(order)?.checked_add(5)?)?;
            residual(reader, block, order)
        }
        _ => None,
    }
}

fn residual(reader: &mut Bits<'_>, block: u64, order: u64) -> Option<()> {
    let width = match reader.number(2)? {
        0 => 4,
        1 => 5,
        _ => return None,
    };
    let partitions = reader.number(4)?;
    let each = block >> partitions;
    if each << partitions != block {
        return None;
    }
    for partition in 0..1u64 << partitions {
        let count = if partition == 0 { each.checked_sub(order)? } else { each };
        let parameter = reader.number(width)?;
        if parameter == (1u64 << width).wrapping_sub(1) {
            let raw = reader.number(5)?;
            reader.skip(raw.checked_mul(count)?)?;
        } else {
            for _ in 0..count {
                reader.unary()?;
                reader.skip(parameter)?;
            }
        }
    }
    Some(())
}

/// The number of a frame or sample, in the manner of UTF-8.
fn coded_number(reader: &mut Bits<'_>) -> Option<u64> {
    let first = reader.number(8)?;
    let ones = u64::from((!(first as u8)).leading_zeros());
    if ones == 0 {
        return Some(first);
    }
    if !(2..=7).contains(&ones) {
        return None;
    }
    let mut number = first & (0x7fu64 >> ones);
    for _ in 1..ones {
        let byte = reader.number(8)?;
        if byte >> 6 != 2 {
            return None;
        }
        number = number << 6 | (byte & 0x3f);
    }
    Some(number)
}

fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc: u8, _| if crc & 0x80 != 0 { crc << 1 ^ 7 } else { crc << 1 })
    })
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        let index = usize::from((crc >> 8) as u8 ^ byte);
        crc << 8 ^ TABLE.get(index).copied().unwrap_or(0)
    })
}

#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)] // Known when compiled.
const TABLE: [u16; 256] = {
    let mut table = [0u16; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x8005 } else { crc << 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};
