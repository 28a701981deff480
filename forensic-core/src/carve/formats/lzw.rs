//! LZW codes as GIF (Appendix F of its specification) and TIFF (6.0, section 13) have them: how many bytes they stand for,
//! and whether they are codes at all. What the bytes are is not kept.

const MOST_CODES: usize = 1 << 12;

/// The order of bits and the code at which codes become longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Lowest bit first; a code becomes longer when the table has no room.
    Gif,
    /// Highest bit first; a code becomes longer one code early.
    Tiff,
}

/// What the codes so far say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// More codes are to come.
    Open,
    /// The code that ends the data was read.
    Ended,
    /// A code stands for nothing.
    Wrong,
}

/// A walk over LZW codes, that can be kept and gone on with.
#[derive(Clone)]
pub(super) struct Codes {
    dialect: Dialect,
    root_bits: u32,
    bits: u64,
    count: u32,
    width: u32,
    /// Bytes that each code stands for.
    lengths: Vec<u32>,
    previous: Option<u32>,
    /// Bytes that the codes so far stand for.
    pub(super) output: u64,
    pub(super) state: State,
}

impl Codes {
    /// Before the first code; roots have `root_bits` bits, 12 at most.
    pub(super) fn new(dialect: Dialect, root_bits: u32) -> Self {
        let root_bits = root_bits.clamp(1, 11);
        let mut codes = Self {
            dialect,
            root_bits,
            bits: 0,
            count: 0,
            width: 0,
            lengths: Vec::with_capacity(MOST_CODES),
            previous: None,
            output: 0,
            state: State::Open,
        };
        codes.clear();
        codes
    }

    fn clear(&mut self) {
        let roots = 1usize << self.root_bits;
        self.lengths.clear();
        self.lengths.resize(roots, 1);
        // The clear code and the end code.
        self.lengths.resize(roots.saturating_add(2), 0);
        self.width = self.root_bits.saturating_add(1);
        self.previous = None;
    }

    /// Reads the codes in `bytes`, until `most` bytes of output are reached; gives how many bytes were read.
    pub(super) fn feed(&mut self, bytes: &[u8], most: u64) -> usize {
        for (index, byte) in bytes.iter().enumerate() {
            if self.state != State::Open || self.output >= most {
                return index;
            }
            self.bits = match self.dialect {
                Dialect::Gif => self.bits | u64::from(*byte) << self.count,
                Dialect::Tiff => self.bits << 8 | u64::from(*byte),
            };
            self.count = self.count.saturating_add(8);
            while self.count >= self.width && self.state == State::Open {
                let code = self.take();
                self.state = self.code(code);
            }
        }
        bytes.len()
    }

    fn take(&mut self) -> u32 {
        let mask = (1u64 << self.width).saturating_sub(1);
        self.count = self.count.saturating_sub(self.width);
        let code = match self.dialect {
            Dialect::Gif => {
                let code = self.bits & mask;
                self.bits >>= self.width;
                code
            }
            Dialect::Tiff => self.bits >> self.count & mask,
        };
        u32::try_from(code).unwrap_or(0)
    }

    fn code(&mut self, code: u32) -> State {
        let clear = 1u32 << self.root_bits;
        if code == clear {
            self.clear();
            return State::Open;
        }
        if code == clear.saturating_add(1) {
            return State::Ended;
        }
        let previous = self.previous.and_then(|code| self.lengths.get(usize::try_from(code).ok()?)).copied();
        let index = usize::try_from(code).unwrap_or(usize::MAX);
        let longer = previous.map(|length| length.saturating_add(1));
        let length = match (self.lengths.get(index), longer) {
            (Some(length), _) => *length,
            (None, Some(longer)) if index == self.lengths.len() && index < MOST_CODES => longer,
            _ => return State::Wrong,
        };
        if let Some(longer) = longer.filter(|_| self.lengths.len() < MOST_CODES) {
            self.lengths.push(longer);
            let early = usize::from(self.dialect == Dialect::Tiff);
            if self.lengths.len().saturating_add(early) >= 1usize << self.width && self.width < 12 {
                self.width = self.width.saturating_add(1);
            }
        }
        self.output = self.output.saturating_add(u64::from(length));
        self.previous = Some(code);
        State::Open
    }
}
