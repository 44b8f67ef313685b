//! A chain sealed by a real engine, verified natively and in a browser.
//!
//! The vectors were recorded from GoQuorum; what is expected of each (hash, proposer, committers, values) was
//! worked out by another implementation: see `tests/vectors/recorded/goquorum-qbft/README.md`.
//! In a browser: `cargo test -p lightclient --target wasm32-unknown-unknown --test vectors`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, a panic is a failed test")]

use alloy_primitives::{Address, B256, Bytes, U256, address};
use lightclient::{
    Asked, BftError, ChainRules, Evidence, Header, ProofError, ProvenAccount, RlpError, Schedule, SealScheme,
    TrieError, TrustThreshold, TrustedCheckpoint, ValidatorSetError, VerifiedHeader, VerifyError, block_hash,
    keccak256, verify_account, verify_checkpoint, verify_header,
};
use serde::Deserialize;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[test]
fn all_206_headers_verify_one_after_the_other() {
    let chain = Chain::load();
    assert_eq!(chain.headers.len(), 206);
    let mut trusted = chain.trusted(0);
    chain.assert_as_recorded(&trusted);
    for (header, recorded) in chain.headers.iter().zip(&chain.recorded).skip(1) {
        assert_eq!(header.parent_hash, trusted.hash());
        trusted = chain.verify(&trusted, header, Asked::Hash(recorded.hash)).unwrap();
        chain.assert_as_recorded(&trusted);
    }
}

#[test]
fn all_206_headers_verify_by_skipping_from_the_genesis_block() {
    let chain = Chain::load();
    let mut headers = 0;
    for number in 0..206 {
        chain.assert_as_recorded(&chain.skip_to(chain.trusted(0), number, &mut headers));
    }
    // The set changes three times by one validator: nearly every header is reached in one step.
    assert!(headers < 2 * 206, "{headers} headers verified");
}

#[test]
fn every_recorded_header_serves_as_a_checkpoint() {
    let chain = Chain::load();
    for number in 0..206 {
        chain.assert_as_recorded(&chain.trusted(number));
    }
}

#[test]
fn headers_encode_to_the_bytes_they_were_decoded_from() {
    let chain = Chain::load();
    for (header, recorded) in chain.headers.iter().zip(&chain.recorded) {
        assert_eq!(header.encode(), recorded.header_rlp, "header {}", recorded.number);
        assert_eq!(block_hash(header, &chain.rules), Ok(recorded.hash));
    }
}

#[test]
fn each_negative_is_refused_for_its_reason_and_the_positive_accepted() {
    let chain = Chain::load();
    let file: Negatives = serde_json::from_str(NEGATIVES).unwrap();
    let trusted = chain.trusted(usize::try_from(file.parent_number).unwrap());
    let number = file.parent_number + 1;
    let mut refused = 0;
    for case in &file.cases {
        let header = Header::decode(&case.header_rlp).unwrap();
        let result = chain.verify(&trusted, &header, Asked::Number(number));
        if case.must_reject {
            refused += 1;
            assert_eq!(result, Err(reason(&case.name, &header, number)), "{}", case.name);
            continue;
        }
        assert_eq!(case.name, "seals-reordered");
        let verified = result.unwrap();
        assert_eq!(verified.hash(), chain.recorded[40].hash);
        let mut signers = verified.signers().to_vec();
        assert_ne!(signers, chain.recorded[40].committers);
        signers.sort();
        assert_eq!(signers, chain.recorded[40].committers);
    }
    assert_eq!((file.cases.len(), refused), (14, 13));
}

