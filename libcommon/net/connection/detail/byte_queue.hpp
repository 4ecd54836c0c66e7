// Bytes that come at one end and go at the other.
#pragma once

#include "base/bytes.hpp"

#include <memory>

namespace codex::net::detail {

/// In one piece of memory, as whoever reads wants them.
class ByteQueue {
public:
    void append(BytesView more) {
        // What comes in bulk comes by more than one frame: so it is not moved when the next one
        // does. Memory that is not written to costs nothing.
        if (bytes_.capacity() == 0 && more.size() >= kBulkBytes)
            bytes_.reserve(std::max(kRoomBytes, more.size()));
        codex::append(bytes_, more);
    }
    [[nodiscard]] BytesView view() const { return BytesView(bytes_).subspan(from_); }
    [[nodiscard]] std::size_t size() const { return bytes_.size() - from_; }
    [[nodiscard]] bool empty() const { return size() == 0; }
    /// Takes `count` off the front; one that gets empty gives its memory back.
    void drop(std::size_t count) {
        from_ += count;
        if (from_ == bytes_.size())
            clear();
        else if (from_ > bytes_.size() / 2) {
            bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(from_));
            from_ = 0;
        }
    }
    void clear() {
        Bytes().swap(bytes_);
        from_ = 0;
    }

private:
    static constexpr std::size_t kBulkBytes = std::size_t{16} << 10;
    static constexpr std::size_t kRoomBytes = std::size_t{256} << 10;
    Bytes bytes_;
    std::size_t from_ = 0;
};

/// Frames that are made at once, and go as the socket takes them.
class OutFrames {
public:
    /// Room for `count` bytes, which are not set; what was in it has gone.
    [[nodiscard]] MutableBytes make(std::size_t count) {
        if (count > capacity_) {
            capacity_ = 0;
            bytes_ = std::make_unique_for_overwrite<std::uint8_t[]>(count);
            capacity_ = count;
        }
        from_ = 0;
        to_ = count;
        return {bytes_.get(), count};
    }
    [[nodiscard]] BytesView view() const { return {bytes_.get() + from_, to_ - from_}; }
    [[nodiscard]] std::size_t size() const { return to_ - from_; }
    [[nodiscard]] bool empty() const { return from_ == to_; }
    void drop(std::size_t count) { from_ += count; }
    /// Of one that is empty.
    void give_memory_back() {
        bytes_.reset();
        capacity_ = from_ = to_ = 0;
    }

private:
    std::unique_ptr<std::uint8_t[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t from_ = 0;
    std::size_t to_ = 0;
};

} // namespace codex::net::detail
