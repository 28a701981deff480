//! Volumes that other drivers wrote, beside what an independent tool or the writer says of them.

use super::*;

/// Path (":stream" behind it) to live or not, size and MD5; directories have neither.
type Listing = BTreeMap<String, (bool, Option<(u64, Option<String>)>)>;

fn listing(filesystem: &Arc<dyn FileSystem>) -> Listing {
    let mut listing = Listing::new();
    for entry in entries(filesystem) {
        let live = entry.status.is_live();
        let mut add = |path: String, content| match listing.get(&path) {
            // A deleted file does not stand for its successor.
            Some((true, _)) if !live => {}
            _ => drop(listing.insert(path, (live, content))),
        };
        if entry.kind == Kind::Directory {
            add(entry.path.clone(), None);
        }
        for stream in &entry.streams {
            let name = &stream.info.name;
            let path = if name.is_empty() { entry.path.clone() } else { format!("{}:{name}", entry.path) };
            add(path, Some((stream.info.size, stream.open().ok().map(|source| md5(&source)))));
        }
    }
    listing
}

/// The Sleuth Kit's listing, and what of ours is not like it.
fn differences(filesystem: &Arc<dyn FileSystem>, truth: &str) -> Option<Vec<String>> {
    let rows = corpus::truth(truth)?;
    let theirs: Listing = rows
        .into_iter()
        .map(|row| {
            let content = (!row.kind.contains('d')).then_some((row.size.unwrap_or(0), row.md5));
            (format!("/{}", row.path), (row.live, content))
        })
        .collect();
    let ours = listing(filesystem);
    let paths: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).cloned().collect();
    Some(paths.into_iter().filter(|path| ours.get(path) != theirs.get(path)).collect())
}

/// Where TSK and we differ on a volume that mkntfs made, and why.
fn known_differences() -> Vec<String> {
    let mut known = vec![
        // We give an empty main stream to every file; TSK none to those without a $DATA attribute of their own, and it
        // gives no size and no hash for $BadClus, of which we tell the size of $Bad.
        "/$BadClus:$Bad".to_owned(),
        "/$BadClus".to_owned(),
        "/$Extend/$ObjId".to_owned(),
        "/$Extend/$Quota".to_owned(),
        "/$Extend/$Reparse".to_owned(),
        "/$Secure".to_owned(),
        // TSK lists indexes as if they were streams.
        "/$Extend/$ObjId:$O".to_owned(),
        "/$Extend/$Quota:$O".to_owned(),
        "/$Extend/$Quota:$Q".to_owned(),
        "/$Extend/$Reparse:$R".to_owned(),
        "/$Secure:$SDH".to_owned(),
        "/$Secure:$SII".to_owned(),
        // TSK's own directory for orphans.
        "/$OrphanFiles".to_owned(),
    ];
    // Records kept in reserve: never used, without a name and without a byte of content.
    known.extend((16..24).map(|record| format!("/$OrphanFiles/OrphanFile-{record}")));
    known.sort();
    known
}

#[test]
fn listing_of_testfs1_is_that_of_the_sleuth_kit() {
    let Some(bytes) = corpus::read("images/ntfs/testfs1") else { return };
    let filesystem = open(bytes);
    let Some(found) = differences(&filesystem, "ntfs_testfs1") else { return };
    let mut known = known_differences();
    // $BadClus itself is an empty file to both.
    known.retain(|path| found.contains(path) || path != "/$BadClus");
    assert_eq!(found, known);
    assert_eq!(filesystem.issues(), []);
    // Record 255 begins in one run of $MFT and ends in another.
    let straddling = entries(&filesystem).into_iter().find(|entry| entry.id == 255).unwrap();
    assert_eq!((straddling.kind, straddling.status), (Kind::Directory, Status::Allocated));
}

#[test]
fn second_reader_agrees_on_testfs1_but_for_its_known_limits() {
    let Some(bytes) = corpus::read("images/ntfs/testfs1") else { return };
    let check = open(bytes).cross_check().unwrap();
    assert!(check.compared > 500, "{}", check.compared);
    let unexplained: Vec<_> = check.differences.iter().filter(|difference| difference.known_limit.is_empty()).collect();
    assert_eq!(unexplained, Vec::<&filesystem::Difference>::new());
}

