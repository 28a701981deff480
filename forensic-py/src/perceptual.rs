//! Perceptual hashes of pictures.

use crate::{
    error::{OrRaise, unsupported},
    source::{memory_view, source_of},
};
use forensic_core::{
    Limits,
    perceptual::{self, Algorithm, Options},
};
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use pyo3::{exceptions::PyValueError, prelude::*};

/// Algorithms of the interface that come with a later version.
const LATER: [&str; 5] = ["pdq", "phash", "dhash", "ahash", "whash"];

/// The algorithm of a name.
pub(crate) fn algorithm_of(py: Python<'_>, name: &str) -> PyResult<Algorithm> {
    if LATER.contains(&name) {
        return Err(unsupported(format!("perceptual algorithm {name:?}")));
    }
    name.parse().or_raise(py)
}

/// The perceptual hash of a picture.
///
/// `source` is a path, bytes, a binary file object, a Stream or an Entry that holds a picture file; or a decoded picture:
/// a PIL image, or a NumPy array uint8 of shape (height, width, 3). Algorithms: "mean", "gradient", "vert_gradient",
/// "double_gradient", "median", "blockhash", with the bits of the crate image_hasher 3; `hash_size` squared is the number
/// of bits (twice that for double_gradient), `dct` applies a discrete cosine transform first. "pdq", `partial`, and other
/// pipelines and scales are not in this version: UnsupportedError.
///
/// Raises FormatError where there is no picture, CorruptError where it does not decode, LimitError where it is too large.
#[pyfunction]
#[pyo3(signature = (source, algorithm = "pdq", *, partial = false, pipeline = "array", scale = None, hash_size = 8, dct = false),
       text_signature = "(source, algorithm='pdq', *, partial=False, pipeline='array', scale=1, hash_size=8, dct=False)")]
pub(crate) fn image_hash(
    source: &Bound<'_, PyAny>,
    algorithm: &str,
    partial: bool,
    pipeline: &str,
    scale: Option<&Bound<'_, PyAny>>,
    hash_size: u32,
    dct: bool,
) -> PyResult<ImageHash> {
    let py = source.py();
    let algorithm = algorithm_of(py, algorithm)?;
    if partial {
        return Err(unsupported("partial=True"));
    }
    if pipeline != "array" {
        return Err(unsupported(format!("pipeline {pipeline:?}")));
    }
    if let Some(scale) = scale.filter(|scale| scale.extract::<u32>().ok() != Some(1)) {
        return Err(unsupported(format!("scale {}", scale.repr()?)));
    }
    let options = Options { hash_size, dct, ..Options::new(algorithm) };
    let hash = match decoded(source)? {
        Some(picture) => py.detach(|| perceptual::hash_picture(&picture, options)),
        None => {
            let source = source_of(source)?;
            py.detach(|| perceptual::image_hash(&source, options, &Limits::default()))
        }
    };
    hash.or_raise(py).map(ImageHash)
}

/// The pixels of a picture that is decoded already; None where `source` is something else.
fn decoded(source: &Bound<'_, PyAny>) -> PyResult<Option<DynamicImage>> {
    if source.hasattr("convert")? && source.hasattr("mode")? && source.hasattr("tobytes")? {
        return pil_picture(source).map(Some);
    }
    if !source.hasattr("__array_interface__")? {
        return Ok(None);
    }
    let view = memory_view(source)?;
    let (shape, format): (Vec<u32>, String) = (view.getattr("shape")?.extract()?, view.getattr("format")?.extract()?);
    match *shape {
        [height, width, 3] if format == "B" => {
            let pixels = view.call_method0("tobytes")?.extract()?;
            RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8).ok_or_else(no_picture).map(Some)
        }
        _ => Err(PyValueError::new_err("expected an array uint8 of shape (height, width, 3)")),
    }
}

/// A PIL image in the mode it has, so that the same pixels come to the algorithm as from the file.
fn pil_picture(picture: &Bound<'_, PyAny>) -> PyResult<DynamicImage> {
    let mode: String = picture.getattr("mode")?.extract()?;
    let mode = if matches!(&*mode, "L" | "RGB" | "RGBA") { mode } else { "RGB".to_owned() };
    let picture = picture.call_method1("convert", (&*mode,))?;
    let (width, height): (u32, u32) = picture.getattr("size")?.extract()?;
    let pixels: Vec<u8> = picture.call_method0("tobytes")?.extract()?;
    let decoded = match &*mode {
        "L" => GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        "RGBA" => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
        _ => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
    };
    decoded.ok_or_else(no_picture)
}

fn no_picture() -> PyErr {
    PyValueError::new_err("the picture has fewer pixels than its size says")
}

/// The perceptual hash of a picture: `bytes(hash)`, `hash.hex()`, `hash.distance(other)`.
#[pyclass(module = "forensic", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct ImageHash(pub(crate) perceptual::ImageHash);

#[pymethods]
impl ImageHash {
    /// The algorithm.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.0.algorithm().as_str()
    }

    /// Version of the algorithm's implementation; hashes of different versions are not to be compared.
    #[getter]
    fn version(&self) -> &'static str {
        self.0.algorithm().version()
    }

    /// Number of bits.
    #[getter]
    fn bits(&self) -> u32 {
        self.0.bits()
    }

    /// 0 to 100 where the algorithm grades pictures; None for those of this version.
    #[getter]
    fn quality(&self) -> Option<u8> {
        None
    }

    /// Share of the picture that decoded, 0 to 1. A picture that does not decode in full has no hash in this version.
    #[getter]
    fn decoded(&self) -> f64 {
        1.0
    }

    /// The bits in lower-case hex.
    fn hex(&self) -> String {
        self.0.hex()
    }

    /// Number of bits that differ.
    ///
    /// Raises ValueError where the hashes are of different algorithms or lengths.
    fn distance(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<u32> {
        self.0.distance(&other.get().0).or_raise(py)
    }

    fn __bytes__(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn __repr__(&self) -> String {
        format!("<ImageHash {} {}>", self.algorithm(), self.hex())
    }
}
