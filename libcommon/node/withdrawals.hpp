// Takes back what this node says that it has, once it has it no more (codex-exchange(7),
// ADVERTISING).
#pragma once

#include "node/dht_store.hpp"
#include "repo/repo.hpp"

namespace codex::node {

/// None is 0.
struct WithdrawalsOptions {
    /// How often it is asked what was removed meanwhile.
    Clock::Duration look = std::chrono::milliseconds(500);
    /// After a removal all is compared at once, and again after this: what was being told of
    /// meanwhile is over by then.
    Clock::Duration settle = std::chrono::minutes(2);
    log::Logger logger{};
};

/// What is removed from the repo, by whatever process, or was while no node ran, is let go in this
/// node's own store: others ask it, too. Of what other nodes keep nothing can be taken back; they
/// forget it after a day.
/// Threads: the loop's. Jobs on the executor read the repo beside it.
class Withdrawals final {
public:
    /// `own` is the name by which this node provides things, `always` what it provides in any case.
    /// All outlive it, and the repo the jobs of the executor, too.
    Withdrawals(EventLoop& loop, Executor& executor, const repo::Repo& repo, DhtStore& store,
                net::PeerId own, const net::dht::Id& always, WithdrawalsOptions options);
    ~Withdrawals();
    Withdrawals(const Withdrawals&) = delete;
    Withdrawals& operator=(const Withdrawals&) = delete;

private:
    using Ids = std::set<net::dht::Id>;
    static Task<void> run(Withdrawals* self);
    static Task<void> watch(Withdrawals* self);
    static Task<void> sweep(Withdrawals* self);
    /// Those of `ids` that are neither a dataset of the repo, nor a part of one, nor a tree.
    [[nodiscard]] static Result<Ids> not_there(const repo::Repo& repo, Ids ids);

    EventLoop& loop_;
    Executor& executor_;
    const repo::Repo& repo_;
    DhtStore& store_;
    net::PeerId own_;
    net::dht::Id always_;
    WithdrawalsOptions options_;
    std::shared_ptr<repo::Changes> changes_; ///< jobs have it, one at a time
    TaskGroup tasks_;                        ///< the first to go
};

} // namespace codex::node
