//! MPEG transport streams in packets of 188 bytes, or of 192 with an arrival time before each as on Blu-ray discs and AVCHD cameras
//! (ISO/IEC 13818-1, 2.4).

use super::{begins, sector::boundary};
use crate::carve::{Break, Broken, Format, Found, Holds, Outcome, Signature, Tape};

/// MPEG transport streams.
pub(super) struct TransportStream;

const KIND: &str = "ts";
const SIGNATURES: &[Signature] = &[
    Signature::new(b"\x47\x40").when(|head| begins_with_tables(head, 0)),
    Signature::at(4, b"\x47\x40").when(|head| begins_with_tables(head, 4)),
];
const PACKET: u64 = 188;
const SYNC: u8 = 0x47;
/// Packets of tables and the first payload that are looked at before a stream is believed.
const BEGINNING: u64 = 256;
const FEWEST_PACKETS: u64 = 8;
/// Packets that may be lost in the middle of a stream.
const MOST_LOST: u64 = 1 << 13;
const GOES_ON: u64 = 6;
/// A stream begins with anything at the start of a cluster, which a table in the middle of another rarely stands at. Recordings
/// off the air end anywhere: one that ends inside a unit was cut only where a cluster may begin in its last packet.
const CLUSTER: u64 = 4096;
/// The program association table and the service description table.
const PAT: u16 = 0;
const SDT: u16 = 0x11;
const NULL: u16 = 0x1fff;

/// A stream of its own begins with one of its tables: PAT, or the description of its services before it.
fn begins_with_tables(head: &[u8], lead: usize) -> bool {
    let field = |index: usize| head.get(lead.saturating_add(index)).copied().unwrap_or(0);
    let next = usize::try_from(PACKET).unwrap_or(0).saturating_add(lead);
    let table = matches!(field(2), 0x00 | 0x11) && field(3) & 0xd0 == 0x10;
    table && head.get(next.saturating_add(lead)).is_none_or(|sync| *sync == SYNC)
}

impl Format for TransportStream {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        [0, 4].into_iter().find_map(|lead| stream(tape, lead)).unwrap_or(Outcome::No)
    }
}

/// The stream whose packets have `lead` bytes before them.
fn stream(tape: &mut Tape, lead: u64) -> Option<Outcome> {
    let mut walk = Walk { lead, stride: PACKET.saturating_add(lead), pids: Vec::new(), number: 0, last: NULL };
    walk.beginning(tape)?;
    if !tape.start().is_multiple_of(CLUSTER) && !walk.starts(tape) {
        return None;
    }
    let mut bad = None;
    loop {
        match walk.packet(tape, walk.number) {
            Ok(packet) if walk.is_next(packet) => walk.count(tape, packet),
            Err(Break { cause: crate::carve::Cause::Spent, .. }) => return None,
            _ => match walk.resume(tape) {
                Some(number) => {
                    bad = bad.or(Some(walk.number.saturating_mul(walk.stride)));
                    walk.number = number;
                    walk.pids.iter_mut().for_each(|pid| (pid.counter, pid.rest) = (None, Rest::Unknown));
                }
                None => break,
            },
        }
    }
    let end = walk.number.saturating_mul(walk.stride);
    if walk.number < FEWEST_PACKETS {
        return None;
    }
    let found = Found::new(KIND, end).holds(Holds::Others);
    // The source may end inside a packet of the stream.
    let cut = tape.len().saturating_sub(end) < walk.stride
        && tape.array(end.saturating_add(lead)).is_ok_and(|[sync, high, low]| {
            let id = u16::from_be_bytes([high & 0x1f, low]);
            sync == SYNC && walk.pids.iter().any(|pid| pid.id == id)
        });
    Some(match bad {
        Some(bad) => Outcome::Whole(found.damaged_at(bad)),
        None if let Some(good) = begins::first(tape, end.saturating_sub(walk.stride), end) => {
            Outcome::Broken(Broken { kind: KIND, good, broken_at: good, length: None, confidence: 95 })
        }
        None if let Some(good) = walk.cut_in(tape, end) => {
            // The checksums of its tables tell that it is a stream.
            Outcome::Broken(Broken { kind: KIND, good, broken_at: end, length: None, confidence: 95 })
        }
        None if cut => Outcome::Broken(Broken {
            kind: KIND,
            good: tape.len(),
            broken_at: tape.len(),
            length: None,
            confidence: 80,
        }),
        None => Outcome::Whole(found),
    })
}

/// What is known of a packet identifier.
#[derive(Debug, Clone, Copy)]
struct Pid {
    id: u16,
    counter: Option<u8>,
    rest: Rest,
}

