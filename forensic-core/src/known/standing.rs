//! What a hit means for the order in which files are looked at.

use super::Known;
use serde_json::Value;

/// How urgently a known file wants to be looked at, the most urgent first. A pointer, not a verdict: what a set says is as
/// good as the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// A set puts it in a category of illegal or exploitative material: 1 to 3 in any scheme of Project VIC, CAID or ICSE, or what
    /// IPED calls anything but known.
    Notable,
    /// A set lists it and says no more.
    Listed,
    /// Software and other files of everyday use: NSRL's, or what IPED calls known. To be skipped.
    KnownGood,
}

impl Standing {
    /// The name: "notable", "listed", "known_good".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notable => "notable",
            Self::Listed => "listed",
            Self::KnownGood => "known_good",
        }
    }
}

impl Known {
    /// What this hit means.
    ///
    /// Category 0 is "uncategorised" to one program and "not pertinent" to another: it is `Listed`, as is a hit in a Bloom
    /// filter, which may be wrong.
    pub fn standing(&self) -> Standing {
        if self.possible {
            return Standing::Listed;
        }
        if let Some(status) = self.properties.get("status").and_then(Value::as_str) {
            return if status.eq_ignore_ascii_case("known") { Standing::KnownGood } else { Standing::Notable };
        }
        match self.category.as_deref().map(str::trim) {
            Some("1" | "2" | "3") => Standing::Notable,
            None if self.scheme.as_deref() == Some("NSRL") => Standing::KnownGood,
            _ => Standing::Listed,
        }
    }
}
