//! The rounds of the algorithms over vectors: a block of each lane at a time.

use super::vector::Vector;
use crate::hash::compress::{md5::STEPS, sha256::ROUNDS};

/// A block of each lane, word by word.
pub(super) type Message<V> = [V; 16];

/// Does something for each number from 0 to 15, as constants.
macro_rules! unroll_16 {
    ($each:ident) => {
        $each!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    };
}

/// MD5 (RFC 1321, section 3.4); the message in little-endian.
#[inline(always)]
pub(super) fn md5<V: Vector>(state: &mut [V; 4], message: &Message<V>) {
    let mut new = *state;
    macro_rules! steps {
        ($($step:literal)*) => {$(
            new = md5_step::<V, $step>(new, message);
        )*};
    }
    unroll_64!(steps);
    add(state, &new);
}

#[inline(always)]
fn md5_step<V: Vector, const STEP: usize>([a, b, c, d]: [V; 4], message: &Message<V>) -> [V; 4] {
    let (word, sine, _) = const { STEPS[STEP] };
    let mixed = match STEP / 16 {
        0 => b.choose(c, d),
        1 => d.choose(b, c),
        2 => b.xor3(c, d),
        _ => b.xor_or_not(c, d),
    };
    let sum = a.add(message[word].add(V::splat(sine))).add(mixed);
    let turned = match (STEP / 16, STEP % 4) {
        (0, 0) => sum.rotate_left::<7>(),
        (0, 1) => sum.rotate_left::<12>(),
        (0, 2) => sum.rotate_left::<17>(),
        (0, _) => sum.rotate_left::<22>(),
        (1, 0) => sum.rotate_left::<5>(),
        (1, 1) => sum.rotate_left::<9>(),
        (1, 2) => sum.rotate_left::<14>(),
        (1, _) => sum.rotate_left::<20>(),
        (2, 0) => sum.rotate_left::<4>(),
        (2, 1) => sum.rotate_left::<11>(),
        (2, 2) => sum.rotate_left::<16>(),
        (2, _) => sum.rotate_left::<23>(),
        (_, 0) => sum.rotate_left::<6>(),
        (_, 1) => sum.rotate_left::<10>(),
        (_, 2) => sum.rotate_left::<15>(),
        (_, _) => sum.rotate_left::<21>(),
    };
    [d, b.add(turned), b, c]
}

/// SHA-1 (FIPS 180-4, section 6.1.2); the message in big-endian. It is used up.
#[inline(always)]
pub(super) fn sha1<V: Vector>(state: &mut [V; 5], mut message: Message<V>) {
    let mut new = *state;
    macro_rules! rounds {
        ($function:expr, $constant:literal: $($round:literal)*) => {$(
            let [a, b, c, d, e] = new;
            if $round >= 16 {
                message[$round % 16] = message[($round + 13) % 16]
                    .xor3(message[($round + 8) % 16], message[($round + 2) % 16])
                    .xor(message[$round % 16])
                    .rotate_left::<1>();
            }
            let ready = e.add(message[$round % 16].add(V::splat($constant)));
            let sum = ready.add($function(b, c, d)).add(a.rotate_left::<5>());
            new = [sum, a, b.rotate_left::<30>(), c, d];
        )*};
    }
    rounds!(V::choose, 0x5a82_7999: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19);
    rounds!(V::xor3, 0x6ed9_eba1: 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39);
    rounds!(V::majority, 0x8f1b_bcdc: 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59);
    rounds!(V::xor3, 0xca62_c1d6: 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79);
    add(state, &new);
}

/// SHA-256 (FIPS 180-4, section 6.2.2); the message in big-endian. It is used up.
#[inline(always)]
pub(super) fn sha256<V: Vector>(state: &mut [V; 8], mut message: Message<V>) {
    let mut new = *state;
    let [before @ .., last] = ROUNDS.as_chunks::<16>().0 else { return };
    for constants in before {
        macro_rules! rounds {
            ($($round:literal)*) => {$(
                new = sha256_round(new, message[$round].add(V::splat(constants[$round])));
                // In the place of a word that is used up comes that of sixteen rounds later.
                let (early, late) = (message[($round + 1) % 16], message[($round + 14) % 16]);
                let sigma0 = early.rotate_left::<25>().xor3(early.rotate_left::<14>(), early.shift_right::<3>());
                let sigma1 = late.rotate_left::<15>().xor3(late.rotate_left::<13>(), late.shift_right::<10>());
                message[$round] = message[$round].add(sigma0).add(message[($round + 9) % 16]).add(sigma1);
            )*};
        }
        unroll_16!(rounds);
    }
    macro_rules! rounds {
        ($($round:literal)*) => {$(
            new = sha256_round(new, message[$round].add(V::splat(last[$round])));
        )*};
    }
    unroll_16!(rounds);
    add(state, &new);
}

#[inline(always)]
fn sha256_round<V: Vector>([a, b, c, d, e, f, g, h]: [V; 8], word: V) -> [V; 8] {
    let sum1 = e.rotate_left::<26>().xor3(e.rotate_left::<21>(), e.rotate_left::<7>());
    let first = h.add(word).add(e.choose(f, g)).add(sum1);
    let sum0 = a.rotate_left::<30>().xor3(a.rotate_left::<19>(), a.rotate_left::<10>());
    let second = sum0.add(a.majority(b, c));
    [first.add(second), a, b, c, d.add(first), e, f, g]
}

#[inline(always)]
fn add<V: Vector, const N: usize>(state: &mut [V; N], new: &[V; N]) {
    for word in 0..N {
        state[word] = state[word].add(new[word]);
    }
}
