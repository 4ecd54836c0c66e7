// Memory between pages that nobody may touch: for what must stay within its buffers, and only read
// some of them.
#pragma once

#include "base/bytes.hpp"

#include <cstring>
#include <stdexcept>
#include <sys/mman.h>
#include <unistd.h>

namespace codex::test {

enum class Edge { end, begin };

/// Bytes that end, or begin, with a page. What touches the next one, or writes what is frozen, ends
/// the test with a signal.
class Guarded {
public:
    Guarded(std::size_t size, Edge edge) : size_(size) {
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        inside_bytes_ = (size / page + 1) * page;
        whole_bytes_ = inside_bytes_ + 2 * page;
        void* const whole =
            mmap(nullptr, whole_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (whole == MAP_FAILED)
            throw std::runtime_error("mmap");
        whole_ = static_cast<std::uint8_t*>(whole);
        inside_ = whole_ + page;
        protect(PROT_READ | PROT_WRITE);
        data_ = edge == Edge::end ? inside_ + inside_bytes_ - size : inside_;
    }
    Guarded(BytesView bytes, Edge edge) : Guarded(bytes.size(), edge) {
        if (!bytes.empty())
            std::memcpy(data_, bytes.data(), bytes.size());
        protect(PROT_READ);
    }
    ~Guarded() {
        if (whole_ != nullptr)
            munmap(whole_, whole_bytes_);
    }
    Guarded(Guarded&& other) noexcept
        : size_(other.size_), inside_bytes_(other.inside_bytes_), whole_bytes_(other.whole_bytes_),
          whole_(std::exchange(other.whole_, nullptr)), inside_(other.inside_), data_(other.data_) {
    }
    Guarded& operator=(Guarded&&) = delete;

    [[nodiscard]] std::uint8_t* data() { return data_; }
    [[nodiscard]] const std::uint8_t* data() const { return data_; }
    [[nodiscard]] BytesView view() const { return {data_, size_}; }
    [[nodiscard]] Bytes copy() const { return {data_, data_ + size_}; }

private:
    void protect(int how) const {
        if (mprotect(inside_, inside_bytes_, how) != 0)
            throw std::runtime_error("mprotect");
    }

    std::size_t size_;
    std::size_t inside_bytes_;
    std::size_t whole_bytes_;
    std::uint8_t* whole_;
    std::uint8_t* inside_;
    std::uint8_t* data_;
};

} // namespace codex::test