/// What is to come of the unit that a packet is of.
#[derive(Debug, Clone, Copy)]
enum Rest {
    Unknown,
    /// So many bytes.
    Bytes(u64),
    /// It ends with the packet that is filled up, or did.
    Filled(bool),
}

#[derive(Debug, Clone, Copy)]
struct Packet {
    pid: u16,
    starts_unit: bool,
    has_payload: bool,
    counter: u8,
    /// True where the counter may jump.
    jumps: bool,
    /// Bytes of the payload, and whether what stands before it fills the packet up.
    payload: u64,
    is_filled: bool,
}

struct Walk {
    lead: u64,
    stride: u64,
    pids: Vec<Pid>,
    /// The next packet.
    number: u64,
    /// What the last one was of.
    last: u16,
}

impl Walk {
    fn packet(&self, tape: &mut Tape, number: u64) -> Result<Packet, Break> {
        let start = number.saturating_mul(self.stride);
        // All of it has to be there.
        tape.byte(start.saturating_add(self.stride).saturating_sub(1))?;
        let [sync, b, c, d, length, flags] = tape.array(start.saturating_add(self.lead))?;
        if sync != SYNC || b & 0x80 != 0 || d & 0x30 == 0 {
            return Err(Break::wrong(start, "transport packet"));
        }
        let adapts = d & 0x20 != 0;
        if adapts && length > 183 {
            return Err(Break::wrong(start, "adaptation field"));
        }
        Ok(Packet {
            pid: u16::from_be_bytes([b & 0x1f, c]),
            starts_unit: b & 0x40 != 0,
            has_payload: d & 0x10 != 0,
            counter: d & 15,
            jumps: adapts && length > 0 && flags & 0x80 != 0,
            payload: if adapts { 183u64.saturating_sub(u64::from(length)) } else { 184 },
            // A clock takes seven bytes.
            is_filled: adapts && (length == 0 || flags & 0x10 == 0 || length > 7),
        })
    }

    /// Finds the tables of the stream; their checksums show that it is one.
    fn beginning(&mut self, tape: &mut Tape) -> Option<()> {
        let mut map_pids = Vec::new();
        for number in 0..BEGINNING {
            let packet = self.packet(tape, number).ok()?;
            if !packet.starts_unit || !packet.has_payload {
                continue;
            }
            let is_map = map_pids.contains(&packet.pid);
            if packet.pid != PAT && !is_map {
                continue;
            }
            let section = self.section(tape, number)?;
            if packet.pid == PAT {
                map_pids.extend(section.get(8..)?.as_chunks::<4>().0.iter().filter_map(|[a, b, c, d]| {
                    let network = (*a, *b) == (0, 0);
                    (!network).then_some(u16::from_be_bytes([c & 0x1f, *d]))
                }));
                self.know(PAT);
            } else {
                self.know(packet.pid);
                self.know(u16::from_be_bytes([section.get(8)? & 0x1f, *section.get(9)?]));
                let info = usize::from(u16::from_be_bytes([section.get(10)? & 15, *section.get(11)?]));
                let mut rest = section.get(info.checked_add(12)?..)?;
                while let Some(([_, a, b, c, d], more)) = rest.split_first_chunk::<5>() {
                    self.know(u16::from_be_bytes([a & 0x1f, *b]));
                    rest = more.get(usize::from(u16::from_be_bytes([c & 15, *d]))..).unwrap_or(&[]);
                }
                return Some(());
            }
        }
        None
    }

    /// True where all counters begin at their start, and each stream with a unit: a table in the middle of a stream, whose start
    /// is lost, is no start.
    fn starts(&self, tape: &mut Tape) -> bool {
        let mut seen = vec![NULL];
        (0..BEGINNING).map_while(|number| self.packet(tape, number).ok()).all(|packet| {
            let is_first = !seen.contains(&packet.pid);
            seen.push(packet.pid);
            !is_first || (packet.counter == 0 && (packet.starts_unit || !packet.has_payload))
        })
    }

    fn know(&mut self, id: u16) {
        if !self.pids.iter().any(|pid| pid.id == id) {
            self.pids.push(Pid { id, counter: None, rest: Rest::Unknown });
        }
    }

