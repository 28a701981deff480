//! A file of any type torn at clusters, its pieces in any order with gaps between: what is put together lies on the medium and on no
//! byte twice.
#![no_main]

use forensic_core::carve::Options;
use libfuzzer_sys::fuzz_target;

const CLUSTER: usize = 512;
/// Bytes that say where the file is torn, and what stands before and behind each piece.
const PLAN: usize = 8;

fuzz_target!(|data: &[u8]| {
    let Some((plan, file)) = data.split_first_chunk::<PLAN>() else { return };
    let clusters: Vec<&[u8]> = file.chunks(CLUSTER).collect();
    let mut pieces: Vec<&[&[u8]]> = Vec::new();
    let mut rest = &clusters[..];
    for cut in &plan[..2] {
        let (piece, more) = rest.split_at(rest.len() * usize::from(*cut) / 256);
        pieces.push(piece);
        rest = more;
    }
    pieces.push(rest);
    let turn = usize::from(plan[2]) % pieces.len();
    pieces.rotate_left(turn);
    if plan[3] & 1 == 1 {
        pieces.reverse();
    }
    let mut medium = Vec::new();
    for (piece, gap) in pieces.iter().zip(&plan[4..]) {
        let length = usize::from(*gap >> 2) * CLUSTER;
        match gap & 3 {
            0 => medium.resize(medium.len() + length, 0),
            1 => medium.extend(b"the file goes on elsewhere, ".iter().cycle().take(length)),
            2 => medium.extend((0..length as u32).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 23) as u8)),
            _ => medium.extend(file.iter().rev().take(length)),
        }
        medium.resize(medium.len().next_multiple_of(CLUSTER), 0);
        piece.iter().for_each(|cluster| medium.extend_from_slice(cluster));
    }
    forensic_fuzz::carve(medium, Options::default().cluster_size(CLUSTER as u64));
});
