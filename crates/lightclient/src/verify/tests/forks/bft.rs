//! QBFT and IBFT 2.0: a fork is a number of headers of which each has a quorum of the set that it names.

use super::*;
use crate::{Schedule, Transition, testing::BLOCK_PERIOD};

pub(super) fn kinds() -> Vec<Kind> {
    let kind = |name, chain: Chain| {
        let make = Box::new(move |random: &mut Random, by| chain.offer_fork(random, by));
        Kind { name, make }
    };
    vec![
        kind("QBFT, voted out", Chain::voted_out(SealScheme::Qbft)),
        kind("QBFT, replaced by configuration", Chain::reconfigured(SealScheme::Qbft)),
        kind("QBFT, trusting period over", Chain::expired(SealScheme::Qbft)),
        kind("IBFT 2.0, voted out", Chain::voted_out(SealScheme::Ibft2)),
        kind("IBFT 2.0, replaced by configuration", Chain::reconfigured(SealScheme::Ibft2)),
        kind("IBFT 2.0, trusting period over", Chain::expired(SealScheme::Ibft2)),
    ]
}

/// A chain as it was, and whom a client trusts that stands on one of its headers.
struct Chain {
    rules: ChainRules,
    headers: Vec<VerifiedHeader>,
    former: Vec<SigningKey>,
    current: Vec<SigningKey>,
    /// The first header by which the client knows who the current validators are.
    known_from: usize,
    /// How long ago, in seconds, the header was made that the client trusts when the former validators come.
    age: u64,
}

impl Chain {
    /// Four validators are replaced by four others, one vote after the other.
    fn voted_out(scheme: SealScheme) -> Self {
        let mut chain = Self::new(scheme, None);
        let changes = chain.former.clone().into_iter().zip(chain.current.clone());
        let mut set = chain.former.clone();
        for (leaves, comes) in changes {
            let before = set.clone();
            set = sorted(set.into_iter().chain([comes.clone()]));
            chain.extend(&before, Some((address(&comes), true)));
            chain.extend(&set, Some((address(&leaves), false)));
            set.retain(|key| *key != leaves);
        }
        // Until here the header itself was still sealed with one of the former validators.
        chain.known_from = chain.headers.len();
        chain.extend_to(30);
        chain
    }

    /// The operators replace all four at block 10.
    fn reconfigured(scheme: SealScheme) -> Self {
        let mut chain = Self::new(scheme, Some(10));
        let former = chain.former.clone();
        (0..9).for_each(|_| chain.extend(&former, None));
        chain.known_from = chain.headers.len() - 1;
        chain.extend_to(30);
        chain
    }

    /// Nobody came or went, but the client was away for too long.
    fn expired(scheme: SealScheme) -> Self {
        let mut chain = Self::new(scheme, None);
        chain.current = chain.former.clone();
        chain.extend_to(30);
        chain.age = RULES.trusting_period;
        chain
    }

    /// A genesis block of four validators, and four others that are to come.
    fn new(scheme: SealScheme, replaced_at: Option<u64>) -> Self {
        let keys = keys(8);
        let (former, current) = (keys[..4].to_vec(), keys[4..].to_vec());
        let transition = |from, validators| Transition {
            from,
            scheme,
            epoch_length: 100,
            block_period: BLOCK_PERIOD,
            validators,
        };
        let configured = ValidatorSet::new(current.iter().map(address).collect()).unwrap();
        let later = replaced_at.map(|from| transition(from, Some(configured)));
        let schedule = Schedule::new([transition(0, None)].into_iter().chain(later).collect()).unwrap();
        let rules = ChainRules { schedule, ..RULES };
        let header = Draft { scheme, ..Draft::genesis(&former) }.seal([]);
        let checkpoint = TrustedCheckpoint { number: 0, hash: block_hash(&header, &rules).unwrap() };
        let genesis = verify_checkpoint(&checkpoint, &header, Evidence::None, &rules).unwrap();
        Self { rules, headers: vec![genesis], former, current, known_from: 0, age: AWAY }
    }

    fn scheme(&self) -> SealScheme {
        self.rules.schedule.at(0).scheme
    }

    /// The next header, by `set`.
    fn extend(&mut self, set: &[SigningKey], vote: Option<(Address, bool)>) {
        let last = self.headers.last().unwrap();
        let draft = Draft { scheme: self.scheme(), vote, ..Draft::after(last, 1).with_validators(set) };
        let header = draft.seal(set);
        let next = verify_header(last, &header, Evidence::None, Asked::Latest, &self.rules, header.timestamp);
        self.headers.push(next.unwrap());
    }

    /// Headers by the current validators.
    fn extend_to(&mut self, length: usize) {
        let set = self.current.clone();
        while self.headers.len() < length {
            self.extend(&set, None);
        }
    }

    /// Makes a fork and offers it to a client that trusts one of the headers.
    fn offer_fork(&self, random: &mut Random, by: By) -> Result<VerifiedHeader, VerifyError> {
        let head = random.of(self.known_from..=self.headers.len() - 1);
        let (point, length) = random.point_and_length(head, by);
        let point = &self.headers[point];
        let (named, sealers) = self.plot(random, by);
        let mut drafts: Vec<Draft> = Vec::new();
        let mut parent_hash = point.hash();
        for distance in 1..=length as u64 {
            let draft = Draft::after(point, distance).with_validators(&named);
            let mut draft = Draft { scheme: self.scheme(), ..draft };
            (draft.header.parent_hash, draft.header.state_root) = (parent_hash, random.hash());
            parent_hash = block_hash(&draft.with_seals(&[]), &self.rules).unwrap();
            drafts.push(draft);
        }
        let trusted = &self.headers[head];
        let now = trusted.timestamp() + if by == By::Current { AWAY } else { self.age };
        // The client asks for the newest header, and where trust does not reach, for one half-way.
        let mut asked = point.number() + length as u64;
        loop {
            let place = usize::try_from(asked - point.number() - 1).unwrap();
            let header = drafts[place].seal(&sealers);
            let result =
                verify_header(trusted, &header, Evidence::None, Asked::Number(asked), &self.rules, now);
            let half_way = trusted.number().midpoint(asked);
            match result {
                Err(VerifyError::NotEnoughTrust { .. }) if half_way > trusted.number() => asked = half_way,
                result => return result,
            }
        }
    }

    /// Whom the headers of a fork name as validators, and who of all seals them.
    fn plot(&self, random: &mut Random, by: By) -> (Vec<SigningKey>, Vec<SigningKey>) {
        if by == By::Current {
            return (self.current.clone(), self.current.clone());
        }
        // One of four may be faulty.
        let accomplices = self.current.iter().take(random.of(0..=1)).cloned();
        let plotters = sorted(self.former.iter().cloned().chain(accomplices));
        // They name themselves, or those whom the client trusts.
        let named = if random.of(0..=3) == 0 { self.current.clone() } else { plotters.clone() };
        (named, plotters)
    }
}
