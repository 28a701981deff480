//! LZNT1, the compression of NTFS: [MS-XCA] 2.5.

use super::copy::copy_back;

/// Bytes a chunk inflates to.
const CHUNK: usize = 4096;

/// Inflates `packed` into `out`, chunk by chunk; what no chunk covers is zero. Gives what is wrong with the input, with
/// its byte offset in `packed`.
pub(super) fn inflate(packed: &[u8], out: &mut [u8]) -> Result<(), (usize, &'static str)> {
    let mut at = 0usize;
    for chunk in out.chunks_mut(CHUNK) {
        chunk.fill(0);
        let header = match packed.get(at..at.saturating_add(2)) {
            Some([low, high]) => u16::from_le_bytes([*low, *high]),
            _ => 0,
        };
        // A zero header, or the end of the input, ends the unit: the rest is zero. A unit of zeros alone is never packed.
        if header == 0 {
            if at == 0 {
                return Err((0, "no chunk at all"));
            }
            at = packed.len();
            continue;
        }
        if header & 0x7000 != 0x3000 {
            return Err((at, "no chunk signature"));
        }
        let start = at.saturating_add(2);
        let end = start.saturating_add(usize::from(header & 0x0fff)).saturating_add(1);
        let body = packed.get(start..end).ok_or((at, "a chunk that goes past its unit"))?;
        if header & 0x8000 == 0 {
            let stored = chunk.get_mut(..body.len()).ok_or((at, "a stored chunk longer than 4096 bytes"))?;
            stored.copy_from_slice(body);
        } else {
            inflate_chunk(body, chunk).map_err(|(offset, what)| (start.saturating_add(offset), what))?;
        }
        at = end;
    }
    Ok(())
}

fn inflate_chunk(body: &[u8], out: &mut [u8]) -> Result<(), (usize, &'static str)> {
    let mut at = 0usize;
    let mut filled = 0usize;
    while let Some(&flags) = body.get(at) {
        at = at.saturating_add(1);
        for bit in 0..8u8 {
            let Some(&literal) = body.get(at) else { return Ok(()) };
            if flags >> bit & 1 == 0 {
                *out.get_mut(filled).ok_or((at, "a chunk longer than 4096 bytes"))? = literal;
                at = at.saturating_add(1);
                filled = filled.saturating_add(1);
                continue;
            }
            let Some(&high) = body.get(at.saturating_add(1)) else { return Err((at, "half a copy token")) };
            let token = usize::from(u16::from_le_bytes([literal, high]));
            // The further into the chunk, the more bits of a token are displacement: 4 up to byte 16, 12 at the end.
            let displacement_bits =
                filled.saturating_sub(1).checked_ilog2().map_or(0, |log| log.saturating_add(1)).clamp(4, 12);
            let length_bits = 16u32.saturating_sub(displacement_bits);
            let displacement = (token >> length_bits).saturating_add(1);
            let length = (token & (0xffff >> displacement_bits)).saturating_add(3);
            filled = copy_back(out, filled, displacement, length).map_err(|what| (at, what))?;
            at = at.saturating_add(2);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_inflates() {
        // [MS-XCA] 3.3.
        let packed = [
            0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xa2, 0x47, 0x01, 0xa0, 0x45,
            0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xc0, 0x45, 0x20, 0x05, 0x24, 0x13, 0x88, 0x05, 0xb4,
            0x02, 0x4a, 0x44, 0xef, 0x03, 0x58, 0x02, 0x8c, 0x09, 0x16, 0x01, 0x48, 0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00,
            0x04, 0x01, 0x18, 0x90, 0x00,
        ];
        let text = b"F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\0";
        let mut out = vec![0xee; 4096];
        inflate(&packed, &mut out).unwrap();
        assert_eq!(out[..text.len()], text[..]);
        assert!(out[text.len()..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_copy_may_read_what_it_writes() {
        let mut out = vec![0; 16];
        inflate(&[0x03, 0xb0, 0x02, b'a', 0x07, 0x00], &mut out).unwrap();
        assert_eq!(&out, b"aaaaaaaaaaa\0\0\0\0\0");
    }

    #[test]
    fn a_stored_chunk_is_itself() {
        let mut out = vec![0; 8];
        inflate(&[0x02, 0x30, 1, 2, 3], &mut out).unwrap();
        assert_eq!(out, [1, 2, 3, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn damage_is_told_with_its_place() {
        let mut out = vec![0; 4096];
        assert_eq!(inflate(&[0x03, 0xb0, 0x01, 0x00, 0x20, 0], &mut out), Err((3, "a copy from before the chunk")));
        assert_eq!(inflate(&[0x03, 0x10, 0, 0, 0, 0], &mut out), Err((0, "no chunk signature")));
        assert_eq!(inflate(&[0xff, 0xbf, 0], &mut out), Err((0, "a chunk that goes past its unit")));
    }
}
