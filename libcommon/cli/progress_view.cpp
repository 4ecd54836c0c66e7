// Draws progress: one thread that sleeps in poll(2) until there is something to say.
#include "base/thread.hpp"
#include "cli/detail/progress_text.hpp"
#include "cli/detail/state.hpp"
#include "cli/signals.hpp"

#include <array>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace codex::cli {

namespace {

constexpr int kFirstDelayMs = 500;
constexpr int kIntervalMs = 100;
constexpr int kJsonIntervalMs = 500;

bool foreground_terminal() {
    return ::isatty(STDERR_FILENO) == 1 && ::tcgetpgrp(STDERR_FILENO) == ::getpgrp();
}

unsigned terminal_columns() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80U;
}

/// Bytes per second, as an average that forgets the past with a time constant of three seconds.
class Rate {
public:
    explicit Rate(Clock::Instant now) : last_time_(now) {}
    double update(std::uint64_t done, Clock::Instant now) {
        const double seconds = std::chrono::duration<double>(now - last_time_).count();
        if (seconds <= 0 || done < last_done_)
            return rate_;
        const double sample = static_cast<double>(done - last_done_) / seconds;
        const double weight = first_ ? 1.0 : std::min(1.0, seconds / 3.0);
        rate_ += weight * (sample - rate_);
        first_ = false;
        last_time_ = now;
        last_done_ = done;
        return rate_;
    }

private:
    Clock::Instant last_time_;
    std::uint64_t last_done_ = 0;
    double rate_ = 0;
    bool first_ = true;
};

} // namespace

struct Context::ProgressView {
    enum class Mode { silent, drawn, drawn_and_kept, json };

    ProgressView(std::shared_ptr<State> state, const Progress& progress, std::string label)
        : state_(std::move(state)), progress_(progress), label_(std::move(label)), mode_(choose()),
          stop_(::eventfd(0, EFD_CLOEXEC)) {
        // A job goes on without a view, and without its end a view would never see its own.
        if (stop_)
            static_cast<void>(thread_.start([this] { watch(); }));
    }

    ~ProgressView() {
        const std::uint64_t one = 1;
        static_cast<void>(
            write_full(stop_.get(), {reinterpret_cast<const std::uint8_t*>(&one), 8}, "eventfd"));
    }
    ProgressView(const ProgressView&) = delete;
    ProgressView& operator=(const ProgressView&) = delete;

private:
    [[nodiscard]] Mode choose() const {
        const std::string& wanted = state_->globals.progress;
        if (state_->globals.quiet)
            return Mode::silent;
        if (wanted == "json")
            return Mode::json;
        if (wanted == "always")
            return Mode::drawn_and_kept;
        if (wanted == "never" || !foreground_terminal())
            return Mode::silent;
        return Mode::drawn;
    }

    detail::ProgressSample sample() {
        const std::uint64_t done = progress_.done_bytes.load(std::memory_order_relaxed);
        const std::lock_guard lock(state_->progress_mutex);
        return {label_,
                done,
                progress_.total_bytes.load(std::memory_order_relaxed),
                rate_.update(done, state_->clock.now()),
                progress_.done_items.load(std::memory_order_relaxed),
                state_->progress_more};
    }

    void show() {
        // Lookups are not worth a line that nobody asked for.
        if (mode_ == Mode::drawn && progress_.done_bytes.load() + progress_.total_bytes.load() == 0)
            return;
        if (mode_ == Mode::json)
            state_->err.message(detail::progress_json(sample()) + "\n");
        else if (mode_ != Mode::silent && (mode_ == Mode::drawn_and_kept || foreground_terminal()))
            state_->err.draw(detail::progress_line(sample(), terminal_columns()));
    }

    void answer_request() {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto taken = ::read(progress_request_fd(), &count, sizeof count);
        state_->err.message(state_->globals.progress == "json"
                                ? detail::progress_json(sample()) + "\n"
                                : detail::progress_line(sample(), 0) + "\n");
    }

    void watch() {
        const int interval = mode_ == Mode::silent ? -1
                             : mode_ == Mode::json ? kJsonIntervalMs
                                                   : kIntervalMs;
        int wait = mode_ == Mode::drawn ? kFirstDelayMs : interval;
        std::array<pollfd, 2> watched = {pollfd{stop_.get(), POLLIN, 0},
                                         pollfd{progress_request_fd(), POLLIN, 0}};
        for (;;) {
            const int ready = ::poll(watched.data(), watched.size(), wait);
            if (ready > 0 && watched[0].revents != 0)
                break;
            if (ready > 0)
                answer_request();
            else if (ready == 0)
                show();
            if (ready == 0)
                wait = interval;
        }
        // What was asked for outright has a last word, however short the job was.
        if (mode_ == Mode::drawn_and_kept || mode_ == Mode::json)
            show();
        state_->err.end_drawing(mode_ == Mode::drawn_and_kept);
    }

    std::shared_ptr<State> state_;
    const Progress& progress_;
    std::string label_;
    Mode mode_;
    Rate rate_{state_->clock.now()};
    Fd stop_;
    Thread thread_; // last: it uses all of the above
};

void Context::note_progress(Record more) {
    const std::lock_guard lock(state_->progress_mutex);
    state_->progress_more = std::move(more);
}

std::shared_ptr<Context::ProgressView> Context::show(const Progress& progress, std::string label) {
    return std::make_shared<ProgressView>(state_, progress, std::move(label));
}

} // namespace codex::cli
