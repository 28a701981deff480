//! `forensic_picture_info`: what a picture file says of its picture; `forensic_frames`: animations and videos, frame by frame.

use crate::{
    boundary::{borrow, borrow_mut, fallible, file_path, free, getter, item, offer, or_default, out, text},
    error::{forensic_error, forensic_status},
    issues::forensic_issues,
    limits::forensic_limits,
    pairs::{Pairs, forensic_pair},
    stream::forensic_stream,
    text::Texts,
};
use forensic_core::{
    bytes::{FileSource, Source},
    picture::{self, PictureInfo},
};
use std::{collections::BTreeMap, ffi::c_char, ptr::null, sync::Arc};

/// What a picture file says of its picture. The caller frees it.
pub struct forensic_picture_info {
    info: PictureInfo,
    /// IPTC, several values of a name with "; " between them.
    datasets: BTreeMap<String, String>,
    exif: Pairs,
    iptc: Pairs,
    xmp: Pairs,
    none: BTreeMap<String, String>,
    texts: Texts,
}

impl From<PictureInfo> for forensic_picture_info {
    fn from(info: PictureInfo) -> Self {
        let datasets = info.iptc.iter().map(|(name, values)| (name.clone(), values.join("; "))).collect();
        let (exif, iptc, xmp, none, texts) = Default::default();
        Self { info, datasets, exif, iptc, xmp, none, texts }
    }
}

impl forensic_picture_info {
    fn properties(&self) -> &BTreeMap<String, String> {
        self.info.xmp.as_ref().map_or(&self.none, |xmp| &xmp.properties)
    }
}

/// Reads what the picture file at path says of its picture: format, size, EXIF, XMP, IPTC, where it was taken, and the
/// thumbnails inside. No pixel is decoded. limits may be NULL.
///
/// FORENSIC_IO, FORENSIC_FORMAT where it is no picture, FORENSIC_CORRUPT where neither its size nor any metadata can be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_file(
    path: *const c_char,
    limits: *const forensic_limits,
    info: *mut *mut forensic_picture_info,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let info = out!(info);
        let source: Source = Arc::new(FileSource::open(file_path!(path))?);
        info.give(picture::info(&source, &or_default!(limits))?.into())
    })
}

/// Reads what the picture file in a stream says; otherwise as forensic_picture_info_file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_stream(
    stream: *const forensic_stream,
    limits: *const forensic_limits,
    info: *mut *mut forensic_picture_info,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let info = out!(info);
        info.give(picture::info(&borrow!(stream).0, &or_default!(limits))?.into())
    })
}

/// The format: "jpeg", "png", "cr2", ... Owned by the info.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_format(info: *const forensic_picture_info) -> *const c_char {
    getter!(info, null(), info.texts.give(info.info.format))
}

/// Width in pixels, as stored (before any rotation); of a camera raw, that of its largest preview. 0 where the header that
/// tells is lost.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_width(info: *const forensic_picture_info) -> u32 {
    getter!(info, 0, info.info.width)
}

/// Height in pixels.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_height(info: *const forensic_picture_info) -> u32 {
    getter!(info, 0, info.info.height)
}

/// The maker of the camera; NULL where it is not told. Owned by the info.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_maker(info: *const forensic_picture_info) -> *const c_char {
    getter!(info, null(), info.texts.give_any(info.info.maker.as_deref()))
}

/// Number of EXIF tags.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_exif_count(info: *const forensic_picture_info) -> usize {
    getter!(info, 0, info.info.exif.len())
}

/// An EXIF tag: its name as in the standard ("DateTimeOriginal"; of others, their number), and its value in writing; NULL past
/// the end. Owned by the info.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_exif(
    info: *const forensic_picture_info,
    index: usize,
) -> *const forensic_pair {
    item!(info, index, info.exif.of(&info.info.exif))
}

/// Sets value to that of the EXIF tag of a name, NULL where there is none. Owned by the info.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_exif_value(
    info: *const forensic_picture_info,
    name: *const c_char,
    value: *mut *const c_char,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let value = out!(value);
        let info = borrow!(info);
        value.put(info.exif.value(&info.info.exif, text!(name)))
    })
}

/// Degrees, north positive. False where they are not told or impossible; latitude may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_latitude(
    info: *const forensic_picture_info,
    latitude: *mut f64,
) -> bool {
    getter!(info, false, offer!(latitude, info.info.gps.as_ref().and_then(|gps| gps.latitude)))
}

/// Degrees, east positive; otherwise as forensic_picture_info_latitude.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_longitude(
    info: *const forensic_picture_info,
    longitude: *mut f64,
) -> bool {
    getter!(info, false, offer!(longitude, info.info.gps.as_ref().and_then(|gps| gps.longitude)))
}

/// Metres above the sea, below negative; otherwise as forensic_picture_info_latitude.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_altitude(
    info: *const forensic_picture_info,
    altitude: *mut f64,
) -> bool {
    getter!(info, false, offer!(altitude, info.info.gps.as_ref().and_then(|gps| gps.altitude)))
}

