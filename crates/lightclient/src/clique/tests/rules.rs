//! Each field of a header, alone and after its parent.

use super::{super::rules::check_fields, *};

/// Block 1 after a genesis block of one signer; `check_fields` does not look at the seal.
fn block() -> Header {
    next(&genesis(&keys(1)))
}

fn fields(header: &Header) -> Result<(), CliqueError> {
    check_fields(header, EPOCH).map(|_| ())
}

fn after(parent: &Header, header: &Header) -> Result<(), CliqueError> {
    check_successor(parent, header, PERIOD)
}

#[test]
fn accepts_what_a_signer_may_choose() {
    let good = block();
    let checkpoint = Header { number: EPOCH, extra_data: genesis(&keys(3)).extra_data, ..block() };
    for header in [
        Header { difficulty: U256::from(2), ..good.clone() },
        Header { nonce: [0xff; 8], coinbase: Address::repeat_byte(7), ..good.clone() },
        Header { coinbase: Address::repeat_byte(7), ..good.clone() },
        Header { gas_used: good.gas_limit, ..good.clone() },
        Header { base_fee_per_gas: Some(7), ..good.clone() },
        checkpoint,
        good,
    ] {
        assert_eq!(fields(&header), Ok(()), "{header:?}");
    }
}

#[test]
fn refuses_fields_that_no_clique_block_has() {
    let (good, number) = (block(), 1);
    let refused = |header: Header, error| assert_eq!(fields(&header), Err(error));
    let nonce = [0, 0, 0, 0, 0, 0, 0, 1];
    refused(Header { nonce, ..good.clone() }, CliqueError::Nonce { number, found: nonce });
    let found = B256::with_last_byte(1);
    refused(Header { mix_hash: found, ..good.clone() }, CliqueError::MixHash { number, found });
    refused(
        Header { ommers_hash: found, ..good.clone() },
        CliqueError::Ommers { number, expected: good.ommers_hash, found },
    );
    for found in [U256::ZERO, U256::from(3), U256::MAX] {
        refused(Header { difficulty: found, ..good.clone() }, CliqueError::Difficulty { number, found });
    }
    let (expected, found) = (good.gas_limit, good.gas_limit + 1);
    refused(Header { gas_used: found, ..good }, CliqueError::GasUsed { number, expected, found });
}

#[test]
fn refuses_a_checkpoint_that_votes() {
    let good = Header { number: EPOCH, extra_data: genesis(&keys(1)).extra_data, ..block() };
    for (candidate, nonce) in
        [(Address::repeat_byte(7), [0; 8]), (Address::ZERO, [0xff; 8]), (Address::repeat_byte(7), [0xff; 8])]
    {
        assert_eq!(
            fields(&Header { coinbase: candidate, nonce, ..good.clone() }),
            Err(CliqueError::CheckpointVote { number: EPOCH, candidate, nonce })
        );
    }
}

#[test]
fn refuses_fields_of_forks_that_clique_never_had() {
    let good = Header { base_fee_per_gas: Some(7), ..block() };
    let root = Some(B256::ZERO);
    for (header, field) in [
        (Header { withdrawals_root: root, ..good.clone() }, "withdrawalsRoot"),
        (Header { blob_gas_used: Some(0), ..good.clone() }, "blobGasUsed"),
        (Header { excess_blob_gas: Some(0), ..good.clone() }, "excessBlobGas"),
        (Header { parent_beacon_block_root: root, ..good.clone() }, "parentBeaconBlockRoot"),
        (Header { requests_hash: root, ..good }, "requestsHash"),
    ] {
        assert_eq!(fields(&header), Err(CliqueError::Appended { number: 1, field }));
        let start = Header { number: 0, extra_data: genesis(&keys(1)).extra_data, ..header };
        assert_eq!(Snapshot::at_checkpoint(&start, EPOCH), Err(CliqueError::Appended { number: 0, field }));
    }
}

