//! The walk over run-length codes (MS-WMF 3.1.6; BI_RLE4, BI_RLE8, and RLE24 of OS/2).

use super::header::Header;
use crate::carve::{Break, Tape};

/// The end of the codes: behind the code that ends the bitmap.
pub(super) fn end(tape: &mut Tape, header: &Header, bits: u8) -> Result<u64, Break> {
    let mut at = header.pixels;
    let (mut x, mut y) = (0u64, 0u64);
    while y <= header.height {
        let wrong = Break::wrong(at, "run-length code");
        // Rows of some encoders are a little longer than the picture is wide.
        if x > header.width.saturating_add(4) {
            return Err(wrong);
        }
        let [count, value] = tape.array(at)?;
        at = at.saturating_add(2);
        match (count, value) {
            (0, 0) => (x, y) = (0, y.saturating_add(1)),
            (0, 1) => {
                return if y.saturating_add(1) >= header.height { Ok(at) } else { ended_early(header, at, wrong) };
            }
            (0, 2) => {
                let [right, down] = tape.array(at)?;
                at = at.saturating_add(2);
                (x, y) = (x.saturating_add(right.into()), y.saturating_add(down.into()));
            }
            (0, pixels) => {
                let pixels = u64::from(pixels);
                let bytes = pixels.saturating_mul(bits.into()).div_ceil(8);
                at = at.saturating_add(bytes.checked_next_multiple_of(2).unwrap_or(bytes));
                x = x.saturating_add(pixels);
            }
            (run, _) => {
                if bits == 24 {
                    at = at.saturating_add(2);
                }
                x = x.saturating_add(run.into());
            }
        }
    }
    Err(Break::wrong(at, "end of the run-length codes"))
}

/// A bitmap may end before its last row; its header must then say that it ends here.
fn ended_early(header: &Header, at: u64, wrong: Break) -> Result<u64, Break> {
    if header.says_data_end(at) || header.size == Some(at) { Ok(at) } else { Err(wrong) }
}
