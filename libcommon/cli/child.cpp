#include "cli/child.hpp"

#include "base/pipe.hpp"
#include "base/thread.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace codex::cli {

namespace {

constexpr std::size_t kMaxLine = 1000;
/// What a command may have said before it ended and is still in the pipe: all that a pipe holds.
constexpr std::size_t kLastWords = std::size_t{64} << 10;

/// How the tools begin the line of an error on stderr, behind their name (codex-pipes(7), ERRORS).
constexpr std::string_view kErrorMark = ": error: ";

/// What goes to stderr, and of it the last line that is not empty; of a tool of ours the error, for
/// a hint behind it says nothing of what has happened.
class Passing {
public:
    Passing(Fd from, Fd stop) : from_(std::move(from)), stop_(std::move(stop)) {}

    void run() {
        std::array<std::uint8_t, PIPE_BUF> bytes{};
        std::size_t left = kLastWords; // once it is told to stop
        while (left > 0) {
            const Ready ready = wait(from_.get(), POLLIN);
            if (!ready.fd)
                return;
            const auto got = read_some(from_.get(), bytes, "stderr of a command");
            if (!got || *got == 0)
                return;
            const BytesView said = BytesView(bytes).first(*got);
            take(as_text(said));
            // Who does not read what is said does not hold up who is to end.
            if (wait(STDERR_FILENO, POLLOUT).fd)
                (void)write_full(STDERR_FILENO, said, "stderr");
            left -= ready.stopped ? std::min(left, *got) : 0;
        }
    }
    [[nodiscard]] std::string last_line() const {
        if (line_.find(kErrorMark) != line_.npos || error_.empty())
            return line_.empty() ? last_ : line_;
        return error_;
    }

private:
    struct Ready {
        bool fd, stopped;
    };
    /// Until one of them is so.
    [[nodiscard]] Ready wait(int fd, short events) const {
        std::array<pollfd, 2> both{pollfd{fd, events, 0}, pollfd{stop_.get(), POLLIN, 0}};
        while (::poll(both.data(), both.size(), -1) < 0)
            if (errno != EINTR)
                return {false, true};
        return {both[0].revents != 0, both[1].revents != 0};
    }
    void take(std::string_view said) {
        for (const char c : said) {
            if (c == '\n') {
                if (!line_.empty())
                    last_ = line_;
                if (line_.find(kErrorMark) != line_.npos)
                    error_ = line_;
                line_.clear();
            } else if (line_.size() < kMaxLine && c != '\r') {
                line_ += c;
            }
        }
    }

    Fd from_;
    Fd stop_;
    std::string line_;
    std::string last_;
    std::string error_; ///< the last line of one
};

/// As a shell starts a program: what this process ignores or blocks is its own matter.
class Attributes {
public:
    Attributes() {
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawn_file_actions_init(&actions_);
        sigset_t none;
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        sigset_t usual;
        ::sigemptyset(&usual);
        for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT})
            ::sigaddset(&usual, signal);
        ::posix_spawnattr_setsigdefault(&attributes_, &usual);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    void give(const Fd& fd, int as) { ::posix_spawn_file_actions_adddup2(&actions_, fd.get(), as); }
    [[nodiscard]] int spawn(const std::string& command, pid_t& child) const {
        std::string shell = "sh";
        std::string option = "-c";
        std::string text = command;
        std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
        return ::posix_spawn(&child, "/bin/sh", &actions_, &attributes_, arguments.data(), environ);
    }

private:
    posix_spawnattr_t attributes_{};
    posix_spawn_file_actions_t actions_{};
};

} // namespace

struct Child::Impl {
    pid_t child = -1; ///< -1 once it was waited for
    Fd in;
    Fd out;
    Fd stop; ///< of `passing`
    std::unique_ptr<Passing> passing;
    Thread passes;
    ChildEnd ended;

    [[nodiscard]] bool wait(Clock::Duration patience);
};

/// Whether it has ended within that time.
bool Child::Impl::wait(Clock::Duration patience) {
    const Clock& clock = Clock::system();
    const Clock::Instant until = clock.now() + patience;
    while (true) {
        int status = 0;
        const pid_t done = ::waitpid(child, &status, WNOHANG);
        if (done == child || (done < 0 && errno != EINTR)) {
            child = -1;
            ended.status = done < 0              ? 0
                           : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                                 : WEXITSTATUS(status);
            return true;
        }
        if (clock.now() >= until)
            return false;
        ::poll(nullptr, 0, 10);
    }
}

Child::Child(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Child::Child(Child&&) noexcept = default;
Child::~Child() {
    if (impl_)
        (void)end();
}

Result<Child> Child::start(const std::string& command) {
    CODEX_TRY(in, make_pipe());
    CODEX_TRY(out, make_pipe());
    CODEX_TRY(said, make_pipe());
    auto impl = std::make_unique<Impl>();
    impl->stop = Fd(::eventfd(0, EFD_CLOEXEC));
    Fd stop(::fcntl(impl->stop.get(), F_DUPFD_CLOEXEC, 0));
    if (!impl->stop || !stop)
        return fail(system_error(errno, "make an event"));
    Attributes attributes;
    attributes.give(in.read, STDIN_FILENO);
    attributes.give(out.write, STDOUT_FILENO);
    attributes.give(said.write, STDERR_FILENO);
    if (const int error = attributes.spawn(command, impl->child); error != 0) {
        impl->child = -1;
        return fail(system_error(error, "start /bin/sh"));
    }
    impl->in = std::move(in.write);
    impl->out = std::move(out.read);
    impl->passing = std::make_unique<Passing>(std::move(said.read), std::move(stop));
    Child child(std::move(impl));
    if (!child.impl_->passes.start([passing = child.impl_->passing.get()] { passing->run(); }))
        return fail(no_thread());
    return child;
}

Fd Child::take_stdout() {
    return std::move(impl_->out);
}

Fd Child::take_stdin() {
    return std::move(impl_->in);
}

ChildEnd Child::end(Clock::Duration patience) {
    Impl& impl = *impl_;
    impl.in.reset();
    impl.out.reset();
    if (impl.child > 0 && !impl.wait(patience)) {
        impl.ended.was_told = true;
        ::kill(impl.child, SIGTERM);
        if (!impl.wait(patience)) {
            ::kill(impl.child, SIGKILL);
            while (!impl.wait(patience)) {
            }
        }
    }
    // Its last words are in the pipe by now; who else has it open may go on speaking.
    const std::uint64_t one = 1;
    (void)!::write(impl.stop.get(), &one, sizeof one);
    impl.passes.wait();
    if (impl.passing)
        impl.ended.last_line = impl.passing->last_line();
    return impl.ended;
}

} // namespace codex::cli
