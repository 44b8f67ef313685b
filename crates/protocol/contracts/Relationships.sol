// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice What this contract asks the registry.
interface IRegistry {
    function isActiveMember(address account) external view returns (bool);
    function identityOf(address key) external view returns (address);
}

/// @notice What this contract tells the summary.
interface ISummary {
    function append(address participant, address patient, address steward) external;
}

/// @title Who stewards whose records, what they are, and who may read them
/// @notice One entry per patient's pseudonym and steward: where the relationship stands, the digest of the record set,
/// what the patient lets each viewer do, and the head of the access log. Only the patient decides on its state and on
/// grants, only the steward publishes. A viewer may be a group, which its owner keeps: all emergency rooms, a care team.
/// Where a patient has named somebody to confirm, a grant holds only once both have said the same.
/// @dev No owner, no upgrade, no `selfdestruct`. What a client proves: relationships (0), a mapping of a mapping to a
/// struct whose first seven words are fixed; a revoked grant is a zero word, so that its absence can be proven; groups (2).
contract Relationships {
    /// @notice Where a relationship stands. Rejected and Ended are final: a new start takes a new pseudonym.
    enum Status {
        None,
        Proposed,
        Active,
        Rejected,
        Ended
    }

    /// @notice What a patient lets one viewer do; one word, zero if nothing.
    struct Grant {
        uint16 categories; // bit n: category n
        uint8 rights; // 1 read, 2 contribute, 4 share
        uint64 from; // first second at which it holds
        uint64 until; // first second at which it no longer holds, 0 for an open end
    }

    /// @notice One publication.
    struct RecordSet {
        bytes32 root;
        uint64 count;
        uint64 publishedAt;
    }

    /// @notice One relationship. Times are UNIX seconds.
    struct Relationship {
        Status status; // word 0
        uint64 openedAt;
        uint64 changedAt;
        bytes32 recordSetRoot; // word 1
        uint64 recordCount; // word 2
        uint64 revision;
        uint64 publishedAt;
        bytes32 accessLogHead; // word 3
        uint64 accessLogCount; // word 4
        uint64 anchoredAt;
        bytes32 anchorsDigest; // word 5: over all anchors so far, so that none can be taken back
        address[] viewers; // word 6: everyone ever granted something, once each
        mapping(address => Grant) grants; // word 7
        mapping(address => bool) isListed; // word 8
        RecordSet[] history; // word 9: all publications, the newest last
        address confirmer; // word 10: who has to confirm each grant, zero if nobody
        mapping(address => Grant) proposals; // word 11: grants that wait for the confirmer
    }

    /// @notice That somebody is in a group; one word. Who left stays listed.
    struct Membership {
        bool isListed;
        uint64 since; // 0: not in it
        uint64 until; // first second at which it no longer holds, 0 for an open end
        uint16 categories; // of those that the group is granted; 0: not in it
        uint8 rights; // of those that the group is granted
    }

    /// @notice People who share what the group is granted. A group may be a member's own address: those are staff, who act
    /// for it with keys of their own.
    struct Group {
        address owner; // word 0; zero if there is no such group
        address[] members; // word 1: everyone who was ever in it, once each
        mapping(address => Membership) memberships; // word 2
    }

    /// @notice What somebody has made grow on one day.
    struct Quota {
        uint64 day; // days since 1970
        uint64 calls;
    }

    mapping(address => mapping(address => Relationship)) private relationships;
    mapping(address => Quota) private quotas;
    mapping(address => Group) private groups;

    /// @notice The directory of members.
    address public immutable registry;
    /// @notice The participants' lists.
    address public immutable summary;

    /// @notice The categories that have a meaning.
    uint16 public constant ALL_CATEGORIES = 0x1fff;
    /// @notice The rights that have a meaning.
    uint8 public constant ALL_RIGHTS = 7;
    /// @notice The most viewers of a relationship; a client proves the whole list.
    uint256 public constant MAX_VIEWERS = 1024;
    /// @notice The most people of a group; a client proves the whole list.
    uint256 public constant MAX_GROUP = 1024;
    /// @notice The most grants of one key on one day (UTC), groups and memberships among them. Gas costs nothing here, so that something else must.
    uint64 public constant MAX_GRANTS_PER_DAY = 1_000;
    /// @notice The most proposals and publications of one member on one day.
    uint64 public constant MAX_PUBLICATIONS_PER_DAY = 20_000;

    event StatusChanged(address indexed patient, address indexed steward, Status status);
    event Published(address indexed patient, address indexed steward, bytes32 root, uint64 count, uint64 revision);
    event Granted(address indexed patient, address indexed steward, address indexed viewer);
    event Revoked(address indexed patient, address indexed steward, address indexed viewer);
    event GrantProposed(address indexed patient, address indexed steward, address indexed viewer);
    event ConfirmerChanged(address indexed patient, address indexed steward, address indexed confirmer);
    event GroupCreated(address indexed group, address indexed owner);
    event MembershipChanged(address indexed group, address indexed person, uint64 since, uint64 until);
    event AccessLogAnchored(address indexed patient, address indexed steward, bytes32 head, uint64 count);

    /// @notice Another key has taken the place of the caller's.
    error KeyReplaced(address caller);
    /// @notice The caller is no active member of the network.
    error NotMember(address caller);
    /// @notice The caller is neither the patient nor the steward of this relationship.
    error NotParty(address caller);
    /// @notice The relationship does not stand where this could happen.
    error WrongStatus(Status found);
    /// @notice A patient, viewer or contract address that cannot be one.
    error BadAddress(address found);
    /// @notice A root or head must not be zero.
    error ZeroWord();
    /// @notice Categories that are empty or unknown.
    error BadCategories(uint16 found);
    /// @notice Rights that are empty or unknown.
    error BadRights(uint8 found);
    /// @notice A grant that is never in force, or over already.
    error BadPeriod(uint64 from, uint64 until);
    /// @notice There is nothing to revoke.
    error NoGrant(address viewer);
    /// @notice There is nobody who has to confirm, or somebody already.
    error WrongConfirmer(address found);
    /// @notice What is to be confirmed is not what the patient proposes.
    error OtherTerms();
    /// @notice The group exists already.
    error GroupExists(address group);
    /// @notice The caller does not keep this group.
    error NotGroupOwner(address caller);
    /// @notice The person is not in the group.
    error NotInGroup(address person);
    /// @notice An access log never shrinks, nor is it rewritten.
    error LogNotLonger(uint64 expectedAbove, uint64 found);
    /// @notice The caller has done so much today that the rest has to wait until tomorrow.
    error QuotaSpent(uint64 limit);
    /// @notice The list of viewers is full.
    error Full(uint256 max);

    /// @param registryAddress where `Registry` is (or is about to be) deployed
    /// @param summaryAddress where `Summary` is (or is about to be) deployed
    constructor(address registryAddress, address summaryAddress) {
        if (registryAddress == address(0)) revert BadAddress(registryAddress);
        if (summaryAddress == address(0)) revert BadAddress(summaryAddress);
        registry = registryAddress;
        summary = summaryAddress;
    }

    /// @notice An active member offers to steward a patient's records.
    function propose(address patient) external {
        address steward = _member();
        if (patient == address(0) || patient == steward) revert BadAddress(patient);
        Relationship storage entry = relationships[patient][steward];
        if (entry.status != Status.None) revert WrongStatus(entry.status);
        _spend(steward, MAX_PUBLICATIONS_PER_DAY);
        entry.openedAt = uint64(block.timestamp);
        _setStatus(entry, patient, steward, Status.Proposed);
        ISummary(summary).append(patient, patient, steward);
        ISummary(summary).append(steward, patient, steward);
    }

    /// @notice The patient accepts a proposal.
    function accept(address steward) external {
        _answer(steward, Status.Active);
    }

    /// @notice The patient rejects a proposal.
    function reject(address steward) external {
        _answer(steward, Status.Rejected);
    }

    /// @notice Either party ends an active relationship; the steward may also withdraw its proposal.
    function end(address patient, address steward) external {
        address caller = _caller();
        if (caller != patient && caller != steward) revert NotParty(msg.sender);
        Relationship storage entry = relationships[patient][steward];
        bool isWithdrawal = entry.status == Status.Proposed && caller == steward;
        if (entry.status != Status.Active && !isWithdrawal) revert WrongStatus(entry.status);
        _setStatus(entry, patient, steward, Status.Ended);
    }

    /// @notice The steward publishes the record set as it is now.
    /// @param root root of the record set
    /// @param count how many records it holds
    function publish(address patient, bytes32 root, uint64 count) external {
        address steward = _member();
        Relationship storage entry = relationships[patient][steward];
        if (entry.status != Status.Proposed && entry.status != Status.Active) revert WrongStatus(entry.status);
        if (root == 0) revert ZeroWord();
        _spend(steward, MAX_PUBLICATIONS_PER_DAY);
        uint64 time = uint64(block.timestamp);
        entry.recordSetRoot = root;
        entry.recordCount = count;
        entry.revision += 1;
        entry.publishedAt = time;
        entry.history.push(RecordSet(root, count, time));
        emit Published(patient, steward, root, count, entry.revision);
    }

    /// @notice The patient lets a viewer do something, in place of what it let the viewer do before; where somebody has to
    /// confirm, it takes the place only then.
    /// @param until first second at which the grant no longer holds, 0 for an open end
    function grant(address steward, address viewer, uint16 categories, uint8 rights, uint64 from, uint64 until)
        external
    {
        address patient = _caller();
        Relationship storage entry = relationships[patient][steward];
        if (entry.status != Status.Active) revert WrongStatus(entry.status);
        if (viewer == address(0) || viewer == patient || viewer == steward) revert BadAddress(viewer);
        if (categories == 0 || categories > ALL_CATEGORIES) revert BadCategories(categories);
        if (rights == 0 || rights > ALL_RIGHTS) revert BadRights(rights);
        if (until != 0 && (until <= from || until <= block.timestamp)) revert BadPeriod(from, until);
        _spend(patient, MAX_GRANTS_PER_DAY);
        if (entry.confirmer == address(0)) {
            entry.grants[viewer] = Grant(categories, rights, from, until);
            emit Granted(patient, steward, viewer);
        } else {
            entry.proposals[viewer] = Grant(categories, rights, from, until);
            emit GrantProposed(patient, steward, viewer);
        }
        if (entry.isListed[viewer]) return;

        if (entry.viewers.length >= MAX_VIEWERS) revert Full(MAX_VIEWERS);
        entry.isListed[viewer] = true;
        entry.viewers.push(viewer);
        ISummary(summary).append(viewer, patient, steward);
    }

    /// @notice Who has to confirm agrees to exactly what the patient proposes for a viewer.
    function confirm(
        address patient,
        address steward,
        address viewer,
        uint16 categories,
        uint8 rights,
        uint64 from,
        uint64 until
    ) external {
        Relationship storage entry = relationships[patient][steward];
        if (entry.status != Status.Active) revert WrongStatus(entry.status);
        if (entry.confirmer != _caller()) revert WrongConfirmer(entry.confirmer);
        Grant memory proposed = entry.proposals[viewer];
        if (proposed.categories == 0) revert NoGrant(viewer);
        if (proposed.categories != categories || proposed.rights != rights) revert OtherTerms();
        if (proposed.from != from || proposed.until != until) revert OtherTerms();
        delete entry.proposals[viewer];
        entry.grants[viewer] = proposed;
        emit Granted(patient, steward, viewer);
    }

    /// @notice The patient names who has to confirm each grant from now on: the steward, a guardian, a spouse.
    function setConfirmer(address steward, address confirmer) external {
        address patient = _caller();
        Relationship storage entry = relationships[patient][steward];
        if (entry.status != Status.Active) revert WrongStatus(entry.status);
        if (entry.confirmer != address(0)) revert WrongConfirmer(entry.confirmer);
        if (confirmer == address(0) || confirmer == patient) revert BadAddress(confirmer);
        entry.confirmer = confirmer;
        emit ConfirmerChanged(patient, steward, confirmer);
    }

    /// @notice Who has to confirm is released from it, by itself alone: a patient under pressure cannot do without.
    function releaseConfirmer(address patient, address steward) external {
        Relationship storage entry = relationships[patient][steward];
        if (entry.confirmer != _caller()) revert WrongConfirmer(entry.confirmer);
        entry.confirmer = address(0);
        emit ConfirmerChanged(patient, steward, address(0));
    }

    /// @notice The patient takes back what it let a viewer do or proposed to, also after the relationship ended.
    function revoke(address steward, address viewer) external {
        address patient = _caller();
        Relationship storage entry = relationships[patient][steward];
        if (entry.grants[viewer].categories == 0 && entry.proposals[viewer].categories == 0) revert NoGrant(viewer);
        delete entry.grants[viewer];
        delete entry.proposals[viewer];
        emit Revoked(patient, steward, viewer);
    }

    /// @notice Makes a group that the caller keeps; it can be granted something like any viewer.
    /// @param number of the caller's choice, another one for each group
    function createGroup(uint64 number) external {
        address owner = _caller();
        address group = groupAddress(owner, number);
        if (groups[group].owner != address(0)) revert GroupExists(group);
        _spend(owner, MAX_GRANTS_PER_DAY);
        groups[group].owner = owner;
        emit GroupCreated(group, owner);
    }

    /// @notice The owner puts somebody into a group, or changes what for and until when. A member's own address is a group of
    /// its own without being made; whoever is no member passes nothing on.
    /// @param categories what of that which the group is granted
    /// @param until first second at which it no longer holds, 0 for an open end
    function addToGroup(address group, address person, uint16 categories, uint8 rights, uint64 until) external {
        Group storage entry = groups[group];
        address owner = _caller();
        if (group == owner && IRegistry(registry).isActiveMember(owner)) entry.owner = owner;
        if (entry.owner != owner) revert NotGroupOwner(msg.sender);
        if (person == address(0) || person == group) revert BadAddress(person);
        if (categories == 0 || categories > ALL_CATEGORIES) revert BadCategories(categories);
        if (rights == 0 || rights > ALL_RIGHTS) revert BadRights(rights);
        uint64 time = uint64(block.timestamp);
        if (until != 0 && until <= time) revert BadPeriod(time, until);
        _spend(owner, MAX_GRANTS_PER_DAY);
        if (!entry.memberships[person].isListed) {
            if (entry.members.length >= MAX_GROUP) revert Full(MAX_GROUP);
            entry.members.push(person);
        }
        entry.memberships[person] = Membership(true, time, until, categories, rights);
        emit MembershipChanged(group, person, time, until);
    }

    /// @notice Takes somebody out of a group: the owner does, or that person.
    function removeFromGroup(address group, address person) external {
        Group storage entry = groups[group];
        address caller = _caller();
        if (entry.owner != caller && person != caller) revert NotGroupOwner(msg.sender);
        if (entry.memberships[person].since == 0) revert NotInGroup(person);
        entry.memberships[person] = Membership(true, 0, 0, 0, 0);
        emit MembershipChanged(group, person, 0, 0);
    }

    /// @notice The address of a group, which no key can have.
    function groupAddress(address owner, uint64 number) public pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked("medrec-group", owner, number)))));
    }

    /// @notice The steward anchors the head of the access log, also when it has ended or lost its membership: what was
    /// read must come to light. Every anchor goes into one digest, so that a log which once was anchored cannot become
    /// another one.
    /// @param count entries up to the head, more than were anchored before
    function anchorAccessLog(address patient, bytes32 head, uint64 count) external {
        address steward = _caller();
        Relationship storage entry = relationships[patient][steward];
        if (entry.status == Status.None) revert WrongStatus(entry.status);
        if (head == 0) revert ZeroWord();
        if (count <= entry.accessLogCount) revert LogNotLonger(entry.accessLogCount, count);
        entry.accessLogHead = head;
        entry.accessLogCount = count;
        entry.anchoredAt = uint64(block.timestamp);
        entry.anchorsDigest = keccak256(abi.encodePacked(entry.anchorsDigest, head, count));
        emit AccessLogAnchored(patient, steward, head, count);
    }

    /// @notice Where a relationship stands.
    function statusOf(address patient, address steward) external view returns (Status) {
        return relationships[patient][steward].status;
    }

    /// @notice What a viewer was granted; zeros if nothing.
    function grantOf(address patient, address steward, address viewer) external view returns (Grant memory) {
        return relationships[patient][steward].grants[viewer];
    }

    /// @notice How often the steward has published.
    function historyLength(address patient, address steward) external view returns (uint256) {
        return relationships[patient][steward].history.length;
    }

    /// @notice One publication.
    function historyAt(address patient, address steward, uint256 index) external view returns (RecordSet memory) {
        return relationships[patient][steward].history[index];
    }

    function _answer(address steward, Status status) private {
        address patient = _caller();
        Relationship storage entry = relationships[patient][steward];
        if (entry.status != Status.Proposed) revert WrongStatus(entry.status);
        _setStatus(entry, patient, steward, status);
    }

    function _setStatus(Relationship storage entry, address patient, address steward, Status status) private {
        entry.status = status;
        entry.changedAt = uint64(block.timestamp);
        emit StatusChanged(patient, steward, status);
    }

    /// @dev Counts one more call of somebody today. What only overwrites (revoking, ending, anchoring) is not counted.
    function _spend(address spender, uint64 limit) private {
        Quota storage quota = quotas[spender];
        uint64 today = uint64(block.timestamp / 1 days);
        if (quota.day != today) {
            quota.day = today;
            quota.calls = 0;
        }
        if (quota.calls >= limit) revert QuotaSpent(limit);
        quota.calls++;
    }

    /// @dev For whom the caller signs.
    function _caller() private view returns (address identity) {
        identity = IRegistry(registry).identityOf(msg.sender);
        if (identity == address(0)) revert KeyReplaced(msg.sender);
    }

    /// @dev The active member for whom the caller signs.
    function _member() private view returns (address identity) {
        identity = _caller();
        if (!IRegistry(registry).isActiveMember(identity)) revert NotMember(msg.sender);
    }
}
