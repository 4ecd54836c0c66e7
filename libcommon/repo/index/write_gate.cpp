#include "repo/index/write_gate.hpp"

#include "repo/index/process_note.hpp"
#include "repo/segments/own_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

constexpr std::size_t kMapBytes = 4096;
/// Whoever waits looks again after this time at the latest: a holder that is killed wakes nobody.
constexpr std::chrono::milliseconds kNap{10};
/// Whoever has waited so long is next: others stand back until it has had its turn.
constexpr std::chrono::milliseconds kFairAfter{50};
/// Bytes of the file that are locked; what they hold has nothing to do with it.
enum class Place : off_t { inside = 0, next = 1 };

struct flock range(short type, Place place) {
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(place);
    lock.l_len = 1;
    return lock;
}

/// Locks of the process, so that the kernel knows its number: nobody else here opens the file,
/// whose closing would drop them.
bool take(int fd, Place place) {
    struct flock lock = range(F_WRLCK, place);
    return ::fcntl(fd, F_SETLK, &lock) == 0;
}
void give_back(int fd, Place place) {
    struct flock lock = range(F_UNLCK, place);
    (void)::fcntl(fd, F_SETLK, &lock);
}
bool taken_by_another(int fd, Place place, pid_t* holder = nullptr) {
    struct flock lock = range(F_WRLCK, place);
    if (::fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
        return false;
    if (holder != nullptr)
        *holder = lock.l_pid; // 0 when it has no number in our PID namespace
    return true;
}

} // namespace

/// The content of the file.
struct WriteGate::Page {
    std::uint32_t waiting = 0; ///< 1: somebody sleeps and wants to be woken
    std::array<char, 508> note{};
};

WriteGate::WriteGate(std::string path, Fd fd, const Surroundings& around)
    : path_(std::move(path)), fd_(std::move(fd)), around_(around) {
    note_ = own_note();
    note_.resize(sizeof(Page::note));
    void* word = ::mmap(nullptr, kMapBytes, PROT_READ, MAP_SHARED, fd_.get(), 0);
    word_ = word == MAP_FAILED ? nullptr : word;
}

WriteGate::~WriteGate() {
    if (word_ != nullptr)
        ::munmap(word_, kMapBytes);
}

Result<std::unique_ptr<WriteGate>> WriteGate::open(const std::string& path,
                                                   const Surroundings& around) {
    CODEX_TRY(fd, open_own_file(path, O_RDWR | O_CREAT));
    struct stat st{};
    // Only a file that can be one of these is written to.
    if (::fstat(fd.get(), &st) != 0 || st.st_size > static_cast<off_t>(sizeof(Page)) ||
        st.st_nlink > 1)
        return fail(
            Error(Errc::repo_damaged, fmt::format("{}: is not a file of a repo", path))
                .remedy(Remedy(Remedy::move_away, "move it away; it is made anew").of(path)));
    return std::unique_ptr<WriteGate>(new WriteGate(path, std::move(fd), around));
}

WriteGate::Page WriteGate::read_page() const {
    Page page;
    if (::pread(fd_.get(), &page, sizeof page, 0) < static_cast<ssize_t>(sizeof page.waiting))
        page = {};
    return page;
}

/// Of a process that writes again and again it is there already.
void WriteGate::write_note() const {
    const Page page = read_page();
    if (std::memcmp(page.note.data(), note_.data(), page.note.size()) != 0)
        (void)!::pwrite(fd_.get(), note_.data(), note_.size(), offsetof(Page, note));
}

Result<WriteGate::Turn> WriteGate::enter() const {
    const bool stand_back = read_page().waiting != 0 && taken_by_another(fd_.get(), Place::next);
    if (stand_back || !take(fd_.get(), Place::inside))
        CODEX_CHECK(queue());
    Turn turn(this);
    write_note();
    return turn;
}

Result<void> WriteGate::queue() const {
    const Clock::Instant begin = around_.clock.now();
    const Deadline deadline = around_.deadline();
    bool next = false;
    bool told = false;
    for (;;) {
        // Said before trying once more, so that who leaves meanwhile sees it, or we get in.
        constexpr std::uint32_t kWaiting = 1;
        (void)!::pwrite(fd_.get(), &kWaiting, sizeof kWaiting, offsetof(Page, waiting));
        const Clock::Instant now = around_.clock.now();
        if (!next && now - begin >= kFairAfter)
            next = take(fd_.get(), Place::next);
        if ((next || !taken_by_another(fd_.get(), Place::next)) && take(fd_.get(), Place::inside))
            break;
        if (deadline.passed()) {
            if (next)
                give_back(fd_.get(), Place::next);
            return fail(Error(Errc::repo_locked, fmt::format("{}: held by {}", path_, who()))
                            .remedy(Remedy::wait_longer));
        }
        if (!told && now - begin >= std::chrono::seconds(1)) {
            told = true;
            around_.log.notice("Waiting for another writer", {{"path", path_}});
        }
        sleep();
    }
    if (next)
        give_back(fd_.get(), Place::next);
    return {};
}

/// Who is inside. The note of one that is outside of our PID namespace has its command line.
std::string WriteGate::who() const {
    pid_t holder = 0;
    struct stat st{};
    if (taken_by_another(fd_.get(), Place::inside, &holder) && holder > 0 &&
        ::fstat(fd_.get(), &st) == 0)
        if (std::string known = describe_user(holder, st.st_dev, st.st_ino); !known.empty())
            return known;
    const Page page = read_page();
    const std::string noted = read_note({page.note.data(), page.note.size()});
    return noted.empty() ? "another process" : noted;
}

/// Until somebody leaves; the kernel looks at the word, so that a file cut short is no fault of
/// ours.
void WriteGate::sleep() const {
    const Clock& clock = around_.clock;
    const Clock::Instant until = clock.now() + kNap;
    const timespec nap{0, clock.nap(until).count()};
    if (word_ == nullptr)
        return clock.sleep_for(std::chrono::milliseconds(1));
    if (::syscall(SYS_futex, word_, FUTEX_WAIT, 1, &nap, nullptr, 0) == 0)
        return;
    if (errno == EFAULT)
        clock.sleep_for(std::chrono::milliseconds(1));
    else if (errno == ETIMEDOUT)
        clock.sleep_until(until); // is past, but on a clock that goes only when it is slept by
}

void WriteGate::leave() const {
    give_back(fd_.get(), Place::inside);
    if (read_page().waiting == 0)
        return;
    constexpr std::uint32_t kNobody = 0;
    (void)!::pwrite(fd_.get(), &kNobody, sizeof kNobody, offsetof(Page, waiting));
    if (word_ == nullptr)
        return;
    // One is enough: before it tries it says that somebody waits, and so wakes the next one. But
    // where one of them is next, only that one may enter, and it is not known which.
    const int count = taken_by_another(fd_.get(), Place::next) ? INT32_MAX : 1;
    (void)::syscall(SYS_futex, word_, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

} // namespace codex::repo::detail
