//! What is left of deleted files, and how far it is to be believed.

use super::{
    content, find,
    image::{ExFatImage, Set, Slot, directory, file},
    says,
};
use forensic_core::filesystem::{Entry, Recoverability, Status};

fn grade(entry: &Entry) -> (Recoverability, &str) {
    (entry.recoverability.unwrap(), entry.recoverability_reason.as_str())
}

#[test]
fn a_deleted_file_in_one_piece_is_intact_and_its_place_is_known() {
    let mut image = ExFatImage::new();
    image.fill(40, b'd');
    image.fill(41, b'e');
    image.in_root(&[file("a deleted file with a long name.txt", 40, 600).deleted()]);
    let entries = image.list();
    let gone = find(&entries, "/a deleted file with a long name.txt");
    assert_eq!((gone.status, grade(gone).0), (Status::Deleted, Recoverability::Intact));
    assert_eq!(content(gone), [[b'd'; 512].as_slice(), &[b'e'; 88]].concat());
    assert!(!gone.extents("").unwrap()[0].inferred);
    assert_eq!(gone.timestamps.len(), 3);
}

#[test]
fn a_chain_that_still_stands_is_followed() {
    let mut image = ExFatImage::new();
    image.chain(&[20, 25, 23]);
    image.free(&[20, 25, 23]);
    [(20, b'1'), (25, b'2'), (23, b'3')].iter().for_each(|(cluster, letter)| image.fill(*cluster, *letter));
    image.in_root(&[file("fragmented", 20, 1500).chained().deleted()]);
    let entries = image.list();
    assert_eq!(grade(&entries[0]).0, Recoverability::Intact);
    assert_eq!(content(&entries[0])[1000..1030], [[b'2'; 24].as_slice(), &[b'3'; 6]].concat());
    assert!(!entries[0].extents("").unwrap()[0].inferred);
}

#[test]
fn a_chain_that_a_later_file_changed_is_not_believed() {
    let mut image = ExFatImage::new();
    image.chain(&[20, 25, 26, 27]);
    image.free(&[20, 25, 26, 27]);
    image.in_root(&[file("changed", 20, 1500).chained().deleted()]);
    let entries = image.list();
    assert_eq!(grade(&entries[0]).0, Recoverability::Unknown);
    assert!(grade(&entries[0]).1.contains("does not end where the file does"));
    assert!(entries[0].extents("").unwrap()[0].inferred);
}

#[test]
fn a_chain_that_was_cleared_is_guessed_past_earlier_files() {
    let mut image = ExFatImage::new();
    image.mark(&[21, 24]);
    [(20, b'1'), (22, b'2'), (23, b'3')].iter().for_each(|(cluster, letter)| image.fill(*cluster, *letter));
    image.in_root(&[
        file("earlier", 21, 100).made(3).slots(),
        file("cleared", 20, 2000).chained().made(10).deleted(),
        file("later", 24, 100).made(20).slots(),
    ]);
    let entries = image.list();
    let gone = find(&entries, "/cleared");
    assert_eq!(
        grade(gone),
        (Recoverability::Partial, "3 of 4 clusters are free; the others were given to other files or are not known")
    );
    let source = gone.open("").unwrap();
    assert_eq!(source.read_vec(510, 4).unwrap(), b"1122");
    assert_eq!(source.read_vec(1500, 1).unwrap(), b"3");
    assert!(source.read_vec(1536, 1).is_err());
    assert!(source.extents().iter().all(|extent| extent.inferred));
}

#[test]
fn clusters_given_to_others_are_lost_and_the_rest_is_partial() {
    let mut image = ExFatImage::new();
    image.mark(&[41]);
    image.fill(40, b'f');
    image.fill(42, b'l');
    image.mark(&[50]);
    image.in_root(&[
        file("partly", 40, 1500).deleted(),
        file("taker", 41, 100).made(20).slots(),
        file("wholly", 50, 100).deleted(),
        file("other", 50, 99).made(20).slots(),
    ]);
    let entries = image.list();
    let partly = find(&entries, "/partly");
    assert_eq!(grade(partly).0, Recoverability::Partial);
    let source = partly.open("").unwrap();
    assert_eq!(source.read_vec(0, 512).unwrap(), [b'f'; 512]);
    assert!(source.read_vec(512, 512).is_err());
    assert_eq!(source.read_vec(1024, 10).unwrap(), [b'l'; 10]);
    let wholly = find(&entries, "/wholly");
    assert_eq!(grade(wholly).0, Recoverability::Overwritten);
    assert!(grade(wholly).1.contains("/other") && wholly.open("").is_err());
}