/// When the place was measured, in UTC ("2024-05-17T08:30:15Z"); NULL where it is not told. Owned by the info.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_gps_time(info: *const forensic_picture_info) -> *const c_char {
    getter!(info, null(), info.texts.give_any(info.info.gps.as_ref().and_then(|gps| gps.timestamp.as_deref())))
}

/// The XMP packet; NULL where there is none. Owned by the info.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_xmp(info: *const forensic_picture_info) -> *const c_char {
    getter!(info, null(), info.texts.give_any(info.info.xmp.as_ref().map(|xmp| &*xmp.packet)))
}

/// Number of simple properties of the XMP packet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_xmp_count(info: *const forensic_picture_info) -> usize {
    getter!(info, 0, info.properties().len())
}

/// A property of the XMP packet: its name with the prefix of the packet ("dc:creator"), and its text; NULL past the end. Owned
/// by the info.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_xmp_property(
    info: *const forensic_picture_info,
    index: usize,
) -> *const forensic_pair {
    item!(info, index, info.xmp.of(info.properties()))
}

/// Number of names of IPTC-IIM datasets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_iptc_count(info: *const forensic_picture_info) -> usize {
    getter!(info, 0, info.datasets.len())
}

/// A dataset of IPTC-IIM: its name ("Keywords") and its values with "; " between them; NULL past the end. Owned by the info.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_iptc(
    info: *const forensic_picture_info,
    index: usize,
) -> *const forensic_pair {
    item!(info, index, info.iptc.of(&info.datasets))
}

/// Number of pictures inside the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_thumbnail_count(info: *const forensic_picture_info) -> usize {
    getter!(info, 0, info.info.thumbnails.len())
}

/// A picture inside the file, a file of its own; NULL past the end. offset and length, which may be NULL, are set to its place in
/// the source and its bytes. Owned by the info.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_thumbnail(
    info: *const forensic_picture_info,
    index: usize,
    offset: *mut u64,
    length: *mut usize,
) -> *const u8 {
    getter!(info, null(), {
        let thumbnail = info.info.thumbnails.get(index);
        offer!(offset, thumbnail.map(|thumbnail| thumbnail.offset));
        offer!(length, thumbnail.map(|thumbnail| thumbnail.bytes.len()));
        thumbnail.map_or(null(), |thumbnail| thumbnail.bytes.as_ptr())
    })
}

/// What is damaged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_issues(
    info: *const forensic_picture_info,
    issues: *mut *mut forensic_issues,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let issues = out!(issues);
        issues.give(forensic_issues::new(&borrow!(info).info.issues))
    })
}

/// Frees an info; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_picture_info_free(info: *mut forensic_picture_info) {
    free!(info);
}

/// The frames of an animation or a video, one after another. The caller frees it; one thread uses it at a time.
pub struct forensic_frames(picture::Frames);

/// A frame of an animation or a video. The caller frees it.
pub struct forensic_frame(picture::Frame);

/// The frames of the animation or video in a stream: GIF, APNG, animated WebP, sequences of AVIF, Motion JPEG in AVI, QuickTime
/// and MP4. A picture that does not move is one frame. limits may be NULL.
///
/// FORENSIC_FORMAT where it is nothing of these, FORENSIC_UNSUPPORTED where the video is coded otherwise, FORENSIC_LIMIT where a
/// frame is too large, FORENSIC_CORRUPT where not even the headers hold.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_frames_stream(
    stream: *const forensic_stream,
    limits: *const forensic_limits,
    frames: *mut *mut forensic_frames,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let frames = out!(frames);
        frames.give(forensic_frames(picture::frames(&borrow!(stream).0, &or_default!(limits))?))
    })
}

/// The next frame; FORENSIC_DONE at the end. FORENSIC_CORRUPT where it does not decode: the next call gives what follows, where
/// the format allows (GIF, AVI, QuickTime).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_frames_next(
    frames: *mut forensic_frames,
    frame: *mut *mut forensic_frame,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let frame = out!(frame);
        match borrow_mut!(frames).0.next() {
            Some(next) => frame.give(forensic_frame(next?)),
            None => Ok(forensic_status::FORENSIC_DONE),
        }
    })
}

/// Frees an iterator over frames; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_frames_free(frames: *mut forensic_frames) {
    free!(frames);
}

/// When a frame is shown, in seconds from the first on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_frame_seconds(frame: *const forensic_frame) -> f64 {
    getter!(frame, 0.0, frame.0.seconds)
}

/// The number of a frame, the first being 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_frame_number(frame: *const forensic_frame) -> u64 {
    getter!(frame, 0, frame.0.number)
}

/// Width in pixels.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_frame_width(frame: *const forensic_frame) -> u32 {
    getter!(frame, 0, frame.0.picture.width())
}

/// Height in pixels.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_frame_height(frame: *const forensic_frame) -> u32 {
    getter!(frame, 0, frame.0.picture.height())
}

/// Red, green and blue bytes of each pixel, row by row from the top, without gaps: 3 * width * height bytes. Owned by the frame.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_frame_rgb(frame: *const forensic_frame) -> *const u8 {
    getter!(frame, null(), frame.0.picture.as_raw().as_ptr())
}

/// Frees a frame; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_frame_free(frame: *mut forensic_frame) {
    free!(frame);
}
