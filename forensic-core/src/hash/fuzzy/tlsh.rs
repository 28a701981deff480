//! TLSH, by the crate `fast-tlsh`, which gives the reference's digests.

use crate::error::{Error, Result};
use tlsh::{FuzzyHashType, GeneratorType, TlshGenerator, hashes::Normal};

/// The most bytes the algorithm has a code of length for (that of 32 bits).
pub(super) const LONGEST: u64 = u32::MAX as u64;

/// What the reference prints where there is no digest.
const NONE: &str = "TNULL";

/// Computes the digest of bytes given piece by piece.
pub(super) struct Generator(TlshGenerator);

impl Default for Generator {
    fn default() -> Self {
        Self(TlshGenerator::new())
    }
}

impl Generator {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> String {
        self.0.finalize().map_or_else(|_| NONE.to_owned(), |digest| digest.to_string())
    }
}

/// The distance of two digests, their lengths counted.
pub(super) fn compare(a: &str, b: &str) -> Result<u32> {
    let parse = |text: &str| {
        let digest = text.parse::<Normal>();
        digest.map_err(|_| Error::invalid(format!("{text:?} is not a similarity digest of ssdeep or TLSH")))
    };
    Ok(parse(a)?.compare(&parse(b)?))
}
