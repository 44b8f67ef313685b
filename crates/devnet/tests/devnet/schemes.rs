//! Every scheme seals as its engine would, through votes, epochs and a restart; checked by the rules, from the JSON alone.

use std::collections::BTreeSet;

use alloy_consensus::Header;
use alloy_primitives::{Address, B64, B256, Bytes, Signature, keccak256};
use devnet::{Rules, Scheme};
use serde_json::{Value, json};

use crate::check::header_of;
use crate::clique::Snapshot;
use crate::harness::{CHAIN_ID, Net, address, data, hash, number, text};

const EPOCH: u64 = 8;

fn start(scheme: Scheme) -> Net {
    Net::start_with(Rules { chain_id: CHAIN_ID, scheme, epoch: EPOCH, ..Rules::default() })
}

/// A chain in which one validator was voted in, then another out, with a restart in the middle of the second vote.
fn changed(scheme: Scheme) -> (Net, [BTreeSet<Address>; 3]) {
    let mut net = start(scheme);
    let set = |net: &Net| net.devnet().chain().validators().into_iter().collect::<BTreeSet<_>>();
    let first = set(&net);
    while net.seal() < 9 {}
    let candidate = net.vote(json!(["add"]));
    let second = set(&net);
    assert_eq!(second.difference(&first).collect::<Vec<_>>(), [&candidate]);
    let leaver = *first.first().expect("four validators");
    net.ask("devnet_vote", json!(["drop", leaver]));
    net.seal();
    let mut net = net.restart();
    for _ in 0..2 * EPOCH {
        net.seal();
    }
    let third = set(&net);
    assert_eq!(second.difference(&third).collect::<Vec<_>>(), [&leaver], "{scheme:?}");
    assert_eq!((second.len(), third.len()), (5, 4));
    while net.seal() < 55 {}
    (net, [first, second, third])
}

fn block(net: &Net, endpoint: usize, number: u64) -> Value {
    net.ask_at(endpoint, "eth_getBlockByNumber", json!([format!("{number:#x}"), false]))
}

/// Splits the payload of an RLP list into its items, each as it stands.
fn items(mut list: &[u8]) -> Vec<&[u8]> {
    let header = alloy_rlp::Header::decode(&mut list).expect("a list");
    assert!(header.list && header.payload_length == list.len());
    let mut items = Vec::new();
    while !list.is_empty() {
        let mut rest = list;
        let item = alloy_rlp::Header::decode(&mut rest).expect("an item");
        let length = list.len() - rest.len() + item.payload_length;
        let (item, rest) = list.split_at(length);
        items.push(item);
        list = rest;
    }
    items
}

fn list(items: &[&[u8]]) -> Vec<u8> {
    let payload = items.concat();
    let mut encoded = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut encoded);
    encoded.extend(payload);
    encoded
}

fn payload(item: &[u8]) -> &[u8] {
    let mut rest = item;
    alloy_rlp::Header::decode(&mut rest).expect("an item");
    rest
}

fn recover(digest: B256, seal: &[u8]) -> Address {
    let signature = Signature::from_bytes_and_parity(&seal[..64], seal[64] == 1);
    signature.recover_address_from_prehash(&digest).expect("somebody signed")
}

/// What a BFT header says.
struct Read {
    listed: Vec<Address>,
    vote: Option<(Address, bool)>,
    proposer: Address,
    signers: BTreeSet<Address>,
}

