//! Every page of a database, reached from the schema, the freelist and the chains of overflow pages: each is where it is
//! expected, and of the kind expected.

use super::{
    header::{Header, be32},
    page::{self, Expected, Rows, Tree},
};
use crate::carve::{Break, Tape};
use std::collections::BTreeMap;

/// Pages whose marks fit in memory; of larger databases only the first page is checked.
const MOST_PAGES: u32 = 16 << 20;
const MOST_WAITING: usize = 1 << 20;
/// Wrong pages that are remembered.
const MOST_WRONG: usize = 256;

/// What was found.
pub(super) struct Survey {
    pub(super) header: Header,
    /// Pages, where the header tells or the walk reached them.
    pub(super) pages: u32,
    /// True where the number of pages is not from the header.
    pub(super) guessed: bool,
    /// Pages that are not as expected, the first of them; what a page of a tree should have been.
    pub(super) wrong: BTreeMap<u32, Option<Expected>>,
    /// Pages found as expected.
    pub(super) sound: u32,
    /// A bit for each page reached; as long as the highest needs.
    marks: Vec<u64>,
    most_marked: u32,
    waiting: Vec<(u32, Expected)>,
    buffer: Vec<u8>,
}

/// Surveys the database that begins the tape.
pub(super) fn survey(tape: &mut Tape) -> Result<Survey, Break> {
    let header = Header::read(tape)?;
    let there = tape.len().checked_div(header.page_size).unwrap_or(0);
    let there = u32::try_from(there).unwrap_or(u32::MAX);
    let pages = header.pages.unwrap_or(there);
    let marked = pages.min(there).min(MOST_PAGES);
    let mut survey = Survey {
        header,
        pages,
        guessed: header.pages.is_none(),
        wrong: BTreeMap::new(),
        sound: 0,
        marks: Vec::new(),
        most_marked: marked,
        waiting: Vec::new(),
        buffer: Vec::new(),
    };
    let schema = Expected { tree: Some(Tree::Table), rows: Rows::ALL, schema: true };
    survey.reach(1, schema);
    survey.trees(tape);
    if survey.sound == 0 {
        return Err(Break::wrong(100, "first page"));
    }
    survey.freelist(tape);
    if survey.guessed {
        survey.pages = survey.highest();
    } else if pages > there {
        survey.is_wrong(there.saturating_add(1), None);
    }
    Ok(survey)
}

impl Survey {
    /// Marks a page; false where it is none or was reached before.
    fn mark(&mut self, page: u32) -> bool {
        if !(1..=self.pages).contains(&page) {
            return false;
        }
        let index = page as usize / 64;
        if index >= self.marks.len() && page <= self.most_marked {
            self.marks.resize(index.saturating_add(1), 0);
        }
        // Pages behind the end of the source cannot be marked, nor read.
        let Some(word) = self.marks.get_mut(index) else { return true };
        let bit = 1u64 << (page & 63);
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }

    pub(super) fn is_marked(&self, page: u32) -> bool {
        self.marks.get(page as usize / 64).is_some_and(|word| word >> (page & 63) & 1 == 1)
    }

    /// The first page that is not as expected or that nothing which is tells of.
    pub(super) fn first_doubtful(&self) -> u32 {
        let wrong = self.wrong.first_key_value().map_or(self.pages, |(page, _)| *page);
        (1..wrong).find(|page| !self.is_marked(*page) && !self.header.is_apart(*page)).unwrap_or(wrong)
    }

    fn highest(&self) -> u32 {
        let word = self.marks.iter().rposition(|word| *word != 0).unwrap_or(0);
        let bit = self.marks.get(word).map_or(0, |word| 63u32.saturating_sub(word.leading_zeros()));
        u32::try_from(word).unwrap_or(0).saturating_mul(64).saturating_add(bit)
    }

    fn is_wrong(&mut self, page: u32, expected: Option<Expected>) {
        self.wrong.entry(page).or_insert(expected);
        if self.wrong.len() > MOST_WRONG {
            self.wrong.pop_last();
        }
    }

    fn reach(&mut self, page: u32, expected: Expected) -> bool {
        let fits = self.waiting.len() < MOST_WAITING;
        let fresh = fits && self.mark(page);
        if fresh {
            self.waiting.push((page, expected));
        }
        fresh
    }

    fn trees(&mut self, tape: &mut Tape) {
        while let Some((number, expected)) = self.waiting.pop() {
            match self.tree_page(tape, number, expected) {
                Some(()) => self.sound = self.sound.saturating_add(1),
                None => self.is_wrong(number, Some(expected)),
            }
        }
    }

    fn tree_page(&mut self, tape: &mut Tape, number: u32, expected: Expected) -> Option<()> {
        let size = usize::try_from(self.header.page_size).ok()?;
        let usable = usize::try_from(self.header.usable).ok()?;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.extend_from_slice(tape.bytes(self.header.place(number), size).ok()?);
        let page = page::read(&buffer, if number == 1 { 100 } else { 0 }, usable, expected);
        self.buffer = buffer;
        let page = page?;
        let mut above = expected.rows.above;
        for (child, last) in page.children {
            let rows = Rows { above, to: last.unwrap_or(expected.rows.to) };
            above = last.unwrap_or(above);
            if !self.reach(child, Expected { tree: page.tree, rows, ..expected }) {
                return None;
            }
        }
        for (first, count) in page.overflows {
            self.overflow(tape, first, count)?;
        }
        for root in page.roots {
            if !self.reach(root, Expected { tree: None, rows: Rows::ALL, schema: false }) {
                return None;
            }
        }
        Some(())
    }

    /// Follows a chain of overflow pages; `None` where its first page cannot be one.
    fn overflow(&mut self, tape: &mut Tape, first: u32, count: u64) -> Option<()> {
        let (mut page, mut left) = (first, count);
        while left > 0 {
            if !self.mark(page) {
                // The page that led here is not what it should be.
                return None;
            }
            let next = tape.be32(self.header.place(page)).unwrap_or(0);
            left = left.saturating_sub(1);
            let plausible = if left == 0 { next == 0 } else { (2..=self.pages).contains(&next) };
            if !plausible || (left > 0 && self.is_marked(next)) {
                self.is_wrong(page, None);
                return Some(());
            }
            self.sound = self.sound.saturating_add(1);
            page = next;
        }
        Some(())
    }

    fn freelist(&mut self, tape: &mut Tape) {
        let (mut trunk, mut left) = (self.header.first_trunk, self.header.free_pages);
        while trunk != 0 && left > 0 {
            if !self.mark(trunk) {
                return;
            }
            let place = self.header.place(trunk);
            let Ok(head) = tape.array::<8>(place) else { return self.is_wrong(trunk, None) };
            let (next, leaves) = (be32(&head, 0), be32(&head, 4));
            left = left.saturating_sub(1);
            if leaves > left || u64::from(leaves) > (self.header.usable / 4).saturating_sub(2) || next > self.pages {
                return self.is_wrong(trunk, None);
            }
            for index in 0..u64::from(leaves) {
                let entry = place.saturating_add(8).saturating_add(index.saturating_mul(4));
                if !tape.be32(entry).is_ok_and(|leaf| self.mark(leaf)) {
                    return self.is_wrong(trunk, None);
                }
            }
            left = left.saturating_sub(leaves);
            self.sound = self.sound.saturating_add(1);
            trunk = next;
        }
    }
}
