//! The compression methods that filesystems share, each as a function that gives at most as many bytes as it is told to: the
//! packed bytes and that number in, the bytes or what is wrong with them out.

use super::lzo;
use std::io::Read;

/// KiB a decoder of LZMA may take: what a dictionary of 64 MiB needs.
const LZMA_MEMORY: u32 = 70 << 10;
/// Bytes of a zstd window: the largest that its authors ask every decoder to take.
const ZSTD_WINDOW: u64 = 8 << 20;

/// zlib (RFC 1950).
pub(crate) fn zlib(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    bounded(flate2::read::ZlibDecoder::new(packed), most)
}

/// xz (the .xz file format 1.1.0).
pub(crate) fn xz(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    bounded(lzma_rust2::XzReader::new_mem_limit(packed, false, LZMA_MEMORY), most)
}

/// LZMA with the header of an .lzma file.
pub(crate) fn lzma(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let reader = lzma_rust2::LzmaReader::new_mem_limit(packed, LZMA_MEMORY, None).map_err(|error| error.to_string())?;
    bounded(reader, most)
}

/// LZO1X.
pub(crate) fn lzo(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    lzo::unpack(packed, most)
}

/// An LZ4 block (LZ4 Block Format Description).
pub(crate) fn lz4(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; most];
    let length = lz4_flex::block::decompress_into(packed, &mut bytes).map_err(|error| error.to_string())?;
    bytes.truncate(length);
    Ok(bytes)
}

/// A zstd frame (RFC 8878).
pub(crate) fn zstd(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let reader = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(packed, ZSTD_WINDOW)
        .map_err(|error| error.to_string())?;
    bounded(reader, most)
}

/// Reads at most `most` bytes; more than that is damage.
fn bounded(from: impl Read, most: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(most);
    let limit = (most as u64).saturating_add(1);
    from.take(limit).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() > most {
        return Err(format!("more than {most} bytes"));
    }
    Ok(bytes)
}
