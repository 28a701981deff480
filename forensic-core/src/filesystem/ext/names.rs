//! Former names: what the journal's copies of directory blocks, the gaps in directories and the blocks of deleted
//! directories still list.

use super::{
    Volume,
    catalog::Place,
    directory::{self, Dirent, Format},
    history::{Lives, NOW, Who},
    inode,
    journal::{Copy, Journal},
    scan::Scan,
};
use crate::filesystem::tree::TreeBuilder;
use std::{
    cell::OnceCell,
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

/// A directory's incarnation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Directory {
    pub(super) number: u32,
    pub(super) who: Who,
}

/// A name that is listed no more.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) directory: Directory,
    pub(super) name: Box<[u8]>,
    pub(super) number: u32,
    pub(super) who: Who,
    /// 0 where entries have no type.
    pub(super) file_type: u8,
    /// The last transaction in which it was listed; [`NOW`] where nobody knows.
    pub(super) last: u32,
    /// True where it is certain that the name was that file's.
    pub(super) certain: bool,
}

/// What is known of directories but the names they list.
#[derive(Default)]
pub(super) struct Listed {
    /// The directories that have or had a block.
    pub(super) owners: HashMap<u64, Vec<Directory>>,
    /// What the gaps of the directories in use still hold.
    pub(super) gaps: Vec<Left>,
}

/// What is left of an entry.
pub(super) struct Left {
    pub(super) directory: Directory,
    pub(super) number: u32,
    pub(super) name: Box<[u8]>,
    pub(super) file_type: u8,
}

impl Left {
    pub(super) fn new(directory: Directory, entry: &Dirent<'_>) -> Self {
        Self { directory, number: entry.inode, name: entry.name.into(), file_type: entry.file_type }
    }
}

/// The names that directories in use list.
pub(super) struct Live<'a> {
    nodes: &'a TreeBuilder<Place>,
    /// Hashes of directory, name and inode number, in order: made for the first question, as most volumes have none.
    hashes: OnceCell<Vec<u64>>,
}

impl<'a> Live<'a> {
    /// The names of `nodes`, all of them listed by directories in use.
    pub(super) fn new(nodes: &'a TreeBuilder<Place>) -> Self {
        Self { nodes, hashes: OnceCell::new() }
    }

    /// Whether a directory lists this name.
    fn has(&self, directory: u32, name: &[u8], number: u32) -> bool {
        let hashes = self.hashes.get_or_init(|| {
            let names = self.nodes.names().map(|(text, place)| {
                let name = place.raw.as_deref().map_or(text.as_bytes(), Vec::as_slice);
                hash(place.directory.unwrap_or(0), name, place.number)
            });
            let mut hashes: Vec<u64> = names.collect();
            hashes.sort_unstable();
            hashes
        });
        hashes.binary_search(&hash(directory, name, number)).is_ok()
    }
}

impl Listed {
    pub(super) fn own(&mut self, block: u64, directory: Directory) {
        self.owners.entry(block).or_default().push(directory);
    }
}

/// The same on every machine and in every run, unlike the hash of a `HashMap`.
fn hash(directory: u32, name: &[u8], number: u32) -> u64 {
    let mut hasher = DefaultHasher::new();
    (directory, name, number).hash(&mut hasher);
    hasher.finish()
}

/// Directory, name, inode number and file: what tells former names apart.
type Key = (Directory, Box<[u8]>, u32, Who);

/// Collects former names.
pub(super) struct Names<'a> {
    pub(super) volume: &'a Volume,
    pub(super) scan: &'a Scan,
    pub(super) lives: &'a Lives,
    pub(super) journal: Option<&'a Journal>,
    pub(super) listed: &'a Listed,
    live: &'a Live<'a>,
    all: HashMap<Key, Name>,
    /// Those of them of which something is known, whatever it is.
    known: HashSet<(u32, Box<[u8]>, u32)>,
    /// The parent of each directory, as its own block told.
    pub(super) parents: HashMap<Directory, Directory>,
}

impl<'a> Names<'a> {
    pub(super) fn new(
        volume: &'a Volume,
        scan: &'a Scan,
        lives: &'a Lives,
        journal: Option<&'a Journal>,
        listed: &'a Listed,
        live: &'a Live<'a>,
    ) -> Self {
        let (all, known, parents) = (HashMap::new(), HashSet::new(), HashMap::new());
        Self { volume, scan, lives, journal, listed, live, all, known, parents }
    }

    /// Reads every copy of a directory block in the journal, then what lies in gaps of them.
    pub(super) fn read_journal(&mut self) {
        let Some(journal) = self.journal else { return };
        let format = Format::of(&self.volume.superblock);
        let mut gaps: Vec<Left> = Vec::new();
        for copy in &journal.log.copies {
            let known = copy.block.is_some_and(|block| self.listed.owners.contains_key(&block));
            if self.scan.slots.is_empty() {
                return;
            }
            let Ok(block) = journal.block(copy) else { continue };
            let begins = directory::own_number(&block);
            if begins.is_none() && !known || !journal.is_whole(copy, &block) {
                continue;
            }
            let Some(directory) = self.owner(copy, &block, begins.map(|(own, _)| own)) else { continue };
            if let Some((_, parent)) = begins {
                let who = self.who(parent, copy.sequence, directory::DIRECTORY).0;
                let parent = Directory { number: parent, who };
                self.parents.insert(directory, parent);
            }
            let entries = format.read(&block);
            if entries.damage.is_some() && begins.is_none() {
                continue;
            }
            for entry in &entries.live {
                self.listed_then(directory, copy.sequence, entry);
            }
            for entry in &entries.gaps {
                if gaps.len() as u64 <= self.volume.limits.entries {
                    gaps.push(Left::new(directory, entry));
                }
            }
        }
        gaps.into_iter().for_each(|left| self.left(left));
    }

