//! NSRL: RDSv3 databases and deltas, RDSv2 text.

use super::{
    collect::{Collected, hex, md5, read, read_as},
    databases::database,
};
use forensic_core::{
    Error, Limits,
    known::{Format, List},
};

/// NIST's schema of the minimal set of 2026; that of 2022 has no crc32.
const SCHEMA: &str = "
    CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL, crc32 VARCHAR NOT NULL,
        file_name VARCHAR NOT NULL, file_size INTEGER NOT NULL, package_id INTEGER NOT NULL,
        CONSTRAINT PK_FILE__FILE PRIMARY KEY (sha256, sha1, md5, crc32, file_name, file_size, package_id));
    CREATE TABLE MFG (manufacturer_id INTEGER NOT NULL, name VARCHAR NOT NULL, PRIMARY KEY (manufacturer_id));
    CREATE TABLE OS (operating_system_id INTEGER NOT NULL, name VARCHAR NOT NULL, version VARCHAR NOT NULL,
        manufacturer_id INTEGER NOT NULL, PRIMARY KEY (operating_system_id, manufacturer_id));
    CREATE TABLE PKG (package_id INTEGER NOT NULL, name VARCHAR NOT NULL, version VARCHAR NOT NULL,
        operating_system_id INTEGER NOT NULL, manufacturer_id INTEGER NOT NULL, language VARCHAR NOT NULL,
        application_type VARCHAR NOT NULL,
        PRIMARY KEY (package_id, operating_system_id, manufacturer_id, language, application_type));
    CREATE TABLE VERSION (version VARCHAR UNIQUE NOT NULL, build_set VARCHAR NOT NULL, build_date TIMESTAMP NOT NULL,
        release_date TIMESTAMP NOT NULL, description VARCHAR NOT NULL, PRIMARY KEY (version));
    CREATE VIEW DISTINCT_HASH AS SELECT DISTINCT sha256, sha1, md5, crc32 FROM FILE;
    INSERT INTO MFG VALUES (3, 'Maker');
    INSERT INTO OS VALUES (8, 'System', '1.0', 3);
    INSERT INTO PKG VALUES (17, 'Package \"P\"', '2', 8, 3, 'English', 'Editor');
    INSERT INTO VERSION VALUES ('2026.09.1', 'modern', '2026-09-01', '2026-09-10', 'RDS');";

fn row(number: u8, name: &str) -> String {
    let (sha256, sha1, md5) =
        (format!("{number:02X}").repeat(32), format!("{number:02X}").repeat(20), format!("{number:02X}").repeat(16));
    format!("('{sha256}','{sha1}','{md5}','0000000{number:X}','{name}',{},17)", u64::from(number) * 1000)
}

fn minimal() -> Vec<u8> {
    database(&[SCHEMA, &format!("INSERT INTO FILE VALUES {},{};", row(1, "a.dll"), row(2, "it''s \"b\"\n.dll"))])
}

fn check(collected: &Collected) {
    assert_eq!(collected.issues, []);
    assert_eq!(collected.names(), ["a.dll", "it's \"b\"\n.dll"]);
    let record = collected.records()[1];
    assert_eq!((md5(record), hex(&record.sha1.unwrap())), ("02".repeat(16), "02".repeat(20)));
    assert_eq!((record.sha256, record.size), (Some([2; 32]), Some(2000)));
    assert_eq!(collected.group().scheme.as_deref(), Some("NSRL"));
}

#[test]
fn a_minimal_database_gives_its_files_and_what_it_says_of_packages() {
    let collected = read(minimal()).unwrap();
    assert_eq!(collected.format, Some(Format::NsrlSqlite));
    check(&collected);
    assert_eq!(collected.records()[0].properties.as_json(), "{\"crc32\":\"00000001\",\"package_id\":17}");
    let said = collected.group().properties.to_map();
    assert_eq!(said["PKG"][0]["name"], "Package \"P\"");
    assert_eq!(said["OS"][0]["operating_system_id"], 8);
    assert_eq!(
        (said["MFG"][0]["name"].as_str(), said["VERSION"][0]["version"].as_str()),
        (Some("Maker"), Some("2026.09.1"))
    );
}

