//! Tests of ntfs.
