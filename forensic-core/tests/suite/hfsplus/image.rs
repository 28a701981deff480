//! Builds HFS+ volumes: just enough of TN1150 for whatever a test needs, valid to other readers too.
#![allow(dead_code)]

/// Bytes of a block and of a node.
pub const BLOCK: usize = 4096;

/// Blocks of a volume.
pub const BLOCKS: usize = 512;

/// Where the filesystem's own files begin: block, number of blocks.
const ALLOCATION: (u32, u32) = (1, 1);
const EXTENTS: (u32, u32) = (2, 2);
pub const CATALOG: (u32, u32) = (4, 24);
pub const ATTRIBUTES: (u32, u32) = (28, 8);
const JOURNAL_INFO: u32 = 36;
pub const JOURNAL: (u32, u32) = (37, 8);
const FIRST_FREE: u32 = 48;

/// Records of a leaf.
const PER_LEAF: usize = 6;

/// 2022-01-01 in seconds since 1904.
pub const DATE: u32 = 3_723_840_000;

/// A fork: bytes, and its runs of blocks.
#[derive(Clone, Default)]
pub struct Fork {
    pub size: u64,
    pub runs: Vec<(u32, u32)>,
}

/// A file or folder to be.
#[derive(Clone)]
pub struct Item {
    pub parent: u32,
    pub name: String,
    pub id: u32,
    pub is_folder: bool,
    pub mode: u16,
    pub special: u32,
    pub codes: [u8; 8],
    pub owner_flags: u8,
    pub date: u32,
    pub data: Fork,
    pub resource: Fork,
}

impl Item {
    pub fn file(parent: u32, name: &str, id: u32) -> Self {
        Self {
            parent,
            name: name.to_owned(),
            id,
            is_folder: false,
            mode: 0o100_644,
            special: 1,
            codes: [0; 8],
            owner_flags: 0,
            date: DATE,
            data: Fork::default(),
            resource: Fork::default(),
        }
    }

    pub fn folder(parent: u32, name: &str, id: u32) -> Self {
        Self { is_folder: true, mode: 0o040_755, special: 0, ..Self::file(parent, name, id) }
    }

    /// A hard link to the file with this number.
    pub fn link(parent: u32, name: &str, id: u32, target: u32) -> Self {
        Self { special: target, codes: *b"hlnkhfs+", ..Self::file(parent, name, id) }
    }

    pub fn with(self, data: Fork) -> Self {
        Self { data, ..self }
    }
}

/// Runs that a file's record has no room for: file, fork, first block of the fork, runs.
type More = (u32, u8, u32, Vec<(u32, u32)>);

/// A volume in the making.
pub struct Image {
    pub bytes: Vec<u8>,
    next: u32,
    items: Vec<Item>,
    attributes: Vec<(u32, String, Vec<u8>)>,
    overflow: Vec<More>,
    pub case_sensitive: bool,
}

