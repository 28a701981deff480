//! MD5 of one stream (RFC 1321, section 3.4).
#![allow(unsafe_code)] // A barrier to the compiler, of no instruction: see `opaque`.

/// Shifts, four a round.
const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// `floor(2^32 × |sin(i + 1)|)`.
#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];

/// The word of the message, the constant and the shift of each step.
pub(in crate::hash) const STEPS: [(usize, u32, u32); 64] = {
    let mut steps = [(0, 0, 0); 64];
    let mut step = 0;
    while step < 64 {
        let word = match step / 16 {
            0 => step,
            1 => (5 * step + 1) % 16,
            2 => (3 * step + 5) % 16,
            _ => (7 * step) % 16,
        };
        steps[step] = (word, SINES[step], SHIFTS[step / 16][step % 4]);
        step += 1;
    }
    steps
};

/// One step. A constant number, so that word, constant and shift are known to the compiler.
///
/// Each step waits for the `b` that the one before made. What does not need it is added up first, and the two halves of the
/// second round's function, which have no bit in common, are added one by one: it then waits for one operation less.
#[inline(always)]
pub(super) fn step<const STEP: usize>([a, b, c, d]: [u32; 4], block: &mut &[u8; 64]) -> [u32; 4] {
    let (word, sine, shift) = const { STEPS[STEP] };
    if STEP.is_multiple_of(16) {
        *block = elsewhere(block);
    }
    let ready = opaque(a.wrapping_add(sine).wrapping_add(u32::from_le_bytes(block.as_chunks().0[word])));
    let sum = match STEP / 16 {
        0 => ready.wrapping_add(d ^ (b & (c ^ d))),
        1 => ready.wrapping_add(c & !d).wrapping_add(b & d),
        2 => ready.wrapping_add(b ^ (c ^ d)),
        _ => ready.wrapping_add(c ^ (b | !d)),
    };
    [d, b.wrapping_add(sum.rotate_left(shift)), b, c]
}

/// The same number, of which the compiler knows nothing: it would add the constant last, where everything waits for it.
#[inline(always)]
fn opaque(mut number: u32) -> u32 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: it is empty: no instruction, no memory, no flag.
    unsafe {
        std::arch::asm!("/* {0:e} */", inlateout(reg) number, options(pure, nomem, nostack, preserves_flags));
    }
    number
}

/// The same bytes, which the compiler takes for others: it would keep all words for the next round, in memory, where they
/// stand already.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)] // Nothing is read.
fn elsewhere(block: &[u8; 64]) -> &[u8; 64] {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: as in `opaque`; the pointer stays the one that was borrowed.
    unsafe {
        let mut pointer: *const [u8; 64] = block;
        std::arch::asm!("/* {0} */", inlateout(reg) pointer, options(pure, nomem, nostack, preserves_flags));
        &*pointer
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    block
}

/// Does something for each number from 0 to 63, as constants.
macro_rules! unroll_64 {
    ($each:ident) => {
        $each!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
    };
}

pub(super) fn compress(state: &mut [u32; 4], blocks: &[[u8; 64]]) {
    for mut block in blocks {
        let mut new = *state;
        macro_rules! steps {
            ($($step:literal)*) => { $( new = step::<$step>(new, &mut block); )* };
        }
        unroll_64!(steps);
        for (word, new) in state.iter_mut().zip(new) {
            *word = word.wrapping_add(new);
        }
    }
}
