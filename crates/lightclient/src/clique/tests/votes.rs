//! Votes, told by letters: `A` seals, `A+C` seals and votes C in, `A-C` votes C out, `A=ABC` seals a checkpoint
//! that names A, B and C.

use super::*;

/// One block of a story.
pub(super) struct Block {
    pub(super) signer: char,
    /// Whom the block votes on, and the nonce.
    pub(super) vote: Option<(char, [u8; 8])>,
    /// The signers a checkpoint names.
    pub(super) named: Option<String>,
}

fn blocks(story: &str) -> Vec<Block> {
    let block = |text: &str| {
        let signer = text.chars().next().unwrap();
        let (sign, rest) = (text.chars().nth(1), text.get(2..).unwrap_or_default());
        let vote = |nonce| Some((rest.chars().next().unwrap(), nonce));
        match sign {
            None => Block { signer, vote: None, named: None },
            Some('+') => Block { signer, vote: vote([0xff; 8]), named: None },
            Some('-') => Block { signer, vote: vote([0; 8]), named: None },
            Some('=') => Block { signer, vote: None, named: Some(rest.to_owned()) },
            Some(other) => panic!("{other} in {text}"),
        }
    };
    story.split_whitespace().map(block).collect()
}

pub(super) fn key(letter: char) -> SigningKey {
    SigningKey::from_slice(&[u8::try_from(letter).unwrap(); 32]).unwrap()
}

fn letter_address(letter: char) -> Address {
    address(&key(letter))
}

/// The addresses of letters, ascending (which is another order than that of the letters).
fn sorted(letters: &str) -> Vec<Address> {
    let mut addresses: Vec<Address> = letters.chars().map(letter_address).collect();
    addresses.sort();
    addresses
}

/// Seals the story with real keys, takes it up header by header, and tells the set after it by its letters.
pub(super) fn play(signers: &str, epoch_length: u64, blocks: &[Block]) -> Result<String, CliqueError> {
    let mut parent = Header { extra_data: extra_data(&sorted(signers)), ..genesis(&[]) };
    let mut snapshot = Snapshot::at_checkpoint(&parent, epoch_length).unwrap();
    for block in blocks {
        let mut header = next(&parent);
        if let Some((candidate, nonce)) = block.vote {
            (header.coinbase, header.nonce) = (letter_address(candidate), nonce);
        }
        if let Some(named) = &block.named {
            header.extra_data = extra_data(&sorted(named));
        }
        let header = seal(header, &key(block.signer), snapshot.signers());
        assert_eq!(check_successor(&parent, &header, PERIOD), Ok(()));
        assert_eq!(snapshot.apply(&header, epoch_length)?, letter_address(block.signer));
        parent = header;
    }
    Ok(('A'..='Z').filter(|letter| snapshot.signers().contains(&letter_address(*letter))).collect())
}

#[test]
fn more_than_half_change_the_set_and_no_fewer() {
    for (signers, story, after) in [
        ("A", "A+B", "AB"),
        ("A", "A-A", ""),
        ("AB", "A+C", "AB"),
        ("AB", "A+C B+C", "ABC"),
        ("AB", "A-B", "AB"),
        ("AB", "A-B B-B", "A"),
        ("ABC", "A-C B-C", "AB"),
        ("ABCD", "A-D B-D", "ABCD"),
        ("ABCD", "A-D B-D C-D", "ABC"),
        ("ABCD", "A+E B+E", "ABCD"),
        ("ABCD", "A+E B+E C+E", "ABCDE"),
    ] {
        assert_eq!(play(signers, 100, &blocks(story)), Ok(after.to_owned()), "{signers}: {story}");
    }
}

#[test]
fn a_new_signer_seals_the_next_block_and_a_removed_one_does_not() {
    assert_eq!(play("A", 100, &blocks("A+B B")), Ok("AB".to_owned()));
    let signer = letter_address('C');
    assert_eq!(play("ABC", 100, &blocks("A-C B-C C")), Err(CliqueError::UnknownSigner { number: 3, signer }));
    let signer = letter_address('A');
    assert_eq!(play("A", 100, &blocks("A-A A")), Err(CliqueError::UnknownSigner { number: 2, signer }));
}

