//! Triage: every file of every volume, live and deleted, hashed, looked up and recorded.

use crate::{
    error::{OrRaise, unsupported},
    evidence::{self, Evidence, refuse_evidence},
    extent::{self, Extent},
    hash::{Algorithms, threads_of},
    hash_index::HashIndex,
    issue::{self, Issue},
    known::HashSet,
    perceptual::algorithm_of,
    progress,
};
use forensic_core::{
    perceptual,
    report::{self, Format},
    triage::{self, PictureIndex},
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyString},
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Formats of the interface that come with a later version.
const LATER: [&str; 5] = ["parquet", "dfxml", "case", "vics", "html"];

/// Runs a triage: every stream of every entry of every volume, live and deleted, hashed, looked up in `hash_sets`,
/// pictures hashed perceptually and looked up in `picture_indexes`; with `carve`, also every file found by its structure where no file in use is. Damage never ends it: see `Report.issues` and `Record.issues`.
///
/// `picture_indexes` are HashIndex objects or paths of such; a mapping gives them the names that `Record.similar` has. Each
/// hash is looked up, in all turns and mirrors and without a border, in those of its algorithm and length, for what
/// differs in less than an eighth of its bits.
///
/// Pictures that no set calls anything but good (NSRL) are not decoded, unless `skip_known_good` is False.
///
/// `path` is Evidence or what `open` takes. `output` is a file to write records into while it runs: JSON lines, or CSV if
/// its name ends in ".csv". `perceptual` names the algorithms of perceptual hashes. The records are the same, byte for
/// byte, on any number of `threads`. `progress(done, total)` counts entries; returning False raises CancelledError.
#[pyfunction]
#[pyo3(
    name = "triage",
    signature = (path, *, output = None, carve = true, hash_sets = Vec::new(), picture_indexes = None, skip_known_good = true, algorithms = Algorithms::recorded(),
                 perceptual = vec!["pdq".to_owned()], threads = None, progress = None),
    text_signature = "(path, *, output=None, carve=True, hash_sets=(), picture_indexes=(), skip_known_good=True, algorithms=('md5', 'sha1', 'sha256', 'blake3'), \
                      perceptual=('pdq',), threads=None, progress=None)"
)]
#[allow(clippy::too_many_arguments)]
pub(crate) fn run(
    path: &Bound<'_, PyAny>,
    output: Option<PathBuf>,
    carve: bool,
    hash_sets: Vec<Bound<'_, HashSet>>,
    picture_indexes: Option<&Bound<'_, PyAny>>,
    skip_known_good: bool,
    algorithms: Algorithms,
    perceptual: Vec<String>,
    threads: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Report> {
    let py = path.py();
    let opened;
    let evidence = match path.cast::<Evidence>() {
        Ok(evidence) => evidence.get(),
        Err(_) => {
            opened = evidence::open(path, "raise", None)?;
            &opened
        }
    };
    let perceptual =
        perceptual.iter().map(|name| algorithm_of(py, name).map(|it| perceptual::Options::new(it).partial(true)));
    let options = triage::Options {
        algorithms: algorithms.0,
        perceptual: perceptual.collect::<PyResult<_>>()?,
        hash_sets: hash_sets.iter().map(|set| set.get().0.clone()).collect(),
        picture_indexes: picture_indexes.map_or(Ok(Vec::new()), picture_indexes_of)?,
        skip_known_good,
        carve,
        threads: threads_of(threads)?,
    };
    if let Some(output) = &output {
        refuse_evidence(py, output, evidence.paths())?;
    }
    let inner = evidence.inner()?;
    let report = progress::run(py, progress, |watch| {
        let mut writer = output.map(|path| report::create_file(&path, format_of(&path))).transpose()?;
        let mut records = Vec::new();
        let found = triage::run_into(&inner, &options, watch, |record| {
            if let Some(writer) = &mut writer {
                writer.write(&record)?;
            }
            records.push(record);
            Ok(())
        })?;
        if let Some(writer) = writer {
            writer.finish()?;
        }
        Ok((records, found))
    });
    let (records, found) = report?;
    let triage::Report { summary, issues, account, .. } = found;
    Ok(Report(Arc::new(Found { records, summary, issues, account, evidence: evidence.paths().to_vec() })))
}

/// Indexes, or paths of them, with their names.
fn picture_indexes_of(given: &Bound<'_, PyAny>) -> PyResult<Vec<PictureIndex>> {
    let open = |name: Option<String>, index: &Bound<'_, PyAny>, number: usize| match index.cast::<HashIndex>() {
        Ok(index) => Ok(PictureIndex::new(name.unwrap_or_else(|| number.to_string()), index.get().0.clone())),
        Err(_) => {
            let path: PathBuf = index.extract()?;
            let opened = forensic_core::perceptual::HashIndex::open(&path).or_raise(index.py())?;
            let name = name.unwrap_or_else(|| path.to_string_lossy().into_owned());
            Ok(PictureIndex::new(name, Arc::new(opened)))
        }
    };
    if let Ok(named) = given.cast::<PyDict>() {
        return named.iter().map(|(name, index)| open(Some(name.extract()?), &index, 0)).collect();
    }
    given.try_iter()?.enumerate().map(|(number, index)| open(None, &index?, number)).collect()
}

