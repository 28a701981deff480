//! Names that no record gives any more: what indexes, freed clusters, the change journal and the log still say of files
//! whose record was used again, is lost, or goes by another name.

use super::{
    Volume,
    attribute::kind,
    file::File,
    file_name::FileName,
    index::Entry,
    names::Names,
    record::Reference,
    remains::UNKNOWN,
    scan::{Scan, State},
    standard_information::StandardInformation,
    stray::Stray,
};
use std::collections::HashSet;

/// The directory of the root.
pub(super) const ROOT: u64 = 5;

/// A name that only a copy of a $FILE_NAME gives.
pub(super) struct Copy {
    pub(super) child: Reference,
    /// A $FILE_NAME.
    pub(super) key: Box<[u8]>,
    /// Byte offset on the medium.
    pub(super) at: u64,
    /// True where an index in use lists it.
    pub(super) current: bool,
    pub(super) origin: Origin,
    pub(super) fate: Fate,
}

/// Where a copy stands, from the best source to the poorest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// In the index of a directory, in use or behind what is.
    Index,
    /// Behind the used part of an MFT record.
    Record,
    /// In a cluster that no file owns: an index was there.
    Unallocated,
    /// In $LogFile.
    Log,
    /// In $UsnJrnl.
    Journal,
}

impl Origin {
    /// As it stands in records.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Record => "record",
            Self::Unallocated => "unallocated",
            Self::Log => "log",
            Self::Journal => "change_journal",
        }
    }
}

/// What became of the record that a copy means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is still that file's, and its names are lost.
    Kept,
    /// It is still that file's, and gives other names: this one was removed.
    Renamed,
    /// It was used again since.
    Reused,
    /// There is none.
    Absent,
}

/// Collects copies.
pub(super) struct Former<'a> {
    volume: &'a Volume,
    scan: &'a Scan,
    names: &'a Names,
    /// Of each name that a record gives, whether an index in use lists it.
    listed: Vec<bool>,
    copies: Vec<Copy>,
}

impl<'a> Former<'a> {
    pub(super) fn new(volume: &'a Volume, scan: &'a Scan, names: &'a Names) -> Self {
        Self { volume, scan, names, listed: vec![false; names.len()], copies: Vec::new() }
    }

    /// Takes what the index of `directory` says: marks the name where its record gives it, and keeps it where not.
    pub(super) fn listed_in(&mut self, directory: u64, entry: &Entry<'_>) {
        let Ok(name) = FileName::parse(entry.key, entry.at) else { return };
        let slot = self.scan.slot(directory).copied().unwrap_or_default();
        let from_here =
            name.parent.record() == directory && name.parent.meant(slot.sequence, slot.state == State::Free);
        // A block that another directory gave up still holds that one's entries.
        let current = entry.current && from_here;
        match self.known(entry.child, &name) {
            Some(place) if self.is_live(entry.child) => {
                if let Some(mark) = self.listed.get_mut(place) {
                    *mark |= entry.current && name.parent.record() == directory;
                }
            }
            Some(_) => {}
            None => self.keep(&Entry { current, ..*entry }, &name, Origin::Index),
        }
    }

    /// Takes a name that stands anywhere else.
    pub(super) fn found(&mut self, entry: &Entry<'_>, origin: Origin) {
        let Ok(name) = FileName::parse(entry.key, entry.at) else { return };
        if self.known(entry.child, &name).is_none() {
            self.keep(entry, &name, origin);
        }
    }

    fn is_live(&self, child: Reference) -> bool {
        let slot = self.scan.slot(child.record());
        slot.is_some_and(|slot| slot.state == State::InUse && slot.sequence == child.sequence())
    }

    /// The place of the name among those that records give.
    fn known(&self, child: Reference, name: &FileName<'_>) -> Option<usize> {
        let slot = self.scan.slot(child.record())?;
        if !child.meant(slot.sequence, slot.state == State::Free) {
            return None;
        }
        let is_it = |place: &usize| {
            self.names.name(self.scan, *place).is_some_and(|known| {
                known.parent.record() == name.parent.record() && self.scan.text(known) == name.name
            })
        };
        self.names.of(child.record()).find(is_it)
    }

    fn keep(&mut self, entry: &Entry<'_>, name: &FileName<'_>, origin: Origin) {
        let root = entry.child.record() == ROOT;
        if name.is_alias() || root || self.copies.len() as u64 >= self.volume.limits.entries {
            return;
        }
        let Some(fate) = self.fate(entry) else { return };
        // A rename leaves the old name in the log: that the file was deleted under it is not said.
        if fate == Fate::Renamed && origin > Origin::Unallocated {
            return;
        }
        let (child, at, current) = (entry.child, entry.at, entry.current);
        self.copies.push(Copy { child, key: entry.key.into(), at, current, origin, fate });
    }

