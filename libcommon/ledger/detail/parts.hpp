// An open ledger: its files, and how its state is brought forward.
#pragma once

#include "ledger/detail/durable.hpp"
#include "ledger/detail/replay.hpp"

#include <mutex>

namespace codex::ledger {

/// Threads: const calls from any thread, at once; what is said of each of the others.
struct Ledger::Parts {
    Parts(std::string of, Access how, const Options& with);

    std::string path;
    Access access;
    Options options;
    repo::OpenOptions around;
    std::string boot;
    Genesis genesis;
    Digest genesis_hash{};
    std::unique_ptr<market::Verifier> verifier;
    std::optional<market::Contracts> contracts;
    bool writable = false; ///< the folder and what is in it may be written
    std::optional<detail::Journal> journal;
    std::unique_ptr<detail::Durable> durable;
    std::unique_ptr<repo::Gate> gate; ///< of those who append; nothing where it is not writable

    /// Errors: those of Ledger::open().
    [[nodiscard]] Result<void> open();

    /// A state with all that is on the disk, which is all that it has.
    struct Current {
        std::shared_ptr<const repo::Tables> tables;
        repo::TablesView view;
        detail::Mark mark;
    };
    [[nodiscard]] Result<Current> current() const;
    /// The same, and the block that a call made now is in. Nobody appends to an earlier one
    /// afterwards: who is about to is waited for. But where the folder may not be written, one
    /// cannot queue.
    struct CurrentBlock {
        Current current;
        std::uint64_t block;
    };
    [[nodiscard]] Result<CurrentBlock> current_block() const;

    /// Being inside the gate, with a state that has all of the journal.
    struct Inside {
        repo::Gate::Turn turn;
        std::shared_ptr<const repo::Tables> tables;
    };
    [[nodiscard]] Result<Inside> enter() const;
    /// The block that a call made now is in.
    [[nodiscard]] std::uint64_t block_now(const detail::Mark& mark) const;
    /// What is kept is broken: it is made again by who comes next.
    void forget_state() const;
    /// That what is at its path is still what was opened: whoever stays looks once in a while.
    /// Errors: ledger_missing.
    [[nodiscard]] Result<void> still_here() const;
    /// The same state, of another place: a scratch one, which no other process sees.
    [[nodiscard]] detail::Mark first_mark() const;
    [[nodiscard]] bool is_ours(const detail::Mark& mark) const;

private:
    [[nodiscard]] Result<Current> look() const;
    [[nodiscard]] Result<std::shared_ptr<const repo::Tables>> there() const;
    [[nodiscard]] Result<std::shared_ptr<const repo::Tables>> anew() const;
    [[nodiscard]] Result<std::shared_ptr<const repo::Tables>> forward() const;
    [[nodiscard]] Result<void> go_through(const repo::Tables& tables, detail::Mark& mark,
                                          std::uint64_t end, bool may_cut) const;
    [[nodiscard]] Result<std::optional<Current>> kept() const;
    [[nodiscard]] Result<Current> replayed() const;

    mutable std::mutex mutex_; // of what follows
    mutable std::shared_ptr<const repo::Tables> tables_;
    mutable bool broken_ = false; // to be made anew
    mutable detail::Place trusted_;
    mutable std::shared_ptr<const repo::Tables> scratch_; // in place of one that cannot be written
    mutable detail::Mark scratch_mark_;
};

/// Where a ledger's files are.
namespace detail {
[[nodiscard]] std::string state_folder(const std::string& path);
[[nodiscard]] std::string state_file(const std::string& path);
/// What the system says.
[[nodiscard]] std::string boot_of_system();
} // namespace detail

} // namespace codex::ledger
