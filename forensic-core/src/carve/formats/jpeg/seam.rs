//! How well a stretch of a picture fits below what stands above it: right and wrong continuations both decode where their
//! tables are the same, but only the right one goes on with the picture.

use super::{
    markers::{Frame, Pass, Scan},
    memory::Memory,
};

/// What a difference of DC values is at least taken for: three steps of an 8-bit sample.
const LEAST: f32 = 24.0;

/// Rows of MCUs that tell what a picture is like; fewer than the other may be but its sky or margin, of which a mean step of
/// so much at least is expected.
const ROWS: (u32, u32) = (24, 8);
const EXPECTED: f32 = 150.0;

/// What the picture above a seam is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Above {
    from: u32,
    step: f32,
}

/// What the picture is like before MCU `from`: right there, and farther up. `None` where nothing can be said.
pub(super) fn above(frame: &Frame, scan: &Scan, memory: &Memory, from: u32) -> Option<Above> {
    if !matches!(scan.pass, Pass::Sequential | Pass::DcFirst) {
        return None;
    }
    let near = mean_step(frame, scan, memory, from.saturating_sub(scan.mcus_wide.saturating_mul(2)), from)?;
    let far = mean_step(frame, scan, memory, from.saturating_sub(scan.mcus_wide.saturating_mul(ROWS.0)), from)?;
    let rows = from.checked_div(scan.mcus_wide).unwrap_or(0);
    let least = if rows < ROWS.1 { EXPECTED } else { 0.0 };
    Some(Above { from, step: near.max(far).max(least) })
}

/// How much rougher the seam above the MCUs up to `to` is than the picture above it; 1 where it fits. DC values of the blocks
/// are in `memory`.
pub(super) fn roughness(frame: &Frame, scan: &Scan, memory: &Memory, above: Above, to: u32) -> Option<f32> {
    let to = to.min(above.from.saturating_add(scan.mcus_wide));
    Some((mean_step(frame, scan, memory, above.from, to)? + LEAST) / (above.step + LEAST))
}

/// The mean difference between the blocks of MCUs and those right above them.
fn mean_step(frame: &Frame, scan: &Scan, memory: &Memory, from: u32, to: u32) -> Option<f32> {
    let dc = memory.dc();
    let (mut sum, mut count) = (0u64, 0u32);
    let from = from.max(scan.mcus_wide);
    for unit in scan.units.iter().filter(|unit| unit.y == 0) {
        let part = scan.parts.get(unit.part)?;
        let stride = frame.components.get(part.component)?.stride;
        let mut place = scan.place(from);
        let mut steps = 0u64;
        for _ in from..to {
            let block = scan.block_at(frame, place, part, unit);
            let (own, above) = (dc.get(block as usize)?, dc.get(block.checked_sub(stride)? as usize)?);
            steps = steps.saturating_add(u64::from(own.abs_diff(*above)));
            place = scan.behind(place);
        }
        sum = sum.saturating_add(steps.saturating_mul(u64::from(part.quantizer)));
        count = count.saturating_add(to.saturating_sub(from));
    }
    (count > 0).then(|| sum as f32 / count as f32)
}
