//! The recycle bin of Windows: what a file was called and where it was before it was thrown away.
//!
//! Layouts: [libyal, Windows Recycle.Bin file formats](https://github.com/libyal/dtformats/blob/main/documentation/Windows%20Recycler%20file%20format.asciidoc).
//! Since Vista each `$R…` has a `$I…` beside it, with the path in a field of 520 bytes (version 1) or of its own length
//! (version 2, Windows 10); before, one `INFO2` tells of all `D<drive><number>` beside it.

use super::{
    attributes::Attributes,
    model::{Entry, Time, Value},
    tree::{Node, Tree},
};
use crate::bytes::{Fields, ReadAt, Source};
use std::collections::HashMap;

/// A `$I…` holds a path of at most 32,767 characters; an `INFO2` of more is not read.
const MOST_BYTES: u64 = 16 << 20;
/// Files of one name that are looked at for one thing: a live one, and its deleted predecessors.
const MOST_OF_A_NAME: usize = 16;
/// The least behind `$R` and `$I`: six characters.
const LEAST_STEM: usize = 6;
/// Header and records of an INFO2, of a version with paths in UTF-16.
const INFO2_HEADER: usize = 20;
const INFO2_RECORD: usize = 800;

/// What the bin says of a thing thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recycled {
    /// The path it had, drive and all.
    from: String,
    at: Time,
    size: u64,
}

/// Everything the bins of a volume tell of, by listing position.
#[derive(Default)]
pub(crate) struct RecycleBin {
    things: HashMap<u32, Recycled>,
}

/// How an entry belongs to a bin.
enum Part<'a> {
    /// `$I…` or `INFO2`, which tells of others.
    Index(&'a str),
    /// `$R…`, by what follows.
    Thing(&'a str),
    /// `D<drive><number>`.
    Numbered(u32),
}

impl RecycleBin {
    /// Pairs the entries of `tree`; `open` gives the content of a position.
    pub(crate) fn new<T>(tree: &Tree<T>, open: impl Fn(u64) -> Option<Source>) -> Self {
        let mut indexes: HashMap<(Option<u32>, &str), Vec<u32>> = HashMap::new();
        for (position, node) in (0..).zip(tree.nodes()) {
            if let Some(Part::Index(stem)) = part(tree.name(node)) {
                let same = indexes.entry((node.parent, stem)).or_default();
                if same.len() < MOST_OF_A_NAME {
                    same.push(position);
                }
            }
        }
        let mut bin = Self::default();
        if indexes.is_empty() {
            return bin;
        }
        let read = |position: u32| {
            let content = open(u64::from(position))?;
            content.read_vec(0, content.len().min(MOST_BYTES)).ok()
        };
        let mut lists: HashMap<u32, HashMap<u32, Recycled>> = HashMap::new();
        for (position, node) in (0..).zip(tree.nodes()) {
            // Of several of one name a live one tells of a live thing, and a deleted one of a deleted thing.
            let beside = |stem: &str| {
                let mut places = indexes.get(&(node.parent, stem)).cloned().unwrap_or_default();
                let live = |place: &u32| tree.node(u64::from(*place)).is_some_and(|index| index.status.is_live());
                places.sort_by_key(|place| live(place) != node.status.is_live());
                places
            };
            let told = match part(tree.name(node)) {
                Some(Part::Thing(stem)) => beside(stem).into_iter().find_map(|index| Recycled::parse(&read(index)?)),
                Some(Part::Numbered(number)) => beside(INFO2).into_iter().find_map(|index| {
                    let list = lists.entry(index).or_insert_with(|| read(index).map(|b| info2(&b)).unwrap_or_default());
                    list.get(&number).cloned()
                }),
                _ => None,
            };
            if let Some(told) = told {
                bin.things.insert(position, told);
            }
        }
        bin
    }

    /// Adds what the bin says of the entry at `position`, or of a directory it is in.
    pub(crate) fn describe<T>(&self, tree: &Tree<T>, position: u64, entry: &mut Entry) {
        if self.things.is_empty() {
            return;
        }
        let mut below = Vec::new();
        let mut next = u32::try_from(position).ok();
        while let Some(place) = next {
            let Some(node): Option<&Node<T>> = tree.node(u64::from(place)) else { return };
            if let Some(recycled) = self.things.get(&place) {
                recycled.add_to(&mut entry.attributes, &below);
                return;
            }
            below.push(tree.name(node));
            next = node.parent;
        }
    }
}

const INFO2: &str = "INFO2";

fn part(name: &str) -> Option<Part<'_>> {
    let stem = |rest: &'_ str| rest.len() >= LEAST_STEM;
    if let Some(rest) = name.strip_prefix("$I").filter(|rest| stem(rest)) {
        return Some(Part::Index(rest));
    }
    if let Some(rest) = name.strip_prefix("$R").filter(|rest| stem(rest)) {
        return Some(Part::Thing(rest));
    }
    if name == INFO2 {
        return Some(Part::Index(INFO2));
    }
    let rest = name.strip_prefix('D')?.strip_prefix(|drive: char| drive.is_ascii_alphabetic())?;
    let digits = rest.split('.').next()?;
    digits.parse().ok().map(Part::Numbered)
}

