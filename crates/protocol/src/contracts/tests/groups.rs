//! Tests of groups: only the owner puts people in, and whoever is in one may leave.

use records::category::{Categories, Category};

use super::relationships::{OTHER_STEWARD, PATIENT, STEWARD, VIEWER, assert_refused, granted};
use super::*;
use crate::layout::{GrantTerms, Rights, group_address};

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
    let add = |until| add_to_group(group(), nurse, Categories::ALL, Rights::READ, until);
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
            chain.call(OWNER, add_to_group(group(), nobody, Categories::ALL, Rights::READ, None)),
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
        chain.call(OWNER, add_to_group(group(), nurse, Categories::ALL, Rights::READ, None)).unwrap();
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
    let add =
        add_to_group(group_address(account(OWNER), 1), account(NURSE), Categories::ALL, Rights::READ, None);
    assert_refused(chain.call(OWNER, add.clone()), spent());
    chain.now += 86_400;
    chain.call(OWNER, add).unwrap();
}

#[test]
fn staff_is_in_the_group_that_is_an_address_itself() {
    let mut chain = granted();
    let (clinic, nurse) = (account(OTHER_STEWARD), account(NURSE));
    let results = Categories::NONE.with(Category::Results);
    let add = |person, categories, rights| add_to_group(clinic, person, categories, rights, None);
    // Nobody but the address itself, and it needs not be made.
    for stranger in [STRANGER, NURSE] {
        let call = add(nurse, results, Rights::READ);
        assert_refused(chain.call(stranger, call), errors::NotGroupOwner { caller: account(stranger) });
    }
    // Who is no member passes nothing on.
    let own = add_to_group(account(OWNER), nurse, results, Rights::READ, None);
    assert_refused(chain.call(OWNER, own), errors::NotGroupOwner { caller: account(OWNER) });
    chain.call(OTHER_STEWARD, add(nurse, results.with(Category::Notes), Rights::READ)).unwrap();
    assert_eq!(chain.group(clinic), Some((clinic, vec![nurse])));
    let found = chain.membership(clinic, nurse).unwrap();
    assert_eq!((found.categories, found.rights), (results.with(Category::Notes), Rights::READ));
    assert_refused(
        chain.call(OTHER_STEWARD, add(clinic, results, Rights::READ)),
        errors::BadAddress { found: clinic },
    );
    let granted_terms = chain.grant(account(PATIENT), account(STEWARD), account(VIEWER)).unwrap();
    // Of what the clinic is granted, staff has what both say, and not longer than either.
    let at = chain.now;
    let granted = |categories, bits, until| GrantTerms {
        viewer: clinic,
        categories,
        rights: Rights::from_bits(bits).unwrap(),
        until,
        ..granted_terms
    };
    let both = found.terms(&granted(results.with(Category::Profile), 3, Some(at + 9)), at).unwrap();
    assert_eq!((both.viewer, both.categories, both.rights), (nurse, results, Rights::READ));
    assert_eq!(both.until, Some(at + 9));
    assert_eq!(found.terms(&granted(Categories::NONE.with(Category::Profile), 3, None), at), None);
    assert_eq!(found.terms(&granted(results, 2, None), at), None);
    // The address stays whose it is when its key changes.
    chain.call_registry(OTHER_STEWARD, offer_key(account(0x43))).unwrap();
    chain.call_registry(0x43, take_key(clinic)).unwrap();
    let replaced = chain.call(OTHER_STEWARD, add(account(STRANGER), results, Rights::READ));
    assert_refused(replaced, errors::KeyReplaced { caller: clinic });
    chain.call(0x43, remove_from_group(clinic, nurse)).unwrap();
    assert_eq!(chain.membership(clinic, nurse), None);
}
