//! From what a reader finds to what a builder takes: the list is read on a thread of its own, while the builder deals its digests
//! out and writes its records.

use super::blob;
use crate::{
    bytes::Spare,
    error::{Error, Result},
    known::{FileRecord, Group, List, Sink},
};
use std::{
    panic::resume_unwind,
    sync::mpsc::{SyncSender, sync_channel},
    thread,
};

/// Bytes of contents that are handed over at once, and how many times that many may wait.
const PARCEL: usize = 256 << 10;
const AHEAD: usize = 8;

/// What a reader finds, in the order that it is found.
pub(super) enum Event<'a> {
    /// A group begins.
    Group,
    /// What the group begun last says of itself.
    Description(Group),
    /// The content of a record.
    Record(&'a [u8]),
    /// The content of records that are to be no more.
    Removal(&'a [u8]),
    /// A Bloom filter.
    Filter(Vec<u8>),
    /// What could not be read, and where.
    Issue(u64, String),
}

/// A sink that makes an event of each call.
pub(super) struct Events<F> {
    take: F,
    content: Vec<u8>,
}

impl<F: FnMut(Event<'_>) -> Result<()>> Events<F> {
    pub(super) fn new(take: F) -> Self {
        Self { take, content: Vec::new() }
    }

    fn put(&mut self, record: &FileRecord) {
        self.content.clear();
        blob::put_content(record, &mut self.content);
    }
}

impl<F: FnMut(Event<'_>) -> Result<()>> Sink for Events<F> {
    fn begin_group(&mut self) -> Result<()> {
        (self.take)(Event::Group)
    }

    fn describe(&mut self, group: Group) -> Result<()> {
        (self.take)(Event::Description(group))
    }

    fn record(&mut self, record: &FileRecord) -> Result<()> {
        self.put(record);
        (self.take)(Event::Record(&self.content))
    }

    fn remove(&mut self, record: &FileRecord) -> Result<()> {
        self.put(record);
        (self.take)(Event::Removal(&self.content))
    }

    fn filter(&mut self, bytes: Vec<u8>) -> Result<()> {
        (self.take)(Event::Filter(bytes))
    }

    fn issue(&mut self, position: u64, message: String) {
        // Whoever takes no more says so at the next call.
        let _ = (self.take)(Event::Issue(position, message));
    }
}

/// What goes from one thread to the other.
enum Parcel {
    /// Contents, each behind its length and whether it is a removal.
    Contents(Vec<u8>),
    /// Anything else.
    Event(Event<'static>),
}

/// Fills parcels and sends them.
struct Packer<'a> {
    to: SyncSender<Parcel>,
    open: Vec<u8>,
    spare: &'a Spare,
}

impl Packer<'_> {
    fn take(&mut self, event: Event<'_>) -> Result<()> {
        let event = match event {
            Event::Record(content) => return self.pack(content, 0),
            Event::Removal(content) => return self.pack(content, 1),
            Event::Group => Event::Group,
            Event::Description(group) => Event::Description(group),
            Event::Filter(bytes) => Event::Filter(bytes),
            Event::Issue(position, message) => Event::Issue(position, message),
        };
        self.send_open()?;
        self.send(Parcel::Event(event))
    }

    fn pack(&mut self, content: &[u8], is_removal: u8) -> Result<()> {
        self.open.extend_from_slice(&content.len().to_le_bytes());
        self.open.push(is_removal);
        self.open.extend_from_slice(content);
        if self.open.len() < PARCEL { Ok(()) } else { self.send_open() }
    }

    fn send_open(&mut self) -> Result<()> {
        if self.open.is_empty() {
            return Ok(());
        }
        let mut next = self.spare.take();
        next.clear();
        let full = std::mem::replace(&mut self.open, next);
        self.send(Parcel::Contents(full))
    }

    fn send(&self, parcel: Parcel) -> Result<()> {
        // Nobody takes it where the builder failed, which has the error that counts.
        self.to.send(parcel).map_err(|_| Error::Cancelled)
    }
}

/// Gives what is in a parcel to `take`.
fn unpack(parcel: Parcel, take: &mut impl FnMut(Event<'_>) -> Result<()>, spare: &Spare) -> Result<()> {
    let contents = match parcel {
        Parcel::Event(event) => return take(event),
        Parcel::Contents(contents) => contents,
    };
    let mut rest = contents.as_slice();
    while let Some((length, behind)) = rest.split_first_chunk()
        && let Some(([is_removal], behind)) = behind.split_first_chunk()
        && let Some((content, behind)) = behind.split_at_checked(usize::from_le_bytes(*length))
    {
        take(if *is_removal == 0 { Event::Record(content) } else { Event::Removal(content) })?;
        rest = behind;
    }
    spare.give(contents);
    Ok(())
}

/// Reads a list and gives what it has to `take`, in order.
///
/// # Errors
/// Those of `take`; else those of [`List::read`].
pub(super) fn read(list: List<'_>, mut take: impl FnMut(Event<'_>) -> Result<()>) -> Result<()> {
    let (to, parcels) = sync_channel(AHEAD);
    let spare = Spare::default();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut packer = Packer { to, open: Vec::new(), spare: &spare };
            list.read(&mut Events::new(|event| packer.take(event)))?;
            packer.send_open()
        });
        let taken = parcels.into_iter().try_for_each(|parcel| unpack(parcel, &mut take, &spare));
        let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        taken.and(read)
    })
}
