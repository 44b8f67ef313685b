//! Tests of the storage layout: positions and offsets against the compiler's output, words by hand.
//! (The contract tests compare what the decoders read with what the running contracts wrote.)

use alloy_primitives::{Address, B256, U256, address, b256};
use records::category::{Categories, Category};
use records::record_set::RecordSetAnchor;
use serde_json::Value;

use super::group::{GROUPS, MEMBERS as MEMBERS_OF_GROUP, MEMBERSHIPS};
use super::registry::{GUARDIANSHIPS, IDENTITY_BY_KEY, KEY, MEMBER_LIST, MEMBERS, NETWORK_ID};
use super::relationship::{
    CONFIRMER, GRANTS, HISTORY, PROPOSALS, PUBLICATION_WORDS, RELATIONSHIPS, STATUS, VIEWERS,
};
use super::summary::{ENTRIES, ENTRY_WORDS};
use super::word::{Place, Word, check_places, data, mapping, offset, variable};
use super::*;
use crate::access_log::{LogAnchor, LogPoint};
use crate::contracts::creation;

const PATIENT: Address = address!("0x00000000000000000000000000000000000000a1");
const STEWARD: Address = address!("0x00000000000000000000000000000000000000b2");
const VIEWER: Address = address!("0x00000000000000000000000000000000000000c3");

const RELATIONSHIP: RelationshipQuery = RelationshipQuery { patient: PATIENT, steward: STEWARD };
const GRANT: GrantQuery = GrantQuery { patient: PATIENT, steward: STEWARD, viewer: VIEWER };
const MEMBER: MemberQuery = MemberQuery { member: STEWARD };

fn layout(compiled: &str) -> Value {
    serde_json::from_str::<Value>(compiled).unwrap()["storageLayout"].clone()
}

/// `(label, slot, offset, type)` of the state variables, or of a struct's members.
fn places(fields: &Value) -> Vec<(String, u64, u64, String)> {
    let text = |field: &Value, name: &str| field[name].as_str().unwrap().to_owned();
    let fields = fields.as_array().unwrap().iter();
    fields
        .map(|field| {
            let slot = text(field, "slot").parse().unwrap();
            (text(field, "label"), slot, field["offset"].as_u64().unwrap(), text(field, "type"))
        })
        .collect()
}

fn assert_places(fields: &Value, expected: &[(&str, u64, u64, &str)]) {
    let found = places(fields);
    let found: Vec<_> = found.iter().map(|(name, slot, at, kind)| (&**name, *slot, *at, &**kind)).collect();
    assert_eq!(found.get(..expected.len()), Some(expected));
}

#[test]
fn the_registry_lies_where_the_compiler_put_it() {
    let layout = layout(creation::REGISTRY);
    assert_places(
        &layout["storage"],
        &[
            ("networkId", NETWORK_ID, 0, "t_bytes32"),
            ("relationships", 1, 0, "t_address"),
            ("summary", 2, 0, "t_address"),
            ("memberList", MEMBER_LIST, 0, "t_array(t_address)dyn_storage"),
            ("members", MEMBERS, 0, "t_mapping(t_address,t_struct(Member)_storage)"),
        ],
    );
    let member = &layout["types"]["t_struct(Member)_storage"];
    assert_places(
        &member["members"],
        &[
            ("kind", 0, 0, "t_enum(Kind)"),
            ("status", 0, 1, "t_enum(Status)"),
            ("since", 0, 2, "t_uint64"),
            ("encryptionKey", 1, 0, "t_bytes32"),
            ("profileDigest", 2, 0, "t_bytes32"),
            ("name", 3, 0, "t_string_storage"),
            ("endpoint", 4, 0, "t_string_storage"),
            ("key", KEY, 0, "t_address"),
            ("nextKey", KEY + 1, 0, "t_address"),
        ],
    );
    assert_places(
        &layout["storage"].as_array().unwrap()[10..].into(),
        &[
            ("identityByKey", IDENTITY_BY_KEY, 0, "t_mapping(t_address,t_address)"),
            ("guardianships", GUARDIANSHIPS, 0, "t_mapping(t_address,t_struct(Guardianship)_storage)"),
        ],
    );
    assert_places(
        &layout["types"]["t_struct(Guardianship)_storage"]["members"],
        &[
            ("circle", 0, 0, "t_bytes32"),
            ("next", 1, 0, "t_bytes32"),
            ("delay", 2, 0, "t_uint64"),
            ("round", 2, 8, "t_uint64"),
            ("readyAt", 2, 16, "t_uint64"),
            ("key", 3, 0, "t_address"),
        ],
    );
}

