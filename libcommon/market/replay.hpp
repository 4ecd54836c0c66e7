// Runs of a market from text: operations, a line each, and their answers (codex-market(7), RUNS).
#pragma once

#include "base/json_writer.hpp"
#include "market/contract/contracts.hpp"

namespace codex::market {

/// A market in memory, and blocks that are mined as the operations say.
/// Threads: one at a time.
class Replay {
public:
    struct Options {
        Contracts::Options contracts;
        std::vector<ethereum::Address> accounts; ///< those that operations number
        ethereum::UInt256 balance;               ///< of each of them
        std::uint64_t block = 0;                 ///< before the first operation
    };
    /// As the runs of the network's contract were begun. `verifier` outlives what is made of it.
    [[nodiscard]] static Options recorded(const Verifier& verifier);

    explicit Replay(Options options);

    /// The answer to one operation, a JSON object on one line. What the contract refuses is an
    /// answer. Errors, each about an operation that is none, and then nothing has been done:
    /// json_invalid, limit_exceeded (1 MiB), malformed, and those of values_from_json()
    /// (ethereum/abi/json.hpp).
    [[nodiscard]] Result<std::string> answer(std::string_view operation);

private:
    struct Operation;
    [[nodiscard]] Result<void> write_events(JsonWriter& answer, const Outcome& outcome) const;
    [[nodiscard]] Result<ethereum::Address> named(std::string_view name) const;
    [[nodiscard]] Result<std::string> balances(const Operation& operation) const;
    [[nodiscard]] Result<std::string> call(const Operation& operation);
    [[nodiscard]] Result<Outcome> execute(const Call& call, std::uint64_t block, std::uint64_t time,
                                          bool keeps);
    [[nodiscard]] Result<ethereum::Address> account(std::uint64_t number) const;
    [[nodiscard]] Result<ethereum::Address> party(std::string_view name) const;

    Options options_;
    Contracts contracts_;
    MemoryState state_;
    std::uint64_t block_;
    std::uint64_t time_ = 0;
    std::optional<std::uint64_t> next_; ///< the time of the next block, where it was said
};

} // namespace codex::market
