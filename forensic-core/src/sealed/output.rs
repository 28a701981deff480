//! A file while it is written: sections one behind another, each block's checksum taken as it goes by.

use super::{BLOCK, Section, checksum};
use crate::error::{Error, Result};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Sections begin at a line of the processor's cache.
const ALIGNMENT: usize = 64;
const BLOCK_BYTES: usize = BLOCK as usize;
const BUFFER: usize = 256 * BLOCK_BYTES;

/// A file that is being written. One that is not finished leaves nothing behind.
pub(crate) struct Output {
    target: Target,
    /// The next bytes of the file; always begins with a block.
    buffer: Vec<u8>,
    /// Bytes written, blocks all.
    written: u64,
    /// The checksums of the blocks written, the header's place included.
    sums: Vec<u64>,
}

/// The checksums of a file, its last section.
pub(crate) struct Sums {
    pub(crate) section: Section,
    /// The checksum of them all.
    pub(crate) checksum: u64,
}

enum Target {
    Memory(Vec<u8>),
    File { file: NamedTempFile, path: PathBuf },
}

impl Output {
    /// A file in memory, or one that becomes the file at `path` when it is finished; until then its name begins with `prefix`.
    pub(crate) fn new(path: Option<&Path>, prefix: &str) -> Result<Self> {
        let target = match path {
            None => Target::Memory(Vec::new()),
            Some(path) => {
                let file = new_file_beside(path, prefix).map_err(|error| Error::io(path, error))?;
                Target::File { file, path: path.to_owned() }
            }
        };
        Ok(Self { target, buffer: vec![0; BLOCK_BYTES], written: 0, sums: Vec::new() })
    }

    /// Where the next byte goes.
    pub(crate) fn position(&self) -> u64 {
        self.written.saturating_add(self.buffer.len() as u64)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        bytes.chunks(BUFFER).try_for_each(|part| {
            self.buffer.extend_from_slice(part);
            if self.buffer.len() >= BUFFER { self.flush_blocks() } else { Ok(()) }
        })
    }

    /// Begins a section; gives its offset.
    pub(crate) fn begin(&mut self) -> u64 {
        self.buffer.resize(self.buffer.len().next_multiple_of(ALIGNMENT), 0);
        self.position()
    }

    /// The section from `offset` on to here.
    pub(crate) fn section_from(&self, offset: u64) -> Section {
        Section { offset, length: self.position().saturating_sub(offset) }
    }

    /// Writes the whole blocks of the buffer.
    fn flush_blocks(&mut self) -> Result<()> {
        let cut = self.buffer.len() % BLOCK_BYTES;
        self.flush(self.buffer.len().saturating_sub(cut))
    }

    fn flush(&mut self, length: usize) -> Result<()> {
        let bytes = self.buffer.get(..length).unwrap_or_default();
        self.sums.extend(bytes.chunks(BLOCK_BYTES).map(checksum));
        self.target.append(bytes)?;
        self.written = self.written.saturating_add(length as u64);
        self.buffer.drain(..length);
        Ok(())
    }

    /// Gives the bytes from `offset` on, which were written before, to `read`, a part after another until that answers
    /// `None`; else it says how many of them it is done with.
    pub(crate) fn read_back(&mut self, section: Section) -> Result<ReadBack<'_>> {
        self.flush_blocks()?;
        Ok(ReadBack { output: self, at: section.offset, end: section.end(), buffer: Vec::new(), taken: 0 })
    }

    /// Overwrites a byte that was written before.
    pub(crate) fn patch(&mut self, offset: u64, byte: u8) -> Result<()> {
        if let Some(ahead) = offset.checked_sub(self.written) {
            if let Some(place) = usize::try_from(ahead).ok().and_then(|ahead| self.buffer.get_mut(ahead)) {
                *place = byte;
            }
            return Ok(());
        }
        self.target.overwrite(offset, &[byte])?;
        let block = offset / BLOCK;
        let mut bytes = vec![0; BLOCK_BYTES];
        self.target.read(block.saturating_mul(BLOCK), &mut bytes)?;
        if let Some(sum) = usize::try_from(block).ok().and_then(|block| self.sums.get_mut(block)) {
            *sum = checksum(&bytes);
        }
        Ok(())
    }

    /// Reads bytes that were written before.
    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let in_target = usize::try_from(self.written.saturating_sub(offset)).unwrap_or(usize::MAX).min(bytes.len());
        let (written, waiting) = bytes.split_at_mut(in_target);
        self.target.read(offset, written)?;
        let ahead = offset.saturating_add(in_target as u64).saturating_sub(self.written);
        let waits = usize::try_from(ahead).ok().and_then(|from| self.buffer.get(from..));
        let waits = waits.and_then(|from| from.get(..waiting.len()));
        waiting.copy_from_slice(waits.ok_or_else(|| Error::invalid("a read behind what was written"))?);
        Ok(())
    }

    /// Writes the checksums and the header, which is made of what is told of them; gives the bytes, where they are in memory.
    pub(crate) fn finish(mut self, header: impl FnOnce(Sums) -> Vec<u8>) -> Result<Option<Vec<u8>>> {
        self.flush(self.buffer.len())?;
        let sums: Vec<u8> = self.sums.iter().skip(1).flat_map(|sum| sum.to_le_bytes()).collect();
        let section = Section { offset: self.written, length: sums.len() as u64 };
        self.target.append(&sums)?;
        self.target.overwrite(0, &header(Sums { section, checksum: checksum(&sums) }))?;
        self.target.finish()
    }
}

