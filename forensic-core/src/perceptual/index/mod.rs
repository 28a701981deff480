//! The index of perceptual hashes: all that are near a hash, of millions, exactly; one file, mapped, never changed once it is
//! written.
//!
//! What it looks like is told in the modules: [`layout`] has the file, [`chunks`] the tables, [`spread`] how they answer.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod builder;
mod check;
pub(super) mod chunks;
mod item;
mod items;
mod layout;
mod lookup;
pub(super) mod scan;
pub(super) mod spread;

use self::{chunks::Chunks, layout::Header, scan::Kernel};
use super::{Algorithm, ImageHash};
use crate::{
    error::{Error, Result},
    sealed::{Bytes, Image},
};
use std::{collections::HashSet, path::Path};

pub use builder::IndexBuilder;
pub use item::{Answer, Key, Match, Query};
pub(super) use layout::Shape;
pub(super) use lookup::Scratch;

/// Perceptual hashes of one algorithm and length, 64 to 1,024 bits, each under a key: in one file, or in memory. Threads and
/// processes may share it.
///
/// Each block of the file is held against its checksum when it is first touched, so that a changed file is an error, not a
/// wrong answer. Equal hashes are stored once. Several indexes are asked one after another; [`HashIndex::accepts`] tells
/// which of them a hash can be looked up in.
pub struct HashIndex {
    image: Image,
    header: Header,
    chunks: Chunks,
    kernel: Kernel,
}

impl HashIndex {
    /// Builds an index in memory, or in a file at `path`: see [`IndexBuilder::finish`].
    ///
    /// ```
    /// use forensic_core::perceptual::{Algorithm, HashIndex, ImageHash, Key, Query};
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("pictures.index");
    /// let hash = |last| ImageHash::from_parts(Algorithm::Pdq, [&[0x5a; 31][..], &[last]].concat(), Some(100));
    /// HashIndex::build([(Key::from("a.jpg"), hash(0)), (Key::from("b.jpg"), hash(1))], Some(&path))?;
    /// let index = HashIndex::open(&path)?;
    /// let answer = index.query(&hash(0), &Query::default())?;
    /// assert_eq!(answer.matches.iter().map(|hit| hit.distance).collect::<Vec<_>>(), [0, 1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`IndexBuilder::push`] and [`IndexBuilder::finish`].
    pub fn build(items: impl IntoIterator<Item = (Key, ImageHash)>, path: Option<&Path>) -> Result<Self> {
        let mut builder = IndexBuilder::new();
        items.into_iter().try_for_each(|(key, hash)| builder.push(key, &hash))?;
        builder.finish(path)
    }

    /// Makes one index of several, without what is under the keys that are `removed`: so hashes are added to an index (build
    /// one of them, and merge) and deleted from it.
    ///
    /// ```
    /// use forensic_core::perceptual::{Algorithm, HashIndex, ImageHash, Key};
    /// let index = |key: i64| {
    ///     HashIndex::build([(Key::Number(key), ImageHash::from_parts(Algorithm::Mean, [key as u8; 8], None))], None)
    /// };
    /// let merged = HashIndex::merge([&index(1)?, &index(2)?, &index(3)?], &[Key::Number(2)].into(), None)?;
    /// assert_eq!(merged.len(), 2);
    /// # Ok::<(), forensic_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`HashIndex::build`]; [`Error::Corrupt`] for an index that was changed.
    pub fn merge<'a>(
        indexes: impl IntoIterator<Item = &'a Self>,
        removed: &HashSet<Key>,
        path: Option<&Path>,
    ) -> Result<Self> {
        let mut builder = IndexBuilder::new();
        indexes.into_iter().try_for_each(|index| builder.merge(index, |key| !removed.contains(key)))?;
        builder.finish(path)
    }

    /// Opens an index. Its header, its table of checksums and a few of its hashes are checked, which takes milliseconds however
    /// many there are; all else when it is touched.
    ///
    /// The file is mapped: what the system keeps of it in memory is shared by all who have it open. Do not change it while
    /// it is; to replace it (as [`HashIndex::build`] does) is no change. A file that somebody cuts meanwhile ends the process
    /// on most systems (`SIGBUS`): where others may do that, read it and give it to [`HashIndex::from_bytes`].
    ///
    /// # Errors
    /// [`Error::Format`] for what is no index, [`Error::Unsupported`] for one of a later version or of an algorithm or a version
    /// of it that this library does not have, [`Error::Corrupt`] for one that is cut or changed, [`Error::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::of(Bytes::open(path.as_ref())?)
    }

    /// Opens an index whose file is in memory.
    ///
    /// # Errors
    /// As [`HashIndex::open`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        Self::of(Bytes::Memory(bytes))
    }

    fn of(bytes: Bytes) -> Result<Self> {
        let header = Header::parse(&bytes)?;
        let (row, bits) = header.shape.map_or((8, 0), |shape| (shape.row(), shape.bits()));
        let chunks = Chunks::new(&header.widths, bits, header.row_count, header.chunks.offset);
        let chunks = chunks.ok_or_else(|| Error::corrupt("hash index", header.chunks.offset, "chunks", "none"))?;
        let image = Image::new(bytes, "hash index", header.sums);
        let index = Self { image, header, chunks, kernel: Kernel::of(row) };
        index.check_sample()?;
        Ok(index)
    }

    /// Number of hashes, equal ones under several keys counted for each.
    pub fn len(&self) -> usize {
        usize::try_from(self.header.item_count).unwrap_or(usize::MAX)
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of distinct hashes.
    pub fn distinct(&self) -> usize {
        usize::try_from(self.header.row_count).unwrap_or(usize::MAX)
    }

    /// The algorithm of the hashes; `None` where there is none.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.header.shape.map(|shape| shape.algorithm)
    }

    /// Bits of a hash; 0 where there is none.
    pub fn bits(&self) -> u32 {
        self.header.shape.map_or(0, Shape::bits)
    }

    /// Bytes of the index, as a file or in memory.
    pub fn size(&self) -> u64 {
        self.header.length
    }

    /// True where a hash is of the algorithm and the length of those of the index, so that it can be looked up.
    pub fn accepts(&self, hash: &ImageHash) -> bool {
        self.check_shape(hash).is_ok()
    }

    fn check_shape(&self, hash: &ImageHash) -> Result<()> {
        match self.header.shape {
            Some(shape) if shape.algorithm != hash.algorithm() || shape.length != hash.as_bytes().len() => {
                let (name, bits) = (hash.algorithm().as_str(), hash.bits());
                let own = shape.algorithm.as_str();
                let wrong = format!("a {name} hash of {bits} bits in an index of {own} hashes of {}", shape.bits());
                Err(Error::invalid(wrong))
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for HashIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("HashIndex");
        debug.field("len", &self.len()).field("algorithm", &self.algorithm()).field("bits", &self.bits());
        debug.field("chunks", &self.header.widths).finish_non_exhaustive()
    }
}
