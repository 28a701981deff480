//! Perceptual hashes of pictures.

use crate::{
    error::OrRaise,
    source::{memory_view, source_of},
};
use forensic_core::{
    Limits,
    perceptual::{self, Algorithm, Options, Scale},
};
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use pyo3::{exceptions::PyValueError, prelude::*};

/// The algorithm of a name.
pub(crate) fn algorithm_of(py: Python<'_>, name: &str) -> PyResult<Algorithm> {
    name.parse().or_raise(py)
}

/// The perceptual hash of a picture.
///
/// `source` is a path, bytes, a binary file object, a Stream or an Entry that holds a picture file; or a decoded picture:
/// a PIL image, or a NumPy array uint8 of shape (height, width, 3), or (height, width) where it is grey. Algorithms: "pdq",
/// equal to Meta's; "mean", "gradient", "vert_gradient", "double_gradient", "median", "blockhash", with the bits of the
/// crate image_hasher 3, where `dct` applies a discrete cosine transform first; "phash", "dhash", "ahash", "whash", with
/// the bits of PyPI ImageHash. `hash_size` squared is the number of bits (twice that for double_gradient; PDQ has 256).
/// `partial` hashes what decodes of a cut or damaged picture (see `.decoded`). For PDQ alone: `pipeline`
/// "threatexchange-file" first makes a large picture one of 512 × 512, as Meta's own programs do with files; `scale` 2, 4,
/// 8 decodes the means of so many pixels of a JPEG, "auto" as few as leave 256 to the shorter side.
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
    let mut options = Options::new(algorithm)
        .dct(dct)
        .pipeline(pipeline.parse().or_raise(py)?)
        .scale(scale.map_or(Ok(Scale::Full), scale_of)?)
        .partial(partial);
    // The default is that of the other algorithms.
    if algorithm != Algorithm::Pdq || hash_size != 8 {
        options = options.hash_size(hash_size);
    }
    let hash = match decoded(source)? {
        Some(picture) => py.detach(|| perceptual::hash_picture(&picture, options)),
        None => {
            let source = source_of(source)?;
            py.detach(|| perceptual::image_hash(&source, options, &Limits::default()))
        }
    };
    hash.or_raise(py).map(ImageHash)
}

/// 1, 2, 4, 8 or "auto".
fn scale_of(scale: &Bound<'_, PyAny>) -> PyResult<Scale> {
    match scale.extract::<u32>() {
        Ok(1) => Ok(Scale::Full),
        Ok(2) => Ok(Scale::Half),
        Ok(4) => Ok(Scale::Quarter),
        Ok(8) => Ok(Scale::Eighth),
        _ if scale.extract::<String>().is_ok_and(|name| name == "auto") => Ok(Scale::Auto),
        _ => Err(PyValueError::new_err(format!("scale is 1, 2, 4, 8 or \"auto\", not {}", scale.repr()?))),
    }
}

/// The pixels of a picture that is decoded already; None where `source` is something else.
pub(crate) fn decoded(source: &Bound<'_, PyAny>) -> PyResult<Option<DynamicImage>> {
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
        [height, width] if format == "B" => {
            let pixels = view.call_method0("tobytes")?.extract()?;
            GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8).ok_or_else(no_picture).map(Some)
        }
        _ => Err(PyValueError::new_err("expected an array uint8 of shape (height, width, 3) or (height, width)")),
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

    /// 0 to 100 where the algorithm grades pictures (PDQ), else None. Below 50 PDQ has little to tell a picture by.
    #[getter]
    fn quality(&self) -> Option<u8> {
        self.0.quality()
    }

    /// Share of the picture that decoded, 0 to 1.
    #[getter]
    fn decoded(&self) -> f64 {
        self.0.decoded()
    }

    /// How the pixels came to the algorithm: "array", "threatexchange-file".
    #[getter]
    fn pipeline(&self) -> &'static str {
        self.0.pipeline().as_str()
    }

    /// Side of the blocks of pixels that were hashed by their means: 1, 2, 4 or 8.
    #[getter]
    fn scale(&self) -> u32 {
        self.0.scale()
    }

    /// PDQ: the hash of what is within the border of one colour around the picture; None where there is no border. A framed
    /// picture is found by no hash of the whole: look this one up, too.
    #[getter]
    fn within_border(&self) -> Option<Self> {
        self.0.within_border().cloned().map(Self)
    }

    /// PDQ: the hashes of the picture as it is; turned by 90, 180 and 270 degrees; upside down; left to right; mirrored
    /// along each diagonal.
    ///
    /// Raises ValueError for other algorithms.
    fn dihedral(&self, py: Python<'_>) -> PyResult<Vec<Self>> {
        Ok(self.0.dihedral().or_raise(py)?.into_iter().map(Self).collect())
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
