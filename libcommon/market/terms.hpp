// What a request means for who has to do with it, in tokens, and which markets cannot pay
// (codex-market(7), TERMS).
#pragma once

#include "market/contract/contracts.hpp"
#include "market/request.hpp"

namespace codex::market {

/// Amounts are base units of the token.
struct Terms {
    ethereum::UInt256 price;                ///< paid by the client when it is posted
    ethereum::UInt256 earnings;             ///< of a slot that is filled from the first second on
    ethereum::UInt256 earnings_per_second;  ///< of a slot
    ethereum::UInt256 collateral;           ///< of a slot
    ethereum::UInt256 repair_collateral;    ///< of a slot that was freed before
    ethereum::UInt256 lost_by_a_miss;       ///< of a host, by one proof that is missing
    ethereum::UInt256 reward_of_validators; ///< of that, for who marks it
    std::uint64_t misses_until_freed = 0;   ///< by then all of the collateral is lost
    /// In one of so many periods a proof is owed or will be; 0 and 1: in each.
    ethereum::UInt256 periods_per_proof;
};

/// Errors: amount_invalid, naming what overflows where the contract would refuse it; a request
/// whose collateral overflows is taken, but can never be filled, and is refused here, too.
[[nodiscard]] Result<Terms> terms_of(const Request& request, const Configuration& configuration);

/// What makes a market bad, or a rule of it idle, that its contract makes all the same.
enum class Flaw : std::uint8_t {
    insolvent,         ///< what hosts lose may not cover what validators and repairs are paid
    validators_gain,   ///< validators get more than hosts lose
    pointer_overtakes, ///< a pointer may cross all blocks of downtime within a period
    misses_expire,     ///< there may be no block in which a missing proof can be marked
    misses_are_free,   ///< a missing proof costs nothing
    marking_is_unpaid, ///< who marks a missing proof gets nothing of what it costs
    no_whole_period,   ///< every request is over before a proof of it can be missing
    no_reservations,   ///< no slot can be reserved, and so none filled
};

/// In words, with the numbers.
[[nodiscard]] std::string text_of(Flaw flaw, const Configuration& configuration,
                                  std::uint64_t block_seconds);
/// `block_seconds`: from one block to the next.
[[nodiscard]] std::vector<Flaw> flaws_of(const Configuration& configuration,
                                         std::uint64_t block_seconds);

} // namespace codex::market
