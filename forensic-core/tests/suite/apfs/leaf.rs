//! Writes nodes of APFS trees: the keys and values of a leaf, laid out as the Apple File System Reference says.

/// Bytes of a block.
pub const BLOCK: usize = 4096;

/// Types of a file in its name.
pub const FILE: u16 = 8;

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Mends the checksum of a block.
pub fn seal(bytes: &mut [u8], block: usize) {
    let object = &mut bytes[block * BLOCK..(block + 1) * BLOCK];
    let modulus = u128::from(u32::MAX);
    let (mut first, mut second) = (0u128, 0u128);
    for word in object[8..].chunks_exact(4) {
        first += u128::from(u32::from_le_bytes(word.try_into().unwrap()));
        second += first;
    }
    let low = modulus - (first + second) % modulus;
    let high = modulus - (first + low) % modulus;
    object[..8].copy_from_slice(&((high << 32 | low) as u64).to_le_bytes());
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

/// The pairs of a node that is root and leaf.
pub fn pairs(node: &[u8]) -> Vec<Pair> {
    let (table, keys) = (56 + u16_at(node, 40), 56 + u16_at(node, 40) + u16_at(node, 42));
    let is_fixed = node[32] & 4 != 0;
    (0..u16_at(node, 36))
        .map(|index| {
            let at = table + index * if is_fixed { 4 } else { 8 };
            let (key, key_length, value, value_length) = match is_fixed {
                true => (u16_at(node, at), 16, u16_at(node, at + 2), 16),
                false => (u16_at(node, at), u16_at(node, at + 2), u16_at(node, at + 4), u16_at(node, at + 6)),
            };
            let start = BLOCK - 40 - value;
            (node[keys + key..][..key_length].to_vec(), node[start..start + value_length].to_vec())
        })
        .collect()
}

/// Writes pairs into a node that is root and leaf, in order of their keys.
pub fn write(bytes: &mut [u8], block: usize, pairs: &[Pair]) {
    let mut pairs = pairs.to_vec();
    let order = |key: &[u8]| {
        let head = u64::from_le_bytes(key[..8].try_into().unwrap());
        (head << 4 >> 4, head >> 60)
    };
    pairs.sort_by(|a, b| order(&a.0).cmp(&order(&b.0)).then_with(|| a.0.cmp(&b.0)));
    write_pairs(bytes, block, &pairs, false);
}

/// The same for keys and values of fixed sizes.
pub fn write_fixed(bytes: &mut [u8], block: usize, pairs: &[Pair]) {
    write_pairs(bytes, block, pairs, true);
}

fn write_pairs(bytes: &mut [u8], block: usize, pairs: &[Pair], is_fixed: bool) {
    let node = &mut bytes[block * BLOCK..(block + 1) * BLOCK];
    let step = if is_fixed { 4 } else { 8 };
    let table = pairs.len() * step;
    node[36..40].copy_from_slice(&(pairs.len() as u32).to_le_bytes());
    node[40..42].copy_from_slice(&[0, 0]);
    node[42..44].copy_from_slice(&(table as u16).to_le_bytes());
    node[56..BLOCK - 40].fill(0);
    let (mut key_at, mut value_at) = (0usize, 0usize);
    for (index, (key, value)) in pairs.iter().enumerate() {
        value_at += value.len();
        let place = 56 + index * step;
        let numbers = match is_fixed {
            true => vec![key_at, value_at],
            false => vec![key_at, key.len(), value_at, value.len()],
        };
        let entry: Vec<u8> = numbers.iter().flat_map(|number| (*number as u16).to_le_bytes()).collect();
        node[place..place + entry.len()].copy_from_slice(&entry);
        let start = 56 + table + key_at;
        let end = BLOCK - 40 - value_at;
        assert!(start + key.len() <= end, "the node is full");
        node[start..start + key.len()].copy_from_slice(key);
        node[end..end + value.len()].copy_from_slice(value);
        key_at += key.len();
    }
    seal(bytes, block);
}

fn head(id: u64, kind: u64) -> Vec<u8> {
    (kind << 60 | id).to_le_bytes().to_vec()
}

/// A name in a directory; the volume has hashed names, of which no reader checks the hash.
pub fn name(parent: u64, name: &str, file: u64, kind: u16) -> Pair {
    let text = [name.as_bytes(), b"\0"].concat();
    let key = [head(parent, 9), (text.len() as u32).to_le_bytes().to_vec(), text].concat();
    (key, [file.to_le_bytes().to_vec(), vec![0; 8], kind.to_le_bytes().to_vec()].concat())
}

/// An inode to be.
pub struct Inode<'a> {
    pub id: u64,
    pub parent: u64,
    pub name: &'a str,
    pub mode: u16,
    pub links: u32,
    pub flags: u32,
    pub sparse: bool,
    pub size: Option<u64>,
}