    fn fate(&self, entry: &Entry<'_>) -> Option<Fate> {
        let child = entry.child;
        let Some(slot) = self.scan.slot(child.record()) else { return Some(Fate::Absent) };
        let nameless = self.names.of(child.record()).is_empty();
        Some(match slot.state {
            State::Blank => Fate::Absent,
            State::Damaged => Fate::Kept,
            State::InUse | State::Free if !child.meant(slot.sequence, slot.state == State::Free) => Fate::Reused,
            State::InUse if entry.current => Fate::Kept,
            // A record that continues another is no file.
            _ if slot.base != Reference(0) => return None,
            State::Free if nameless => Fate::Kept,
            State::InUse | State::Free => Fate::Renamed,
        })
    }

    /// One copy a name: of several, the current one, and then the one that was written last.
    /// Those that a stray record says in full are left out. With it comes, of each name that a record gives, whether an
    /// index in use lists it.
    pub(super) fn finish(mut self, strays: &[Stray]) -> (Vec<Copy>, Vec<bool>) {
        let name = |copy: &Copy| {
            let name = FileName::parse(&copy.key, copy.at).ok();
            (copy.child.record(), copy.child, name.map(|name| (name.parent, name.name.to_vec())))
        };
        let changed = |copy: &Copy| FileName::parse(&copy.key, copy.at).map_or(0, |name| name.times.changed);
        self.copies.sort_by_cached_key(|copy| {
            (name(copy), !copy.current, copy.origin, std::cmp::Reverse(changed(copy)), copy.at)
        });
        self.copies.dedup_by(|later, kept| name(later) == name(kept));
        let mut copies = std::mem::take(&mut self.copies);
        let given: HashSet<_> = strays
            .iter()
            .filter(|stray| !stray.earlier_format)
            .flat_map(|stray| stray.names.iter().map(|name| (stray.reference, name.parent, &*name.text)))
            .collect();
        self.drop_unprovable(&mut copies);
        // The copies of one file stand together: its record is read once.
        let mut made = (UNKNOWN, Vec::new());
        copies.retain(|copy| match copy.fate {
            // A name that the record does not give is that file's where it was made at the same time.
            Fate::Renamed => {
                if made.0 != copy.child {
                    made = (copy.child, self.made(copy.child));
                }
                copy.name().is_some_and(|name| name.times.created != 0 && made.1.contains(&name.times.created))
            }
            Fate::Reused | Fate::Absent => {
                copy.name().is_none_or(|name| !given.contains(&(copy.child, name.parent, name.name)))
            }
            Fate::Kept => true,
        });
        (copies, self.listed)
    }

    /// Of the names without a record keeps those that nothing else gives, in a directory that is known.
    fn drop_unprovable(&self, copies: &mut Vec<Copy>) {
        if !copies.iter().any(|copy| copy.child == UNKNOWN) {
            return;
        }
        let unknown = copies.iter().filter(|copy| copy.child == UNKNOWN).filter_map(Copy::name);
        let asked: HashSet<_> = unknown.map(|name| (name.parent.record(), name.name)).collect();
        let (mut given, mut directories) = (HashSet::new(), HashSet::new());
        let mut give = |parent: Reference, name: &[u8]| {
            if asked.contains(&(parent.record(), name)) {
                given.insert((parent.record(), name.to_vec()));
            }
        };
        let named =
            copies.iter().filter(|copy| copy.child != UNKNOWN).filter_map(|copy| Some((copy.child, copy.name()?)));
        for (child, name) in named {
            give(name.parent, name.name);
            directories.extend(name.is_directory().then_some(child));
        }
        self.scan.names.iter().for_each(|name| give(name.parent, self.scan.text(name)));
        let is_directory = |parent: Reference| {
            let slot = self.scan.slot(parent.record());
            directories.contains(&parent)
                || slot.is_some_and(|slot| slot.directory && parent.meant(slot.sequence, slot.state == State::Free))
        };
        copies.retain(|copy| {
            copy.child != UNKNOWN
                || copy.name().is_some_and(|name| {
                    is_directory(name.parent) && !given.contains(&(name.parent.record(), name.name.to_vec()))
                })
        });
    }

    /// When the file in a record was made, by its own times and those of its names.
    fn made(&self, child: Reference) -> Vec<u64> {
        let Ok(file) = File::read(self.volume, child.record()) else { return Vec::new() };
        let made = file.attributes().filter_map(|(_, attribute)| {
            let value = attribute.resident()?;
            let times = match attribute.kind {
                kind::STANDARD_INFORMATION => StandardInformation::parse(value, attribute.at).ok()?.times,
                kind::FILE_NAME => FileName::parse(value, attribute.at).ok()?.times,
                _ => return None,
            };
            Some(times.created)
        });
        made.collect()
    }
}

impl Copy {
    pub(super) fn name(&self) -> Option<FileName<'_>> {
        FileName::parse(&self.key, self.at).ok()
    }
}