#[test]
fn relationships_lie_where_the_compiler_put_them() {
    let layout = layout(creation::RELATIONSHIPS);
    let kind = "t_mapping(t_address,t_mapping(t_address,t_struct(Relationship)_storage))";
    assert_places(
        &layout["storage"],
        &[
            ("relationships", RELATIONSHIPS, 0, kind),
            ("quotas", 1, 0, "t_mapping(t_address,t_struct(Quota)_storage)"),
        ],
    );
    assert_places(
        &layout["types"]["t_struct(Relationship)_storage"]["members"],
        &[
            ("status", STATUS, 0, "t_enum(Status)"),
            ("openedAt", 0, 1, "t_uint64"),
            ("changedAt", 0, 9, "t_uint64"),
            ("recordSetRoot", 1, 0, "t_bytes32"),
            ("recordCount", 2, 0, "t_uint64"),
            ("revision", 2, 8, "t_uint64"),
            ("publishedAt", 2, 16, "t_uint64"),
            ("accessLogHead", 3, 0, "t_bytes32"),
            ("accessLogCount", 4, 0, "t_uint64"),
            ("anchoredAt", 4, 8, "t_uint64"),
            ("anchorsDigest", 5, 0, "t_bytes32"),
            ("viewers", VIEWERS, 0, "t_array(t_address)dyn_storage"),
            ("grants", GRANTS, 0, "t_mapping(t_address,t_struct(Grant)_storage)"),
            ("isListed", 8, 0, "t_mapping(t_address,t_bool)"),
            ("history", HISTORY, 0, "t_array(t_struct(RecordSet)_storage)dyn_storage"),
            ("confirmer", CONFIRMER, 0, "t_address"),
            ("proposals", PROPOSALS, 0, "t_mapping(t_address,t_struct(Grant)_storage)"),
        ],
    );
    assert_places(
        &layout["storage"].as_array().unwrap()[2..].into(),
        &[("groups", GROUPS, 0, "t_mapping(t_address,t_struct(Group)_storage)")],
    );
    assert_places(
        &layout["types"]["t_struct(Group)_storage"]["members"],
        &[
            ("owner", 0, 0, "t_address"),
            ("members", MEMBERS_OF_GROUP, 0, "t_array(t_address)dyn_storage"),
            ("memberships", MEMBERSHIPS, 0, "t_mapping(t_address,t_struct(Membership)_storage)"),
        ],
    );
    assert_places(
        &layout["types"]["t_struct(Membership)_storage"]["members"],
        &[
            ("isListed", 0, 0, "t_bool"),
            ("since", 0, 1, "t_uint64"),
            ("until", 0, 9, "t_uint64"),
            ("categories", 0, 17, "t_uint16"),
            ("rights", 0, 19, "t_uint8"),
        ],
    );
    let publication = &layout["types"]["t_struct(RecordSet)_storage"];
    assert_places(
        &publication["members"],
        &[("root", 0, 0, "t_bytes32"), ("count", 1, 0, "t_uint64"), ("publishedAt", 1, 8, "t_uint64")],
    );
    assert_eq!(publication["numberOfBytes"], (PUBLICATION_WORDS * 32).to_string());
    let grant = &layout["types"]["t_struct(Grant)_storage"];
    assert_places(
        &grant["members"],
        &[
            ("categories", 0, 0, "t_uint16"),
            ("rights", 0, 2, "t_uint8"),
            ("from", 0, 3, "t_uint64"),
            ("until", 0, 11, "t_uint64"),
        ],
    );
    assert_eq!(grant["numberOfBytes"], "32");
}

