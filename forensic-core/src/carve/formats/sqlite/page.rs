//! A b-tree page: its header, cells and records (sqlite.org, "Database File Format", 1.6, 2.1).

use super::header::{be16, be32};

/// Which tree a page is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tree {
    Table,
    Index,
}

/// A page whose header and cells hold.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Children in order, each with the largest row number in it, but for the last.
    pub(super) children: Vec<(u32, Option<i64>)>,
    /// The tree it is of.
    pub(super) tree: Option<Tree>,
    pub(super) cells: usize,
    /// Chains of overflow pages: the first page, and how many there are.
    pub(super) overflows: Vec<(u32, u64)>,
    /// Root pages that the records name, where this is a page of the schema.
    pub(super) roots: Vec<u32>,
}

impl Page {
    /// True where nothing on the page could be held against what was expected.
    pub(super) fn is_empty(&self) -> bool {
        self.cells == 0
    }
}

/// Row numbers that may stand on a page: above the first, up to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) above: i64,
    pub(super) to: i64,
}

impl Rows {
    pub(super) const ALL: Self = Self { above: i64::MIN, to: i64::MAX };
}

/// What is expected of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    /// The tree it is of; `None` for a root, which may be of either.
    pub(super) tree: Option<Tree>,
    pub(super) rows: Rows,
    /// True on pages of the schema.
    pub(super) schema: bool,
}

/// Reads a page of `usable` bytes whose header begins at byte `start`; `None` where something in it is wrong.
pub(super) fn read(page: &[u8], start: usize, usable: usize, expected: Expected) -> Option<Page> {
    let page = page.get(..usable)?;
    let (interior, tree) = match page.get(start)? {
        2 => (true, Tree::Index),
        5 => (true, Tree::Table),
        10 => (false, Tree::Index),
        13 => (false, Tree::Table),
        _ => return None,
    };
    if expected.tree.is_some_and(|expected| expected != tree) {
        return None;
    }
    let field = |offset: usize| start.saturating_add(offset);
    let cells = usize::from(be16(page, field(3)));
    let content = match be16(page, field(5)) {
        0 => 65536,
        content => usize::from(content),
    };
    let pointers = field(if interior { 12 } else { 8 });
    let pointers_end = pointers.saturating_add(cells.saturating_mul(2));
    if usize::from(be16(page, field(1))) >= usable || content > usable || pointers_end > content {
        return None;
    }
    let mut walk = Walk {
        page,
        usable,
        interior,
        table: tree == Tree::Table,
        expected,
        found: Page { tree: Some(tree), cells, ..Page::default() },
        last: expected.rows.above,
    };
    for index in 0..cells {
        let cell = usize::from(be16(page, pointers.saturating_add(index.saturating_mul(2))));
        if cell < content {
            return None;
        }
        walk.cell(cell)?;
    }
    if interior {
        walk.found.children.push((be32(page, field(8)), None));
    }
    Some(walk.found)
}

struct Walk<'a> {
    page: &'a [u8],
    usable: usize,
    interior: bool,
    table: bool,
    expected: Expected,
    found: Page,
    /// The row number before.
    last: i64,
}

impl Walk<'_> {
    fn cell(&mut self, mut at: usize) -> Option<()> {
        let mut child = None;
        if self.interior {
            child = Some(u32::from_be_bytes(*self.page.get(at..)?.first_chunk()?));
            at = at.saturating_add(4);
        }
        let table = self.table;
        if self.interior && table {
            let (row, _) = varint(self.page, at)?;
            self.row(row)?;
            self.found.children.push((child?, Some(row)));
            return Some(());
        }
        let (payload, read) = varint(self.page, at)?;
        let payload = usize::try_from(payload).ok()?;
        at = at.saturating_add(read);
        if table {
            let (row, read) = varint(self.page, at)?;
            self.row(row)?;
            at = at.saturating_add(read);
        }
        if let Some(child) = child {
            self.found.children.push((child, None));
        }
        let local = local(payload, self.usable, table);
        let end = at.checked_add(local)?;
        let bytes = self.page.get(at..end)?;
        if local < payload {
            let first = u32::from_be_bytes(*self.page.get(end..)?.first_chunk()?);
            let rest = payload.saturating_sub(local) as u64;
            self.found.overflows.push((first, rest.div_ceil(self.usable.saturating_sub(4).max(1) as u64)));
        }
        self.record(bytes, payload)
    }

    fn row(&mut self, row: i64) -> Option<()> {
        let follows = row > self.last || (self.last == i64::MIN && row == i64::MIN);
        self.last = row;
        (follows && row <= self.expected.rows.to).then_some(())
    }

    /// Checks that the types in a record's header account for all of it.
    fn record(&mut self, bytes: &[u8], payload: usize) -> Option<()> {
        let (header, mut at) = varint(bytes, 0)?;
        let header = usize::try_from(header).ok()?;
        if header > payload {
            return None;
        }
        let (mut body, mut column, mut root) = (header, 0u32, None);
        while at < header {
            // The rest of a header of many columns may be on an overflow page.
            let Some((kind, read)) = varint(bytes, at) else { return (bytes.len() < payload).then_some(()) };
            let size = match kind {
                0 | 8 | 9 => 0,
                1..=4 => usize::try_from(kind).ok()?,
                5 => 6,
                6 | 7 => 8,
                12.. => usize::try_from(kind.saturating_sub(12) / 2).ok()?,
                _ => return None,
            };
            if self.expected.schema && column == 3 && (1..=4).contains(&kind) {
                root = number(bytes.get(body..body.saturating_add(size))?);
            }
            body = body.saturating_add(size);
            column = column.saturating_add(1);
            at = at.saturating_add(read);
        }
        self.found.roots.extend(root.filter(|root| *root > 1));
        (at == header && body == payload).then_some(())
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    let value = bytes.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    u32::try_from(value).ok()
}

/// Bytes of a payload that stay on the page.
fn local(payload: usize, usable: usize, table_leaf: bool) -> usize {
    let share = |part: usize| (usable.saturating_sub(12)).saturating_mul(part) / 255;
    let most = if table_leaf { usable.saturating_sub(35) } else { share(64).saturating_sub(23) };
    if payload <= most {
        return payload;
    }
    let least = share(32).saturating_sub(23);
    let overflow = usable.saturating_sub(4).max(1);
    let some = least.saturating_add(payload.saturating_sub(least).checked_rem(overflow).unwrap_or(0));
    if some <= most { some } else { least }
}

/// A number in SQLite's variable-length form, and its length.
fn varint(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let bytes = bytes.get(at..)?;
    let mut value = 0u64;
    for index in 0..8usize {
        let byte = *bytes.get(index)?;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value.cast_signed(), index.saturating_add(1)));
        }
    }
    Some(((value << 8 | u64::from(*bytes.get(8)?)).cast_signed(), 9))
}
