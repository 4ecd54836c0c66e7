// Numbers of the records that a node signs.
#pragma once

#include "net/identity/peer_record.hpp"

#include <functional>

namespace codex::node {

/// One row of numbers for all records of one identity: that of its addresses of TCP, for its peers
/// and as a provider, and that of the DHT. So each is above all before it, whichever those were.
/// Threads: the loop's.
class RecordNumbers {
public:
    /// `last` is the highest that was used before; `keep` is told each that is higher, to be kept
    /// for the next time. Who sees a record need not wait for that: the next number after one that
    /// was lost is above it by the clock.
    explicit RecordNumbers(std::uint64_t last, std::function<void(std::uint64_t)> keep = {})
        : last_(last), keep_(std::move(keep)) {}

    [[nodiscard]] std::uint64_t last() const { return last_; }
    /// A record is signed with this one.
    void note(std::uint64_t number) {
        if (number <= last_)
            return;
        last_ = number;
        if (keep_)
            keep_(number);
    }
    /// The next one, which counts as used.
    [[nodiscard]] std::uint64_t next(std::uint64_t unix_seconds) {
        const std::uint64_t number = net::next_sequence(last_, unix_seconds);
        note(number);
        return number;
    }

private:
    std::uint64_t last_;
    std::function<void(std::uint64_t)> keep_;
};

} // namespace codex::node
