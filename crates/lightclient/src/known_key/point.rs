//! Many sums of points of secp256k1 at once.
//!
//! To add (x₁, y₁) and (x₂, y₂) takes 1 / (x₂ - x₁), which alone costs as much as 270 products. By Montgomery's
//! trick any number of inverses costs one, and three products each. So all sums are halved together, pair by
//! pair, with one inverse for each halving of the longest.
//!
//! Points with the same x (equal or opposite ones) have no such inverse. They meet by intent of somebody who has
//! the private key, or never; nothing is added then, and the sum is not known.

use super::field::Fe;

/// A point of the curve other than infinity; its coordinates are tight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) x: Fe,
    pub(super) y: Fe,
}

impl Point {
    pub(super) fn negate(self) -> Self {
        Self { x: self.x, y: Fe::ZERO - self.y }
    }

    /// Adds a point with another x, given 1 / (`other.x` - `self.x`).
    fn add(self, other: Self, inverse: Fe) -> Self {
        let slope = (other.y - self.y) * inverse;
        let x = slope.times_minus(slope, self.x + other.x);
        let y = slope.times_minus(self.x - x, self.y);
        Self { x, y }
    }
}

/// Adds up each of `lists`; `None` for an empty one and where points with the same x met.
pub(super) fn add_all(mut lists: Vec<Vec<Point>>) -> Vec<Option<Point>> {
    while lists.iter().any(|list| list.len() > 1) {
        let pairs: Vec<[Point; 2]> = lists.iter().flat_map(|list| list.as_chunks().0).copied().collect();
        let mut sums = add_pairs(&pairs).into_iter();
        for list in &mut lists {
            let (pairs, odd) = list.as_chunks::<2>();
            let mut halved: Vec<Option<Point>> = sums.by_ref().take(pairs.len()).collect();
            halved.extend(odd.iter().copied().map(Some));
            *list = halved.into_iter().collect::<Option<_>>().unwrap_or_default();
        }
    }
    lists.into_iter().map(|list| list.first().copied()).collect()
}

/// Adds the two points of each pair; `None` where they have the same x.
pub(super) fn add_pairs(pairs: &[[Point; 2]]) -> Vec<Option<Point>> {
    let mut product = Fe::ONE;
    let factors: Vec<(Fe, Fe)> = pairs
        .iter()
        .map(|[left, right]| {
            let (before, difference) = (product, right.x - left.x);
            product = before * difference;
            (before, difference)
        })
        .collect();
    if product.is_zero() {
        let (left, right) = pairs.split_at(pairs.len() / 2);
        return if left.is_empty() { vec![None] } else { [add_pairs(left), add_pairs(right)].concat() };
    }
    let mut inverse = product.invert();
    let mut sums: Vec<Option<Point>> = pairs
        .iter()
        .zip(factors)
        .rev()
        .map(|([left, right], (before, difference))| {
            let sum = left.add(*right, inverse * before);
            inverse = inverse * difference;
            Some(sum)
        })
        .collect();
    sums.reverse();
    sums
}

#[cfg(test)]
mod tests {
    use k256::{AffinePoint, ProjectivePoint, Scalar, elliptic_curve::point::AffineCoordinates};

    use super::*;

    /// `number` times the generator.
    fn point(number: u64) -> Point {
        let point = AffinePoint::from(ProjectivePoint::GENERATOR * Scalar::from(number));
        Point { x: Fe::from_bytes(&point.x().into()), y: Fe::from_bytes(&point.y().into()) }
    }

    fn assert_sums(found: &[Option<Point>], expected: &[Option<u64>]) {
        let coordinates = |point: Point| (point.x.canonical(), point.y.canonical());
        let expected: Vec<_> = expected.iter().map(|number| number.map(|n| coordinates(point(n)))).collect();
        let found: Vec<_> = found.iter().map(|sum| sum.map(coordinates)).collect();
        assert_eq!(found, expected);
    }

    /// Cubes: no two sums within a list are equal before they are added.
    #[test]
    fn sums_of_all_lengths_are_found_together() {
        let lists =
            (0..=9).map(|length| (1..=length).map(|number| point(number * number * number)).collect());
        let expected = [0, 1, 9, 36, 100, 225, 441, 784, 1296, 2025].map(|sum| (sum != 0).then_some(sum));
        assert_sums(&add_all(lists.collect()), &expected);
    }

    #[test]
    fn equal_and_opposite_points_are_not_added_and_spoil_no_other_sum() {
        let lists = vec![
            vec![point(1), point(2)],
            vec![point(5), point(5)],
            vec![point(3), point(4), point(5)],
            vec![point(6), point(6).negate(), point(1)],
            vec![],
            vec![point(7)],
            // Equal only after the first halving.
            vec![point(1), point(4), point(2), point(3), point(1)],
            vec![point(8), point(1).negate()],
        ];
        let expected = [Some(3), None, Some(12), None, None, Some(7), None, Some(7)];
        assert_sums(&add_all(lists), &expected);
    }

    #[test]
    fn pairs_of_equal_points_alone_have_no_sum() {
        assert_sums(&add_pairs(&[[point(1), point(1)], [point(2), point(2)]]), &[None, None]);
        assert_sums(&add_pairs(&[]), &[]);
    }
}
