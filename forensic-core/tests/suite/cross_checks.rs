//! A second reader looks at every NTFS and FAT volume of the corpus: it disagrees where it is known to be wrong, and
//! nowhere else.

use crate::corpus;
use forensic_core::{
    bytes::Source,
    evidence::{Evidence, OpenOptions},
    filesystem::FileSystem,
};
use std::{collections::BTreeMap, sync::Arc};

/// What the crates `ntfs` 0.4 and `fatfs` 0.3 are known to get wrong on these images, and how often.
const KNOWN: [(&str, &str, usize); 6] = [
    ("debian fs.multiple", "crate ntfs 0.4 takes a run that begins at cluster 0 for a sparse one", 1),
    ("debian fs.ntfs", "crate ntfs 0.4 takes a run that begins at cluster 0 for a sparse one", 1),
    ("made/ntfs", "crate ntfs 0.4 gives LZNT1 data as stored", 5),
    ("made/ntfs", "crate ntfs 0.4 takes a run that begins at cluster 0 for a sparse one", 1),
    ("ntfs/testfs1", "crate ntfs 0.4 fails on a record that lies in two runs of $MFT", 1),
    ("ntfs/testfs1", "crate ntfs 0.4 takes a run that begins at cluster 0 for a sparse one", 1),
];

/// Every NTFS and FAT volume at hand, by the name of its image.
fn volumes() -> Vec<(String, Arc<dyn FileSystem>)> {
    let mut all = Vec::new();
    for name in ["fs.ntfs", "fs.vfat", "fs.multiple"] {
        if let Some(medium) = corpus::debian_sample(&format!("{name}.xz")) {
            add(&mut all, &format!("debian {name}"), Arc::new(medium));
        }
    }
    for name in ["ntfs", "fat16", "fat32"] {
        if let Some(medium) = corpus::read(&format!("images/made/{name}.img.xz")) {
            add(&mut all, &format!("made/{name}"), Arc::new(medium));
        }
    }
    let Some(index) = corpus::file("images/INDEX.tsv") else { return all };
    let root = corpus::root().unwrap().join("images");
    for line in std::fs::read_to_string(index).unwrap().lines() {
        let name = line.split('\t').next().unwrap();
        // A container this library does not open is another test's concern.
        if let Ok(evidence) = Evidence::open(root.join(name)) {
            add(&mut all, name, evidence.stream());
        }
    }
    all
}

fn add(all: &mut Vec<(String, Arc<dyn FileSystem>)>, name: &str, medium: Source) {
    let Ok(evidence) = OpenOptions::new().open_source(medium) else { return };
    let kinds = ["ntfs", "fat12", "fat16", "fat32"];
    all.extend(
        evidence.filesystems().into_iter().filter(|it| kinds.contains(&it.kind())).map(|it| (name.to_owned(), it)),
    );
}

#[test]
fn second_readers_disagree_exactly_where_they_are_known_to_be_wrong() {
    let volumes = volumes();
    let mut found: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (name, filesystem) in &volumes {
        let check = filesystem.cross_check().unwrap();
        assert!(check.compared > 0, "{name}");
        for difference in check.differences {
            eprintln!("{name}: {difference:?}");
            *found.entry((name.clone(), difference.known_limit)).or_default() += 1;
        }
    }
    let at_hand = |image: &str| volumes.iter().any(|(name, _)| name == image);
    let known: BTreeMap<_, _> = KNOWN
        .iter()
        .filter(|(image, ..)| at_hand(image))
        .map(|(image, limit, count)| (((*image).to_owned(), *limit), *count))
        .collect();
    assert_eq!(found, known);
}
