//! Pictures coded in AV1, which are decoded: any bytes are symbols of some picture, yet those of a sound one end just where its
//! tiles do, before a bit that is set and nothing but zeros (AV1 specification, 8.2.4).
//!
//! Of 13 still pictures at hand all decode so, at some 2 MB of data a second, and none of 520 copies with up to 4 KiB of noise in
//! them. Of animations only the first picture is decoded: noise behind it is not seen.

use crate::carve::Tape;
use re_rav1d::dav1d::{Decoder, Error, InloopFilterType, Settings};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Pixels of a picture that is decoded.
const MOST_PIXELS: u32 = 32 << 20;
/// Bytes of one that is, and the least that are something.
const MOST_BYTES: u64 = 16 << 20;
const LEAST_BYTES: u64 = 16;
/// Bytes that may be looked at in the time in which one is decoded.
const WORTH: u64 = 32;
/// Those that could be read in the time in which one is decoded, where many are tried.
const WORK: u64 = 500;

/// What decoding says of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Sound,
    Wrong,
    /// It is more than the decoder takes, or than is read.
    Unknown,
}

/// Decodes the picture of `length` bytes at `at`.
pub(super) fn decode(tape: &mut Tape, at: u64, length: u64) -> Verdict {
    if !(LEAST_BYTES..=MOST_BYTES).contains(&length) {
        return Verdict::Unknown;
    }
    let Ok(bytes) = tape.bytes(at, usize::try_from(length).unwrap_or(usize::MAX)).map(<[u8]>::to_vec) else {
        return Verdict::Unknown;
    };
    tape.charge(length.saturating_mul(WORTH));
    tape.work(length.saturating_mul(WORK));
    // What the decoder did not foresee is no verdict.
    catch_unwind(AssertUnwindSafe(|| verdict(bytes))).unwrap_or(Verdict::Unknown)
}

fn verdict(bytes: Vec<u8>) -> Verdict {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_strict_std_compliance(true);
    settings.set_apply_grain(false);
    settings.set_inloop_filters(InloopFilterType::empty());
    settings.set_frame_size_limit(MOST_PIXELS);
    let Ok(mut decoder) = Decoder::with_settings(&settings) else { return Verdict::Unknown };
    let mut sent = decoder.send_data(bytes, None, None, None);
    let mut pictures = 0u32;
    loop {
        match sent {
            Ok(()) | Err(Error::Again) => {}
            Err(Error::InvalidArgument) => return Verdict::Wrong,
            Err(_) => return Verdict::Unknown,
        }
        match decoder.get_picture() {
            Ok(_) => pictures = pictures.saturating_add(1),
            Err(Error::Again) if sent.is_ok() && pictures > 0 => return Verdict::Sound,
            Err(Error::InvalidArgument) => return Verdict::Wrong,
            Err(_) => return Verdict::Unknown,
        }
        sent = decoder.send_pending_data();
    }
}
