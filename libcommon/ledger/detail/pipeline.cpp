#include "ledger/detail/pipeline.hpp"

namespace codex::ledger::detail {

Result<void> Pipeline::run(const std::function<void(std::span<const Found>)>& seen) {
    for (;;) {
        auto next = walk_.next(job_);
        CODEX_CHECK(finish());
        CODEX_TRY(found, std::move(next));
        if (found.empty())
            return {};
        if (seen)
            seen(found);
        running_ = std::move(found);
        side_.start_or_run(job_.executor(), [this] { result_ = replay_.run(tables_, running_); });
    }
}

Result<void> Pipeline::finish() {
    side_.wait();
    if (!running_.empty())
        job_.advance(running_.back().end - running_.front().begin);
    running_.clear();
    return std::exchange(result_, Result<void>());
}

} // namespace codex::ledger::detail
