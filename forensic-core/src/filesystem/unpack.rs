//! The compression methods filesystems share, each as a function that gives at most as many bytes as it is told to: the
//! packed bytes and that number in, the bytes or what is wrong with them out.

use std::io::Read;

/// Reads at most `most` bytes; more than that is damage.
fn bounded(mut from: impl Read, most: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(most);
    let limit = (most as u64).saturating_add(1);
    from.by_ref().take(limit).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() > most {
        return Err(format!("more than {most} bytes"));
    }
    Ok(bytes)
}

/// zlib (RFC 1950).
pub(crate) fn zlib(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    bounded(flate2::read::ZlibDecoder::new(packed), most)
}
