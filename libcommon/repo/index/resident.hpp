// How much of a mapped file counts as this process's memory.
//
// Lookups by hash touch pages all over the index, and the kernel maps the neighbours of each:
// sooner or later the whole file is resident in every process. The pages belong to the page cache,
// so letting go of them costs only finding them there again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace codex::repo::detail {

class ResidentPages {
public:
    /// The mapping it is about from now on, read-only and shared with the file that is open as
    /// `file` as long. Without one, touched() does nothing.
    void watch(void* begin, std::size_t size, int file);
    /// Says that some page was used; now and then lets all of them go, unless the whole file is no
    /// more than may become resident between two such times. Any thread; views into the mapping
    /// stay valid.
    void touched();

private:
    void* begin_ = nullptr;
    std::size_t size_ = 0;
    int file_ = -1;
    std::atomic<std::uint32_t> count_{0};
};

} // namespace codex::repo::detail
