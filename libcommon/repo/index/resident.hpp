// How much of a mapped file counts as this process's memory.
//
// Lookups by hash touch pages all over the index, and the kernel maps the neighbours of each:
// sooner or later the whole file is resident in every process. The pages belong to the page cache,
// so letting go of them costs only finding them there again. That is as much as the lookup itself,
// and less often where lookups come in the order of keys (key_order.hpp): neighbours lie side by
// side.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace codex::repo::detail {

class ResidentPages {
public:
    /// The mapping it is about from now on, read-only and shared with the file that is open as
    /// `file` as long. Without one, touched() does nothing.
    void watch(void* begin, std::size_t size, int file);
    /// Says that some page was used; now and then lets all of them go, unless that many uses and
    /// page faults, or the whole file, make no more than may be resident: 32 MiB or so. Any thread;
    /// views into the mapping stay valid.
    void touched();

private:
    void* begin_ = nullptr;
    std::size_t size_ = 0;
    int file_ = -1;
    std::atomic<std::uint32_t> count_{0};
    std::mutex mutex_; // of what follows
    struct {
        std::uint32_t uses = 0;
        std::uint64_t faults = 0;
    } let_go_at_;
};

} // namespace codex::repo::detail
