//! Marker segments: frames, scans and tables (ITU-T T.81, annex B).

use super::huffman::Table;
use std::sync::Arc;

/// Blocks of a frame whose coefficients are remembered at the most: 64 MiB of bits.
const MOST_BLOCKS: u64 = 8 << 20;
/// Data units of one MCU at the most (B.2.3).
const MOST_UNITS: u32 = 10;

/// How a frame is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Process {
    /// Huffman-coded, one pass: SOF0 and SOF1.
    Sequential,
    /// Huffman-coded, in several passes: SOF2.
    Progressive,
    /// Arithmetic, lossless or hierarchical: its data are passed over.
    Other,
}

/// A frame header (B.2.2).
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) process: Process,
    pub(crate) precision: u8,
    pub(crate) width: u32,
    /// 0 where it is told behind the first scan.
    pub(crate) height: u32,
    pub(crate) components: Vec<Component>,
    /// MCUs of an interleaved scan.
    pub(crate) mcus_wide: u32,
    pub(crate) mcus_high: u32,
    /// Blocks of all components.
    pub(crate) blocks: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Component {
    pub(crate) id: u8,
    pub(crate) horizontal: u32,
    pub(crate) vertical: u32,
    /// Blocks that carry samples, which are those of a scan of this component alone.
    pub(crate) wide: u32,
    pub(crate) high: u32,
    /// Blocks of a row with those that fill the last MCU.
    pub(crate) stride: u32,
    /// The first block, counted over all components.
    pub(crate) first: u32,
    /// The table it is quantized with.
    pub(crate) quantizer: u8,
}

impl Frame {
    /// The frame header in `body`, which followed the marker `code`.
    pub(crate) fn parse(code: u8, body: &[u8]) -> Option<Self> {
        let process = match code {
            0xc0 | 0xc1 => Process::Sequential,
            0xc2 => Process::Progressive,
            _ => Process::Other,
        };
        let (&[precision, h1, h0, w1, w0, count], specifications) = body.split_first_chunk::<6>()?;
        let [height, width] = [[h1, h0], [w1, w0]].map(|bytes| u32::from(u16::from_be_bytes(bytes)));
        let precise = match code {
            0xc0 => precision == 8,
            0xc3 | 0xc7 | 0xcb | 0xcf => (2..=16).contains(&precision),
            _ => precision == 8 || precision == 12,
        };
        let counted = count > 0 && specifications.len() == usize::from(count).checked_mul(3)?;
        if !precise || !counted || width == 0 || (process != Process::Other && count > 4) {
            return None;
        }
        let mut frame =
            Self { process, precision, width, height, components: Vec::new(), mcus_wide: 0, mcus_high: 0, blocks: 0 };
        for specification in specifications.chunks_exact(3) {
            let &[id, sampling, quantizer] = specification else { return None };
            let [horizontal, vertical] = [sampling >> 4, sampling & 15].map(u32::from);
            if !(1..=4).contains(&horizontal) || !(1..=4).contains(&vertical) || quantizer > 3 {
                return None;
            }
            if frame.components.iter().any(|component| component.id == id) {
                return None;
            }
            let (wide, high, stride, first) = (0, 0, 0, 0);
            frame.components.push(Component { id, horizontal, vertical, wide, high, stride, first, quantizer });
        }
        frame.measure();
        Some(frame)
    }

    /// The same with its height, which a DNL segment told.
    pub(crate) fn with_height(&self, height: u32) -> Self {
        let mut frame = Self { height, ..self.clone() };
        frame.measure();
        frame
    }

    fn measure(&mut self) {
        let most = |of: fn(&Component) -> u32| self.components.iter().map(of).max().unwrap_or(1);
        let [h_max, v_max] = [most(|component| component.horizontal), most(|component| component.vertical)];
        self.mcus_wide = self.width.div_ceil(h_max.saturating_mul(8).max(1));
        self.mcus_high = self.height.div_ceil(v_max.saturating_mul(8).max(1));
        self.blocks = 0;
        for component in &mut self.components {
            let scaled = |size: u32, own: u32, most: u32| size.saturating_mul(own).div_ceil(most.max(1)).div_ceil(8);
            component.wide = scaled(self.width, component.horizontal, h_max);
            component.high = scaled(self.height, component.vertical, v_max);
            component.stride = self.mcus_wide.saturating_mul(component.horizontal);
            component.first = u32::try_from(self.blocks).unwrap_or(u32::MAX);
            let rows = self.mcus_high.saturating_mul(component.vertical);
            self.blocks = self.blocks.saturating_add(u64::from(component.stride).saturating_mul(u64::from(rows)));
        }
    }

