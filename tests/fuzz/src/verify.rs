//! The verifiers of headers, against mixtures of a recorded chain: whatever is accepted was recorded.

use client::{encode_stored_head, verify_stored_head};
use lightclient::{
    Asked, Evidence, Header, TrustedCheckpoint, keccak256, verify_checkpoint, verify_header, verify_parent,
};

use crate::input::{Input, choice};
use crate::recorded::Chain;

/// A header that is accepted, from any trusted one, is the recorded one.
///
/// Input: which is trusted, which is offered, what was asked, what time it is; then changes of what is offered.
pub(crate) fn qbft(data: &[u8]) {
    let chain = Chain::qbft();
    let mut input = Input::new(data);
    let trusted = &chain.headers[input.below(chain.headers.len())];
    let offered = &chain.headers[input.below(chain.headers.len())];
    let asked = match input.byte() % 3 {
        0 => Asked::Latest,
        1 => Asked::Number(offered.number()),
        _ => Asked::Hash(offered.hash()),
    };
    let (is_late, now) = match input.byte() % 2 {
        0 => (false, chain.now()),
        _ => (true, input.number()),
    };
    let is_whole = input.is_at_end();
    let Some(header) = changed(chain, offered.raw(), &mut input) else { return };
    match verify_header(trusted, &header, Evidence::None, asked, &chain.rules, now) {
        Ok(verified) => chain.assert_recorded(&verified),
        Err(error) => {
            let is_next = offered.number() == trusted.number() + 1;
            assert!(!(is_whole && is_next && !is_late), "refused the next recorded header: {error}");
        }
    }
    let checkpoint = TrustedCheckpoint { number: offered.number(), hash: offered.hash() };
    if let Ok(verified) = verify_checkpoint(&checkpoint, &header, Evidence::None, &chain.rules) {
        chain.assert_recorded(&verified);
    }
    if let Ok(verified) = verify_parent(trusted, &header, &chain.rules) {
        chain.assert_recorded(&verified);
    }
}

/// A Clique header that is accepted, walking or skipping, is the recorded one: the headers on top of it name its hash.
///
/// Input: which is trusted (the genesis block every other time), which is offered, how many headers are on top, whether
/// those between are given; which of all these is changed, and its changes.
pub(crate) fn clique(data: &[u8]) {
    let chain = Chain::clique();
    let mut input = Input::new(data);
    let trusted = match input.byte() {
        from if from.is_multiple_of(2) => 0,
        from => usize::from(from),
    };
    let offered = trusted + input.below(MAX_WALK);
    let (on_top, is_walk) = (usize::from(input.byte() % 8), input.byte().is_multiple_of(2));
    let Some(trusted) = chain.headers.get(trusted) else { return };
    let is_whole = input.is_at_end();
    let first = usize::try_from(trusted.number()).expect("a recorded number") + 1;
    let mut headers: Vec<Header> = chain
        .headers
        .iter()
        .take(offered + on_top + 1)
        .skip(if is_walk { first.min(offered) } else { offered })
        .map(|header| header.raw().clone())
        .collect();
    let at = input.below(headers.len());
    let Some(target) = headers.get_mut(at) else { return };
    let Some(header) = changed(chain, target, &mut input) else { return };
    *target = header;
    let position = if is_walk { offered.saturating_sub(first.min(offered)) } else { 0 };
    let Some((before, [header, descendants @ ..])) = headers.split_at_checked(position) else { return };
    let evidence = Evidence::Chain { ancestors: before, descendants };
    match verify_header(trusted, header, evidence, Asked::Latest, &chain.rules, chain.now()) {
        Ok(verified) => chain.assert_recorded(&verified),
        Err(error) => {
            let is_settled = descendants.len() > 3;
            let from_genesis = trusted.number() == 0;
            assert!(!(is_whole && is_settled && from_genesis), "refused a recorded header: {error}");
        }
    }
}

