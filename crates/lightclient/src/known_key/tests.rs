//! Tests of known keys: what is recognised, what is left to recovery, what is remembered.

use alloy_primitives::keccak256;
use k256::{
    AffinePoint, ProjectivePoint,
    ecdsa::SigningKey,
    elliptic_curve::{
        PrimeField,
        point::{AffineCoordinates, DecompressPoint},
    },
};

use super::*;
use crate::{
    recover_signer,
    testing::{address, keys, sign, twin},
};

const ORDER: U256 = U256::from_be_hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

fn digest(seed: u64) -> B256 {
    keccak256(seed.to_be_bytes())
}

fn bytes(number: &Scalar) -> B256 {
    B256::from_slice(&number.to_bytes())
}

fn scalar(number: B256) -> Scalar {
    Scalar::reduce(&U256::from_be_slice(number.as_slice()))
}

/// A signature of `key` made without its private key, over a digest that nobody chose.
fn forge(key: ProjectivePoint, seed: u64) -> (B256, Signature) {
    let (a, b) = (scalar(digest(seed)), scalar(digest(!seed)));
    let point = AffinePoint::from(ProjectivePoint::GENERATOR * a + key * b);
    let r = Scalar::from_repr(point.x()).unwrap();
    let s = r * b.invert_vartime().unwrap();
    let signature = Signature { r: bytes(&r), s: bytes(&s), y_parity: point.y_is_odd().into() };
    (bytes(&(a * s)), signature)
}

/// Knows `keys`, with tables.
fn known(keys: &[ProjectivePoint]) -> (KnownKeys, Vec<Address>) {
    let mut known = KnownKeys::new();
    let mut addresses = Vec::new();
    for key in keys {
        let address = public_key_address(&VerifyingKey::from_affine((*key).into()).unwrap());
        for seed in 0..RECOVERIES_BEFORE_TABLE {
            let (digest, signature) = forge(*key, u64::from(seed));
            let found = known.recover_all(&[Signed { digest, signature, likely: &[address] }]);
            assert_eq!(found, [Ok(address)]);
        }
        addresses.push(address);
    }
    (known, addresses)
}

fn points(keys: &[SigningKey]) -> Vec<ProjectivePoint> {
    keys.iter().map(|key| (*key.verifying_key().as_affine()).into()).collect()
}