    /// True where the coefficients of all its blocks can be kept in mind.
    pub(crate) fn can_be_remembered(&self) -> bool {
        self.blocks <= MOST_BLOCKS
    }
}

/// What a scan does to the blocks it passes (G.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    Sequential,
    DcFirst,
    DcRefine,
    AcFirst,
    AcRefine,
}

/// A scan with the tables that were in force at its start (B.2.3).
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) pass: Pass,
    /// First and last coefficient.
    pub(crate) band: (u8, u8),
    pub(crate) low: u8,
    /// MCUs; `u32::MAX` where the height is not known yet.
    pub(crate) mcus: u32,
    /// MCUs of a row.
    pub(crate) mcus_wide: u32,
    /// MCUs between restart markers; 0 without.
    pub(crate) restart_interval: u32,
    pub(crate) parts: Vec<Part>,
    /// The blocks of an MCU.
    pub(crate) units: Vec<Unit>,
}

/// A component of a scan.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) component: usize,
    pub(crate) dc: Option<Arc<Table>>,
    pub(crate) ac: Option<Arc<Table>>,
    /// The largest DC value that samples of the frame's precision could give, and as much again.
    pub(crate) dc_limit: u32,
    /// What DC values are multiples of.
    pub(crate) quantizer: u32,
    /// Blocks of an MCU, across and down.
    pub(crate) across: u32,
    pub(crate) down: u32,
}

/// A block of an MCU.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit {
    /// Index into the parts of the scan.
    pub(crate) part: usize,
    pub(crate) x: u32,
    pub(crate) y: u32,
}

/// The tables in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    dc: [Option<Arc<Table>>; 4],
    ac: [Option<Arc<Table>>; 4],
    /// First values, which quantize DC coefficients.
    pub(crate) quantizers: [u16; 4],
    pub(crate) restart_interval: u32,
}

impl Tables {
    /// Huffman tables (B.2.4.2).
    pub(crate) fn take_huffman(&mut self, mut body: &[u8]) -> Option<()> {
        while !body.is_empty() {
            let (&[place], rest) = body.split_first_chunk::<1>()?;
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let total = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
            let (symbols, rest) = rest.split_at_checked(total)?;
            let tables = match place >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return None,
            };
            *tables.get_mut(usize::from(place & 15))? = Some(Arc::new(Table::new(counts, symbols)?));
            body = rest;
        }
        Some(())
    }

    /// Quantization tables (B.2.4.1).
    pub(crate) fn take_quantizers(&mut self, mut body: &[u8]) -> Option<()> {
        while !body.is_empty() {
            let (place, [first, ..], rest) = quantizer(body)?;
            *self.quantizers.get_mut(place)? = first;
            body = rest;
        }
        Some(())
    }

    /// The scan whose header is in `body`, in `frame`.
    pub(crate) fn scan(&self, frame: &Frame, body: &[u8]) -> Option<Scan> {
        let (count, rest) = body.split_first()?;
        let (selectors, rest) = rest.split_at_checked(usize::from(*count).checked_mul(2)?)?;
        let &[first, last, approximation] = rest else { return None };
        if !(1..=4).contains(count) {
            return None;
        }
        let (high, low) = (approximation >> 4, approximation & 15);
        let progressive = frame.process == Process::Progressive;
        let pass = match (progressive, first, high) {
            (false, ..) => Pass::Sequential,
            (true, 0, 0) => Pass::DcFirst,
            (true, 0, _) => Pass::DcRefine,
            (true, _, 0) => Pass::AcFirst,
            (true, ..) => Pass::AcRefine,
        };
        let sound = match pass {
            Pass::Sequential => true,
            Pass::DcFirst | Pass::DcRefine => last == 0 && low <= 13 && (high == 0 || high.checked_sub(1) == Some(low)),
            Pass::AcFirst | Pass::AcRefine => {
                first <= last
                    && last < 64
                    && *count == 1
                    && low <= 13
                    && (high == 0 || high.checked_sub(1) == Some(low))
            }
        };
        if !sound {
            return None;
        }
        let mut parts: Vec<Part> = Vec::new();
        for selector in selectors.chunks_exact(2) {
            let &[id, tables] = selector else { return None };
            let component = frame.components.iter().position(|component| component.id == id)?;
            if parts.last().is_some_and(|part| part.component >= component) {
                return None;
            }
            let table = |of: &[Option<Arc<Table>>; 4], index: u8| of.get(usize::from(index)).cloned().flatten();
            let (dc, ac) = (table(&self.dc, tables >> 4), table(&self.ac, tables & 15));
            let (needs_dc, needs_ac) = match pass {
                Pass::Sequential => (true, true),
                Pass::DcFirst => (true, false),
                Pass::DcRefine => (false, false),
                Pass::AcFirst | Pass::AcRefine => (false, true),
            };
            if (needs_dc && dc.is_none()) || (needs_ac && ac.is_none()) {
                return None;
            }
            let of = frame.components.get(component)?;
            let (across, down) = if *count == 1 { (1, 1) } else { (of.horizontal, of.vertical) };
            let quantizer = u32::from(self.quantizers.get(usize::from(of.quantizer)).copied().unwrap_or(1).max(1));
            let dc_limit = 1u32 << (frame.precision.saturating_add(3) & 15);
            let dc_limit =
                (dc_limit.checked_div(quantizer).unwrap_or(0)).max(8) >> if pass == Pass::Sequential { 0 } else { low };
            parts.push(Part { component, dc, ac, dc_limit, quantizer, across, down });
        }
        let (wide, high) = match parts.as_slice() {
            [alone] => frame.components.get(alone.component).map(|component| (component.wide, component.high))?,
            _ => (frame.mcus_wide, frame.mcus_high),
        };
        let units: Vec<Unit> = parts.iter().enumerate().flat_map(|(part, of)| of.units(part)).collect();
        if parts.iter().map(|part| part.across.saturating_mul(part.down)).sum::<u32>() > MOST_UNITS {
            return None;
        }
        Some(Scan {
            pass,
            band: (first, last),
            low,
            mcus: if frame.height == 0 { u32::MAX } else { wide.checked_mul(high)? },
            mcus_wide: wide,
            restart_interval: self.restart_interval,
            parts,
            units,
        })
    }
}

