#include "cli/line_jobs.hpp"

#include "base/fd.hpp"
#include "base/thread.hpp"
#include "codec/json_member.hpp"

#include <atomic>
#include <cerrno>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace codex::cli {

namespace {

/// The lines of stdin, as they arrive. Any thread.
class Lines {
public:
    explicit Lines(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}
    [[nodiscard]] Result<void> open() {
        wake_ = Fd(::eventfd(0, EFD_CLOEXEC));
        if (!wake_)
            return fail(system_error(errno, "eventfd"));
        return {};
    }

    /// The next line that is a job; nothing at the end, or after stop().
    [[nodiscard]] Result<std::optional<JobLine>> next() {
        const std::lock_guard turn(reading_);
        for (;;) {
            if (stopped_)
                return std::nullopt;
            if (auto line = buffered())
                return line;
            CODEX_TRY(more, read_more());
            if (!more)
                return last();
        }
    }

    /// Lets next() end, also where it waits for a line.
    void stop() {
        stopped_ = true;
        static_cast<void>(
            ::eventfd_write(wake_.get(), 1)); // fails when it has been said 2^64 times
    }

private:
    /// Nothing, or one of the lines between records, which --json prints and is no job.
    static bool is_passed_over(std::string_view line) {
        if (line.find_first_not_of(" \t\r") == std::string_view::npos)
            return true;
        const auto type = codec::json_member(line, "type");
        return type && (*type == "summary" || *type == "progress") &&
               !codec::json_member(line, "cid");
    }

    JobLine line_of(std::string text) {
        JobLine line{std::move(text), std::exchange(skipping_, false),
                     fmt::format("stdin line {}", ++number_)};
        line.too_long = line.too_long || line.text.size() > max_line_bytes_;
        if (line.too_long)
            line.text.clear();
        return line;
    }

    /// Takes a whole line out of the buffer, if there is one.
    std::optional<JobLine> buffered() {
        for (;;) {
            const std::size_t end = buffer_.find('\n');
            if (end == std::string::npos)
                break;
            JobLine line = line_of(buffer_.substr(0, end));
            buffer_.erase(0, end + 1);
            if (line.too_long || !is_passed_over(line.text))
                return line;
        }
        if (skipping_ || buffer_.size() > max_line_bytes_) {
            skipping_ = true;
            buffer_.clear();
        }
        return std::nullopt;
    }

    /// What stands behind the last line end.
    std::optional<JobLine> last() {
        JobLine line = line_of(std::exchange(buffer_, std::string()));
        if (!line.too_long && is_passed_over(line.text))
            return std::nullopt;
        return line;
    }

    /// False at the end, and after stop().
    Result<bool> read_more() {
        pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {wake_.get(), POLLIN, 0}};
        char piece[4096];
        for (;;) {
            ssize_t got = ::poll(waits, 2, -1);
            if (got > 0 && waits[1].revents != 0)
                return false;
            if (got > 0)
                got = ::read(STDIN_FILENO, piece, sizeof piece);
            if (got < 0 && errno != EINTR && errno != EAGAIN)
                return fail(system_error(errno, "read stdin"));
            if (got < 0)
                continue;
            buffer_.append(piece, static_cast<std::size_t>(got));
            return got > 0;
        }
    }

    const std::size_t max_line_bytes_;
    std::mutex reading_;
    std::atomic<bool> stopped_{false};
    Fd wake_;
    std::string buffer_;
    bool skipping_ = false;    // inside a line that is too long
    std::uint64_t number_ = 0; // of the last line
};

/// The threads that answer.
class LineCrew {
public:
    using Answer = std::function<JobAnswer(const JobLine&)>;
    LineCrew(Context& context, std::size_t max_line_bytes, const Answer& answer)
        : context_(context), answer_(answer), lines_(max_line_bytes) {}

    Result<int> run() {
        CODEX_CHECK(lines_.open());
        std::vector<Thread> others(context_.pool().size() - 1);
        for (Thread& other : others)
            if (!other.start([this] { work(); }))
                break;
        work();
        for (Thread& other : others)
            other.wait();
        if (failure_)
            return fail(std::move(*failure_));
        return context_.exit_code();
    }

private:
    void work() {
        for (;;) {
            auto more = turn();
            if (more && *more)
                continue;
            if (!more) {
                const std::lock_guard lock(output_);
                if (!failure_)
                    failure_.emplace(std::move(more).error());
                lines_.stop();
            }
            return;
        }
    }

    /// False at the end. Errors: io; out_of_memory.
    Result<bool> turn() {
        try {
            CODEX_TRY(line, lines_.next());
            if (line)
                CODEX_CHECK(answer(*line));
            return line.has_value();
        } catch (const std::bad_alloc&) {
            return fail(out_of_memory());
        }
    }

    /// Errors: io, when there is nowhere to write to.
    Result<void> answer(const JobLine& line) {
        JobAnswer made = answer_(line);
        const std::lock_guard lock(output_);
        CODEX_CHECK(context_.print_text(made.text + "\n"));
        if (made.error && !context_.report(made.name, std::move(*made.error)))
            lines_.stop();
        return {};
    }

    Context& context_;
    const Answer& answer_;
    Lines lines_;
    std::mutex output_; // also of the context's messages and exit code, and of failure_
    std::optional<Error> failure_;
};

} // namespace

Result<int> answer_lines(Context& context, std::size_t max_line_bytes,
                         const std::function<JobAnswer(const JobLine&)>& answer) {
    return LineCrew(context, max_line_bytes, answer).run();
}

} // namespace codex::cli