fn format_of(path: &Path) -> Format {
    let is_csv = path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("csv"));
    if is_csv { Format::Csv } else { Format::Jsonl }
}

struct Found {
    records: Vec<report::Record>,
    summary: triage::Summary,
    issues: Vec<forensic_core::Issue>,
    account: triage::Account,
    /// Files that are never written to.
    evidence: Vec<PathBuf>,
}

/// What a triage found.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Report(Arc<Found>);

#[pymethods]
impl Report {
    /// What was counted, by name: "volumes", "filesystems", "records", "live", "deleted", "carved", "bytes_hashed",
    /// "pictures", "known", "notable", "known_good", "similar", "repeated", "issues".
    #[getter]
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let summary = PyDict::new(py);
        for (name, count) in self.0.summary.items() {
            summary.set_item(name, count)?;
        }
        Ok(summary)
    }

    /// What each byte of the medium is, exactly once: pairs of a class and its bytes, which sum to the size of the medium.
    /// Classes: "unread", "live", "slack", "deleted" (intact), "partition", "carved", "metadata", "fill", "unexplained".
    #[getter]
    fn account(&self) -> Vec<(&'static str, u64)> {
        self.0.account.totals().into_iter().map(|(class, bytes)| (class.as_str(), bytes)).collect()
    }

    /// Where the bytes of a class of the account lie, in medium order. An unknown class is a ValueError.
    #[pyo3(signature = (class_name, /), text_signature = "($self, class_name, /)")]
    fn account_extents(&self, class_name: &str) -> PyResult<Vec<Extent>> {
        let class = triage::Account::class(class_name)
            .ok_or_else(|| PyValueError::new_err(format!("the account has no class {class_name:?}")))?;
        Ok(extent::list(self.0.account.extents(class)))
    }

    /// What could not be read of the evidence, its volumes and filesystems.
    #[getter]
    fn issues(&self) -> Vec<Issue> {
        issue::list(&self.0.issues)
    }

    /// A new iterator over the records: one a stream, in a fixed order.
    #[getter]
    fn records(&self) -> Records {
        Records { order: (0..self.0.records.len()).collect(), found: self.0.clone(), next: AtomicUsize::new(0) }
    }

    /// A new iterator over the records in the order in which to look at them: what is notable first, then what a set lists,
    /// then what no set knows, and last what is known to be good.
    #[getter]
    fn ranked(&self) -> Records {
        Records { order: triage::ranks(&self.0.records), found: self.0.clone(), next: AtomicUsize::new(0) }
    }

    /// Writes all records into a file; `format` is "jsonl" or "csv".
    fn write(&self, py: Python<'_>, path: PathBuf, format: &str) -> PyResult<()> {
        if LATER.contains(&format) {
            return Err(unsupported(format!("report format {format:?}")));
        }
        let format: Format = format.parse().or_raise(py)?;
        refuse_evidence(py, &path, &self.0.evidence)?;
        py.detach(|| report::write_file(path, format, &self.0.records)).or_raise(py)
    }

    fn __repr__(&self) -> String {
        format!("<Report {} records, {} issues>", self.0.records.len(), self.0.issues.len())
    }
}

/// Iterates over the records of a report.
#[pyclass(module = "forensic", frozen)]
pub(crate) struct Records {
    found: Arc<Found>,
    /// Places in the report.
    order: Vec<usize>,
    next: AtomicUsize,
}

