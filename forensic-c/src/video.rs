//! `forensic_video_hash`: videos by the hashes of their frames.

use crate::{
    boundary::{borrow, borrow_mut, fallible, free, getter, out, text},
    error::{forensic_error, forensic_status},
    image_hash::forensic_image_hash,
    text::Texts,
};
use forensic_core::perceptual::{VideoHash, VideoQuery};
use std::{ffi::c_char, ptr::null};

/// A video as vPDQ has it, by the PDQ of its frames. Not for several threads at once while frames are added. The caller frees
/// it.
pub struct forensic_video_hash {
    video: VideoHash,
    texts: Texts,
}

impl From<VideoHash> for forensic_video_hash {
    fn from(video: VideoHash) -> Self {
        Self { video, texts: Texts::default() }
    }
}

/// A video without frames.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_video_hash_new(
    video: *mut *mut forensic_video_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, { out!(video).give(VideoHash::new().into()) })
}

/// A video from the text of Meta's programs: a line frame,quality,hash,seconds a frame. FORENSIC_CORRUPT for another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_video_hash_parse(
    text: *const c_char,
    video: *mut *mut forensic_video_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let out = out!(video);
        out.give(text!(text).parse::<VideoHash>()?.into())
    })
}

/// Adds the next frame by its PDQ (forensic_image_hash_rgb). Meta's programs take a frame a second.
///
/// FORENSIC_INVALID_ARGUMENT for a hash of another algorithm.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_video_hash_add(
    video: *mut forensic_video_hash,
    seconds: f64,
    frame: *const forensic_image_hash,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        borrow_mut!(video).video.push_hash(seconds, &borrow!(frame).hash)?;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Number of frames.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_video_hash_size(video: *const forensic_video_hash) -> usize {
    getter!(video, 0, video.video.frames().len())
}

/// The text of Meta's programs. Owned by the video.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_video_hash_text(video: *const forensic_video_hash) -> *const c_char {
    getter!(video, null(), video.texts.give(&video.video.to_string()))
}

/// Sets video_percent to how many of a video's frames have one in other that differs in max_distance bits or fewer (31 is
/// usual), and other_percent the other way round. Frames of a quality below min_quality (50 is usual) are left out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_video_hash_match(
    video: *const forensic_video_hash,
    other: *const forensic_video_hash,
    max_distance: u32,
    min_quality: u8,
    video_percent: *mut f64,
    other_percent: *mut f64,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let (own, others) = (out!(video_percent), out!(other_percent));
        let (video, other) = (borrow!(video), borrow!(other));
        let found = video.video.compare(&other.video, VideoQuery { max_distance, min_quality });
        own.put(found.query_percent)?;
        others.put(found.other_percent)
    })
}

/// Frees a video hash; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_video_hash_free(video: *mut forensic_video_hash) {
    free!(video);
}
