//! Streams into lanes: who sits where, and what each has read.

use super::{
    Width,
    kernel::{Blocks, LaneStates, MOST},
};
use crate::{
    bytes::{ReadAt, Source},
    error::Result,
    hash::{
        Algorithm, Digests,
        hasher::Others,
        trio::{Asked, BLOCK, States, Trio},
    },
};

/// Bytes a lane reads ahead, whole blocks: most files in one read.
pub(super) const READ: usize = 64 << 10;

/// What a lane without a stream works on.
static IDLE: [[u8; BLOCK]; READ / BLOCK] = [[0; BLOCK]; READ / BLOCK];

/// A stream that has a lane.
struct Stream {
    /// Its place among all.
    number: usize,
    source: Source,
    size: u64,
    /// Bytes read so far.
    read: u64,
    others: Others,
}

/// A lane and what its stream has read, which it keeps for the next one.
struct Lane {
    stream: Option<Stream>,
    buf: Vec<u8>,
    /// Bytes of `buf` that were read, and those of them that are done: whole blocks.
    filled: usize,
    done: usize,
}

impl Lane {
    fn new() -> Self {
        Self { stream: None, buf: vec![0; READ], filled: 0, done: 0 }
    }

    /// The blocks that wait.
    fn blocks(&self) -> Blocks<'_> {
        self.buf[self.done..self.filled].as_chunks().0
    }

    /// Reads on, when all whole blocks are done. False at the end of the stream, and where there is none.
    fn read_on(&mut self) -> Result<bool> {
        let Some(stream) = self.stream.as_mut().filter(|stream| stream.read < stream.size) else { return Ok(false) };
        let count = usize::try_from(stream.size - stream.read).unwrap_or(READ).min(READ);
        let buf = &mut self.buf[..count];
        stream.source.read_at(stream.read, buf)?;
        stream.others.update(buf);
        stream.read += count as u64;
        (self.filled, self.done) = (count, 0);
        Ok(true)
    }

    /// The digests of the stream whose blocks so far led to `states`, with what is left of it.
    fn finish(&mut self, asked: Asked, states: States) -> Result<Digests> {
        let done = self.stream.as_ref().map_or(0, |stream| stream.read) - (self.filled - self.done) as u64;
        let mut trio = Trio::resume(asked, states, done);
        trio.update(&self.buf[self.done..self.filled]);
        while self.read_on()? {
            trio.update(&self.buf[..self.filled]);
        }
        let mut digests = Digests::default();
        trio.finish(&mut digests);
        if let Some(stream) = self.stream.take() {
            stream.others.finish(&mut digests);
        }
        Ok(digests)
    }

    /// Leaves the lane empty.
    fn leave(&mut self) -> Option<usize> {
        (self.filled, self.done) = (0, 0);
        self.stream.take().map(|stream| stream.number)
    }
}

/// The digests of all streams that `next` gives with their numbers, in up to `lanes` lanes of a width (none: each alone);
/// where one cannot be opened or read, its error. In the order in which they end.
pub(in crate::hash) fn feed(
    width: Option<Width>,
    lanes: usize,
    algorithms: &[Algorithm],
    mut next: impl FnMut() -> Option<(usize, Result<Source>)>,
) -> Vec<(usize, Result<Digests>)> {
    let asked = Asked::new(algorithms);
    let others = Others::new(algorithms);
    let (count, worth) = width.map_or((1, usize::MAX), |width| (width.lanes().min(lanes.max(1)), width.worth(asked)));
    let mut lanes: Vec<Lane> = (0..count).map(|_| Lane::new()).collect();
    let mut states = LaneStates::new();
    let mut results = Vec::new();
    let mut more = true;
    loop {
        // Every lane gets blocks, as long as there are streams.
        for (index, lane) in lanes.iter_mut().enumerate() {
            while lane.blocks().is_empty() {
                match lane.read_on() {
                    Ok(true) => continue,
                    Err(error) => results.extend(lane.leave().map(|number| (number, Err(error)))),
                    Ok(false) => {
                        if let Some(number) = lane.stream.as_ref().map(|stream| stream.number) {
                            results.push((number, lane.finish(asked, states.get(index))));
                            lane.leave();
                        }
                    }
                }
                let Some((number, source)) = more.then(&mut next).flatten() else {
                    more = false;
                    break;
                };
                match source {
                    Ok(source) => {
                        let size = source.len();
                        lane.stream = Some(Stream { number, source, size, read: 0, others: others.clone() });
                        states.set(index, &States::START);
                    }
                    Err(error) => results.push((number, Err(error))),
                }
            }
        }
        let live = lanes.iter().filter(|lane| lane.stream.is_some()).count();
        if live == 0 {
            return results;
        }
        let Some(width) = width.filter(|_| live >= worth) else {
            for (index, lane) in lanes.iter_mut().enumerate() {
                if let Some(number) = lane.stream.as_ref().map(|stream| stream.number) {
                    results.push((number, lane.finish(asked, states.get(index))));
                    lane.leave();
                }
            }
            continue;
        };
        // As many blocks as each has.
        let waiting = lanes.iter().filter(|lane| lane.stream.is_some()).map(|lane| lane.blocks().len());
        let count = waiting.min().unwrap_or(0);
        let mut streams: [Blocks<'_>; MOST] = [&IDLE; MOST];
        for (stream, lane) in streams.iter_mut().zip(&lanes).filter(|(_, lane)| lane.stream.is_some()) {
            *stream = lane.blocks();
        }
        width.compress(asked, &mut states, &streams, count);
        for lane in lanes.iter_mut().filter(|lane| lane.stream.is_some()) {
            lane.done += count * BLOCK;
        }
    }
}
