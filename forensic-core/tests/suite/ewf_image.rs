//! Writes small EWF-E01 images, so that tests can damage them at known places.

use flate2::{Compression, write::ZlibEncoder};
use std::{io::Write, ops::Range};

/// Bytes of a sector, and of a chunk of two sectors.
pub const SECTOR: usize = 512;
pub const CHUNK: usize = 2 * SECTOR;

/// An image, and where in its segment files things lie.
#[derive(Clone)]
pub struct Image {
    pub segments: Vec<Vec<u8>>,
    /// Segment and range of the stored bytes of each chunk.
    pub chunks: Vec<(usize, Range<usize>)>,
    /// Segment and range of the content of each `table` and `table2` section.
    pub tables: Vec<(usize, Range<usize>)>,
    /// Content of the volume section, in the first segment.
    pub volume: Range<usize>,
}

/// Writes `medium` in `segments` files. Chunks with an odd number are stored uncompressed. `error2` lists sectors that
/// could not be read: first one and number.
pub fn write(medium: &[u8], segments: usize, error2: &[(u32, u32)]) -> Image {
    let stored: Vec<(Vec<u8>, bool)> = medium.chunks(CHUNK).enumerate().map(|(n, chunk)| store(chunk, n)).collect();
    let mut image = Image { segments: Vec::new(), chunks: Vec::new(), tables: Vec::new(), volume: 0..0 };
    let per_segment = stored.len().div_ceil(segments).max(1);
    for (index, chunks) in stored.chunks(per_segment).enumerate() {
        let mut file = b"EVF\x09\x0d\x0a\xff\x00\x01".to_vec();
        file.extend(u16::try_from(index + 1).unwrap().to_le_bytes());
        file.extend([0, 0]);
        if index == 0 {
            section(&mut file, "header", &deflate(b"1\nmain\nc\tn\ta\te\tt\tm\n7\t3\tdisk\tx\tn\t2024 2 29 1 2 3\n\n"));
            image.volume = section(&mut file, "volume", &volume(medium.len(), stored.len()));
        }
        let data: Vec<u8> = chunks.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let data = section(&mut file, "sectors", &data);
        let mut at = data.start;
        let mut entries = Vec::new();
        for (bytes, compressed) in chunks {
            entries.push(u32::try_from(at).unwrap() | if *compressed { 1 << 31 } else { 0 });
            image.chunks.push((index, at..at + bytes.len()));
            at += bytes.len();
        }
        for kind in ["table", "table2"] {
            let range = section(&mut file, kind, &table(&entries));
            image.tables.push((index, range));
        }
        image.segments.push(file);
    }
    let last = image.segments.len() - 1;
    for (index, file) in image.segments.iter_mut().enumerate() {
        if index < last {
            section(file, "next", &[]);
            continue;
        }
        if !error2.is_empty() {
            let mut content = u32::try_from(error2.len()).unwrap().to_le_bytes().to_vec();
            content.resize(516, 0);
            seal(&mut content);
            let entries: Vec<u8> =
                error2.iter().flat_map(|(first, count)| [first.to_le_bytes(), count.to_le_bytes()].concat()).collect();
            content.extend(&entries);
            content.extend(simd_adler32::adler32(&&*entries).to_le_bytes());
            section(file, "error2", &content);
        }
        use md5::Digest;
        let mut hash = md5::Md5::digest(medium).to_vec();
        hash.resize(32, 0);
        seal(&mut hash);
        section(file, "hash", &hash);
        section(file, "done", &[]);
    }
    image
}

impl Image {
    /// Changes an entry of a table and makes the table's checksum fit again.
    pub fn set_entry(&mut self, table: usize, entry: usize, value: u32) {
        let (segment, range) = self.tables[table].clone();
        let content = &mut self.segments[segment][range];
        let end = content.len() - 4;
        content[24 + 4 * entry..28 + 4 * entry].copy_from_slice(&value.to_le_bytes());
        let checksum = simd_adler32::adler32(&&content[24..end]);
        content[end..].copy_from_slice(&checksum.to_le_bytes());
    }

    /// Changes the volume section and makes its checksum fit again.
    pub fn set_volume(&mut self, offset: usize, value: &[u8]) {
        let content = &mut self.segments[0][self.volume.clone()];
        content[offset..offset + value.len()].copy_from_slice(value);
        let checksum = simd_adler32::adler32(&&content[..1048]);
        content[1048..].copy_from_slice(&checksum.to_le_bytes());
    }

    /// Puts a section descriptor's next offset, and makes its checksum fit again. `content` is the start of its content.
    pub fn set_next(&mut self, segment: usize, content: usize, next: u64) {
        let descriptor = &mut self.segments[segment][content - 76..content];
        descriptor[16..24].copy_from_slice(&next.to_le_bytes());
        let checksum = simd_adler32::adler32(&&descriptor[..72]);
        descriptor[72..].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// zlib's form of `bytes`.
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn store(chunk: &[u8], number: usize) -> (Vec<u8>, bool) {
    if number.is_multiple_of(2) {
        return (deflate(chunk), true);
    }
    let mut bytes = chunk.to_vec();
    seal(&mut bytes);
    (bytes, false)
}

fn volume(size: usize, chunks: usize) -> Vec<u8> {
    let mut content = vec![0; 1048];
    content[0] = 1;
    content[4..8].copy_from_slice(&u32::try_from(chunks).unwrap().to_le_bytes());
    content[8..12].copy_from_slice(&u32::try_from(CHUNK / SECTOR).unwrap().to_le_bytes());
    content[12..16].copy_from_slice(&u32::try_from(SECTOR).unwrap().to_le_bytes());
    content[16..24].copy_from_slice(&((size / SECTOR) as u64).to_le_bytes());
    content[36] = 3;
    content[52] = 1;
    seal(&mut content);
    content
}

fn table(entries: &[u32]) -> Vec<u8> {
    let mut content = u32::try_from(entries.len()).unwrap().to_le_bytes().to_vec();
    content.resize(20, 0);
    seal(&mut content);
    let entries: Vec<u8> = entries.iter().flat_map(|entry| entry.to_le_bytes()).collect();
    content.extend(&entries);
    content.extend(simd_adler32::adler32(&&*entries).to_le_bytes());
    content
}

/// Appends the checksum of what is there.
fn seal(content: &mut Vec<u8>) {
    content.extend(simd_adler32::adler32(&&**content).to_le_bytes());
}

/// Appends a section and gives the range of its content.
fn section(file: &mut Vec<u8>, kind: &str, content: &[u8]) -> Range<usize> {
    let at = file.len();
    let end = at + 76 + content.len();
    let next = if matches!(kind, "next" | "done") { at } else { end };
    let mut descriptor = kind.as_bytes().to_vec();
    descriptor.resize(16, 0);
    descriptor.extend((next as u64).to_le_bytes());
    descriptor.extend(((end - at) as u64).to_le_bytes());
    descriptor.resize(72, 0);
    seal(&mut descriptor);
    file.extend(descriptor);
    file.extend(content);
    at + 76..end
}
