//! Carving, one file a family of formats.

mod pictures;