impl<'a> Inode<'a> {
    pub fn file(id: u64, parent: u64, name: &'a str) -> Self {
        Self { id, parent, name, mode: 0o100_644, links: 1, flags: 0, sparse: false, size: None }
    }

    pub fn pair(self) -> Pair {
        let mut value = [self.parent, self.id, 0, 0, 0, 0].map(u64::to_le_bytes).concat();
        value.extend(if self.sparse { 0x200u64 } else { 0 }.to_le_bytes());
        value.extend([self.links, 0, 0, self.flags, 99, 99].map(u32::to_le_bytes).concat());
        value.extend(self.mode.to_le_bytes());
        value.extend([0; 10]);
        let mut fields = vec![(4u8, [self.name.as_bytes(), b"\0"].concat())];
        fields.extend(self.size.map(|size| (8u8, [size, 0, 0, 0, 0].map(u64::to_le_bytes).concat())));
        value.extend((fields.len() as u16).to_le_bytes());
        value.extend([0; 2]);
        for (kind, data) in &fields {
            value.extend([*kind, 0]);
            value.extend((data.len() as u16).to_le_bytes());
        }
        for (_, data) in &fields {
            value.extend(data);
            value.resize(value.len() + data.len().next_multiple_of(8) - data.len(), 0);
        }
        (head(self.id, 3), value)
    }
}

pub fn directory(id: u64) -> Pair {
    Inode { mode: 0o040_755, ..Inode::file(id, 1, "root") }.pair()
}

pub fn extent(id: u64, at: u64, length: u64, block: u64) -> Pair {
    ([head(id, 8), at.to_le_bytes().to_vec()].concat(), [length, block, 0].map(u64::to_le_bytes).concat())
}

pub fn xattr(id: u64, name: &str, value: &[u8]) -> Pair {
    let text = [name.as_bytes(), b"\0"].concat();
    let key = [head(id, 4), (text.len() as u16).to_le_bytes().to_vec(), text].concat();
    (key, [&2u16.to_le_bytes()[..], &(value.len() as u16).to_le_bytes(), value].concat())
}

pub fn snapshot(xid: u64, name: &str) -> Pair {
    let text = [name.as_bytes(), b"\0"].concat();
    (head(xid, 1), [vec![0; 48], (text.len() as u16).to_le_bytes().to_vec(), text].concat())
}

/// True for the records of a file and its names.
pub fn tells_of((key, value): &Pair, file: u64) -> bool {
    let head = u64::from_le_bytes(key[..8].try_into().unwrap());
    match head >> 60 {
        9 => value[..8] == file.to_le_bytes(),
        _ => head << 4 >> 4 == file,
    }
}

/// Marks a block as free in the bitmap that the space manager at a block leads to.
pub fn release(bytes: &mut [u8], space_manager: usize, block: usize) {
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let manager = space_manager * BLOCK;
    let list = manager + u32::from_le_bytes(bytes[manager + 80..manager + 84].try_into().unwrap()) as usize;
    let chunks = number(bytes, list) * BLOCK;
    let bitmap = number(bytes, chunks + 40 + 24) * BLOCK;
    bytes[bitmap + block / 8] &= !(1 << (block % 8));
}
