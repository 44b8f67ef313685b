//! Clique: a fork is a number of headers in a row, each by another signer, on which the later ones stand.

use super::*;
use crate::{
    Schedule,
    clique::{
        majority,
        tests::{PERIOD, extra_data, genesis, next, seal},
    },
};

pub(super) fn kinds() -> Vec<Kind> {
    let kind = |name, chain: Chain| {
        let make = Box::new(move |random: &mut Random, by| chain.offer_fork(random, by));
        Kind { name, make }
    };
    vec![
        kind("Clique, voted out, votes known", Chain::voted_out(Votes::Known)),
        kind("Clique, voted out, skipped to", Chain::voted_out(Votes::Unknown)),
        kind("Clique, trusting period over", Chain::expired()),
    ]
}

/// Whether clients know the votes at the header that they trust, or skipped to it.
#[derive(PartialEq, Eq)]
enum Votes {
    Known,
    Unknown,
}

/// A chain as it was, and clients that each trust one of its headers.
struct Chain {
    branch: Branch,
    trusted: Vec<VerifiedHeader>,
    former: Vec<SigningKey>,
    current: Vec<SigningKey>,
    /// How long ago, in seconds, the header was made that the client trusts when the former signers come.
    age: u64,
}

impl Chain {
    /// Four signers are replaced by four others, one after the other.
    fn voted_out(votes: Votes) -> Self {
        let keys = keys(8);
        let (former, current) = keys.split_at(4);
        let mut branch = Branch::from_genesis(former);
        let mut set = former.to_vec();
        for (leaves, comes) in former.iter().zip(current) {
            branch.poll(&set, (address(comes), [0xff; 8]));
            set = sorted(set.into_iter().chain([comes.clone()]));
            branch.poll(&set, (address(leaves), [0; 8]));
            set.retain(|key| key != leaves);
        }
        let known_from = branch.headers.len() - 1;
        let mut chain = Self::new(branch, former, current);
        chain.trusted.drain(..known_from);
        if votes == Votes::Unknown {
            chain.trusted.iter_mut().for_each(|trusted| trusted.authority.snapshot = None);
        }
        chain
    }

    /// Nobody came or went, but the client was away for too long.
    fn expired() -> Self {
        let signers = &keys(4);
        Self { age: RULES.trusting_period, ..Self::new(Branch::from_genesis(signers), signers, signers) }
    }

    /// The chain goes on with `current`; clients trust each of its headers on which enough stand.
    fn new(mut branch: Branch, former: &[SigningKey], current: &[SigningKey]) -> Self {
        while branch.headers.len() < 45 {
            branch.extend(current, current, |_| ());
        }
        let (headers, rules) = (&branch.headers, rules());
        let checkpoint = TrustedCheckpoint { number: 0, hash: block_hash(&headers[0], &rules).unwrap() };
        let genesis = verify_checkpoint(&checkpoint, &headers[0], Evidence::None, &rules).unwrap();
        let mut trusted = vec![genesis];
        for number in 1..=40 {
            let evidence = Evidence::Chain { ancestors: &[], descendants: &headers[number + 1..] };
            let (last, header) = (&trusted[number - 1], &headers[number]);
            trusted.push(verify_header(last, header, evidence, Asked::Latest, &rules, NOW).unwrap());
        }
        let (former, current) = (former.to_vec(), current.to_vec());
        Self { branch, trusted, former, current, age: AWAY }
    }

    /// Makes a fork and offers it to a client that trusts one of the headers.
    fn offer_fork(&self, random: &mut Random, by: By) -> Result<VerifiedHeader, VerifyError> {
        let trusted = &self.trusted[random.of(0..=self.trusted.len() - 1)];
        let head = usize::try_from(trusted.number()).unwrap();
        let (point, length) = random.point_and_length(head, by);
        let sealers = self.plot(random, by);
        let mut branch = self.branch.until(point);
        for _ in 0..length {
            let state_root = random.hash();
            branch.extend(&sealers, &self.current, |header| header.state_root = state_root);
        }
        let fork = &branch.headers[point + 1..];
        let now = trusted.timestamp() + if by == By::Current { AWAY } else { self.age };
        // The client asks for a header that is new to it, if the fork is that long.
        let new = (head - point).min(fork.len() - 1);
        let place = if by == By::Current { new } else { random.of(new..=fork.len() - 1) };
        let verify = |ancestors| {
            let evidence = Evidence::Chain { ancestors, descendants: &fork[place + 1..] };
            verify_header(trusted, &fork[place], evidence, Asked::Latest, &rules(), now)
        };
        // Over all headers after the trusted one, and if that fails by a skip.
        verify(&fork[new..place]).or_else(|_| verify(&[]))
    }