impl Scan {
    /// The index of a block of an MCU among the blocks of the frame.
    pub(crate) fn block(&self, frame: &Frame, mcu: u32, part: &Part, unit: &Unit) -> u32 {
        self.block_at(frame, self.place(mcu), part, unit)
    }

    /// Column and row of an MCU.
    pub(crate) fn place(&self, mcu: u32) -> (u32, u32) {
        let row = mcu.checked_div(self.mcus_wide).unwrap_or(0);
        (mcu.wrapping_sub(row.wrapping_mul(self.mcus_wide)), row)
    }

    /// Column and row of the MCU behind the one at `place`.
    #[inline(always)]
    pub(crate) fn behind(&self, (column, row): (u32, u32)) -> (u32, u32) {
        let next = column.wrapping_add(1);
        if next == self.mcus_wide { (0, row.wrapping_add(1)) } else { (next, row) }
    }

    /// The index of a block of the MCU at a column and row among the blocks of the frame.
    #[inline]
    pub(crate) fn block_at(&self, frame: &Frame, (column, row): (u32, u32), part: &Part, unit: &Unit) -> u32 {
        let Some(Component { first, stride, .. }) = frame.components.get(part.component) else { return u32::MAX };
        let x = column.wrapping_mul(part.across).wrapping_add(unit.x);
        let y = row.wrapping_mul(part.down).wrapping_add(unit.y);
        first.wrapping_add(y.wrapping_mul(*stride)).wrapping_add(x)
    }
}

impl Part {
    fn units(&self, part: usize) -> impl Iterator<Item = Unit> + use<> {
        let across = self.across;
        (0..self.down).flat_map(move |y| (0..across).map(move |x| Unit { part, x, y }))
    }
}

/// The first quantization table of a segment (B.2.4.1): its place, its values in zigzag order, and what follows it.
pub(crate) fn quantizer(body: &[u8]) -> Option<(usize, [u16; 64], &[u8])> {
    let (&[place], rest) = body.split_first_chunk::<1>()?;
    let mut values = [0; 64];
    let rest = match place >> 4 {
        0 => {
            let (bytes, rest) = rest.split_first_chunk::<64>()?;
            values.iter_mut().zip(bytes).for_each(|(value, byte)| *value = u16::from(*byte));
            rest
        }
        1 => {
            let (bytes, rest) = rest.split_first_chunk::<128>()?;
            let (pairs, _) = bytes.as_chunks::<2>();
            values.iter_mut().zip(pairs).for_each(|(value, pair)| *value = u16::from_be_bytes(*pair));
            rest
        }
        _ => return None,
    };
    Some((usize::from(place & 15), values, rest))
}
