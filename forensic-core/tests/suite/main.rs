//! The integration tests, one file a subject. Third-party images are read from `FORENSIC_CORPUS` (default
//! `../shared/data` beside the repository); a test that needs one says so and passes when it is absent.

// A test binary has no reach beyond itself.
#![allow(unreachable_pub)]

mod apfs;
mod btrfs;
mod bytes;
mod carve;
mod corpus;
mod corpus_images;
mod cross_checks;
mod digests;
mod every_fault;
mod evidence;
mod ewf;
mod ewf_image;
mod exfat;
mod ext;
mod f2fs;
mod fat;
mod fat_image;
mod fat_images_of_others;
mod faults;
mod fixtures;
mod frames;
mod fuzzy_hashes;
mod hash_index;
mod hfsplus;
mod iso9660;
mod jpeg_pictures;
mod known_lists;
mod known_set;
mod linux_fixtures;
mod lists;
mod ntfs;
mod ntfs_encodings;
mod perceptual;
mod picture_files;
mod picture_info;
mod pictures;
mod readme;
mod report;
mod squashfs;
mod triage;
mod udf;
mod volume;
mod whole_volume;
mod xfs;
