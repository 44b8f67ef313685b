// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Every participant's list of relationships
/// @notice What a restored key finds its history with: for each patient, steward and viewer the relationships it has
/// (or had) a part in. Nothing is ever removed; what a relationship is worth now stands in `Relationships`.
/// @dev What a client proves: entries (0), a mapping to arrays of two words each.
contract Summary {
    /// @notice One relationship.
    struct Entry {
        address patient;
        address steward;
    }

    mapping(address => Entry[]) private entries;

    /// @notice The only contract that may append.
    address public immutable relationships;

    /// @notice The caller is not `Relationships`.
    error NotRelationships(address caller);
    /// @notice The address of `Relationships` is zero.
    error ZeroAddress();

    /// @param relationshipsAddress where `Relationships` is (or is about to be) deployed
    constructor(address relationshipsAddress) {
        if (relationshipsAddress == address(0)) revert ZeroAddress();
        relationships = relationshipsAddress;
    }

    /// @notice Adds a relationship to a participant's list; `Relationships` sees to it that this happens once each.
    function append(address participant, address patient, address steward) external {
        if (msg.sender != relationships) revert NotRelationships(msg.sender);
        entries[participant].push(Entry(patient, steward));
    }

    /// @notice The length of a participant's list.
    function entryCount(address participant) external view returns (uint256) {
        return entries[participant].length;
    }

    /// @notice One entry of a participant's list.
    function entryAt(address participant, uint256 index) external view returns (Entry memory) {
        return entries[participant][index];
    }
}