    /// The section that begins in packet `number`, where its checksum holds: without the checksum, from the table number on.
    fn section(&self, tape: &mut Tape, number: u64) -> Option<Vec<u8>> {
        let start = number.saturating_mul(self.stride).saturating_add(self.lead);
        let packet = tape.bytes(start, usize::try_from(PACKET).ok()?).ok()?;
        let adapts = packet.get(3)? & 0x20 != 0;
        let payload = if adapts { usize::from(*packet.get(4)?).checked_add(5)? } else { 4 };
        let pointer = usize::from(*packet.get(payload)?);
        let section = packet.get(payload.checked_add(1)?.checked_add(pointer)?..)?;
        let length = usize::from(u16::from_be_bytes([section.get(1)? & 15, *section.get(2)?])).checked_add(3)?;
        let section = section.get(..length)?;
        (crc(section) == 0).then(|| section.get(..length.saturating_sub(4)).unwrap_or(&[]).to_vec())
    }

    /// True where `packet` is of this stream and follows what came before.
    fn is_next(&self, packet: Packet) -> bool {
        // Tables have numbers of their own, below those that are given out.
        if packet.pid == NULL || (packet.pid < 0x20 && packet.pid != PAT && packet.pid != SDT) {
            return true;
        }
        match self.pids.iter().find(|pid| pid.id == packet.pid) {
            Some(Pid { counter: Some(last), .. }) => {
                let next = if packet.has_payload { last.wrapping_add(1) & 15 } else { *last };
                packet.jumps || packet.counter == next || packet.counter == *last
            }
            Some(_) => true,
            None => packet.pid == SDT || self.number < BEGINNING,
        }
    }

    fn count(&mut self, tape: &mut Tape, packet: Packet) {
        let end = self.number.saturating_add(1).saturating_mul(self.stride);
        let told = packet.starts_unit.then(|| told(tape, end.saturating_sub(packet.payload)));
        self.number = self.number.saturating_add(1);
        if packet.pid == NULL {
            return;
        }
        self.know(packet.pid);
        self.last = packet.pid;
        if let Some(pid) = self.pids.iter_mut().find(|pid| pid.id == packet.pid) {
            let is_repeated = pid.counter == Some(packet.counter);
            pid.counter = Some(packet.counter);
            if packet.has_payload && !is_repeated {
                pid.rest = told.unwrap_or(pid.rest).behind(packet);
            }
        }
    }

    /// Where the stream, which ends at `end`, was cut: in its last packet, where that is of a unit which is not over, or of a table
    /// with nothing behind it.
    fn cut_in(&self, tape: &Tape, end: u64) -> Option<u64> {
        let unfinished = |pid: &Pid| matches!(pid.rest, Rest::Bytes(1..) | Rest::Filled(false));
        let last = end.saturating_sub(self.stride);
        let is_table = |pid: &Pid| pid.id == self.last && matches!(pid.rest, Rest::Unknown);
        self.pids
            .iter()
            .any(|pid| unfinished(pid) || is_table(pid))
            .then(|| boundary(tape, last, end, CLUSTER))
            .flatten()
    }

    /// The packet behind a loss with which the stream goes on; `None` where it ends, or another begins.
    fn resume(&self, tape: &mut Tape) -> Option<u64> {
        let limit = self.number.saturating_add(MOST_LOST).min(tape.len().checked_div(self.stride)?);
        for number in self.number..limit {
            let Ok(packet) = self.packet(tape, number) else { continue };
            if matches!(packet.pid, PAT | SDT) && packet.starts_unit && packet.counter == 0 {
                return None;
            }
            let known = |packet: Packet| self.pids.iter().any(|pid| pid.id == packet.pid) || packet.pid == NULL;
            let mut rest = number..number.saturating_add(GOES_ON);
            if rest.all(|number| self.packet(tape, number).is_ok_and(known)) {
                return Some(number);
            }
        }
        None
    }
}

impl Rest {
    /// The same behind `packet`.
    fn behind(self, packet: Packet) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::Bytes(bytes) => Self::Bytes(bytes.saturating_sub(packet.payload)),
            Self::Filled(_) => Self::Filled(packet.is_filled),
        }
    }
}

/// What the packet of an elementary stream that begins at `at` says of its own length (2.4.3.6).
fn told(tape: &mut Tape, at: u64) -> Rest {
    match tape.array(at) {
        Ok([0, 0, 1, 0xbd..=0xfd, 0, 0]) => Rest::Filled(false),
        Ok([0, 0, 1, 0xbd..=0xfd, a, b]) => Rest::Bytes(u64::from(u16::from_be_bytes([a, b])).saturating_add(6)),
        _ => Rest::Unknown,
    }
}

/// The CRC-32 of sections; 0 where they end in their own.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            if crc & 0x8000_0000 != 0 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 }
        })
    })
}