#[test]
fn the_summary_lies_where_the_compiler_put_it() {
    let layout = layout(creation::SUMMARY);
    let kind = "t_mapping(t_address,t_array(t_struct(Entry)_storage)dyn_storage)";
    assert_places(&layout["storage"], &[("entries", ENTRIES, 0, kind)]);
    let entry = &layout["types"]["t_struct(Entry)_storage"];
    assert_places(&entry["members"], &[("patient", 0, 0, "t_address"), ("steward", 1, 0, "t_address")]);
    assert_eq!(entry["numberOfBytes"], (ENTRY_WORDS * 32).to_string());
}

#[test]
fn positions_are_those_of_solidity() {
    // keccak256(32-byte 3): the first element of the array in slot 3, known from every explorer.
    assert_eq!(
        data(variable(3)),
        b256!("0xc2575a0e9e593c00f959f8c92f12db2869c3395a3b0502d05e2516446f71f85b")
    );
    // keccak256(32-byte 0 ‖ 32-byte 0).
    assert_eq!(
        mapping(variable(0), Address::ZERO),
        b256!("0xad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5")
    );
    assert_eq!(offset(B256::repeat_byte(0xff), 2), variable(1));
}

#[test]
fn slots_must_be_those_asked_in_one_contract_at_one_block() {
    let asked = [variable(7), variable(8)];
    let place = |slot: u64| Place { contract: STEWARD, slot: variable(slot), block: B256::ZERO };
    let check = |found: &[Place]| check_places(STEWARD, &asked, found);
    assert_eq!(check(&[place(7), place(8)]), Ok(()));
    assert_eq!(check(&[place(7)]), Err(LayoutError::SlotCount { expected: 2, found: 1 }));
    assert_eq!(check(&[place(7); 3]), Err(LayoutError::SlotCount { expected: 2, found: 3 }));
    assert_eq!(
        check(&[place(8), place(7)]),
        Err(LayoutError::Slot { expected: variable(7), found: variable(8) })
    );
    let elsewhere = Place { contract: PATIENT, ..place(8) };
    assert_eq!(
        check(&[place(7), elsewhere]),
        Err(LayoutError::Contract { slot: variable(8), expected: STEWARD, found: PATIENT })
    );
    let later = B256::repeat_byte(1);
    assert_eq!(
        check(&[place(7), Place { block: later, ..place(8) }]),
        Err(LayoutError::Block { slot: variable(8), expected: B256::ZERO, found: later })
    );
}

/// Words at the slots asked; the number counts from the low end, as Solidity packs.
fn words<const N: usize>(slots: Vec<B256>, values: [U256; N]) -> Vec<Word> {
    assert_eq!(slots.len(), N);
    slots.into_iter().zip(values).map(|(slot, value)| Word { slot, value: value.into() }).collect()
}

/// One word of packed fields `(offset in bytes, value)`.
fn packed(fields: &[(usize, u64)]) -> U256 {
    fields.iter().fold(U256::ZERO, |word, &(at, value)| word | U256::from(value) << (8 * at))
}

fn relationship_words() -> [U256; 7] {
    [
        packed(&[(0, 2), (1, 1_000), (9, 2_000)]),
        U256::MAX,
        packed(&[(0, 40), (8, 3), (16, 3_000)]),
        U256::from(5),
        packed(&[(0, 6), (8, 4_000)]),
        U256::from(8),
        U256::from(7),
    ]
}

#[test]
fn reads_a_relationship() {
    assert_eq!(
        RELATIONSHIP.read(&words(RELATIONSHIP.slots(), relationship_words())),
        Ok(RelationshipState {
            patient: PATIENT,
            steward: STEWARD,
            status: RelationshipStatus::Active,
            opened_at: 1_000,
            changed_at: 2_000,
            record_set: Some(RecordSetAnchor {
                root: B256::repeat_byte(0xff),
                count: 40,
                revision: 3,
                published_at: 3_000
            }),
            access_log: LogAnchor { point: LogPoint { count: 6, head: variable(5) }, digest: variable(8) },
            access_log_anchored_at: 4_000,
            viewer_count: 7,
        })
    );
}

