#include "repo/changes.hpp"

#include "repo/index/change_log.hpp"
#include "repo/index/repo_impl.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace codex::repo {

using namespace detail;

namespace {

/// Where nothing wakes us, and, to be safe, where something should.
constexpr std::chrono::milliseconds kPoll{20};
constexpr std::chrono::milliseconds kLook{1000};

/// Wakes when somebody has committed: REPO/age is written then.
class Watch {
public:
    explicit Watch(std::string file) : file_(std::move(file)) {}

    /// Before a look at what is there, so that what comes after the look wakes.
    void arm() {
        if (fd_ && !drain())
            fd_.reset(); // the file has gone, and another may have come
        if (fd_)
            return;
        Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
        if (fd && ::inotify_add_watch(fd.get(), file_.c_str(), IN_MODIFY | IN_DONT_FOLLOW) >= 0)
            fd_ = std::move(fd);
    }
    /// -1 where the system gives none.
    [[nodiscard]] int fd() const { return fd_ ? fd_.get() : -1; }

private:
    /// False when the watch has ended.
    bool drain() {
        alignas(inotify_event) std::array<char, 4096> events{};
        bool alive = true;
        for (;;) {
            const ssize_t n = ::read(fd_.get(), events.data(), events.size());
            if (n <= 0)
                return alive;
            for (std::size_t at = 0; at < static_cast<std::size_t>(n);) {
                inotify_event event{};
                std::memcpy(&event, events.data() + at, sizeof event);
                alive = alive && (event.mask & IN_IGNORED) == 0;
                at += sizeof event + event.len;
            }
        }
    }
    std::string file_;
    Fd fd_;
};

/// `digits` hexadecimal ones at the start of `text`, which loses them and what ends them.
std::optional<std::uint64_t> take_number(std::string_view& text, std::size_t digits) {
    std::uint64_t number = 0;
    if (text.size() < digits)
        return std::nullopt;
    const auto [at, error] = std::from_chars(text.data(), text.data() + digits, number, 16);
    if (error != std::errc() || at != text.data() + digits)
        return std::nullopt;
    text.remove_prefix(digits);
    return number;
}

bool take_point(std::string_view& text) {
    const bool there = text.starts_with('.');
    text.remove_prefix(there ? 1 : 0);
    return there;
}

} // namespace

std::string ChangePosition::text() const {
    return fmt::format("{:016x}.{:016x}.{:08x}", lineage, number, chain);
}

Result<ChangePosition> ChangePosition::from_text(std::string_view text) {
    const auto lineage = take_number(text, 16);
    const bool first = take_point(text);
    const auto number = take_number(text, 16);
    const bool second = take_point(text);
    const auto chain = take_number(text, 8);
    if (!lineage || !first || !number || !second || !chain || !text.empty())
        return fail(Errc::malformed, "position among changes: makes no sense");
    return ChangePosition{*lineage, *number, static_cast<std::uint32_t>(*chain)};
}

struct Changes::Impl {
    std::shared_ptr<const void> repo; // keeps the store open
    const Store& store;
    ChangePosition position;
    std::optional<std::uint64_t> transaction{}; // that the last look saw, when it saw all
    Fd interrupted;                             // an eventfd
    Watch watch;

    Impl(std::shared_ptr<const void> of, const Store& in, const ChangePosition& from, Fd event)
        : repo(std::move(of)), store(in), position(from), interrupted(std::move(event)),
          watch(store.path() + "/age") {}

    [[nodiscard]] bool was_interrupted() const {
        std::uint64_t count = 0;
        return ::read(interrupted.get(), &count, sizeof count) == sizeof count;
    }
    void block(const Deadline& deadline) const {
        const Clock::Duration look =
            watch.fd() >= 0 ? Clock::Duration(kLook) : Clock::Duration(kPoll);
        const Clock::Duration nap = std::min(look, deadline.clock().nap(deadline.at()));
        const auto ns = nap.count();
        const timespec span{static_cast<time_t>(ns / 1'000'000'000),
                            static_cast<long>(ns % 1'000'000'000)};
        std::array<pollfd, 2> waits{pollfd{interrupted.get(), POLLIN, 0},
                                    pollfd{watch.fd(), POLLIN, 0}};
        (void)::ppoll(waits.data(), waits.size(), &span, nullptr); // whatever it was, we look
    }
};

Changes::Changes(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Changes::~Changes() = default;
Changes::Changes(Changes&&) noexcept = default;
Changes& Changes::operator=(Changes&&) noexcept = default;

const ChangePosition& Changes::position() const {
    return impl_->position;
}

bool Changes::may_have_more() const {
    return !impl_->transaction || impl_->store.env().last_transaction() != impl_->transaction;
}

Result<Notices> Changes::take(std::size_t most) {
    impl_->transaction.reset();
    CODEX_TRY(txn, impl_->store.env().read());
    CODEX_TRY(notices, changes_after(txn, impl_->position, most));
    if (notices.changes.size() < most)
        impl_->transaction = txn.id();
    return notices;
}

Result<Notices> Changes::wait(Clock::Duration span, std::size_t most) {
    const Deadline deadline = Deadline::after(impl_->store.around().clock, span);
    for (;;) {
        impl_->watch.arm();
        CODEX_TRY(notices, take(most));
        if (!notices.empty() || impl_->was_interrupted() || deadline.passed())
            return notices;
        impl_->block(deadline);
    }
}

void Changes::interrupt() const noexcept {
    const std::uint64_t one = 1;
    (void)!::write(impl_->interrupted.get(), &one, sizeof one);
}

Result<Changes> Repo::changes(std::optional<ChangePosition> from) const {
    if (!from) {
        CODEX_TRY(txn, impl_->store->env().read());
        CODEX_SET(from, position_of(txn));
    }
    Fd event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!event)
        return fail(system_error(errno, "wait for changes"));
    return Changes(std::make_unique<Changes::Impl>(impl_, *impl_->store, *from, std::move(event)));
}

} // namespace codex::repo