#[test]
fn listing_of_debians_sample_is_that_of_the_sleuth_kit() {
    let Some(bytes) = corpus::debian_sample("fs.ntfs.xz") else { return };
    let medium: Source = Arc::new(bytes);
    let partition = Slice::new(medium.clone(), 2048 * 512, medium.len() - 2048 * 512).unwrap();
    let filesystem = checked(filesystem::open(Arc::new(partition), &Limits::default()).unwrap().unwrap());
    assert_eq!(filesystem.offset(), 2048 * 512);
    let Some(found) = differences(&filesystem, "debian_ntfs") else { return };
    let mut known = known_differences();
    known.retain(|path| found.contains(path) || path != "/$BadClus");
    assert_eq!(found, known);
}

#[test]
fn kit_image_is_read_whole_and_nothing_is_claimed_falsely() {
    let Some(bytes) = corpus::read("images/made/ntfs.img.xz") else { return };
    let Some(truth) = corpus::read("images/made/ntfs.json.xz") else { return };
    let truth: serde_json::Value = serde_json::from_slice(&truth).unwrap();
    let volume = &truth["volumes"][0];
    let filesystem = open(bytes);
    let ours = listing(&filesystem);
    for file in volume["live"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let wanted = |item: &serde_json::Value| {
            (true, Some((item["size"].as_u64().unwrap(), item["md5"].as_str().map(str::to_owned))))
        };
        if file["kind"] == "file" {
            assert_eq!(ours.get(path), Some(&wanted(file)), "{path}");
        }
        if file["kind"] == "symlink" {
            assert_eq!(filesystem.entry(path).unwrap().target.as_deref(), file["target"].as_str(), "{path}");
        }
        for stream in file["streams"].as_array().into_iter().flatten() {
            let path = format!("{path}:{}", stream["name"].as_str().unwrap());
            assert_eq!(ours.get(&path), Some(&wanted(stream)), "{path}");
        }
    }
    let (mut claimed, mut recovered) = (0, 0);
    let deleted = volume["deleted"].as_array().unwrap();
    // A former name leads to what the file is now.
    let renamed = |name: &str, hash: &str| {
        volume["renamed"].as_array().into_iter().flatten().any(|pair| {
            let now = volume["live"].as_array().unwrap().iter().find(|file| file["path"] == pair[1]);
            pair[0].as_str().unwrap().ends_with(&format!("/{name}")) && now.is_some_and(|file| file["md5"] == hash)
        })
    };
    for entry in entries(&filesystem).iter().filter(|entry| !entry.status.is_live() && entry.kind == Kind::File) {
        let Ok(content) = entry.open("") else { continue };
        let hash = md5(&content);
        let of_this_name =
            |file: &&serde_json::Value| file["path"].as_str().unwrap().ends_with(&format!("/{}", entry.name));
        let right = deleted.iter().filter(of_this_name).any(|file| file["md5"] == hash.as_str());
        if entry.recoverability == Some(Recoverability::Intact) {
            assert!(right || renamed(&entry.name, &hash), "{} is claimed to be intact", entry.path);
            claimed += usize::from(right && entry.size > 0);
        }
        recovered += usize::from(right && entry.size > 0);
    }
    let names: std::collections::HashSet<_> =
        entries(&filesystem).into_iter().filter(|entry| !entry.status.is_live()).map(|entry| entry.name).collect();
    let on_medium: Vec<_> = deleted.iter().filter(|d| d["kind"] == "file" && d["name_on_medium"] == true).collect();
    let named = |file: &&&serde_json::Value| names.contains(file["path"].as_str().unwrap().rsplit('/').next().unwrap());
    let found = on_medium.iter().filter(named).count();
    assert!(found * 100 >= on_medium.len() * 95, "{found} of {} names are found", on_medium.len());
    assert!(recovered >= 94 && claimed * 10 >= recovered * 9, "{claimed} of {recovered} are graded intact");
    let check = filesystem.cross_check().unwrap();
    assert!(check.differences.iter().all(|difference| !difference.known_limit.is_empty()), "{:#?}", check.differences);
}