/// Checks that recovery says the same, and gives what was recognised.
fn recognise(known: &mut KnownKeys, items: &[Signed<'_>]) -> Vec<Option<Address>> {
    let recognised = known.recognise(items);
    let recovered: Vec<_> = items.iter().map(|item| recover_signer(item.digest, &item.signature)).collect();
    for (signer, recovered) in iter::zip(&recognised, &recovered) {
        assert!(
            signer.is_none_or(|signer| *recovered == Ok(signer)),
            "{signer:?}, but recovered {recovered:?}"
        );
    }
    assert_eq!(known.recover_all(items), recovered);
    recognised
}

#[test]
fn known_keys_are_recognised_at_any_place_among_the_likely_ones() {
    let keys = keys(4);
    let (mut known, addresses) = known(&points(&keys));
    for count in [1, 3, CHUNK, CHUNK + 1, 2 * CHUNK + 5] {
        let round = addresses.repeat(3);
        let signed: Vec<_> = (0..count)
            .map(|place| (digest(place as u64), sign(&keys[place % 4], digest(place as u64))))
            .collect();
        let items: Vec<Signed<'_>> = iter::zip(0.., &signed)
            .map(|(place, (digest, signature))| {
                let first = place % 4 + place / 4 % 4;
                Signed { digest: *digest, signature: *signature, likely: &round[first..first + 4] }
            })
            .collect();
        let expected: Vec<_> = (0..count).map(|place| Some(addresses[place % 4])).collect();
        assert_eq!(recognise(&mut known, &items), expected);
    }
}

#[test]
fn the_twin_is_recognised_and_nothing_else_that_resembles_a_signature() {
    let keys = keys(2);
    let (mut known, likely) = known(&points(&keys));
    let digest = digest(7);
    let good = sign(&keys[0], digest);
    let flip = |number: B256, bit: usize| {
        let mut number = number;
        number[bit / 8] ^= 1 << (bit % 8);
        number
    };
    let mut items = vec![Signed { digest, signature: good, likely: &likely }];
    items.push(Signed { signature: twin(&good), ..items[0] });
    items.push(Signed { signature: Signature { y_parity: !good.y_parity, ..good }, ..items[0] });
    for bit in 0..256 {
        items.push(Signed { digest: flip(digest, bit), ..items[0] });
        items.push(Signed { signature: Signature { r: flip(good.r, bit), ..good }, ..items[0] });
        items.push(Signed { signature: Signature { s: flip(good.s, bit), ..good }, ..items[0] });
    }
    let order = B256::from_slice(&ORDER.to_be_bytes());
    for bad in [B256::ZERO, order, B256::repeat_byte(0xff)] {
        items.push(Signed { signature: Signature { r: bad, ..good }, ..items[0] });
        items.push(Signed { signature: Signature { s: bad, ..good }, ..items[0] });
    }
    let mut expected = vec![None; items.len()];
    expected[0] = Some(likely[0]);
    expected[1] = Some(likely[0]);
    assert_eq!(recognise(&mut known, &items), expected);
}

/// The generator itself, its opposite and neighbours, whose tables share points with the generator's.
#[test]
fn keys_that_are_small_multiples_of_the_generator_are_recognised() {
    let numbers = [1, 2, 3, 255, 256].map(|number: u64| Scalar::from(number));
    for number in numbers.into_iter().flat_map(|number| [number, -number]) {
        let key = SigningKey::from_slice(&number.to_bytes()).unwrap();
        let (mut known, likely) = known(&points(std::slice::from_ref(&key)));
        let signed: Vec<_> = (0..8).map(|seed| (digest(seed), sign(&key, digest(seed)))).collect();
        let items: Vec<Signed<'_>> = signed
            .iter()
            .map(|(digest, signature)| Signed { digest: *digest, signature: *signature, likely: &likely })
            .collect();
        assert_eq!(recognise(&mut known, &items), vec![Some(address(&key)); 8]);
    }
}

/// u₁·G and u₂·Q are equal, opposite, or one of them is infinity; recovery knows what that means.
#[test]
fn points_with_the_same_x_are_left_to_recovery() {
    let one = SigningKey::from_slice(&Scalar::ONE.to_bytes()).unwrap();
    let (mut known, likely) = known(&points(&[one]));
    let point = AffinePoint::from(ProjectivePoint::GENERATOR * Scalar::from(77_u64));
    let r = Scalar::from_repr(point.x()).unwrap();
    let (s_equal, s_alone) = {
        let inverse = Scalar::from(77_u64).invert_vartime().unwrap();
        ((r + r) * inverse, r * inverse)
    };
    let item = |z: &Scalar, s: &Scalar, likely| Signed {
        digest: bytes(z),
        signature: Signature { r: bytes(&r), s: bytes(s), y_parity: point.y_is_odd().into() },
        likely,
    };
    let equal = item(&r, &s_equal, &likely);
    let opposite = item(&-r, &s_equal, &likely);
    let alone = item(&Scalar::ZERO, &s_alone, &likely);
    let (digest, signature) = forge(ProjectivePoint::GENERATOR, 99);
    let good = Signed { digest, signature, likely: &likely };
    let items = [good, equal, good, opposite, alone, good];
    let signer = Some(likely[0]);
    assert_eq!(recognise(&mut known, &items), [signer, None, signer, None, None, signer]);
    assert_eq!(recover_signer(equal.digest, &equal.signature), Ok(likely[0]));
    assert_eq!(recover_signer(alone.digest, &alone.signature), Ok(likely[0]));
}

/// ECDSA proper takes x modulo the order: it would accept r = x - n. Recovery takes r for x itself.
#[test]
fn an_x_above_the_order_is_not_its_remainder() {
    let (r, point) = (1_u64..)
        .find_map(|r| {
            let x = ORDER.wrapping_add(&U256::from_u64(r)).to_be_bytes();
            let point: Option<AffinePoint> = AffinePoint::decompress(&x.into(), 0.into()).into();
            point.map(|point| (Scalar::from(r), point))
        })
        .unwrap();
    let (s, z) = (scalar(digest(1)), scalar(digest(2)));
    let key =
        (ProjectivePoint::from(point) * s - ProjectivePoint::GENERATOR * z) * r.invert_vartime().unwrap();
    let (mut known, likely) = known(&[key]);
    let signature = Signature { r: bytes(&r), s: bytes(&s), y_parity: false };
    let item = Signed { digest: bytes(&z), signature, likely: &likely };
    assert_eq!(recognise(&mut known, &[item]), [None]);
    assert_ne!(recover_signer(item.digest, &signature), Ok(likely[0]));
}

#[test]
fn who_verifies_one_header_makes_no_table() {
    let keys = keys(3);
    let likely: Vec<Address> = keys.iter().map(address).collect();
    let items: Vec<_> = keys
        .iter()
        .map(|key| Signed { digest: digest(0), signature: sign(key, digest(0)), likely: &likely })
        .collect();
    let mut known = KnownKeys::new();
    assert_eq!(known.recover_all(&items), likely.iter().copied().map(Ok).collect::<Vec<_>>());
    assert_eq!(known.keys.len(), 3);
    assert!(known.generator.is_none() && known.keys.iter().all(|known| known.table.is_none()));
}

#[test]
fn strangers_are_recovered_but_not_remembered() {
    let keys = keys(2);
    let mut known = KnownKeys::new();
    let item =
        Signed { digest: digest(0), signature: sign(&keys[1], digest(0)), likely: &[address(&keys[0])] };
    assert_eq!(known.recover_all(&[item; 20]), vec![Ok(address(&keys[1])); 20]);
    assert!(known.keys.is_empty());
}

#[test]
fn only_so_many_keys_are_remembered_and_a_new_one_replaces_one_that_is_no_longer_likely() {
    let key = *keys(1)[0].verifying_key();
    let everybody: Vec<Address> =
        (0..=MAX_KEYS as u64).map(|seed| Address::from_word(digest(seed))).collect();
    let (newest, oldest) = everybody.split_last().unwrap();
    let mut known = KnownKeys::new();
    for address in oldest {
        known.remember(*address, &key, &everybody);
    }
    let remembered = |known: &KnownKeys, address| known.keys.iter().any(|known| known.address == address);
    known.remember(*newest, &key, &everybody);
    assert_eq!(known.keys.len(), MAX_KEYS);
    assert!(!remembered(&known, *newest), "all others are still likely");
    known.remember(*newest, &key, &everybody[1..]);
    assert_eq!(known.keys.len(), MAX_KEYS);
    assert!(remembered(&known, *newest) && !remembered(&known, everybody[0]));
}
