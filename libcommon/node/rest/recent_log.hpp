// The last records of the log, for who looks at a node over HTTP (codex-rest(7), CALLS OF OUR OWN).
#pragma once

#include "base/log.hpp"

#include <deque>
#include <mutex>
#include <string>

namespace codex::node::rest {

/// Threads: all calls from any thread, at once.
class RecentLog final : public log::Listener {
public:
    static constexpr std::size_t kRecords = 500;
    static constexpr std::size_t kTextBytes = 1000; ///< of one; what is more is cut off

    /// A record that there is no memory for is lost.
    void heard(const log::Heard& record) noexcept override;
    /// {"last":7,"records":[{"number":6,...},...]}: those behind number `after`, the oldest first.
    [[nodiscard]] std::string json(std::uint64_t after) const;

private:
    struct Kept {
        log::Level level = log::Level::info;
        std::int64_t unix_ms = 0;
        std::string topics;
        std::string text;
    };
    mutable std::mutex mutex_;
    std::deque<Kept> kept_;  ///< the oldest first
    std::uint64_t last_ = 0; ///< the number of the last of them, from 1 on
};

} // namespace codex::node::rest
