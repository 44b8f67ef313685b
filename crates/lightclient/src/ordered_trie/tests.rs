//! Tests of the root of a list, on lists small enough to write by hand. Random lists are in `tests/bodies.rs`.

use alloy_primitives::hex;

use super::*;

#[test]
fn a_key_is_the_rlp_of_the_position() {
    let cases = [
        (0, "80"),
        (1, "01"),
        (0x7f, "7f"),
        (0x80, "8180"),
        (0xff, "81ff"),
        (0x100, "820100"),
        (0xffff, "82ffff"),
        (0x1_0000, "83010000"),
    ];
    for (index, key) in cases {
        assert_eq!(hex::encode(IndexKey::new(index).as_slice()), key);
    }
    assert_eq!(IndexKey::new(usize::MAX).as_slice().len(), 1 + size_of::<usize>());
}

#[test]
fn an_empty_list_has_the_root_of_an_empty_trie() {
    assert_eq!(root(&[]), EMPTY_ROOT);
}

#[test]
fn one_item_is_a_leaf_at_the_root() {
    // [hex-prefix of the nibbles 8 and 0, the item]
    let leaf = [0xc5, 0x82, 0x20, 0x80, 0x81, 0xaa];
    assert_eq!(root(&[Bytes::from_static(&[0xaa])]), keccak256(leaf));
}

#[test]
fn two_short_items_stand_inside_the_branch() {
    // Keys 80 and 01: the branch has a leaf at 0 (rest 1) and one at 8 (rest 0).
    let leaf_one = [0xc2, 0x31, 0x0b];
    let leaf_zero = [0xc2, 0x30, 0x0a];
    let branch = [&[0xd5][..], &leaf_one, &[0x80; 7], &leaf_zero, &[0x80; 7], &[0x80]].concat();
    assert_eq!(branch.len(), 22);
    assert_eq!(root(&[Bytes::from_static(&[0x0a]), Bytes::from_static(&[0x0b])]), keccak256(branch));
}

#[test]
fn every_change_of_a_list_changes_its_root() {
    let item = |index: u8| Bytes::from(vec![index; 40]);
    let list: Vec<Bytes> = (0..140).map(item).collect();
    let expected = root(&list);
    let mut swapped = list.clone();
    swapped.swap(3, 130);
    let mut without = list.clone();
    without.remove(64);
    let mut with = list.clone();
    with.push(Bytes::new());
    for changed in [&swapped, &without, &with, &list[..139].to_vec()] {
        assert_ne!(root(changed), expected);
    }
}
