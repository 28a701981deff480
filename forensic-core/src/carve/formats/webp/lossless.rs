//! Lossless pictures of WebP (RFC 9649, 3): transforms, entropy image and codes are decoded, the picture itself is read and not
//! kept.

use super::{
    codes::{Bits, Code},
    evidence::{CLASSES, Thing},
    tokens::Watch,
};

/// Pixels of a picture that serves another: transforms and the entropy image.
const MOST_SMALL: usize = 4 << 20;
/// Bytes of codes that are kept.
const MOST_CODES: usize = 64 << 20;
/// Symbols of green, of the other channels, of distances.
const GREEN: usize = 256 + 24;
const CHANNEL: usize = 256;
const DISTANCES: usize = 40;
/// Kinds of things that are compared: green by what the code leads to expect, red by green.
pub(super) const KINDS: usize = 2 * CLASSES;
const COPY_NEAR: u8 = 9;
const COPY: u8 = 10;
const CACHED: u8 = 11;

/// Where the places of near pixels lie, in rows and columns (4.2.2), by the distance code.
const NEAR: [(i8, i8); 120] = [
    (0, 1),
    (1, 0),
    (1, 1),
    (-1, 1),
    (0, 2),
    (2, 0),
    (1, 2),
    (-1, 2),
    (2, 1),
    (-2, 1),
    (2, 2),
    (-2, 2),
    (0, 3),
    (3, 0),
    (1, 3),
    (-1, 3),
    (3, 1),
    (-3, 1),
    (2, 3),
    (-2, 3),
    (3, 2),
    (-3, 2),
    (0, 4),
    (4, 0),
    (1, 4),
    (-1, 4),
    (4, 1),
    (-4, 1),
    (3, 3),
    (-3, 3),
    (2, 4),
    (-2, 4),
    (4, 2),
    (-4, 2),
    (0, 5),
    (3, 4),
    (-3, 4),
    (4, 3),
    (-4, 3),
    (5, 0),
    (1, 5),
    (-1, 5),
    (5, 1),
    (-5, 1),
    (2, 5),
    (-2, 5),
    (5, 2),
    (-5, 2),
    (4, 4),
    (-4, 4),
    (3, 5),
    (-3, 5),
    (5, 3),
    (-5, 3),
    (0, 6),
    (6, 0),
    (1, 6),
    (-1, 6),
    (6, 1),
    (-6, 1),
    (2, 6),
    (-2, 6),
    (6, 2),
    (-6, 2),
    (4, 5),
    (-4, 5),
    (5, 4),
    (-5, 4),
    (3, 6),
    (-3, 6),
    (6, 3),
    (-6, 3),
    (0, 7),
    (7, 0),
    (1, 7),
    (-1, 7),
    (5, 5),
    (-5, 5),
    (7, 1),
    (-7, 1),
    (4, 6),
    (-4, 6),
    (6, 4),
    (-6, 4),
    (2, 7),
    (-2, 7),
    (7, 2),
    (-7, 2),
    (3, 7),
    (-3, 7),
    (7, 3),
    (-7, 3),
    (5, 6),
    (-5, 6),
    (6, 5),
    (-6, 5),
    (8, 0),
    (4, 7),
    (-4, 7),
    (7, 4),
    (-7, 4),
    (8, 1),
    (8, 2),
    (6, 6),
    (-6, 6),
    (8, 3),
    (5, 7),
    (-5, 7),
    (7, 5),
    (-7, 5),
    (8, 4),
    (6, 7),
    (-6, 7),
    (7, 6),
    (-7, 6),
    (8, 5),
    (7, 7),
    (-7, 7),
    (8, 6),
    (8, 7),
];

/// The codes for green, red, blue, alpha and distances, and what the first leads to expect.
#[derive(Debug, Clone)]
struct Group {
    codes: [Code; 5],
    expects: usize,
    /// Nothing of a pixel takes a bit.
    free: bool,
}

/// What is known before the first pixel.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    width: usize,
    pixels: usize,
    cache_bits: u32,
    groups: Vec<Group>,
    /// The group of each block of pixels, blocks in a row, and the size of one as a power of two.
    entropy: Vec<u16>,
    blocks: usize,
    block_bits: u32,
    start: Bits,
}

