//! Videos by the hashes of their frames.

use crate::{
    error::OrRaise,
    perceptual::{ImageHash, decoded},
    source::{path_of, source_of},
};
use forensic_core::{
    Limits,
    perceptual::{self, Algorithm, Options, VideoQuery},
    picture,
};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyByteArray, PyBytes},
};

/// A frame as vPDQ has it: its number, quality, PDQ in hex, seconds.
type Row = (u64, u8, String, f64);

/// A video as vPDQ has it, by the PDQ of its frames; `str(video)` is the text of Meta's programs.
#[pyclass(module = "forensic", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct VideoHash(perceptual::VideoHash);

/// The hash of a video: of an iterable of (seconds, frame), a frame being an ImageHash or a decoded picture (a PIL image or a NumPy
/// array uint8 of shape (height, width, 3)); or of a source that holds an animation or a video that `frames` decodes. Meta's
/// programs take a frame a second.
#[pyfunction]
pub(crate) fn video_hash(frames: &Bound<'_, PyAny>) -> PyResult<VideoHash> {
    let py = frames.py();
    let mut video = perceptual::VideoHash::new();
    if is_source(frames)? {
        let source = source_of(frames)?;
        let read = || {
            for frame in picture::frames(&source, &Limits::default())? {
                let frame = frame?;
                video.push(frame.seconds, &frame.picture)?;
            }
            Ok(video)
        };
        return py.detach(read).or_raise(py).map(VideoHash);
    }
    for frame in frames.try_iter()? {
        let (seconds, frame): (f64, Bound<'_, PyAny>) = frame?.extract()?;
        let pushed = match frame.cast::<ImageHash>() {
            Ok(hash) => video.push_hash(seconds, &hash.get().0),
            Err(_) => {
                let picture = decoded(&frame)?.ok_or_else(|| {
                    PyTypeError::new_err("expected pairs of seconds and a decoded picture or an ImageHash")
                })?;
                let hash = py.detach(|| perceptual::hash_picture(&picture, Options::new(Algorithm::Pdq)));
                video.push_hash(seconds, &hash.or_raise(py)?)
            }
        };
        pushed.or_raise(py)?;
    }
    Ok(VideoHash(video))
}

/// A path, bytes, a file or a stream; an iterable of frames is none of these.
fn is_source(argument: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(path_of(argument)?.is_some()
        || argument.is_instance_of::<PyBytes>()
        || argument.is_instance_of::<PyByteArray>()
        || argument.hasattr("read")?)
}

#[pymethods]
impl VideoHash {
    /// From the text of Meta's programs: a line frame,quality,hash,seconds a frame. Raises CorruptError for another.
    #[staticmethod]
    fn parse(text: &str, py: Python<'_>) -> PyResult<Self> {
        text.parse().or_raise(py).map(Self)
    }

    /// The frames: tuples of number, quality, PDQ in hex, seconds.
    #[getter]
    fn frames(&self) -> Vec<Row> {
        rows(self.0.frames())
    }

    /// How much of this video and another is alike: the percentage of this one's frames for which the other has one that differs
    /// in `max_distance` bits or fewer, and the other way round. Frames of a quality below `min_quality` are left out.
    #[pyo3(signature = (other, *, max_distance = 31, min_quality = 50))]
    fn r#match(&self, other: &Bound<'_, Self>, max_distance: u32, min_quality: u8) -> (f64, f64) {
        let (own, others) = (&self.0, &other.get().0);
        let found = other.py().detach(|| own.compare(others, VideoQuery { max_distance, min_quality }));
        (found.query_percent, found.other_percent)
    }

    /// A contact sheet: the first frame, and each that differs in more than `threshold` bits from the one taken before it.
    #[pyo3(signature = (threshold = 31))]
    fn contact_sheet(&self, threshold: u32) -> Vec<Row> {
        rows(self.0.contact_sheet(threshold))
    }

    fn __len__(&self) -> usize {
        self.0.frames().len()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<VideoHash of {} frames>", self.0.frames().len())
    }
}

fn rows<'a>(frames: impl IntoIterator<Item = &'a perceptual::FrameHash>) -> Vec<Row> {
    let row = |frame: &perceptual::FrameHash| (frame.frame, frame.quality, frame.hex(), frame.seconds);
    frames.into_iter().map(row).collect()
}