/// Why the case called `name` must be refused. Where a sealed field was changed, the seals recover to nobody,
/// but always to the same nobody.
fn reason(name: &str, header: &Header, number: u64) -> VerifyError {
    let unknown = |signer| VerifyError::UnknownSigner { number, signer };
    match name {
        "one-seal-short" => VerifyError::NotEnoughSeals { number, expected: 3, found: 2 },
        "duplicate-seal" | "malleated-duplicate" => VerifyError::DuplicateSigner {
            number,
            signer: address!("1a1eabcbb639ee03568700c63de455d4da51cc2e"),
        },
        "seal-of-another-block" => unknown(address!("ac24fb943db4b0ace9113a4c37126a17ab1622d4")),
        "seal-by-outsider" => unknown(address!("ba91e3e5b6ed68db44de43fe9502e08ab11a8308")),
        "state-root-changed" => unknown(address!("ac227285881c61a0fe1515733a721f0b1e481ed0")),
        "round-changed" => unknown(address!("3731095a5f2e1dde707578dd8511caa74c3f0f69")),
        "proposer-outsider" => VerifyError::Proposer { number, proposer: header.coinbase },
        "validators-emptied" => {
            VerifyError::ExtraData { number, source: BftError::Validators(ValidatorSetError::Empty) }
        }
        "difficulty-2" => VerifyError::Difficulty { number, expected: U256::from(1), found: U256::from(2) },
        "mixhash-zero" => VerifyError::MixHash {
            number,
            expected: B256::from(*b"ctical byzantine fault tolerance"),
            found: B256::ZERO,
        },
        "extra-trailing-item" => VerifyError::ExtraData {
            number,
            source: BftError::Rlp { item: "list", source: RlpError::Trailing { found: 1 } },
        },
        "three-of-four-ok-but-wrong-parent" => VerifyError::Number { expected: 40, found: 42 },
        _ => panic!("no reason is written down for {name}"),
    }
}

#[test]
fn a_header_that_answers_another_question_is_refused() {
    let chain = Chain::load();
    let trusted = chain.trusted(40);
    let (header, found) = (&chain.headers[50], chain.recorded[50].hash);
    assert_eq!(
        chain.verify(&trusted, header, Asked::Number(51)),
        Err(VerifyError::Number { expected: 51, found: 50 })
    );
    let expected = chain.recorded[51].hash;
    assert_eq!(
        chain.verify(&trusted, header, Asked::Hash(expected)),
        Err(VerifyError::Hash { number: 50, expected, found })
    );
    let checkpoint = TrustedCheckpoint { number: 50, hash: expected };
    assert_eq!(
        verify_checkpoint(&checkpoint, header, Evidence::None, &chain.rules),
        Err(VerifyError::Hash { number: 50, expected, found })
    );
    assert!(chain.verify(&trusted, header, Asked::Latest).is_ok());
}

#[test]
fn all_55_recorded_proofs_prove_the_recorded_values() {
    let chain = Chain::load();
    let file: Proofs = serde_json::from_str(PROOFS).unwrap();
    assert_eq!(file.proofs.len(), 55);
    let (mut absent_accounts, mut absent_slots, mut present_slots) = (0, 0, 0);
    for answer in &file.proofs {
        let account = chain.prove(&file, answer).unwrap();
        assert_eq!(account.address(), answer.address);
        assert_eq!(U256::from(account.nonce()), answer.nonce);
        assert_eq!(account.balance(), answer.balance);
        assert_eq!(account.code_hash(), answer.code_hash);
        assert_eq!(account.storage_root(), answer.storage_hash);
        let number = usize::try_from(answer.block).unwrap();
        let block = (answer.block, chain.recorded[number].hash, chain.headers[number].timestamp);
        assert_eq!((account.block_number(), account.block_hash(), account.block_time()), block);
        absent_accounts += usize::from(!account.exists());
        for slot in &answer.slots {
            let proven = account.verify_slot(slot.slot, &file.nodes(&slot.proof)).unwrap();
            assert_eq!((proven.address(), proven.slot()), (answer.address, slot.slot));
            assert_eq!((proven.value(), proven.word()), (slot.value, B256::from(slot.value)));
            assert_eq!((proven.block_number(), proven.block_hash(), proven.block_time()), block);
            let count = if slot.value.is_zero() { &mut absent_slots } else { &mut present_slots };
            *count += 1;
        }
    }
    assert_eq!((absent_accounts, absent_slots, present_slots), (25, 134, 75));
}