/// What is not as it must be, or is too much to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Wrong,
    Large,
}

impl Plan {
    /// Reads what stands before the pixels of a picture of `size`, width and height, from byte `start` on.
    pub(super) fn read(bytes: &[u8], start: usize, length: usize, size: (usize, usize)) -> Result<Self, Fault> {
        let mut bits = Bits::new(start, length);
        let (mut width, height) = size;
        let mut seen = [false; 4];
        while bits.take(bytes, 1) == 1 {
            let kind = bits.take(bytes, 2);
            let seen = seen.get_mut(kind as usize).ok_or(Fault::Wrong)?;
            if std::mem::replace(seen, true) || bits.left() < 0 {
                return Err(Fault::Wrong);
            }
            match kind {
                0 | 1 => {
                    let block_bits = bits.take(bytes, 3).wrapping_add(2);
                    small(&mut bits, bytes, blocks(width, block_bits), blocks(height, block_bits))?;
                }
                2 => {}
                _ => {
                    let colors = bits.take(bytes, 8) as usize;
                    small(&mut bits, bytes, colors.wrapping_add(1), 1)?;
                    let bundled = match colors {
                        0..=1 => 3,
                        2..=3 => 2,
                        4..=15 => 1,
                        _ => 0,
                    };
                    width = blocks(width, bundled);
                }
            }
        }
        Self::image(&mut bits, bytes, width, height, true)
    }

    /// Reads what stands before the pixels of an image; an entropy image only where it is not `small`.
    fn image(bits: &mut Bits, bytes: &[u8], width: usize, height: usize, main: bool) -> Result<Self, Fault> {
        let cache_bits = if bits.take(bytes, 1) == 1 { bits.take(bytes, 4) } else { 0 };
        if cache_bits > 11 {
            return Err(Fault::Wrong);
        }
        let (mut entropy, mut block_bits, mut across, mut count) = (Vec::new(), 0, 0, 1);
        if main && bits.take(bytes, 1) == 1 {
            block_bits = bits.take(bytes, 3).wrapping_add(2);
            across = blocks(width, block_bits);
            let image = small(bits, bytes, across, blocks(height, block_bits))?;
            entropy = image.iter().map(|pixel| (pixel >> 8) as u16).collect();
            count = entropy.iter().max().map_or(1, |most| usize::from(*most).wrapping_add(1));
        }
        let (mut groups, mut size) = (Vec::new(), 0usize);
        for _ in 0..count {
            let group = Group::read(bits, bytes, cache_bits)?;
            size = size.saturating_add(group.codes.iter().map(Code::size).sum());
            if size > MOST_CODES {
                return Err(Fault::Large);
            }
            groups.push(group);
        }
        let pixels = width.saturating_mul(height);
        Ok(Self { width, pixels, cache_bits, groups, entropy, blocks: across, block_bits, start: *bits })
    }

    /// Pixels of the picture, as they are stored.
    pub(super) fn pixels(&self) -> usize {
        self.pixels
    }

    fn group(&self, index: usize, x: usize) -> Option<&Group> {
        if self.entropy.is_empty() {
            return self.groups.first();
        }
        let y = index.checked_div(self.width)?;
        let block = (y >> self.block_bits).checked_mul(self.blocks)?.checked_add(x >> self.block_bits)?;
        self.groups.get(usize::from(*self.entropy.get(block)?))
    }

    /// The pixel that a distance code of a copy means, as a distance.
    fn distance(&self, code: usize) -> usize {
        let Some((x, y)) = code.checked_sub(1).and_then(|code| NEAR.get(code)) else {
            return code.saturating_sub(NEAR.len());
        };
        let rows = usize::from(y.unsigned_abs()).saturating_mul(self.width);
        let distance = if *x > 0 {
            rows.saturating_add(usize::from(x.unsigned_abs()))
        } else {
            rows.saturating_sub(usize::from(x.unsigned_abs()))
        };
        distance.max(1)
    }
}