impl Image {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; BLOCK * BLOCKS],
            next: FIRST_FREE,
            items: vec![Item { parent: 1, ..Item::folder(1, "volume", 2) }],
            attributes: Vec::new(),
            overflow: Vec::new(),
            case_sensitive: false,
        }
    }

    pub fn add(&mut self, item: Item) -> &mut Self {
        self.items.push(item);
        self
    }

    pub fn remove(&mut self, id: u32) -> Item {
        let place = self.items.iter().position(|item| item.id == id).unwrap();
        self.items.remove(place)
    }

    /// Writes `content` to runs of at most `longest` blocks, with a free block between each two.
    pub fn content(&mut self, content: &[u8], longest: usize) -> Fork {
        let mut runs = Vec::new();
        for piece in content.chunks(longest * BLOCK) {
            let at = self.next as usize * BLOCK;
            self.bytes[at..at + piece.len()].copy_from_slice(piece);
            let count = piece.len().div_ceil(BLOCK) as u32;
            runs.push((self.next, count));
            self.next += count + 1;
        }
        Fork { size: content.len() as u64, runs }
    }

    pub fn attribute(&mut self, id: u32, name: &str, value: &[u8]) -> &mut Self {
        self.attributes.push((id, name.to_owned(), value.to_vec()));
        self
    }

    fn record(&mut self, item: &Item) -> Vec<u8> {
        let mut record = vec![0u8; if item.is_folder { 88 } else { 248 }];
        let mut put = |at: usize, bytes: &[u8]| record[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &(if item.is_folder { 1u16 } else { 2 }).to_be_bytes());
        put(2, &2u16.to_be_bytes());
        let valence = self.items.iter().filter(|child| child.parent == item.id).count() as u32;
        put(4, &(if item.is_folder { valence } else { 0 }).to_be_bytes());
        put(8, &item.id.to_be_bytes());
        (12..32).step_by(4).take(4).for_each(|at| put(at, &item.date.to_be_bytes()));
        put(32, &501u32.to_be_bytes());
        put(36, &20u32.to_be_bytes());
        put(41, &[item.owner_flags]);
        put(42, &item.mode.to_be_bytes());
        put(44, &item.special.to_be_bytes());
        if !item.is_folder {
            put(48, &item.codes);
            let forks = [(88, 0u8, item.data.clone()), (168, 0xff, item.resource.clone())];
            for (at, kind, fork) in forks {
                put(at, &fork_data(&fork));
                let mut block: u32 = fork.runs.iter().take(8).map(|run| run.1).sum();
                for runs in fork.runs.get(8..).unwrap_or_default().chunks(8) {
                    self.overflow.push((item.id, kind, block, runs.to_vec()));
                    block += runs.iter().map(|run| run.1).sum::<u32>();
                }
            }
        }
        record
    }

    fn catalog(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut records = Vec::new();
        for item in self.items.clone() {
            records.push(((item.parent, units(&item.name)), self.record(&item)));
            let mut thread = vec![0, if item.is_folder { 3 } else { 4 }, 0, 0];
            thread.extend(item.parent.to_be_bytes());
            thread.extend((units(&item.name).len() as u16).to_be_bytes());
            thread.extend(units(&item.name).iter().flat_map(|unit| unit.to_be_bytes()));
            records.push(((item.id, Vec::new()), thread));
        }
        records.sort();
        let key = |(parent, name): (u32, Vec<u16>)| {
            let mut key = ((6 + 2 * name.len()) as u16).to_be_bytes().to_vec();
            key.extend(parent.to_be_bytes());
            key.extend((name.len() as u16).to_be_bytes());
            key.extend(name.iter().flat_map(|unit| unit.to_be_bytes()));
            key
        };
        records.into_iter().map(|(of, record)| (key(of), record)).collect()
    }

    /// Writes the trees, the bitmap and the header. May be called again after a change: leaves that are not written
    /// again keep what they held.
    pub fn write(&mut self) -> &mut Self {
        self.overflow.clear();
        let catalog = self.catalog();
        self.tree(CATALOG, &catalog, 516, 6);
        let mut overflow: Vec<_> = self.overflow.clone();
        overflow.sort();
        let overflow: Vec<_> = overflow
            .into_iter()
            .map(|(id, kind, block, runs)| {
                let mut key = vec![0, 10, kind, 0];
                key.extend(id.to_be_bytes());
                key.extend(block.to_be_bytes());
                (key, eight(&runs))
            })
            .collect();
        self.tree(EXTENTS, &overflow, 10, 100);
        let mut attributes = self.attributes.clone();
        attributes.sort();
        let attributes: Vec<_> = attributes
            .into_iter()
            .map(|(id, name, value)| {
                let name = units(&name);
                let mut key = ((12 + 2 * name.len()) as u16).to_be_bytes().to_vec();
                key.extend([0, 0]);
                key.extend(id.to_be_bytes());
                key.extend([0; 4]);
                key.extend((name.len() as u16).to_be_bytes());
                key.extend(name.iter().flat_map(|unit| unit.to_be_bytes()));
                let mut record = 0x10u32.to_be_bytes().to_vec();
                record.extend([0; 8]);
                record.extend((value.len() as u32).to_be_bytes());
                record.extend(&value);
                record.resize(record.len().next_multiple_of(2), 0);
                (key, record)
            })
            .collect();
        self.tree(ATTRIBUTES, &attributes, 266, 3);
        self.journal();
        self.header();
        self
    }

    /// Writes a B-tree of a root and leaves.
    fn tree(&mut self, (start, nodes): (u32, u32), records: &[(Vec<u8>, Vec<u8>)], longest_key: u16, per_leaf: usize) {
        let leaves: Vec<_> =
            records.chunks(per_leaf.min(if longest_key == 516 { PER_LEAF } else { per_leaf })).collect();
        let has_index = leaves.len() > 1;
        let first = 1 + u32::from(has_index);
        let mut header = vec![0u8; 106];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &(if leaves.is_empty() { 0u16 } else { first as u16 }).to_be_bytes());
        put(2, &(u32::from(!leaves.is_empty())).to_be_bytes());
        put(6, &(records.len() as u32).to_be_bytes());
        put(10, &(if leaves.is_empty() { 0 } else { first }).to_be_bytes());
        put(14, &(if leaves.is_empty() { 0 } else { first + leaves.len() as u32 - 1 }).to_be_bytes());
        put(18, &(BLOCK as u16).to_be_bytes());
        put(20, &longest_key.to_be_bytes());
        put(22, &nodes.to_be_bytes());
        let used = first + leaves.len() as u32;
        put(26, &(nodes - used).to_be_bytes());
        put(32, &(nodes * BLOCK as u32).to_be_bytes());
        put(37, &[if self.case_sensitive && longest_key == 516 { 0xbc } else { 0xcf }]);
        put(38, &6u32.to_be_bytes());
        let mut map = vec![0u8; BLOCK - 256];
        (0..used).for_each(|node| map[node as usize / 8] |= 0x80 >> (node % 8));
        self.node(start, (0, 1, 0), &[header, vec![0; 128], map], None);
        if has_index {
            let pointers: Vec<_> = (first..)
                .zip(&leaves)
                .map(|(number, leaf)| [leaf[0].0.clone(), number.to_be_bytes().to_vec()].concat())
                .collect();
            self.node(start + 1, (0, 0, 2), &pointers, None);
        }
        for (number, leaf) in (first..).zip(&leaves) {
            let records: Vec<_> = leaf.iter().map(|(key, record)| [key.clone(), record.clone()].concat()).collect();
            let next = if number + 1 < used { number + 1 } else { 0 };
            self.node(start + number, (next, 0xff, 1), &records, Some(if number > first { number - 1 } else { 0 }));
        }
    }

    fn node(&mut self, block: u32, (next, kind, height): (u32, u8, u8), records: &[Vec<u8>], previous: Option<u32>) {
        let node = &mut self.bytes[block as usize * BLOCK..(block as usize + 1) * BLOCK];
        node[..4].copy_from_slice(&next.to_be_bytes());
        node[4..8].copy_from_slice(&previous.unwrap_or(0).to_be_bytes());
        node[8..10].copy_from_slice(&[kind, height]);
        node[10..12].copy_from_slice(&(records.len() as u16).to_be_bytes());
        let mut at = 14;
        for (index, record) in records.iter().enumerate() {
            node[at..at + record.len()].copy_from_slice(record);
            node[BLOCK - 2 * (index + 1)..][..2].copy_from_slice(&(at as u16).to_be_bytes());
            at += record.len();
        }
        node[BLOCK - 2 * (records.len() + 1)..][..2].copy_from_slice(&(at as u16).to_be_bytes());
    }

    fn journal(&mut self) {
        let info = JOURNAL_INFO as usize * BLOCK;
        self.bytes[info..info + 4].copy_from_slice(&1u32.to_be_bytes());
        self.bytes[info + 36..info + 44].copy_from_slice(&(u64::from(JOURNAL.0) * BLOCK as u64).to_be_bytes());
        self.bytes[info + 44..info + 52].copy_from_slice(&(u64::from(JOURNAL.1) * BLOCK as u64).to_be_bytes());
        let journal = JOURNAL.0 as usize * BLOCK;
        self.bytes[journal..journal + 8].copy_from_slice(b"xLNJ\x78\x56\x34\x12");
        self.bytes[journal + 8..journal + 16].copy_from_slice(&512u64.to_le_bytes());
        self.bytes[journal + 16..journal + 24].copy_from_slice(&512u64.to_le_bytes());
    }

    fn header(&mut self) {
        let mut used = [false; BLOCKS];
        let own =
            [(0, 1), ALLOCATION, EXTENTS, CATALOG, ATTRIBUTES, (JOURNAL_INFO, 1), JOURNAL, (BLOCKS as u32 - 1, 1)];
        let files = self.items.iter().flat_map(|item| item.data.runs.iter().chain(&item.resource.runs));
        for &(start, count) in own.iter().chain(files) {
            used[start as usize..(start + count) as usize].fill(true);
        }
        let bitmap = ALLOCATION.0 as usize * BLOCK;
        self.bytes[bitmap..bitmap + BLOCK].fill(0);
        (0..BLOCKS)
            .filter(|block| used[*block])
            .for_each(|block| self.bytes[bitmap + block / 8] |= 0x80 >> (block % 8));
        let mut header = vec![0u8; 512];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, if self.case_sensitive { b"HX\0\x05" } else { b"H+\0\x04" });
        put(4, &(1u32 << 8 | 1 << 13).to_be_bytes());
        put(8, b"HFSJ");
        put(12, &JOURNAL_INFO.to_be_bytes());
        (16..32).step_by(4).for_each(|at| put(at, &DATE.to_be_bytes()));
        put(40, &(BLOCK as u32).to_be_bytes());
        put(44, &(BLOCKS as u32).to_be_bytes());
        put(48, &(used.iter().filter(|used| !**used).count() as u32).to_be_bytes());
        put(64, &1000u32.to_be_bytes());
        put(72, &1u64.to_be_bytes());
        put(104, &0x1122_3344_5566_7788u64.to_be_bytes());
        for (at, run) in [(112, ALLOCATION), (192, EXTENTS), (272, CATALOG), (352, ATTRIBUTES)] {
            let size = u64::from(run.1) * BLOCK as u64;
            put(at, &fork_data(&Fork { size, runs: vec![run] }));
        }
        self.bytes[1024..1536].copy_from_slice(&header);
        let copy = BLOCK * BLOCKS - 1024;
        self.bytes[copy..copy + 512].copy_from_slice(&header);
    }
}

fn units(name: &str) -> Vec<u16> {
    name.encode_utf16().collect()
}

fn eight(runs: &[(u32, u32)]) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        runs.iter().take(8).flat_map(|(start, count)| [start.to_be_bytes(), count.to_be_bytes()].concat()).collect();
    bytes.resize(64, 0);
    bytes
}

fn fork_data(fork: &Fork) -> Vec<u8> {
    let mut bytes = fork.size.to_be_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(fork.runs.iter().map(|run| run.1).sum::<u32>().to_be_bytes());
    bytes.extend(eight(&fork.runs));
    bytes
}
