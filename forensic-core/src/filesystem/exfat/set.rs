//! Directory entry sets: a file entry, its stream extension and its name, which only together are a file (exFAT
//! specification, sections 6.3, 6.4, 7.4, 7.6, 7.7).
//!
//! Sets are written whole, so the slots that follow a file entry are its own up to the number it tells or up to the next
//! primary entry. What is left of an older set behind the end of a newer one has no file entry; it is never lent to another.

use super::{
    slot::{IN_USE, RawSlot, code, code_of, field, is_in_use, is_secondary, units},
    timestamp::Times,
    upcase::Upcase,
};
use crate::{
    bytes::Fields,
    filesystem::{Time, clusters::Heap},
};

/// FileAttributes (section 7.4.4).
pub(super) const READ_ONLY: u16 = 0x01;
pub(super) const HIDDEN: u16 = 0x02;
pub(super) const SYSTEM: u16 = 0x04;
const DIRECTORY: u16 = 0x10;
pub(super) const ARCHIVE: u16 = 0x20;

/// GeneralSecondaryFlags (section 6.4.2).
const ALLOCATION_POSSIBLE: u8 = 0x01;
const NO_FAT_CHAIN: u8 = 0x02;

/// UTF-16 units of a name in one slot.
const UNITS: usize = 15;
/// Slots of the longest set that this reader makes up: a file entry, a stream extension, 17 names and benign entries.
const LONGEST: usize = 256;

/// What a file entry and a stream extension say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) attributes: u16,
    /// `None` where the file entry is lost.
    pub(super) times: Option<Times>,
    flags: u8,
    name_length: u8,
    name_hash: u16,
    pub(super) first_cluster: u32,
    pub(super) valid_length: u64,
    pub(super) length: u64,
}

impl Record {
    /// What is known of a structure of the volume itself: where it lies, along its chain.
    pub(super) fn of_volume(first_cluster: u32, length: u64) -> Self {
        Self {
            attributes: SYSTEM,
            times: None,
            flags: ALLOCATION_POSSIBLE,
            name_length: 0,
            name_hash: 0,
            first_cluster,
            valid_length: length,
            length,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        self.attributes & DIRECTORY != 0
    }

    /// Notes that it is a directory.
    pub(super) fn set_directory(&mut self) {
        self.attributes |= DIRECTORY;
    }

    /// True where the clusters follow one another and the table has no chain for them.
    pub(super) fn is_contiguous(&self) -> bool {
        self.flags & NO_FAT_CHAIN != 0
    }

    /// False where the fields about the content have no meaning.
    pub(super) fn has_allocation(&self) -> bool {
        self.flags & ALLOCATION_POSSIBLE != 0
    }

    /// When the file was made, where that is stored.
    pub(super) fn created(&self) -> Option<Time> {
        self.times.and_then(|times| times.created())
    }

    /// The last time at which the file is known to have been there.
    pub(super) fn latest(&self) -> Option<Time> {
        self.times.and_then(|times| times.latest())
    }

    /// What two names of one file have in common: place, length, kind and time of creation.
    pub(super) fn identity(&self) -> (u32, u64, bool, Option<Time>) {
        (self.first_cluster, self.length, self.is_directory(), self.created())
    }

    /// True where no rule of the specification is broken.
    fn is_sound(&self, heap: &Heap) -> bool {
        let place = if self.first_cluster == 0 { self.length == 0 } else { heap.has(self.first_cluster) };
        place
            && (self.has_allocation() || self.length == 0)
            && self.name_length > 0
            && self.valid_length <= self.length
            && self.length <= heap.bytes_of(heap.count)
            && self.times.is_none_or(|times| times.are_valid())
    }
}

/// How well a set is proved to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Proof {
    /// Its checksum fits.
    Checksum,
    /// The file entry is lost, and the hash of the name fits the stream extension.
    NameHash,
    /// All of it is there, but the checksum does not fit.
    Mismatch,
    /// A part of the name is lost.
    Cut,
}

/// An area of the volume that another maker's entry within a set names (section 7.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vendor {
    pub(super) guid: String,
    /// What is stored there, for a vendor allocation.
    pub(super) area: Option<Record>,
}

/// A set as far as it is there.
pub(super) struct FileSet {
    /// Byte offset of its first slot in the volume.
    pub(super) at: u64,
    pub(super) record: Record,
    pub(super) name: Vec<u16>,
    pub(super) proof: Proof,
    /// False where the name has another hash than the stream extension says.
    pub(super) hash_fits: bool,
    /// False where a rule of the specification is broken.
    pub(super) is_sound: bool,
    pub(super) vendors: Vec<Vendor>,
}