impl Recycled {
    /// Parses a `$I…`.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let fields = Fields::new(bytes, "$I file", 0);
        let name = match fields.u64(0).ok()? {
            1 => fields.bytes(24, 520).ok()?,
            2 => fields.bytes(28, usize::try_from(fields.u32(24).ok()?).ok()?.checked_mul(2)?).ok()?,
            _ => return None,
        };
        let (size, at) = (fields.u64(8).ok()?, fields.u64(16).ok()?);
        Some(Self { from: text(name).filter(|path| is_path(path))?, at: Time::from_filetime(at), size })
    }

    /// Adds what is known of it, or of what `below` names in it, the innermost first.
    fn add_to(&self, attributes: &mut Attributes, below: &[&str]) {
        let mut from = self.from.clone();
        for name in below.iter().rev() {
            from.push('\\');
            from.push_str(name);
        }
        attributes.insert("recycled_from".into(), Value::Text(from));
        if let Some(at) = self.at.to_rfc3339() {
            attributes.insert("recycled_at".into(), Value::Text(at));
        }
        if below.is_empty() {
            attributes.insert("recycled_size".into(), Value::Int(i64::try_from(self.size).unwrap_or(i64::MAX)));
        }
    }
}

/// The things an `INFO2` tells of, by number.
fn info2(bytes: &[u8]) -> HashMap<u32, Recycled> {
    let fields = Fields::new(bytes, "INFO2", 0);
    if fields.u32(12).ok().and_then(|size| usize::try_from(size).ok()) != Some(INFO2_RECORD) {
        return HashMap::new();
    }
    let record = |record: &[u8]| {
        let fields = Fields::new(record, "INFO2", 0);
        let from = text(fields.bytes(280, 520).ok()?).filter(|path| is_path(path))?;
        let (at, size) = (Time::from_filetime(fields.u64(268).ok()?), u64::from(fields.u32(276).ok()?));
        Some((fields.u32(260).ok()?, Recycled { from, at, size }))
    };
    bytes.get(INFO2_HEADER..).unwrap_or_default().chunks_exact(INFO2_RECORD).filter_map(record).collect()
}

/// UTF-16LE up to the first NUL.
fn text(bytes: &[u8]) -> Option<String> {
    let units: Vec<u16> =
        bytes.chunks_exact(2).filter_map(|pair| Some(u16::from_le_bytes(*pair.first_chunk()?))).collect();
    let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
    units.get(..end).map(String::from_utf16_lossy)
}

/// A path with a drive or of a share: anything else is not what these files hold.
fn is_path(path: &str) -> bool {
    path.starts_with(r"\\") || path.get(1..3) == Some(r":\")
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::{
        filesystem::{
            Status,
            tree::{Parent, TreeBuilder},
        },
        limits::Limits,
    };
    use std::sync::Arc;

    const THROWN_AWAY: u64 = 132_000_000_000_000_000;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn index(version: u64, path: &str) -> Vec<u8> {
        let mut bytes: Vec<u8> = [version, 4711, THROWN_AWAY].iter().flat_map(|n| n.to_le_bytes()).collect();
        if version == 2 {
            bytes.extend((path.encode_utf16().count() as u32 + 1).to_le_bytes());
        }
        bytes.extend(utf16(path));
        bytes.resize(if version == 2 { bytes.len() + 2 } else { 544 }, 0);
        bytes
    }

    #[test]
    fn both_versions_tell_path_time_and_size() {
        for version in [1, 2] {
            let told = Recycled::parse(&index(version, r"C:\Users\a\picture.jpg")).unwrap();
            assert_eq!((told.from.as_str(), told.size), (r"C:\Users\a\picture.jpg", 4711));
            assert_eq!(told.at.to_rfc3339().unwrap(), "2019-04-17T18:40:00Z");
        }
        assert_eq!(Recycled::parse(&index(3, r"C:\a")), None);
        assert_eq!(Recycled::parse(&index(2, "no path")), None);
        let cut = index(2, r"C:\Users\a\picture.jpg");
        (0..cut.len()).for_each(|length| assert_eq!(Recycled::parse(&cut[..length]), None));
    }

    #[test]
    fn things_are_paired_live_and_deleted_and_reach_into_directories() {
        let mut builder = TreeBuilder::new();
        let bin = builder.push(Parent::Root, "$Recycle.Bin", Status::Allocated, Vec::new());
        let mut list = vec![0; INFO2_HEADER];
        list[12] = 0x20;
        list[13] = 3;
        let mut record = vec![0; INFO2_RECORD];
        record[260] = 7;
        record[268..276].copy_from_slice(&THROWN_AWAY.to_le_bytes());
        record[280..296].copy_from_slice(&utf16(r"C:\a.txt"));
        list.extend(record);
        for (name, status, content) in [
            ("$RABC123.jpg", Status::Allocated, Vec::new()),
            ("$IABC123.jpg", Status::Allocated, index(2, r"C:\live.jpg")),
            ("$RABC123.jpg", Status::Deleted, Vec::new()),
            ("$IABC123.jpg", Status::Deleted, index(1, r"C:\deleted.jpg")),
            ("$RALONE1", Status::Allocated, Vec::new()),
            ("INFO2", Status::Allocated, list),
            ("Dc7.txt", Status::Allocated, Vec::new()),
            ("$IDIRECT", Status::Allocated, index(2, r"C:\d")),
        ] {
            builder.push(Parent::Node(bin), name, status, content);
        }
        let directory = builder.push(Parent::Node(bin), "$RDIRECT", Status::Allocated, Vec::new());
        builder.push(Parent::Node(directory), "inner.txt", Status::Allocated, Vec::new());
        let (tree, _) = builder.finish(&Limits::default());
        let bin =
            RecycleBin::new(&tree, |position| Some(Arc::new(tree.node(position).unwrap().payload.clone()) as Source));
        let from = |position| {
            let mut entry = Entry::new(0);
            bin.describe(&tree, position, &mut entry);
            entry.attributes.get("recycled_from").map(ToString::to_string)
        };
        let told: Vec<_> = (0..tree.len()).filter_map(from).collect();
        assert_eq!(told, [r"C:\live.jpg", r"C:\deleted.jpg", r"C:\a.txt", r"C:\d", r"C:\d\inner.txt"]);
    }
}
