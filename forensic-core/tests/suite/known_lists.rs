//! Sets built from the lists that investigators are handed: what a hit says, what triage makes of it, and the lists given
//! back.

use crate::corpus;
use forensic_core::{
    NoProgress,
    hash::{Algorithm, Hasher},
    known::{Format, HashSet, Standing},
    triage,
};
use std::{path::PathBuf, sync::Arc};

const VICS: &str = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#";

fn md5(bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(&[Algorithm::Md5]);
    hasher.update(bytes);
    hasher.finish().hex(Algorithm::Md5).unwrap()
}

fn set(lists: &[(&str, &str)]) -> HashSet {
    HashSet::build_from_readers(lists.iter().map(|(name, text)| (PathBuf::from(name), text.as_bytes())), None).unwrap()
}

fn vics(category: &str, content: &[u8]) -> String {
    let md5 = md5(content).to_uppercase();
    format!(
        r#"{{"@odata.context":"{VICS}Media","value":[{{"MediaID":1,"Category":{category},"MD5":"{md5}","Series":"S"}}]}}"#
    )
}

/// RDSv2, the version 1 header.
fn nsrl(digests: &[&str]) -> String {
    let header = r#""SHA-1","FileName","FileSize","ProductCode","OpSystemCode","MD4","MD5","CRC32","SpecialCode""#;
    let row = |md5: &&str| {
        let md5 = md5.to_uppercase();
        format!("\"{}\",\"a.png\",1,1,\"WIN\",\"\",\"{md5}\",\"00000000\",\"\"\r\n", "A".repeat(40))
    };
    format!("{header}\r\n{}", digests.iter().map(row).collect::<String>())
}

fn standings(set: &HashSet, content: &[u8]) -> Vec<Standing> {
    set.lookup_hex(&md5(content)).unwrap().iter().map(|known| known.standing()).collect()
}

#[test]
fn a_hit_tells_how_urgent_it_is() {
    for (category, standing) in [
        ("1", Standing::Notable),
        ("3", Standing::Notable),
        ("0", Standing::Listed),
        ("null", Standing::Listed),
        ("5", Standing::Listed),
        ("\"2\"", Standing::Notable),
    ] {
        let set = set(&[("a.json", &vics(category, b"x"))]);
        assert_eq!(standings(&set, b"x"), [standing], "category {category}");
        let hit = &set.lookup_hex(&md5(b"x")).unwrap()[0];
        assert_eq!((hit.scheme.as_deref(), hit.properties["Series"].as_str()), (Some("UK"), Some("S")));
    }
    assert_eq!(standings(&set(&[("NSRLFile.txt", &nsrl(&[&md5(b"x")]))]), b"x"), [Standing::KnownGood]);
    assert_eq!(standings(&set(&[("list", &md5(b"x"))]), b"x"), [Standing::Listed]);
}