/// Takes a header of a BFT scheme apart and checks hash and seals.
fn read(scheme: Scheme, block: &Value) -> Read {
    let header = header_of(block);
    let with = |extra: Vec<u8>| Header { extra_data: extra.into(), ..header.clone() }.hash_slow();
    let extra = header.extra_data.to_vec();
    let (mut proposer, mut vote) = (header.beneficiary, None);
    let (listed, hashed, digest, seals);
    if scheme == Scheme::Ibft {
        let (vanity, rest) = extra.split_at(32);
        let parts = items(rest);
        let with = |parts: &[&[u8]]| with([vanity, &list(parts)].concat());
        hashed = with(&[parts[0], parts[1], &[0xc0]]);
        digest = keccak256([hashed.as_slice(), &[2]].concat());
        (listed, seals) = (parts[0].to_vec(), parts[2].to_vec());
        if header.number > 0 {
            proposer = recover(keccak256(with(&[parts[0], &[0x80], &[0xc0]])), payload(parts[1]));
        }
        if !header.beneficiary.is_zero() {
            assert!([B64::ZERO, B64::repeat_byte(0xff)].contains(&header.nonce));
            vote = Some((header.beneficiary, header.nonce != B64::ZERO));
        }
    } else {
        let parts = items(&extra);
        assert_eq!(parts.len(), 5);
        let (bare, round_kept) = match scheme {
            Scheme::Ibft2 => (list(&parts[..3]), list(&parts[..4])),
            _ => (
                list(&[parts[0], parts[1], parts[2], &[0x80], &[0xc0]]),
                list(&[parts[0], parts[1], parts[2], parts[3], &[0xc0]]),
            ),
        };
        (hashed, digest) = (with(bare), with(round_kept));
        (listed, seals) = (parts[1].to_vec(), parts[4].to_vec());
        if parts[2].len() > 1 {
            let parts = items(parts[2]);
            vote = Some((Address::from_slice(payload(parts[0])), parts[1] == [0x81, 0xff]));
        }
    }
    assert_eq!(hashed, hash(&block["hash"]), "block {}", header.number);
    let listed = items(&listed).into_iter().map(|item| Address::from_slice(payload(item))).collect();
    let signers = items(&seals).into_iter().map(|item| recover(digest, payload(item))).collect();
    Read { listed, vote, proposer, signers }
}

#[test]
fn bft_headers_are_sealed_by_a_quorum_of_the_set_that_was_voted() {
    for scheme in [Scheme::Qbft, Scheme::Ibft2, Scheme::Ibft] {
        let (net, [mut expected, _, third]) = changed(scheme);
        let mut votes: Vec<(Address, Address, bool)> = Vec::new();
        for height in 1..=55 {
            for endpoint in 0..3 {
                let read = read(scheme, &block(&net, endpoint, height));
                assert_eq!(read.listed, expected.iter().copied().collect::<Vec<_>>(), "{scheme:?} {height}");
                assert!(read.signers.is_subset(&expected) && expected.contains(&read.proposer));
                assert!(read.signers.len() >= (2 * expected.len()).div_ceil(3));
            }
            let read = read(scheme, &block(&net, 0, height));
            if height % EPOCH == 0 {
                assert_eq!(read.vote, None);
                votes.clear();
            } else if let Some((candidate, adds)) = read.vote {
                votes.push((read.proposer, candidate, adds));
                let agreeing: BTreeSet<_> =
                    votes.iter().filter(|(_, other, way)| (*other, *way) == (candidate, adds)).collect();
                if agreeing.len() > expected.len() / 2 {
                    if adds {
                        expected.insert(candidate)
                    } else {
                        expected.remove(&candidate)
                    };
                    votes.retain(|(voter, other, _)| *other != candidate && (adds || *voter != candidate));
                }
            }
        }
        assert_eq!(expected, third);
    }
}

#[test]
fn headers_of_contract_mode_are_sealed_by_the_set_the_contract_names() {
    let scheme = Scheme::QbftContract;
    let (net, _) = changed(scheme);
    for height in 1..=55_u64 {
        let parent = format!("{:#x}", height - 1);
        let call = json!({ "to": "0x0000000000000000000000000000000000008888", "data": "0xb7ab4db5" });
        let named = data(&net.ask("eth_call", json!([call, parent])));
        let expected: BTreeSet<Address> =
            named[64..].chunks(32).map(|word| Address::from_slice(&word[12..])).collect();
        let asked = net.ask("qbft_getValidatorsByBlockNumber", json!([parent]));
        assert_eq!(asked, json!(expected));
        let read = read(scheme, &block(&net, 1, height));
        assert_eq!((read.listed, read.vote), (Vec::new(), None));
        assert!(read.signers.is_subset(&expected));
        assert!(read.signers.len() >= (2 * expected.len()).div_ceil(3));
    }
}