/// Bytes that were written before, read again from first to last.
pub(crate) struct ReadBack<'a> {
    output: &'a mut Output,
    /// Where the bytes behind the buffer are.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    taken: usize,
}

impl ReadBack<'_> {
    /// Offset of the next byte.
    pub(crate) fn position(&self) -> u64 {
        self.at.saturating_sub(self.buffer.len().saturating_sub(self.taken) as u64)
    }

    /// At least `length` of the next bytes, fewer only at the end.
    pub(crate) fn peek(&mut self, length: usize) -> Result<&[u8]> {
        let have = self.buffer.len().saturating_sub(self.taken);
        if have < length && self.at < self.end {
            self.buffer.drain(..self.taken);
            self.taken = 0;
            let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
            let more = left.min(BUFFER.max(length));
            self.buffer.resize(have.saturating_add(more), 0);
            self.output.read(self.at, self.buffer.get_mut(have..).unwrap_or_default())?;
            self.at = self.at.saturating_add(more as u64);
        }
        Ok(self.buffer.get(self.taken..).unwrap_or_default())
    }

    /// Goes on behind `length` bytes that were seen.
    pub(crate) fn take(&mut self, length: usize) {
        self.taken = self.taken.saturating_add(length).min(self.buffer.len());
    }

    /// Overwrites a byte.
    pub(crate) fn patch(&mut self, offset: u64, byte: u8) -> Result<()> {
        self.output.patch(offset, byte)
    }
}

impl Target {
    fn with_file<T>(file: &mut NamedTempFile, path: &Path, act: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T> {
        act(file.as_file_mut()).map_err(|error| Error::io(path, error))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Memory(memory) => {
                memory.extend_from_slice(bytes);
                Ok(())
            }
            Self::File { file, path } => Self::with_file(file, path, |file| file.write_all(bytes)),
        }
    }

    fn overwrite(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Memory(memory) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                if let Some(place) = memory.get_mut(from..from.saturating_add(bytes.len())) {
                    place.copy_from_slice(bytes);
                }
                Ok(())
            }
            Self::File { file, path } => Self::with_file(file, path, |file| {
                file.seek(SeekFrom::Start(offset))?;
                file.write_all(bytes)?;
                file.seek(SeekFrom::End(0)).map(|_| ())
            }),
        }
    }

    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        match self {
            Self::Memory(memory) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                let found = memory.get(from..from.saturating_add(bytes.len()));
                bytes.copy_from_slice(found.ok_or_else(|| Error::invalid("a read behind what was written"))?);
                Ok(())
            }
            Self::File { file, path } => Self::with_file(file, path, |file| {
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(bytes)?;
                file.seek(SeekFrom::End(0)).map(|_| ())
            }),
        }
    }

    fn finish(self) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Memory(memory) => Ok(Some(memory)),
            Self::File { file, path } => {
                // On the medium before it has its name: a file of that name is always whole.
                file.as_file().sync_all().map_err(|error| Error::io(&path, error))?;
                file.persist(&path).map_err(|error| Error::io(&path, error.error))?;
                Ok(None)
            }
        }
    }
}

/// The folder a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new file in the folder of `path`, with the permissions that any new file has.
fn new_file_beside(path: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    builder.tempfile_in(folder_of(path))
}