impl FileSet {
    /// What is wrong with a set in use.
    pub(super) fn damage(&self, is_listed: bool) -> String {
        let what = match self.proof {
            Proof::Checksum if !self.is_sound => "it breaks a rule of the specification",
            Proof::Checksum => "its name has another hash",
            Proof::NameHash => "its file entry is lost: its times and attributes are not known",
            Proof::Mismatch => "its checksum does not fit",
            Proof::Cut => "a part of its name is lost",
        };
        let listed = if is_listed { "" } else { "; it was not taken for an entry" };
        format!("a directory entry set in use is damaged: {what}{listed}")
    }
}

/// Slots that belong together.
#[derive(Clone)]
pub(super) struct Group {
    /// Byte offset of the first slot in the volume.
    pub(super) at: u64,
    pub(super) slots: Vec<RawSlot>,
    /// How many there should be.
    wanted: usize,
}

/// Puts slots together to groups.
#[derive(Default)]
pub(super) struct Assembler(Option<Group>);

impl Assembler {
    /// Takes the next slot, and gives the group that is complete with it or ended before it.
    pub(super) fn push(&mut self, at: u64, slot: &RawSlot) -> Option<Group> {
        if self.0.as_mut().is_some_and(|group| group.take(slot)) {
            return None;
        }
        let done = self.0.take();
        let wanted = match code_of(slot) {
            code::FILE => usize::from(slot[1]).saturating_add(1).min(LONGEST),
            code::STREAM => name_slots(field::<1>(slot, 3)[0]).saturating_add(1),
            code::NAME => name_slots(u8::MAX),
            _ => return done,
        };
        self.0 = Some(Group { at, slots: vec![*slot], wanted });
        done
    }

    /// Ends the group that is under way.
    pub(super) fn flush(&mut self) -> Option<Group> {
        self.0.take()
    }

    /// True where slots are missing in the group that is under way.
    pub(super) fn is_open(&self) -> bool {
        self.0.as_ref().is_some_and(|group| group.slots.len() < group.wanted)
    }
}

impl Group {
    fn first(&self) -> [u8; 32] {
        self.slots.first().copied().unwrap_or_default()
    }

    pub(super) fn has_file_entry(&self) -> bool {
        code_of(&self.first()) == code::FILE
    }

    /// True where nothing but slots of a name is left: the end of a set whose beginning was overwritten.
    pub(super) fn is_name_only(&self) -> bool {
        code_of(&self.first()) == code::NAME
    }

    /// True where its first slot is in use.
    pub(super) fn is_in_use(&self) -> bool {
        is_in_use(&self.first())
    }

    /// The piece of a name that its slots hold, where nothing else is left.
    pub(super) fn text(&self) -> String {
        let units: Vec<u16> = self.names(0).take_while(|unit| *unit != 0).collect();
        String::from_utf16_lossy(&units)
    }

    /// Takes the next slot, if it is one of this group.
    pub(super) fn take(&mut self, slot: &RawSlot) -> bool {
        let fits = self.has_file_entry() || code_of(slot) == code::NAME && is_in_use(slot) == self.is_in_use();
        let takes = is_secondary(slot) && fits && self.slots.len() < self.wanted;
        if takes {
            self.slots.push(*slot);
        }
        takes
    }