#[test]
fn clique_headers_follow_eip_225_through_votes_and_epochs() {
    let (net, [first, _, third]) = changed(Scheme::Clique);
    let mut snapshot = Snapshot::genesis(&block(&net, 0, 0), EPOCH);
    assert_eq!(snapshot.signers, first);
    let mut weight = 1;
    let mut difficulties = BTreeSet::new();
    for height in 1..=55 {
        let (served, parent) = (block(&net, 1, height), block(&net, 0, height - 1));
        assert_eq!(served, block(&net, 0, height), "everybody serves the same seal");
        assert_eq!(served["parentHash"], parent["hash"]);
        snapshot.apply(&served).unwrap_or_else(|fault| panic!("block {height}: {fault:?}"));
        let listed = net.ask("clique_getSigners", json!([format!("{height:#x}")]));
        assert_eq!(listed, json!(snapshot.signers));
        weight += number(&served["difficulty"]);
        assert_eq!(number(&served["totalDifficulty"]), weight);
        difficulties.insert(number(&served["difficulty"]));
    }
    assert_eq!(snapshot.signers, third);
    assert_eq!(difficulties, [1, 2].into());
}

#[test]
fn one_validator_is_enough() {
    for (_, scheme) in Scheme::ALL {
        let rules = Rules { chain_id: CHAIN_ID, scheme, epoch: 2, validators: 1, ..Rules::default() };
        let mut net = Net::start_with(rules);
        while net.seal() < 5 {}
        assert_eq!(net.devnet().chain().validators().len(), 1);
    }
}

#[test]
fn raw_headers_hash_to_what_the_json_says() {
    for (name, scheme) in Scheme::ALL {
        let mut net = start(scheme);
        assert_eq!(Scheme::named(name), Some(scheme));
        while net.seal() < 3 {}
        for height in ["0x0", "0x3"] {
            let raw = data(&net.ask_at(2, "debug_getRawHeader", json!([height])));
            let json = net.ask_at(2, "eth_getBlockByNumber", json!([height, false]));
            assert_eq!(raw, Bytes::from(alloy_rlp::encode(header_of(&json))), "{name}");
        }
    }
}

#[test]
fn refuses_votes_and_folders_that_do_not_fit() {
    let net = start(Scheme::Qbft);
    let member = net.devnet().chain().validators()[0];
    let nobody = Address::repeat_byte(9);
    for (vote, problem) in [
        (json!(["add", member]), format!("{member} is a validator already, or is being voted in")),
        (json!(["add", nobody]), format!("the key of {nobody} is not here")),
        (json!(["drop", nobody]), format!("{nobody} is no validator, or is being voted out")),
    ] {
        assert_eq!(net.fail("devnet_vote", vote), (-32000, problem));
    }
    assert_eq!(net.fail("devnet_vote", json!(["drop"])).0, -32602);
    assert_eq!(net.fail("clique_getSigners", json!(["latest"])).0, -32601);
    assert_eq!(text(&net.ask("devnet_vote", json!(["drop", member]))).parse(), Ok(member));
    let mut options = crate::harness::options(net.folder());
    let folder = net.stop();
    options.rules.scheme = Scheme::Clique;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let error = runtime.block_on(devnet::Devnet::start(options)).expect_err("another scheme");
    assert_eq!(error.to_string(), "the state folder holds a chain of scheme qbft, expected clique");
    drop(folder);
}

#[test]
fn a_former_validator_can_be_voted_back_in() {
    for scheme in [Scheme::Qbft, Scheme::Clique, Scheme::QbftContract] {
        let mut net = start(scheme);
        let member = net.devnet().chain().validators()[1];
        net.vote(json!(["drop", member]));
        assert!(!net.devnet().chain().validators().contains(&member));
        assert_eq!(net.vote(json!(["add", member])), member);
        assert!(net.devnet().chain().validators().contains(&member));
        assert_eq!(address(&json!(member)), member);
    }
}
