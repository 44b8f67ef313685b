//! QBFT with the validators in a contract: no header names them, the state of the block before proves them.

use alloy_primitives::{Address, Bytes, U256, address};
use lightclient::{
    Asked, Evidence, Header, ProofError, SealScheme, TrieError, ValidatorListError, ValidatorProof,
    VerifiedHeader, VerifyError, block_hash, keccak256, validator_slots, verify_checkpoint, verify_header,
};
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::Chain;

#[test]
fn all_66_headers_verify_one_after_the_other() {
    let recording = Recording::load();
    assert_eq!(recording.chain.headers.len(), 66);
    let mut trusted = recording.trusted(0);
    let mut sizes = vec![trusted.validators().len()];
    for number in 1..66 {
        trusted = recording.verify(&trusted, number, &recording.proof(number)).unwrap();
        recording.assert_as_recorded(&trusted);
        sizes.push(trusted.validators().len());
    }
    // Transactions in block 50 and 52 change the list; the next block is sealed by it.
    assert_eq!(sizes, [&[4; 51][..], &[3; 2], &[4; 13]].concat());
}

#[test]
fn all_66_headers_verify_by_one_skip_from_the_genesis_block() {
    let recording = Recording::load();
    let genesis = recording.trusted(0);
    for number in 1..66 {
        let verified = recording.verify(&genesis, number, &recording.proof(number)).unwrap();
        recording.assert_as_recorded(&verified);
    }
}

#[test]
fn every_recorded_header_serves_as_a_checkpoint() {
    let recording = Recording::load();
    for number in 0..66 {
        recording.assert_as_recorded(&recording.trusted(number));
    }
}

#[test]
fn headers_encode_to_the_bytes_they_were_decoded_from() {
    let chain = Recording::load().chain;
    for (header, recorded) in chain.headers.iter().zip(&chain.recorded) {
        assert_eq!(header.encode(), recorded.header_rlp, "header {}", recorded.number);
        assert_eq!(block_hash(header, &chain.rules), Ok(recorded.hash));
    }
}

#[test]
fn without_the_list_nothing_is_known() {
    let Recording { chain, .. } = Recording::load();
    for number in 0..66 {
        let refused = Err(VerifyError::EvidenceMissing { number });
        let place = usize::try_from(number).unwrap();
        let header = &chain.headers[place];
        assert_eq!(
            verify_checkpoint(&chain.checkpoint(place), header, Evidence::None, &chain.rules),
            refused
        );
    }
}

/// Block 50 removes a validator. Whoever shows the list as it was before is found out, wherever it is from.
#[test]
fn a_list_of_another_block_is_refused() {
    let recording = Recording::load();
    let fifty = recording.trusted(50);
    let verify = |proof: &ValidatorProof| recording.verify(&fifty, 51, proof);
    let right = recording.proof(51);
    assert!(verify(&right).is_ok());

    let stale = recording.proof(50);
    assert_eq!(verify(&stale), Err(VerifyError::Number { expected: 50, found: 49 }));
    let disguised = ValidatorProof { header: right.header.clone(), ..stale };
    let (expected, found) = (fifty.state_root(), keccak256(&disguised.account_proof[0]));
    let root = Box::new(TrieError::Root { expected, found });
    let source = ProofError::Account { block: 50, address: CONTRACT, source: root }.into();
    assert_eq!(verify(&disguised), Err(VerifyError::ValidatorList { number: 51, source }));
    let header = Header { gas_used: 1, ..right.header.clone() };
    let found = block_hash(&header, &recording.chain.rules).unwrap();
    let expected = fifty.hash();
    let changed = ValidatorProof { header, ..right };
    assert_eq!(verify(&changed), Err(VerifyError::Hash { number: 50, expected, found }));
}

#[test]
fn a_list_with_an_entry_more_or_less_is_refused() {
    let recording = Recording::load();
    let fifty = recording.trusted(50);
    let right = recording.proof(51);
    let length = |found| {
        let source = ValidatorListError::Length { block: 50, expected: U256::from(3), found };
        Err(VerifyError::ValidatorList { number: 51, source })
    };
    let mut fewer = right.clone();
    fewer.storage_proofs.pop();
    assert_eq!(recording.verify(&fifty, 51, &fewer), length(2));
    // The slot of the entry that was removed is proven to be empty.
    let mut more = right;
    more.storage_proofs = recording.file.storage_proofs(recording.file.list(50));
    assert_eq!(recording.verify(&fifty, 51, &more), length(4));
}

#[test]
fn a_list_of_another_slot_or_contract_is_refused() {
    let recording = Recording::load();
    let header = &recording.chain.headers[1];
    let refused = |scheme| {
        let chain = Chain::load(HEADERS, scheme);
        let proof = recording.proof(1);
        let evidence = Evidence::Validators(&proof);
        match verify_checkpoint(&chain.checkpoint(1), header, evidence, &chain.rules) {
            Err(VerifyError::ValidatorList { number: 1, source: ValidatorListError::Proof(error) }) => error,
            other => panic!("{other:?}"),
        }
    };
    let slot = U256::from(1);
    let error = refused(SealScheme::QbftContract { address: CONTRACT, slot });
    let asked = validator_slots(slot, 0)[0];
    assert!(matches!(error, ProofError::Slot { block: 0, slot, .. } if slot == asked), "{error:?}");
    let address = Address::repeat_byte(1);
    let error = refused(SealScheme::QbftContract { address, slot: U256::ZERO });
    assert!(matches!(error, ProofError::Account { block: 0, address: of, .. } if of == address), "{error:?}");
}

