//! Tests of fat.