    /// Who of all seals a fork.
    fn plot(&self, random: &mut Random, by: By) -> Vec<SigningKey> {
        if by == By::Current {
            return self.current.clone();
        }
        // Two of four are no majority.
        let most = majority(self.current.len()) - 1;
        let accomplices = self.current.iter().take(random.of(0..=most)).cloned();
        sorted(self.former.iter().cloned().chain(accomplices))
    }
}

/// Headers from the genesis block on, and who sealed each.
struct Branch {
    headers: Vec<Header>,
    signers: Vec<Address>,
}

impl Branch {
    fn from_genesis(signers: &[SigningKey]) -> Self {
        Self { headers: vec![genesis(signers)], signers: vec![Address::ZERO] }
    }

    /// The same until a header, with it.
    fn until(&self, number: usize) -> Self {
        Self { headers: self.headers[..=number].to_vec(), signers: self.signers[..=number].to_vec() }
    }

    /// The next header, by one of `set` who did not seal lately; of those in `trusted` each keeps to its turn there.
    fn extend(&mut self, set: &[SigningKey], trusted: &[SigningKey], change: impl FnOnce(&mut Header)) {
        let mut header = next(self.headers.last().unwrap());
        change(&mut header);
        if header.number.is_multiple_of(EPOCH) {
            header.extra_data = extra_data(&addresses(set));
        }
        let recent = &self.signers[self.signers.len().saturating_sub(set.len() / 2)..];
        let in_turn = usize::try_from(header.number).unwrap() % set.len();
        let mut turns = set.iter().cycle().skip(in_turn);
        let signer = turns.find(|key| !recent.contains(&address(key))).unwrap();
        let turns = if trusted.contains(signer) { trusted } else { set };
        self.headers.push(seal(header, signer, &addresses(turns)));
        self.signers.push(address(signer));
    }

    /// More than half of `set` vote, which changes it.
    fn poll(&mut self, set: &[SigningKey], (candidate, nonce): (Address, [u8; 8])) {
        for _ in 0..majority(set.len()) {
            self.extend(set, set, |header| (header.coinbase, header.nonce) = (candidate, nonce));
        }
    }
}

fn addresses(keys: &[SigningKey]) -> Vec<Address> {
    keys.iter().map(address).collect()
}

fn rules() -> ChainRules {
    ChainRules { schedule: Schedule::constant(SealScheme::Clique, EPOCH, PERIOD), ..RULES }
}

/// The first checkpoint comes when all votes are cast.
const EPOCH: u64 = 25;

#[test]
fn two_settled_blocks_of_one_height_name_who_stands_on_both() {
    let signers = &keys(4);
    let chain = Chain::new(Branch::from_genesis(signers), signers, signers);
    let head = &chain.trusted[20];
    let mut branch = chain.branch.until(19);
    for _ in 0..4 {
        branch.extend(signers, signers, |header| header.state_root = B256::repeat_byte(7));
    }
    let evidence = Evidence::Chain { ancestors: &[], descendants: &branch.headers[21..] };
    let now = head.timestamp() + AWAY;
    let result = verify_header(head, &branch.headers[20], evidence, Asked::Number(20), &rules(), now);
    let Err(VerifyError::Fork { number: 20, expected, found, signers: on_theirs }) = result else {
        panic!("{result:?}")
    };
    assert_eq!((expected, Ok(found)), (head.hash(), block_hash(&branch.headers[20], &rules())));
    assert_eq!(on_theirs, sorted_addresses(&branch.signers[20..23]));
    // Any two majorities have somebody in common.
    assert!(on_theirs.iter().any(|signer| head.signers().contains(signer)));
}

fn sorted_addresses(signers: &[Address]) -> Vec<Address> {
    let mut sorted = signers.to_vec();
    sorted.sort_unstable();
    sorted
}
