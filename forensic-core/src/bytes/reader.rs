//! A cursor over a source, for code that wants `io::Read + io::Seek`.

use super::{ReadAt, Source};
use std::io::{self, Read, Seek, SeekFrom};

/// Reads a [`Source`] as a stream.
///
/// ```
/// use forensic_core::bytes::{Reader, Source};
/// use std::{io::Read, sync::Arc};
///
/// let source: Source = Arc::new(b"evidence".to_vec());
/// let mut text = String::new();
/// Reader::new(source).read_to_string(&mut text)?;
/// assert_eq!(text, "evidence");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Reader {
    source: Source,
    position: u64,
}

impl Reader {
    /// A cursor at the start of `source`.
    pub fn new(source: Source) -> Self {
        Self { source, position: 0 }
    }
}

impl Read for Reader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len().saturating_sub(self.position);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let Some(part) = buf.get_mut(..count).filter(|part| !part.is_empty()) else { return Ok(0) };
        self.source.read_at(self.position, part)?;
        self.position = self.position.saturating_add(count as u64);
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, delta) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::End(delta) => (self.source.len(), delta),
            SeekFrom::Current(delta) => (self.position, delta),
        };
        self.position = base
            .checked_add_signed(delta)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.position)
    }
}
