// The loop over inputs: one after the other, or with --unordered several at a time.
#include "cli/tool.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace codex::cli {

namespace {

/// Beyond this, more turns at once only take memory.
constexpr unsigned kMostTurns = 16;

/// False when no further input is wanted.
bool take_turn(Context& context, const Loop& loop, const std::string& item, Progress& progress) {
    auto done = loop.turn(item, progress);
    progress.done_items.fetch_add(1, std::memory_order_relaxed);
    const std::string_view name = item == "-" ? std::string_view("stdin") : item;
    return done || context.report(name, done.error());
}

/// Threads that take turns. They are not the pool's: a turn waits for disks, and for the pool.
class Crew {
public:
    Crew(Context& context, const Loop& loop, Progress& progress)
        : context_(context), loop_(loop), progress_(progress) {
        const unsigned size = std::clamp(context.pool().size(), 2U, kMostTurns);
        for (unsigned i = 0; i < size; ++i)
            threads_.emplace_back([this] { work(); });
    }
    ~Crew() { finish(); }
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    /// Waits for a free thread. False when no further input is wanted.
    bool hand_out(std::string item) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopped_ || !item_; });
        if (stopped_)
            return false;
        item_ = std::move(item);
        changed_.notify_all();
        return true;
    }
    /// Waits for the turns that were begun.
    void finish() {
        {
            const std::lock_guard lock(mutex_);
            finishing_ = true;
        }
        changed_.notify_all();
        for (std::thread& thread : threads_)
            thread.join();
        threads_.clear();
    }

private:
    std::optional<std::string> next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return item_ || stopped_ || finishing_; });
        if (stopped_ || !item_)
            return std::nullopt;
        std::optional<std::string> item = std::exchange(item_, std::nullopt);
        changed_.notify_all();
        return item;
    }
    void work() {
        while (const auto item = next()) {
            if (take_turn(context_, loop_, *item, progress_))
                continue;
            const std::lock_guard lock(mutex_);
            stopped_ = true;
            changed_.notify_all();
        }
    }

    Context& context_;
    const Loop& loop_;
    Progress& progress_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::string> item_; // handed out, not taken yet
    bool stopped_ = false;            // --fail-fast
    bool finishing_ = false;
    std::vector<std::thread> threads_; // last: they use all of the above
};

} // namespace

Result<int> for_each(Context& context, Inputs inputs, const Loop& loop) {
    CODEX_TRY(item, inputs.next());
    if (!item)
        return context.exit_code();
    CODEX_CHECK(loop.begin());
    Progress progress;
    const auto view = context.show(progress, loop.label);
    std::unique_ptr<Crew> crew;
    if (context.unordered())
        crew = std::make_unique<Crew>(context, loop, progress);
    while (item) {
        const bool go_on =
            crew ? crew->hand_out(std::move(*item)) : take_turn(context, loop, *item, progress);
        if (!go_on)
            break;
        CODEX_TRY(following, inputs.next());
        item = std::move(following);
    }
    if (crew)
        crew->finish();
    return context.exit_code();
}

} // namespace codex::cli