#[test]
fn of_two_deleted_files_on_one_cluster_the_later_one_has_it() {
    let mut image = ExFatImage::new();
    image.fill(40, b'n');
    image.in_root(&[
        file("older", 40, 100).made(3).deleted(),
        file("newer", 40, 200).made(20).deleted(),
        file("twin one", 60, 100).deleted(),
        file("twin two", 60, 200).deleted(),
    ]);
    let entries = image.list();
    assert_eq!(grade(find(&entries, "/older")).0, Recoverability::Overwritten);
    assert_eq!(grade(find(&entries, "/newer")).0, Recoverability::Intact);
    for twin in ["/twin one", "/twin two"] {
        assert_eq!(grade(find(&entries, twin)).0, Recoverability::Unknown);
        assert!(grade(find(&entries, twin)).1.contains("are claimed by /twin"));
    }
}

#[test]
fn a_renamed_file_points_to_its_new_name() {
    let mut image = ExFatImage::new();
    image.mark(&[40]);
    image.fill(40, b'z');
    image.in_root(&[file("old name", 40, 100).deleted(), file("new name", 40, 100).slots()]);
    let entries = image.list();
    assert_eq!(grade(&entries[0]).0, Recoverability::Unknown);
    assert!(grade(&entries[0]).1.contains("/new name"));
    assert_eq!(content(&entries[0]), content(&entries[1]));
    assert_eq!(entries[1].issues, []);
}

#[test]
fn deleted_trees_keep_their_paths() {
    let mut image = ExFatImage::new();
    image.in_root(&[directory("outer", 30, 2).deleted()]);
    image.slots(image.at(31), &directory("inner", 33, 1).deleted());
    image.slots(image.at(30), &vec![file("x", 0, 0).deleted(); 5].concat()[..15]);
    image.write(image.at(30) + 15 * 32, &[5]);
    // Still marked as in use: the directory went, and nothing in it is live.
    image.slots(image.at(33), &file("deep.txt", 50, 10).slots());
    image.fill(50, b'q');
    let entries = image.list();
    let deep = find(&entries, "/outer/inner/deep.txt");
    assert_eq!((deep.status, grade(deep).0, content(deep)), (Status::Deleted, Recoverability::Intact, vec![b'q'; 10]));
}

#[test]
fn junk_in_a_deleted_directory_is_not_listed() {
    let mut image = ExFatImage::new();
    image.in_root(&[directory("gone", 30, 1).deleted()]);
    let mut junk = file("never written", 60, 10).slots();
    junk[1][24] ^= 1;
    image.slots(image.at(30), &junk);
    let entries = image.list();
    assert_eq!(entries.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["/gone"]);
}

#[test]
fn sets_behind_the_end_mark_are_deleted_whatever_their_mark_says() {
    let mut image = ExFatImage::new();
    image.in_root(&[file("live", 0, 0).slots(), vec![[0; 32]], file("stale", 0, 0).slots()]);
    let entries = image.list();
    assert_eq!((entries[1].name.as_str(), entries[1].status), ("stale", Status::Deleted));
}

fn cut(set: &Set, from: usize, to: usize) -> Vec<Slot> {
    set.deleted()[from..to].to_vec()
}

#[test]
fn remains_of_overwritten_sets_prove_what_they_can() {
    let mut image = ExFatImage::new();
    image.fill(40, b'h');
    let headless = file("a name of two slots.txt", 40, 20);
    let tail = file("the end of this one is left.txt", 41, 20);
    let head = file("the beginning of this one", 42, 20);
    image.in_root(&[
        file("newer", 0, 0).slots(),
        cut(&headless, 1, 4),
        file("newest", 0, 0).slots(),
        cut(&tail, 3, 5),
        cut(&head, 0, 3),
        file("last", 0, 0).slots(),
    ]);
    let filesystem = image.open();
    let entries = image.list();
    let headless = find(&entries, "/a name of two slots.txt");
    assert_eq!((content(headless), headless.timestamps.len()), (vec![b'h'; 20], 0));
    assert_eq!(grade(headless).0, Recoverability::Unknown);
    assert!(says(&headless.issues, "file entry is lost"));
    let head = find(&entries, "/the beginning o");
    assert!(says(&head.issues, "name may be incomplete") && head.attributes.contains_key("name_incomplete"));
    assert_eq!(grade(head).0, Recoverability::Unknown);
    // A piece of a name is nobody's.
    assert_eq!(entries.len(), 5);
    filesystem.entry_count();
    assert!(says(&filesystem.issues(), "\" one is left.txt\""));
}

#[test]
fn a_stream_extension_whose_name_does_not_fit_it_has_no_proof() {
    let mut image = ExFatImage::new();
    image.in_root(&[directory("gone", 30, 1).deleted()]);
    let mut slots = cut(&file("lent", 40, 20), 1, 3);
    slots[1][2] = b'k';
    image.slots(image.at(30), &slots);
    assert_eq!(image.list().len(), 1);
}

