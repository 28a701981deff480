//! What is remembered of the blocks of a frame.

use super::{
    markers::{Frame, Process},
    segment::Segment,
};

/// What is remembered of the blocks of a frame.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// For each block, a bit for each coefficient that is not zero; progressive frames only.
    nonzero: Vec<u64>,
    /// What blocks were before they changed, where the walk may have to go back.
    log: Option<Vec<(u32, u64)>>,
    /// The DC value of each block, where it is wanted.
    dc: Option<Vec<i16>>,
    /// Room for the data that are walked.
    pub(super) segment: Segment,
}

impl Memory {
    /// Makes room for the blocks of `frame`.
    pub(super) fn prepare(&mut self, frame: &Frame) {
        let blocks = usize::try_from(frame.blocks).unwrap_or(0);
        if frame.process == Process::Progressive {
            self.nonzero = vec![0; blocks];
        }
        if let Some(dc) = &mut self.dc {
            *dc = vec![0; blocks];
        }
    }

    /// Keeps the DC values from here on.
    pub(super) fn keep_dc(&mut self) {
        self.dc = Some(Vec::new());
    }

    /// The DC values of all blocks; none where they are not kept.
    pub(super) fn dc(&self) -> &[i16] {
        self.dc.as_deref().unwrap_or_default()
    }

    #[inline]
    pub(super) fn keeps_dc(&self) -> bool {
        self.dc.is_some()
    }

    #[inline]
    pub(super) fn set_dc(&mut self, block: u32, value: i32) {
        if let Some(place) = self.dc.as_mut().and_then(|dc| dc.get_mut(block as usize)) {
            *place = value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        }
    }

    #[inline]
    pub(super) fn nonzero(&self, block: u32) -> u64 {
        self.nonzero.get(block as usize).copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn set_nonzero(&mut self, block: u32, bits: u64) {
        let Some(place) = self.nonzero.get_mut(block as usize) else { return };
        if let Some(log) = &mut self.log {
            log.push((block, *place));
        }
        *place = bits;
    }

    /// Makes it possible to go back to here.
    pub(super) fn start_log(&mut self) {
        self.log.get_or_insert_default();
    }

    /// Where the log stands.
    pub(super) fn mark(&self) -> usize {
        self.log.as_ref().map_or(0, Vec::len)
    }

    /// Goes back to where the log stood at `mark`.
    pub(super) fn go_back(&mut self, mark: usize) {
        let Some(log) = &mut self.log else { return };
        while log.len() > mark {
            let Some((block, bits)) = log.pop() else { return };
            if let Some(place) = self.nonzero.get_mut(block as usize) {
                *place = bits;
            }
        }
    }
}
