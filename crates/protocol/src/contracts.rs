//! Calls of MedRec's contracts: the calldata of every function that changes something, and the code that creates them.
//!
//! The sources are in `crates/protocol/contracts`; the compiled interface and code are committed beside them. The
//! declarations below are compared with the compiled interface by a test, and the compiled code is run by the
//! contract tests. Reading goes through proven storage (`layout`), never through calls.
//!
//! Source: Solidity documentation, “Contract ABI Specification”.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use lightclient::UnixTime;
use records::category::Categories;

use crate::guardians::Circle;
use crate::layout::{GrantTerms, MemberKind, Rights};

pub mod creation;
#[cfg(test)]
mod tests;

/// Calldata of `Relationships.propose`: a member offers to steward a patient's records.
pub fn propose(patient: Address) -> Vec<u8> {
    abi::proposeCall { patient }.abi_encode()
}

/// Calldata of `Relationships.accept`: the patient accepts a proposal.
pub fn accept(steward: Address) -> Vec<u8> {
    abi::acceptCall { steward }.abi_encode()
}

/// Calldata of `Relationships.reject`: the patient rejects a proposal.
pub fn reject(steward: Address) -> Vec<u8> {
    abi::rejectCall { steward }.abi_encode()
}

/// Calldata of `Relationships.end`: patient or steward ends the relationship.
pub fn end(patient: Address, steward: Address) -> Vec<u8> {
    abi::endCall { patient, steward }.abi_encode()
}

/// Calldata of `Relationships.publish`: the steward publishes the root and count of the record set.
pub fn publish(patient: Address, root: B256, count: u64) -> Vec<u8> {
    abi::publishCall { patient, root, count }.abi_encode()
}

/// Calldata of `Relationships.grant`: the patient lets `viewer` do something from `from` on, until `until`.
/// `None` is an open end, as is 0.
pub fn grant(
    steward: Address,
    viewer: Address,
    categories: Categories,
    rights: Rights,
    from: UnixTime,
    until: Option<UnixTime>,
) -> Vec<u8> {
    let (categories, rights, until) = (categories.bits(), rights.bits(), until.unwrap_or(0));
    abi::grantCall { steward, viewer, categories, rights, from, until }.abi_encode()
}

/// Calldata of `Relationships.revoke`: the patient takes back what it let `viewer` do.
pub fn revoke(steward: Address, viewer: Address) -> Vec<u8> {
    abi::revokeCall { steward, viewer }.abi_encode()
}

/// Calldata of `Relationships.setConfirmer`: the patient names who has to confirm each grant.
pub fn set_confirmer(steward: Address, confirmer: Address) -> Vec<u8> {
    abi::setConfirmerCall { steward, confirmer }.abi_encode()
}

/// Calldata of `Relationships.releaseConfirmer`: the confirmer no longer has to.
pub fn release_confirmer(patient: Address, steward: Address) -> Vec<u8> {
    abi::releaseConfirmerCall { patient, steward }.abi_encode()
}

/// Calldata of `Relationships.confirm`: the confirmer agrees to exactly these terms.
pub fn confirm(terms: &GrantTerms) -> Vec<u8> {
    let GrantTerms { patient, steward, viewer, categories, rights, from, until } = *terms;
    let (categories, rights, until) = (categories.bits(), rights.bits(), until.unwrap_or(0));
    abi::confirmCall { patient, steward, viewer, categories, rights, from, until }.abi_encode()
}

/// Calldata of `Relationships.createGroup`: see [`group_address`](crate::layout::group_address).
pub fn create_group(number: u64) -> Vec<u8> {
    abi::createGroupCall { number }.abi_encode()
}

/// Calldata of `Relationships.addToGroup`: the owner puts somebody in, for these of the categories and rights that the group is
/// granted, until a time; `None` is an open end. A member's own address is a group of
/// its own.
pub fn add_to_group(
    group: Address,
    person: Address,
    categories: Categories,
    rights: Rights,
    until: Option<UnixTime>,
) -> Vec<u8> {
    let (categories, rights) = (categories.bits(), rights.bits());
    abi::addToGroupCall { group, person, categories, rights, until: until.unwrap_or(0) }.abi_encode()
}

/// Calldata of `Relationships.removeFromGroup`: the owner takes somebody out, or somebody leaves.
pub fn remove_from_group(group: Address, person: Address) -> Vec<u8> {
    abi::removeFromGroupCall { group, person }.abi_encode()
}

/// Calldata of `Relationships.anchorAccessLog`: the steward anchors the head of the access log.
pub fn anchor_access_log(patient: Address, head: B256, count: u64) -> Vec<u8> {
    abi::anchorAccessLogCall { patient, head, count }.abi_encode()
}

/// What operators vote on when they admit a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The address of the key with which the member will sign.
    pub member: Address,
    /// What it is.
    pub kind: MemberKind,
    /// Its X25519 public key.
    pub encryption_key: B256,
    /// SHA-256 of its profile document; zero if it has none.
    pub profile_digest: B256,
    /// Its name, 1 to 128 bytes.
    pub name: String,
    /// The origin of its gatekeeper, at most 256 bytes; may be empty.
    pub endpoint: String,
}

