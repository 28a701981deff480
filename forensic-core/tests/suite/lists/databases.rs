//! The Sleuth Kit's and IPED's databases.

use super::collect::{md5, read};
use forensic_core::{Error, known::Format};

/// The bytes of a database that these statements make.
pub fn database(statements: &[&str]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    for statement in statements {
        connection.execute_batch(statement).unwrap();
    }
    connection.close().unwrap();
    std::fs::read(file.path()).unwrap()
}

/// The schema that The Sleuth Kit creates.
pub const KDB: &str = "
    CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT);
    CREATE TABLE hashes (id INTEGER PRIMARY KEY AUTOINCREMENT, md5 BINARY(16) UNIQUE, sha1 BINARY(20), sha2_256 BINARY(32));
    CREATE TABLE file_names (name TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY(name, hash_id));
    CREATE TABLE comments (comment TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY(comment, hash_id));
    CREATE INDEX md5_index ON hashes(md5);
    INSERT INTO db_properties VALUES ('Schema Version', '1');";

#[test]
fn a_kdb_gives_its_hashes_with_names_and_comments() {
    let bytes = database(&[
        KDB,
        "INSERT INTO hashes VALUES (1, x'01010101010101010101010101010101', x'0202020202020202020202020202020202020202', NULL),
            (3, x'03030303030303030303030303030303', NULL, NULL), (4, NULL, NULL, NULL), (7, x'0707', NULL, NULL),
            (9, x'09090909090909090909090909090909', NULL, x'0909090909090909090909090909090909090909090909090909090909090909');
         INSERT INTO file_names VALUES ('z.jpg', 9), ('a.jpg', 1), ('b.jpg', 1), ('orphan', 2);
         INSERT INTO comments VALUES ('seen \"twice\"', 3), ('x', 1), ('late', 99);",
    ]);
    let collected = read(bytes).unwrap();
    assert_eq!(collected.format, Some(Format::TskKdb));
    assert_eq!(collected.names(), ["a.jpg", "-", "z.jpg"]);
    let records = collected.records();
    assert_eq!((md5(records[0]), records[0].sha1, records[2].sha256), ("01".repeat(16), Some([2; 20]), Some([9; 32])));
    assert_eq!(records[0].properties.as_json(), "{\"names\":[\"a.jpg\",\"b.jpg\"],\"comments\":[\"x\"]}");
    assert_eq!(records[1].properties.as_json(), "{\"comments\":[\"seen \\\"twice\\\"\"]}");
    assert_eq!(records[2].properties.as_json(), "");
    assert_eq!(collected.group().properties.to_map()["Schema Version"], "1");
    let rows: Vec<u64> = collected.issues.iter().map(|issue| issue.0).collect();
    assert_eq!(rows, [3, 4, 4], "{:?}", collected.issues);
}

#[test]
fn names_that_are_no_text_are_refused_without_a_panic() {
    let mut bytes =
        database(&[KDB, "CREATE TABLE other (odd_name TEXT)", "CREATE VIEW seen AS SELECT odd_name FROM other"]);
    assert!(read(&bytes).is_ok());
    let places: Vec<usize> = (0..bytes.len() - 8).filter(|at| bytes[*at..].starts_with(b"odd_name")).collect();
    assert_eq!(places.len(), 2);
    places.iter().for_each(|at| bytes[at + 3] = 0xff);
    let refused = read(&bytes).unwrap_err();
    assert!(matches!(refused, Error::Corrupt { .. }) && refused.to_string().contains("UTF-8"), "{refused}");
}

/// `hfind` makes a database and fills it, and we read it.
#[test]
fn a_kdb_of_the_sleuth_kit_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.kdb");
    let run = |arguments: &[&str]| std::process::Command::new("hfind").args(arguments).arg(&path).output();
    match run(&["-c"]) {
        Ok(output) if output.status.success() && path.is_file() => {}
        _ => return eprintln!("SKIPPED: hfind is not installed"),
    }
    let list = folder.path().join("list.txt");
    let digests = ["d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72"];
    std::fs::write(&list, digests.join("\n") + "\n").unwrap();
    run(&["-a", list.to_str().unwrap()]).unwrap();
    let collected = read(std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(collected.format, Some(Format::TskKdb));
    assert_eq!(collected.issues, []);
    assert_eq!(collected.group().properties.to_map()["Schema Version"], "1");
    let found: Vec<String> = collected.records().into_iter().map(md5).collect();
    if found.is_empty() {
        return eprintln!("SKIPPED: this hfind does not add to a database");
    }
    assert_eq!(found, digests);
}

const IPED: &str = "
    CREATE TABLE HASHES (HASH_ID INTEGER PRIMARY KEY AUTOINCREMENT, MD5 BLOB, SHA1 BLOB, SHA256 BLOB, SHA512 BLOB, EDONKEY BLOB);
    CREATE TABLE PROPERTIES (PROPERTY_ID INTEGER PRIMARY KEY, PROPERTY_NAME TEXT NOT NULL);
    CREATE TABLE HASHES_PROPERTIES (HASH_ID INTEGER NOT NULL, PROPERTY_ID INTEGER NOT NULL, VALUE TEXT NOT NULL,
        PRIMARY KEY (HASH_ID, PROPERTY_ID));
    INSERT INTO PROPERTIES VALUES (1, 'set'), (2, 'status'), (3, 'photoDna'), (4, 'vicSeries');";