    fn names(&self, skip: usize) -> impl Iterator<Item = u16> + '_ {
        let slots = self.slots.iter().skip(skip).take_while(|slot| code_of(slot) == code::NAME);
        slots.flat_map(|slot| units(slot, 2, UNITS))
    }

    /// What the slots say; `None` where they are not a stream extension and a piece of a name at least.
    pub(super) fn parse(&self, heap: &Heap, upcase: Option<&Upcase>) -> Option<FileSet> {
        let has_file_entry = self.has_file_entry();
        let stream_at = usize::from(has_file_entry);
        let stream = self.slots.get(stream_at).filter(|slot| code_of(slot) == code::STREAM)?;
        let file = has_file_entry.then(|| self.first());
        let record = Record {
            attributes: file.map_or(0, |slot| u16::from_le_bytes(field(&slot, 4))),
            times: file.map(|slot| Times::parse(&slot)),
            flags: stream[1],
            name_length: field::<1>(stream, 3)[0],
            name_hash: u16::from_le_bytes(field(stream, 4)),
            first_cluster: u32::from_le_bytes(field(stream, 20)),
            valid_length: u64::from_le_bytes(field(stream, 8)),
            length: u64::from_le_bytes(field(stream, 24)),
        };
        let length = usize::from(record.name_length);
        let name: Vec<u16> = self.names(stream_at.saturating_add(1)).take(length).collect();
        if name.is_empty() {
            return None;
        }
        let is_named = name.len() == length;
        let hash_fits = is_named && upcase.is_none_or(|upcase| upcase.hash(&name) == record.name_hash);
        let proof = match file {
            Some(_) if self.slots.len() < self.wanted || !is_named => Proof::Cut,
            Some(file) if self.checksum() == u16::from_le_bytes(field(&file, 2)) => Proof::Checksum,
            Some(_) => Proof::Mismatch,
            None if hash_fits && upcase.is_some() => Proof::NameHash,
            None => Proof::Cut,
        };
        // Reserved fields say nothing: Linux leaves in them what the slots held before.
        let is_sound = record.is_sound(heap) && name.iter().copied().all(is_allowed);
        let vendors = self.slots.iter().skip(stream_at).filter_map(Vendor::parse).collect();
        Some(FileSet { at: self.at, record, name, proof, hash_fits, is_sound, vendors })
    }

    /// SetChecksum of the slots as they were in use (section 6.3.3, figure 2).
    fn checksum(&self) -> u16 {
        let mut sum = 0u16;
        for (number, slot) in self.slots.iter().enumerate() {
            for (index, byte) in slot.iter().enumerate() {
                let byte = match index {
                    0 => byte | IN_USE,
                    2 | 3 if number == 0 => continue,
                    _ => *byte,
                };
                sum = sum.rotate_right(1).wrapping_add(u16::from(byte));
            }
        }
        sum
    }
}

impl Vendor {
    fn parse(slot: &RawSlot) -> Option<Self> {
        let area = match code_of(slot) {
            code::VENDOR_EXTENSION => None,
            code::VENDOR_ALLOCATION => {
                let length = u64::from_le_bytes(field(slot, 24));
                let area = Record::of_volume(u32::from_le_bytes(field(slot, 20)), length);
                Some(Record { flags: slot[1], ..area }).filter(Record::has_allocation)
            }
            _ => return None,
        };
        let guid = Fields::new(slot, "vendor entry", 0).guid(2).ok()?;
        Some(Self { guid, area })
    }
}

/// Slots that a name of so many units takes.
fn name_slots(units: u8) -> usize {
    usize::from(units).div_ceil(UNITS)
}

/// True for a unit that a name may hold (section 7.7.3, table 35).
fn is_allowed(unit: u16) -> bool {
    let forbidden = b"\"*/:<>?\\|";
    unit >= 0x20 && !u8::try_from(unit).is_ok_and(|byte| forbidden.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(start: &[u8]) -> RawSlot {
        let mut slot = [0; 32];
        slot[..start.len()].copy_from_slice(start);
        slot
    }

    fn groups(slots: &[RawSlot]) -> Vec<Vec<u8>> {
        let mut assembler = Assembler::default();
        let mut groups = Vec::new();
        for (slot, at) in slots.iter().zip((0..).step_by(32)) {
            groups.extend(assembler.push(at, slot));
        }
        groups.extend(assembler.flush());
        groups.iter().map(|group| group.slots.iter().map(|slot| slot[0]).collect()).collect()
    }

    #[test]
    fn remains_of_an_older_set_are_not_lent_to_the_newer_one() {
        let newer = [slot(&[0x85, 2]), slot(&[0xc0, 3, 0, 3]), slot(&[0xc1])];
        let older = [slot(&[0x41]), slot(&[0x41])];
        assert_eq!(
            groups(&[newer, [older[0], older[1], slot(&[0])]].concat()),
            [vec![0x85, 0xc0, 0xc1], vec![0x41, 0x41]]
        );
    }

    #[test]
    fn a_stream_extension_without_its_file_entry_keeps_its_name() {
        let slots = [slot(&[0x40, 3, 0, 17]), slot(&[0x41]), slot(&[0x41]), slot(&[0x41])];
        assert_eq!(groups(&slots), [vec![0x40, 0x41, 0x41], vec![0x41]]);
    }
}
