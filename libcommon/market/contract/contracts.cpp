#include "market/contract/contracts.hpp"

#include "base/copy_error.hpp"
#include "market/contract/detail/marketplace.hpp"
#include "market/contract/detail/token.hpp"
#include "market/contract/detail/vault.hpp"

#include <algorithm>

namespace codex::market {

using ethereum::UInt256;
using ethereum::abi::Value;

namespace {

/// The contract is made at a block behind which there are 256, as challenges want.
constexpr std::uint64_t kLeastBlock = 256;

Bytes refusal_of(std::string_view name) {
    return encode_fault(*marketplace_interface().fault(name), {});
}

using Rules = Value::List (*)(detail::Frame& frame, const ethereum::abi::Function& function,
                              const Value::List& arguments);

struct Contract {
    const ethereum::abi::Interface* interface;
    Rules rules;
};

std::optional<Contract> contract_at(const ethereum::Address& at,
                                    const Contracts::Options& options) {
    if (at == options.marketplace)
        return Contract{&marketplace_interface(), detail::call_marketplace};
    if (at == options.token)
        return Contract{&token_interface(), detail::call_token};
    if (options.vault && at == *options.vault)
        return Contract{&vault_interface(), detail::call_vault};
    return std::nullopt;
}

/// Throws Revert, Unreadable.
Bytes run(detail::Frame& frame, const Contract& contract, BytesView data) {
    const auto selector = ethereum::abi::selector_of(data);
    const auto* function = selector ? contract.interface->function(*selector) : nullptr;
    if (function == nullptr)
        throw detail::Revert{};
    const auto arguments =
        ethereum::abi::decode_arguments(function->inputs, data.subspan(selector->size()));
    if (!arguments && arguments.error() == ethereum::abi::DecodeFault::too_large)
        detail::panic(detail::Panic::too_large);
    if (!arguments)
        throw detail::Revert{};
    return encode(function->outputs, contract.rules(frame, *function, *arguments));
}

} // namespace

Value Configuration::value() const {
    return Value::List{Value::List{UInt256(repair_reward_percentage),
                                   UInt256(max_number_of_slashes), UInt256(slash_percentage),
                                   UInt256(validator_reward_percentage)},
                       Value::List{UInt256(period), UInt256(timeout), UInt256(downtime),
                                   UInt256(downtime_product), Value::of_text(zkey_hash)},
                       Value::List{UInt256(max_reservations)}, UInt256(request_duration_limit)};
}

Configuration Configuration::of(const Value& value) {
    const auto byte = [](const Value& number) { return static_cast<std::uint8_t>(number.u64()); };
    Configuration made;
    made.repair_reward_percentage = byte(value[0][0]);
    made.max_number_of_slashes = byte(value[0][1]);
    made.slash_percentage = byte(value[0][2]);
    made.validator_reward_percentage = byte(value[0][3]);
    made.period = value[1][0].u64();
    made.timeout = value[1][1].u64();
    made.downtime = byte(value[1][2]);
    made.downtime_product = byte(value[1][3]);
    made.zkey_hash = value[1][4].text();
    made.max_reservations = byte(value[2][0]);
    made.request_duration_limit = value[3].u64();
    return made;
}

Value Proof::value() const {
    const auto pair = [&](std::size_t first) {
        return Value(Value::List{Value(words[first]), Value(words[first + 1])});
    };
    return Value::List{pair(0), Value::List{pair(2), pair(4)}, pair(6)};
}

std::optional<Bytes> Contracts::refusal(const Configuration& configuration, std::uint64_t block) {
    if (configuration.period == 0)
        return refusal_of("Periods_InvalidSecondsPerPeriod");
    if (block <= kLeastBlock)
        return refusal_of("Proofs_InsufficientBlockHeight");
    if (configuration.repair_reward_percentage > 100)
        return refusal_of("Marketplace_RepairRewardPercentageTooHigh");
    if (configuration.slash_percentage > 100)
        return refusal_of("Marketplace_SlashPercentageTooHigh");
    const unsigned most = configuration.max_number_of_slashes * configuration.slash_percentage;
    if (most > UINT8_MAX) // it is counted in a byte
        return encode_fault(*builtin_interface().fault("Panic"), {UInt256(0x11)});
    if (most > 100)
        return refusal_of("Marketplace_MaximumSlashingTooHigh");
    return std::nullopt;
}

Verdict TestVerifier::verify(const Proof& proof, const std::array<UInt256, 3>& /*inputs*/) const {
    return std::ranges::all_of(proof.words, [](const UInt256& word) { return word == UInt256(); })
               ? Verdict::refused
               : Verdict::accepted;
}

Result<Outcome> Contracts::execute(Overlay& state, const Now& now, const Call& call) const {
    const auto contract = contract_at(call.to, options_);
    if (!contract)
        return fail(Errc::not_found, "no contract is at {}", call.to.text());
    Overlay changed(state);
    Outcome outcome;
    try {
        detail::Frame frame(*this, changed, now, call.sender, outcome.logs);
        outcome.data = run(frame, *contract, call.data);
        outcome.ok = true;
    } catch (detail::Revert& revert) {
        outcome.data = std::move(revert.data);
        outcome.logs.clear();
        return outcome;
    } catch (detail::Unreadable& unreadable) {
        return fail(std::move(unreadable.error));
    }
    state.take(changed);
    return outcome;
}

} // namespace codex::market