/// What a store holds is used only when it is a recorded head behind the checkpoint, byte for byte.
///
/// Input: the checkpoint, whether to make the stored digest right, the stored bytes.
pub(crate) fn stored_head(data: &[u8]) {
    let chain = Chain::qbft();
    let mut input = Input::new(data);
    let checkpoint = &chain.headers[input.below(chain.headers.len())];
    let is_mended = input.byte() % 2 == 1;
    let mut bytes = input.rest().to_vec();
    if is_mended
        && let Some((digest, kept)) = bytes.get_mut(1..).and_then(|rest| rest.split_at_mut_checked(32))
    {
        digest.copy_from_slice(keccak256(kept).as_slice());
    }
    let expected = TrustedCheckpoint { number: checkpoint.number(), hash: checkpoint.hash() };
    if let Ok(head) = verify_stored_head(&bytes, &expected, &chain.rules) {
        chain.assert_recorded(&head);
        assert!(head.number() >= checkpoint.number(), "went behind the checkpoint");
        assert_eq!(encode_stored_head(&head), bytes, "other bytes mean the same head");
    }
}

/// `header` after at most eight changes; `None` when one of them left no header.
fn changed(chain: &Chain, header: &Header, input: &mut Input<'_>) -> Option<Header> {
    let mut header = header.clone();
    for _ in 0..8 {
        if input.is_at_end() {
            break;
        }
        match input.byte() % 4 {
            0 => {
                let mut rlp = header.encode();
                input.edit(&mut rlp);
                header = Header::decode(&rlp).ok()?;
            }
            1 => {
                let mut extra = header.extra_data.to_vec();
                input.edit(&mut extra);
                header.extra_data = extra.into();
            }
            2 => {
                let other = chain.headers[input.below(chain.headers.len())].raw();
                header.extra_data = other.extra_data.clone();
            }
            _ => {
                let other = chain.headers[input.below(chain.headers.len())].raw();
                header = Header { extra_data: header.extra_data, ..other.clone() };
            }
        }
    }
    Some(header)
}

pub(crate) fn qbft_seeds() -> Vec<Vec<u8>> {
    let pairs =
        [(0, 1), (9, 10), (104, 105), (105, 106), (133, 134), (204, 205), (0, 40), (0, 205), (40, 40)];
    let asked = [0, 1, 2].into_iter().cycle();
    let mut seeds: Vec<Vec<u8>> = pairs
        .into_iter()
        .zip(asked)
        .map(|((trusted, offered), asked)| [&choice(trusted)[..], &choice(offered), &[asked, 0]].concat())
        .collect();
    // The seals of another header; a changed byte.
    seeds.push([&choice(39)[..], &choice(40), &[0, 0, 2], &choice(41)].concat());
    seeds.push([&choice(39)[..], &choice(40), &[0, 0, 0], &choice(100), &[0, 1]].concat());
    seeds
}

pub(crate) fn stored_head_seeds() -> Vec<Vec<u8>> {
    [(0, 0), (0, 205), (10, 10), (10, 105), (50, 49), (50, 160)]
        .into_iter()
        .zip([0, 1].into_iter().cycle())
        .map(|((checkpoint, head), mended)| {
            let head = encode_stored_head(&Chain::qbft().headers[head]);
            [&choice(checkpoint)[..], &[mended], &head].concat()
        })
        .collect()
}

pub(crate) fn clique_seeds() -> Vec<Vec<u8>> {
    // Next, walking, skipping, to the same; then a changed difficulty on top, and the seal of another.
    let mut seeds: Vec<Vec<u8>> =
        [(0, 1, 4, 0), (0, 20, 5, 0), (0, 20, 5, 1), (3, 1, 4, 0), (99, 7, 4, 1), (0, 0, 2, 0)]
            .into_iter()
            .map(|(trusted, distance, on_top, skip)| {
                [&[trusted][..], &choice(distance), &[on_top, skip]].concat()
            })
            .collect();
    seeds.push([&[0][..], &choice(9), &[4, 0], &choice(10), &[0], &choice(500), &[0, 3]].concat());
    seeds.push([&[0][..], &choice(9), &[4, 0], &choice(8), &[2], &choice(100)].concat());
    seeds
}

/// How many headers a walk is long, at most: each takes the recovery of a seal.
const MAX_WALK: usize = 24;
