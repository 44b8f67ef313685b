//! Random stories, told twice: by the snapshot, and by the book-keeping that engines do, written down literally
//! (votes with a direction in the order they were cast, a tally beside them, recent signers by height).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    votes::{Block, key, play},
    *,
};

/// The state of an engine. Accounts are letters.
#[derive(Default)]
struct Engine {
    number: u64,
    signers: BTreeSet<char>,
    votes: Vec<(char, char, bool)>,
    tally: BTreeMap<char, (bool, usize)>,
    recents: BTreeMap<u64, char>,
}

impl Engine {
    fn limit(&self) -> u64 {
        u64::try_from(self.signers.len() / 2 + 1).unwrap()
    }

    fn forget_recent(&mut self) {
        if self.number >= self.limit() {
            self.recents.remove(&(self.number - self.limit()));
        }
    }

    /// Takes a vote out of the list and out of the tally.
    fn uncast(&mut self, at: usize) {
        let (_, candidate, direction) = self.votes.remove(at);
        match self.tally.get_mut(&candidate) {
            Some((tallied, count)) if *tallied == direction && *count > 1 => *count -= 1,
            Some((tallied, _)) if *tallied == direction => {
                self.tally.remove(&candidate);
            }
            _ => {}
        }
    }

    fn apply(&mut self, block: &Block) -> Result<(), CliqueError> {
        self.number += 1;
        let number = self.number;
        if block.named.is_some() {
            self.votes.clear();
            self.tally.clear();
        }
        self.forget_recent();
        let signer = address(&key(block.signer));
        if !self.signers.contains(&block.signer) {
            return Err(CliqueError::UnknownSigner { number, signer });
        }
        if self.recents.values().any(|recent| *recent == block.signer) {
            return Err(CliqueError::RecentSigner { number, signer, window: self.signers.len() / 2 });
        }
        self.recents.insert(number, block.signer);
        if let Some((candidate, nonce)) = block.vote {
            self.vote(block.signer, candidate, nonce == [0xff; 8]);
        }
        Ok(())
    }

    fn vote(&mut self, voter: char, candidate: char, direction: bool) {
        let of_voter = |vote: &(char, char, bool)| vote.0 == voter && vote.1 == candidate;
        if let Some(old) = self.votes.iter().position(of_voter) {
            self.uncast(old);
        }
        if self.signers.contains(&candidate) != direction {
            self.votes.push((voter, candidate, direction));
            self.tally.entry(candidate).or_insert((direction, 0)).1 += 1;
        }
        let Some((direction, count)) = self.tally.get(&candidate).copied() else { return };
        if count <= self.signers.len() / 2 {
            return;
        }
        if direction {
            self.signers.insert(candidate);
        } else {
            self.signers.remove(&candidate);
            self.forget_recent();
            while let Some(at) = self.votes.iter().position(|vote| vote.0 == candidate) {
                self.uncast(at);
            }
        }
        self.votes.retain(|vote| vote.1 != candidate);
        self.tally.remove(&candidate);
    }
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        let bytes = keccak256(self.0.to_be_bytes());
        self.0 += 1;
        usize::from(u16::from_be_bytes([bytes[0], bytes[1]])) % bound
    }

    fn pick(&mut self, letters: &str) -> char {
        letters.chars().nth(self.below(letters.len())).unwrap()
    }
}

/// The next block of a story: mostly by a signer, mostly with a vote.
fn roll(dice: &mut Dice, engine: &Engine, epoch_length: u64) -> Block {
    let signers: String = engine.signers.iter().collect();
    let first_resting = (engine.number + 2).saturating_sub(engine.limit());
    let resting = |letter: &char| engine.recents.range(first_resting..).any(|(_, recent)| recent == letter);
    let rested: String = signers.chars().filter(|letter| !resting(letter)).collect();
    let by = match dice.below(50) {
        0 => "ABCDE",
        _ if rested.is_empty() => &signers,
        _ => &rested,
    };
    let signer = dice.pick(by);
    let nonce = if dice.below(2) == 0 { [0; 8] } else { [0xff; 8] };
    let vote = (dice.below(5) > 0).then(|| (dice.pick("ABCDE"), nonce));
    if (engine.number + 1).is_multiple_of(epoch_length) {
        return Block { signer, vote: None, named: Some(signers) };
    }
    Block { signer, vote, named: None }
}

#[test]
fn random_stories_end_as_the_books_of_an_engine_say() {
    let (mut changes, mut recent, mut unknown) = (0, 0, 0);
    for seed in 0..40 {
        let mut dice = Dice(seed << 32);
        let epoch_length = [7, 20, 1000][dice.below(3)];
        let first = &"ABCDE"[..=dice.below(5)];
        let mut engine = Engine { signers: first.chars().collect(), ..Engine::default() };
        let mut blocks = Vec::new();
        let expected = loop {
            if blocks.len() == 60 || engine.signers.is_empty() {
                break Ok(engine.signers.iter().collect::<String>());
            }
            let block = roll(&mut dice, &engine, epoch_length);
            let before = engine.signers.clone();
            let refused = engine.apply(&block).err();
            blocks.push(block);
            changes += usize::from(engine.signers != before);
            if let Some(error) = refused {
                recent += usize::from(matches!(error, CliqueError::RecentSigner { .. }));
                unknown += usize::from(matches!(error, CliqueError::UnknownSigner { .. }));
                break Err(error);
            }
        };
        assert_eq!(play(first, epoch_length, &blocks), expected, "story {seed}");
    }
    assert!(changes > 50 && recent > 5 && unknown > 5, "{changes}, {recent}, {unknown}");
}