    /// Takes in a block of a directory that is deleted.
    pub(super) fn read_block(&mut self, directory: Directory, block: &[u8]) {
        if let Some((_, parent)) = directory::own_number(block) {
            let who = self.last(parent, directory::DIRECTORY);
            self.parents.entry(directory).or_insert(Directory { number: parent, who });
        }
        let entries = Format::of(&self.volume.superblock).read(block);
        for entry in entries.live.iter().chain(&entries.gaps) {
            self.left(Left::new(directory, entry));
        }
    }

    /// The directory that a copy of a block belonged to.
    fn owner(&self, copy: &Copy, block: &[u8], own: Option<u32>) -> Option<Directory> {
        if let Some(number) = own {
            let who = self.who(number, copy.sequence, directory::DIRECTORY).0;
            return Some(Directory { number, who }).filter(|_| (1..=self.volume.superblock.inodes).contains(&number));
        }
        let owners = self.listed.owners.get(&copy.block?)?;
        let right = |owner: &&Directory| {
            let generation = match self.lives.get(owner.who) {
                Some(life) => life.generation,
                None => self.scan.slot(owner.number).map_or(0, |slot| slot.generation),
            };
            directory::checksum(block, inode::seed(&self.volume.superblock, owner.number, generation))
        };
        match self.volume.superblock.has_checksums() {
            true => owners.iter().find(|owner| right(owner) == Some(true)).copied(),
            false => owners.iter().find(|owner| self.was_alive(**owner, copy.sequence)).or(owners.first()).copied(),
        }
    }

    fn was_alive(&self, directory: Directory, sequence: u32) -> bool {
        self.who(directory.number, sequence, directory::DIRECTORY).0 == directory.who
    }

    fn who(&self, number: u32, sequence: u32, file_type: u8) -> (Who, bool) {
        let present = self.scan.slot(number).filter(|slot| slot.in_use);
        self.lives.at(number, sequence, self.journal.map(|journal| &journal.log), present, file_type)
    }

    /// Takes in an entry that was listed in a transaction.
    fn listed_then(&mut self, directory: Directory, sequence: u32, entry: &Dirent<'_>) {
        if matches!(entry.name, b"." | b"..") {
            return;
        }
        let (who, certain) = self.who(entry.inode, sequence, entry.file_type);
        let live = self.live.has(directory.number, entry.name, entry.inode);
        if live && directory.who == Who::Present && who != Who::Unknown && self.lives.get(who).is_none() {
            return;
        }
        // Of a name that is still listed, nothing but another file behind it would be news.
        if live && who == Who::Unknown || self.all.len() as u64 >= self.volume.limits.entries {
            return;
        }
        self.known.insert((directory.number, entry.name.into(), entry.inode));
        let key = (directory, entry.name.into(), entry.inode, who);
        let name = self.all.entry(key).or_insert_with(|| Name {
            directory,
            name: entry.name.into(),
            number: entry.inode,
            who,
            file_type: entry.file_type,
            last: sequence,
            certain,
        });
        name.last = name.last.max(sequence);
        name.certain |= certain;
    }

    /// Takes in what is left of an entry that was deleted nobody knows when.
    pub(super) fn left(&mut self, left: Left) {
        let Left { directory, number, name, file_type } = left;
        if matches!(&*name, b"." | b"..") || self.all.len() as u64 >= self.volume.limits.entries {
            return;
        }
        let key = (directory.number, name.clone(), number);
        if self.live.has(directory.number, &name, number) || !self.known.insert(key) {
            return;
        }
        let (who, last) = (self.last(number, file_type), NOW);
        let key = (directory, name.clone(), number, who);
        self.all.entry(key).or_insert(Name { directory, name, number, who, file_type, last, certain: false });
    }

    /// The file that an entry of an unknown time may mean: the last former one of a number or, where it has had no
    /// other, the present one.
    pub(super) fn last(&self, number: u32, file_type: u8) -> Who {
        let former = self.lives.last(number, file_type);
        let slot = self.scan.slot(number).filter(|slot| slot.in_use && former == Who::Unknown);
        let fits = slot.is_some_and(|slot| file_type == 0 || super::history::type_of(slot.mode) == file_type);
        if fits { Who::Present } else { former }
    }

    /// All former names, in order of directory, time and name; the parents of directories beside them.
    pub(super) fn finish(self) -> (Vec<Name>, HashMap<Directory, Directory>) {
        let of_known: HashSet<(u32, &[u8], u32)> = self
            .all
            .values()
            .filter(|name| name.who != Who::Unknown)
            .map(|name| (name.directory.number, &*name.name, name.number))
            .collect();
        // A name without a number says nothing where the same name has one.
        let numbered = self.all.values().filter(|name| name.number != 0);
        let numbered: HashSet<(u32, &[u8])> = numbered.map(|name| (name.directory.number, &*name.name)).collect();
        let mut names: Vec<Name> = self
            .all
            .values()
            .filter(|name| {
                let key = (name.directory.number, &*name.name, name.number);
                let is_news = name.number != 0 || !numbered.contains(&(key.0, key.1));
                is_news && (name.who != Who::Unknown || !of_known.contains(&key))
            })
            .cloned()
            .collect();
        names.sort_by(|a, b| {
            (a.directory, a.last, &a.name, a.number, a.who).cmp(&(b.directory, b.last, &b.name, b.number, b.who))
        });
        (names, self.parents)
    }
}