#[test]
fn a_proof_that_answers_another_question_is_refused() {
    let chain = Chain::load();
    let file: Proofs = serde_json::from_str(PROOFS).unwrap();
    let contract = file.proofs.iter().rfind(|answer| answer.slots.len() > 1).unwrap();
    let account = chain.prove(&file, contract).unwrap();
    // Of another account of the same block: the nodes may be right, but not for the one that was asked for.
    let header = chain.trusted(usize::try_from(contract.block).unwrap());
    let others = file
        .proofs
        .iter()
        .filter(|answer| answer.block == contract.block && answer.account_proof != contract.account_proof);
    for other in others {
        let result = verify_account(&header, contract.address, &file.nodes(&other.account_proof));
        let Err(ProofError::Account { block, address, .. }) = result else { panic!("accepted {result:?}") };
        assert_eq!((block, address), (contract.block, contract.address));
    }
    // Of another block.
    let genesis = chain.trusted(0);
    let nodes = file.nodes(&contract.account_proof);
    let (expected, found) = (genesis.state_root(), keccak256(&nodes[0]));
    assert_eq!(
        verify_account(&genesis, contract.address, &nodes),
        Err(ProofError::Account {
            block: 0,
            address: contract.address,
            source: Box::new(TrieError::Root { expected, found }),
        })
    );
    // Of another slot.
    for asked in &contract.slots {
        for answered in contract.slots.iter().filter(|answered| answered.proof != asked.proof) {
            let result = account.verify_slot(asked.slot, &file.nodes(&answered.proof));
            let Err(ProofError::Slot { block, address, slot, .. }) = result else {
                panic!("slot {}: accepted {result:?}", asked.slot)
            };
            assert_eq!((block, address, slot), (contract.block, contract.address, asked.slot));
        }
    }
}

/// No byte of a header is free. What the protocol leaves open takes more than one byte: the order of the seals,
/// seals of further validators beyond the quorum, and a seal's twin with the high s. The round is outside the
/// block hash, but inside the digest that is sealed.
#[test]
fn any_changed_byte_of_a_header_is_refused() {
    let chain = Chain::load();
    // Round 1; round 0; a vote that takes effect; its effect; a vote in; five validators.
    for number in [10, 40, 105, 106, 133, 205] {
        let trusted = chain.trusted(number - 1);
        let bytes = &chain.recorded[number].header_rlp;
        for (position, flip) in (0..bytes.len()).zip([0x01, 0x80, 0x10].into_iter().cycle()) {
            let mut changed = bytes.to_vec();
            changed[position] ^= flip;
            let Ok(header) = Header::decode(&changed) else { continue };
            let result = chain.verify(&trusted, &header, Asked::Latest);
            assert!(result.is_err(), "header {number}: byte {position} changed to {}", changed[position]);
        }
    }
}

#[test]
fn any_changed_byte_or_node_of_a_proof_is_refused() {
    let chain = Chain::load();
    let file: Proofs = serde_json::from_str(PROOFS).unwrap();
    for answer in file.proofs.iter().rev().take(10) {
        let header = chain.trusted(usize::try_from(answer.block).unwrap());
        for_each_change(&file.nodes(&answer.account_proof), |changed| {
            assert!(verify_account(&header, answer.address, changed).is_err(), "{changed:?}");
        });
        let account = chain.prove(&file, answer).unwrap();
        for slot in &answer.slots {
            for_each_change(&file.nodes(&slot.proof), |changed| {
                assert!(account.verify_slot(slot.slot, changed).is_err(), "{changed:?}");
            });
        }
    }
}

/// Calls `check` with `nodes` after each change of one byte, and of the list: spare, missing, twice, swapped.
fn for_each_change(nodes: &[Bytes], check: impl Fn(&[Bytes])) {
    let mut changed = nodes.to_vec();
    for (index, node) in nodes.iter().enumerate() {
        for (position, flip) in (0..node.len()).flat_map(|position| [(position, 0x01), (position, 0x80)]) {
            let mut bytes = node.to_vec();
            bytes[position] ^= flip;
            changed[index] = bytes.into();
            check(&changed);
        }
        for other in [[node.as_ref(), &[0]].concat().into(), node.slice(..node.len() - 1)] {
            changed[index] = other;
            check(&changed);
        }
        changed[index] = node.clone();
        let mut without = nodes.to_vec();
        without.remove(index);
        check(&without);
        let mut twice = nodes.to_vec();
        twice.insert(index, node.clone());
        check(&twice);
        if index > 0 {
            let mut swapped = nodes.to_vec();
            swapped.swap(index - 1, index);
            check(&swapped);
        }
    }
    for spare in [Bytes::new(), Bytes::from_static(&[0x80]), Bytes::from_static(&[0xc0])] {
        check(&[nodes, &[spare]].concat());
    }
}

/// The recorded chain, decoded, with what a client must know beforehand.
struct Chain {
    rules: ChainRules,
    recorded: Vec<Recorded>,
    headers: Vec<Header>,
}

