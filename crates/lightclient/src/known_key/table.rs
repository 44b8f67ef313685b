//! Multiples of one point, kept so that its product with any number is a sum of at most 32 of them.
//!
//! A number below 2²⁵⁵ is Σ dᵢ · 256ⁱ with 32 digits from -127 to 128; the table has 1, 2 … 128 times 256ⁱ · P for
//! each i. A number k in the upper half of those modulo the group order n is taken as -(n - k). 288 KiB a table.

use core::iter;

use k256::{
    AffinePoint, ProjectivePoint, Scalar,
    elliptic_curve::{BatchNormalize, point::AffineCoordinates, scalar::IsHigh},
};

use super::{
    field::Fe,
    point::{Point, add_pairs},
};

/// The multiples of a point: 128 for each of the 32 digits, the lowest digit first.
#[derive(Debug, Clone)]
pub(super) struct Table(Vec<Point>);

impl Table {
    /// Computes some 4,000 points, which takes as long as a dozen recoveries; `None` for infinity.
    pub(super) fn new(point: ProjectivePoint) -> Option<Self> {
        let powers = powers_of_two(point);
        let mut windows: Vec<Vec<Point>> =
            powers.iter().step_by(WINDOW_BITS).map(|power| vec![*power]).collect();
        // From 1, 2 … m to 2m: the last is added to each before it, and 2m is a power of two. No two that are added
        // are equal or opposite, for the order of the point is a prime of 256 bits.
        for bit in 1..WINDOW_BITS {
            let pairs: Vec<[Point; 2]> = windows
                .iter()
                .filter_map(|window| window.split_last())
                .flat_map(|(last, others)| others.iter().map(|other| [*other, *last]))
                .collect();
            let mut sums = add_pairs(&pairs).into_iter().collect::<Option<Vec<Point>>>()?.into_iter();
            for (window, power) in iter::zip(&mut windows, powers.iter().skip(bit).step_by(WINDOW_BITS)) {
                window.extend(sums.by_ref().take(window.len() - 1));
                window.push(*power);
            }
        }
        Some(Self(windows.concat()))
    }

    /// The points that add up to `number` times the point.
    pub(super) fn multiples(&self, number: &Scalar) -> Vec<Point> {
        let upper_half = bool::from(number.is_high());
        let digits = if upper_half { -number } else { *number }.to_bytes();
        let mut multiples = Vec::with_capacity(WINDOWS);
        let mut carry = 0;
        for (window, byte) in iter::zip(self.0.chunks(MULTIPLES), digits.iter().rev()) {
            let digit = usize::from(*byte) + carry;
            let negative = digit > MULTIPLES;
            carry = usize::from(negative);
            let size = if negative { 2 * MULTIPLES - digit } else { digit };
            // No multiple stands for the digit 0.
            let multiple = size.checked_sub(1).and_then(|place| window.get(place));
            multiples
                .extend(multiple.map(|point| if negative == upper_half { *point } else { point.negate() }));
        }
        multiples
    }
}

/// 1, 2, 4 … 2²⁵⁵ times `point`.
fn powers_of_two(point: ProjectivePoint) -> Vec<Point> {
    let powers: Vec<ProjectivePoint> =
        iter::successors(Some(point), |power| Some(power.double())).take(WINDOWS * WINDOW_BITS).collect();
    let coordinates = |point: &AffinePoint| Point {
        x: Fe::from_bytes(&point.x().into()),
        y: Fe::from_bytes(&point.y().into()),
    };
    ProjectivePoint::batch_normalize_vartime(powers.as_slice()).iter().map(coordinates).collect()
}

const WINDOWS: usize = 32;
const WINDOW_BITS: usize = 8;
/// The largest digit.
const MULTIPLES: usize = 1 << (WINDOW_BITS - 1);

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;
    use k256::{U256, elliptic_curve::ops::Reduce};

    use super::*;
    use crate::known_key::point::add_all;

    /// Small numbers, digits at their ends, powers of two, the middle, and all of these taken from the order.
    fn numbers() -> Vec<Scalar> {
        let mut numbers: Vec<Scalar> = (1..=300_u64).map(Scalar::from).collect();
        let doubled = |number: &Scalar| Some(*number + *number);
        numbers.extend(iter::successors(Some(Scalar::ONE), doubled).take(256));
        numbers
            .extend([0x7f, 0x80, 0x81, 0xff].map(|byte| Scalar::reduce(&U256::from_be_slice(&[byte; 32]))));
        let half = Scalar::from(2_u64).invert_vartime().unwrap();
        numbers.extend([half, half - Scalar::ONE, half + Scalar::ONE]);
        numbers.extend(
            (0..64_u8).map(|seed| Scalar::reduce(&U256::from_be_slice(keccak256([seed]).as_slice()))),
        );
        numbers.iter().flat_map(|number| [*number, -*number]).collect()
    }

    #[test]
    fn the_multiples_of_a_number_add_up_to_its_product() {
        for point in [ProjectivePoint::GENERATOR, ProjectivePoint::GENERATOR * Scalar::from(0xdead_u64)] {
            let table = Table::new(point).unwrap();
            assert_eq!(table.0.len(), WINDOWS * MULTIPLES);
            let numbers = numbers();
            let sums = add_all(numbers.iter().map(|number| table.multiples(number)).collect());
            for (number, sum) in iter::zip(numbers, sums) {
                let expected = powers_of_two(point * number)[0];
                let found = sum.unwrap_or_else(|| panic!("{number:?}: points with the same x met"));
                assert_eq!(found.x.canonical(), expected.x, "{number:?}");
                assert_eq!(found.y.canonical(), expected.y, "{number:?}");
            }
        }
    }

    #[test]
    fn zero_has_no_multiples_and_infinity_no_table() {
        let table = Table::new(ProjectivePoint::GENERATOR).unwrap();
        assert!(table.multiples(&Scalar::ZERO).is_empty());
        assert!(Table::new(ProjectivePoint::IDENTITY).is_none());
    }
}
