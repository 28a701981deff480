//! `forensic_verification`: the digests of a medium beside those stored at acquisition.

use crate::{
    boundary::{borrow, fallible, free, getter, item, out},
    callback::{Watched, forensic_progress},
    error::{forensic_error, forensic_status},
    evidence::forensic_evidence,
    extents::forensic_extents,
    pairs::{Pairs, forensic_pair},
};
use forensic_core::evidence::Verification;
use std::ffi::c_void;

/// What a verification says.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum forensic_verdict {
    /// Nothing is stored to compare with.
    FORENSIC_VERDICT_NONE = 0,
    /// Every stored digest that can be computed equals the computed one, and all bytes could be read.
    FORENSIC_VERDICT_GOOD = 1,
    /// A digest differs, or bytes cannot be read.
    FORENSIC_VERDICT_BAD = 2,
}

/// The digests of a medium beside those stored at acquisition. The caller frees it.
pub struct forensic_verification {
    verification: Verification,
    computed: Pairs,
    stored: Pairs,
}

/// Reads the whole medium and compares its digests with those stored at acquisition. Bytes that cannot be read are
/// reported and do not end it. progress, which may be NULL, gets bytes and user.
///
/// FORENSIC_CANCELLED where progress stops it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_evidence_verify(
    evidence: *const forensic_evidence,
    progress: forensic_progress,
    user: *mut c_void,
    verification: *mut *mut forensic_verification,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let out = out!(verification);
        let verification = borrow!(evidence).evidence.verify(&Watched { progress, user })?;
        out.give(forensic_verification { verification, computed: Pairs::default(), stored: Pairs::default() })
    })
}

/// Whether the medium is what was acquired; FORENSIC_VERDICT_NONE for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_verification_verdict(verification: *const forensic_verification) -> forensic_verdict {
    getter!(
        verification,
        forensic_verdict::FORENSIC_VERDICT_NONE,
        match verification.verification.ok {
            None => forensic_verdict::FORENSIC_VERDICT_NONE,
            Some(true) => forensic_verdict::FORENSIC_VERDICT_GOOD,
            Some(false) => forensic_verdict::FORENSIC_VERDICT_BAD,
        }
    )
}

/// Number of computed digests: none where part of the medium cannot be read, as there is no whole to digest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_verification_computed_count(verification: *const forensic_verification) -> usize {
    getter!(verification, 0, verification.verification.computed.len())
}

/// A computed digest: the algorithm ("md5") and lower-case hex; NULL past the end. Owned by the verification.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_verification_computed(
    verification: *const forensic_verification,
    index: usize,
) -> *const forensic_pair {
    item!(verification, index, verification.computed.of(&verification.verification.computed))
}

/// Number of digests stored at acquisition.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_verification_stored_count(verification: *const forensic_verification) -> usize {
    getter!(verification, 0, verification.verification.stored.len())
}

/// A digest stored at acquisition: the algorithm and lower-case hex; NULL past the end. Owned by the verification.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_verification_stored(
    verification: *const forensic_verification,
    index: usize,
) -> *const forensic_pair {
    item!(verification, index, verification.stored.of(&verification.verification.stored))
}

/// Ranges of the medium that cannot be read or whose checksum does not fit, in order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_verification_bad_ranges(
    verification: *const forensic_verification,
    ranges: *mut *mut forensic_extents,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let ranges = out!(ranges);
        ranges.give(forensic_extents::new(&borrow!(verification).verification.bad_ranges))
    })
}

/// Frees a verification; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_verification_free(verification: *mut forensic_verification) {
    free!(verification);
}
