//! Properties over random headers, tries, signatures and transactions, with alloy-trie as the other opinion.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, a panic is a failed test")]

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bloom, Bytes, U256, keccak256};
use alloy_rlp::Rlp;
use alloy_trie::{
    HashBuilder, Nibbles, TrieAccount,
    proof::{ProofRetainer, verify_proof},
};
use k256::ecdsa::SigningKey;
use lightclient::{
    ChainRules, Evidence, Header, ParityByte, Schedule, SealScheme, Signature, Transaction, TrustThreshold,
    TrustedCheckpoint, VerifiedHeader, block_hash, public_key_address, recover_low_s, recover_signer,
    verify_account, verify_checkpoint,
};
use proptest::{collection, option, prelude::*, sample::Index};

const RULES: ChainRules = ChainRules {
    chain_id: 1,
    schedule: Schedule::constant(SealScheme::Qbft, 30_000, 1),
    trust: TrustThreshold::OneThird,
    trusting_period: 3600,
    clock_drift: 0,
};

/// `[32 zero bytes, [one validator], [], 0, []]`
fn genesis_extra() -> Bytes {
    [&[0xf8, 58, 0xa0][..], &[0; 32], &[0xd5, 0x94], &[1; 20], &[0xc0, 0x80, 0xc0]].concat().into()
}

fn hash() -> impl Strategy<Value = B256> {
    any::<[u8; 32]>().prop_map(B256::from)
}

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address::from)
}

/// A number of any length, small ones as likely as large ones.
fn number() -> impl Strategy<Value = U256> {
    (any::<[u8; 32]>(), 0_usize..=256)
        .prop_map(|(bytes, shift)| U256::from_be_bytes(bytes).wrapping_shr(shift))
}

fn header() -> impl Strategy<Value = Header> {
    let hashes = [hash(), hash(), hash(), hash(), hash(), hash()];
    let numbers = any::<[u64; 4]>();
    let appended = (0_usize..5, any::<[u64; 3]>(), [hash(), hash(), hash()]);
    let rest = (address(), number(), collection::vec(any::<u8>(), 0..300), any::<[u8; 8]>());
    (hashes, numbers, rest, appended).prop_map(|(hashes, numbers, rest, (forks, scalars, roots))| Header {
        parent_hash: hashes[0],
        ommers_hash: hashes[1],
        coinbase: rest.0,
        state_root: hashes[2],
        transactions_root: hashes[3],
        receipts_root: hashes[4],
        logs_bloom: Bloom::repeat_byte(hashes[4][0]),
        difficulty: rest.1,
        number: numbers[0],
        gas_limit: numbers[1],
        gas_used: numbers[2],
        timestamp: numbers[3],
        extra_data: rest.2.into(),
        mix_hash: hashes[5],
        nonce: rest.3,
        base_fee_per_gas: (forks > 0).then_some(scalars[0]),
        withdrawals_root: (forks > 1).then_some(roots[0]),
        blob_gas_used: (forks > 2).then_some(scalars[1]),
        excess_blob_gas: (forks > 2).then_some(scalars[2]),
        parent_beacon_block_root: (forks > 2).then_some(roots[1]),
        requests_hash: (forks > 3).then_some(roots[2]),
    })
}

/// A trie with the entries, its root, and the proof for each of `targets`.
fn build(entries: &BTreeMap<B256, Vec<u8>>, targets: &[B256]) -> (B256, Vec<Vec<Bytes>>) {
    let paths: Vec<Nibbles> = targets.iter().map(Nibbles::unpack).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::from_iter(paths.clone()));
    for (key, value) in entries {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    // The builder names the empty trie by a node; servers give none.
    let of = |path| nodes.matching_nodes_sorted(path).into_iter().map(|(_, node)| node);
    let proofs = paths.iter().map(|path| of(path).filter(|node| node.as_ref() != [0x80]).collect());
    (root, proofs.collect())
}