#[test]
fn a_minimal_database_of_2022_has_no_crc32() {
    let schema = SCHEMA.replace("crc32 VARCHAR NOT NULL,", "").replace(" crc32,", "").replace(", crc32 FROM", " FROM");
    let without = |row: String| row.replace("'00000001',", "").replace("'00000002',", "");
    let rows =
        format!("INSERT INTO FILE VALUES {},{};", without(row(1, "a.dll")), without(row(2, "it''s \"b\"\n.dll")));
    let collected = read(database(&[&schema, &rows])).unwrap();
    check(&collected);
    assert_eq!(collected.records()[0].properties.as_json(), "{\"package_id\":17}");
}

const FULL: &str = "
    CREATE TABLE METADATA (metadata_id INTEGER PRIMARY KEY, object_id INTEGER, key_hash VARCHAR, path VARCHAR, file_name VARCHAR,
        extension VARCHAR, bytes INTEGER, crc32 VARCHAR, md5 VARCHAR, sha1 VARCHAR, sha256 VARCHAR);
    CREATE TABLE PACKAGE_OBJECT (package_id INTEGER, object_id INTEGER);
    CREATE TABLE APPLICATION (application_id INTEGER PRIMARY KEY, package_id INTEGER, name VARCHAR);
    CREATE VIEW PKG AS SELECT package_id, name FROM APPLICATION;
    INSERT INTO APPLICATION VALUES (1, 17, 'Editor');
    INSERT INTO PACKAGE_OBJECT VALUES (17, 100);
    INSERT INTO METADATA VALUES (5, 100, 'k', '/p', 'a', 'dll', 1000, '00000001',
        '01010101010101010101010101010101', '0101010101010101010101010101010101010101',
        'abababababababababababababababababababababababababababababababab');";

#[test]
fn a_full_database_is_read_through_its_views() {
    let view = "CREATE VIEW FILE AS SELECT upper(sha256) AS sha256, upper(sha1) AS sha1, upper(md5) AS md5,
        file_name || '.' || extension AS file_name, bytes AS file_size, package_id
        FROM METADATA JOIN PACKAGE_OBJECT USING (object_id);";
    let collected = read(database(&[FULL, view])).unwrap();
    assert_eq!((collected.names(), collected.issues.len()), (vec!["a.dll"], 0));
    assert_eq!(collected.records()[0].sha256, Some([0xab; 32]));
    assert_eq!(collected.records()[0].properties.as_json(), "{\"package_id\":17}");
    assert_eq!(collected.group().properties.to_map()["PKG"][0]["name"], "Editor");
}

#[test]
fn metadata_is_read_where_there_is_no_view_or_a_broken_one() {
    for (view, issues) in [("", 0), ("CREATE VIEW FILE AS SELECT md5 FROM NOWHERE;", 1)] {
        let collected = read(database(&[FULL, view])).unwrap();
        assert_eq!((collected.names(), collected.issues.len()), (vec!["a.dll"], issues), "{:?}", collected.issues);
        let properties = collected.records()[0].properties.to_map();
        assert_eq!((properties["path"].as_str(), properties["extension"].as_str()), (Some("/p"), Some("dll")));
        assert_eq!(collected.records()[0].size, Some(1000));
    }
}

#[test]
fn a_view_without_end_is_stopped() {
    let rows: Vec<String> = (0..1000).map(|n| format!("('{n:032x}')")).collect();
    let many = format!("CREATE TABLE t (md5); INSERT INTO t VALUES {};", rows.join(","));
    for view in [
        // Rows without end, and none without end.
        "CREATE VIEW FILE AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
            SELECT printf('%032x', i) AS md5 FROM n;",
        "CREATE VIEW FILE AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
            SELECT i AS md5 FROM n WHERE i < 0;",
        "CREATE VIEW FILE AS SELECT printf('%.*c', 100000000, 'x') AS md5;",
        &format!("{many} CREATE VIEW FILE AS SELECT a.md5 FROM t a, t b, t c, t d WHERE a.rowid + d.rowid < 0;"),
        &format!("{many} CREATE VIEW FILE AS SELECT a.md5 FROM t a, t b, t c, t d;"),
    ] {
        let answer = read(database(&[view]));
        assert!(
            matches!(answer, Err(Error::Corrupt { .. } | Error::Limit { .. } | Error::Format { .. })),
            "{answer:?}"
        );
    }
}

