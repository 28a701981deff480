//! From an entry to its records: digests, lookups, pictures.

use super::{Options, PictureIndex};
use crate::{
    bytes::{ReadAt, Source},
    carve::Carved,
    error::{Error, Result},
    evidence::Evidence,
    filesystem::{Entry, FileSystem, Stream, TimestampKind},
    hash::{self, Algorithm, Digests},
    known::Standing,
    limits::Limits,
    perceptual::{self, ImageHash, Match},
    picture,
    report::{Picture, Record, Similar},
};

/// Bytes of the start of a stream that tell its type.
const HEAD: u64 = 64;

/// How often the bytes of one stream may stand on the same bytes of the medium, as clones of a block do. What compression
/// and sparse parts add comes out of [`Limits::sparse_bytes`].
const MOST_SHARING: u64 = 16;

/// Appends the records of `entry`: one a stream; a directory or other entry without a stream has one of its own.
pub(super) fn examine(
    entry: &Entry,
    volume: usize,
    filesystem: &dyn FileSystem,
    evidence: &Evidence,
    options: &Options,
    records: &mut Vec<Record>,
) {
    let entry_record = Record {
        source: "filesystem",
        volume: Some(volume as u64),
        volume_offset: Some(filesystem.offset()),
        filesystem: Some(filesystem.kind()),
        path: Some(entry.path.clone()),
        name: Some(entry.name.clone()),
        entry_id: Some(entry.id),
        parent_id: entry.parent_id,
        kind: Some(entry.kind.as_str()),
        status: Some(entry.status.as_str()),
        target: entry.target.clone(),
        recoverability: entry.recoverability.map(|grade| grade.as_str()),
        recoverability_reason: entry.recoverability.map(|_| entry.recoverability_reason.clone()),
        created: entry.time(TimestampKind::Created),
        modified: entry.time(TimestampKind::Modified),
        accessed: entry.time(TimestampKind::Accessed),
        changed: entry.time(TimestampKind::Changed),
        attributes: entry.attributes.clone(),
        issues: entry.issues.iter().map(ToString::to_string).collect(),
        ..Record::default()
    };
    if entry.stream("").is_err() {
        records.push(entry_record.clone());
    }
    for stream in &entry.streams {
        let mut record =
            Record { stream: Some(stream.info.name.clone()), size: Some(stream.info.size), ..entry_record.clone() };
        if let Err(error) = examine_content(stream, evidence, options, &mut record) {
            record.issues.push(error.to_string());
        }
        records.push(record);
    }
}

/// The record of a carved file.
pub(super) fn examine_carved(file: &Carved, evidence: &Evidence, options: &Options) -> Record {
    let offset = file.offset();
    let volume =
        evidence.volumes().iter().find(|volume| offset.checked_sub(volume.offset).is_some_and(|at| at < volume.size));
    let mut record = Record {
        source: "carved",
        volume: volume.map(|volume| volume.index as u64),
        volume_offset: volume.map(|volume| volume.offset),
        kind: Some("file"),
        status: Some(file.status.as_str()),
        size: Some(file.size),
        ..Record::default()
    };
    if let Err(error) = examine_source(&file.open(), evidence, options, &mut record) {
        record.issues.push(error.to_string());
    }
    record.content_type = Some(file.kind);
    record
}

fn examine_content(stream: &Stream, evidence: &Evidence, options: &Options, record: &mut Record) -> Result<()> {
    examine_source(&stream.open()?, evidence, options, record)
}

fn examine_source(source: &Source, evidence: &Evidence, options: &Options, record: &mut Record) -> Result<()> {
    record.extents = source.extents();
    check_worth(source, record, evidence.size(), evidence.limits())?;
    let head = source.read_vec(0, HEAD.min(source.len()))?;
    record.content_type = picture::content_type(&head);
    let digests = hash::hash(source, &options.algorithms)?;
    record.md5 = digests.hex(Algorithm::Md5);
    record.sha1 = digests.hex(Algorithm::Sha1);
    record.sha256 = digests.hex(Algorithm::Sha256);
    record.blake3 = digests.hex(Algorithm::Blake3);
    look_up(&digests, options, record);
    if !(options.skip_known_good && record.standing() == Some(Standing::KnownGood)) {
        look_at(source, evidence.limits(), options, record);
    }
    Ok(())
}

fn look_up(digests: &Digests, options: &Options, record: &mut Record) {
    for set in &options.hash_sets {
        match set.lookup(digests) {
            Ok(known) => record.known.extend(known.into_iter().map(Into::into)),
            // A set that was changed does not say that it does not know the file.
            Err(error) => record.issues.push(error.to_string()),
        }
    }
}

/// Decodes a picture, hashes it perceptually and looks for similar ones; what is no picture is left alone, a damaged one is an
/// issue.
fn look_at(source: &Source, limits: &Limits, options: &Options, record: &mut Record) {
    if options.perceptual.is_empty() || !record.content_type.is_some_and(picture::is_picture) {
        return;
    }
    let hashed = match perceptual::hash_file(source, &options.perceptual, limits) {
        Ok(hashed) => hashed,
        Err(error) => {
            record.issues.push(error.to_string());
            return;
        }
    };
    record.picture = Some(Picture { decoded: hashed.decoded, ..Picture::new(hashed.width, hashed.height) });
    record.issues.extend(hashed.issue);
    for hash in hashed.hashes {
        let found = hash.and_then(|hash| {
            record.perceptual.push((&hash).into());
            options.picture_indexes.iter().try_for_each(|index| find_similar(index, &hash, record))
        });
        if let Err(error) = found {
            record.issues.push(error.to_string());
        }
    }
}

/// The pictures of an index that are near to one of the turns and mirrors of a picture or of what is within its border.
fn find_similar(index: &PictureIndex, hash: &ImageHash, record: &mut Record) -> Result<()> {
    if !index.index.accepts(hash) {
        return Ok(());
    }
    let mut found: Vec<Match> = Vec::new();
    for hash in std::iter::once(hash).chain(hash.within_border()) {
        let turned = hash.dihedral();
        for hash in turned.as_ref().map_or(std::slice::from_ref(hash), |turned| &turned[..]) {
            found.extend(index.index.query(hash, &index.query)?.matches);
        }
    }
    // The nearest under each key. Of several, the first that was found: their order is that of the turns.
    found.sort_by(|a, b| (&a.key, a.distance).cmp(&(&b.key, b.distance)));
    found.dedup_by(|later, nearest| later.key == nearest.key);
    found.sort_by_key(|hit| hit.distance);
    record.similar.extend(found.into_iter().map(|hit| Similar::new(&index.name, hit)));
    Ok(())
}

/// Refuses to hash more bytes than the medium can mean: a few bytes of metadata can claim exabytes of zeros.
fn check_worth(source: &Source, record: &Record, medium_size: u64, limits: &Limits) -> Result<()> {
    let claimed = record.extents.iter().fold(0u64, |sum, extent| sum.saturating_add(extent.length));
    let limit = medium_size.saturating_mul(MOST_SHARING).saturating_add(limits.sparse_bytes);
    if claimed <= limit {
        return Ok(());
    }
    let offset = source.medium_offset(0);
    Err(Error::Limit {
        structure: "stream",
        offset,
        found: claimed,
        limit,
        unit: "bytes, more than the medium can mean,",
    })
}