fn under(state_root: B256, template: Header) -> VerifiedHeader {
    let header = Header { state_root, number: 0, extra_data: genesis_extra(), ..template };
    let checkpoint = TrustedCheckpoint { number: 0, hash: block_hash(&header, &RULES).unwrap() };
    verify_checkpoint(&checkpoint, &header, Evidence::None, &RULES).unwrap()
}

/// The other opinion: does alloy-trie accept the proof of this value, or of absence?
fn alloy_accepts(root: B256, key: B256, value: Option<Vec<u8>>, proof: &[Bytes]) -> bool {
    verify_proof(root, Nibbles::unpack(key), value, proof).is_ok()
}

fn encoded(account: &TrieAccount) -> Vec<u8> {
    alloy_rlp::encode(account)
}

proptest! {
    #[test]
    fn a_header_decodes_to_what_was_encoded(header in header()) {
        prop_assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn a_changed_byte_of_an_encoded_header_is_seen(header in header(), at in any::<Index>(), flip in 1_u8..) {
        let mut bytes = header.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = Header::decode(&bytes) {
            prop_assert_eq!(other.encode(), bytes);
            prop_assert_ne!(other, header);
        }
    }

    #[test]
    fn no_bytes_break_the_decoders(bytes in collection::vec(any::<u8>(), 0..1200)) {
        if let Ok(header) = Header::decode(&bytes) {
            prop_assert_eq!(header.encode(), bytes);
        }
    }

    #[test]
    fn a_signature_recovers_to_its_signer(seed in 1_u8..255, digest in hash()) {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        let (signature, id) = key.sign_prehash_recoverable(digest.as_slice());
        let (r, s) = signature.split_bytes();
        let signature = Signature { r: B256::from_slice(&r), s: B256::from_slice(&s), y_parity: id.is_y_odd() };
        let signer = public_key_address(key.verifying_key());
        prop_assert_eq!(recover_signer(digest, &signature), Ok(signer));
        let bytes = signature.to_bytes(ParityByte::From27);
        prop_assert_eq!(Signature::from_bytes(&bytes, ParityByte::From27), Ok(signature));
    }

    #[test]
    fn no_signature_breaks_recovery(r in hash(), s in hash(), y_parity: bool, digest in hash()) {
        let signature = Signature { r, s, y_parity };
        if let Ok(low) = recover_low_s(digest, &signature) {
            prop_assert_eq!(recover_signer(digest, &signature), Ok(low));
        }
    }

    #[test]
    fn alloy_reads_the_transactions_we_write(
        (chain_id, nonce, gas_limit) in (1_u64.., any::<u64>(), any::<u64>()),
        gas_price in any::<u128>(),
        (to, value) in (option::of(address()), number()),
        data in collection::vec(any::<u8>(), 0..200),
    ) {
        let transaction = Transaction { chain_id, nonce, gas_price, gas_limit, to, value, data: data.into() };
        let signature = Signature { r: keccak256("r"), s: keccak256("s"), y_parity: nonce % 2 == 1 };
        let raw = transaction.encode_signed(&signature);
        let mut items = Rlp::new(&raw).unwrap();
        prop_assert_eq!(items.get_next::<u64>(), Ok(Some(nonce)));
        prop_assert_eq!(items.get_next::<u128>(), Ok(Some(gas_price)));
        prop_assert_eq!(items.get_next::<u64>(), Ok(Some(gas_limit)));
        let to: Bytes = to.map(|to| Bytes::copy_from_slice(to.as_slice())).unwrap_or_default();
        prop_assert_eq!(items.get_next::<Bytes>(), Ok(Some(to)));
        prop_assert_eq!(items.get_next::<U256>(), Ok(Some(value)));
        prop_assert_eq!(items.get_next::<Bytes>(), Ok(Some(transaction.data)));
        let v = 2 * u128::from(chain_id) + 35 + u128::from(signature.y_parity);
        prop_assert_eq!(items.get_next::<u128>(), Ok(Some(v)));
        prop_assert_eq!(items.get_next::<U256>(), Ok(Some(signature.r.into())));
        prop_assert_eq!(items.get_next::<U256>(), Ok(Some(signature.s.into())));
        prop_assert_eq!(items.get_next::<u64>(), Ok(None));
        let mut rest = raw.as_slice();
        alloy_rlp::Header::decode_bytes(&mut rest, true).unwrap();
        prop_assert!(rest.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn accounts_of_random_tries_are_proven_as_alloy_proves_them(
        accounts in collection::btree_map(address(), (any::<u64>(), number(), hash()), 1..200),
        strangers in collection::vec(address(), 8),
        template in header(),
    ) {
        let entry = |(nonce, balance, root): &(u64, U256, B256)| TrieAccount {
            nonce: *nonce,
            balance: *balance,
            storage_root: *root,
            code_hash: keccak256("code"),
        };
        let entries: BTreeMap<B256, Vec<u8>> =
            accounts.iter().map(|(address, fields)| (keccak256(address), encoded(&entry(fields)))).collect();
        let asked: Vec<Address> = accounts.keys().copied().take(20).chain(strangers).collect();
        let (root, proofs) = build(&entries, &asked.iter().map(keccak256).collect::<Vec<_>>());
        let header = under(root, template);
        for (address, proof) in asked.iter().zip(&proofs) {
            let account = verify_account(&header, *address, proof).unwrap();
            let expected = accounts.get(address).map(entry);
            prop_assert_eq!(account.exists(), expected.is_some());
            if let Some(expected) = expected {
                prop_assert_eq!(account.nonce(), expected.nonce);
                prop_assert_eq!(account.balance(), expected.balance);
                prop_assert_eq!(account.storage_root(), expected.storage_root);
                prop_assert_eq!(account.code_hash(), expected.code_hash);
            }
            let value = expected.as_ref().map(encoded);
            prop_assert!(alloy_accepts(root, keccak256(address), value, proof));
        }
    }

    #[test]
    fn slots_of_random_tries_are_proven_and_any_change_is_refused(
        slots in collection::btree_map(hash(), number().prop_filter("zero is absent", |n| !n.is_zero()), 0..200),
        strangers in collection::vec(hash(), 8),
        (node, byte, flip) in (any::<Index>(), any::<Index>(), 1_u8..),
        template in header(),
    ) {
        let entries: BTreeMap<B256, Vec<u8>> =
            slots.iter().map(|(slot, value)| (keccak256(slot), alloy_rlp::encode(value))).collect();
        let asked: Vec<B256> = slots.keys().copied().take(20).chain(strangers).collect();
        let (storage_root, proofs) = build(&entries, &asked.iter().map(keccak256).collect::<Vec<_>>());
        let address = Address::repeat_byte(7);
        let account = TrieAccount { storage_root, ..TrieAccount::default() };
        let (state_root, account_proof) =
            build(&BTreeMap::from([(keccak256(address), encoded(&account))]), &[keccak256(address)]);
        let account = verify_account(&under(state_root, template), address, &account_proof[0]).unwrap();
        for (slot, proof) in asked.iter().zip(&proofs) {
            let proven = account.verify_slot(*slot, proof).unwrap();
            prop_assert_eq!(proven.value(), slots.get(slot).copied().unwrap_or_default());
            if proof.is_empty() {
                continue;
            }
            let mut changed = proof.clone();
            let node = node.index(changed.len());
            let mut bytes = changed[node].to_vec();
            let byte = byte.index(bytes.len());
            bytes[byte] ^= flip;
            changed[node] = bytes.into();
            prop_assert!(account.verify_slot(*slot, &changed).is_err());
            prop_assert!(account.verify_slot(*slot, &proof[1..]).is_err());
            prop_assert!(account.verify_slot(*slot, &proof[..proof.len() - 1]).is_err());
        }
    }

    #[test]
    fn no_nodes_break_the_walker(
        proof in collection::vec(collection::vec(any::<u8>(), 0..200), 0..5),
        template in header(),
    ) {
        let proof: Vec<Bytes> = proof.into_iter().map(Bytes::from).collect();
        let root = proof.first().map(keccak256).unwrap_or_default();
        let _refused_or_absent = verify_account(&under(root, template), Address::ZERO, &proof);
    }
}
