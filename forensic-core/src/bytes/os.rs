//! Files of the operating system. The only file of the library that meets the operating system's own calls.

use super::{ReadAt, check_bounds};
use crate::error::{Error, Result};
use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

/// A file or block device, opened read-only.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    size: u64,
}

impl FileSource {
    /// Opens `path` read-only.
    ///
    /// # Errors
    /// [`Error::Io`] where the operating system refuses, or where `path` is a directory, a pipe or a socket.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let open = || -> io::Result<Self> {
            let mut file = open_at_once(path)?;
            let metadata = file.metadata()?;
            if !can_seek(&metadata.file_type()) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file or block device"));
            }
            // The length in a block device's metadata is 0; its end is not.
            let size = if metadata.len() > 0 { metadata.len() } else { file.seek(SeekFrom::End(0))? };
            Ok(Self { file, size })
        };
        open().map_err(|error| Error::io(path, error))
    }
}

/// Opens without waiting for a writer, were it a pipe; of a file, one call of the system less than asking before.
#[cfg(target_os = "linux")]
fn open_at_once(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // The system's flags are of one type, which the two say with different signs.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(target_os = "linux"))]
fn open_at_once(path: &Path) -> io::Result<File> {
    if !can_seek(&std::fs::metadata(path)?.file_type()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file or block device"));
    }
    File::open(path)
}

#[cfg(unix)]
fn can_seek(kind: &std::fs::FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_file() || kind.is_block_device()
}

#[cfg(not(unix))]
fn can_seek(kind: &std::fs::FileType) -> bool {
    !kind.is_dir()
}

#[cfg(unix)]
fn read_some(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, offset)
}

#[cfg(windows)]
fn read_some(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, offset)
}

/// Where the next data of a file begins; `offset` where the system cannot tell. It moves the file's cursor, which nothing
/// here reads from.
#[cfg(target_os = "linux")]
fn next_data(file: &File, offset: u64, size: u64) -> u64 {
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(offset)) {
        Ok(next) => next.clamp(offset, size.max(offset)),
        // There is none behind: the rest is a hole.
        Err(rustix::io::Errno::NXIO) => size.max(offset),
        Err(_) => offset,
    }
}

#[cfg(not(target_os = "linux"))]
fn next_data(_: &File, offset: u64, _: u64) -> u64 {
    offset
}

impl ReadAt for FileSource {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.size)?;
        let (mut at, mut rest) = (offset, buf);
        while !rest.is_empty() {
            let failed = |source: io::Error, length: usize| Error::Unreadable {
                offset: at,
                length: length as u64,
                source: Arc::new(source),
            };
            match read_some(&self.file, rest, at) {
                Ok(0) => return Err(failed(io::ErrorKind::UnexpectedEof.into(), rest.len())),
                Ok(n) => {
                    rest = rest.get_mut(n..).unwrap_or_default();
                    at = at.saturating_add(n as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error, rest.len())),
            }
        }
        Ok(())
    }

    fn locate_byte(&self, offset: u64) -> Option<u64> {
        (offset < self.size).then_some(offset)
    }

    fn next_data(&self, offset: u64) -> u64 {
        next_data(&self.file, offset, self.size)
    }
}
