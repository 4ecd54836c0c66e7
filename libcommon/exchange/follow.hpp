// The content of a dataset that another process fetches (codex-exchange(7), FETCHING).
#pragma once

#include "base/event_loop.hpp"
#include "exchange/fetch.hpp"

namespace codex::exchange {

/// Writes the content of a dataset in order while its blocks come into the repo, whoever brings
/// them. Memory: some megabytes.
/// Threads: the loop's; jobs run on the executor beside it.
class Follow final {
public:
    /// What is written of it, once it is known; by default all of it.
    using PartOf = std::function<Result<FetchPart>(const codec::Manifest&)>;

    /// `repo` and `sink` outlive it, and what the job's executor still runs; the job counts
    /// nothing.
    Follow(EventLoop& loop, repo::Repo& repo, const Cid& manifest, PartOf part, ByteSink& sink,
           const codex::Job& job);
    ~Follow();
    Follow(const Follow&) = delete;
    Follow& operator=(const Follow&) = delete;

    /// All of it is written, and flushed, when this returns; once. Errors: of `part`;
    /// dataset_not_found and dataset_damaged, when what was said to be here is not; cancelled; the
    /// sink's; the repo's.
    [[nodiscard]] static Task<Result<void>> run(Follow* self);
    /// Whoever fetches it has ended well: what is not here by now will not come.
    void all_is_here();
    /// Nobody wants it any more: the sink is cancelled, and run() ends.
    void cancel();

private:
    struct Work;
    EventLoop& loop_;
    Executor& executor_;
    std::shared_ptr<Work> work_;
    bool all_is_here_ = false;
    bool cancelled_ = false;
    Signal changed_;
};

} // namespace codex::exchange
