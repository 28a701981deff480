//! `forensic_triage_options` and the triage itself.

use crate::{
    boundary::{borrow, borrow_mut, fallible, file_path, free, optional, or_default, out, text},
    callback::{Watched, forensic_progress},
    error::{forensic_error, forensic_status},
    evidence::forensic_evidence,
    hash::named,
    hash_index::forensic_hash_index,
    hash_set::forensic_hash_set,
    image_hash::{self, forensic_image_options},
    record::forensic_record,
    report::forensic_report,
};
use forensic_core::{
    Error,
    report::{self, Format},
    triage::{self, Options, PictureIndex},
};
use std::ffi::{c_char, c_int, c_void};

/// What a triage does. Not for several threads at once while it is set. The caller frees it.
pub struct forensic_triage_options(Options);

/// Takes a record, which lasts as long as the call; returns 0 to go on, anything else to stop, upon which the triage ends
/// with FORENSIC_CANCELLED. Called on the thread that runs the triage.
pub type forensic_record_sink =
    Option<unsafe extern "C" fn(user: *mut c_void, record: *const forensic_record) -> c_int>;

/// Gives the defaults: all digests, a gradient hash of every picture, no hash set, as many threads as the machine runs at
/// once. NULL for options means the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_options_new(
    options: *mut *mut forensic_triage_options,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, { out!(options).give(forensic_triage_options(Options::default())) })
}

/// Sets the threads to work on; 0: as many as the machine runs at once. The records are the same on any number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_options_set_threads(
    options: *mut forensic_triage_options,
    threads: usize,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        borrow_mut!(options).0.threads = (threads > 0).then_some(threads);
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Sets whether the space that no file in use has is carved, which is the default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_options_set_carve(
    options: *mut forensic_triage_options,
    carve: bool,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        borrow_mut!(options).0.carve = carve;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Sets whether pictures that no set calls anything but good (NSRL) are left undecoded, which is the default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_options_set_skip_known_good(
    options: *mut forensic_triage_options,
    skip: bool,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        borrow_mut!(options).0.skip_known_good = skip;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Sets the digests of every stream: FORENSIC_MD5 | FORENSIC_SHA1 | ...
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_options_set_algorithms(
    options: *mut forensic_triage_options,
    algorithms: u32,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        borrow_mut!(options).0.algorithms = named(algorithms)?;
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Leaves pictures without perceptual hashes, until some are added.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_options_clear_image_hashes(
    options: *mut forensic_triage_options,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        borrow_mut!(options).0.perceptual.clear();
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Adds a perceptual hash of every picture: with wanted NULL, PDQ.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_options_add_image_hash(
    options: *mut forensic_triage_options,
    wanted: *const forensic_image_options,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let wanted = image_hash::wanted(optional!(wanted))?;
        borrow_mut!(options).0.perceptual.push(wanted);
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Adds an index that every perceptual hash of its algorithm and length is looked up in, in all turns and mirrors of the picture
/// and of what is within its border; it may be freed at once. name is what records call it; max_distance the most bits that
/// may differ, negative for less than an eighth of them; hashes of a quality below min_quality (0 to 100, negative for 50)
/// neither ask nor answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_options_add_picture_index(
    options: *mut forensic_triage_options,
    index: *const forensic_hash_index,
    name: *const c_char,
    max_distance: i32,
    min_quality: i32,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let (options, index) = (borrow_mut!(options), borrow!(index));
        let mut added = PictureIndex::new(text!(name), index.index.clone());
        if let Ok(distance) = u32::try_from(max_distance) {
            added.query.max_distance = distance;
        }
        added.query.min_quality = u8::try_from(min_quality).ok();
        options.0.picture_indexes.push(added);
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Adds a hash set that every stream is looked up in; it may be freed at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_options_add_hash_set(
    options: *mut forensic_triage_options,
    set: *const forensic_hash_set,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let (options, set) = (borrow_mut!(options), borrow!(set));
        options.0.hash_sets.push(set.set.clone());
        Ok(forensic_status::FORENSIC_OK)
    })
}

/// Frees options; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_options_free(options: *mut forensic_triage_options) {
    free!(options);
}

/// Runs a triage: every file of every volume, live and deleted, hashed and looked up; the report keeps all records.
/// progress, which may be NULL, gets entries and user.
///
/// FORENSIC_CANCELLED where progress stops it. Damage is no error: see forensic_report_issues and forensic_record_issue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_run(
    evidence: *const forensic_evidence,
    options: *const forensic_triage_options,
    progress: forensic_progress,
    user: *mut c_void,
    report: *mut *mut forensic_report,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let report = out!(report);
        let evidence = &borrow!(evidence).evidence;
        let found = triage::run(evidence, &or_default!(options), &Watched { progress, user })?;
        report.give(forensic_report::new(found))
    })
}

/// Runs a triage and writes its records to a file as they come, in memory independent of their number; the report has the
/// summary and the issues, but no records. format is "jsonl" or "csv".
///
/// FORENSIC_IO where the file cannot be written, and as forensic_triage_run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_write(
    evidence: *const forensic_evidence,
    options: *const forensic_triage_options,
    path: *const c_char,
    format: *const c_char,
    progress: forensic_progress,
    user: *mut c_void,
    report: *mut *mut forensic_report,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let report = out!(report);
        let evidence = &borrow!(evidence).evidence;
        let mut writer = report::create_file(file_path!(path), text!(format).parse::<Format>()?)?;
        let watched = Watched { progress, user };
        let found = triage::run_into(evidence, &or_default!(options), &watched, |record| writer.write(&record))?;
        writer.finish()?;
        report.give(forensic_report::new(found))
    })
}

/// Runs a triage and gives each record to sink, with user, as soon as its turn comes, in memory independent of their
/// number; the report has the summary and the issues, but no records. progress is called with user too.
///
/// FORENSIC_CANCELLED where sink or progress stops it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forensic_triage_each(
    evidence: *const forensic_evidence,
    options: *const forensic_triage_options,
    sink: forensic_record_sink,
    progress: forensic_progress,
    user: *mut c_void,
    report: *mut *mut forensic_report,
    error: *mut *mut forensic_error,
) -> forensic_status {
    fallible!(error, {
        let report = out!(report);
        let evidence = &borrow!(evidence).evidence;
        let sink = sink.ok_or_else(|| forensic_error::null("sink"))?;
        let watched = Watched { progress, user };
        let found = triage::run_into(evidence, &or_default!(options), &watched, |record| {
            let record = forensic_record::new(record);
            // SAFETY: the header demands that the callback takes the pointer that was given with it.
            match unsafe { sink(user, &raw const record) } {
                0 => Ok(()),
                _ => Err(Error::Cancelled),
            }
        })?;
        report.give(forensic_report::new(found))
    })
}
