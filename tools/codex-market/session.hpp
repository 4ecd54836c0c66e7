// A ledger that a command works on: opening it, asking views, and what is asked by several
// commands.
#pragma once

#include "cli/context.hpp"
#include "ledger/ledger.hpp"
#include "market/calls.hpp"
#include "names.hpp"

#include <memory>

namespace codex::market_tool {

namespace questions = market::questions;

/// The ledger that the flags, the environment or the configuration name, opened as they say.
/// Errors: ledger_path()'s; ledger_missing, with how to make one; those of Ledger::open().
[[nodiscard]] Result<std::unique_ptr<ledger::Ledger>> open_ledger(cli::Context& context,
                                                                  ledger::Access access);
[[nodiscard]] ledger::Options ledger_options(cli::Context& context);

/// What the contracts say at one moment, to one account.
/// Threads: one at a time.
class Views {
public:
    /// `ledger` outlives it. Errors: those of Ledger::snapshot().
    [[nodiscard]] static Result<Views> now(const ledger::Ledger& ledger, const Address& from = {});
    /// The same of what no time changes: nobody is waited for. Errors: those of
    /// Ledger::last_snapshot().
    [[nodiscard]] static Result<Views> last(const ledger::Ledger& ledger);

    [[nodiscard]] const ledger::Snapshot& snapshot() const { return snapshot_; }
    [[nodiscard]] const ledger::Ledger& ledger() const { return *ledger_; }
    /// The time, and the period that it is in.
    [[nodiscard]] std::uint64_t time() const { return snapshot_.now().time; }
    [[nodiscard]] std::uint64_t period() const {
        return time() / ledger_->genesis().configuration.period;
    }

    /// What the contracts answer. Errors: market_refused.
    template <class Answer>
    [[nodiscard]] Result<Answer> ask(const market::Question<Answer>& question) const {
        return market::ask(ledger_->contracts(), snapshot_, snapshot_.now(), from_, question);
    }

private:
    Views(const ledger::Ledger& ledger, ledger::Snapshot snapshot, const Address& from)
        : ledger_(&ledger), snapshot_(std::move(snapshot)), from_(from) {}

    const ledger::Ledger* ledger_;
    ledger::Snapshot snapshot_;
    Address from_;
};

} // namespace codex::market_tool