#[test]
fn an_iped_database_gives_its_hashes_with_their_properties() {
    let bytes = database(&[
        IPED,
        "INSERT INTO HASHES VALUES (10, x'0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A', NULL, NULL, NULL, x'beef'), (11, NULL, x'0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B', NULL, NULL, NULL),
            (12, NULL, NULL, NULL, x'aa', NULL);
         INSERT INTO HASHES_PROPERTIES VALUES (10, 2, 'pedo'), (10, 1, 'ProjectVIC|CAID'), (10, 3, '00ff'), (11, 1, 'NSRL'), (11, 77, 'x');",
    ]);
    let collected = read(bytes).unwrap();
    assert_eq!(collected.format, Some(Format::Iped));
    let records = collected.records();
    assert_eq!(
        (records.len(), records[0].category.as_deref(), records[1].category.as_deref()),
        (2, Some("pedo"), None)
    );
    assert_eq!(
        records[0].properties.as_json(),
        "{\"EDONKEY\":\"beef\",\"set\":\"ProjectVIC|CAID\",\"photoDna\":\"00ff\"}"
    );
    assert_eq!(records[1].properties.as_json(), "{\"set\":\"NSRL\",\"property 77\":\"x\"}");
    assert_eq!(collected.group().scheme.as_deref(), Some("IPED"));
    assert_eq!(collected.issues.iter().map(|issue| issue.0).collect::<Vec<_>>(), [2, 3], "{:?}", collected.issues);
}

#[test]
fn a_database_of_something_else_is_refused_by_its_tables() {
    match read(database(&["CREATE TABLE messages (id INTEGER, text TEXT);"])) {
        Err(Error::Format { what }) => assert!(what.contains("messages"), "{what}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(read(b"SQLite format 3\0 and no more"), Err(Error::Format { .. } | Error::Corrupt { .. })));
}

#[test]
fn a_page_that_stands_in_the_tree_many_times_gives_its_rows_once() {
    let rows: Vec<String> = (1..=2000).map(|n| format!("({n}, x'{n:032x}', NULL, NULL)")).collect();
    let mut bytes = database(&[
        "PRAGMA page_size = 4096; CREATE TABLE hashes (id INTEGER PRIMARY KEY, md5 BLOB, sha1 BLOB, sha2_256 BLOB);",
        &format!("INSERT INTO hashes VALUES {};", rows.join(",")),
    ]);
    // The root, which is the second page, has its cells' places behind its header, and a child first in each cell.
    let root = bytes[4096..8192].to_vec();
    assert_eq!(root[0], 0x05);
    let cells: Vec<usize> =
        root[12..].chunks(2).map(|place| usize::from(u16::from_be_bytes([place[0], place[1]]))).collect();
    let count = usize::from(u16::from_be_bytes([root[3], root[4]]));
    let first = root[cells[0]..cells[0] + 4].to_vec();
    for cell in &cells[..count] {
        bytes[4096 + cell..4096 + cell + 4].copy_from_slice(&first);
    }
    let collected = read(&bytes).unwrap();
    let mut found: Vec<String> = collected.records().into_iter().map(md5).collect();
    let before = found.len();
    found.dedup();
    assert!(found.len() == before && before > 100 && before < 2000, "{before}");
    assert!(collected.issues.iter().any(|issue| issue.1.contains("not in order")), "{:?}", collected.issues);
}

#[test]
fn rows_behind_a_damaged_page_are_read() {
    let rows: Vec<String> = (1..=5000).map(|n| format!("({n}, x'{n:032x}', NULL, NULL)")).collect();
    let mut bytes = database(&[
        "PRAGMA page_size = 1024; CREATE TABLE hashes (id INTEGER PRIMARY KEY, md5 BLOB, sha1 BLOB, sha2_256 BLOB);",
        &format!("INSERT INTO hashes VALUES {};", rows.join(",")),
    ]);
    let all = read(&bytes).unwrap();
    assert_eq!(all.records().len(), 5000);
    // A leaf in the middle of the table.
    let page = bytes.chunks(1024).enumerate().skip(60).find(|(_, page)| page[0] == 0x0d).unwrap().0;
    bytes[page * 1024..(page + 1) * 1024].fill(0xff);
    let collected = read(&bytes).unwrap();
    let count = collected.records().len();
    assert!((4800..5000).contains(&count), "{count}");
    assert!(
        collected.issues.iter().any(|(row, message)| *row > 0 && message.contains("damaged")),
        "{:?}",
        collected.issues
    );
    assert_eq!(collected.records().last().unwrap(), all.records().last().unwrap());
}
