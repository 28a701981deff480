//! The timeline of a filesystem as a bodyfile, version 3, which `mactime` and others read
//! (<https://wiki.sleuthkit.org/index.php?title=Body_file>).

use super::refused;
use crate::{
    error::{Error, Result},
    filesystem::{Entry, FileSystem, Kind, Time, Timestamp, TimestampKind, Value, WalkOptions},
};
use std::{fmt::Write as _, io::Write, path::Path, sync::Arc};

/// How a bodyfile is written.
///
/// A line is `MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime`; the MD5 is 0, as nothing is read. Each stream
/// has a line (`name:stream`), and so has each further structure that stores times of its own (`name ($FILE_NAME)`). The
/// name of a deleted entry ends in ` (deleted)`. `|` and control characters in a name become `^`. Times are whole seconds
/// since 1970 in UTC, 0 where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bodyfile {
    /// Text put before every path: a drive letter, a volume.
    pub prefix: String,
    /// Seconds that local time was ahead of UTC on the machine that wrote the medium: taken from times of filesystems
    /// that store local time (FAT).
    pub utc_offset: i32,
}

impl Bodyfile {
    /// The lines of an entry, each with its line feed.
    pub fn lines(&self, entry: &Entry) -> String {
        let mut path = printable(&format!("{}{}", self.prefix, entry.path));
        if let Some(target) = &entry.target {
            let _ = write!(path, " -> {}", printable(target));
        }
        let deleted = if entry.status.is_live() { "" } else { " (deleted)" };
        let mut sources: Vec<&str> = Vec::new();
        for timestamp in &entry.timestamps {
            if !sources.contains(&timestamp.source) {
                sources.push(timestamp.source);
            }
        }
        let mut text = String::new();
        let main = sources.first().copied().unwrap_or_default();
        self.line(&mut text, entry, &format!("{path}{deleted}"), entry.size, main);
        for stream in entry.streams.iter().filter(|stream| !stream.info.name.is_empty()) {
            let name = format!("{path}:{}{deleted}", printable(&stream.info.name));
            self.line(&mut text, entry, &name, stream.info.size, main);
        }
        for source in sources.into_iter().skip(1) {
            let name = format!("{path} (${}){deleted}", source.to_uppercase());
            self.line(&mut text, entry, &name, entry.size, source);
        }
        text
    }

    fn line(&self, text: &mut String, entry: &Entry, name: &str, size: u64, source: &str) {
        let of = |kind| move |timestamp: &&Timestamp| timestamp.source == source && timestamp.kind == kind;
        let time = |kind| entry.timestamps.iter().find(of(kind)).map_or(0, |timestamp| self.utc(&timestamp.value));
        let number = |key: &str| match entry.attributes.get(key) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        };
        let _ = writeln!(
            text,
            "0|{name}|{}|{}|{}|{}|{size}|{}|{}|{}|{}",
            entry.id,
            mode(entry),
            number("uid"),
            number("gid"),
            time(TimestampKind::Accessed),
            time(TimestampKind::Modified),
            time(TimestampKind::Changed),
            time(TimestampKind::Created),
        );
    }

    fn utc(&self, time: &Time) -> i64 {
        if time.utc { time.seconds } else { time.seconds.saturating_sub(i64::from(self.utc_offset)) }
    }

    /// Writes the timeline of a filesystem, in listing order: `mactime -b` puts it in order of time.
    ///
    /// # Errors
    /// Where `out` refuses it.
    pub fn write(&self, filesystem: &Arc<dyn FileSystem>, mut out: impl Write) -> Result<()> {
        filesystem.walk_parallel(WalkOptions::default(), None, |entry| {
            out.write_all(self.lines(&entry).as_bytes()).map_err(refused)
        })?;
        out.flush().map_err(refused)
    }

    /// Creates a file and writes the timelines of filesystems into it, one after another.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_file(&self, filesystems: &[Arc<dyn FileSystem>], path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let file = std::fs::File::create(path).map_err(|error| Error::io(path, error))?;
        let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
        filesystems.iter().try_for_each(|filesystem| self.write(filesystem, &mut out))
    }
}

/// The mode as The Sleuth Kit prints it: type of the name, type of the metadata, permissions ("r/rrwxr-xr-x").
/// Filesystems without permissions have all of them.
fn mode(entry: &Entry) -> String {
    let letter = match entry.kind {
        Kind::File => 'r',
        Kind::Directory => 'd',
        Kind::Symlink => 'l',
        Kind::Other => '-',
    };
    let bits = match entry.attributes.get("mode") {
        Some(Value::Int(mode)) => *mode,
        _ => 0o777,
    };
    let mut text = format!("{letter}/{letter}");
    for (position, right) in "rwxrwxrwx".char_indices() {
        text.push(if bits >> (8 - position) & 1 == 1 { right } else { '-' });
    }
    // Set-user-id, set-group-id and sticky stand in the place of the right to execute, in lower case where it is given too.
    for (bit, at, given, alone) in [(11, 5, 's', 'S'), (10, 8, 's', 'S'), (9, 11, 't', 'T')] {
        if entry.attributes.contains_key("mode") && bits >> bit & 1 == 1 {
            let letter = if text.as_bytes().get(at) == Some(&b'x') { given } else { alone };
            text.replace_range(at..=at, letter.encode_utf8(&mut [0; 4]));
        }
    }
    text
}

fn printable(name: &str) -> String {
    name.chars().map(|c| if c == '|' || c.is_control() { '^' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filesystem::{Attributes, Status};

    fn entry() -> Entry {
        let mut entry = Entry::new(42);
        entry.path = "/DCIM/a|b.jpg".to_owned();
        entry.size = 7;
        let at = |kind, source, seconds, utc| {
            let value = Time { seconds, nanoseconds: 5, utc };
            Timestamp { kind, source, value, resolution: 100 }
        };
        entry.timestamps = vec![
            at(TimestampKind::Modified, "standard_information", 1000, true),
            at(TimestampKind::Created, "file_name", 2000, false),
        ];
        entry.attributes = Attributes::from([("mode".into(), Value::Int(0o104_751)), ("uid".into(), Value::Int(1000))]);
        entry
    }

    #[test]
    fn each_structure_with_times_has_a_line() {
        let bodyfile = Bodyfile { prefix: "C:".to_owned(), utc_offset: 3600 };
        let lines = bodyfile.lines(&Entry { status: Status::Deleted, ..entry() });
        assert_eq!(
            lines,
            "0|C:/DCIM/a^b.jpg (deleted)|42|r/rrwsr-x--x|1000|0|7|0|1000|0|0\n\
             0|C:/DCIM/a^b.jpg ($FILE_NAME) (deleted)|42|r/rrwsr-x--x|1000|0|7|0|0|0|-1600\n"
        );
    }

    #[test]
    fn filesystem_without_rights_grants_them_all() {
        assert_eq!(mode(&Entry { attributes: Attributes::new(), ..entry() }), "r/rrwxrwxrwx");
    }
}
