//! Numbers modulo p = 2²⁵⁶ - 2³² - 977: the coordinates of secp256k1's points.
//!
//! A number is Σ limb\[i\] · 2²⁹ⁱ with nine *signed* limbs, so that a sum or a difference goes limb by limb,
//! without carries, and a product is 81 products of 32 bits added up in 64: the widest WebAssembly has.
//!
//! One bound carries everything. What a product, [`Fe::ONE`] or [`Fe::from_bytes`] gives is *tight*: its limbs
//! are smaller than 2²⁹ + 2¹³ in size. A factor may be a sum or difference of tight numbers, as long as both
//! factors together are made of at most three: a column of a product then stays below 9 · 2 · (2²⁹ + 2¹³)² < 2⁶³.
//!
//! Not constant in time: only public numbers come here.
//!
//! Source: SEC 2, §2.4.1.

use core::ops::{Add, Mul, Sub};

/// A number modulo p. Several rows of limbs stand for one number: compare [`Fe::canonical`] ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fe([i32; LIMBS]);

impl Fe {
    pub(super) const ZERO: Self = Self([0; LIMBS]);
    pub(super) const ONE: Self = Self([1, 0, 0, 0, 0, 0, 0, 0, 0]);

    /// Reads a big-endian number below p, which is then canonical.
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut limbs = [0; LIMBS];
        let mut bytes = bytes.iter().rev();
        let (mut bits, mut count) = (0, 0);
        for limb in &mut limbs {
            while count < LIMB_BITS {
                bits |= i64::from(bytes.next().copied().unwrap_or_default()) << count;
                count += 8;
            }
            *limb = bits & LIMB_MASK;
            bits >>= LIMB_BITS;
            count -= LIMB_BITS;
        }
        Self::narrow(limbs)
    }

    /// The one row of limbs that is not negative and below p.
    pub(super) fn canonical(self) -> Self {
        let mut limbs = self.0.map(i64::from);
        // The first leaves a number that is less than p away from its place, the second one from 0 to 2²⁵⁶ - 1.
        for _ in 0..2 {
            let multiple = limbs[TOP] >> TOP_BITS;
            subtract_modulus(&mut limbs, multiple);
            carry(&mut limbs);
        }
        let mut smaller = limbs;
        subtract_modulus(&mut smaller, 1);
        carry(&mut smaller);
        Self::narrow(if smaller[TOP] < 0 { limbs } else { smaller })
    }

    pub(super) fn is_zero(self) -> bool {
        self.canonical().0 == [0; LIMBS]
    }

    /// Whether the number (from 0 to p - 1) is odd.
    pub(super) fn is_odd(self) -> bool {
        self.canonical().0[0] & 1 == 1
    }

    /// self · `factor` - `less`; as `self * factor - less` but tight.
    pub(super) fn times_minus(self, factor: Self, less: Self) -> Self {
        let mut columns = [0; 2 * LIMBS];
        for (column, limb) in columns.iter_mut().zip(less.0) {
            *column = -i64::from(limb);
        }
        for (place, limb) in self.0.into_iter().enumerate() {
            for (column, other) in columns.iter_mut().skip(place).zip(factor.0) {
                *column += i64::from(limb) * i64::from(other);
            }
        }
        Self::reduce(columns)
    }

    /// Makes a number of 18 columns tight.
    fn reduce(mut columns: [i64; 2 * LIMBS]) -> Self {
        let (low, high) = columns.split_at_mut(LIMBS);
        carry(high);
        // 2²⁶¹ = 2³⁷ + 31264 modulo p.
        for (low, high) in low.iter_mut().zip(high.iter()) {
            *low += 31_264 * high;
        }
        for (low, high) in low.iter_mut().skip(1).zip(high.iter()) {
            *low += 256 * high;
        }
        let mut limbs = [0; LIMBS];
        limbs.copy_from_slice(low);
        limbs[0] += 31_264 * 256 * columns[2 * LIMBS - 1];
        limbs[1] += 256 * 256 * columns[2 * LIMBS - 1];
        carry(&mut limbs);
        let multiple = limbs[TOP] >> TOP_BITS;
        subtract_modulus(&mut limbs, multiple);
        carry(&mut limbs[..3]);
        Self::narrow(limbs)
    }

    #[expect(clippy::cast_possible_truncation, reason = "limbs that were carried have 30 bits")]
    fn narrow(limbs: [i64; LIMBS]) -> Self {
        Self(limbs.map(|limb| limb as i32))
    }

    /// 1 / self, or zero for zero: self to the power of p - 2, by the addition chain of libsecp256k1.
    pub(super) fn invert(self) -> Self {
        let x2 = self.squared(1) * self;
        let x3 = x2.squared(1) * self;
        let x6 = x3.squared(3) * x3;
        let x9 = x6.squared(3) * x3;
        let x11 = x9.squared(2) * x2;
        let x22 = x11.squared(11) * x11;
        let x44 = x22.squared(22) * x22;
        let x88 = x44.squared(44) * x44;
        let x176 = x88.squared(88) * x88;
        let x220 = x176.squared(44) * x44;
        let x223 = x220.squared(3) * x3;
        let high = x223.squared(23) * x22;
        let middle = high.squared(5) * self;
        (middle.squared(3) * x2).squared(2) * self
    }

    /// self to the power of 2^`times`.
    #[inline(never)] // Twelve copies of it would travel to each browser.
    fn squared(self, times: usize) -> Self {
        (0..times).fold(self, |power, _| power * power)
    }
}

