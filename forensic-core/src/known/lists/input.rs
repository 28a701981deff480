//! A list as bytes: read once from its beginning, unpacked, and spooled to disk where its format needs a file.

use super::text::Text;
use crate::{
    Limits,
    error::{Error, Result},
    known::HashSet,
};
use flate2::read::MultiGzDecoder;
use std::{
    fs::File,
    io::{BufReader, Cursor, ErrorKind, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes that the format is told by.
const HEAD: u64 = 64 << 10;

type Bytes<'a> = Box<dyn Read + Send + 'a>;

/// What a reader of a format reads.
pub(super) struct Input<'a> {
    /// What errors call it by.
    pub(super) path: PathBuf,
    pub(super) reader: BufReader<Bytes<'a>>,
    /// The position of the reader's first byte: behind a byte-order mark.
    pub(super) start: u64,
    pub(super) limits: Limits,
}

impl<'a> Input<'a> {
    fn new(path: PathBuf, reader: Bytes<'a>, limits: Limits) -> Self {
        Self { path, reader: BufReader::with_capacity(256 << 10, reader), start: 0, limits }
    }

    /// The same as UTF-8.
    pub(super) fn into_text(self) -> Result<Self> {
        let text = Text::new(self.reader).map_err(|error| Error::io(&self.path, error))?;
        let start = text.start();
        Ok(Self { start, ..Self::new(self.path, Box::new(text), self.limits) })
    }

    /// Appends the next `count` bytes, or as many as there are.
    pub(super) fn read_up_to(&mut self, count: u64, bytes: &mut Vec<u8>) -> Result<()> {
        let read = self.reader.by_ref().take(count).read_to_end(bytes);
        read.map(|_| ()).map_err(|error| self.error(error))
    }

    pub(super) fn error(&self, error: std::io::Error) -> Error {
        Error::io(&self.path, error)
    }
}

/// A list whose first bytes were looked at.
pub(super) struct Opened<'a> {
    pub(super) path: PathBuf,
    pub(super) head: Vec<u8>,
    rest: Bytes<'a>,
    /// The file, where the bytes are those of a file.
    file: Option<PathBuf>,
    /// Bytes that may be spooled.
    most: u64,
    pub(super) limits: Limits,
    pub(super) damage: Damage,
}

/// What ended the unpacking of a list before its end.
pub(super) type Damage = Arc<Mutex<Option<String>>>;

/// Unpacks as far as that goes: what is there is read, and the damage told once it is.
struct Unpacked<R> {
    packed: R,
    damage: Damage,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        match self.packed.read(buf) {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput
                ) =>
            {
                *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
                Ok(0)
            }
            other => other,
        }
    }
}

impl<'a> Opened<'a> {
    pub(super) fn file(path: &Path, limits: Limits) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io(path, error))?;
        Self::new(path.to_owned(), Box::new(file), Some(path.to_owned()), limits)
    }

    pub(super) fn stream(path: PathBuf, reader: Bytes<'a>, limits: Limits) -> Result<Self> {
        Self::new(path, reader, None, limits)
    }

    fn new(path: PathBuf, mut rest: Bytes<'a>, file: Option<PathBuf>, limits: Limits) -> Result<Self> {
        let mut head = read_head(&path, &mut rest)?;
        if !head.starts_with(&[0x1f, 0x8b, 8]) {
            return Ok(Self { path, head, rest, file, most: u64::MAX, limits, damage: Damage::default() });
        }
        let packed = Unpacked { packed: MultiGzDecoder::new(Cursor::new(head).chain(rest)), damage: Damage::default() };
        let damage = packed.damage.clone();
        rest = Box::new(packed);
        head = read_head(&path, &mut rest)?;
        Ok(Self { path, head, rest, file: None, most: limits.sparse_bytes, limits, damage })
    }

    /// True where the head is all there is.
    pub(super) fn is_whole(&self) -> bool {
        (self.head.len() as u64) < HEAD
    }

    pub(super) fn into_input(self) -> Input<'a> {
        Input::new(self.path, Box::new(Cursor::new(self.head).chain(self.rest)), self.limits)
    }

    /// The list as a set of this library: its file, or its bytes in memory.
    pub(super) fn into_set(self) -> Result<HashSet> {
        let Self { path, head, rest, file, most, .. } = self;
        if let Some(file) = file {
            return HashSet::open(file);
        }
        let mut bytes = Vec::new();
        let read = Cursor::new(head).chain(rest).take(most).read_to_end(&mut bytes);
        read.map_err(|error| Error::io(&path, error))?;
        HashSet::from_bytes(bytes)
    }

    /// The list as a file: itself, or a copy that goes with the value.
    pub(super) fn into_file(self) -> Result<Spooled> {
        let Self { path, head, rest, file, most, .. } = self;
        if let Some(file) = file {
            return Ok(Spooled { path, file, copy: None });
        }
        let failed = |error| Error::io(&path, error);
        let mut copy = tempfile::NamedTempFile::new().map_err(failed)?;
        let copied = std::io::copy(&mut Cursor::new(head).chain(rest).take(most), &mut copy).map_err(failed)?;
        if copied >= most {
            let (found, offset) = (copied, 0);
            return Err(Error::Limit { structure: "packed database", offset, found, limit: most, unit: "bytes" });
        }
        Ok(Spooled { file: copy.path().to_owned(), copy: Some(copy), path })
    }
}

/// A list that lies in a file.
pub(super) struct Spooled {
    /// What errors call it by.
    pub(super) path: PathBuf,
    pub(super) file: PathBuf,
    /// Removes the copy when it goes.
    #[allow(dead_code, reason = "held for its drop")]
    pub(super) copy: Option<tempfile::NamedTempFile>,
}

fn read_head(path: &Path, reader: &mut Bytes<'_>) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD).read_to_end(&mut head).map_err(|error| Error::io(path, error))?;
    Ok(head)
}
