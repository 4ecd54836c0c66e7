#include "market/terms.hpp"

#include <algorithm>

namespace codex::market {

using ethereum::UInt256;

namespace {

/// Values of a pointer.
constexpr std::uint64_t kPointers = 256;

Result<UInt256> fits(const std::optional<UInt256>& amount, std::string_view what) {
    if (!amount)
        return fail(Errc::amount_invalid, "{} is beyond what the contract can count", what);
    return *amount;
}

Result<UInt256> percent(const UInt256& of, std::uint64_t percentage, std::string_view what) {
    CODEX_TRY(product, fits(checked_mul(of, percentage), what));
    return divide(product, 100).quotient;
}

} // namespace

Result<Terms> terms_of(const Request& request, const Configuration& configuration) {
    Terms terms;
    CODEX_SET(terms.price, fits(request.max_price(), "the price"));
    CODEX_SET(terms.earnings_per_second,
              fits(request.price_per_slot_per_second(), "the price of a slot and second"));
    CODEX_SET(terms.earnings,
              fits(checked_mul(terms.earnings_per_second, request.ask.duration), "the pay"));
    CODEX_SET(terms.collateral, fits(request.collateral_per_slot(), "the collateral of a slot"));
    CODEX_TRY(discount, percent(terms.collateral, configuration.repair_reward_percentage,
                                "the reward of a repair"));
    CODEX_SET(terms.repair_collateral,
              fits(checked_sub(terms.collateral, discount), "the reward of a repair"));
    CODEX_SET(terms.lost_by_a_miss, percent(terms.collateral, configuration.slash_percentage,
                                            "what a missing proof costs"));
    CODEX_SET(terms.reward_of_validators,
              percent(terms.lost_by_a_miss, configuration.validator_reward_percentage,
                      "the reward of a validator"));
    // Whether it is as many is asked after a miss, so none is not fewer than one.
    terms.misses_until_freed = std::max<std::uint64_t>(configuration.max_number_of_slashes, 1);
    CODEX_TRY(product,
              fits(checked_mul(request.ask.proof_probability, kPointers - configuration.downtime),
                   "the probability of a proof"));
    terms.periods_per_proof = divide(product, kPointers).quotient;
    return terms;
}

std::string text_of(Flaw flaw, const Configuration& configuration, std::uint64_t block_seconds) {
    switch (flaw) {
    case Flaw::insolvent:
        return fmt::format("what hosts lose may not cover what is paid of it: twice the reward of "
                           "a repair, {} percent, and {} percent of {} slashes of {} percent are "
                           "above 100",
                           configuration.repair_reward_percentage,
                           configuration.validator_reward_percentage,
                           configuration.max_number_of_slashes, configuration.slash_percentage);
    case Flaw::validators_gain:
        return fmt::format("validators get {} percent of what hosts lose, which is more than that",
                           configuration.validator_reward_percentage);
    case Flaw::misses_expire:
        return fmt::format("a missing proof can be marked after the period and before the timeout, "
                           "{} s, is over, and with blocks of {} s there may be no block between: "
                           "hosts may pass over proofs",
                           configuration.timeout, block_seconds);
    case Flaw::misses_are_free:
        return "a missing proof costs 0 percent of the collateral: hosts may pass over proofs";
    case Flaw::marking_is_unpaid:
        return "validators get 0 percent of what hosts lose: nobody is paid for marking a missing "
               "proof";
    case Flaw::no_whole_period:
        return fmt::format("no request may last longer than {} s, and a period has {} s: all are "
                           "over before a proof can be missing",
                           configuration.request_duration_limit, configuration.period);
    case Flaw::no_reservations:
        return "a slot has room for 0 reservations, and only who has one may fill it: nobody can";
    case Flaw::pointer_overtakes:
        break;
    }
    return fmt::format("a period of {} s is not shorter than the {} blocks of downtime, {} s each: "
                       "hosts may have to prove what they were not told of",
                       configuration.period, configuration.downtime, block_seconds);
}

std::vector<Flaw> flaws_of(const Configuration& configuration, std::uint64_t block_seconds) {
    std::vector<Flaw> flaws;
    const std::uint64_t slashed = std::uint64_t{configuration.validator_reward_percentage} *
                                  configuration.max_number_of_slashes *
                                  configuration.slash_percentage;
    if (2 * std::uint64_t{configuration.repair_reward_percentage} + (slashed + 99) / 100 > 100)
        flaws.push_back(Flaw::insolvent);
    if (configuration.validator_reward_percentage > 100)
        flaws.push_back(Flaw::validators_gain);
    // Blocks without time between them are crossed at any speed.
    if (block_seconds == 0 || configuration.period / block_seconds >= configuration.downtime)
        flaws.push_back(Flaw::pointer_overtakes);
    // From the second after a period to the last one before its timeout there are timeout - 1.
    if (configuration.timeout <= std::max<std::uint64_t>(block_seconds, 1))
        flaws.push_back(Flaw::misses_expire);
    if (configuration.slash_percentage == 0)
        flaws.push_back(Flaw::misses_are_free);
    else if (configuration.validator_reward_percentage == 0)
        flaws.push_back(Flaw::marking_is_unpaid);
    // The period in which a slot is filled owes no proof.
    if (configuration.request_duration_limit <= configuration.period)
        flaws.push_back(Flaw::no_whole_period);
    if (configuration.max_reservations == 0)
        flaws.push_back(Flaw::no_reservations);
    return flaws;
}

} // namespace codex::market
