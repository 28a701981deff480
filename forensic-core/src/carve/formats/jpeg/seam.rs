//! How well a stretch of a picture fits below what stands above it: right and wrong continuations both decode where their
//! tables are the same, but only the right one goes on with the picture.

use super::{
    markers::{Frame, Pass, Scan},
    memory::Memory,
    walk::State,
};

/// What a difference of DC values is at least taken for: three steps of an 8-bit sample.
const LEAST: f32 = 24.0;

/// Rows of MCUs that tell what a picture is like; fewer than the other may be but its sky or margin, of which a mean step of
/// so much at least is expected.
const ROWS: (u32, u32) = (24, 8);
const EXPECTED: f32 = 150.0;
/// How many times as high as the steps below it that at a seam is.
const SHARP: f32 = 2.0;

/// What the picture above a seam is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Above {
    from: u32,
    step: f32,
}

/// The differences between blocks and those right above them, summed up to each MCU of a scan that is walked on.
#[derive(Default)]
pub(super) struct Steps {
    scan: u32,
    sums: Vec<u64>,
}

impl Steps {
    /// Forgets what was summed up behind MCU `to` of the scan of this number, which is walked once more.
    pub(super) fn forget(&mut self, number: u32, to: u32) {
        if self.scan == number {
            self.sums.truncate((to as usize).saturating_add(1));
        } else {
            self.sums.clear();
        }
    }

    /// The mean difference in the MCUs `from` to `to` of the scan of this number, which is walked up to there.
    fn mean(
        &mut self,
        number: u32,
        (frame, scan, memory): (&Frame, &Scan, &Memory),
        from: u32,
        to: u32,
    ) -> Option<f32> {
        if self.scan != number {
            *self = Self { scan: number, sums: Vec::new() };
        }
        while self.sums.len() <= to as usize {
            let mcu = self.sums.len() as u32;
            let before = self.sums.last().copied().unwrap_or(0);
            let step =
                mcu.checked_sub(1).map_or(Some((0, 0)), |mcu| steps(frame, scan, memory, mcu, mcu.wrapping_add(1)))?;
            self.sums.push(before.saturating_add(step.0));
        }
        let from = from.max(scan.mcus_wide);
        let units = scan.units.iter().filter(|unit| unit.y == 0).count() as u64;
        let count = units.saturating_mul(u64::from(to.saturating_sub(from)));
        let sum = self.sums.get(to as usize)?.saturating_sub(*self.sums.get(from as usize)?);
        (count > 0).then(|| sum as f32 / count as f32)
    }
}

/// What the picture is like before the MCU at which `state` stands: right there, and farther up. `None` where nothing can be said.
pub(super) fn above(state: &State, memory: &Memory, sums: &mut Steps) -> Option<Above> {
    let ((scan, from), frame) = (state.scan()?, state.frame()?);
    if !matches!(scan.pass, Pass::Sequential | Pass::DcFirst) {
        return None;
    }
    let mut mean = |rows: u32| {
        let first = from.saturating_sub(scan.mcus_wide.saturating_mul(rows));
        sums.mean(state.scans(), (frame, scan, memory), first, from)
    };
    let near = mean(2)?;
    let far = mean(ROWS.0)?;
    let rows = from.checked_div(scan.mcus_wide).unwrap_or(0);
    let least = if rows < ROWS.1 { EXPECTED } else { 0.0 };
    Some(Above { from, step: near.max(far).max(least) })
}

/// How much rougher the seam between what was walked up to `before` and what was behind it, up to `state`, is than the picture
/// `above` it; `None` where fewer MCUs than `telling` were.
pub(super) fn rough(before: &State, above: Above, state: &State, memory: &Memory, telling: u32) -> Option<f32> {
    let ((scan, first), frame) = (before.scan()?, before.frame()?);
    let last = match state.scan() {
        Some((_, mcu)) if state.scans() == before.scans() => mcu,
        _ => scan.mcus,
    };
    (last.saturating_sub(first) >= telling).then(|| roughness(frame, scan, memory, above, last))?
}

/// True where the step from above into the MCUs below a seam, up to MCU `to`, is much higher than those among them: a picture that
/// becomes lively from some row on stays so. `None` where too little is below.
pub(super) fn is_sharp(
    frame: &Frame,
    scan: &Scan,
    memory: &Memory,
    (number, sums): (u32, &mut Steps),
    seam: Above,
    to: u32,
) -> Option<bool> {
    let first = seam.from.saturating_add(scan.mcus_wide);
    if to.saturating_sub(first) < scan.mcus_wide {
        return None;
    }
    let below = sums.mean(number, (frame, scan, memory), first, to)?;
    Some(mean_step(frame, scan, memory, seam.from, first)? > below * SHARP)
}

/// How much rougher the seam above the MCUs up to `to` is than the picture above it; 1 where it fits. DC values of the blocks
/// are in `memory`.
fn roughness(frame: &Frame, scan: &Scan, memory: &Memory, above: Above, to: u32) -> Option<f32> {
    let to = to.min(above.from.saturating_add(scan.mcus_wide));
    Some((mean_step(frame, scan, memory, above.from, to)? + LEAST) / (above.step + LEAST))
}

/// The mean difference between the blocks of MCUs and those right above them.
fn mean_step(frame: &Frame, scan: &Scan, memory: &Memory, from: u32, to: u32) -> Option<f32> {
    let (sum, count) = steps(frame, scan, memory, from, to)?;
    (count > 0).then(|| sum as f32 / count as f32)
}

/// The sum of those differences, and how many they are.
fn steps(frame: &Frame, scan: &Scan, memory: &Memory, from: u32, to: u32) -> Option<(u64, u32)> {
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
    Some((sum, count))
}