#[test]
fn refuses_another_height_than_the_next() {
    let (parent, good) = (genesis(&keys(1)), block());
    assert_eq!(after(&parent, &good), Ok(()));
    for found in [0, 2, u64::MAX] {
        let header = Header { number: found, ..good.clone() };
        assert_eq!(after(&parent, &header), Err(CliqueError::Number { expected: 1, found }));
    }
}

#[test]
fn refuses_a_block_before_its_period_has_passed() {
    let (parent, good) = (genesis(&keys(1)), block());
    let (expected, found) = (parent.timestamp + PERIOD, parent.timestamp + PERIOD - 1);
    assert_eq!(after(&parent, &Header { timestamp: expected, ..good.clone() }), Ok(()));
    assert_eq!(
        after(&parent, &Header { timestamp: found, ..good }),
        Err(CliqueError::TooEarly { number: 1, expected, found })
    );
}

#[test]
fn the_gas_limit_moves_by_less_than_a_1024th_and_within_bounds() {
    let top = i64::MAX.unsigned_abs();
    for (expected, good, bad) in [
        (1_024_000, &[1_023_001, 1_024_000, 1_024_999][..], &[0, 1_023_000, 1_025_000][..]),
        (5001, &[5000, 5001, 5004], &[4999, 5005]),
        (top, &[top - 1, top], &[top + 1, u64::MAX]),
        // From here no block can follow.
        (1, &[], &[0, 1, 2, 5000]),
        (0, &[], &[0, 1]),
    ] {
        let parent = Header { gas_limit: expected, ..genesis(&keys(1)) };
        let move_to = |gas_limit: &u64| after(&parent, &Header { gas_limit: *gas_limit, ..next(&parent) });
        for found in good {
            assert_eq!(move_to(found), Ok(()), "from {expected} to {found}");
        }
        for found in bad {
            let error = CliqueError::GasLimit { number: 1, expected, found: *found };
            assert_eq!(move_to(found), Err(error));
        }
    }
}

/// Expected values: EIP-1559's own Python, worked out by hand.
#[test]
fn the_base_fee_follows_from_the_gas_of_the_parent() {
    for (base_fee, gas_used, expected) in [
        (1_000_000_000, 15_000_000, 1_000_000_000),
        (1_000_000_000, 30_000_000, 1_125_000_000),
        (1_000_000_000, 0, 875_000_000),
        (1_000_000_000, 22_500_000, 1_062_500_000),
        (1_000_000_000, 14_999_999, 999_999_992),
        // Upward by at least one, downward not.
        (7, 15_000_001, 8),
        (7, 0, 7),
        (0, 30_000_000, 1),
        (0, 0, 0),
    ] {
        let parent = Header { base_fee_per_gas: Some(base_fee), gas_used, ..genesis(&keys(1)) };
        assert_eq!(parent.gas_limit, 30_000_000);
        let header = Header { gas_used: 0, base_fee_per_gas: Some(expected), ..next(&parent) };
        assert_eq!(after(&parent, &header), Ok(()), "from {base_fee} with {gas_used}");
        let expected = Some(expected);
        for found in [expected.map(|fee| fee ^ 1), None] {
            assert_eq!(
                after(&parent, &Header { base_fee_per_gas: found, ..header.clone() }),
                Err(CliqueError::BaseFee { number: 1, expected, found })
            );
        }
    }
}

#[test]
fn london_starts_with_one_gwei_and_twice_the_gas() {
    let parent = genesis(&keys(1));
    let expected = Some(1_000_000_000);
    let first = Header { gas_limit: 60_000_000, base_fee_per_gas: expected, ..next(&parent) };
    assert_eq!(after(&parent, &first), Ok(()));
    let found = Some(999_999_999);
    assert_eq!(
        after(&parent, &Header { base_fee_per_gas: found, ..first.clone() }),
        Err(CliqueError::BaseFee { number: 1, expected, found })
    );
    assert_eq!(
        after(&parent, &Header { gas_limit: 30_000_000, ..first }),
        Err(CliqueError::GasLimit { number: 1, expected: 60_000_000, found: 30_000_000 })
    );
}
