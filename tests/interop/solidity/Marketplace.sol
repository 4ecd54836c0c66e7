// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

/// The rules of codex-market(7), THE CONTRACT, once more, in the language of contracts: what the
/// library does is compared with it, call by call. Written from that page, not from the contract of the network.

struct Ask {
    uint256 proofProbability;
    uint256 pricePerBytePerSecond;
    uint256 collateralPerByte;
    uint64 slots;
    uint64 slotSize;
    uint64 duration;
    uint64 maxSlotLoss;
}

struct Content {
    bytes cid;
    bytes32 merkleRoot;
}

struct Request {
    address client;
    Ask ask;
    Content content;
    uint64 expiry;
    bytes32 nonce;
}

struct ActiveSlot {
    Request request;
    uint64 slotIndex;
}

struct Pair {
    uint256 first;
    uint256 second;
}

struct PairOfPairs {
    Pair x;
    Pair y;
}

struct Proof {
    Pair a;
    PairOfPairs b;
    Pair c;
}

struct CollateralRules {
    uint8 repairRewardPercentage;
    uint8 maxNumberOfSlashes;
    uint8 slashPercentage;
    uint8 validatorRewardPercentage;
}

struct ProofRules {
    uint64 period;
    uint64 timeout;
    uint8 downtime;
    uint8 downtimeProduct;
    string zkeyHash;
}

struct ReservationRules {
    uint8 maxReservations;
}

struct Configuration {
    CollateralRules collateral;
    ProofRules proofs;
    ReservationRules reservations;
    uint64 requestDurationLimit;
}

interface IVerifier {
    function verify(Proof calldata proof, uint256[] calldata inputs) external view returns (bool);
}

/// Takes every proof but the one of zeros alone.
contract TestVerifier {
    function verify(Proof calldata proof, uint256[] calldata) external pure returns (bool) {
        return
            (proof.a.first | proof.a.second | proof.b.x.first | proof.b.x.second | proof.b.y.first |
                proof.b.y.second | proof.c.first | proof.c.second) != 0;
    }
}