impl Add for Fe {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let mut limbs = self.0;
        for (limb, other) in limbs.iter_mut().zip(other.0) {
            *limb += other;
        }
        Self(limbs)
    }
}

impl Sub for Fe {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let mut limbs = self.0;
        for (limb, other) in limbs.iter_mut().zip(other.0) {
            *limb -= other;
        }
        Self(limbs)
    }
}

impl Mul for Fe {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        self.times_minus(other, Self::ZERO)
    }
}

/// Moves what a limb has above 29 bits into the next one; the last one keeps all.
fn carry(limbs: &mut [i64]) {
    let mut carried = 0;
    let last = limbs.len() - 1;
    for limb in limbs.iter_mut().take(last) {
        let sum = *limb + carried;
        *limb = sum & LIMB_MASK;
        carried = sum >> LIMB_BITS;
    }
    if let Some(last) = limbs.last_mut() {
        *last += carried;
    }
}

/// Subtracts `multiple` · p.
fn subtract_modulus(limbs: &mut [i64; LIMBS], multiple: i64) {
    limbs[0] += 977 * multiple;
    limbs[1] += 8 * multiple;
    limbs[TOP] -= multiple << TOP_BITS;
}

const LIMBS: usize = 9;
const LIMB_BITS: u32 = 29;
const LIMB_MASK: i64 = (1 << LIMB_BITS) - 1;
const TOP: usize = LIMBS - 1;
/// The bits of the last limb below 2²⁵⁶.
const TOP_BITS: u32 = 24;

#[cfg(test)]
mod tests {
    use alloy_primitives::{U256, keccak256, uint};

    use super::*;

    const P: U256 = uint!(0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f_U256);

    fn fe(number: U256) -> Fe {
        Fe::from_bytes(&number.to_be_bytes())
    }

    /// Both ends, single bits at the borders of limbs, and numbers without a pattern.
    fn numbers() -> Vec<U256> {
        let bits = [28, 29, 30, 32, 57, 58, 231, 232, 255].map(|bit| U256::ONE << bit);
        let ends = [0, 1, 2, 977, 978].map(U256::from);
        let mut numbers: Vec<U256> = ends.into_iter().chain(bits).collect();
        numbers.extend(numbers.clone().into_iter().map(|number| P - U256::ONE - number));
        numbers.extend((0..32_u8).map(|seed| U256::from_be_bytes(keccak256([seed]).0) % P));
        numbers
    }

    #[test]
    fn calculates_as_whole_numbers_modulo_p() {
        for a in numbers() {
            for b in numbers() {
                let (x, y) = (fe(a), fe(b));
                let negative_b = (P - b) % P;
                let difference = a.add_mod(negative_b, P);
                assert_eq!((x + y).canonical(), fe(a.add_mod(b, P)), "{a} + {b}");
                assert_eq!((x - y).canonical(), fe(difference), "{a} - {b}");
                assert_eq!((x * y).canonical(), fe(a.mul_mod(b, P)), "{a} * {b}");
                let product = x.times_minus(y - x, x + y).canonical();
                let expected = a.mul_mod((P - difference) % P, P).add_mod(P - a, P).add_mod(negative_b, P);
                assert_eq!(product, fe(expected), "{a} * ({b} - {a}) - ({a} + {b})");
                assert_eq!((x - y).is_zero(), a == b, "{a} {b}");
                assert_eq!((x * y).is_odd(), a.mul_mod(b, P).bit(0), "{a} * {b}");
            }
        }
    }

    /// Results are fed back, so that their limbs are what products make, not what bytes make.
    #[test]
    fn long_calculations_do_not_drift() {
        let (mut x, mut a) = (fe(P - U256::ONE), P - U256::ONE);
        for seed in 0..5_000_u16 {
            let b = U256::from_be_bytes(keccak256(seed.to_be_bytes()).0) % P;
            let y = fe(b);
            x = x.times_minus(Fe::ZERO - x - y, y - x);
            a = a.mul_mod(P - a.add_mod(b, P), P).add_mod(P - b, P).add_mod(a, P);
            assert_eq!(x.canonical(), fe(a), "after {seed}");
        }
    }

    /// The largest factors that the bound allows, with every limb at its end.
    #[test]
    fn the_largest_limbs_do_not_overflow() {
        let largest = (1 << LIMB_BITS) + (1 << 13) - 1;
        let value = |limb: i32| {
            let limb_value = fe(U256::from(limb.unsigned_abs()));
            let shift = fe(U256::from(1_u32 << LIMB_BITS));
            let value = (0..LIMBS).fold(Fe::ZERO, |sum, _| (sum * shift + limb_value) * Fe::ONE);
            if limb < 0 { Fe::ZERO - value } else { value }
        };
        for (one, two) in [(largest, largest), (largest, -largest), (-largest, -largest)] {
            let product = Fe([one; LIMBS]) * (Fe([two; LIMBS]) + Fe([two; LIMBS]));
            let expected = value(one) * (value(two) + value(two));
            assert_eq!(product.canonical(), expected.canonical(), "{one} * 2 * {two}");
            assert!(product.0.iter().all(|limb| limb.abs() <= largest), "not tight: {product:?}");
        }
    }

    #[test]
    fn an_inverse_times_its_number_is_one() {
        for number in numbers() {
            let product = fe(number).invert() * fe(number);
            assert_eq!(product.canonical(), fe(U256::from(u8::from(!number.is_zero()))), "{number}");
        }
    }
}
