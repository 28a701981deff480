//! The formats of lists.

use crate::error::{Error, Result};
use std::{fmt, str::FromStr};

/// A format of a list of known files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One digest a line.
    Plain,
    /// What md5sum, sha1sum, sha256sum and b3sum write, with their BSD form (`--tag`).
    Sums,
    /// What hashdeep and md5deep write with a `%%%% HASHDEEP-1.0` header.
    Hashdeep,
    /// NSRL RDSv3: an SQLite database, minimal or full.
    NsrlSqlite,
    /// NSRL RDSv3: SQL text, a delta to a database.
    NsrlSql,
    /// NSRL RDSv2: `NSRLFile.txt`.
    NsrlCsv,
    /// Project VIC: VICS 1.3 or 2.0 JSON, a hash set or cases.
    Vics,
    /// Project VIC: VICS 2.0 JSON, cases. Read as [`Format::Vics`]; written as a case for each group.
    VicsCase,
    /// CAID JSON: the envelope of VICS 1.2.
    Caid,
    /// The CSV of the ICSE database, separated by `;`.
    IcseCsv,
    /// The Sleuth Kit's and Autopsy's hash database in SQLite (`.kdb`).
    TskKdb,
    /// The Sleuth Kit's index of a text list (`.idx`).
    TskIdx,
    /// EnCase's hash set (`.hash`).
    EncaseHash,
    /// HashKeeper's CSV (`.hsh`).
    Hashkeeper,
    /// IPED's `hashes.db`.
    Iped,
    /// hashlookup's Bloom filter, which knows a file only as "possible".
    HashlookupBloom,
    /// A set of this library: all that it was built from.
    Set,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::NsrlSqlite,
        Self::NsrlSql,
        Self::NsrlCsv,
        Self::Vics,
        Self::VicsCase,
        Self::Caid,
        Self::IcseCsv,
        Self::Hashdeep,
        Self::Sums,
        Self::Plain,
        Self::TskKdb,
        Self::TskIdx,
        Self::EncaseHash,
        Self::Hashkeeper,
        Self::Iped,
        Self::HashlookupBloom,
        Self::Set,
    ];

    /// The name: `nsrl-sqlite`, `vics`, `sums`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Sums => "sums",
            Self::Hashdeep => "hashdeep",
            Self::NsrlSqlite => "nsrl-sqlite",
            Self::NsrlSql => "nsrl-sql",
            Self::NsrlCsv => "nsrl-csv",
            Self::Vics => "vics",
            Self::VicsCase => "vics-case",
            Self::Caid => "caid",
            Self::IcseCsv => "icse-csv",
            Self::TskKdb => "tsk-kdb",
            Self::TskIdx => "tsk-idx",
            Self::EncaseHash => "encase-hash",
            Self::Hashkeeper => "hashkeeper",
            Self::Iped => "iped",
            Self::HashlookupBloom => "hashlookup-bloom",
            Self::Set => "set",
        }
    }

    /// True where the list is a database in SQLite.
    pub(super) fn is_database(self) -> bool {
        matches!(self, Self::NsrlSqlite | Self::TskKdb | Self::Iped)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == name);
        found.ok_or_else(|| Error::invalid(format!("unknown format of a list of digests {name:?}")))
    }
}
