//! Segment files that lie beside one another: naming series, and gathering the members that exist.

use super::Segment;
use crate::{
    bytes::FileSource,
    error::{Error, Result},
    limits::Limits,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// How many names past the last member are tried, to tell the end of a series from a missing member.
const LOOK_AHEAD: u32 = 32;

/// Opens all members of a series in order. `name` gives the path of member `number`, `None` past the last possible
/// name; `first` is the number of the first one. The path `known` is already open and is not opened again.
///
/// # Errors
/// [`Error::MissingSegment`] where a member is absent and a later one is not, [`Error::Limit`] where there are more than
/// [`Limits::segments`], [`Error::Io`] where one that exists cannot be opened.
pub(super) fn gather(
    first: u32,
    name: impl Fn(u32) -> Option<PathBuf>,
    known: Segment,
    limits: &Limits,
) -> Result<Vec<Segment>> {
    let exists = |number: u32| name(number).filter(|path| path.exists());
    let mut segments = Vec::new();
    let mut number = first;
    while let Some(path) = exists(number) {
        if segments.len() >= limits.segments {
            return Err(Error::Limit {
                structure: "segment set",
                offset: 0,
                found: u64::from(number),
                limit: limits.segments as u64,
                unit: "segments",
            });
        }
        let source = match &known {
            (Some(known_path), source) if *known_path == path => source.clone(),
            _ => Arc::new(FileSource::open(&path)?),
        };
        segments.push((Some(path), source));
        number = number.saturating_add(1);
    }
    let last_tried = number.saturating_add(LOOK_AHEAD);
    if (number.saturating_add(1)..=last_tried).any(|later| exists(later).is_some()) {
        return Err(missing(number.saturating_sub(first).saturating_add(1), name(number)));
    }
    Ok(segments)
}

/// The error for an absent member: its number counts from 1.
pub(super) fn missing(number: u32, path: Option<PathBuf>) -> Error {
    Error::MissingSegment { number, path: path.unwrap_or_default() }
}

/// The path with another extension, and the extension as text; `None` where there is none.
pub(super) fn extension(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

/// The letters of `number` in base 26 ("aa" is 0), `width` of them, beginning at `a`; `None` where it does not fit.
pub(super) fn letters(number: u32, width: usize, a: u8) -> Option<String> {
    let mut rest = number;
    let mut text = Vec::new();
    for _ in 0..width {
        text.push(char::from(a.checked_add(u8::try_from(rest % 26).ok()?)?));
        rest /= 26;
    }
    (rest == 0).then(|| text.iter().rev().collect())
}

/// The number that [`letters`] writes as `text`.
pub(super) fn letters_value(text: &str, a: u8) -> Option<u32> {
    text.bytes().try_fold(0u32, |value, letter| {
        let digit = letter.checked_sub(a).filter(|digit| *digit < 26)?;
        value.checked_mul(26)?.checked_add(u32::from(digit))
    })
}
