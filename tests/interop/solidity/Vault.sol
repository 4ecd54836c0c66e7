// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// The rules of codex-market(7), VAULT, once more.
contract Vault is Ownable, Pausable {
    using SafeERC20 for IERC20;

    enum Status { Inactive, Locked, Frozen, Withdrawing }

    struct Fund {
        uint40 expiry;
        uint40 maximum;
        uint40 frozenAt;
    }

    struct Account {
        uint128 available;
        uint128 designated;
        uint96 outgoing;
        uint96 incoming;
        uint40 updated;
    }

    IERC20 private immutable _token;
    mapping(address => mapping(bytes32 => Fund)) private _funds;
    mapping(address => mapping(bytes32 => mapping(bytes32 => Account))) private _accounts;

    error VaultFlowNotZero();
    error VaultFundAlreadyLocked();
    error VaultFundNotLocked();
    error VaultFundNotUnlocked();
    error VaultInsufficientBalance();
    error VaultInvalidExpiry();
    error VaultOnlyAccountHolder();

    constructor(IERC20 token, address owner) Ownable(owner) {
        _token = token;
    }

    function lock(bytes32 fundId, uint40 expiry, uint40 maximum) external whenNotPaused {
        if (_status(msg.sender, fundId) != Status.Inactive) revert VaultFundAlreadyLocked();
        if (expiry > maximum) revert VaultInvalidExpiry();
        Fund storage fund = _funds[msg.sender][fundId];
        fund.expiry = expiry;
        fund.maximum = maximum;
    }

    function extendLock(bytes32 fundId, uint40 expiry) external whenNotPaused {
        _wantLocked(fundId);
        Fund storage fund = _funds[msg.sender][fundId];
        if (expiry < fund.expiry || expiry > fund.maximum) revert VaultInvalidExpiry();
        fund.expiry = expiry;
    }

    function deposit(bytes32 fundId, bytes32 accountId, uint128 amount) external whenNotPaused {
        _wantLocked(fundId);
        _accounts[msg.sender][fundId][accountId].available += amount;
        _token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function designate(bytes32 fundId, bytes32 accountId, uint128 amount) external whenNotPaused {
        _wantLocked(fundId);
        Account storage account = _accounts[msg.sender][fundId][accountId];
        if (amount > account.available) revert VaultInsufficientBalance();
        account.available -= amount;
        account.designated += amount;
        _wantSolvent(fundId, account);
    }

    function transfer(bytes32 fundId, bytes32 from, bytes32 to, uint128 amount) external whenNotPaused {
        _wantLocked(fundId);
        Account storage sender = _accounts[msg.sender][fundId][from];
        if (amount > sender.available) revert VaultInsufficientBalance();
        sender.available -= amount;
        _wantSolvent(fundId, sender);
        _accounts[msg.sender][fundId][to].available += amount;
    }

    function flow(bytes32 fundId, bytes32 from, bytes32 to, uint96 rate) external whenNotPaused {
        _wantLocked(fundId);
        Account storage sender = _accounts[msg.sender][fundId][from];
        _settle(sender, uint40(block.timestamp));
        if (rate <= sender.incoming) {
            sender.incoming -= rate;
        } else {
            sender.outgoing = sender.outgoing + rate - sender.incoming;
            sender.incoming = 0;
        }
        _wantSolvent(fundId, sender);
        Account storage receiver = _accounts[msg.sender][fundId][to];
        _settle(receiver, uint40(block.timestamp));
        receiver.incoming += rate;
    }

    function burnDesignated(bytes32 fundId, bytes32 accountId, uint128 amount) external whenNotPaused {
        _wantLocked(fundId);
        Account storage account = _accounts[msg.sender][fundId][accountId];
        if (account.designated < amount) revert VaultInsufficientBalance();
        account.designated -= amount;
        _token.safeTransfer(address(0xdead), amount);
    }

    function burnAccount(bytes32 fundId, bytes32 accountId) external whenNotPaused {
        _wantLocked(fundId);
        Account memory account = _accounts[msg.sender][fundId][accountId];
        if (account.incoming != account.outgoing) revert VaultFlowNotZero();
        delete _accounts[msg.sender][fundId][accountId];
        _token.safeTransfer(address(0xdead), account.available + account.designated);
    }

    function freezeFund(bytes32 fundId) external whenNotPaused {
        _wantLocked(fundId);
        _funds[msg.sender][fundId].frozenAt = uint40(block.timestamp);
    }

    function withdraw(bytes32 fundId, bytes32 accountId) external whenNotPaused {
        _withdraw(msg.sender, fundId, accountId);
    }

    function withdrawByRecipient(address controller, bytes32 fundId, bytes32 accountId) external {
        if (msg.sender != address(bytes20(accountId))) revert VaultOnlyAccountHolder();
        _withdraw(controller, fundId, accountId);
    }

    function pause() external onlyOwner {
        _pause();
    }

    function unpause() external onlyOwner {
        _unpause();
    }

    function encodeAccountId(address holder, bytes12 discriminator) external pure returns (bytes32) {
        return bytes32(bytes20(holder)) | (bytes32(discriminator) >> 160);
    }

    function decodeAccountId(bytes32 id) external pure returns (address, bytes12) {
        return (address(bytes20(id)), bytes12(id << 160));
    }

    function getBalance(bytes32 fundId, bytes32 accountId) external view returns (uint128) {
        Account memory account = _current(fundId, accountId);
        return account.available + account.designated;
    }

    function getDesignatedBalance(bytes32 fundId, bytes32 accountId) external view returns (uint128) {
        return _current(fundId, accountId).designated;
    }

    function getFundStatus(bytes32 fundId) external view returns (Status) {
        return _status(msg.sender, fundId);
    }

    function getLockExpiry(bytes32 fundId) external view returns (uint40) {
        return _funds[msg.sender][fundId].expiry;
    }

    function _withdraw(address controller, bytes32 fundId, bytes32 accountId) private {
        if (_status(controller, fundId) != Status.Withdrawing) revert VaultFundNotUnlocked();
        Account memory account = _settled(_accounts[controller][fundId][accountId], _flowEnd(controller, fundId));
        delete _accounts[controller][fundId][accountId];
        _token.safeTransfer(address(bytes20(accountId)), account.available + account.designated);
    }

    function _current(bytes32 fundId, bytes32 accountId) private view returns (Account memory none) {
        Status status = _status(msg.sender, fundId);
        if (status == Status.Inactive) return none;
        return
            _settled(
                _accounts[msg.sender][fundId][accountId],
                status == Status.Locked ? uint40(block.timestamp) : _flowEnd(msg.sender, fundId)
            );
    }

    function _status(address controller, bytes32 fundId) private view returns (Status) {
        Fund storage fund = _funds[controller][fundId];
        if (block.timestamp < fund.expiry) return fund.frozenAt != 0 ? Status.Frozen : Status.Locked;
        return fund.maximum == 0 ? Status.Inactive : Status.Withdrawing;
    }

    function _flowEnd(address controller, bytes32 fundId) private view returns (uint40) {
        Fund storage fund = _funds[controller][fundId];
        return fund.frozenAt != 0 ? fund.frozenAt : fund.expiry;
    }

    function _wantLocked(bytes32 fundId) private view {
        if (_status(msg.sender, fundId) != Status.Locked) revert VaultFundNotLocked();
    }

    function _wantSolvent(bytes32 fundId, Account storage account) private view {
        uint128 left = uint128(_funds[msg.sender][fundId].maximum - account.updated);
        if (uint128(account.outgoing) * left > account.available) revert VaultInsufficientBalance();
    }

    function _settled(Account memory account, uint40 at) private pure returns (Account memory) {
        uint128 time = uint128(at - account.updated);
        account.available -= uint128(account.outgoing) * time;
        account.designated += uint128(account.incoming) * time;
        account.updated = at;
        return account;
    }

    function _settle(Account storage account, uint40 at) private {
        Account memory settled = _settled(account, at);
        account.available = settled.available;
        account.designated = settled.designated;
        account.updated = settled.updated;
    }
}