#[test]
fn an_absent_relationship_is_none() {
    let state = RELATIONSHIP.read(&words(RELATIONSHIP.slots(), [U256::ZERO; 7])).unwrap();
    assert_eq!((state.status, state.record_set, state.viewer_count), (RelationshipStatus::None, None, 0));
}

#[test]
fn refuses_relationship_words_that_the_contract_never_writes() {
    let slots = RELATIONSHIP.slots();
    for (index, word, what) in [
        (0, packed(&[(0, 5)]), "relationship status"),
        (0, packed(&[(0, 2), (17, 1)]), "relationship status"),
        (1, U256::ZERO, "record set"),
        (2, packed(&[(0, 40), (16, 3_000)]), "record set"),
        (2, packed(&[(8, 3), (24, 1)]), "record set"),
        (4, packed(&[(0, 6), (16, 1)]), "access log count"),
        (5, U256::ZERO, "access log count"),
    ] {
        let mut values = relationship_words();
        values[index] = word;
        // Of two words of which one is missing, the one with the number is reported.
        let at = match what {
            "record set" => 2,
            "access log count" => 4,
            _ => index,
        };
        let expected = LayoutError::Word { what, slot: slots[at], word: values[at].into() };
        assert_eq!(RELATIONSHIP.read(&words(slots.clone(), values)), Err(expected), "{index} {word:x}");
    }
    let mut values = relationship_words();
    values[6] = U256::from(MAX_LIST + 1);
    assert_eq!(
        RELATIONSHIP.read(&words(slots.clone(), values)),
        Err(LayoutError::TooLong { what: "viewers", slot: slots[6], expected: MAX_LIST, found: values[6] })
    );
    let short = words(slots, relationship_words());
    assert_eq!(RELATIONSHIP.read(&short[1..]), Err(LayoutError::SlotCount { expected: 7, found: 6 }));
}

#[test]
fn reads_a_membership() {
    let query = MembershipQuery { group: STEWARD, person: VIEWER };
    let read = |value: U256| query.read(&words(query.slots(), [value]));
    let (categories, rights) = (Categories::ALL, Rights::READ);
    let membership =
        |until| Some(Membership { group: STEWARD, person: VIEWER, since: 100, until, categories, rights });
    let scope = [(17, 0x1fff), (19, 1)];
    let within = |fields: &[(usize, u64)]| packed(&[fields, &scope].concat());
    assert_eq!(read(within(&[(0, 1), (1, 100), (9, 200)])), Ok(membership(Some(200))));
    assert_eq!(read(within(&[(0, 1), (1, 100)])), Ok(membership(None)));
    // Never in it, and no longer.
    assert_eq!((read(U256::ZERO), read(U256::from(1))), (Ok(None), Ok(None)));
    for word in [
        within(&[(0, 2), (1, 100)]),
        within(&[(1, 100)]),
        within(&[(0, 1)]),
        packed(&[(0, 1), (9, 200)]),
        packed(&[(0, 1), (1, 100)]),
        packed(&[(0, 1), (1, 100), (17, 1)]),
        packed(&[(0, 1), (1, 100), (17, 1 << 13), (19, 1)]),
        packed(&[(0, 1), (1, 100), (17, 1), (19, 8)]),
        within(&[(0, 1), (1, 100), (20, 1)]),
    ] {
        let refused =
            LayoutError::Word { what: "group membership", slot: query.slots()[0], word: word.into() };
        assert_eq!(read(word), Err(refused), "{word:x}");
    }
    let held = membership(Some(200)).unwrap();
    assert_eq!([99, 100, 199, 200].map(|at| held.holds(at)), [false, true, true, false]);

    // What the group may do, whoever is in it may do, as long as both last.
    let granted = |viewer, until| GrantTerms {
        patient: PATIENT,
        steward: PATIENT,
        viewer,
        categories: Categories::ALL,
        rights: Rights::READ,
        from: 7,
        until,
    };
    let terms = |until, at| held.terms(&granted(STEWARD, until), at);
    assert_eq!(terms(None, 100), Some(granted(VIEWER, Some(200))));
    assert_eq!(terms(Some(150), 199), Some(granted(VIEWER, Some(150))));
    assert_eq!((terms(None, 99), terms(None, 200)), (None, None));
    assert_eq!(held.terms(&granted(VIEWER, None), 100), None);
}

