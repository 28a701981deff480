//! Carving, one part a family of formats.

mod documents;
mod jpeg;
mod pass;
mod pictures;
mod video;
