//! The signers of many signatures, found fast when few keys made them all.
//!
//! Validators seal block after block. Recovering a key from a seal takes a square root and a product of a new
//! point with a number of 256 bits; asking whether a *known* key made it takes neither: with tables of the key's
//! multiples, u₁·G + u₂·Q (u₁ = z/s, u₂ = r/s) is a sum of 64 points, and [`point`] adds the points of all seals
//! together. The key made the seal exactly if that sum is the point with x coordinate r and the parity that the
//! signature tells, for only then does the recovery, Q = (s·R - z·G)/r, give this Q. x is compared with r itself,
//! not modulo the group order, because the recovery takes r for x, too.
//!
//! So nothing is accepted on other grounds than in [`recover_signer`](crate::recover_signer), and whatever is not
//! recognised is recovered there. A wrong guess costs time, never truth. Nothing here is constant in time:
//! signatures and public keys are no secrets.
//!
//! Source: SEC 1, §4.1.4 and §4.1.6; P. Montgomery, "Speeding the Pollard and elliptic curve methods of
//! factorization", §10.3.1 (inverses all at once).

mod field;
mod point;
mod table;

use core::{iter, mem};

use alloy_primitives::{Address, B256};
use k256::{ProjectivePoint, Scalar, U256, ecdsa::VerifyingKey, elliptic_curve::ops::Reduce};

use self::{
    field::Fe,
    point::{Point, add_all},
    table::Table,
};
use crate::{
    Signature, SignatureError,
    signature::{public_key_address, recover_key, scalars},
};

/// A signature whose signer is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// What was signed.
    pub digest: B256,
    /// The signature.
    pub signature: Signature,
    /// Who may have made it, the likeliest first. Only the keys of these are remembered and tried; all others
    /// are recovered, so that strangers cannot fill the memory.
    pub likely: &'a [Address],
}

/// Keys that signed before, with tables that make their signatures fast to recognise.
///
/// ```
/// # use lightclient::{KnownKeys, Signature, SignatureError, Signed};
/// # use alloy_primitives::{Address, B256};
/// # fn signers(validators: &[Address], digest: B256, seals: &[Signature]) -> Result<Vec<Address>, SignatureError> {
/// let mut known_keys = KnownKeys::new(); // kept from header to header
/// // Seals often stand in the order of the validators: the one at the same place is the likeliest signer.
/// let (count, round) = (validators.len(), validators.repeat(2));
/// let seals: Vec<Signed<'_>> = seals
///     .iter()
///     .enumerate()
///     .map(|(place, seal)| (place % count, *seal))
///     .map(|(first, signature)| Signed { digest, signature, likely: &round[first..first + count] })
///     .collect();
/// known_keys.recover_all(&seals).into_iter().collect()
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct KnownKeys {
    keys: Vec<KnownKey>,
    generator: Option<Table>,
}

#[derive(Debug, Clone)]
struct KnownKey {
    address: Address,
    recoveries: u32,
    table: Option<Table>,
}