#[test]
fn any_changed_byte_of_a_list_is_refused() {
    let recording = Recording::load();
    let fifty = recording.trusted(50);
    let right = recording.proof(51);
    let refuse = |changed: &ValidatorProof| {
        assert!(recording.verify(&fifty, 51, changed).is_err(), "{changed:?}");
    };
    let each_flip = |nodes: &[Bytes], check: &dyn Fn(Vec<Bytes>)| {
        for (index, node) in nodes.iter().enumerate() {
            for (position, flip) in (0..node.len()).zip([0x01, 0x80, 0x10].into_iter().cycle()) {
                let mut bytes = node.to_vec();
                bytes[position] ^= flip;
                let mut changed = nodes.to_vec();
                changed[index] = bytes.into();
                check(changed);
            }
        }
    };
    each_flip(&right.account_proof, &|account_proof| {
        refuse(&ValidatorProof { account_proof, ..right.clone() })
    });
    for (slot, nodes) in right.storage_proofs.iter().enumerate() {
        each_flip(nodes, &|nodes| {
            let mut changed = right.clone();
            changed.storage_proofs[slot] = nodes;
            refuse(&changed);
        });
    }
    each_flip(&[recording.chain.recorded[50].header_rlp.clone()], &|bytes| {
        if let Ok(header) = Header::decode(&bytes[0]) {
            // The seals are not in the block hash, and the list is bound by that.
            let is_same = block_hash(&header, &recording.chain.rules) == Ok(fifty.hash());
            let changed = ValidatorProof { header, ..right.clone() };
            assert_eq!(recording.verify(&fifty, 51, &changed).is_ok(), is_same);
        }
    });
}

struct Recording {
    chain: Chain,
    file: Lists,
}

impl Recording {
    fn load() -> Self {
        let scheme = SealScheme::QbftContract { address: CONTRACT, slot: U256::ZERO };
        Self { chain: Chain::load(HEADERS, scheme), file: serde_json::from_str(LISTS).unwrap() }
    }

    /// Proves who may seal header `number`: under the state of the header before, or of the genesis block itself.
    fn proof(&self, number: usize) -> ValidatorProof {
        let before = number.saturating_sub(1);
        let list = self.file.list(before);
        let mut storage_proofs = self.file.storage_proofs(list);
        storage_proofs.truncate(list.validators.len() + 1);
        ValidatorProof {
            header: self.chain.headers[before].clone(),
            account_proof: self.file.nodes(&list.account_proof),
            storage_proofs,
        }
    }

    /// Header `number`, trusted as a checkpoint.
    fn trusted(&self, number: usize) -> VerifiedHeader {
        let proof = self.proof(number);
        let evidence = Evidence::Validators(&proof);
        let (checkpoint, header) = (self.chain.checkpoint(number), &self.chain.headers[number]);
        verify_checkpoint(&checkpoint, header, evidence, &self.chain.rules).unwrap()
    }

    fn verify(
        &self,
        trusted: &VerifiedHeader,
        number: usize,
        proof: &ValidatorProof,
    ) -> Result<VerifiedHeader, VerifyError> {
        let asked = Asked::Hash(self.chain.recorded[number].hash);
        let evidence = Evidence::Validators(proof);
        let header = &self.chain.headers[number];
        verify_header(trusted, header, evidence, asked, &self.chain.rules, self.chain.now())
    }

    fn assert_as_recorded(&self, verified: &VerifiedHeader) {
        let before = usize::try_from(verified.number().saturating_sub(1)).unwrap();
        self.chain.assert_as_recorded(verified, &self.file.list(before).validators);
    }
}

/// Answers of `eth_getProof` about the contract; they name their nodes by position.
#[derive(Deserialize)]
struct Lists {
    nodes: Vec<Bytes>,
    lists: Vec<List>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    block: usize,
    validators: Vec<Address>,
    account_proof: Vec<usize>,
    /// Of the length and four entries, also where fewer are left.
    storage_proofs: Vec<Vec<usize>>,
}

impl Lists {
    /// The list after block `number`: the last one recorded until then, for the state changes only in 50 and 52.
    fn list(&self, number: usize) -> &List {
        self.lists.iter().rfind(|list| list.block <= number).unwrap()
    }

    fn nodes(&self, positions: &[usize]) -> Vec<Bytes> {
        positions.iter().map(|position| self.nodes[*position].clone()).collect()
    }

    fn storage_proofs(&self, list: &List) -> Vec<Vec<Bytes>> {
        list.storage_proofs.iter().map(|positions| self.nodes(positions)).collect()
    }
}

/// Where the genesis file of the chain has the contract, which keeps an `address[]` in slot 0.
const CONTRACT: Address = address!("0000000000000000000000000000000000008888");
const HEADERS: &str = include_str!("../../../../tests/vectors/recorded/goquorum-qbft-contract/headers.json");
const LISTS: &str = include_str!("../../../../tests/vectors/recorded/goquorum-qbft-contract/lists.json");
