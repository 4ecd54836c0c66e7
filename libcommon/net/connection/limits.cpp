#include "net/connection/limits.hpp"

namespace codex::net {

namespace {

struct Row {
    std::string_view name;
    std::string_view what;
};
constexpr Row kRows[] = {
#define CODEX_NET_LIMIT(name, text, what) {text, what},
#include "net/connection/limits.def"
#undef CODEX_NET_LIMIT
};

constexpr Clock::Duration kLogPause = std::chrono::seconds(10);

} // namespace

std::string_view limit_name(Limit limit) {
    return kRows[static_cast<std::size_t>(limit)].name;
}

void LimitCounts::hit(Limit limit, std::string_view whom) noexcept {
    One& one = limits_[static_cast<std::size_t>(limit)];
    ++one.hits;
    const Clock::Instant now = clock_.now();
    if (now < one.next)
        return;
    one.next = now + kLogPause;
    const std::uint64_t times = one.hits - std::exchange(one.said, one.hits);
    try {
        logger_.warn(
            kRows[static_cast<std::size_t>(limit)].what,
            {{"limit", limit_name(limit)},
             {limit == Limit::fault || limit == Limit::descriptors ? "error" : "peer", whom},
             {"times", times}});
    } catch (const std::exception&) {
        one.said -= times; // the next line says these, too
    }
}

} // namespace codex::net