#[test]
fn refuses_a_publication_that_is_not_there() {
    let query = HistoryQuery { patient: PATIENT, steward: STEWARD };
    let slots = query.slots(3..5);
    let set = packed(&[(0, 40), (8, 3_000)]);
    let read = |values: [U256; 4]| HistoryQuery::read(3..5, &words(slots.clone(), values));
    let root = U256::from(7);
    let anchor = |revision| RecordSetAnchor { root: root.into(), count: 40, revision, published_at: 3_000 };
    assert_eq!(read([root, set, root, set]), Ok(vec![anchor(3), anchor(4)]));
    for (values, word) in [
        ([root, set, U256::ZERO, U256::ZERO], U256::ZERO),
        ([root, set, root, packed(&[(16, 1)])], packed(&[(16, 1)])),
    ] {
        let refused = LayoutError::Word { what: "publication", slot: slots[3], word: word.into() };
        assert_eq!(read(values), Err(refused));
    }
}

#[test]
fn reads_a_grant() {
    let read = |value: U256| GRANT.read(&words(GRANT.slots(), [value]));
    let terms = GrantTerms {
        patient: PATIENT,
        steward: STEWARD,
        viewer: VIEWER,
        categories: Categories::NONE.with(Category::Medicines),
        rights: Rights::READ,
        from: 100,
        until: Some(200),
    };
    assert_eq!(read(packed(&[(0, 4), (2, 1), (3, 100), (11, 200)])), Ok(Some(terms)));
    assert_eq!(read(packed(&[(0, 4), (2, 1), (3, 100)])), Ok(Some(GrantTerms { until: None, ..terms })));
    assert_eq!(read(U256::ZERO), Ok(None));
}

#[test]
fn refuses_grant_words_that_the_contract_never_writes() {
    for value in [
        packed(&[(2, 1)]),                  // no category
        packed(&[(0, 4)]),                  // no right
        packed(&[(0, 4), (2, 8)]),          // unknown right
        packed(&[(0, 0x2000), (2, 1)]),     // reserved category
        packed(&[(0, 4), (2, 1), (19, 1)]), // spare byte
        U256::MAX,
    ] {
        let expected = LayoutError::Word { what: "grant", slot: GRANT.slots()[0], word: value.into() };
        assert_eq!(GRANT.read(&words(GRANT.slots(), [value])), Err(expected), "{value:x}");
    }
}

fn text(bytes: &[u8]) -> U256 {
    let mut word = [0; 32];
    word[..bytes.len()].copy_from_slice(bytes);
    word[31] = u8::try_from(bytes.len()).unwrap() * 2;
    U256::from_be_bytes(word)
}

fn member_words(name: U256, endpoint: U256) -> Vec<Word> {
    let first = packed(&[(0, 1), (1, 1), (2, 1_000)]);
    words(MEMBER.slots(), [first, U256::from(8), U256::from(9), name, endpoint, U256::ZERO])
}

#[test]
fn reads_a_member_with_short_texts() {
    let head = MEMBER.read_head(&member_words(text(b"General Hospital"), text(b""))).unwrap().unwrap();
    assert_eq!(head.text_slots(), Vec::<B256>::new());
    assert_eq!(
        head.read(&[]),
        Ok(Member {
            address: STEWARD,
            kind: MemberKind::Provider,
            status: MemberStatus::Active,
            since: 1_000,
            encryption_key: variable(8),
            profile_digest: variable(9),
            name: "General Hospital".into(),
            endpoint: String::new(),
            key: STEWARD,
        })
    );
}

