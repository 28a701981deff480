//! The formats of lists, told apart by their content.

use super::{digest_from_hex, hashdeep, lines::Lines, not_a_list, sums};
use crate::error::{Error, Result};
use std::{io::Read, str::FromStr};

/// A format of a list of digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One digest a line.
    Plain,
    /// What md5sum, sha1sum, sha256sum and b3sum write, with their BSD form (`--tag`).
    Sums,
    /// What hashdeep and md5deep write with a `%%%% HASHDEEP-1.0` header.
    Hashdeep,
    /// A set of this library: all that it was built from.
    Set,
}

/// Lines looked at before a file is called no list: comments may come first.
const LINES_LOOKED_AT: usize = 200;

impl Format {
    /// The name: `plain`, `sums`, `hashdeep`, `set`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Sums => "sums",
            Self::Hashdeep => "hashdeep",
            Self::Set => "set",
        }
    }

    /// Looks at the first lines, which stay unread.
    pub(super) fn detect<R: Read>(lines: &mut Lines<R>) -> Result<Self> {
        let mut seen = Vec::new();
        let mut found = None;
        while found.is_none() && seen.len() < LINES_LOOKED_AT {
            let Some(line) = lines.next_line()? else { break };
            found = match line.text.as_str() {
                text if hashdeep::is_header(text) => Some(Self::Hashdeep),
                text if digest_from_hex(text.trim().as_bytes()).is_some() => Some(Self::Plain),
                text if sums::parse(text).is_ok_and(|row| row.is_some()) => Some(Self::Sums),
                _ => None,
            };
            seen.push(line);
        }
        let empty = seen.iter().all(|line| line.text.trim().is_empty());
        lines.unread(seen);
        match found {
            Some(format) => Ok(format),
            // An empty list is a list.
            None if empty => Ok(Self::Plain),
            None => Err(not_a_list(lines.path())),
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let all = [Self::Plain, Self::Sums, Self::Hashdeep, Self::Set];
        let found = all.into_iter().find(|format| format.as_str() == name);
        found.ok_or_else(|| Error::invalid(format!("unknown format of a list of digests {name:?}")))
    }
}