#[test]
fn a_file_is_opened_whatever_its_name_and_a_stream_is_spooled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("RDS 100% ?#&.db");
    std::fs::write(&path, minimal()).unwrap();
    let mut collected = Collected::default();
    List::open(&path, None, &Limits::default()).unwrap().read(&mut collected).unwrap();
    check(&collected);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &minimal()).unwrap();
    check(&read(packed.finish().unwrap()).unwrap());
}

#[test]
fn rows_that_are_none_are_issues() {
    let loose = SCHEMA.replace(" NOT NULL", "");
    let rows = format!(
        "INSERT INTO FILE VALUES ('zz','','{}','','a',-5,1),(NULL,NULL,NULL,NULL,'b',1,1),(x'{}','','','c','d',2,x'00ff');",
        "1".repeat(32),
        "ab".repeat(32)
    );
    let collected = read(database(&[&loose, &rows])).unwrap();
    assert_eq!(collected.names(), ["a", "d"]);
    assert_eq!(collected.records()[1].sha256, Some([0xab; 32]), "digests may be bytes");
    assert_eq!(collected.records()[1].properties.as_json(), "{\"crc32\":\"c\",\"package_id\":\"00ff\"}");
    assert_eq!(collected.issues.iter().map(|issue| issue.0).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_delta_adds_and_removes_as_the_database_itself_would_tell_it() {
    let text = format!(
        "-- RDS delta\nBEGIN TRANSACTION;\n/* several\nrows */\n\
         INSERT INTO FILE(md5, sha1, sha256, package_id, crc32, file_name, file_size) VALUES ('{}','{}','{}','17','00000001','a.dll','1000');\n\
         INSERT OR IGNORE INTO \"FILE\" VALUES{},\n{};\n\
         INSERT INTO PKG VALUES (18,'New; package','1',8,3,'German','Game');\n\
         DELETE FROM FILE WHERE sha256='{}' AND sha1='{}' AND md5='{}' AND crc32='00000002' AND file_name='it''s \"b\"\n.dll' AND file_size=2000 AND package_id=17;\n\
         COMMIT;\n",
        "01".repeat(16),
        "01".repeat(20),
        "01".repeat(32),
        row(2, "it''s \"b\"\n.dll"),
        row(3, "c;d,(e)"),
        "02".repeat(32),
        "02".repeat(20),
        "02".repeat(16),
    );
    let collected = read(&text).unwrap();
    assert_eq!((collected.format, collected.issues.len()), (Some(Format::NsrlSql), 0), "{:?}", collected.issues);
    assert_eq!(collected.names(), ["a.dll", "it's \"b\"\n.dll", "c;d,(e)"]);
    // The same record as that of the database, whatever the order of the columns.
    let of_database = read(minimal()).unwrap();
    assert_eq!(collected.records()[0], of_database.records()[0]);
    assert_eq!(collected.removed.iter().collect::<Vec<_>>(), [of_database.records()[1]]);
    assert_eq!(collected.group().properties.to_map()["PKG"][0]["name"], "New; package");
    assert_eq!(collected.group().scheme.as_deref(), Some("NSRL"));
}

#[test]
fn an_update_of_one_row_is_a_removal_and_a_record() {
    let named = format!(
        "sha256='{}' AND sha1='{}' AND md5='{}' AND crc32='00000001' AND file_name='a.dll' AND file_size=1000 AND package_id=17",
        "01".repeat(32),
        "01".repeat(20),
        "01".repeat(16)
    );
    let collected = read(format!("BEGIN;\nUPDATE FILE SET file_name = 'b.dll', file_size=-7 WHERE {named};")).unwrap();
    assert_eq!(collected.removed[0].name.as_deref(), Some("a.dll"));
    assert_eq!(collected.names(), ["b.dll"]);
    assert_eq!(collected.issues.len(), 1, "a size cannot be -7: {:?}", collected.issues);
}

#[test]
fn what_cannot_be_told_without_running_it_is_an_issue_with_its_line() {
    let text = format!(
        "BEGIN TRANSACTION;\n\
         DELETE FROM FILE WHERE package_id = 17;\n\
         DELETE FROM FILE WHERE md5 LIKE 'A%';\n\
         DELETE FROM METADATA WHERE metadata_id=4;\n\
         UPDATE FILE SET package_id=1 WHERE package_id=2;\n\
         DROP TABLE FILE;\n\
         INSERT INTO FILE SELECT * FROM OTHER;\n\
         INSERT INTO FILE VALUES ('x'),{},(1,2+3,4),{};\n\
         INSERT INTO FILE(md5) VALUES('{}') ON CONFLICT DO NOTHING;\n\
         INSERT INTO FILE(md5, file_name) VALUES('{}', 'cut",
        row(1, "one"),
        row(2, "two"),
        "5".repeat(32),
        "6".repeat(32),
    );
    let collected = read(&text).unwrap();
    assert_eq!(collected.names(), ["one", "two", "-"]);
    let lines: Vec<u64> = collected.issues.iter().map(|issue| issue.0).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 8, 9, 10], "{:?}", collected.issues);
    assert_eq!(collected.removed, []);
}

