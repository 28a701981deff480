//! Stretches of entropy-coded data between markers, with their stuffed zeros taken out (ITU-T T.81, B.1.1.5).

/// Why no bits are to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dry {
    /// The bytes at hand end here.
    Bytes,
    /// A marker stands here.
    Marker,
    /// A code that the table does not have, or one that leads out of its block.
    Code,
}

/// Data up to the next marker or the end of the bytes at hand.
#[derive(Debug, Default)]
pub(crate) struct Segment {
    data: Vec<u8>,
    /// Indices of data behind which a zero was stuffed.
    stuffed: Vec<usize>,
    /// Where it begins and ends in the bytes it was cut from.
    start: usize,
    end: usize,
    /// True where the bytes it was cut from tell what ends it.
    ends_at_marker: bool,
}

impl Segment {
    /// Cuts it anew from `bytes`, at `start`.
    pub(crate) fn cut(&mut self, bytes: &[u8], start: usize) {
        self.data.clear();
        self.stuffed.clear();
        (self.start, self.end, self.ends_at_marker) = (start, bytes.len(), false);
        let mut rest = bytes.get(start..).unwrap_or_default();
        while let Some(place) = memchr::memchr(0xff, rest) {
            if rest.get(place.wrapping_add(1)) != Some(&0) {
                self.data.extend_from_slice(rest.get(..place).unwrap_or_default());
                self.end = bytes.len().wrapping_sub(rest.len()).wrapping_add(place);
                self.ends_at_marker = place.wrapping_add(1) < rest.len();
                return;
            }
            self.stuffed.push(self.data.len().wrapping_add(place));
            self.data.extend_from_slice(rest.get(..=place).unwrap_or_default());
            rest = rest.get(place.wrapping_add(2)..).unwrap_or_default();
        }
        self.data.extend_from_slice(rest);
    }

    /// The data without the stuffed zeros.
    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }

    /// Bits of the data.
    pub(crate) fn bits(&self) -> usize {
        self.data.len() << 3
    }

    /// Where it ends in the bytes it was cut from.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// Why there are no bits behind it.
    pub(crate) fn dry(&self) -> Dry {
        if self.ends_at_marker { Dry::Marker } else { Dry::Bytes }
    }

    /// The place of byte `index` of the data in the bytes it was cut from; what lies behind the data is at their end.
    pub(crate) fn place(&self, index: usize) -> usize {
        let stuffed = self.stuffed.partition_point(|stuffed| *stuffed < index);
        self.start.wrapping_add(index).wrapping_add(stuffed).min(self.end)
    }

    /// The marker behind it, where the bits before `position` are used: its code and the place behind it in `bytes`. What is
    /// left of the last byte and fill bytes are passed over.
    pub(crate) fn marker(&self, bytes: &[u8], position: usize) -> Result<(u8, usize), Dry> {
        if self.bits().wrapping_sub(position) >= 8 {
            return Err(Dry::Code);
        }
        let mut at = self.end;
        loop {
            match (bytes.get(at), bytes.get(at.wrapping_add(1))) {
                (Some(0xff), Some(0xff)) => at = at.wrapping_add(1),
                (Some(0xff), Some(0)) | (Some(0..0xff), _) => return Err(Dry::Code),
                (Some(0xff), Some(code)) => return Ok((*code, at.wrapping_add(2))),
                _ => return Err(Dry::Bytes),
            }
        }
    }
}