#[pymethods]
impl Records {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self) -> Option<Record> {
        let place = *self.order.get(self.next.fetch_add(1, Ordering::Relaxed))?;
        Some(Record::new(self.found.clone(), place))
    }

    fn __length_hint__(&self) -> usize {
        self.order.len().saturating_sub(self.next.load(Ordering::Relaxed))
    }
}

macro_rules! record {
    ($($(#[$doc:meta])* $key:ident,)*) => {
        /// What is known of one stream of one entry. Its attributes are the keys of its JSON form, with the same values.
        #[pyclass(module = "forensic", frozen)]
        pub(crate) struct Record {
            found: Arc<Found>,
            number: usize,
            /// The record as a dict, made when it is first asked for.
            fields: PyOnceLock<Py<PyDict>>,
        }

        #[pymethods]
        impl Record {
            $($(#[$doc])*
            #[getter]
            fn $key<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                self.field(py, stringify!($key))
            })*

            /// What the most urgent of its hits means: "notable" (a set puts it in a category of illegal material), "listed" (a
            /// set lists it and says no more), "known_good" (NSRL and the like); None where no set knows it.
            #[getter]
            fn standing(&self) -> Option<&'static str> {
                let record = self.found.records.get(self.number)?;
                record.standing().map(|standing| standing.as_str())
            }

            /// The record as one JSON object, keys in a fixed order, null where a value is absent.
            fn to_json(&self) -> String {
                self.found.records.get(self.number).map(report::Record::to_json).unwrap_or_default()
            }

            /// The record as a new dict.
            fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
                static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
                let fields = LOADS.import(py, "json", "loads")?.call1((self.to_json(),))?;
                Ok(fields.cast_into::<PyDict>()?)
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                let (id, path) = (self.field(py, "id")?, self.field(py, "path")?);
                Ok(format!("<Record {id} {}>", path.repr()?))
            }
        }
    };
}

record! {
    /// Position in the output, from 0.
    id,
    /// Where it was found: "filesystem".
    source,
    /// Index of the volume.
    volume,
    /// Byte offset of the volume on the medium.
    volume_offset,
    /// Kind of the filesystem: "ntfs", "fat32".
    filesystem,
    /// Path in the filesystem.
    path,
    /// Last part of the path.
    name,
    /// Name of the stream, "" being the main one; None for a directory itself.
    stream,
    /// `id` of the entry in its filesystem.
    entry_id,
    /// `id` of its directory.
    parent_id,
    /// "file", "directory", "symlink", "other".
    kind,
    /// "allocated", "deleted", "orphan", "unlisted"; of a carved file "complete", "fragmented", "truncated", "damaged".
    status,
    /// Where a symbolic link leads.
    target,
    /// "intact", "partial", "overwritten", "unknown"; None for live entries.
    recoverability,
    /// Why.
    recoverability_reason,
    /// Bytes of the stream.
    size,
    /// RFC 3339 text; without an offset where the filesystem stores local time.
    created,
    /// As `created`.
    modified,
    /// As `created`.
    accessed,
    /// As `created`.
    changed,
    /// What else the filesystem says.
    attributes,
    /// Where the stream lies: lists of stream_offset, offset or None, length, kind, inferred.
    extents,
    /// Lower-case hex; None where the content could not be read in full.
    md5,
    /// As `md5`.
    sha1,
    /// As `md5`.
    sha256,
    /// As `md5`.
    blake3,
    /// Type of the content by its signature: "jpeg", "png", "mp4".
    r#type,
    /// Of a picture that decodes: dict of width, height, decoded.
    picture,
    /// Perceptual hashes of a picture: dicts of algorithm, version, pipeline, hex, quality.
    perceptual,
    /// What the hash sets say: dicts of set_name, scheme, category, name, possible.
    known,
    /// Similar pictures of given indexes.
    similar,
    /// `id` of the record that holds this one.
    parent,
    /// `id` of the first record with the same SHA-256.
    same_as,
    /// What could not be read: texts.
    issues,
}

impl Record {
    fn new(found: Arc<Found>, number: usize) -> Self {
        Self { found, number, fields: PyOnceLock::new() }
    }

    fn field<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Bound<'py, PyAny>> {
        let fields = self.fields.get_or_try_init(py, || self.to_dict(py).map(Bound::unbind))?;
        let key = PyString::new(py, key.trim_start_matches("r#"));
        fields.bind(py).as_any().get_item(key)
    }
}
