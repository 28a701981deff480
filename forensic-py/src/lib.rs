//! Python bindings of `forensic-core`: the module `forensic._forensic`. One file a Python concept; the stub of the same
//! name stands in `python/forensic/`.
#![deny(unsafe_code)]

mod carve;
mod entry;
mod error;
mod evidence;
mod extent;
mod filesystem;
mod fuzzy;
mod hash;
mod hash_index;
mod issue;
mod known;
mod limits;
mod perceptual;
mod picture_info;
mod pieces;
mod progress;
mod queries;
mod source;
mod stream;
mod timestamp;
mod triage;
mod verification;
mod video;
mod volume;

use pyo3::prelude::*;

#[pymodule]
fn _forensic(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    error::register(module)?;
    module.add_class::<carve::Carved>()?;
    module.add_class::<carve::Carving>()?;
    module.add_class::<entry::Entry>()?;
    module.add_class::<entry::StreamInfo>()?;
    module.add_class::<evidence::Evidence>()?;
    module.add_class::<extent::Extent>()?;
    module.add_class::<filesystem::CrossCheck>()?;
    module.add_class::<filesystem::Difference>()?;
    module.add_class::<filesystem::FileSystem>()?;
    module.add_class::<filesystem::Walk>()?;
    module.add_class::<hash::Digests>()?;
    module.add_class::<hash::Hasher>()?;
    module.add_class::<hash_index::Group>()?;
    module.add_class::<hash_index::HashIndex>()?;
    module.add_class::<hash_index::Match>()?;
    module.add_class::<issue::Issue>()?;
    module.add_class::<known::HashSet>()?;
    module.add_class::<known::Known>()?;
    module.add_class::<known::SetIssue>()?;
    module.add_class::<known::SetSource>()?;
    module.add_class::<known::WriteReport>()?;
    module.add_class::<limits::Limits>()?;
    module.add_class::<perceptual::ImageHash>()?;
    module.add_class::<picture_info::Frame>()?;
    module.add_class::<picture_info::Frames>()?;
    module.add_class::<picture_info::Gps>()?;
    module.add_class::<picture_info::PictureInfo>()?;
    module.add_class::<video::VideoHash>()?;
    module.add_class::<pieces::Piece>()?;
    module.add_class::<pieces::Pieces>()?;
    module.add_class::<stream::StreamHandle>()?;
    module.add_class::<timestamp::Timestamp>()?;
    module.add_class::<triage::Record>()?;
    module.add_class::<triage::Records>()?;
    module.add_class::<triage::Report>()?;
    module.add_class::<verification::Verification>()?;
    module.add_class::<volume::Volume>()?;
    module.add_function(wrap_pyfunction!(carve::carve_types, module)?)?;
    module.add_function(wrap_pyfunction!(carve::run, module)?)?;
    module.add_function(wrap_pyfunction!(evidence::open, module)?)?;
    module.add_function(wrap_pyfunction!(fuzzy::fuzzy_compare, module)?)?;
    module.add_function(wrap_pyfunction!(fuzzy::fuzzy_hash, module)?)?;
    module.add_function(wrap_pyfunction!(hash::hash_many, module)?)?;
    module.add_function(wrap_pyfunction!(hash::hash_source, module)?)?;
    module.add_function(wrap_pyfunction!(hash_index::group, module)?)?;
    module.add_function(wrap_pyfunction!(perceptual::image_hash, module)?)?;
    module.add_function(wrap_pyfunction!(picture_info::frames, module)?)?;
    module.add_function(wrap_pyfunction!(picture_info::picture_info, module)?)?;
    module.add_function(wrap_pyfunction!(video::video_hash, module)?)?;
    module.add_function(wrap_pyfunction!(pieces::hash_pieces, module)?)?;
    module.add_function(wrap_pyfunction!(triage::run, module)?)
}
