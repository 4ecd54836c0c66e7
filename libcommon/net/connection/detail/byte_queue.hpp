// Bytes that come at one end and go at the other.
#pragma once

#include "base/bytes.hpp"

namespace codex::net::detail {

class ByteQueue {
public:
    void append(BytesView more) { codex::append(bytes_, more); }
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
    Bytes bytes_;
    std::size_t from_ = 0;
};

} // namespace codex::net::detail
