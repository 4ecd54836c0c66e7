// The loop over inputs: one after the other, or with --unordered several at a time.
#include "cli/for_each.hpp"
#include "base/thread.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace codex::cli {

namespace {

/// Beyond this, more turns at once only take memory.
constexpr unsigned kMostTurns = 16;

void settle(Context& context, const Loop& loop) {
    if (!loop.settle || (context.unordered() && !loop.quick))
        return;
    try {
        loop.settle();
    } catch (const std::bad_alloc&) {
        context.report(out_of_memory());
    }
}

/// False when no further input is wanted. `beside`: in a thread of its own, where nothing is put
/// off.
bool take_turn(Context& context, const Loop& loop, const std::string& item, Progress& progress,
               bool beside) {
    const auto turn = [&]() -> Result<void> {
        try {
            return loop.turn(item, progress);
        } catch (const std::bad_alloc&) {
            return fail(out_of_memory());
        }
    };
    auto done = turn();
    progress.done_items.fetch_add(1, std::memory_order_relaxed);
    const std::string_view name = item == "-" ? std::string_view("stdin") : item;
    if (!done && !beside)
        settle(context, loop);
    return done ? !context.stopped() : context.report(name, done.error());
}

/// Threads that take turns. They are not the pool's: a turn waits for disks, and for the pool.
class Crew {
public:
    Crew(Context& context, const Loop& loop, Progress& progress)
        : context_(context), loop_(loop), progress_(progress) {
        const unsigned size = std::clamp(context.pool().size(), 2U, kMostTurns);
        threads_.reserve(size);
        for (unsigned i = 0; i < size; ++i)
            if (!threads_.emplace_back().start([this] { work(); })) {
                threads_.pop_back();
                break;
            }
    }
    ~Crew() { dismiss(); }
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    /// Waits for a free thread; where the system has given none, takes the turn itself. False when
    /// no further input is wanted.
    bool hand_out(std::string item) {
        if (threads_.empty())
            return take_turn(context_, loop_, item, progress_, true);
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
        dismiss();
        for (Thread& thread : threads_)
            thread.wait();
    }

private:
    /// No more inputs come.
    void dismiss() {
        {
            const std::lock_guard lock(mutex_);
            finishing_ = true;
        }
        changed_.notify_all();
    }
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
        try {
            while (const auto item = next())
                if (!take_turn(context_, loop_, *item, progress_, true))
                    stop();
        } catch (...) { // not even the error could be reported
            stop();
            throw;
        }
    }
    void stop() {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
    }

    Context& context_;
    const Loop& loop_;
    Progress& progress_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::string> item_; // handed out, not taken yet
    bool stopped_ = false;            // --fail-fast
    bool finishing_ = false;
    std::vector<Thread> threads_; // last: they use all of the above
};

} // namespace

Result<int> for_each(Context& context, Inputs inputs, const Loop& loop) {
    if (context.batch()) {
        inputs.may_be_empty(); // no question, no answer
        inputs.take_every_line();
    }
    CODEX_TRY(item, inputs.next());
    if (!item)
        return context.exit_code();
    CODEX_CHECK(loop.begin());
    Progress progress;
    const auto view = context.show(progress, loop.label);
    std::unique_ptr<Crew> crew;
    if (context.unordered())
        crew = std::make_unique<Crew>(context, loop, progress);
    inputs.before_waiting([&] { settle(context, loop); });
    while (item) {
        bool go_on = true;
        if (loop.at && !crew)
            loop.at(inputs.place(), inputs.wrong());
        if (crew && !(loop.quick && loop.quick(*item))) {
            settle(context, loop); // for it may have to wait
            go_on = crew->hand_out(std::move(*item));
        } else {
            go_on = take_turn(context, loop, *item, progress, false);
        }
        if (!go_on)
            break;
        auto next = inputs.next();
        if (!next) {
            settle(context, loop);
            return fail(std::move(next).error());
        }
        item = std::move(*next);
    }
    settle(context, loop);
    if (crew)
        crew->finish();
    return context.exit_code();
}

} // namespace codex::cli
