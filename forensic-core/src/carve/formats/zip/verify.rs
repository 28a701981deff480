//! The CRC-32 of every member, by inflating what is deflated.

use super::{
    headers::{CENTRAL, DEFLATED, LOCAL, Member, STORED},
    layout::{self, Layout},
};
use crate::carve::{
    Break, Tape,
    formats::{checksum::crc32, inflate},
};

/// The first place at which the members do not hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hurt {
    /// Where the member begins.
    pub(super) member: u64,
    /// Bytes that hold.
    pub(super) good: u64,
    /// The byte known to be wrong.
    pub(super) at: u64,
    /// Bytes of a member inflated before it broke.
    pub(super) inflated: u64,
}

/// What a check of all members found.
pub(super) struct Checked {
    /// Members whose CRC holds.
    pub(super) sound: u64,
    pub(super) hurt: Option<Hurt>,
}

/// Checks the members of `layout` in order.
pub(super) fn verify(tape: &mut Tape, layout: &Layout) -> Checked {
    let (mut at, mut sound) = (0, 0u64);
    // The walk may have ended inside a member that begins before where it stands.
    while at <= layout.at {
        let Ok(magic) = tape.array::<4>(at) else { break };
        match &magic {
            LOCAL => {}
            CENTRAL => break,
            // Filling: the walk knows how to pass it, and it has no checksum.
            _ => match next_member(tape, layout, at) {
                Some(next) => {
                    at = next;
                    continue;
                }
                None => break,
            },
        }
        match member(tape, at) {
            Ok((end, checked)) => {
                sound = sound.saturating_add(checked.into());
                at = end;
            }
            Err(hurt) => return Checked { sound, hurt: Some(hurt) },
        }
    }
    Checked { sound, hurt: None }
}

fn next_member(tape: &mut Tape, layout: &Layout, at: u64) -> Option<u64> {
    let end = layout.directory.unwrap_or(layout.at);
    layout::filling(tape, at).ok().filter(|next| *next > at && *next <= end)
}

/// The end of the member at `at`, and whether its CRC was checked.
pub(super) fn member(tape: &mut Tape, at: u64) -> Result<(u64, bool), Hurt> {
    let (local, data) =
        Member::local(tape, at).map_err(|broken| Hurt { member: at, good: at, at: broken.at, inflated: 0 })?;
    if local.method == DEFLATED && !local.is_encrypted() {
        let limit = if local.packed == 0 && local.is_streamed() { u64::MAX } else { data.saturating_add(local.packed) };
        let inflated = inflate::raw(tape, data, limit).map_err(|torn| Hurt {
            member: at,
            good: torn.broken.at,
            at: torn.broken.at,
            inflated: torn.size,
        })?;
        let wrong = |byte: u64| Hurt { member: at, good: data, at: byte, inflated: inflated.size };
        let place = layout::place(tape, at).map_err(|broken| wrong(broken.at))?;
        let member = place.member;
        if (inflated.crc, inflated.size, inflated.end) != (member.crc, member.size, data.saturating_add(member.packed))
        {
            return Err(wrong(inflated.end));
        }
        return Ok((place.end, true));
    }
    let hurt = |broken: Break| Hurt { member: at, good: data, at: broken.at, inflated: 0 };
    let place = layout::place(tape, at).map_err(hurt)?;
    if local.method != STORED || local.is_encrypted() {
        return Ok((place.end, false));
    }
    let end = data.saturating_add(place.member.packed);
    match crc32(tape, data, end).map_err(hurt)? == place.member.crc {
        true => Ok((place.end, place.member.packed > 0)),
        false => Err(Hurt { member: at, good: data, at: end, inflated: 0 }),
    }
}