#[test]
fn reads_a_member_with_a_long_text() {
    let head = MEMBER.read_head(&member_words(text(b"N"), U256::from(33 * 2 + 1))).unwrap().unwrap();
    let slots = head.text_slots();
    let first = data(MEMBER.slots()[4]);
    assert_eq!(slots, [first, offset(first, 1)]);
    let spelled = |tail: u64| {
        let low = U256::from(u64::from(b'z')) << 248 | U256::from(tail);
        words(slots.clone(), [U256::from_be_bytes([b'e'; 32]), low])
    };
    let member = head.clone().read(&spelled(0)).unwrap();
    assert_eq!(member.endpoint, format!("{}z", "e".repeat(32)));
    let bad = spelled(1);
    assert_eq!(
        head.clone().read(&bad),
        Err(LayoutError::Word { what: "member endpoint", slot: slots[1], word: bad[1].value })
    );
    assert_eq!(head.clone().read(&bad[..1]), Err(LayoutError::SlotCount { expected: 2, found: 1 }));
    assert_eq!(head.read(&[]), Err(LayoutError::SlotCount { expected: 2, found: 0 }));
}

#[test]
fn refuses_texts_that_are_no_texts() {
    let name = MEMBER.slots()[3];
    let read = |word: U256| MEMBER.read_head(&member_words(word, text(b""))).map(|_| ());
    // A short text with bytes behind its end, a short length above 31, a long form of a short text.
    for word in [text(b"ab") | U256::from(1) << 64, U256::from(2 * 32), U256::from(31 * 2 + 1)] {
        assert_eq!(read(word), Err(LayoutError::Word { what: "member name", slot: name, word: word.into() }));
    }
    let long = LayoutError::TooLong {
        what: "member name",
        slot: name,
        expected: MAX_TEXT,
        found: U256::from(MAX_TEXT + 1),
    };
    assert_eq!(read(U256::from((MAX_TEXT + 1) * 2 + 1)), Err(long));
    let head = MEMBER.read_head(&member_words(text(&[0xff]), text(b""))).unwrap().unwrap();
    assert_eq!(head.read(&[]), Err(LayoutError::Text { what: "member name", slot: name }));
}

#[test]
fn an_absent_member_is_none_and_unknown_codes_are_refused() {
    assert_eq!(MEMBER.read_head(&words(MEMBER.slots(), [U256::ZERO; 6])), Ok(None));
    for first in [packed(&[(0, 5), (1, 1)]), packed(&[(0, 1), (1, 3)]), packed(&[(0, 1), (1, 1), (10, 1)])] {
        let mut words = member_words(text(b"N"), text(b""));
        words[0].value = first.into();
        let expected = LayoutError::Word { what: "member", slot: words[0].slot, word: first.into() };
        assert_eq!(MEMBER.read_head(&words), Err(expected));
    }
}

#[test]
fn list_elements_follow_each_other() {
    let query = SummaryQuery { participant: VIEWER };
    let first = data(query.length_slots()[0]);
    assert_eq!(query.slots(3..5), [6, 7, 8, 9].map(|word| offset(first, word)));
    let entries = words(query.slots(0..1), [PATIENT, STEWARD].map(|at| at.into_word().into()));
    assert_eq!(SummaryQuery::read(&entries), Ok(vec![SummaryEntry { patient: PATIENT, steward: STEWARD }]));
    let spare = words(query.slots(0..1), [U256::MAX, U256::ZERO]);
    assert_eq!(
        SummaryQuery::read(&spare),
        Err(LayoutError::Word { what: "summary patient", slot: first, word: U256::MAX.into() })
    );
    assert_eq!(MembersQuery.slots(1..2), [offset(data(variable(MEMBER_LIST)), 1)]);
}