/// The sample volumes' pictures: one is notable, one is good, one is both, of one nothing is known.
#[test]
fn triage_skips_what_is_good_and_puts_what_is_notable_first() {
    let evidence = crate::triage::disk();
    let plain = triage::run(&evidence, &triage::Options::default(), &NoProgress).unwrap();
    let pictures: Vec<_> = plain.records.iter().filter(|record| record.picture.is_some()).collect();
    let mut digests: Vec<String> = pictures.iter().filter_map(|record| record.md5.clone()).collect();
    digests.dedup();
    assert!(digests.len() >= 2, "{} pictures", digests.len());
    let (good, notable) = (&digests[0], &digests[digests.len() - 1]);
    let list =
        |digest: &str| format!(r#"{{"@odata.context":"{VICS}Media","value":[{{"MD5":"{digest}","Category":1}}]}}"#);
    let sets = [set(&[("bad.json", &list(notable))]), set(&[("NSRLFile.txt", &nsrl(&[good, notable]))])].map(Arc::new);
    let mut options = triage::Options { hash_sets: sets.to_vec(), ..triage::Options::default() };
    let report = triage::run(&evidence, &options, &NoProgress).unwrap();
    let ranked: Vec<_> = report.ranked().collect();
    assert_eq!(ranked.len(), report.records.len());
    assert_eq!(ranked[0].md5.as_ref(), Some(notable));
    assert_eq!(ranked[0].standing(), Some(Standing::Notable));
    assert_eq!(ranked[0].known.len(), 2, "every set that knows it says so");
    assert!(ranked[0].picture.is_some());
    let last = ranked[ranked.len() - 1];
    assert_eq!((last.md5.as_ref(), last.standing()), (Some(good), Some(Standing::KnownGood)));
    assert!(last.picture.is_none(), "nobody looks for it");
    let count = |standing| report.records.iter().filter(|record| record.standing() == Some(standing)).count() as u64;
    assert_eq!(report.summary.notable, count(Standing::Notable));
    assert_eq!(report.summary.known_good, count(Standing::KnownGood));
    assert_eq!(report.summary.known, report.summary.notable + report.summary.known_good);

    options.skip_known_good = false;
    let all = triage::run(&evidence, &options, &NoProgress).unwrap();
    assert_eq!(all.summary.pictures, plain.summary.pictures);
    assert_eq!(all.records.len(), report.records.len());
}

#[test]
fn a_set_is_written_as_the_lists_it_was_built_from() {
    let folder = tempfile::tempdir().unwrap();
    let case = |number: usize| {
        let media = format!(
            r#"{{"MediaID":1,"Category":2,"MD5":"{}","MediaSize":{number}}}"#,
            md5(&[number as u8]).to_uppercase()
        );
        format!(r#"{{"CaseID":"{number}","CaseNumber":"N{number}","Media":[{media}]}}"#)
    };
    let cases = format!(r#"{{"@odata.context":"{VICS}Cases","value":[{},{}]}}"#, case(1), case(2));
    let first = set(&[("cases.json", &cases)]);
    let path = folder.path().join("written.json");
    let report = first.write(&path, Format::VicsCase).unwrap();
    assert_eq!((report.records, report.skipped, report.lost.len()), (2, 0, 0));
    let second = HashSet::build([&path]).unwrap();
    let groups = |set: &HashSet| set.groups().iter().map(|group| group.group.clone()).collect::<Vec<_>>();
    assert_eq!(groups(&second), groups(&first));
    let records = |set: &HashSet| {
        let mut records = Vec::new();
        set.for_each_record(|group, record| {
            records.push((group, record));
            Ok(())
        })
        .unwrap();
        records
    };
    assert_eq!(records(&second), records(&first));

    // Bare digests of two lists, and records of a third, each in their group.
    let mixed = set(&[("a", &md5(b"1")), ("b", &md5(b"2")), ("c", &format!("{}  name\n", md5(b"3")))]);
    let path = folder.path().join("mixed.md5");
    let report = mixed.write(&path, Format::Sums).unwrap();
    assert_eq!(report.records, 3);
    let again = HashSet::build([&path]).unwrap();
    assert!([b"1", b"2", b"3"].iter().all(|content| again.lookup_hex(&md5(&content[..])).unwrap().len() == 1));
    let refused = mixed.write(folder.path().join("no.db"), Format::NsrlSqlite);
    assert!(matches!(refused, Err(forensic_core::Error::Unsupported { .. })));
    assert!(!folder.path().join("no.db").exists());
}

#[test]
fn a_set_in_a_file_is_a_list_again() {
    let folder = tempfile::tempdir().unwrap();
    let (list, first, second) =
        (folder.path().join("bad.json"), folder.path().join("first.set"), folder.path().join("second.set"));
    std::fs::write(&list, vics("1", b"x")).unwrap();
    HashSet::build_to([&list], None, &first).unwrap();
    let merged = HashSet::build_to([&first], None, &second).unwrap();
    assert_eq!(merged.sources()[0].format, Format::Vics);
    assert_eq!(standings(&merged, b"x"), [Standing::Notable]);
    corpus::seed("known_set", &std::fs::read(&second).unwrap());
}
