#include "base/system_programs.hpp"

#include "base/detail/descriptor.hpp"
#include "base/pipe.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex {

using detail::Descriptor;
using detail::DescriptorPtr;

namespace {

constexpr int kNotBegun = 127; ///< as of a shell
/// Open descriptors are below, where the kernel cannot close them all at once.
constexpr int kMostDescriptors = 1024;

/// A sanitizer takes terabytes of addresses for itself.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kBoundsAddresses = false;
#elif defined(__has_feature)
constexpr bool kBoundsAddresses =
    !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
constexpr bool kBoundsAddresses = true;
#endif

struct Limit {
    __rlimit_resource_t resource;
    rlim_t most;
};

/// All that the child needs, made before there is one: its memory is ours until it is another
/// program, so it allocates nothing and takes no lock.
struct Beginning {
    const char* path;
    char* const* arguments;
    int nothing; ///< a descriptor that is empty, and takes everything
    int output;
    pid_t parent;
    std::array<Limit, 5> limits;
};

void bound(const Beginning& beginning) {
    for (const Limit& limit : beginning.limits) {
        const rlimit most{limit.most, limit.most};
        // What is bounded lower already stays so.
        rlimit now{};
        if (::getrlimit(limit.resource, &now) == 0 && now.rlim_max < most.rlim_max)
            continue;
        if (::setrlimit(limit.resource, &most) != 0)
            ::_exit(kNotBegun);
    }
}

void reset_signals() {
    struct sigaction usual = {};
    usual.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal)
        (void)::sigaction(signal, &usual, nullptr); // those that cannot be caught are as they are
    // To be refused a file is an error for it, and not its end.
    usual.sa_handler = SIG_IGN;
    (void)::sigaction(SIGXFSZ, &usual, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Beginning& beginning) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != beginning.parent) // it was gone before
        ::_exit(kNotBegun);
    const bool placed = ::dup2(beginning.nothing, STDIN_FILENO) >= 0 &&
                        ::dup2(beginning.output, STDOUT_FILENO) >= 0 &&
                        ::dup2(beginning.nothing, STDERR_FILENO) >= 0;
    if (!placed)
        ::_exit(kNotBegun);
    if (::syscall(SYS_close_range, 3U, ~0U, 0U) != 0)
        for (int fd = 3; fd < kMostDescriptors; ++fd)
            ::close(fd);
    bound(beginning);
    reset_signals();
    char* environment[] = {nullptr};
    ::execve(beginning.path, beginning.arguments, environment);
    ::_exit(kNotBegun);
}

/// vfork(), as a process may have much memory whose tables a fork() would copy. Nothing of what the
/// child does is seen here: no variable is written after it. Gives its id, or -1 and errno.
[[gnu::noinline]] pid_t begin_child(const Beginning& beginning) {
    const pid_t child = ::vfork();
    if (child == 0)
        become(beginning);
    return child;
}

/// No handler of ours runs in the child, whose memory is ours.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

Error refused(int number, std::string_view what) {
    if (number == EAGAIN) // as many processes as may be
        return {Errc::no_space, fmt::format("{}: {}", what, std::strerror(number))};
    return system_error(number, what);
}

void kill_group(pid_t leader) {
    ::kill(-leader, SIGKILL);
    ::kill(leader, SIGKILL);
}

int status_of(int waited) {
    return WIFSIGNALED(waited) ? 128 + WTERMSIG(waited) : WEXITSTATUS(waited);
}

} // namespace

struct SystemPrograms::Process {
    explicit Process(SystemLoop& loop) : ended(loop) {}
    pid_t id = -1; ///< -1, once nothing of it is left
    int status = 0;
    DescriptorPtr watch; ///< its pidfd
    DescriptorPtr output;
    Signal ended;

    void kill() const {
        if (id > 0)
            kill_group(id);
    }
    /// Whether it has ended; then its number may be another's.
    [[nodiscard]] bool has_ended() {
        if (id < 0)
            return true;
        siginfo_t about = {};
        const int done =
            ::waitid(P_PID, static_cast<id_t>(id), &about, WEXITED | WNOHANG | WNOWAIT);
        if ((done < 0 && errno == EINTR) || (done == 0 && about.si_pid == 0))
            return false;
        int waited = 0; // where SIGCHLD is ignored nobody is told
        if (done == 0) {
            kill_group(id); // whom it has begun; the number of the group is its own until now
            (void)::waitpid(id, &waited, 0);
        }
        status = status_of(waited);
        id = -1;
        return true;
    }
};

