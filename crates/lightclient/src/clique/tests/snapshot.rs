//! Who may seal: membership, turns, rest, and where a snapshot may start.

use super::*;

/// A snapshot after the genesis block of `n` signers, with their keys in the order of their addresses.
fn start(n: u8) -> (Vec<SigningKey>, Header, Snapshot) {
    let keys = keys(n);
    let genesis = genesis(&keys);
    let snapshot = Snapshot::at_checkpoint(&genesis, EPOCH).unwrap();
    (keys, genesis, snapshot)
}

#[test]
fn a_genesis_block_starts_without_votes_and_with_nobody_resting() {
    let (keys, genesis, snapshot) = start(3);
    assert_eq!(snapshot.signers(), keys.iter().map(address).collect::<Vec<_>>());
    assert_eq!(snapshot.sealed_by(), None);
    for key in &keys {
        let header = seal(next(&genesis), key, snapshot.signers());
        let mut after = snapshot.clone();
        assert_eq!(after.apply(&header, EPOCH), Ok(address(key)));
        assert_eq!(after.sealed_by(), Some(address(key)));
    }
}

#[test]
fn a_checkpoint_starts_with_its_own_signer_resting() {
    let keys = keys(3);
    let signers: Vec<Address> = keys.iter().map(address).collect();
    let named = Header { number: EPOCH, extra_data: extra_data(&signers), ..next(&genesis(&keys)) };
    let checkpoint = seal(named.clone(), &keys[0], &signers);
    let mut snapshot = Snapshot::at_checkpoint(&checkpoint, EPOCH).unwrap();
    assert_eq!((snapshot.signers(), snapshot.sealed_by()), (&*signers, Some(signers[0])));
    let (number, signer) = (EPOCH + 1, signers[0]);
    let again = seal(next(&checkpoint), &keys[0], &signers);
    assert_eq!(snapshot.apply(&again, EPOCH), Err(CliqueError::RecentSigner { number, signer, window: 1 }));
    let other = seal(next(&checkpoint), &keys[1], &signers);
    assert_eq!(snapshot.apply(&other, EPOCH), Ok(signers[1]));

    let stranger = SigningKey::from_slice(&[99; 32]).unwrap();
    assert_eq!(
        Snapshot::at_checkpoint(&seal(named.clone(), &stranger, &signers), EPOCH),
        Err(CliqueError::UnknownSigner { number: EPOCH, signer: address(&stranger) })
    );
    assert_eq!(
        Snapshot::at_checkpoint(&Header { nonce: [1; 8], ..named }, EPOCH),
        Err(CliqueError::Nonce { number: EPOCH, found: [1; 8] })
    );
}

#[test]
fn refuses_to_start_where_no_set_is_named() {
    let (keys, genesis, snapshot) = start(1);
    let header = seal(next(&genesis), &keys[0], snapshot.signers());
    assert_eq!(
        Snapshot::at_checkpoint(&header, EPOCH),
        Err(CliqueError::NotCheckpoint { number: 1, epoch_length: EPOCH })
    );
}

#[test]
fn a_header_that_is_refused_changes_nothing() {
    let (keys, genesis, mut snapshot) = start(3);
    let before = snapshot.clone();
    let vote = Header { coinbase: Address::repeat_byte(9), nonce: [0xff; 8], ..next(&genesis) };
    let good = seal(vote, &keys[0], snapshot.signers());
    let stranger = SigningKey::from_slice(&[99; 32]).unwrap();
    let found = U256::from(3) - good.difficulty;
    let expected = good.difficulty;
    for (header, error) in [
        (Header { number: 2, ..good.clone() }, CliqueError::Number { expected: 1, found: 2 }),
        (Header { nonce: [1; 8], ..good.clone() }, CliqueError::Nonce { number: 1, found: [1; 8] }),
        (
            seal_as_is(good.clone(), &stranger),
            CliqueError::UnknownSigner { number: 1, signer: address(&stranger) },
        ),
        (
            seal_as_is(Header { difficulty: found, ..good.clone() }, &keys[0]),
            CliqueError::Turn { number: 1, signer: address(&keys[0]), expected, found },
        ),
    ] {
        assert_eq!(snapshot.apply(&header, EPOCH), Err(error));
        assert_eq!(snapshot, before);
    }
    assert_eq!(snapshot.apply(&good, EPOCH), Ok(address(&keys[0])));
    assert_ne!(snapshot, before);
}

#[test]
fn the_signer_whose_turn_it_is_must_say_so_and_no_other_may() {
    let (keys, genesis, snapshot) = start(3);
    for (position, key) in keys.iter().enumerate() {
        let (expected, found) = if position == 1 { (2, 1) } else { (1, 2) };
        let [expected, found] = [expected, found].map(U256::from);
        let sealed = |difficulty| seal_as_is(Header { difficulty, ..next(&genesis) }, key);
        let signer = address(key);
        assert_eq!(snapshot.clone().apply(&sealed(expected), EPOCH), Ok(signer));
        assert_eq!(
            snapshot.clone().apply(&sealed(found), EPOCH),
            Err(CliqueError::Turn { number: 1, signer, expected, found })
        );
    }
}

/// For one to nine signers: after its block a signer rests for floor(n/2) blocks and not one longer.
#[test]
fn a_signer_rests_for_half_of_the_set() {
    for n in 1..=9 {
        let (keys, genesis, mut snapshot) = start(n);
        let (mut parent, window) = (genesis, usize::from(n) / 2);
        for others in 0..=window {
            if others > 0 {
                let header = seal(next(&parent), &keys[others], snapshot.signers());
                snapshot.apply(&header, u64::MAX).unwrap();
                parent = header;
            } else {
                parent = seal(next(&parent), &keys[0], snapshot.signers());
                snapshot.apply(&parent, u64::MAX).unwrap();
            }
            let again = seal(next(&parent), &keys[0], snapshot.signers());
            let expected = if others < window {
                Err(CliqueError::RecentSigner { number: again.number, signer: address(&keys[0]), window })
            } else {
                Ok(address(&keys[0]))
            };
            assert_eq!(snapshot.clone().apply(&again, u64::MAX), expected, "{others} others of {n}");
        }
    }
}

#[test]
fn a_majority_is_more_than_half() {
    assert_eq!([1, 2, 3, 4, 5, 6, 7].map(majority), [1, 2, 2, 3, 3, 4, 4]);
}
