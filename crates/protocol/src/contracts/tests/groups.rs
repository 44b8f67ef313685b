//! Tests of groups: only the owner puts people in, and whoever is in one may leave.

use super::relationships::{assert_refused, granted};
use super::*;
use crate::layout::group_address;

const OWNER: u8 = 0x40;
const NURSE: u8 = 0x41;
const STRANGER: u8 = 0x42;

fn group() -> Address {
    group_address(account(OWNER), 7)
}

#[test]
fn the_owner_decides_who_is_in_a_group_and_until_when() {
    let mut chain = granted();
    assert_eq!(chain.group(group()), None);
    let nurse = account(NURSE);
    let add = |until| add_to_group(group(), nurse, until);
    assert_refused(chain.call(OWNER, add(None)), errors::NotGroupOwner { caller: account(OWNER) });
    chain.call(OWNER, create_group(7)).unwrap();
    assert_eq!(chain.group(group()), Some((account(OWNER), vec![])));
    assert_refused(chain.call(OWNER, create_group(7)), errors::GroupExists { group: group() });
    // Nobody else's number leads to this group.
    chain.call(STRANGER, create_group(7)).unwrap();
    for caller in [STRANGER, NURSE] {
        assert_refused(chain.call(caller, add(None)), errors::NotGroupOwner { caller: account(caller) });
    }

    chain.call(OWNER, add(None)).unwrap();
    let since = chain.now;
    let membership = chain.membership(group(), nurse).unwrap();
    assert_eq!((membership.since, membership.until), (since, None));
    assert_eq!(chain.membership(group(), account(STRANGER)), None);
    let until = chain.now + 100;
    chain.call(OWNER, add(Some(until))).unwrap();
    let membership = chain.membership(group(), nurse).unwrap();
    assert_eq!((membership.since, membership.until), (chain.now, Some(until)));
    assert_eq!(chain.group(group()), Some((account(OWNER), vec![nurse])));

    let past = errors::BadPeriod { from: chain.now + 1, until };
    chain.now = until - 1;
    assert_refused(chain.call(OWNER, add(Some(until))), errors::BadPeriod { from: until, ..past });
    for nobody in [Address::ZERO, group()] {
        assert_refused(
            chain.call(OWNER, add_to_group(group(), nobody, None)),
            errors::BadAddress { found: nobody },
        );
    }
}

#[test]
fn whoever_left_a_group_stays_in_its_list() {
    let mut chain = granted();
    chain.call(OWNER, create_group(7)).unwrap();
    let (nurse, stranger) = (account(NURSE), account(STRANGER));
    let remove = || remove_from_group(group(), nurse);
    assert_refused(chain.call(OWNER, remove()), errors::NotInGroup { person: nurse });
    for by in [OWNER, NURSE] {
        chain.call(OWNER, add_to_group(group(), nurse, None)).unwrap();
        assert_refused(chain.call(STRANGER, remove()), errors::NotGroupOwner { caller: stranger });
        chain.call(by, remove()).unwrap();
        assert_eq!(chain.membership(group(), nurse), None);
        assert_refused(chain.call(by, remove()), errors::NotInGroup { person: nurse });
    }
    assert_eq!(chain.group(group()), Some((account(OWNER), vec![nurse])));
}

#[test]
fn groups_and_memberships_count_as_grants_do() {
    let mut chain = granted();
    chain.call(OWNER, create_group(0)).unwrap();
    for number in 1..1_000 {
        chain.call(OWNER, create_group(number)).unwrap();
    }
    let spent = || errors::QuotaSpent { limit: 1_000 };
    assert_refused(chain.call(OWNER, create_group(1_000)), spent());
    let add = add_to_group(group_address(account(OWNER), 1), account(NURSE), None);
    assert_refused(chain.call(OWNER, add.clone()), spent());
    chain.now += 86_400;
    chain.call(OWNER, add).unwrap();
}