/// Whoever is no longer waited for runs no more.
class SystemPrograms::Killer {
public:
    explicit Killer(std::shared_ptr<Process> process) : process_(std::move(process)) {}
    Killer(const Killer&) = delete;
    Killer& operator=(const Killer&) = delete;
    ~Killer() { process_->kill(); }

private:
    std::shared_ptr<Process> process_;
};

SystemPrograms::SystemPrograms(SystemLoop& loop) : loop_(loop), tasks_(loop) {}

SystemPrograms::~SystemPrograms() = default;

Result<std::shared_ptr<SystemPrograms::Process>> SystemPrograms::begin(const Program& program) {
    CODEX_TRY(pipe, make_pipe());
    const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!nothing)
        return fail(refused(errno, "open /dev/null"));
    auto process = std::make_shared<Process>(loop_);
    CODEX_SET(process->output, Descriptor::make(loop_, std::move(pipe.read), "a program"));
    std::vector<std::string> words = program.arguments;
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const ProgramLimits& limits = program.limits;
    const Beginning beginning{
        program.path.c_str(),
        arguments.data(),
        nothing.get(),
        pipe.write.get(),
        ::getpid(),
        {Limit{RLIMIT_AS, kBoundsAddresses ? limits.memory_bytes : RLIM_INFINITY},
         Limit{RLIMIT_CPU, limits.cpu_seconds}, Limit{RLIMIT_NOFILE, limits.descriptors},
         Limit{RLIMIT_FSIZE, 0}, Limit{RLIMIT_CORE, 0}}};
    {
        const SignalsBlocked blocked;
        process->id = begin_child(beginning);
    }
    if (process->id < 0)
        return fail(refused(errno, "start a program"));
    // It stays ours until it is waited for, so that the number is its own.
    Fd watch(static_cast<int>(::syscall(SYS_pidfd_open, process->id, 0)));
    auto watched = watch ? Descriptor::make(loop_, std::move(watch), "a program")
                         : fail(refused(errno, "watch a program"));
    if (!watched) {
        process->kill();
        (void)::waitpid(process->id, nullptr, 0);
        return fail(std::move(watched).error());
    }
    process->watch = std::move(*watched);
    return process;
}

/// Until nothing is left of it; whoever began it may be gone.
Task<void> SystemPrograms::reap(std::shared_ptr<Process> process) {
    const Killer killer(process); // where the loop ends first
    while (!process->has_ended()) {
        const auto told = co_await Descriptor::readable(process->watch, Clock::Instant::max());
        if (!told)
            break;
    }
    process->ended.notify();
}

void bound_own_memory(std::uint64_t bytes) {
    rlimit now{};
    if (!kBoundsAddresses || ::getrlimit(RLIMIT_AS, &now) != 0 || now.rlim_cur <= bytes)
        return;
    now.rlim_cur = bytes;
    (void)::setrlimit(RLIMIT_AS, &now); // lower is always allowed
}

Task<Result<ProgramEnd>> SystemPrograms::run(Program program, Clock::Instant until) {
    auto begun = begin(program);
    if (!begun)
        co_return fail(std::move(begun).error());
    const std::shared_ptr<Process> process = *begun;
    const Killer killer(process);
    tasks_.start(reap(process));
    ProgramEnd end;
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t size = ::read(process->output->fd(), piece.data(), piece.size());
        if (size == 0)
            break;
        if (size > 0) {
            const auto came = static_cast<std::size_t>(size);
            if (came > program.limits.output_bytes - end.output.size())
                co_return fail(Errc::limit_exceeded, "it says more than {} bytes",
                               program.limits.output_bytes);
            end.output.append(piece.data(), came);
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            co_return fail(system_error(errno, "read what a program says"));
        const auto ready = co_await Descriptor::readable(process->output, until);
        if (!ready)
            co_return fail(Errc::timeout, "it does not answer in time");
    }
    while (process->id > 0) {
        const auto in_time = co_await process->ended.wait(until);
        if (!in_time)
            co_return fail(Errc::timeout, "it does not end in time");
    }
    end.status = process->status;
    co_return end;
}

} // namespace codex
