// How much of what came nobody has taken yet, of one stream and of all (back-pressure).
#pragma once

#include "net/mux/muxer.hpp"

#include <algorithm>

namespace codex::net::mux::detail {

/// Counts for one connection; the streams keep their own part.
class Unread {
public:
    explicit Unread(const MuxLimits& limits) : limits_(limits) {}

    /// How many more bytes a stream may be given that holds `of_stream`.
    [[nodiscard]] std::size_t room(std::size_t of_stream) const {
        const std::size_t stream =
            limits_.unread_stream_bytes - std::min(limits_.unread_stream_bytes, of_stream);
        return std::min(stream, room());
    }
    /// The same where something else bounds each stream.
    [[nodiscard]] std::size_t room() const {
        return limits_.unread_bytes - std::min(limits_.unread_bytes, total_);
    }
    void add(std::size_t& of_stream, std::size_t bytes) {
        of_stream += bytes;
        total_ += bytes;
    }
    /// Takes off as much as there is of it, and returns that.
    std::size_t take(std::size_t& of_stream, std::size_t bytes) {
        const std::size_t taken = std::min(of_stream, bytes);
        of_stream -= taken;
        total_ -= taken;
        return taken;
    }
    [[nodiscard]] std::size_t total() const { return total_; }

private:
    MuxLimits limits_;
    std::size_t total_ = 0;
};

} // namespace codex::net::mux::detail
