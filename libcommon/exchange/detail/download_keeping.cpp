// What has come, on its way to where it is judged and kept.
#include "base/copy_error.hpp"
#include "base/offload.hpp"
#include "exchange/detail/download.hpp"

#include <algorithm>

namespace codex::exchange::detail {
namespace {

constexpr std::size_t kBatchBlocks = 32;
constexpr std::size_t kBatchBytes = std::size_t{4} << 20;

} // namespace

/// More is on its way, and soon here.
bool Download::is_gathering() const {
    return queue_.size() < kBatchBlocks && !settling_ && !paused_ && plan_.is_waiting() &&
           queue_.size() * options_.block_bytes < kBatchBytes && loop_.now() < gather_until_;
}

std::vector<Came> Download::next_batch() {
    std::vector<Came> batch;
    std::size_t bytes = 0;
    while (!queue_.empty() && batch.size() < kBatchBlocks && bytes < kBatchBytes) {
        bytes += queue_.front().data.size();
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    return batch;
}

/// Says that it has ended also when something is thrown.
class Download::Keeping {
public:
    explicit Keeping(Download& download) : download_(download) {}
    Keeping(const Keeping&) = delete;
    Keeping& operator=(const Keeping&) = delete;
    ~Keeping() {
        download_.keeper_ended_ = true;
        download_.changed_.notify();
    }

private:
    Download& download_;
};

Task<void> Download::keep(Download* self) {
    const Keeping keeping(*self);
    while (!self->failure_ && !(self->settling_ && self->queue_.empty())) {
        if (self->queue_.empty() && self->plan_.finished() && self->options_.columns) {
            co_await complete(self);
            continue;
        }
        if (self->queue_.empty()) {
            const auto by = self->goods_->commit_by().value_or(Clock::Instant::max());
            const auto more = co_await self->keep_.wait(by);
            if (more || self->settling_ || !self->queue_.empty())
                continue;
            auto commit = [goods = self->goods_] { return goods->commit(); };
            auto committed =
                co_await offload(self->loop_, self->job_.executor(), std::move(commit));
            if (!committed)
                self->failure_ = std::move(committed).error();
            continue;
        }
        if (self->is_gathering()) {
            co_await self->keep_.wait(self->gather_until_);
            continue;
        }
        const auto batch = std::make_shared<std::vector<Came>>(self->next_batch());
        auto take = [goods = self->goods_, batch] { return goods->take(*batch); };
        const auto verdicts = co_await offload(self->loop_, self->job_.executor(), std::move(take));
        self->judge(*batch, verdicts);
    }
}

Task<void> Download::complete(Download* self) {
    auto completing = [goods = self->goods_, job = self->job_,
                       lost = self->options_.columns->given_up()] {
        return goods->complete(lost, job);
    };
    auto rest = co_await offload(self->loop_, self->job_.executor(), std::move(completing));
    if (rest)
        self->want_rest(*rest);
    else
        self->failure_ = std::move(rest).error();
    self->poke();
    self->changed_.notify();
}

/// What a part still needs is asked for as it was; a whole dataset whose code does not fit is
/// fetched as if there were none.
void Download::want_rest(const Goods::Rest& rest) {
    progress_ = loop_.now();
    ColumnNeeds& columns = *options_.columns;
    if (columns.of_part()) {
        want_all(rest.fetch);
        for (const std::uint64_t index : columns.compute(rest.compute, plan_.missing()))
            plan_.want({index, 1});
        if (!plan_.finished())
            return;
        if (!rest.fetch.empty() || !rest.compute.empty())
            failure_ = Error(Errc::block_not_found,
                             "no peer has what is missing, or what it is computed from");
    }
    options_.columns.reset();
    if (!failure_)
        want_all(rest.fetch);
}

void Download::judge(const std::vector<Came>& batch,
                     const Result<std::vector<Result<void>>>& verdicts) {
    const Clock::Instant now = loop_.now();
    if (!verdicts)
        failure_ = copy_of(verdicts.error());
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const Came& came = batch[i];
        queued_bytes_ -= came.data.size();
        if (!verdicts)
            continue;
        if ((*verdicts)[i]) {
            plan_.verified(came.peer, came.index, now);
            ++peers_.counts().blocks;
            peers_.counts().block_bytes += came.data.size();
            ++kept_;
            kept_bytes_ += came.data.size();
            roster_.at(came.peer).bytes += came.data.size();
            progress_ = now;
            if (options_.columns)
                for (const std::uint64_t index :
                     options_.columns->came(came.index, plan_.missing()))
                    plan_.stored(index, now);
            continue;
        }
        Roster::Entry& entry = roster_.at(came.peer);
        entry.lie = fmt::format("{}: {}", goods_->name(came.index), (*verdicts)[i].error().text());
        options_.logger.warn("peer sent a wrong block",
                             {{"peer", entry.id.text()}, {"why", entry.lie}});
        ++peers_.counts().wrong;
        plan_.wrong(came.peer, came.index, now);
    }
    read_on();
    poke();
    changed_.notify();
}

} // namespace codex::exchange::detail
