//! Pictures of MPEG-1 and MPEG-2 video by their start codes: whether the last one is all there (ISO/IEC 13818-2, 6.2).

const PICTURE: u8 = 0;
const LAST_SLICE: u8 = 0xaf;
const SEQUENCE: u8 = 0xb3;
/// Pictures that show how far down their slices reach.
const FEWEST: u64 = 2;

/// The pictures of a stream whose bytes come one piece after another.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    /// The last bytes of the piece before, in which a start code may begin.
    tail: Vec<u8>,
    /// True behind the header of a sequence: this is video of MPEG-1 or 2.
    known: bool,
    /// The last slice of the picture that is read, which number the row of its macroblocks.
    slice: Option<u8>,
    /// The least of the last slices of the pictures before.
    least: Option<u8>,
    pictures: u64,
}

impl Pictures {
    /// Reads the next bytes of the stream.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let seam: Vec<u8> = self.tail.iter().chain(bytes.iter().take(3)).copied().collect();
        self.codes(&seam);
        self.codes(bytes);
        let kept: Vec<u8> = self.tail.iter().chain(bytes).copied().rev().take(3).collect();
        self.tail = kept.into_iter().rev().collect();
    }

    /// True where the last picture does not reach as far down as each before it.
    pub(super) fn is_unfinished(&self) -> bool {
        self.pictures >= FEWEST && self.slice.zip(self.least).is_some_and(|(slice, least)| slice < least)
    }

    fn codes(&mut self, bytes: &[u8]) {
        for place in memchr::memmem::find_iter(bytes, b"\0\0\x01") {
            match place.checked_add(3).and_then(|place| bytes.get(place)) {
                Some(&SEQUENCE) => {
                    self.known = true;
                    self.finish();
                }
                Some(&PICTURE) if self.known => {
                    self.finish();
                    self.slice = Some(0);
                }
                Some(&code @ 1..=LAST_SLICE) if self.slice.is_some() => self.slice = Some(code),
                _ => {}
            }
        }
    }

    fn finish(&mut self) {
        let Some(slice) = self.slice.take() else { return };
        self.pictures = self.pictures.saturating_add(1);
        self.least = Some(self.least.map_or(slice, |least| least.min(slice)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_picture_without_its_last_rows_is_noticed_wherever_the_bytes_are_parted() {
        let code = |code: u8| [0, 0, 1, code, 0x55, 0x55];
        let picture = |rows: u8| (0..=rows).flat_map(code).collect::<Vec<u8>>();
        let stream = [code(SEQUENCE).to_vec(), picture(9), picture(9), picture(9)].concat();
        for size in 1..40 {
            let mut pictures = Pictures::default();
            stream.chunks(size).for_each(|piece| pictures.read(piece));
            assert!(!pictures.is_unfinished(), "{size}");
            pictures.read(&picture(8));
            assert!(pictures.is_unfinished(), "{size}");
        }
    }
}
