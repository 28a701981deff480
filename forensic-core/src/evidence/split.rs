//! Raw images, whole or split: the bytes of the medium and nothing else, in one file or in several
//! (`.000`, `.001` …, `.aa`, `.ab` …).

use super::{
    Container, Segment,
    series::{extension, gather, letters, letters_value, missing},
};
use crate::{
    bytes::{ReadAt, Source, check_bounds},
    error::{Error, Issue, Result},
    limits::Limits,
};
use std::{path::PathBuf, sync::Arc};

/// Opens a raw image. With `find_more`, a path named like a member of a split set brings in the others.
pub(super) fn open(segments: Vec<Segment>, find_more: bool, limits: &Limits) -> Result<Container> {
    let mut issues = Vec::new();
    let segments = match <[Segment; 1]>::try_from(segments) {
        Ok([only]) if find_more => gather_set(only, limits, &mut issues)?,
        Ok(only) => only.into(),
        Err(several) => several,
    };
    let split = segments.len() > 1;
    let mut sources = segments.into_iter().map(|(_, source)| source);
    let container = if split {
        Container::new("split", Arc::new(Joined::new(sources)?))
    } else {
        Container::new("raw", sources.next().ok_or_else(|| Error::invalid("no segment was given"))?)
    };
    Ok(Container { issues, ..container })
}

/// The set that `member` belongs to by its name; itself alone where the name is of no set.
fn gather_set(member: Segment, limits: &Limits, issues: &mut Vec<Issue>) -> Result<Vec<Segment>> {
    let Some((path, (naming, number))) = member.0.clone().and_then(|path| {
        let naming = Naming::of(extension(&path)?)?;
        Some((path, naming))
    }) else {
        return Ok(vec![member]);
    };
    let name = |number: u32| Some(path.with_extension(naming.extension(number)?));
    let exists = |number: u32| name(number).is_some_and(|path: PathBuf| path.exists());
    let mut lowest = number;
    while lowest > 0 && exists(lowest.saturating_sub(1)) {
        lowest = lowest.saturating_sub(1);
    }
    if lowest <= naming.last_start() {
        return gather(lowest, name, member, limits);
    }
    // The name alone proves little: ".dd" is a member of ".aa", ".ab" … as much as a plain image.
    let is_alone = lowest == number && !exists(number.saturating_add(1));
    if !is_alone || naming.is_certain(number) {
        let first = if exists(0) { 0 } else { naming.last_start() };
        let absent = (first..number).find(|number| !exists(*number)).unwrap_or(first);
        return Err(missing(absent.saturating_sub(first).saturating_add(1), name(absent)));
    }
    if exists(0) {
        issues.push(Issue::new(
            None,
            "segment set",
            format!("{:?} lies beside: this may be one member of a split image", name(0).unwrap_or_default()),
        ));
    }
    Ok(vec![member])
}

/// How the extensions of a split set count.
#[derive(Clone, Copy)]
enum Naming {
    /// `.000` or `.001` on, with so many digits.
    Digits { width: usize },
    /// `.aa` on, with so many letters from `a` or `A`.
    Letters { width: usize, a: u8 },
}

impl Naming {
    /// The naming that `extension` follows, and the number it stands for.
    fn of(extension: &str) -> Option<(Self, u32)> {
        let width = extension.len();
        if !(2..=4).contains(&width) {
            return None;
        }
        if extension.bytes().all(|byte| byte.is_ascii_digit()) {
            // ".1000" follows ".999".
            let width = if width == 4 && !extension.starts_with('0') { 3 } else { width };
            return Some((Self::Digits { width }, extension.parse().ok()?));
        }
        let a = if extension.bytes().all(|byte| byte.is_ascii_uppercase()) { b'A' } else { b'a' };
        Some((Self::Letters { width, a }, letters_value(extension, a)?))
    }

    fn extension(self, number: u32) -> Option<String> {
        match self {
            Self::Digits { width } => Some(format!("{number:0width$}")),
            Self::Letters { width, a } => letters(number, width, a),
        }
    }

    /// The highest number that a set may begin with.
    fn last_start(self) -> u32 {
        match self {
            Self::Digits { .. } => 1,
            Self::Letters { .. } => 0,
        }
    }

    /// True where the name by itself says that the file is a member of a set: ".002" does, ".2024" may be a year.
    fn is_certain(self, number: u32) -> bool {
        matches!(self, Self::Digits { width: 3 }) && number < 1000
    }
}

/// Sources one after another, as one medium.
struct Joined {
    /// Each part with the medium offset at which it ends.
    parts: Vec<(u64, Source)>,
}

impl Joined {
    fn new(sources: impl Iterator<Item = Source>) -> Result<Self> {
        let mut end = 0u64;
        let mut parts = Vec::new();
        for source in sources {
            end = end.checked_add(source.len()).ok_or_else(|| Error::invalid("the segments exceed 2^64 bytes"))?;
            parts.push((end, source));
        }
        Ok(Self { parts })
    }
}

impl ReadAt for Joined {
    fn len(&self) -> u64 {
        self.parts.last().map_or(0, |(end, _)| *end)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.len())?;
        let first = self.parts.partition_point(|(end, _)| *end <= offset);
        let (mut at, mut rest) = (offset, buf);
        for (end, source) in self.parts.iter().skip(first) {
            if rest.is_empty() {
                break;
            }
            let start = end.saturating_sub(source.len());
            let count = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX).min(rest.len());
            let (now, later) = std::mem::take(&mut rest).split_at_mut(count);
            source.read_at(at.saturating_sub(start), now).map_err(|error| error.moved_by(start))?;
            rest = later;
            at = at.saturating_add(count as u64);
        }
        Ok(())
    }
}
