// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The directory of a MedRec network
/// @notice Holds the network's id and its members: who they are on the chain, where their gatekeeper listens, and the
/// key that requests are sealed to. Operators admit and remove members by strict majority (more than half).
/// It also holds whose key is whose: everybody, member or not, may let another key sign for its address.
/// @dev No owner, no upgrade, no `selfdestruct`, no `delegatecall`. What a client proves lies in fixed words:
/// networkId (0), relationships (1), summary (2), length of the member list (3), members (4), identityByKey (10),
/// guardianships (11).
contract Registry {
    /// @notice What a member is. `None` is never stored.
    enum Kind {
        None,
        Provider,
        Vendor,
        Researcher,
        Auditor
    }

    /// @notice Whether an address is a member. `None` is never stored.
    enum Status {
        None,
        Active,
        Removed
    }

    /// @notice One member. Its address stays; the key with which it signs answers and transactions may be another one.
    /// An address that is no member has an entry, too, once it was offered a key: `None`, and nothing but its keys.
    struct Member {
        Kind kind;
        Status status;
        uint64 since; // UNIX seconds of the last change of status
        bytes32 encryptionKey; // X25519
        bytes32 profileDigest; // SHA-256 of its profile document, zero if none
        string name;
        string endpoint; // origin of its gatekeeper, empty if none
        address key; // who signs for this address, zero while it does so itself
        address nextKey; // who was offered to sign for it
    }

    /// @notice Who may give an address a new key when its own is lost. Who they are is a secret until they act: the chain
    /// keeps a digest. Nothing here permits anything before the delay is over, and the key of today can stop it.
    struct Guardianship {
        bytes32 circle; // keccak256(abi.encode(salt, threshold, guardians)), zero if there are none
        bytes32 next; // for whoever knows the secret, the person's next address; the chain knows no meaning of it
        uint64 delay; // seconds between the last approval and the new key
        uint64 round; // counts changes and vetoes; approvals of another round count for nothing
        uint64 readyAt; // from when the approved key may take over
        address key; // approved by enough guardians in this round, zero if none
    }

    /// @notice Votes for one action. A ballot of another electorate, or an old one, counts for nothing.
    struct Ballot {
        uint64 openedAt;
        uint64 electorate;
        address[] voters;
    }

    /// @notice The network's id: keccak256(chain id as 32 bytes, genesis hash).
    bytes32 public networkId;
    /// @notice The contract `Relationships` of this network.
    address public relationships;
    /// @notice The contract `Summary` of this network.
    address public summary;
    address[] private memberList;
    mapping(address => Member) private members;

    address[] private operators;
    /// @notice Changes whenever an operator comes or goes, which voids all open ballots.
    uint64 public electorate;
    mapping(address => bool) public isOperator;
    mapping(bytes32 => Ballot) private ballots;
    mapping(bytes32 => address) private memberByName;
    /// @dev Whose key an address became. It never becomes anybody else's, nor a member.
    mapping(address => address) private identityByKey;
    mapping(address => Guardianship) private guardianships;
    /// @dev By keccak256(identity, round, key): how many guardians approve, and with the guardian behind it, whether it does.
    mapping(bytes32 => uint256) private approvals;

    /// @notice The longest name in bytes.
    uint256 public constant MAX_NAME_BYTES = 128;
    /// @notice The longest endpoint in bytes.
    uint256 public constant MAX_ENDPOINT_BYTES = 256;
    /// @notice The most members ever admitted; a client proves the whole list.
    uint256 public constant MAX_MEMBERS = 4096;
    /// @notice The most operators at a time.
    uint256 public constant MAX_OPERATORS = 64;
    /// @notice How long a ballot stays open.
    uint64 public constant BALLOT_PERIOD = 30 days;
    /// @notice The most guardians of an address.
    uint256 public constant MAX_GUARDIANS = 16;
    /// @notice The shortest time that a lost key's owner has to object.
    uint64 public constant MIN_DELAY = 1 minutes;
    /// @notice The longest time until a new key may take over.
    uint64 public constant MAX_DELAY = 90 days;

    event MemberAdmitted(address indexed member);
    event MemberRemoved(address indexed member);
    event ProfileUpdated(address indexed member);
    event KeyOffered(address indexed identity, address indexed key);
    event KeyTaken(address indexed identity, address indexed key);
    event GuardiansSet(address indexed identity);
    event KeyApproved(address indexed identity, address indexed key, uint64 readyAt);
    event KeyVetoed(address indexed identity);
    event OperatorAdded(address indexed operator);
    event OperatorRemoved(address indexed operator);
    event Voted(bytes32 indexed action, address indexed operator, uint256 votes, uint256 operators);

    /// @notice The caller is no operator.
    error NotOperator(address caller);
    /// @notice The caller (or the address to remove) is no active member.
    error NotMember(address account);
    /// @notice The address is a member already.
    error AlreadyMember(address member);
    /// @notice The address is an operator already.
    error AlreadyOperator(address operator);
    /// @notice The address to remove is no operator.
    error UnknownOperator(address operator);
    /// @notice A network without operators could never change again.
    error LastOperator();
    /// @notice The caller voted for this already.
    error AlreadyVoted(address operator);
    /// @notice The caller has no vote to take back.
    error NoVote(address operator);
    /// @notice Another active member bears this name.
    error NameTaken(address member);
    /// @notice An address that must not be zero is zero.
    error ZeroAddress();
    /// @notice A key or id that must not be zero is zero.
    error ZeroWord();
    /// @notice The address signs, or once signed, for somebody: it cannot sign for another one.
    error KeyUsed(address key);
    /// @notice Another key signs for whomever the caller signed for.
    error KeyReplaced(address caller);
    /// @notice Nobody offered the caller to sign for this address.
    error NotOffered(address caller);
    /// @notice The guardians that are spelled out are not the ones that were chosen.
    error WrongCircle();
    /// @notice The caller is none of the guardians.
    error NotGuardian(address caller);
    /// @notice The approved key may take over only from then on.
    error NotReady(uint64 readyAt);
    /// @notice The delay is too short or too long.
    error BadDelay(uint64 found);
    /// @notice A member must be of some kind.
    error NoKind();
    /// @notice A text is empty or too long.
    error BadLength(uint256 found, uint256 max);
    /// @notice The list is full.
    error Full(uint256 max);

    /// @param id the network's id
    /// @param firstOperators who may vote at first
    /// @param relationshipsAddress where `Relationships` is (or is about to be) deployed
    /// @param summaryAddress where `Summary` is (or is about to be) deployed
    constructor(bytes32 id, address[] memory firstOperators, address relationshipsAddress, address summaryAddress) {
        if (id == 0) revert ZeroWord();
        if (relationshipsAddress == address(0) || summaryAddress == address(0)) revert ZeroAddress();
        if (firstOperators.length == 0) revert LastOperator();
        networkId = id;
        relationships = relationshipsAddress;
        summary = summaryAddress;
        for (uint256 i = 0; i < firstOperators.length; i++) _addOperator(firstOperators[i]);
    }

    /// @notice Votes to admit a member with exactly these particulars; admits it when the votes are a majority.
    function admitMember(
        address member,
        Kind kind,
        bytes32 encryptionKey,
        bytes32 profileDigest,
        string calldata name,
        string calldata endpoint
    ) external {
        if (member == address(0)) revert ZeroAddress();
        if (kind == Kind.None) revert NoKind();
        if (isActiveMember(member)) revert AlreadyMember(member);
        if (identityByKey[member] != address(0)) revert KeyUsed(member);
        _checkText(name, 1, MAX_NAME_BYTES);
        address bearer = memberByName[keccak256(bytes(name))];
        if (bearer != address(0)) revert NameTaken(bearer);
        _checkProfile(encryptionKey, endpoint);
        if (!_vote()) return;

        Member storage entry = members[member];
        if (entry.status == Status.None) {
            if (memberList.length >= MAX_MEMBERS) revert Full(MAX_MEMBERS);
            memberList.push(member);
        }
        entry.kind = kind;
        entry.status = Status.Active;
        entry.since = uint64(block.timestamp);
        entry.encryptionKey = encryptionKey;
        entry.profileDigest = profileDigest;
        entry.name = name;
        entry.endpoint = endpoint;
        memberByName[keccak256(bytes(name))] = member;
        emit MemberAdmitted(member);
    }

    /// @notice Votes to remove a member; removes it when the votes are a majority. Its entry stays, as removed.
    function removeMember(address member) external {
        if (!isActiveMember(member)) revert NotMember(member);
        if (!_vote()) return;

        Member storage entry = members[member];
        entry.status = Status.Removed;
        entry.since = uint64(block.timestamp);
        delete memberByName[keccak256(bytes(entry.name))];
        emit MemberRemoved(member);
    }

    /// @notice Votes to add an operator.
    function addOperator(address operator) external {
        if (operator == address(0)) revert ZeroAddress();
        if (isOperator[operator]) revert AlreadyOperator(operator);
        if (!_vote()) return;

        _addOperator(operator);
    }

    /// @notice Votes to remove an operator; the one concerned may vote, too.
    function removeOperator(address operator) external {
        if (!isOperator[operator]) revert UnknownOperator(operator);
        if (operators.length == 1) revert LastOperator();
        if (!_vote()) return;

        for (uint256 i = 0; i < operators.length; i++) {
            if (operators[i] == operator) {
                operators[i] = operators[operators.length - 1];
                operators.pop();
                break;
            }
        }
        isOperator[operator] = false;
        electorate++;
        emit OperatorRemoved(operator);
    }

    /// @notice Takes back one's vote for an action that has not passed.
    /// @param action keccak256 of the calldata that was voted with
    function withdrawVote(bytes32 action) external {
        address[] storage voters = ballots[action].voters;
        for (uint256 i = 0; i < voters.length; i++) {
            if (voters[i] == msg.sender) {
                voters[i] = voters[voters.length - 1];
                voters.pop();
                return;
            }
        }
        revert NoVote(msg.sender);
    }

    /// @notice A member changes its own key, profile or endpoint. Kind and name are the operators' to decide.
    function updateProfile(bytes32 encryptionKey, bytes32 profileDigest, string calldata endpoint) external {
        address member = _activeCaller();
        _checkProfile(encryptionKey, endpoint);
        Member storage entry = members[member];
        entry.encryptionKey = encryptionKey;
        entry.profileDigest = profileDigest;
        entry.endpoint = endpoint;
        emit ProfileUpdated(member);
    }

    /// @notice Whoever the caller signs for offers a key to do so from now on; nothing changes before that key takes it.
    function offerKey(address key) external {
        address identity = _identity();
        if (key == address(0)) revert ZeroAddress();
        _checkUnused(identity, key);
        members[identity].nextKey = key;
        emit KeyOffered(identity, key);
    }

    /// @notice The key that was offered, or that the guardians approved, takes the place of the former one, which never
    /// signs for anybody again.
    function takeKey(address identity) external {
        Member storage entry = members[identity];
        Guardianship storage guardianship = guardianships[identity];
        if (entry.status == Status.Removed) revert NotMember(identity);
        if (entry.nextKey != msg.sender) {
            if (guardianship.key != msg.sender) revert NotOffered(msg.sender);
            if (block.timestamp < guardianship.readyAt) revert NotReady(guardianship.readyAt);
        }
        _checkUnused(identity, msg.sender);
        entry.key = msg.sender;
        entry.nextKey = address(0);
        identityByKey[msg.sender] = identity;
        _newRound(guardianship);
        emit KeyTaken(identity, msg.sender);
    }

    /// @notice Whoever the caller signs for chooses its guardians, or none (a circle of zero). What they have approved is void.
    /// @param circle keccak256(abi.encode(salt, threshold, guardians)): who they are stays unknown until they act
    /// @param delay seconds to object between the last approval and the new key
    /// @param next the person's next address, hidden from whoever does not know the secret
    function setGuardians(bytes32 circle, uint64 delay, bytes32 next) external {
        address identity = _identity();
        if (circle != 0 && (delay < MIN_DELAY || delay > MAX_DELAY)) revert BadDelay(delay);
        Guardianship storage guardianship = guardianships[identity];
        guardianship.circle = circle;
        guardianship.next = next;
        guardianship.delay = delay;
        _newRound(guardianship);
        emit GuardiansSet(identity);
    }

    /// @notice A guardian approves a new key. With enough of them it may take over once the delay is over; of two keys that
    /// were approved, the later one.
    function approveKey(address identity, address key, bytes32 salt, uint8 threshold, address[] calldata guardians)
        external
    {
        Guardianship storage guardianship = guardianships[identity];
        bytes32 circle = keccak256(abi.encode(salt, threshold, guardians));
        if (circle != guardianship.circle || threshold == 0 || guardians.length > MAX_GUARDIANS) revert WrongCircle();
        if (key == address(0)) revert ZeroAddress();
        _checkUnused(identity, key);
        address guardian = identityOf(msg.sender);
        bool found = false;
        for (uint256 i = 0; i < guardians.length; i++) {
            // In ascending order, so that nobody counts twice.
            if (i > 0 && guardians[i] <= guardians[i - 1]) revert WrongCircle();
            if (guardians[i] == guardian && guardian != address(0)) found = true;
        }
        if (!found) revert NotGuardian(msg.sender);
        bytes32 place = keccak256(abi.encode(identity, guardianship.round, key));
        bytes32 own = keccak256(abi.encode(place, guardian));
        if (approvals[own] != 0) revert AlreadyVoted(guardian);
        approvals[own] = 1;
        approvals[place]++;
        if (approvals[place] == threshold) {
            guardianship.key = key;
            guardianship.readyAt = uint64(block.timestamp) + guardianship.delay;
            emit KeyApproved(identity, key, guardianship.readyAt);
        }
    }

    /// @notice Whoever the caller signs for still has its key: what the guardians have approved is void.
    function vetoKey() external {
        address identity = _identity();
        _newRound(guardianships[identity]);
        emit KeyVetoed(identity);
    }

    /// @notice For whom a key signs: for another address, or for itself; zero if another key has taken its place.
    function identityOf(address key) public view returns (address) {
        address identity = identityByKey[key];
        if (identity == address(0)) identity = key;
        address current = members[identity].key;
        return (current == address(0) ? identity : current) == key ? identity : address(0);
    }

    /// @notice Whether an address is a member now.
    function isActiveMember(address account) public view returns (bool) {
        return members[account].status == Status.Active;
    }

    /// @notice One member's entry.
    function memberOf(address account) external view returns (Member memory) {
        return members[account];
    }

    /// @notice The guardianship of an address.
    function guardianshipOf(address identity) external view returns (Guardianship memory) {
        return guardianships[identity];
    }

    /// @notice How many members were ever admitted.
    function memberCount() external view returns (uint256) {
        return memberList.length;
    }

    /// @notice The address of a member by its place in the list.
    function memberAt(uint256 index) external view returns (address) {
        return memberList[index];
    }

    /// @notice The operators.
    function operatorList() external view returns (address[] memory) {
        return operators;
    }

    /// @notice Who voted for an action so far, if its ballot is still open.
    function votersFor(bytes32 action) external view returns (address[] memory) {
        return _isOpen(ballots[action]) ? ballots[action].voters : new address[](0);
    }

    /// @dev Counts the caller's vote for the action that the calldata spells out; true if that makes a majority,
    /// which also closes the ballot, so that the same action needs new votes to happen again.
    function _vote() private returns (bool passed) {
        if (!isOperator[msg.sender]) revert NotOperator(msg.sender);
        bytes32 action = keccak256(msg.data);
        Ballot storage ballot = ballots[action];
        if (!_isOpen(ballot)) {
            delete ballots[action];
            ballot.openedAt = uint64(block.timestamp);
            ballot.electorate = electorate;
        }
        for (uint256 i = 0; i < ballot.voters.length; i++) {
            if (ballot.voters[i] == msg.sender) revert AlreadyVoted(msg.sender);
        }
        ballot.voters.push(msg.sender);
        uint256 votes = ballot.voters.length;
        emit Voted(action, msg.sender, votes, operators.length);
        passed = votes * 2 > operators.length;
        if (passed) delete ballots[action];
    }

    /// @dev The active member for whom the caller signs.
    function _activeCaller() private view returns (address member) {
        member = identityOf(msg.sender);
        if (!isActiveMember(member)) revert NotMember(msg.sender);
    }

    /// @dev For whom the caller signs now; not for a member that was removed.
    function _identity() private view returns (address identity) {
        identity = identityOf(msg.sender);
        if (identity == address(0)) revert KeyReplaced(msg.sender);
        if (members[identity].status == Status.Removed) revert NotMember(msg.sender);
    }

    function _newRound(Guardianship storage guardianship) private {
        guardianship.round++;
        guardianship.key = address(0);
        guardianship.readyAt = 0;
    }

    /// @dev A key signs for one address in its life, and the address of a member, or of whoever changed its key, for
    /// nobody else.
    function _checkUnused(address identity, address key) private view {
        Member storage entry = members[key];
        bool used = identityByKey[key] != address(0) || entry.status != Status.None || entry.key != address(0);
        if (used || key == identity) revert KeyUsed(key);
    }

    function _isOpen(Ballot storage ballot) private view returns (bool) {
        return ballot.voters.length != 0 && ballot.electorate == electorate
            && block.timestamp - ballot.openedAt <= BALLOT_PERIOD;
    }

    function _addOperator(address operator) private {
        if (operator == address(0)) revert ZeroAddress();
        if (isOperator[operator]) revert AlreadyOperator(operator);
        if (operators.length >= MAX_OPERATORS) revert Full(MAX_OPERATORS);
        operators.push(operator);
        isOperator[operator] = true;
        electorate++;
        emit OperatorAdded(operator);
    }

    function _checkProfile(bytes32 encryptionKey, string calldata endpoint) private pure {
        if (encryptionKey == 0) revert ZeroWord();
        _checkText(endpoint, 0, MAX_ENDPOINT_BYTES);
    }

    function _checkText(string calldata text, uint256 min, uint256 max) private pure {
        uint256 length = bytes(text).length;
        if (length < min || length > max) revert BadLength(length, max);
    }
}
