// Calls that a command makes: a line each, an answer each, several of them in one sync.
#pragma once

#include "cli/inputs.hpp"
#include "market/refusal.hpp"
#include "session.hpp"

#include <functional>

namespace codex::market_tool {

/// A call that is to be made.
struct PlannedCall {
    Address to;
    Bytes data;
    std::string about;       ///< what it is done to, in messages
    market::Subject subject; ///< what the ways out of a refusal name; the caller is known
    /// Tokens of the caller that the market takes by it, for which it has to be let; 0: none.
    UInt256 takes{};
};

/// One of the marketplace that is about a slot, or about a request.
[[nodiscard]] PlannedCall slot_call(const ledger::Ledger& ledger, const SlotName& slot, Bytes data);
[[nodiscard]] PlannedCall request_call(const ledger::Ledger& ledger, const Word& request,
                                       Bytes data);
/// One of the token.
[[nodiscard]] PlannedCall token_call(const ledger::Ledger& ledger, const Address& about,
                                     Bytes data);

/// What makes a call of an argument, or of a line of stdin. Errors: those of what is malformed.
using Plan = std::function<Result<PlannedCall>(
    const ledger::Ledger& ledger, const ethereum::PrivateKey& key, const std::string& line)>;

/// Makes a call of each input, with the ledger and the key that the options name; as many as are
/// there at once share a sync. Prints what each gave, reports what was refused; with --batch that
/// is an answer, too. With --dry-run nothing is left. Gives the exit code so far. Errors: those of
/// opening the ledger, of reading the key, and of the list itself.
[[nodiscard]] Result<int> make_calls(cli::Context& context, cli::Inputs inputs, const Plan& plan);

/// The words of a line, of which there have to be as many as names. Errors: malformed.
[[nodiscard]] Result<std::vector<std::string>> words_of(const std::string& line,
                                                        const std::vector<std::string>& names);

/// The inputs of a command whose arguments are one call, or, with --batch, those of a line: these,
/// or stdin's. Errors: usage where some are missing, or both are there.
[[nodiscard]] Result<cli::Inputs> call_inputs(const cli::Context& context,
                                              const std::vector<std::string>& words,
                                              const std::vector<std::string>& names);
/// The inputs of a command each of whose arguments is about one slot, or one request.
[[nodiscard]] cli::Inputs slot_inputs(std::vector<std::string> slots);
[[nodiscard]] cli::Inputs request_inputs(std::vector<std::string> requests);

/// Makes calls of one account, and says what has become of them.
/// Threads: one at a time.
class Caller {
public:
    /// What it is given outlives it.
    Caller(cli::Context& context, ledger::Ledger& ledger, const ethereum::PrivateKey& key)
        : context_(context), ledger_(ledger), key_(key) {}

    /// Makes them, or, with --dry-run, sees what would become of them. What is to be taken of the
    /// caller is let taken by a call in front of them. Gives one for each. Errors:
    /// Ledger::call()'s.
    [[nodiscard]] Result<std::vector<ledger::Receipt>> make(std::span<const PlannedCall> calls);
    /// Prints what a call gave, or reports what it was refused with; with --batch that is printed,
    /// too. Errors: io.
    [[nodiscard]] Result<void> tell(const PlannedCall& call, const ledger::Receipt& receipt);

private:
    struct Prepared {
        std::optional<Bytes> approval;         ///< that has to come first; nothing: none has
        std::vector<ledger::Receipt> receipts; ///< of calls that were tried out
    };
    [[nodiscard]] Result<Prepared> prepare(std::span<const PlannedCall> calls) const;

    cli::Context& context_;
    ledger::Ledger& ledger_;
    const ethereum::PrivateKey& key_;
};

} // namespace codex::market_tool