/// Calldata of `Registry.admitMember`: an operator votes for an admission with exactly these particulars.
pub fn admit_member(admission: &Admission) -> Vec<u8> {
    let Admission { member, kind, encryption_key, profile_digest, name, endpoint } = admission.clone();
    let call = abi::admitMemberCall {
        member,
        kind: kind.code(),
        encryptionKey: encryption_key,
        profileDigest: profile_digest,
        name,
        endpoint,
    };
    call.abi_encode()
}

/// Calldata of `Registry.removeMember`: an operator votes to remove a member.
pub fn remove_member(member: Address) -> Vec<u8> {
    abi::removeMemberCall { member }.abi_encode()
}

/// Calldata of `Registry.addOperator`: an operator votes to add one.
pub fn add_operator(operator: Address) -> Vec<u8> {
    abi::addOperatorCall { operator }.abi_encode()
}

/// Calldata of `Registry.removeOperator`: an operator votes to remove one.
pub fn remove_operator(operator: Address) -> Vec<u8> {
    abi::removeOperatorCall { operator }.abi_encode()
}

/// Calldata of `Registry.withdrawVote`: an operator takes back its vote for `action`, the Keccak-256 of the
/// calldata it voted with.
pub fn withdraw_vote(action: B256) -> Vec<u8> {
    abi::withdrawVoteCall { action }.abi_encode()
}

/// Calldata of `Registry.updateProfile`: a member changes its key, profile or endpoint.
pub fn update_profile(encryption_key: B256, profile_digest: B256, endpoint: &str) -> Vec<u8> {
    let call = abi::updateProfileCall {
        encryptionKey: encryption_key,
        profileDigest: profile_digest,
        endpoint: endpoint.to_owned(),
    };
    call.abi_encode()
}

/// Calldata of `Registry.offerKey`: whoever signs offers a key to do so from now on.
pub fn offer_key(key: Address) -> Vec<u8> {
    abi::offerKeyCall { key }.abi_encode()
}

/// Calldata of `Registry.takeKey`: the key that was offered takes the place of the former one.
pub fn take_key(identity: Address) -> Vec<u8> {
    abi::takeKeyCall { identity }.abi_encode()
}

/// Calldata of `Registry.setGuardians`: whoever signs chooses who may give this address a new key, each time after a delay in
/// seconds, and hides the person's next address.
pub fn set_guardians(circle: &Circle, identity: Address, delay: u64, next: Option<Address>) -> Vec<u8> {
    let (digest, next) = (circle.digest(identity), circle.hide(identity, next));
    abi::setGuardiansCall { circle: digest, delay, next }.abi_encode()
}

/// Calldata of `Registry.setGuardians`: nobody may any more.
pub fn dismiss_guardians() -> Vec<u8> {
    abi::setGuardiansCall { circle: B256::ZERO, delay: 0, next: B256::ZERO }.abi_encode()
}

/// Calldata of `Registry.approveKey`: a guardian approves a new key of an address.
pub fn approve_key(circle: &Circle, identity: Address, key: Address) -> Vec<u8> {
    let call = abi::approveKeyCall {
        identity,
        key,
        salt: circle.salt(identity),
        threshold: circle.threshold(),
        guardians: circle.guardians().to_vec(),
    };
    call.abi_encode()
}

/// Calldata of `Registry.vetoKey`: whoever signs still has the key, so what the guardians approved is void.
pub fn veto_key() -> Vec<u8> {
    abi::vetoKeyCall {}.abi_encode()
}

/// The functions that change something; enumerations are `uint8` in the ABI.
mod abi {
    alloy_sol_types::sol! {
        function propose(address patient);
        function accept(address steward);
        function reject(address steward);
        function end(address patient, address steward);
        function publish(address patient, bytes32 root, uint64 count);
        function grant(address steward, address viewer, uint16 categories, uint8 rights, uint64 from, uint64 until);
        function revoke(address steward, address viewer);
        function anchorAccessLog(address patient, bytes32 head, uint64 count);
        function setConfirmer(address steward, address confirmer);
        function releaseConfirmer(address patient, address steward);
        function confirm(
            address patient,
            address steward,
            address viewer,
            uint16 categories,
            uint8 rights,
            uint64 from,
            uint64 until
        );
        function createGroup(uint64 number);
        function addToGroup(address group, address person, uint16 categories, uint8 rights, uint64 until);
        function removeFromGroup(address group, address person);

        function admitMember(
            address member,
            uint8 kind,
            bytes32 encryptionKey,
            bytes32 profileDigest,
            string name,
            string endpoint
        );
        function removeMember(address member);
        function addOperator(address operator);
        function removeOperator(address operator);
        function withdrawVote(bytes32 action);
        function updateProfile(bytes32 encryptionKey, bytes32 profileDigest, string endpoint);
        function offerKey(address key);
        function takeKey(address identity);
        function setGuardians(bytes32 circle, uint64 delay, bytes32 next);
        function approveKey(address identity, address key, bytes32 salt, uint8 threshold, address[] guardians);
        function vetoKey();
    }
}
