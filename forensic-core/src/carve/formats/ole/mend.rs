//! Compound files in two fragments whose directory is in the second: the header tells where its root must stand, so that the
//! root found in free space tells the distance. What is joined must hold in every part that can be checked, and at one
//! cut only.

use super::{
    Ole,
    header::{Header, MOST},
};
use crate::carve::{
    Mended, Mending,
    formats::{
        search,
        splice::{Splice, cuts},
    },
};

const ROOT: &[u8] = b"R\0o\0o\0t\0 \0E\0n\0t\0r\0y\0\0\0";
/// Clusters before the first wrong byte at which the file may be cut.
const MOST_CUTS: usize = 256;

pub(super) fn mend(mending: &mut Mending<'_>) -> Option<Mended> {
    let mut tape = mending.tape_from(mending.start());
    let header = Header::read(&mut tape).ok()?;
    let root = header.place(Some(header.directory).filter(|sector| *sector < MOST)?);
    let to = mending.broken().broken_at.min(root);
    search::each_place(mending, ROOT, |mending, place| {
        let mut found: Option<Mended> = None;
        for cut in cuts(mending, 1, to).take(MOST_CUTS) {
            let Some(splice) = Splice::through(mending, cut, root, place) else { continue };
            mending.spend(64 << 10).then_some(())?;
            let Some(mended) = splice.checked(mending, &Ole) else { continue };
            if found.is_some() {
                return None;
            }
            found = Some(mended);
        }
        found
    })
}
