//! Carving, one file a family of formats.

mod jpeg;
mod pictures;
