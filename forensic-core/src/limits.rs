//! Bounds on what hostile input can make the library do.

/// Bounds that a caller may tighten or widen. The defaults fit real media; reaching one is an [`Error::Limit`] or an
/// issue, never a silent cut.
///
/// [`Error::Limit`]: crate::Error::Limit
///
/// ```
/// use forensic_core::Limits;
/// let limits = Limits { depth: 64, ..Limits::default() };
/// assert!(limits.entries > 1_000_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Directories within directories; deeper ones are listed as orphans.
    pub depth: u32,
    /// Entries of one filesystem.
    pub entries: u64,
    /// Extents (data runs, cluster runs) of one stream.
    pub runs: usize,
    /// Partitions of one medium.
    pub partitions: usize,
    /// Segment files of one image.
    pub segments: usize,
    /// Bytes of one structure read into memory at once (a table of a container, an attribute list, an index record).
    pub structure_bytes: u64,
    /// Bytes of one compressed block once inflated (an E01 chunk, a compression unit).
    pub inflated_bytes: u64,
    /// Bytes that a stream may have beyond what the medium holds (sparse parts, compression), for it to be hashed by a
    /// triage.
    pub sparse_bytes: u64,
    /// Bytes of unallocated space that the first listing of NTFS searches for names and records of deleted files, from the start of
    /// the volume on; 0 for a listing at once.
    pub sweep_bytes: u64,
    /// Bytes that carving may read in looking for the rest of one broken file; what is decoded counts as the bytes that could be read
    /// meanwhile, some 1 GB in a second.
    pub mend_bytes: u64,
    /// Width × height of a picture to decode.
    pub pixels: u64,
    /// Bytes a picture decoder may allocate.
    pub picture_bytes: u64,
    /// Issues kept for one evidence or filesystem.
    pub issues: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 512,
            entries: 200_000_000,
            runs: 4_000_000,
            partitions: 1024,
            segments: 16_384,
            structure_bytes: 256 << 20,
            inflated_bytes: 32 << 20,
            sparse_bytes: 64 << 30,
            sweep_bytes: 64 << 30,
            mend_bytes: 4 << 30,
            pixels: 400_000_000,
            picture_bytes: 512 << 20,
            issues: 100_000,
        }
    }
}
