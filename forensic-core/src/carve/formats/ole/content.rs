//! What is in the streams whose records can be walked: workbooks ([MS-XLS] 2.1.4), presentations ([MS-PPT] 2.3.1), property
//! sets ([MS-OLEPS] 2.21).

use super::{directory::Content, header::Header};
use crate::carve::{Break, Tape};

/// The longest record of a workbook.
const LONGEST_RECORD: u64 = 8228;
const BEGIN: [u16; 4] = [0x0009, 0x0209, 0x0409, 0x0809];

/// A stream: its sectors, in order.
pub(super) struct Stream<'a> {
    pub(super) header: &'a Header,
    pub(super) chain: &'a [u32],
    pub(super) size: u64,
}

impl Stream<'_> {
    /// Checks what the stream holds, where that can be.
    pub(super) fn check(&self, tape: &mut Tape, content: Content) -> Result<(), Break> {
        match content {
            Content::Workbook => self.workbook(tape),
            Content::Presentation => self.presentation(tape),
            Content::Properties => match self.field(tape, 0)? {
                [0xfe, 0xff, _, _] => Ok(()),
                _ => Err(Break::wrong(self.place(0), "property set")),
            },
            Content::Catalog | Content::Other => Ok(()),
        }
    }

    /// Where a byte of the stream stands in the file.
    fn place(&self, at: u64) -> u64 {
        let sector = at.checked_div(self.header.sector_size).and_then(|index| usize::try_from(index).ok());
        let sector = sector.and_then(|index| self.chain.get(index)).copied().unwrap_or(0);
        self.header.place(sector).saturating_add(at.checked_rem(self.header.sector_size).unwrap_or(0))
    }

    fn field(&self, tape: &mut Tape, at: u64) -> Result<[u8; 4], Break> {
        let mut field = [0; 4];
        for (index, byte) in (at..).zip(field.iter_mut()) {
            *byte = tape.byte(self.place(index))?;
        }
        Ok(field)
    }

    fn workbook(&self, tape: &mut Tape) -> Result<(), Break> {
        let (mut at, mut depth, mut last) = (0u64, 0u32, 0);
        while at.saturating_add(4) <= self.size {
            let [a, b, c, d] = self.field(tape, at)?;
            let (kind, length) = (u16::from_le_bytes([a, b]), u64::from(u16::from_le_bytes([c, d])));
            // Writers fill the last sector with zeros.
            if depth == 0 && at > 0 && kind == 0 && length == 0 {
                return Ok(());
            }
            let begins = BEGIN.contains(&kind);
            let next = at.saturating_add(4).saturating_add(length);
            if (at == 0 && !begins)
                || kind > 0x10ff
                || (kind == 0 && depth > 0 && length == 0)
                || length > LONGEST_RECORD
                || next > self.size
            {
                // The length before may be what is wrong.
                return Err(Break::wrong(self.place(at).max(last), "record of the workbook"));
            }
            if begins {
                depth = depth.saturating_add(1);
            } else if kind == 10 {
                depth = depth.saturating_sub(1);
            }
            last = self.place(at);
            at = next;
        }
        Ok(())
    }

    fn presentation(&self, tape: &mut Tape) -> Result<(), Break> {
        let mut at = 0u64;
        while at.saturating_add(8) <= self.size {
            let [_, _, a, b] = self.field(tape, at)?;
            let length = u64::from(u32::from_le_bytes(self.field(tape, at.saturating_add(4))?));
            let kind = u16::from_le_bytes([a, b]);
            let next = at.saturating_add(8).saturating_add(length);
            if !(0x03e8..=0xf3ff).contains(&kind) || next > self.size {
                return Err(Break::wrong(self.place(at), "record of the presentation"));
            }
            at = next;
        }
        Ok(())
    }
}