#[test]
fn a_voter_counts_once_and_may_take_the_vote_back() {
    for (story, after) in [
        ("A+D B A+D C", "ABC"),
        // A vote for what is so already takes the older one back.
        ("A+D B A-D B+D", "ABC"),
        ("A-C B A+C B-C", "ABC"),
        // Votes on others stay.
        ("A+D B A+E B+D", "ABCD"),
    ] {
        assert_eq!(play("ABC", 100, &blocks(story)), Ok(after.to_owned()), "{story}");
    }
}

#[test]
fn votes_of_and_on_whoever_leaves_or_comes_are_dropped() {
    for (signers, story, after) in [
        // C's vote for D goes with C.
        ("ABC", "C+D A-C B-C A+D", "AB"),
        // E's third vote comes after E is in, so it is against E now, and alone.
        ("ABC", "A+E B+E C-E", "ABCE"),
    ] {
        assert_eq!(play(signers, 100, &blocks(story)), Ok(after.to_owned()), "{signers}: {story}");
    }
}

/// When D leaves, A's and B's votes against C are a majority of the three that stay; but C leaves only when
/// somebody votes on C again, be it a vote that cannot count.
#[test]
fn a_tally_that_became_a_majority_counts_when_it_is_touched() {
    let story = "A-C B C A-D B-C C A B-D C-D";
    assert_eq!(play("ABCD", 100, &blocks(story)), Ok("ABC".to_owned()));
    assert_eq!(play("ABCD", 100, &blocks(&format!("{story} A B"))), Ok("ABC".to_owned()));
    assert_eq!(play("ABCD", 100, &blocks(&format!("{story} A C+C"))), Ok("AB".to_owned()));
    // B's own vote is gone when B touches it, and one of three is none.
    assert_eq!(play("ABCD", 100, &blocks(&format!("{story} A B+C"))), Ok("ABC".to_owned()));
}

#[test]
fn a_checkpoint_drops_the_votes_and_must_name_the_set() {
    assert_eq!(play("AB", 3, &blocks("A+C B A=AB B+C")), Ok("AB".to_owned()));
    assert_eq!(play("AB", 4, &blocks("A+C B A B=AB")), Ok("AB".to_owned()));
    assert_eq!(play("AB", 3, &blocks("A+C B+C A=ABC C")), Ok("ABC".to_owned()));
    for named in ["A", "ABD", "BC"] {
        let (expected, found) = (sorted("ABC"), sorted(named));
        assert_eq!(
            play("AB", 3, &blocks(&format!("A+C B+C A={named}"))),
            Err(CliqueError::CheckpointSigners { number: 3, expected, found })
        );
    }
}

#[test]
fn rest_goes_on_over_a_checkpoint_and_follows_the_size_of_the_set() {
    let recent = |number, signer, window| {
        Err(CliqueError::RecentSigner { number, signer: letter_address(signer), window })
    };
    assert_eq!(play("AB", 100, &blocks("A A")), recent(2, 'A', 1));
    assert_eq!(play("ABC", 3, &blocks("A B A=ABC A")), recent(4, 'A', 1));
    // Four rest for two blocks, three for one.
    assert_eq!(play("ABCD", 100, &blocks("D-C B-C D-C")), recent(3, 'D', 2));
    assert_eq!(play("ABCD", 100, &blocks("A-D B-D C-D B")), Ok("ABC".to_owned()));
    assert_eq!(play("ABCD", 100, &blocks("A-D B-D C-D C")), recent(4, 'C', 1));
    // Three rest for one block, four for two.
    assert_eq!(play("ABC", 100, &blocks("A+D B+D A")), recent(3, 'A', 2));
    assert_eq!(play("ABC", 100, &blocks("A+D B+D C A")), Ok("ABCD".to_owned()));
}
