//! Lists that are databases in SQLite: NSRL RDSv3, The Sleuth Kit's `.kdb`, IPED's `hashes.db`.
//!
//! A database is hostile: it is opened as an unchangeable file, its schema is not trusted, the only statements are those
//! written here, values are bounded in length, its views may not recur nor call what makes much of little, and one that
//! goes on without giving rows is stopped.

mod iped;
mod kdb;
mod nsrl;
mod pairs;
mod row;
mod scan;

use super::{Format, Sink, input::Spooled};
use crate::error::{Error, Result};
use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    config::DbConfig,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
    types::ValueRef,
};
use std::{
    io::Read,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Every database in SQLite begins so.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";

/// Bytes of one value: names and the values of properties are far smaller.
const VALUE_BYTES: i32 = 1 << 20;

/// Bytes of one statement, and so of what defines a table or view.
const STATEMENT_BYTES: i32 = 1 << 20;

/// Instructions of SQLite's machine between two looks at the budget.
const INSTRUCTIONS: i32 = 10_000;

/// Looks that a database may take: some of its own, some for its pages (a view that sorts all rows visits each a few dozen
/// times), and one for each row it gives.
const LOOKS: u64 = 10_000;
const PAGES_A_LOOK: u64 = 2;

/// Functions that NIST's views call, or may well.
const FUNCTIONS: [&str; 16] = [
    "upper", "lower", "trim", "ltrim", "rtrim", "substr", "length", "coalesce", "ifnull", "nullif", "iif", "min",
    "max", "count", "sum", "hex",
];

/// An open database.
pub(super) struct Database {
    connection: Connection,
    list: Spooled,
    /// Looks that no row has paid for.
    looks: Arc<AtomicU64>,
    tables: Vec<Table>,
    /// Bytes by which the file is shorter than its header says.
    missing: u64,
}

struct Table {
    name: String,
    is_view: bool,
}

impl Database {
    pub(super) fn open(list: Spooled) -> Result<Self> {
        let missing = missing_bytes(&list.file).map_err(|error| Error::io(&list.path, error))?;
        let connection = connect(&list.file, missing > 0).map_err(|error| damaged(&list.path, &error))?;
        let looks = Arc::new(AtomicU64::new(0));
        let pages = std::fs::metadata(&list.file).map_or(0, |file| file.len()) >> 12;
        let (most, seen) = (LOOKS.saturating_add(pages / PAGES_A_LOOK), looks.clone());
        connection.progress_handler(INSTRUCTIONS, Some(move || seen.fetch_add(1, Ordering::Relaxed) >= most));
        // Names that are no text would end the hook below in a panic, which is caught, but told to whoever listens to panics.
        if !has_text_for_names(&connection).map_err(|error| damaged(&list.path, &error))? {
            let found = format!("others in {:?}", list.path);
            return Err(Error::corrupt("SQLite database", 0, "names in UTF-8", found));
        }
        connection.authorizer(Some(|context: AuthContext<'_>| match context.action {
            AuthAction::Select | AuthAction::Read { .. } => Authorization::Allow,
            AuthAction::Function { function_name: name }
                if FUNCTIONS.iter().any(|known| name.eq_ignore_ascii_case(known)) =>
            {
                Authorization::Allow
            }
            _ => Authorization::Deny,
        }));
        let mut database = Self { connection, list, looks, tables: Vec::new(), missing };
        database.tables = database.read_tables().map_err(|error| damaged(&database.list.path, &error))?;
        Ok(database)
    }

    fn read_tables(&self) -> rusqlite::Result<Vec<Table>> {
        let sql = "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') LIMIT 10000";
        let mut statement = self.connection.prepare(sql)?;
        let row =
            |row: &rusqlite::Row<'_>| Ok(Table { name: row.get(0)?, is_view: row.get::<_, String>(1)? == "view" });
        statement.query_map([], row)?.collect()
    }

    fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// The format that the tables tell.
    pub(super) fn format(&self) -> Result<Format> {
        let has = |name: &str| self.table(name).is_some();
        if has("FILE") || has("METADATA") {
            Ok(Format::NsrlSqlite)
        } else if has("HASHES") && has("HASHES_PROPERTIES") {
            Ok(Format::Iped)
        } else if has("hashes") {
            Ok(Format::TskKdb)
        } else {
            Err(self.not_known())
        }
    }

    /// Reads the database as what it is said to be.
    pub(super) fn read(&self, format: Format, sink: &mut dyn Sink) -> Result<()> {
        if wal_is_filled(&self.list.file) {
            sink.issue(0, "its write-ahead log (-wal) is not read: changes in it are missing".to_owned());
        }
        if self.missing > 0 {
            let at = std::fs::metadata(&self.list.file).map_or(0, |file| file.len());
            sink.issue(at, format!("the database is cut at this byte: {} bytes are missing", self.missing));
        }
        match format {
            Format::NsrlSqlite => nsrl::read(self, sink),
            Format::Iped => iped::read(self, sink),
            _ => kdb::read(self, sink),
        }
    }

    /// A row was given: the work for it is paid for.
    fn pay(&self) {
        self.looks.store(self.looks.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
    }

    fn not_known(&self) -> Error {
        let names: Vec<&str> = self.tables.iter().take(20).map(|table| table.name.as_str()).collect();
        let what = format!("a list of digests in the database {:?}, which has the tables {names:?}", self.list.path);
        Error::Format { what }
    }

    fn damaged(&self, error: &rusqlite::Error) -> Error {
        damaged(&self.list.path, error)
    }
}

/// Whether all that the schema says is UTF-8.
fn has_text_for_names(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare("SELECT name, tbl_name, sql FROM sqlite_master LIMIT 10000")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..3 {
            if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = row.get_ref(column)?
                && std::str::from_utf8(bytes).is_err()
            {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn damaged(path: &Path, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::Format { what: format!("a database in {path:?}") },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure) => {
            Error::io(path, std::io::Error::other(error.to_string()))
        }
        _ => Error::corrupt("SQLite database", 0, "a list of digests", format!("{error} in {path:?}")),
    }
}

/// How many bytes a file lacks of those that its header promises.
fn missing_bytes(file: &Path) -> std::io::Result<u64> {
    let mut file = std::fs::File::open(file)?;
    let length = file.metadata()?.len();
    let mut header = Vec::new();
    file.by_ref().take(100).read_to_end(&mut header)?;
    let number = |at: usize| header.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
    let (Some(size), Some(pages)) = (number(16), number(28)) else { return Ok(0) };
    let page = match size >> 16 {
        1 => 65536,
        size => u64::from(size),
    };
    // The count of pages is good where it was written with the last change.
    let is_good = number(24) == number(92);
    Ok(if is_good { page.saturating_mul(u64::from(pages)).saturating_sub(length) } else { 0 })
}

fn connect(file: &Path, is_cut: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(file), flags)?;
    // SQLite opens a file that is cut only for those who may change its schema, which nobody can in a file opened so.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, !is_cut)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, is_cut)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES)?;
    connection.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, 100)?;
    connection.set_limit(Limit::SQLITE_LIMIT_VDBE_OP, 100_000)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// The name of a file that nobody changes, for SQLite: no lock is taken and no journal looked for.
fn uri(file: &Path) -> String {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut uri = String::from("file:");
    for byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(*byte)),
            b'\\' if cfg!(windows) => uri.push('/'),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1&mode=ro");
    uri
}

fn wal_is_filled(file: &Path) -> bool {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    std::fs::metadata(name).is_ok_and(|log| log.len() > 0)
}
