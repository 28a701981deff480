//! Vectors of words of 32 bits, a word a lane: what the rounds of the algorithms are written in.

/// A vector of words of 32 bits.
pub(super) trait Vector: Copy {
    /// Words.
    const LANES: usize;

    fn splat(word: u32) -> Self;
    /// The first [`Vector::LANES`] of `words`.
    fn load(words: &[u32]) -> Self;
    /// Into the first [`Vector::LANES`] of `words`.
    fn store(self, words: &mut [u32]);
    fn add(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    fn rotate_left<const BITS: i32>(self) -> Self;
    fn shift_right<const BITS: i32>(self) -> Self;

    /// The bytes of each word in the opposite order.
    #[inline(always)]
    fn swap_bytes(self) -> Self {
        let (outer, inner) = (Self::splat(0xff00_ff00), Self::splat(0x00ff_00ff));
        self.rotate_left::<24>().and(outer).or(self.rotate_left::<8>().and(inner))
    }

    /// Each bit of `y` where `self` has a one, of `z` where it has a zero.
    #[inline(always)]
    fn choose(self, y: Self, z: Self) -> Self {
        z.xor(self.and(y.xor(z)))
    }

    /// What two of three have.
    #[inline(always)]
    fn majority(self, y: Self, z: Self) -> Self {
        self.and(y).or(z.and(self.or(y)))
    }

    #[inline(always)]
    fn xor3(self, y: Self, z: Self) -> Self {
        self.xor(y).xor(z)
    }

    /// `y ^ (self | !z)`, MD5's last function.
    #[inline(always)]
    fn xor_or_not(self, y: Self, z: Self) -> Self {
        y.xor(self.or(z.xor(Self::splat(u32::MAX))))
    }
}

/// Two vectors side by side: where each step of an algorithm waits for the one before, the steps of two fill the time.
#[derive(Clone, Copy)]
pub(super) struct Pair<V>(pub(super) V, pub(super) V);

impl<V: Vector> Vector for Pair<V> {
    const LANES: usize = 2 * V::LANES;

    #[inline(always)]
    fn splat(word: u32) -> Self {
        Self(V::splat(word), V::splat(word))
    }

    #[inline(always)]
    fn load(words: &[u32]) -> Self {
        Self(V::load(words), V::load(&words[V::LANES..]))
    }

    #[inline(always)]
    fn store(self, words: &mut [u32]) {
        self.0.store(words);
        self.1.store(&mut words[V::LANES..]);
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0.add(other.0), self.1.add(other.1))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(self.0.and(other.0), self.1.and(other.1))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0), self.1.or(other.1))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(self.0.xor(other.0), self.1.xor(other.1))
    }

    #[inline(always)]
    fn rotate_left<const BITS: i32>(self) -> Self {
        Self(self.0.rotate_left::<BITS>(), self.1.rotate_left::<BITS>())
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        Self(self.0.shift_right::<BITS>(), self.1.shift_right::<BITS>())
    }

    #[inline(always)]
    fn swap_bytes(self) -> Self {
        Self(self.0.swap_bytes(), self.1.swap_bytes())
    }

    #[inline(always)]
    fn choose(self, y: Self, z: Self) -> Self {
        Self(self.0.choose(y.0, z.0), self.1.choose(y.1, z.1))
    }

    #[inline(always)]
    fn majority(self, y: Self, z: Self) -> Self {
        Self(self.0.majority(y.0, z.0), self.1.majority(y.1, z.1))
    }

    #[inline(always)]
    fn xor3(self, y: Self, z: Self) -> Self {
        Self(self.0.xor3(y.0, z.0), self.1.xor3(y.1, z.1))
    }

    #[inline(always)]
    fn xor_or_not(self, y: Self, z: Self) -> Self {
        Self(self.0.xor_or_not(y.0, z.0), self.1.xor_or_not(y.1, z.1))
    }
}

/// Words in memory: the portable twin of all others.
#[derive(Clone, Copy)]
pub(super) struct Words([u32; 4]);

impl Words {
    #[inline(always)]
    fn each(self, other: Self, operation: impl Fn(u32, u32) -> u32) -> Self {
        let mut words = self.0;
        for (word, other) in words.iter_mut().zip(other.0) {
            *word = operation(*word, other);
        }
        Self(words)
    }
}

impl Vector for Words {
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(word: u32) -> Self {
        Self([word; 4])
    }

    #[inline(always)]
    fn load(words: &[u32]) -> Self {
        Self(*words.first_chunk().unwrap_or(&[0; 4]))
    }

    #[inline(always)]
    fn store(self, words: &mut [u32]) {
        words[..Self::LANES].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.each(other, u32::wrapping_add)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.each(other, |x, y| x & y)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self.each(other, |x, y| x | y)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.each(other, |x, y| x ^ y)
    }

    #[inline(always)]
    fn rotate_left<const BITS: i32>(self) -> Self {
        self.each(self, |x, _| x.rotate_left(BITS.cast_unsigned()))
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        self.each(self, |x, _| x >> BITS)
    }
}
