//! Account and storage proofs: a recorded proof, however it is changed, never proves anything but what was recorded.

use alloy_primitives::{Bytes, U256};
use lightclient::verify_account;

use crate::input::{Input, choice};
use crate::recorded::{Chain, Proof, Slot};

/// Input: which account is asked for, whose nodes are given; then changes of the nodes.
pub(crate) fn account(data: &[u8]) {
    let chain = Chain::qbft();
    let mut input = Input::new(data);
    let asked = &chain.proofs[input.below(chain.proofs.len())];
    let given = &chain.proofs[input.below(chain.proofs.len())];
    let nodes = changed(&given.nodes, &mut input);
    match verify_account(&chain.headers[asked.block], asked.address, &nodes) {
        Ok(account) => {
            assert_eq!(nodes, asked.nodes, "other nodes prove the account");
            assert_eq!(account.address(), asked.address);
            assert_eq!(U256::from(account.nonce()), asked.nonce);
            assert_eq!(account.balance(), asked.balance);
            assert_eq!(account.code_hash(), asked.code_hash);
            assert_eq!(account.storage_root(), asked.storage_root);
        }
        Err(error) => assert_ne!(nodes, asked.nodes, "the recorded proof is refused: {error}"),
    }
}

/// Input: of which account, which slot is asked for, whose nodes are given; then changes of the nodes.
pub(crate) fn storage(data: &[u8]) {
    let chain = Chain::qbft();
    let contracts: Vec<&Proof> = chain.proofs.iter().filter(|proof| !proof.slots.is_empty()).collect();
    let mut input = Input::new(data);
    let contract = contracts[input.below(contracts.len())];
    let asked = &contract.slots[input.below(contract.slots.len())];
    let other = contracts[input.below(contracts.len())];
    let given = &other.slots[input.below(other.slots.len())];
    let nodes = changed(&given.nodes, &mut input);
    let account = verify_account(&chain.headers[contract.block], contract.address, &contract.nodes)
        .expect("the recorded account proof verifies");
    match account.verify_slot(asked.slot, &nodes) {
        Ok(slot) => {
            assert_eq!(nodes, asked.nodes, "other nodes prove the slot");
            assert_eq!((slot.slot(), slot.value()), (asked.slot, asked.value));
        }
        Err(error) => assert_ne!(nodes, asked.nodes, "the recorded proof is refused: {error}"),
    }
}

/// `nodes` after at most eight changes: of bytes, of the list, or a node of another proof put in.
fn changed(nodes: &[Bytes], input: &mut Input<'_>) -> Vec<Bytes> {
    let proofs = &Chain::qbft().proofs;
    let mut nodes = nodes.to_vec();
    for _ in 0..8 {
        if input.is_at_end() {
            break;
        }
        let (kind, position) = (input.byte() % 5, input.below(nodes.len()));
        match kind {
            0 if position < nodes.len() => {
                let mut node = nodes[position].to_vec();
                input.edit(&mut node);
                nodes[position] = node.into();
            }
            1 if position < nodes.len() => {
                nodes.remove(position);
            }
            2 if position < nodes.len() => {
                let other = input.below(nodes.len());
                nodes.swap(position, other);
            }
            3 => {
                let other = &proofs[input.below(proofs.len())];
                let lists: Vec<&[Bytes]> = std::iter::once(&*other.nodes)
                    .chain(other.slots.iter().map(|slot: &Slot| &*slot.nodes))
                    .collect();
                let list = lists[input.below(lists.len())];
                nodes.splice(position..position, list.get(input.below(list.len())).cloned());
            }
            _ => nodes.insert(position, Bytes::copy_from_slice(input.bytes())),
        }
    }
    nodes
}

pub(crate) fn account_seeds() -> Vec<Vec<u8>> {
    let each = 0..Chain::qbft().proofs.len();
    each.map(|proof| [choice(proof), choice(proof)].concat()).collect()
}

pub(crate) fn storage_seeds() -> Vec<Vec<u8>> {
    let contracts = Chain::qbft().proofs.iter().filter(|proof| !proof.slots.is_empty()).enumerate();
    contracts
        .flat_map(|(contract, proof)| {
            let own = move |slot| [choice(contract), choice(slot), choice(contract), choice(slot)].concat();
            (0..proof.slots.len()).step_by(4).map(own)
        })
        .collect()
}