contract Marketplace {
    using EnumerableSet for EnumerableSet.Bytes32Set;
    using EnumerableSet for EnumerableSet.AddressSet;

    enum RequestState { New, Started, Cancelled, Finished, Failed }
    enum SlotState { Free, Filled, Finished, Failed, Paid, Cancelled, Repair }

    struct Context {
        RequestState state;
        uint256 funds;
        uint64 filled;
        uint64 startedAt;
        uint64 endsAt;
        uint64 expiresAt;
    }

    struct Slot {
        SlotState state;
        bytes32 request;
        uint64 filledAt;
        uint64 index;
        uint256 collateral;
        address host;
    }

    Configuration private _rules;
    IERC20 private immutable _token;
    IVerifier private immutable _verifier;
    mapping(bytes32 => Request) private _requests;
    mapping(bytes32 => Context) private _contexts;
    mapping(bytes32 => Slot) private _slots;
    mapping(bytes32 => uint64) private _owedSince;
    mapping(bytes32 => uint64) private _missed;
    mapping(bytes32 => mapping(uint64 => bool)) private _received;
    mapping(bytes32 => mapping(uint64 => bool)) private _missing;
    mapping(bytes32 => EnumerableSet.AddressSet) private _reservations;
    mapping(address => EnumerableSet.Bytes32Set) private _requestsOf;
    mapping(address => EnumerableSet.Bytes32Set) private _slotsOf;
    uint256 private _taken;
    uint256 private _given;

    event StorageRequested(bytes32 requestId, Ask ask, uint64 expiry);
    event SlotFilled(bytes32 indexed requestId, uint64 slotIndex);
    event SlotFreed(bytes32 indexed requestId, uint64 slotIndex);
    event SlotReservationsFull(bytes32 indexed requestId, uint64 slotIndex);
    event RequestFulfilled(bytes32 indexed requestId);
    event RequestFailed(bytes32 indexed requestId);
    event RequestCancelled(bytes32 indexed requestId);
    event ProofSubmitted(bytes32 id);

    error Marketplace_AlreadyPaid();
    error Marketplace_DurationExceedsLimit();
    error Marketplace_InsufficientCollateral();
    error Marketplace_InsufficientDuration();
    error Marketplace_InsufficientProofProbability();
    error Marketplace_InsufficientReward();
    error Marketplace_InsufficientSlots();
    error Marketplace_InvalidCid();
    error Marketplace_InvalidClientAddress();
    error Marketplace_InvalidExpiry();
    error Marketplace_InvalidMaxSlotLoss();
    error Marketplace_InvalidSlot();
    error Marketplace_InvalidSlotHost();
    error Marketplace_InvalidState();
    error Marketplace_MaximumSlashingTooHigh();
    error Marketplace_NothingToWithdraw();
    error Marketplace_ProofNotSubmittedByHost();
    error Marketplace_RepairRewardPercentageTooHigh();
    error Marketplace_RequestAlreadyExists();
    error Marketplace_ReservationRequired();
    error Marketplace_SlashPercentageTooHigh();
    error Marketplace_SlotIsFree();
    error Marketplace_SlotNotAcceptingProofs();
    error Marketplace_SlotNotFree();
    error Marketplace_StartNotBeforeExpiry();
    error Marketplace_TransferFailed();
    error Marketplace_UnknownRequest();
    error Periods_InvalidSecondsPerPeriod();
    error Proofs_InsufficientBlockHeight();
    error Proofs_InvalidProof();
    error Proofs_PeriodNotEnded();
    error Proofs_ProofAlreadyMarkedMissing();
    error Proofs_ProofAlreadySubmitted();
    error Proofs_ProofNotMissing();
    error Proofs_ProofNotRequired();
    error Proofs_ValidationTimedOut();
    error SlotReservations_ReservationNotAllowed();

    constructor(Configuration memory rules, IERC20 token_, IVerifier verifier) {
        if (rules.proofs.period == 0) revert Periods_InvalidSecondsPerPeriod();
        if (block.number <= 256) revert Proofs_InsufficientBlockHeight();
        CollateralRules memory collateral = rules.collateral;
        if (collateral.repairRewardPercentage > 100) revert Marketplace_RepairRewardPercentageTooHigh();
        if (collateral.slashPercentage > 100) revert Marketplace_SlashPercentageTooHigh();
        if (collateral.maxNumberOfSlashes * collateral.slashPercentage > 100)
            revert Marketplace_MaximumSlashingTooHigh();
        _rules = rules;
        _token = token_;
        _verifier = verifier;
    }

    // --- requests ---------------------------------------------------------------------------

    function requestStorage(Request calldata request) external {
        bytes32 id = _idOf(request);
        Ask calldata ask = request.ask;
        if (request.client != msg.sender) revert Marketplace_InvalidClientAddress();
        if (_isKnown(id)) revert Marketplace_RequestAlreadyExists();
        if (request.expiry == 0 || request.expiry >= ask.duration) revert Marketplace_InvalidExpiry();
        if (ask.slots == 0) revert Marketplace_InsufficientSlots();
        if (ask.maxSlotLoss > ask.slots) revert Marketplace_InvalidMaxSlotLoss();
        if (ask.duration == 0) revert Marketplace_InsufficientDuration();
        if (ask.proofProbability == 0) revert Marketplace_InsufficientProofProbability();
        if (ask.collateralPerByte == 0) revert Marketplace_InsufficientCollateral();
        if (ask.pricePerBytePerSecond == 0) revert Marketplace_InsufficientReward();
        if (request.content.cid.length == 0) revert Marketplace_InvalidCid();
        if (ask.duration > _rules.requestDurationLimit) revert Marketplace_DurationExceedsLimit();
        _requests[id] = request;
        _requestsOf[request.client].add(id);
        Context storage context = _contexts[id];
        context.endsAt = _now() + ask.duration;
        context.expiresAt = _now() + request.expiry;
        context.funds = _maxPrice(_requests[id].ask);
        _taken += context.funds;
        _collect(context.funds);
        emit StorageRequested(id, ask, context.expiresAt);
    }

    function withdrawFunds(bytes32 requestId) external {
        _withdraw(requestId, msg.sender);
    }

    function withdrawFunds(bytes32 requestId, address withdrawRecipient) external {
        _withdraw(requestId, withdrawRecipient);
    }

    function _withdraw(bytes32 id, address to) private {
        _wantKnown(id);
        if (_requests[id].client != msg.sender) revert Marketplace_InvalidClientAddress();
        Context storage context = _contexts[id];
        RequestState state = _requestState(id);
        if (state == RequestState.New || state == RequestState.Started) revert Marketplace_InvalidState();
        if (context.funds == 0) revert Marketplace_NothingToWithdraw();
        uint256 amount = context.funds;
        context.state = state;
        if (state == RequestState.Cancelled) {
            emit RequestCancelled(id);
            amount += context.filled * _payout(id, context.expiresAt, context.endsAt);
        } else if (state == RequestState.Failed) {
            amount = _maxPrice(_requests[id].ask);
        }
        _requestsOf[msg.sender].remove(id);
        context.funds = 0;
        _pay(to, amount);
    }

    function getRequest(bytes32 requestId) external view returns (Request memory) {
        _wantKnown(requestId);
        return _requests[requestId];
    }

    function requestState(bytes32 requestId) external view returns (RequestState) {
        _wantKnown(requestId);
        return _requestState(requestId);
    }

    function requestEnd(bytes32 requestId) external view returns (uint64) {
        _wantKnown(requestId);
        Context storage context = _contexts[requestId];
        RequestState state = _requestState(requestId);
        if (state == RequestState.New || state == RequestState.Started) return context.endsAt;
        if (state == RequestState.Cancelled) return context.expiresAt;
        return context.endsAt < _now() ? context.endsAt : _now();
    }

    function requestExpiry(bytes32 requestId) external view returns (uint64) {
        return _contexts[requestId].expiresAt;
    }

    function myRequests() external view returns (bytes32[] memory) {
        return _requestsOf[msg.sender].values();
    }

    function _idOf(Request memory request) private pure returns (bytes32) {
        return keccak256(abi.encode(request));
    }

    function _isKnown(bytes32 id) private view returns (bool) {
        return _requests[id].client != address(0);
    }

    function _wantKnown(bytes32 id) private view {
        if (!_isKnown(id)) revert Marketplace_UnknownRequest();
    }

    function _requestState(bytes32 id) private view returns (RequestState) {
        Context storage context = _contexts[id];
        if (context.state == RequestState.New && _now() > context.expiresAt) return RequestState.Cancelled;
        if (context.state <= RequestState.Started && _now() > context.endsAt) return RequestState.Finished;
        return context.state;
    }

    function _slotPrice(Ask storage ask) private view returns (uint256) {
        return ask.pricePerBytePerSecond * ask.slotSize;
    }

    function _maxPrice(Ask storage ask) private view returns (uint256) {
        return (ask.slots * ask.duration) * _slotPrice(ask);
    }

    function _payout(bytes32 request, uint64 from, uint64 to) private view returns (uint256) {
        if (from >= to) revert Marketplace_StartNotBeforeExpiry();
        return (to - from) * _slotPrice(_requests[request].ask);
    }

    // --- slots ------------------------------------------------------------------------------

    function canReserveSlot(bytes32 requestId, uint64 slotIndex) public view returns (bool) {
        bytes32 id = _slotId(requestId, slotIndex);
        SlotState state = _slotState(_slots[id]);
        return
            (state == SlotState.Free || state == SlotState.Repair) &&
            _reservations[id].length() < _rules.reservations.maxReservations &&
            !_reservations[id].contains(msg.sender);
    }

    function reserveSlot(bytes32 requestId, uint64 slotIndex) external {
        if (!canReserveSlot(requestId, slotIndex)) revert SlotReservations_ReservationNotAllowed();
        bytes32 id = _slotId(requestId, slotIndex);
        _reservations[id].add(msg.sender);
        if (_reservations[id].length() == _rules.reservations.maxReservations)
            emit SlotReservationsFull(requestId, slotIndex);
    }

    function fillSlot(bytes32 requestId, uint64 slotIndex, Proof calldata proof) external {
        _wantKnown(requestId);
        Ask storage ask = _requests[requestId].ask;
        if (slotIndex >= ask.slots) revert Marketplace_InvalidSlot();
        bytes32 id = _slotId(requestId, slotIndex);
        if (!_reservations[id].contains(msg.sender)) revert Marketplace_ReservationRequired();
        Slot storage slot = _slots[id];
        slot.request = requestId;
        slot.index = slotIndex;
        SlotState before = _slotState(slot);
        if (before != SlotState.Free && before != SlotState.Repair) revert Marketplace_SlotNotFree();
        slot.host = msg.sender;
        slot.filledAt = _now();
        _owedSince[id] = _now();
        _receive(id, proof);

        Context storage context = _contexts[requestId];
        context.filled += 1;
        context.funds -= _payout(requestId, slot.filledAt, context.endsAt);
        uint256 collateral = ask.collateralPerByte * ask.slotSize;
        uint256 collected = collateral;
        if (before == SlotState.Repair)
            collected -= (collateral * _rules.collateral.repairRewardPercentage) / 100;
        _collect(collected);
        _taken += collected;
        slot.collateral = collateral;
        slot.state = SlotState.Filled;
        _slotsOf[msg.sender].add(id);
        emit SlotFilled(requestId, slotIndex);
        if (context.filled == ask.slots && context.state == RequestState.New) {
            context.state = RequestState.Started;
            context.startedAt = _now();
            emit RequestFulfilled(requestId);
        }
    }

    function freeSlot(bytes32 slotId) external {
        _free(slotId, msg.sender, msg.sender);
    }

    function freeSlot(bytes32 slotId, address rewardRecipient, address collateralRecipient) external {
        _free(slotId, rewardRecipient, collateralRecipient);
    }

    function _free(bytes32 id, address rewardTo, address collateralTo) private {
        Slot storage slot = _slots[id];
        if (slot.state == SlotState.Free) revert Marketplace_SlotIsFree();
        if (slot.host != msg.sender) revert Marketplace_InvalidSlotHost();
        Context storage context = _contexts[slot.request];
        SlotState state = _slotState(slot);
        if (state == SlotState.Paid) revert Marketplace_AlreadyPaid();
        if (state == SlotState.Finished) {
            context.state = RequestState.Finished;
            _requestsOf[_requests[slot.request].client].remove(slot.request);
            _payHost(id, context.endsAt, rewardTo, collateralTo);
        } else if (state == SlotState.Cancelled) {
            _payHost(id, context.expiresAt, rewardTo, collateralTo);
        } else if (state == SlotState.Failed) {
            _slotsOf[msg.sender].remove(id);
        } else {
            _force(id);
        }
    }

    function _payHost(bytes32 id, uint64 until, address rewardTo, address collateralTo) private {
        Slot storage slot = _slots[id];
        slot.state = SlotState.Paid;
        _slotsOf[slot.host].remove(id);
        uint256 reward = _payout(slot.request, slot.filledAt, until);
        _given += reward + slot.collateral;
        _send(rewardTo, reward);
        _send(collateralTo, slot.collateral);
    }

    function _force(bytes32 id) private {
        Slot storage slot = _slots[id];
        Context storage context = _contexts[slot.request];
        Ask storage ask = _requests[slot.request].ask;
        context.funds += _payout(slot.request, slot.filledAt, context.endsAt);
        _slotsOf[slot.host].remove(id);
        while (_reservations[id].length() > 0) _reservations[id].remove(_reservations[id].at(0));
        slot.state = SlotState.Repair;
        slot.filledAt = 0;
        slot.collateral = 0;
        slot.host = address(0);
        context.filled -= 1;
        emit SlotFreed(slot.request, slot.index);
        _missed[id] = 0;
        if (ask.slots - context.filled > ask.maxSlotLoss && context.state == RequestState.Started) {
            context.state = RequestState.Failed;
            context.endsAt = _now() - 1;
            emit RequestFailed(slot.request);
        }
    }

    function slotState(bytes32 slotId) external view returns (SlotState) {
        return _slotState(_slots[slotId]);
    }

    function getActiveSlot(bytes32 slotId) external view returns (ActiveSlot memory) {
        Slot storage slot = _slots[slotId];
        if (slot.state == SlotState.Free) revert Marketplace_SlotIsFree();
        return ActiveSlot(_requests[slot.request], slot.index);
    }

    function getHost(bytes32 slotId) external view returns (address) {
        return _slots[slotId].host;
    }

    function currentCollateral(bytes32 slotId) external view returns (uint256) {
        return _slots[slotId].collateral;
    }

    function mySlots() external view returns (bytes32[] memory) {
        return _slotsOf[msg.sender].values();
    }

    function _slotId(bytes32 request, uint64 index) private pure returns (bytes32) {
        return keccak256(abi.encode(request, index));
    }

    function _slotState(Slot storage slot) private view returns (SlotState) {
        if (slot.request == 0) return SlotState.Free;
        if (slot.state == SlotState.Paid) return SlotState.Paid;
        RequestState request = _requestState(slot.request);
        if (request == RequestState.Cancelled) return SlotState.Cancelled;
        if (request == RequestState.Finished) return SlotState.Finished;
        if (request == RequestState.Failed) return SlotState.Failed;
        return slot.state;
    }

    // --- proofs -----------------------------------------------------------------------------

    function submitProof(bytes32 id, Proof calldata proof) external {
        _wantKnown(_slots[id].request);
        if (_slots[id].host != msg.sender) revert Marketplace_ProofNotSubmittedByHost();
        _receive(id, proof);
    }

    function _receive(bytes32 id, Proof calldata proof) private {
        uint64 period = _period();
        uint256[] memory inputs = new uint256[](3);
        // 31 bytes, and 32, the lowest first.
        inputs[0] = _turned(getChallenge(id)) & (type(uint256).max >> 8);
        inputs[1] = _turned(_requests[_slots[id].request].content.merkleRoot);
        inputs[2] = _slots[id].index;
        if (_received[id][period]) revert Proofs_ProofAlreadySubmitted();
        if (!_verifier.verify(proof, inputs)) revert Proofs_InvalidProof();
        _received[id][period] = true;
        emit ProofSubmitted(id);
    }

    function _turned(bytes32 word) private pure returns (uint256 number) {
        for (uint256 i = 0; i < 32; ++i) number |= uint256(uint8(word[i])) << (8 * i);
    }

    function canMarkProofAsMissing(bytes32 slotId, uint64 period) public view {
        if (_slotState(_slots[slotId]) != SlotState.Filled) revert Marketplace_SlotNotAcceptingProofs();
        uint64 end = (period + 1) * _rules.proofs.period;
        if (end >= _now()) revert Proofs_PeriodNotEnded();
        if (_now() >= end + _rules.proofs.timeout) revert Proofs_ValidationTimedOut();
        if (_received[slotId][period]) revert Proofs_ProofNotMissing();
        (bool required, uint8 pointer) = _requirement(slotId, period);
        if (!required || pointer < _rules.proofs.downtime) revert Proofs_ProofNotRequired();
        if (_missing[slotId][period]) revert Proofs_ProofAlreadyMarkedMissing();
    }

    function markProofAsMissing(bytes32 slotId, uint64 period) external {
        canMarkProofAsMissing(slotId, period);
        _missing[slotId][period] = true;
        _missed[slotId] += 1;
        Slot storage slot = _slots[slotId];
        Ask storage ask = _requests[slot.request].ask;
        uint256 slashed = (ask.collateralPerByte * ask.slotSize * _rules.collateral.slashPercentage) / 100;
        _pay(msg.sender, (slashed * _rules.collateral.validatorRewardPercentage) / 100);
        slot.collateral -= slashed;
        if (_missed[slotId] >= _rules.collateral.maxNumberOfSlashes) _force(slotId);
    }

    function missingProofs(bytes32 slotId) external view returns (uint64) {
        return _missed[slotId];
    }

    function getPointer(bytes32 id) public view returns (uint8) {
        return _pointer(id, _period());
    }

    function getChallenge(bytes32 id) public view returns (bytes32) {
        return _challenge(getPointer(id));
    }

    function isProofRequired(bytes32 id) external view returns (bool) {
        (bool required, uint8 pointer) = _requirement(id, _period());
        return required && pointer >= _rules.proofs.downtime;
    }

    function willProofBeRequired(bytes32 id) external view returns (bool) {
        (bool required, uint8 pointer) = _requirement(id, _period());
        return required && pointer < _rules.proofs.downtime;
    }

    function slotProbability(bytes32 slotId) public view returns (uint256) {
        uint256 up = 256 - uint256(_rules.proofs.downtime);
        return (_requests[_slots[slotId].request].ask.proofProbability * up) / 256;
    }

    function _requirement(bytes32 id, uint64 period) private view returns (bool, uint8) {
        if (_slotState(_slots[id]) != SlotState.Filled) return (false, 0);
        if (period <= _owedSince[id] / _rules.proofs.period) return (false, 0);
        uint8 pointer = _pointer(id, period);
        bytes32 challenge = _challenge(pointer);
        uint256 probability = slotProbability(id);
        return (probability == 0 || uint256(challenge) % probability == 0, pointer);
    }

    function _pointer(bytes32 id, uint64 period) private view returns (uint8) {
        uint256 product = period * uint64(_rules.proofs.downtimeProduct);
        return uint8((block.number % 256 + product % 256 + uint256(id) % 256) % 256);
    }

    function _challenge(uint8 pointer) private view returns (bytes32) {
        bytes32 hash = blockhash(block.number - 1 - pointer);
        assert(hash != 0);
        return keccak256(abi.encode(hash));
    }

    function _period() private view returns (uint64) {
        return _now() / _rules.proofs.period;
    }

    // --- the rest ---------------------------------------------------------------------------

    function configuration() external view returns (Configuration memory) {
        return _rules;
    }

    function token() external view returns (IERC20) {
        return _token;
    }

    function _now() private view returns (uint64) {
        return uint64(block.timestamp);
    }

    function _collect(uint256 amount) private {
        if (!_token.transferFrom(msg.sender, address(this), amount)) revert Marketplace_TransferFailed();
    }

    function _pay(address to, uint256 amount) private {
        _given += amount;
        _send(to, amount);
    }

    function _send(address to, uint256 amount) private {
        if (!_token.transfer(to, amount)) revert Marketplace_TransferFailed();
    }
}