impl KnownKeys {
    /// Knows no key yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Finds the signer of each of `items`: what [`recover_signer`](crate::recover_signer) says, in less time.
    ///
    /// The items of one call share inverses: give the seals of many headers at once when there are many. For one
    /// item alone there is little to gain, and a first guess that is wrong makes it slower than recovery.
    ///
    /// # Errors
    /// For each item as [`recover_signer`](crate::recover_signer).
    pub fn recover_all(&mut self, items: &[Signed<'_>]) -> Vec<Result<Address, SignatureError>> {
        let mut signers = Vec::with_capacity(items.len());
        for items in items.chunks(CHUNK) {
            let recognised = self.recognise(items);
            for (item, signer) in items.iter().zip(recognised) {
                signers.push(signer.map_or_else(|| self.recover(item), Ok));
            }
        }
        signers
    }

    /// Recovers the signer, and remembers the key when it is a likely one.
    fn recover(&mut self, item: &Signed<'_>) -> Result<Address, SignatureError> {
        let key = recover_key(item.digest, &item.signature)?;
        let address = public_key_address(&key);
        if item.likely.contains(&address) {
            self.remember(address, &key, item.likely);
        }
        Ok(address)
    }

    fn remember(&mut self, address: Address, key: &VerifyingKey, likely: &[Address]) {
        if let Some(known) = self.keys.iter_mut().find(|known| known.address == address) {
            known.recoveries += 1;
            if known.recoveries == RECOVERIES_BEFORE_TABLE {
                known.table = Table::new(key.as_affine().into());
                if self.generator.is_none() {
                    self.generator = Table::new(ProjectivePoint::GENERATOR);
                }
            }
            return;
        }
        if self.keys.len() == MAX_KEYS {
            // Only for one that is no longer likely: more than fit would else drive each other out for ever.
            let Some(unlikely) = self.keys.iter().position(|known| !likely.contains(&known.address)) else {
                return;
            };
            self.keys.swap_remove(unlikely);
        }
        self.keys.push(KnownKey { address, recoveries: 1, table: None });
    }

    /// The signers that are known keys; those of the other items stay `None`.
    fn recognise(&self, items: &[Signed<'_>]) -> Vec<Option<Address>> {
        let mut signers = vec![None; items.len()];
        let Some(generator) = &self.generator else { return signers };
        let mut claims = self.claims(items, &mut signers);
        // The likeliest key of each first, together with the generator's part, which serves all keys.
        let mut lists: Vec<Vec<Point>> = claims.iter().map(|claim| generator.multiples(&claim.u1)).collect();
        lists.extend(claims.iter().flat_map(Claim::multiples));
        let mut generator_parts = add_all(lists);
        let key_parts = generator_parts.split_off(claims.len());
        settle(&mut claims, &generator_parts, key_parts);
        // Then all others at once: a round for each would take more inverses.
        for claim in &mut claims {
            claim.keys = if claim.signer.is_none() { mem::take(&mut claim.other_keys) } else { Vec::new() };
        }
        let key_parts = add_all(claims.iter().flat_map(Claim::multiples).collect());
        settle(&mut claims, &generator_parts, key_parts);
        signers
    }

    /// The items that a known key may have signed; the signers will be written to `signers`.
    fn claims<'a>(&'a self, items: &[Signed<'_>], signers: &'a mut [Option<Address>]) -> Vec<Claim<'a>> {
        let mut claims = Vec::with_capacity(items.len());
        let mut factors = Vec::with_capacity(items.len());
        let mut product = Scalar::ONE;
        for (item, signer) in iter::zip(items, signers) {
            let mut keys = item.likely.iter().filter_map(|address| self.table(address)).take(MAX_TRIES);
            let (Ok(parsed), Some(likeliest)) = (scalars(&item.signature), keys.next()) else { continue };
            let (r, s) = parsed.split_scalars();
            factors.push((product, *s));
            product *= *s;
            claims.push(Claim {
                signer,
                keys: vec![likeliest],
                other_keys: keys.collect(),
                r: Fe::from_bytes(&item.signature.r),
                y_parity: item.signature.y_parity,
                u1: Scalar::reduce(&U256::from_be_slice(item.digest.as_slice())),
                u2: *r,
            });
        }
        // All 1 / s from one inverse, as in `add_pairs`; no s is zero.
        let mut inverse = product.invert_vartime().unwrap_or(Scalar::ZERO);
        for (claim, (before, s)) in iter::zip(&mut claims, factors).rev() {
            claim.u1 *= inverse * before;
            claim.u2 *= inverse * before;
            inverse *= s;
        }
        claims
    }

    fn table(&self, address: &Address) -> Option<(Address, &Table)> {
        let known = self.keys.iter().find(|known| known.address == *address)?;
        Some((*address, known.table.as_ref()?))
    }
}

/// A signature that one of some keys may have made.
struct Claim<'a> {
    /// Where to write who made it.
    signer: &'a mut Option<Address>,
    /// The keys to try now.
    keys: Vec<(Address, &'a Table)>,
    /// The keys to try when it was none of these.
    other_keys: Vec<(Address, &'a Table)>,
    r: Fe,
    y_parity: bool,
    u1: Scalar,
    u2: Scalar,
}

impl Claim<'_> {
    /// For each key to try, the points that add up to u₂·Q.
    fn multiples(&self) -> impl Iterator<Item = Vec<Point>> {
        self.keys.iter().map(|(_, table)| table.multiples(&self.u2))
    }

    /// Whether u₁·G + u₂·Q proves that Q made the signature.
    fn is_proven_by(&self, sum: Point) -> bool {
        sum.x.canonical() == self.r && sum.y.is_odd() == self.y_parity
    }
}

/// Writes the signer of each claim that one of its keys made; `key_parts` are the u₂·Q of all keys in order.
fn settle(claims: &mut [Claim<'_>], generator_parts: &[Option<Point>], key_parts: Vec<Option<Point>>) {
    let mut key_parts = key_parts.into_iter();
    let mut lists = Vec::with_capacity(key_parts.len());
    for (claim, generator_part) in iter::zip(&*claims, generator_parts) {
        for key_part in key_parts.by_ref().take(claim.keys.len()) {
            // A part that is not known leaves the sum unknown.
            lists.push(generator_part.zip(key_part).map_or_else(Vec::new, |(left, right)| vec![left, right]));
        }
    }
    let mut sums = add_all(lists).into_iter();
    for claim in claims {
        for ((address, _), sum) in mem::take(&mut claim.keys).into_iter().zip(sums.by_ref()) {
            if sum.is_some_and(|sum| claim.is_proven_by(sum)) {
                *claim.signer = Some(address);
            }
        }
    }
}

/// Keys that are remembered; their tables take 9 MiB.
const MAX_KEYS: usize = 32;
/// Keys that are tried for one signature: trying more takes longer than to recover it.
const MAX_TRIES: usize = 16;
/// A table is made once recovering has taken as long as making it: who verifies one header makes none.
const RECOVERIES_BEFORE_TABLE: u32 = 12;
/// Signatures whose points are added together: one inverse for thousands of sums, and all fits into a cache.
const CHUNK: usize = 64;

#[cfg(test)]
mod tests;
