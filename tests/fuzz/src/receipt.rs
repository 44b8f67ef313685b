//! Receipts and transactions of a block: the recorded list is accepted, and no other.

use alloy_primitives::Bytes;
use lightclient::{Receipt, verify_receipts, verify_transactions};

use crate::input::{Input, choice};
use crate::recorded::Chain;

/// A receipt that decodes is encoded to the same bytes.
pub(crate) fn receipt(data: &[u8]) {
    let Ok(receipt) = Receipt::decode(data) else { return };
    assert_eq!(receipt.encode(), data, "encode is not the inverse of decode");
}

/// Input: of which block, receipts or transactions; then changes of the list.
pub(crate) fn body(data: &[u8]) {
    let chain = Chain::qbft();
    let mut input = Input::new(data);
    let body = &chain.bodies[input.below(chain.bodies.len())];
    let header = &chain.headers[body.block];
    let is_receipts = input.byte().is_multiple_of(2);
    let recorded = if is_receipts { &body.receipts } else { &body.transactions };
    let items = changed(recorded, &mut input);
    let accepted = if is_receipts {
        verify_receipts(header, &items).map(|proven| {
            let encoded = proven.receipts().iter().map(|receipt| Bytes::from(receipt.encode()));
            assert!(encoded.eq(items.iter().cloned()), "other receipts than those given");
        })
    } else {
        verify_transactions(header, items.clone()).map(|proven| {
            let raw = proven.transactions().iter().map(|transaction| transaction.raw());
            assert!(raw.eq(&items), "other transactions than those given");
        })
    };
    assert_eq!(accepted.is_ok(), items == *recorded, "{accepted:?}");
}

/// `items` after at most eight changes: of bytes, of the list, or an item of another block put in.
fn changed(items: &[Bytes], input: &mut Input<'_>) -> Vec<Bytes> {
    let bodies = &Chain::qbft().bodies;
    let mut items = items.to_vec();
    for _ in 0..8 {
        if input.is_at_end() {
            break;
        }
        let (kind, position) = (input.byte() % 4, input.below(items.len()));
        match kind {
            0 if position < items.len() => {
                let mut item = items[position].to_vec();
                input.edit(&mut item);
                items[position] = item.into();
            }
            1 if position < items.len() => {
                items.remove(position);
            }
            2 if position < items.len() => {
                let other = input.below(items.len());
                items.swap(position, other);
            }
            _ => {
                let other = &bodies[input.below(bodies.len())];
                let list = if input.byte().is_multiple_of(2) { &other.receipts } else { &other.transactions };
                items.splice(position..position, list.get(input.below(list.len())).cloned());
            }
        }
    }
    items
}

pub(crate) fn receipt_seeds() -> Vec<Vec<u8>> {
    let receipts = Chain::qbft().bodies.iter().flat_map(|body| &body.receipts);
    receipts.step_by(8).map(|receipt| receipt.to_vec()).collect()
}

pub(crate) fn body_seeds() -> Vec<Vec<u8>> {
    let blocks = 0..Chain::qbft().bodies.len();
    blocks.flat_map(|block| [0, 1].map(|list| [&choice(block)[..], &[list]].concat())).collect()
}
