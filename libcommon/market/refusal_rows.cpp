#include "market/detail/refusal_rows.hpp"

#include <algorithm>

namespace codex::market::detail {

namespace {

constexpr RefusalRow kRows[] = {
    // --- making a request
    {"Marketplace_InvalidClientAddress", "the caller is not the client of the request",
     "a request is posted, and paid back, by the key of its client", Remedy::name_account},
    {"Marketplace_RequestAlreadyExists", "this very request is in the market already",
     "one with another nonce is another request", Remedy::show_request, About::request},
    {"Marketplace_InvalidExpiry", "the request would expire at once, or not before its end",
     "the expiry is in seconds, more than 0 and less than the duration"},
    {"Marketplace_InsufficientSlots", "the request has no slots", "ask for at least one"},
    {"Marketplace_InvalidMaxSlotLoss", "more slots may be lost than the request has",
     "as many may be lost as are parity"},
    {"Marketplace_InsufficientDuration", "the request has no duration",
     "the duration is in seconds, and more than 0"},
    {"Marketplace_InsufficientProofProbability", "the request asks for no proofs",
     "a probability of N asks for a proof in one of N periods, and is more than 0"},
    {"Marketplace_InsufficientCollateral", "the request asks for no collateral",
     "the collateral of a byte is more than 0"},
    {"Marketplace_InsufficientReward", "the request offers no price",
     "the price of a byte and second is more than 0"},
    {"Marketplace_InvalidCid", "the request names no content",
     "name the CID of a verifiable manifest", Remedy::compute_slots},
    {"Marketplace_DurationExceedsLimit", "the request lasts longer than the market allows", "",
     Remedy::show_market, About::nothing, "see how long that is"},
    {"Marketplace_UnknownRequest", "the market knows no such request", "", Remedy::list_slots,
     About::nothing, "list what requests there are"},
    // --- paying it back
    {"Marketplace_InvalidState", "the request is still under way",
     "its client is paid back when it is cancelled, failed or finished", Remedy::show_request,
     About::request, "see when that is"},
    {"Marketplace_NothingToWithdraw", "nothing of the request is left for its client",
     "hosts have earned all of it, or it was withdrawn before", Remedy::show_request,
     About::request},
    {"Marketplace_StartNotBeforeExpiry", "the pay of the slot would end before it begins",
     "a slot that is filled in the second in which its request expires or ends is never paid: "
     "fill one earlier",
     Remedy::show_slot, About::slot},
    // --- slots
    {"Marketplace_InvalidSlot", "the request has no slot of that number",
     "slots are counted from 0", Remedy::show_request, About::request, "see how many it has"},
    {"Marketplace_ReservationRequired", "the caller has not reserved the slot", "",
     Remedy::reserve_slot, About::slot},
    {"Marketplace_SlotNotFree", "the slot is neither free nor in repair",
     "another host was earlier, or its request is over", Remedy::list_slots},
    {"Marketplace_SlotIsFree", "nobody has ever filled the slot",
     "only a slot with a host can be given up or paid", Remedy::show_slot, About::slot},
    {"Marketplace_InvalidSlotHost", "the caller is not the host of the slot",
     "call with the key of its host, if it has one", Remedy::show_slot, About::slot, "see who is"},
    {"Marketplace_AlreadyPaid", "the slot is paid already", "nothing is left to be done",
     Remedy::show_slot, About::slot},
    {"SlotReservations_ReservationNotAllowed", "the slot cannot be reserved by the caller",
     "it is neither free nor in repair, or has all its reservations, or one of the caller's",
     Remedy::show_slot, About::slot},
    // --- proofs
    {"Marketplace_ProofNotSubmittedByHost", "the caller is not the host of the slot",
     "a proof is sent by the key of the host", Remedy::show_slot, About::slot, "see who is"},
    {"Marketplace_SlotNotAcceptingProofs", "the slot is not filled",
     "it was freed, its request is over, or nobody has filled it yet", Remedy::show_slot,
     About::slot},
    {"Proofs_InvalidProof", "the proof is not one of the slot's challenge",
     "a challenge belongs to a block and a period: prove again for the one that it is now",
     Remedy::prove_slot, About::slot},
    {"Proofs_ProofAlreadySubmitted", "a proof of the slot was received in this period already",
     "one is enough; a slot that is filled again waits for the next period", Remedy::show_time},
    {"Proofs_PeriodNotEnded", "the period is not over yet",
     "a proof of it can be marked as missing when it is", Remedy::show_time},
    {"Proofs_ValidationTimedOut", "it is too late to mark a proof of that period",
     "that can be done for so many seconds after it as the timeout says", Remedy::show_market},
    {"Proofs_ProofNotMissing", "the proof of that period was received",
     "it cannot be marked as missing", Remedy::show_slot, About::slot},
    {"Proofs_ProofNotRequired", "no proof of that period is owed",
     "whether one is, depends on the block: in a later one it may be", Remedy::prove_slot,
     About::slot},
    {"Proofs_ProofAlreadyMarkedMissing", "the proof of that period is marked as missing already",
     "somebody else was earlier, and has the reward", Remedy::show_slot, About::slot},
    // --- making a market
    {"Periods_InvalidSecondsPerPeriod", "a period has no seconds",
     "make the market with a period of more than 0"},
    {"Proofs_InsufficientBlockHeight", "there are too few blocks before this one",
     "challenges are made of the last 256: make the market behind them"},
    {"Marketplace_RepairRewardPercentageTooHigh", "the reward of a repair is above 100 percent",
     "make the market with at most 100"},
    {"Marketplace_SlashPercentageTooHigh", "more than the collateral would be slashed by one proof",
     "make the market with at most 100 percent"},
    {"Marketplace_MaximumSlashingTooHigh", "more than the collateral could be slashed in all",
     "the number of slashes times their percentage is at most 100"},
    {"Marketplace_TransferFailed", "the token has refused a transfer",
     "see the balance, and what the market may take of it", Remedy::show_market},
    // --- the token
    {"ERC20InsufficientAllowance", "less tokens may be taken of the account than are needed", "",
     Remedy::approve_tokens},
    {"ERC20InsufficientBalance", "the account has less tokens than are needed", "",
     Remedy::mint_tokens},
    {"ERC20InvalidReceiver", "tokens cannot be sent to that address", "name another receiver"},
    {"ERC20InvalidSpender", "that address cannot be allowed to take tokens",
     "name another spender"},
    {"ERC20InvalidSender", "tokens cannot be taken from that address", "name another account"},
    {"ERC20InvalidApprover", "that address cannot allow others to take its tokens",
     "name another account"},
    // --- the vault
    {"EnforcedPause", "the vault is paused", "its owner can end that"},
    {"ExpectedPause", "the vault is not paused", "it need not be unpaused"},
    {"OwnableInvalidOwner", "that address cannot own the vault", "name another owner"},
    {"OwnableUnauthorizedAccount", "the caller does not own the vault",
     "call with the key of its owner", Remedy::name_account},
    {"SafeERC20FailedOperation", "the token has refused a transfer",
     "see the balance, and what the vault may take of it"},
    {"VaultFlowNotZero", "tokens flow into the account, or out of it",
     "an account is burned when as much flows in as flows out"},
    {"VaultFundAlreadyLocked", "the fund was locked before", "a fund is used once: choose another"},
    {"VaultFundNotLocked", "the fund is not locked", "lock it first, or choose another"},
    {"VaultFundNotUnlocked", "the fund is still locked, or was never",
     "an account is paid out when the lock has expired"},
    {"VaultInsufficientBalance", "the account has less than is needed until the fund's maximum",
     "deposit more, or ask for less"},
    {"VaultInvalidExpiry", "the lock would end before it did, or behind its maximum",
     "an expiry is not earlier than the one before, and not above the maximum"},
    {"VaultOnlyAccountHolder", "the caller does not hold the account",
     "call with the key of its holder", Remedy::name_account},
};

} // namespace

const RefusalRow* refusal_row(std::string_view name) {
    const auto* row = std::ranges::find(kRows, name, &RefusalRow::name);
    return row == std::end(kRows) ? nullptr : row;
}

} // namespace codex::market::detail
