//! A QBFT chain of any length with changing validators; each header is sealed when it is asked for.
//!
//! Encoded with `alloy-consensus` and `alloy-rlp`, signed with `k256`: nothing of it comes from the verifier.

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256, b256};
use alloy_rlp::Encodable;
use k256::ecdsa::SigningKey;

/// A chain whose hashes are all known.
#[derive(Debug)]
pub(crate) struct Chain {
    members: Members,
    state_root: B256,
    /// Block hash of each height.
    hashes: Vec<B256>,
}

/// Who may seal when: four validators at a time.
#[derive(Debug)]
pub(crate) struct Members {
    keys: Vec<(Address, SigningKey)>,
    /// Heights at which the oldest validator's successor comes; one block later the oldest goes.
    replacements: Vec<u64>,
}

impl Members {
    /// Four validators, the oldest of which is replaced at each of these ascending heights.
    pub(crate) fn new(replacements: Vec<u64>) -> Self {
        let secrets = (1_u64..).take(SIZE + replacements.len());
        let keys = secrets
            .map(|secret| SigningKey::from_slice(&B256::from(U256::from(secret)).0).expect("a small number"))
            .map(|key| (address(&key), key))
            .collect();
        Self { keys, replacements }
    }

    /// The validators of a block in the order of their addresses.
    fn at(&self, number: u64) -> Vec<&(Address, SigningKey)> {
        let come = self.replacements.partition_point(|at| *at <= number);
        let gone = self.replacements.partition_point(|at| *at < number);
        let mut set: Vec<_> = self.keys.iter().take(SIZE + come).skip(gone).collect();
        set.sort_unstable_by_key(|(address, _)| *address);
        set
    }

    /// Whom the proposer of a block votes in or out: the change that the next block shows.
    fn vote(&self, number: u64) -> Option<(Address, bool)> {
        let key = |index: usize| self.keys.get(index).map(|(address, _)| *address);
        if let Ok(index) = self.replacements.binary_search(&(number + 1)) {
            return Some((key(SIZE + index)?, true));
        }
        let index = self.replacements.binary_search(&number).ok()?;
        Some((key(index)?, false))
    }
}

impl Chain {
    /// Hashes all headers up to `length`.
    pub(crate) fn build(length: u64, members: Members, state_root: B256) -> Self {
        let mut chain = Self { members, state_root, hashes: Vec::new() };
        for number in 0..=length {
            // Without seals, in round 0: what is hashed, and what validators sign.
            let hash = chain.with_seals(number, &[]).hash_slow();
            chain.hashes.push(hash);
        }
        chain
    }

    /// The hash of a block.
    pub(crate) fn hash(&self, number: u64) -> B256 {
        usize::try_from(number).ok().and_then(|index| self.hashes.get(index)).copied().unwrap_or_default()
    }

    /// The height of a block.
    pub(crate) fn number(&self, hash: B256) -> Option<u64> {
        (0..).zip(&self.hashes).find(|(_, known)| **known == hash).map(|(number, _)| number)
    }

    /// How many validators were replaced.
    pub(crate) const fn replacements(&self) -> usize {
        self.members.replacements.len()
    }

    /// The height of the newest block.
    pub(crate) fn latest(&self) -> u64 {
        self.hashes.len() as u64 - 1
    }

    /// A header with the seals of a quorum, another one in each block; the first block has none.
    pub(crate) fn header(&self, number: u64) -> Header {
        let members = self.members.at(number);
        let quorum = if number == 0 { 0 } else { (2 * members.len()).div_ceil(3) };
        let sealers = members.iter().cycle().skip(turn(number)).take(quorum);
        let seals: Vec<[u8; 65]> = sealers.map(|(_, key)| sign(key, self.hash(number))).collect();
        self.with_seals(number, &seals)
    }

    fn with_seals(&self, number: u64, seals: &[[u8; 65]]) -> Header {
        let set: Vec<Address> = self.members.at(number).iter().map(|(address, _)| *address).collect();
        Header {
            parent_hash: number.checked_sub(1).map_or(B256::ZERO, |parent| self.hash(parent)),
            beneficiary: set.get(turn(number)).copied().unwrap_or_default(),
            // The first block cannot hold the network's id, which follows from its hash.
            state_root: if number == 0 { alloy_trie::EMPTY_ROOT_HASH } else { self.state_root },
            difficulty: U256::ONE,
            number,
            gas_limit: 30_000_000,
            timestamp: GENESIS_TIME + number,
            extra_data: encode_extra(&set, self.members.vote(number), seals),
            mix_hash: ISTANBUL_DIGEST,
            ..Header::default()
        }
    }
}

/// Whose turn it is to propose.
fn turn(number: u64) -> usize {
    usize::try_from(number).unwrap_or_default() % SIZE
}

/// RLP of `[vanity, validators, vote, round 0, seals]`.
fn encode_extra(set: &[Address], vote: Option<(Address, bool)>, seals: &[[u8; 65]]) -> Bytes {
    let mut payload = Vec::new();
    B256::ZERO.encode(&mut payload);
    alloy_rlp::encode_list::<_, Address>(set, &mut payload);
    match vote {
        Some((candidate, is_in)) => {
            let direction: &[u8] = if is_in { &[0xff] } else { &[] };
            let fields: [&dyn Encodable; 2] = [&candidate, &direction];
            alloy_rlp::encode_list::<_, dyn Encodable>(&fields, &mut payload);
        }
        None => payload.push(alloy_rlp::EMPTY_LIST_CODE),
    }
    0_u32.encode(&mut payload);
    let seals: Vec<&[u8]> = seals.iter().map(<[u8; 65]>::as_slice).collect();
    alloy_rlp::encode_list::<_, [u8]>(&seals, &mut payload);
    let mut encoded = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut encoded);
    encoded.extend(payload);
    encoded.into()
}

fn sign(key: &SigningKey, digest: B256) -> [u8; 65] {
    let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice());
    let mut seal = [0; 65];
    let (scalars, parity) = seal.split_at_mut(64);
    scalars.copy_from_slice(&signature.to_bytes());
    parity.copy_from_slice(&[recovery.to_byte()]);
    seal
}

fn address(key: &SigningKey) -> Address {
    let point = key.verifying_key().to_sec1_point(false);
    Address::from_raw_public_key(point.as_bytes().get(1..).unwrap_or_default())
}

/// Validators at a time.
const SIZE: usize = 4;
/// When the first block was made; the others follow second by second.
pub(crate) const GENESIS_TIME: u64 = 1_700_000_000;
/// Keccak-256 of "Istanbul practical byzantine fault tolerance".
const ISTANBUL_DIGEST: B256 = b256!("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365");