#[test]
fn lost_directories_are_found_and_hang_where_their_entries_say() {
    let mut image = ExFatImage::new();
    image.slots(image.at(90), &[file("top.txt", 0, 0).deleted(), directory("below", 80, 1).deleted()].concat());
    image.slots(image.at(80), &file("bottom.txt", 100, 3).slots());
    image.fill(100, b'b');
    let entries = image.list();
    assert_eq!(find(&entries, "/$OrphanFiles/top.txt").status, Status::Orphan);
    let bottom = find(&entries, "/$OrphanFiles/below/bottom.txt");
    assert_eq!((bottom.status, content(bottom)), (Status::Orphan, b"bbb".to_vec()));
    assert_eq!(entries.len(), 3);
}

#[test]
fn a_lost_set_over_two_clusters_is_put_together() {
    for (next, linked) in [(91, false), (120, true)] {
        let mut image = ExFatImage::new();
        let fillers = vec![file("x", 0, 0).deleted(); 5].concat();
        image.slots(image.at(90), &fillers);
        let set = file("over the edge of the cluster.txt", 100, 3).deleted();
        image.slots(image.at(90) + 15 * 32, &set[..1]);
        image.slots(image.at(next), &set[1..]);
        if linked {
            image.link(90, next);
        }
        find(&image.list(), "/$OrphanFiles/over the edge of the cluster.txt");
    }
}

#[test]
fn sets_behind_the_end_of_a_live_file_are_found() {
    let mut image = ExFatImage::with_clusters(3);
    image.slots(image.at(70), &file("covered", 0, 0).deleted());
    // From the third sector on, in the middle of a set.
    let slots = [file("cut", 0, 0).deleted()[2..].to_vec(), file("left over", 90, 3).deleted()].concat();
    image.slots(image.at(70) + 1024, &slots);
    image.fill(90, b's');
    image.mark(&[70]);
    image.in_root(&[file("covers", 70, 513).slots()]);
    let entries = image.list();
    assert_eq!(entries.len(), 2);
    assert_eq!(content(find(&entries, "/$OrphanFiles/left over")), b"sss");
}

#[test]
fn lost_directories_are_found_in_large_clusters() {
    let mut image = ExFatImage::with_clusters(4);
    let many: Vec<_> = (0..20).flat_map(|n| file(&format!("file {n}"), 0, 0).deleted()).collect();
    image.slots(image.at(90), &many);
    assert_eq!(image.list().len(), 20);
}

#[test]
fn what_a_lost_directory_holds_in_clusters_in_use_is_unlisted() {
    let mut image = ExFatImage::new();
    image.mark(&[30, 31, 32, 33]);
    image.fill(31, b'u');
    let sets = [
        file("still there", 31, 20).slots(),
        file("deleted before", 40, 20).deleted(),
        directory("below", 32, 1).slots(),
        file("freed", 41, 20).slots(),
    ];
    image.slots(image.at(30), &sets.concat());
    image.slots(image.at(32), &file("deep", 33, 4).slots());
    let filesystem = image.open();
    let entries = image.list();
    let there = find(&entries, "/$OrphanFiles/still there");
    assert_eq!((there.status, there.recoverability, content(there)), (Status::Unlisted, None, vec![b'u'; 20]));
    assert_eq!(find(&entries, "/$OrphanFiles/below/deep").status, Status::Unlisted);
    assert_eq!(find(&entries, "/$OrphanFiles/deleted before").status, Status::Orphan);
    assert_eq!(find(&entries, "/$OrphanFiles/freed").status, Status::Orphan);
    filesystem.entry_count();
    assert!(says(&filesystem.issues(), "4 clusters are in use by the allocation bitmap and belong to no entry"));
}

#[test]
fn a_file_whose_cluster_is_marked_but_owned_by_nobody_is_overwritten() {
    let mut image = ExFatImage::new();
    image.mark(&[40]);
    image.in_root(&[file("gone", 40, 100).deleted()]);
    let entries = image.list();
    assert_eq!(grade(&entries[0]), (Recoverability::Overwritten, "all 1 clusters were given to others"));
}

#[test]
fn without_an_allocation_bitmap_nothing_is_called_intact() {
    let mut image = ExFatImage::new();
    image.in_root(&[file("gone", 40, 100).deleted()]);
    let at = image.at(super::ROOT) + 32;
    image.bytes[at] = 0x01;
    let filesystem = image.open();
    assert!(filesystem.unallocated().is_err());
    let entries = image.list();
    assert_eq!(grade(find(&entries, "/gone")).0, Recoverability::Unknown);
}
