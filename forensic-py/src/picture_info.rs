//! What a picture file says of its picture, and the frames of animations and videos.

use crate::{
    error::OrRaise,
    issue::{self, Issue},
    limits::limits_of,
    source::source_of,
};
use forensic_core::picture;
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What the picture file in `source` says of its picture: format, size, EXIF, XMP, IPTC, where it was taken, and the thumbnails
/// inside. No pixel is decoded.
///
/// Of JPEG, TIFF and camera raws, PNG, WebP, HEIC and AVIF, JPEG XL and PSD; of GIF, size and XMP; of BMP, ICO and PNM, the size.
///
/// Raises FormatError where there is no picture, CorruptError where neither its size nor any metadata can be read.
#[pyfunction]
#[pyo3(signature = (source, *, limits = None))]
pub(crate) fn picture_info(source: &Bound<'_, PyAny>, limits: Option<&Bound<'_, PyAny>>) -> PyResult<PictureInfo> {
    let (py, limits) = (source.py(), limits_of(limits)?);
    let source = source_of(source)?;
    py.detach(|| picture::info(&source, &limits)).or_raise(py).map(PictureInfo)
}

/// What a picture file says of its picture.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct PictureInfo(picture::PictureInfo);

#[pymethods]
impl PictureInfo {
    /// The format: "jpeg", "png", "cr2", ...
    #[getter]
    fn format(&self) -> &'static str {
        self.0.format
    }

    /// Width in pixels, as stored (before any rotation); of a camera raw, that of its largest preview. 0 where the header that
    /// tells is lost.
    #[getter]
    fn width(&self) -> u32 {
        self.0.width
    }

    /// Height in pixels.
    #[getter]
    fn height(&self) -> u32 {
        self.0.height
    }

    /// The maker of the camera.
    #[getter]
    fn maker(&self) -> Option<&str> {
        self.0.maker.as_deref()
    }

    /// EXIF: names as in the standard ("Make", "DateTimeOriginal"; of other tags, their number), and values in writing.
    #[getter]
    fn exif(&self) -> &BTreeMap<String, String> {
        &self.0.exif
    }

    /// Where and when the picture was taken.
    #[getter]
    fn gps(&self) -> Option<Gps> {
        self.0.gps.clone().map(|gps| Gps {
            latitude: gps.latitude,
            longitude: gps.longitude,
            altitude: gps.altitude,
            timestamp: gps.timestamp,
        })
    }

    /// The XMP packet.
    #[getter]
    fn xmp(&self) -> Option<&str> {
        self.0.xmp.as_ref().map(|xmp| &*xmp.packet)
    }

    /// The simple properties of the XMP packet, by names with the prefix it uses ("dc:creator").
    #[getter]
    fn xmp_properties(&self) -> BTreeMap<&str, &str> {
        let properties = self.0.xmp.iter().flat_map(|xmp| &xmp.properties);
        properties.map(|(name, value)| (&**name, &**value)).collect()
    }

    /// IPTC-IIM: names of datasets ("Keywords"), and their values in order.
    #[getter]
    fn iptc(&self) -> &BTreeMap<String, Vec<String>> {
        &self.0.iptc
    }

    /// The smallest picture inside the file, a file of its own.
    #[getter]
    fn thumbnail<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let smallest = self.0.thumbnails.iter().min_by_key(|thumbnail| thumbnail.bytes.len())?;
        Some(PyBytes::new(py, &smallest.bytes))
    }

    /// All pictures inside the file: the offset of each in the source, and its bytes, in order of offset.
    #[getter]
    fn thumbnails<'py>(&self, py: Python<'py>) -> Vec<(u64, Bound<'py, PyBytes>)> {
        self.0.thumbnails.iter().map(|thumbnail| (thumbnail.offset, PyBytes::new(py, &thumbnail.bytes))).collect()
    }

    /// What is damaged.
    #[getter]
    fn issues(&self) -> Vec<Issue> {
        issue::list(&self.0.issues)
    }

    fn __repr__(&self) -> String {
        format!("<PictureInfo {} {} x {}>", self.0.format, self.0.width, self.0.height)
    }
}

/// Where and when a picture was taken. What is missing or impossible is None.
#[pyclass(module = "forensic", frozen, eq, get_all)]
#[derive(PartialEq)]
pub(crate) struct Gps {
    /// Degrees, north positive.
    latitude: Option<f64>,
    /// Degrees, east positive.
    longitude: Option<f64>,
    /// Metres above the sea (below: negative).
    altitude: Option<f64>,
    /// UTC, as in "2024-05-17T08:30:15Z".
    timestamp: Option<String>,
}

#[pymethods]
impl Gps {
    fn __repr__(&self) -> String {
        let number = |number: Option<f64>| number.map_or("None".to_owned(), |number| number.to_string());
        format!("<Gps {} {} {}>", number(self.latitude), number(self.longitude), number(self.altitude))
    }
}

/// The frames of an animation or a video: GIF, APNG, animated WebP, sequences of AVIF, Motion JPEG in AVI, QuickTime and MP4. A
/// picture that does not move is one frame.
///
/// An iterator that decodes one frame at a time. A frame that does not decode raises CorruptError from `next`, and the next call
/// gives what follows, where the format allows (GIF, AVI, QuickTime).
///
/// Raises FormatError where it is nothing of these, UnsupportedError where the video is coded otherwise.
#[pyfunction]
#[pyo3(signature = (source, *, limits = None))]
pub(crate) fn frames(source: &Bound<'_, PyAny>, limits: Option<&Bound<'_, PyAny>>) -> PyResult<Frames> {
    let (py, limits) = (source.py(), limits_of(limits)?);
    let source = source_of(source)?;
    py.detach(|| picture::frames(&source, &limits)).or_raise(py).map(|frames| Frames(Mutex::new(frames)))
}

/// An iterator over frames.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Frames(Mutex<picture::Frames>);

#[pymethods]
impl Frames {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Frame>> {
        let next = py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).next());
        next.transpose().or_raise(py).map(|frame| frame.map(|frame| Frame(Arc::new(frame))))
    }
}

/// A frame of an animation or a video. `numpy.asarray(frame)` is an array uint8 of shape (height, width, 3).
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Frame(Arc<picture::Frame>);

#[pymethods]
impl Frame {
    /// Its number, the first being 0.
    #[getter]
    fn number(&self) -> u64 {
        self.0.number
    }

    /// When it is shown, in seconds from the first on.
    #[getter]
    fn seconds(&self) -> f64 {
        self.0.seconds
    }

    /// Width in pixels.
    #[getter]
    fn width(&self) -> u32 {
        self.0.picture.width()
    }

    /// Height in pixels.
    #[getter]
    fn height(&self) -> u32 {
        self.0.picture.height()
    }

    /// Red, green and blue of each pixel, row by row from the top.
    #[getter]
    fn rgb<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.picture.as_raw())
    }

    /// The pixels as NumPy takes them.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("shape", (self.height(), self.width(), 3))?;
        interface.set_item("typestr", "|u1")?;
        interface.set_item("data", self.rgb(py))?;
        Ok(interface)
    }

    fn __repr__(&self) -> String {
        format!("<Frame {} at {} s, {} x {}>", self.0.number, self.0.seconds, self.width(), self.height())
    }
}
