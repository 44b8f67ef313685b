//! QBFT's part of a header: the validators, `extraData`, and the commit seals.
//!
//! One header has three encodings. The *block hash* leaves round and seals out of `extraData` (round 0, no seals), the
//! *commit digest* that validators sign leaves only the seals out, and the *served* header has all of it. So the hash does
//! not depend on who sealed: nodes serve the same block with different seals, and so do the endpoints of this chain.
//!
//! This process holds the keys of all validators, which no real network may do.
//!
//! Source: QBFT as in Besu (`QbftExtraDataCodec`) and GoQuorum (`core/types/istanbul.go`): extraData =
//! RLP\[vanity(32), \[validators, ascending\], vote, round, \[seals of 65 bytes r ‖ s ‖ v\]\].

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, b256};
use alloy_rlp::Encodable;
use k256::ecdsa::SigningKey;

/// A commit seal: r, s and the recovery id 0 or 1.
pub(crate) type Seal = [u8; 65];

/// The `mixHash` by which a header is known to be sealed by a BFT engine: the Keccak-256 of "Istanbul practical byzantine fault
/// tolerance".
pub(crate) const ISTANBUL_DIGEST: B256 =
    b256!("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365");

/// The validators of the chain, in ascending order of their addresses, with their keys.
pub(crate) struct Validators {
    members: Vec<(Address, SigningKey)>,
}

impl std::fmt::Debug for Validators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Validators")
            .field("addresses", &self.addresses())
            .field("keys", &"[redacted]")
            .finish()
    }
}

impl Validators {
    /// Makes the validators from secret keys; nothing when one of them is not a valid key or there are none.
    pub(crate) fn from_secrets(secrets: &[B256]) -> Option<Self> {
        let mut members = secrets
            .iter()
            .map(|secret| SigningKey::from_slice(secret.as_slice()).ok().map(|key| (address_of(&key), key)))
            .collect::<Option<Vec<_>>>()?;
        members.sort_by_key(|(address, _)| *address);
        (!members.is_empty()).then_some(Self { members })
    }

    /// Returns the addresses, ascending.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.members.iter().map(|(address, _)| *address).collect()
    }

    /// Returns how many seals a block needs: two thirds of the validators, rounded up.
    pub(crate) fn quorum(&self) -> usize {
        (self.members.len() * 2).div_ceil(3)
    }

    /// Returns whose turn it is: the one after the parent's proposer, moved on by each failed round.
    pub(crate) fn proposer(&self, parent: Address, round: u32) -> Address {
        let addresses = self.addresses();
        let start =
            addresses.iter().position(|address| *address == parent).map_or(0, |position| position + 1);
        let turns = usize::try_from(round).unwrap_or(usize::MAX) % addresses.len();
        addresses.iter().cycle().skip(start + turns).copied().next().unwrap_or(parent)
    }

    /// Returns everybody's commit seal for a header, in the order of the addresses.
    pub(crate) fn seal(&self, header: &Header, vanity: B256, round: u32) -> Vec<Seal> {
        let addresses = self.addresses();
        let extra = Extra { vanity, validators: &addresses, round };
        let digest = extra.put_in(header, &[]).hash_slow();
        self.members.iter().map(|(_, key)| sign(key, digest)).collect()
    }
}

/// What `extraData` holds apart from seals; this chain never votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extra<'a> {
    pub(crate) vanity: B256,
    pub(crate) validators: &'a [Address],
    pub(crate) round: u32,
}

impl Extra<'_> {
    /// Returns a header with this `extraData` and the seals given.
    pub(crate) fn put_in(&self, header: &Header, seals: &[Seal]) -> Header {
        Header { extra_data: self.encode(seals), ..header.clone() }
    }

    /// Returns `extraData` with the seals given.
    pub(crate) fn encode(&self, seals: &[Seal]) -> Bytes {
        let mut payload = Vec::new();
        self.vanity.encode(&mut payload);
        alloy_rlp::encode_list::<_, Address>(self.validators, &mut payload);
        payload.push(alloy_rlp::EMPTY_LIST_CODE);
        self.round.encode(&mut payload);
        let seals: Vec<&[u8]> = seals.iter().map(<[u8; 65]>::as_slice).collect();
        alloy_rlp::encode_list::<_, [u8]>(&seals, &mut payload);
        let mut encoded = Vec::new();
        alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut encoded);
        encoded.extend(payload);
        encoded.into()
    }
}

/// Signs a digest: low s, and a recovery id of 0 or 1.
pub(crate) fn sign(key: &SigningKey, digest: B256) -> Seal {
    let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice());
    let mut seal = [0; 65];
    let (scalars, parity) = seal.split_at_mut(64);
    scalars.copy_from_slice(&signature.to_bytes());
    parity.copy_from_slice(&[recovery.to_byte()]);
    seal
}

/// Returns the address of a key.
pub(crate) fn address_of(key: &SigningKey) -> Address {
    let point = key.verifying_key().to_sec1_point(false);
    Address::from_raw_public_key(point.as_bytes().get(1..).unwrap_or_default())
}

/// The 32 bytes a proposer may choose freely: "medrec-devnet".
pub(crate) const VANITY: B256 = b256!("6d65647265632d6465766e657400000000000000000000000000000000000000");

#[cfg(test)]
mod tests {
    use super::*;

    fn validators(count: u8) -> Validators {
        let secrets: Vec<B256> = (1..=count).map(B256::repeat_byte).collect();
        Validators::from_secrets(&secrets).unwrap()
    }

    #[test]
    fn needs_two_thirds_of_the_validators_rounded_up() {
        let quorums: Vec<usize> = (1..=7).map(|count| validators(count).quorum()).collect();
        assert_eq!(quorums, [1, 2, 2, 3, 4, 4, 5]);
    }

    #[test]
    fn passes_the_turn_on_with_each_block_and_each_round() {
        let validators = validators(4);
        let set = validators.addresses();
        assert!(set.is_sorted());
        assert_eq!(validators.proposer(Address::ZERO, 0), set[0]);
        assert_eq!(validators.proposer(set[0], 0), set[1]);
        assert_eq!(validators.proposer(set[3], 0), set[0]);
        assert_eq!(validators.proposer(set[2], 1), set[0]);
        assert_eq!(validators.proposer(set[2], u32::MAX), set[2]);
    }

    #[test]
    fn takes_no_keys_that_are_not_valid() {
        assert!(Validators::from_secrets(&[B256::repeat_byte(1), B256::ZERO]).is_none());
        assert!(Validators::from_secrets(&[]).is_none());
    }

    #[test]
    fn never_shows_keys() {
        let shown = format!("{:?}", validators(1));
        assert!(shown.contains("[redacted]") && !shown.contains("0101010101"));
    }

    #[test]
    fn leaves_only_round_and_seals_out_of_the_hash() {
        let set = validators(4).addresses();
        let header = Header::default();
        let hash = |round, seals: &[Seal]| {
            Extra { vanity: VANITY, validators: &set, round }.put_in(&header, seals).hash_slow()
        };
        assert_ne!(hash(0, &[]), hash(1, &[]));
        assert_ne!(hash(1, &[]), hash(1, &[[0; 65]]));
    }
}