impl Chain {
    fn load() -> Self {
        let file: Headers = serde_json::from_str(HEADERS).unwrap();
        let rules = ChainRules {
            chain_id: file.chain_id,
            schedule: Schedule::constant(SealScheme::Qbft, file.epoch_length, file.block_period),
            trust: TrustThreshold::OneThird,
            trusting_period: 86_400,
            clock_drift: 0,
        };
        let headers = file.headers.iter().map(|header| Header::decode(&header.header_rlp).unwrap()).collect();
        Self { rules, recorded: file.headers, headers }
    }

    /// Header `number`, trusted as a checkpoint.
    fn trusted(&self, number: usize) -> VerifiedHeader {
        let recorded = &self.recorded[number];
        let checkpoint = TrustedCheckpoint { number: recorded.number, hash: recorded.hash };
        verify_checkpoint(&checkpoint, &self.headers[number], Evidence::None, &self.rules).unwrap()
    }

    /// Verifies at the time at which the last block was made.
    fn verify(
        &self,
        trusted: &VerifiedHeader,
        header: &Header,
        asked: Asked,
    ) -> Result<VerifiedHeader, VerifyError> {
        let now = self.headers.last().unwrap().timestamp;
        verify_header(trusted, header, Evidence::None, asked, &self.rules, now)
    }

    /// Goes from `trusted` to `number`, half-way first where the trust does not reach. Counts the headers.
    fn skip_to(&self, trusted: VerifiedHeader, number: u64, headers: &mut usize) -> VerifiedHeader {
        *headers += 1;
        let header = &self.headers[usize::try_from(number).unwrap()];
        match self.verify(&trusted, header, Asked::Number(number)) {
            Ok(verified) => verified,
            Err(VerifyError::NotEnoughTrust { .. }) => {
                let half_way = self.skip_to(trusted.clone(), trusted.number().midpoint(number), headers);
                self.skip_to(half_way, number, headers)
            }
            Err(error) => panic!("header {number} from {}: {error:?}", trusted.number()),
        }
    }

    fn prove(&self, file: &Proofs, answer: &Answer) -> Result<ProvenAccount, ProofError> {
        let header = self.trusted(usize::try_from(answer.block).unwrap());
        verify_account(&header, answer.address, &file.nodes(&answer.account_proof))
    }

    fn assert_as_recorded(&self, verified: &VerifiedHeader) {
        let number = usize::try_from(verified.number()).unwrap();
        let recorded = &self.recorded[number];
        assert_eq!(verified.number(), recorded.number);
        assert_eq!(verified.hash(), recorded.hash, "hash of header {number}");
        assert_eq!(verified.round(), recorded.round, "round of header {number}");
        assert_eq!(verified.proposer(), recorded.proposer, "proposer of header {number}");
        assert_eq!(verified.signers(), recorded.committers, "committers of header {number}");
        let validators: Vec<Address> = verified.validators().iter().copied().collect();
        assert_eq!(validators, recorded.validators, "validators of header {number}");
        assert_eq!(verified.raw(), &self.headers[number]);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Headers {
    chain_id: u64,
    epoch_length: u64,
    block_period: u64,
    headers: Vec<Recorded>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    number: u64,
    hash: B256,
    round: u32,
    proposer: Address,
    committers: Vec<Address>,
    validators: Vec<Address>,
    header_rlp: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Negatives {
    parent_number: u64,
    cases: Vec<Negative>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Negative {
    name: String,
    must_reject: bool,
    header_rlp: Bytes,
}

/// The proofs name their nodes by position: many share them.
#[derive(Deserialize)]
struct Proofs {
    nodes: Vec<Bytes>,
    proofs: Vec<Answer>,
}

impl Proofs {
    fn nodes(&self, positions: &[usize]) -> Vec<Bytes> {
        positions.iter().map(|position| self.nodes[*position].clone()).collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    block: u64,
    address: Address,
    balance: U256,
    nonce: U256,
    code_hash: B256,
    storage_hash: B256,
    account_proof: Vec<usize>,
    slots: Vec<SlotAnswer>,
}

#[derive(Deserialize)]
struct SlotAnswer {
    slot: B256,
    value: U256,
    proof: Vec<usize>,
}

const HEADERS: &str = include_str!("../../../tests/vectors/recorded/goquorum-qbft/headers.json");
const NEGATIVES: &str = include_str!("../../../tests/vectors/recorded/goquorum-qbft/negative.json");
const PROOFS: &str = include_str!("../../../tests/vectors/recorded/goquorum-qbft/proofs.json");