impl Group {
    fn read(bits: &mut Bits, bytes: &[u8], cache_bits: u32) -> Result<Self, Fault> {
        let cached = if cache_bits > 0 { 1usize << cache_bits } else { 0 };
        let mut read = |alphabet| {
            if bits.left() < 0 {
                return Err(Fault::Wrong);
            }
            Code::read(bits, bytes, alphabet).ok_or(Fault::Wrong)
        };
        let codes =
            [read(GREEN.wrapping_add(cached))?, read(CHANNEL)?, read(CHANNEL)?, read(CHANNEL)?, read(DISTANCES)?];
        let [green, red, blue, alpha, _] = &codes;
        let free = [green, red, blue, alpha].iter().all(|code| code.is_single())
            && green.expected(|symbol| usize::from(symbol >= 256)) == 0;
        let mean = green.expected(|symbol| usize::from(class_of_green(symbol)).wrapping_mul(4)) >> 17;
        Ok(Self { expects: mean.min(CLASSES - 1), free, codes })
    }
}

/// A walk through the pixels.
#[derive(Debug, Clone)]
pub(super) struct Pixels {
    bits: Bits,
    index: usize,
    x: usize,
    /// Classes of the pixels of the last row, each in its column; and of the red of the last pixel.
    row: Vec<u8>,
    red: u8,
}

/// What a pixel was coded as, for images that are kept.
enum Symbol {
    Literal(u32),
    Copy { distance: usize, length: usize },
    Cached(usize),
}

impl Pixels {
    pub(super) fn new(plan: &Plan) -> Self {
        Self { bits: plan.start, index: 0, x: 0, row: vec![0; plan.width], red: 0 }
    }

    pub(super) fn bits(&self) -> &Bits {
        &self.bits
    }

    /// True once all pixels are there.
    pub(super) fn is_complete(&self, plan: &Plan) -> bool {
        self.index >= plan.pixels
    }

    /// Goes on by one symbol.
    pub(super) fn next(&mut self, plan: &Plan, bytes: &[u8], watch: &mut impl Watch) -> Result<(), Fault> {
        let group = plan.group(self.index, self.x).ok_or(Fault::Wrong)?;
        if group.free {
            // To the end of the block, or of the picture.
            let rest = plan.width.saturating_sub(self.x);
            let block = if plan.entropy.is_empty() { plan.pixels } else { (1usize << plan.block_bits).min(rest) };
            self.advance(plan, block);
            return Ok(());
        }
        match self.symbol(plan, group, bytes, watch)? {
            Symbol::Copy { distance, length } => {
                if distance > self.index || length > plan.pixels.saturating_sub(self.index) {
                    return Err(Fault::Wrong);
                }
                self.advance(plan, length);
            }
            _ => self.advance(plan, 1),
        }
        Ok(())
    }

    /// The next symbol, told to `watch`.
    #[inline]
    fn symbol(&mut self, plan: &Plan, group: &Group, bytes: &[u8], watch: &mut impl Watch) -> Result<Symbol, Fault> {
        let [greens, reds, blues, alphas, distances] = &group.codes;
        let bits = &mut self.bits;
        let green = greens.symbol(bits, bytes);
        let (class, symbol, red) = if green < 256 {
            let mut next = |code: &Code| u32::from(code.symbol(bits, bytes));
            let (red, blue, alpha) = (next(reds), next(blues), next(alphas));
            let pixel = alpha << 24 | red << 16 | u32::from(green) << 8 | blue;
            (class(green), Symbol::Literal(pixel), Some(class(red as u16)))
        } else if usize::from(green) < GREEN {
            let length = prefixed(bits, bytes, green.wrapping_sub(256));
            let code = distances.symbol(bits, bytes);
            let code = prefixed(bits, bytes, code);
            let class = if code <= 2 { COPY_NEAR } else { COPY };
            (class, Symbol::Copy { distance: plan.distance(code), length }, None)
        } else {
            (CACHED, Symbol::Cached(usize::from(green).wrapping_sub(GREEN)), None)
        };
        if watch.is_on() {
            let above = self.row.get(self.x).copied().unwrap_or(0);
            let left = self.x.checked_sub(1).and_then(|x| self.row.get(x)).copied().unwrap_or(above);
            let [left, above, own] = [left, above, class].map(usize::from);
            watch.block(Thing { kind: group.expects, left, above, class: own });
            if let Some(red) = red {
                let kind = CLASSES.wrapping_add(own);
                watch.block(Thing { kind, left: self.red.into(), above: group.expects, class: red.into() });
                self.red = red;
            }
            if let Some(place) = self.row.get_mut(self.x) {
                *place = class;
            }
        }
        Ok(symbol)
    }