#[test]
fn a_dump_of_a_database_gives_what_the_database_gives() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), minimal()).unwrap();
    let Ok(dump) = std::process::Command::new("sqlite3").arg(file.path()).arg(".dump").output() else {
        eprintln!("SKIPPED: sqlite3 is not installed");
        return;
    };
    let collected = read(&dump.stdout).unwrap();
    assert_eq!(collected.format, Some(Format::NsrlSql));
    let of_database = read(minimal()).unwrap();
    assert_eq!(collected.records()[0], of_database.records()[0]);
    // Newer versions of the program write a line break by another function, `unistr`, which is an issue.
    match collected.issues.len() {
        0 => assert_eq!(collected.records(), of_database.records()),
        _ => assert!(collected.issues[0].1.contains("unistr"), "{:?}", collected.issues),
    }
    assert_eq!(collected.group().properties.to_map()["VERSION"], of_database.group().properties.to_map()["VERSION"]);
}

#[test]
fn rds_version_2_has_two_headers() {
    let (sha1, md5_hex) = ("0A".repeat(20), "0B".repeat(16));
    for (header, row) in [
        (
            "\"SHA-1\",\"MD5\",\"CRC32\",\"FileName\",\"FileSize\",\"ProductCode\",\"OpSystemCode\",\"SpecialCode\"",
            format!("\"{sha1}\",\"{md5_hex}\",\"8DF1A4C2\",\"a, \"\"b\"\".txt\",1234,3095,\"WIN\",\"\""),
        ),
        (
            "\"SHA-1\",\"FileName\",\"FileSize\",\"ProductCode\",\"OpSystemCode\",\"MD4\",\"MD5\",\"CRC32\",\"SpecialCode\"",
            format!("\"{sha1}\",\"a, \"\"b\"\".txt\",1234,3095,\"WIN\",\"\",\"{md5_hex}\",\"8DF1A4C2\",\"\""),
        ),
    ] {
        let collected = read(format!("{header}\r\n{row}\r\n")).unwrap();
        assert_eq!((collected.format, collected.issues.len()), (Some(Format::NsrlCsv), 0));
        let record = collected.records()[0];
        assert_eq!(
            (record.name.as_deref(), record.size, md5(record)),
            (Some("a, \"b\".txt"), Some(1234), "0b".repeat(16))
        );
        let map = record.properties.to_map();
        assert_eq!(
            (map["CRC32"].as_str(), map["ProductCode"].as_str(), map.len()),
            (Some("8DF1A4C2"), Some("3095"), 3)
        );
        assert_eq!(collected.group().scheme.as_deref(), Some("NSRL"));
    }
}

#[test]
fn a_format_that_is_asked_for_is_held_to() {
    assert!(matches!(read_as("nonsense", Some(Format::NsrlSqlite)), Err(Error::Format { .. })));
    assert!(matches!(read_as(minimal(), Some(Format::Plain)), Err(Error::Format { .. })));
    assert!(matches!(read_as(minimal(), Some(Format::Iped)), Err(Error::Format { .. })));
}
