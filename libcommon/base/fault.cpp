#include "base/fault.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace codex {

namespace detail {

constinit thread_local FaultGuard* innermost_guard = nullptr;
constinit std::atomic<bool> fault_handlers_installed{false};

/// One row of the table that the handler reads, in any thread and at any instant: `begin` is 0
/// while the row is free or changes, so a row whose begin was the same before and after is whole.
struct MappingSlot {
    std::atomic<std::uintptr_t> begin{0};
    std::atomic<std::uintptr_t> end{0};
    std::atomic<bool> taken{false};
    std::atomic<bool> damaged{false};
};

} // namespace detail

namespace {

using detail::MappingSlot;

constinit std::array<MappingSlot, 1024> slots;
constinit std::atomic<std::uintptr_t> page_bytes{0};
/// Who handled the signals before; written once, before our handlers are installed.
struct sigaction earlier_bus;
struct sigaction earlier_segv;

MappingSlot* take_slot() {
    for (MappingSlot& slot : slots)
        if (!slot.taken.load() && !slot.taken.exchange(true))
            return &slot;
    return nullptr;
}

/// Whether `address` is in a mapping of ours, which then reads zeros from this page on to its end:
/// what is behind a cut is gone, too, and the kernel bounds how many pieces a process may map.
bool answer_with_zeros(std::uintptr_t address) {
    for (MappingSlot& slot : slots) {
        const std::uintptr_t begin = slot.begin.load();
        const std::uintptr_t end = slot.end.load();
        if (begin == 0 || address < begin || address >= end || slot.begin.load() != begin)
            continue;
        slot.damaged.store(true);
        const std::uintptr_t page = address & ~(page_bytes.load() - 1);
        // The kernel puts the page there in one piece, under those that read: what the call of the
        // C library is to a detector of races, a write beside their reads, it is not.
        return ::syscall(SYS_mmap, page, end - page, PROT_READ,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != -1;
    }
    return false;
}

/// What would have happened without us.
void pass_on(int signal, siginfo_t* info, void* context) {
    const struct sigaction& earlier = signal == SIGBUS ? earlier_bus : earlier_segv;
    if ((earlier.sa_flags & SA_SIGINFO) != 0) {
        earlier.sa_sigaction(signal, info, context);
        return;
    }
    if (earlier.sa_handler != SIG_DFL && earlier.sa_handler != SIG_IGN) {
        earlier.sa_handler(signal);
        return;
    }
    const bool sent = info->si_code <= 0; // by kill(2), not by an access
    if (sent && earlier.sa_handler == SIG_IGN)
        return;
    // The access is made again on return, and then ends the process where it stands.
    std::signal(signal, SIG_DFL);
    if (sent)
        ::raise(signal);
}

void on_fault(int signal, siginfo_t* info, void* context) {
    const int saved_errno = errno;
    if (info->si_code > 0) { // an access, and so one of this thread's
        const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
        const bool answered = signal == SIGBUS && answer_with_zeros(address);
        errno = saved_errno;
        if (answered)
            return;
        if (detail::innermost_guard != nullptr) {
            sigset_t set; // both, for ThreadSanitizer runs handlers with every signal blocked
            sigemptyset(&set);
            sigaddset(&set, SIGBUS);
            sigaddset(&set, SIGSEGV);
            ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
            siglongjmp(detail::innermost_guard->buffer, 1);
        }
    }
    pass_on(signal, info, context);
}

} // namespace

void detail::install_fault_handlers() {
    static std::once_flag once;
    std::call_once(once, [] {
        page_bytes.store(static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE)));
        ::sigaction(SIGBUS, nullptr, &earlier_bus);
        ::sigaction(SIGSEGV, nullptr, &earlier_segv);
        struct sigaction action{};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        ::sigaction(SIGBUS, &action, nullptr);
        ::sigaction(SIGSEGV, &action, nullptr);
        fault_handlers_installed.store(true, std::memory_order_release);
    });
}

Result<GuardedMapping> GuardedMapping::map(int fd, std::size_t bytes, std::string_view name) {
    GuardedMapping mapping;
    if (bytes == 0)
        return mapping;
    detail::install_fault_handlers();
    void* at = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return fail(system_error(errno, fmt::format("map {}", name)));
    MappingSlot* slot = take_slot();
    if (slot == nullptr) {
        ::munmap(at, bytes);
        return fail(Errc::io, "map {}: {} files are mapped already", name, slots.size());
    }
    const auto begin = reinterpret_cast<std::uintptr_t>(at);
    slot->damaged.store(false);
    slot->end.store(begin + bytes);
    slot->begin.store(begin);
    mapping.bytes_ = {static_cast<const std::uint8_t*>(at), bytes};
    mapping.slot_ = slot;
    return mapping;
}

GuardedMapping::GuardedMapping(GuardedMapping&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), slot_(std::exchange(other.slot_, nullptr)) {}

GuardedMapping& GuardedMapping::operator=(GuardedMapping&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(slot_, other.slot_);
    return *this;
}

GuardedMapping::~GuardedMapping() {
    if (slot_ == nullptr)
        return;
    slot_->begin.store(0);
    // munmap wants what mmap gave
    ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
    slot_->taken.store(false);
}

bool GuardedMapping::damaged() const {
    return slot_ != nullptr && slot_->damaged.load();
}

} // namespace codex