    /// Goes on by `count` pixels.
    #[inline(always)]
    fn advance(&mut self, plan: &Plan, count: usize) {
        self.index = self.index.wrapping_add(count);
        self.x = self.x.wrapping_add(count);
        if self.x >= plan.width {
            self.x = self.index.checked_rem(plan.width).unwrap_or(0);
        }
    }
}

/// Decodes an image that serves the picture.
fn small(bits: &mut Bits, bytes: &[u8], width: usize, height: usize) -> Result<Vec<u32>, Fault> {
    if width.saturating_mul(height) > MOST_SMALL {
        return Err(Fault::Large);
    }
    let plan = Plan::image(bits, bytes, width, height, false)?;
    let group = plan.groups.first().ok_or(Fault::Wrong)?;
    let mut pixels = Pixels::new(&plan);
    let mut image: Vec<u32> = Vec::new();
    let mut cache = vec![0u32; if plan.cache_bits > 0 { 1 << plan.cache_bits } else { 0 }];
    let place = |pixel: u32| {
        (0x1e35_a7bdu32.wrapping_mul(pixel).checked_shr(32u32.wrapping_sub(plan.cache_bits)).unwrap_or(0)) as usize
    };
    while image.len() < plan.pixels {
        let from = image.len();
        match pixels.symbol(&plan, group, bytes, &mut ())? {
            Symbol::Literal(pixel) => image.push(pixel),
            Symbol::Cached(index) => image.push(*cache.get(index).ok_or(Fault::Wrong)?),
            Symbol::Copy { distance, length } => {
                let start = image.len().checked_sub(distance).ok_or(Fault::Wrong)?;
                if length > plan.pixels.saturating_sub(image.len()) {
                    return Err(Fault::Wrong);
                }
                for offset in 0..length {
                    let pixel = image.get(start.wrapping_add(offset)).copied().ok_or(Fault::Wrong)?;
                    image.push(pixel);
                }
            }
        }
        for pixel in image.get(from..).unwrap_or_default() {
            if let Some(place) = cache.get_mut(place(*pixel)) {
                *place = *pixel;
            }
        }
        if pixels.bits.left() < 0 {
            return Err(Fault::Wrong);
        }
    }
    *bits = pixels.bits;
    Ok(image)
}

/// A length or distance from its prefix (4.2.2).
fn prefixed(bits: &mut Bits, bytes: &[u8], prefix: u16) -> usize {
    if prefix < 4 {
        return usize::from(prefix).wrapping_add(1);
    }
    let extra = u32::from(prefix.wrapping_sub(2) >> 1);
    let high = usize::from(prefix & 1 | 2) << (extra & 31);
    high.wrapping_add(bits.take(bytes, extra) as usize).wrapping_add(1)
}

/// Blocks of so many bits that cover `size` pixels.
fn blocks(size: usize, bits: u32) -> usize {
    size.div_ceil(1 << (bits & 31))
}

/// Residuals by their distance from zero.
fn class(value: u16) -> u8 {
    match (value as u8).cast_signed().unsigned_abs() {
        small @ 0..=2 => small,
        3 => 3,
        4 => 4,
        5..=8 => 5,
        9..=16 => 6,
        17..=40 => 7,
        _ => 8,
    }
}

fn class_of_green(symbol: u16) -> u8 {
    if symbol < 256 {
        class(symbol)
    } else if usize::from(symbol) < GREEN {
        COPY
    } else {
        CACHED
    }
}
