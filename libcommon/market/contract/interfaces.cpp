#include "market/contract/interfaces.hpp"

#include <initializer_list>

namespace codex::market {

using ethereum::abi::Interface;

namespace {

#define CODEX_ASK                                                                                  \
    "(uint256 proofProbability, uint256 pricePerBytePerSecond, uint256 collateralPerByte, "        \
    "uint64 slots, uint64 slotSize, uint64 duration, uint64 maxSlotLoss)"
#define CODEX_REQUEST                                                                              \
    "(address client, " CODEX_ASK " ask, (bytes cid, bytes32 merkleRoot) content, "                \
    "uint64 expiry, bytes32 nonce)"
#define CODEX_PROOF                                                                                \
    "((uint256 x, uint256 y) a, ((uint256 real, uint256 imag) x, (uint256 real, uint256 imag) y) " \
    "b, (uint256 x, uint256 y) c)"

constexpr std::string_view kMarketplace =
    "function requestStorage(" CODEX_REQUEST " request)\n"
    "function reserveSlot(bytes32 requestId, uint64 slotIndex)\n"
    "function canReserveSlot(bytes32 requestId, uint64 slotIndex) view returns (bool)\n"
    "function fillSlot(bytes32 requestId, uint64 slotIndex, " CODEX_PROOF " proof)\n"
    "function submitProof(bytes32 id, " CODEX_PROOF " proof)\n"
    "function markProofAsMissing(bytes32 slotId, uint64 period)\n"
    "function canMarkProofAsMissing(bytes32 slotId, uint64 period) view\n"
    "function freeSlot(bytes32 slotId)\n"
    "function freeSlot(bytes32 slotId, address rewardRecipient, address collateralRecipient)\n"
    "function withdrawFunds(bytes32 requestId)\n"
    "function withdrawFunds(bytes32 requestId, address withdrawRecipient)\n"
    "function getRequest(bytes32 requestId) view returns (" CODEX_REQUEST ")\n"
    "function getActiveSlot(bytes32 slotId) view returns ((" CODEX_REQUEST
    " request, uint64 slotIndex))\n"
    "function getHost(bytes32 slotId) view returns (address)\n"
    "function requestState(bytes32 requestId) view returns (uint8)\n"
    "function slotState(bytes32 slotId) view returns (uint8)\n"
    "function requestEnd(bytes32 requestId) view returns (uint64)\n"
    "function requestExpiry(bytes32 requestId) view returns (uint64)\n"
    "function myRequests() view returns (bytes32[])\n"
    "function mySlots() view returns (bytes32[])\n"
    "function currentCollateral(bytes32 slotId) view returns (uint256)\n"
    "function missingProofs(bytes32 slotId) view returns (uint64)\n"
    "function getPointer(bytes32 id) view returns (uint8)\n"
    "function getChallenge(bytes32 id) view returns (bytes32)\n"
    "function isProofRequired(bytes32 id) view returns (bool)\n"
    "function willProofBeRequired(bytes32 id) view returns (bool)\n"
    "function slotProbability(bytes32 slotId) view returns (uint256)\n"
    "function configuration() view returns (((uint8 repairRewardPercentage, "
    "uint8 maxNumberOfSlashes, uint8 slashPercentage, uint8 validatorRewardPercentage) collateral, "
    "(uint64 period, uint64 timeout, uint8 downtime, uint8 downtimeProduct, string zkeyHash) "
    "proofs, (uint8 maxReservations) reservations, uint64 requestDurationLimit))\n"
    "function token() view returns (address)\n"
    "event StorageRequested(bytes32 requestId, " CODEX_ASK " ask, uint64 expiry)\n"
    "event SlotFilled(bytes32 indexed requestId, uint64 slotIndex)\n"
    "event SlotFreed(bytes32 indexed requestId, uint64 slotIndex)\n"
    "event SlotReservationsFull(bytes32 indexed requestId, uint64 slotIndex)\n"
    "event RequestFulfilled(bytes32 indexed requestId)\n"
    "event RequestFailed(bytes32 indexed requestId)\n"
    "event RequestCancelled(bytes32 indexed requestId)\n"
    "event ProofSubmitted(bytes32 id)\n"
    "error Marketplace_AlreadyPaid()\n"
    "error Marketplace_DurationExceedsLimit()\n"
    "error Marketplace_InsufficientCollateral()\n"
    "error Marketplace_InsufficientDuration()\n"
    "error Marketplace_InsufficientProofProbability()\n"
    "error Marketplace_InsufficientReward()\n"
    "error Marketplace_InsufficientSlots()\n"
    "error Marketplace_InvalidCid()\n"
    "error Marketplace_InvalidClientAddress()\n"
    "error Marketplace_InvalidExpiry()\n"
    "error Marketplace_InvalidMaxSlotLoss()\n"
    "error Marketplace_InvalidSlot()\n"
    "error Marketplace_InvalidSlotHost()\n"
    "error Marketplace_InvalidState()\n"
    "error Marketplace_MaximumSlashingTooHigh()\n"
    "error Marketplace_NothingToWithdraw()\n"
    "error Marketplace_ProofNotSubmittedByHost()\n"
    "error Marketplace_RepairRewardPercentageTooHigh()\n"
    "error Marketplace_RequestAlreadyExists()\n"
    "error Marketplace_ReservationRequired()\n"
    "error Marketplace_SlashPercentageTooHigh()\n"
    "error Marketplace_SlotIsFree()\n"
    "error Marketplace_SlotNotAcceptingProofs()\n"
    "error Marketplace_SlotNotFree()\n"
    "error Marketplace_StartNotBeforeExpiry()\n"
    "error Marketplace_TransferFailed()\n"
    "error Marketplace_UnknownRequest()\n"
    "error Periods_InvalidSecondsPerPeriod()\n"
    "error Proofs_InsufficientBlockHeight()\n"
    "error Proofs_InvalidProof()\n"
    "error Proofs_PeriodNotEnded()\n"
    "error Proofs_ProofAlreadyMarkedMissing()\n"
    "error Proofs_ProofAlreadySubmitted()\n"
    "error Proofs_ProofNotMissing()\n"
    "error Proofs_ProofNotRequired()\n"
    "error Proofs_ValidationTimedOut()\n"
    "error SlotReservations_ReservationNotAllowed()\n";

#undef CODEX_PROOF
#undef CODEX_REQUEST
#undef CODEX_ASK

constexpr std::string_view kToken =
    "function name() view returns (string)\n"
    "function symbol() view returns (string)\n"
    "function decimals() view returns (uint8)\n"
    "function totalSupply() view returns (uint256)\n"
    "function balanceOf(address account) view returns (uint256)\n"
    "function allowance(address owner, address spender) view returns (uint256)\n"
    "function approve(address spender, uint256 value) returns (bool)\n"
    "function transfer(address to, uint256 value) returns (bool)\n"
    "function transferFrom(address from, address to, uint256 value) returns (bool)\n"
    "function mint(address holder, uint256 amount)\n"
    "event Transfer(address indexed from, address indexed to, uint256 value)\n"
    "event Approval(address indexed owner, address indexed spender, uint256 value)\n"
    "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)\n"
    "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)\n"
    "error ERC20InvalidApprover(address approver)\n"
    "error ERC20InvalidReceiver(address receiver)\n"
    "error ERC20InvalidSender(address sender)\n"
    "error ERC20InvalidSpender(address spender)\n";

constexpr std::string_view kVault =
    "function lock(bytes32 fundId, uint40 expiry, uint40 maximum)\n"
    "function extendLock(bytes32 fundId, uint40 expiry)\n"
    "function deposit(bytes32 fundId, bytes32 accountId, uint128 amount)\n"
    "function designate(bytes32 fundId, bytes32 accountId, uint128 amount)\n"
    "function transfer(bytes32 fundId, bytes32 from, bytes32 to, uint128 amount)\n"
    "function flow(bytes32 fundId, bytes32 from, bytes32 to, uint96 rate)\n"
    "function burnDesignated(bytes32 fundId, bytes32 accountId, uint128 amount)\n"
    "function burnAccount(bytes32 fundId, bytes32 accountId)\n"
    "function freezeFund(bytes32 fundId)\n"
    "function withdraw(bytes32 fundId, bytes32 accountId)\n"
    "function withdrawByRecipient(address controller, bytes32 fundId, bytes32 accountId)\n"
    "function pause()\n"
    "function unpause()\n"
    "function transferOwnership(address newOwner)\n"
    "function renounceOwnership()\n"
    "function owner() view returns (address)\n"
    "function paused() view returns (bool)\n"
    "function encodeAccountId(address holder, bytes12 discriminator) pure returns (bytes32)\n"
    "function decodeAccountId(bytes32 id) pure returns (address, bytes12)\n"
    "function getBalance(bytes32 fundId, bytes32 accountId) view returns (uint128)\n"
    "function getDesignatedBalance(bytes32 fundId, bytes32 accountId) view returns (uint128)\n"
    "function getFundStatus(bytes32 fundId) view returns (uint8)\n"
    "function getLockExpiry(bytes32 fundId) view returns (uint40)\n"
    "event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)\n"
    "event Paused(address account)\n"
    "event Unpaused(address account)\n"
    "error EnforcedPause()\n"
    "error ExpectedPause()\n"
    "error OwnableInvalidOwner(address owner)\n"
    "error OwnableUnauthorizedAccount(address account)\n"
    "error SafeERC20FailedOperation(address token)\n"
    "error VaultFlowNotZero()\n"
    "error VaultFundAlreadyLocked()\n"
    "error VaultFundNotLocked()\n"
    "error VaultFundNotUnlocked()\n"
    "error VaultInsufficientBalance()\n"
    "error VaultInvalidExpiry()\n"
    "error VaultOnlyAccountHolder()\n";

constexpr std::string_view kBuiltin = "error Error(string message)\n"
                                      "error Panic(uint256 code)\n";

/// The texts are ours, and tested.
Interface read(std::string_view text) {
    auto made = Interface::from_text(text);
    CODEX_ASSERT(made.has_value());
    return std::move(*made);
}

} // namespace

const Interface& marketplace_interface() {
    static const Interface made = read(kMarketplace);
    return made;
}

const Interface& token_interface() {
    static const Interface made = read(kToken);
    return made;
}

const Interface& vault_interface() {
    static const Interface made = read(kVault);
    return made;
}

const Interface& builtin_interface() {
    static const Interface made = read(kBuiltin);
    return made;
}

const ethereum::abi::Fault* fault_of(BytesView revert_data) {
    const auto selector = ethereum::abi::selector_of(revert_data);
    if (!selector)
        return nullptr;
    for (const auto* known :
         {&marketplace_interface(), &token_interface(), &vault_interface(), &builtin_interface()})
        if (const auto* fault = known->fault(*selector))
            return fault;
    return nullptr;
}

} // namespace codex::market
