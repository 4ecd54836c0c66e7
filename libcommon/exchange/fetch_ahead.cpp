// What is asked for first, because somebody reads the content while it comes.
#include "exchange/detail/fetch_impl.hpp"

#include <algorithm>

namespace codex::exchange {

namespace {

/// What is asked for before the rest, because the content is written.
constexpr std::uint64_t kAheadBytes = std::uint64_t{16} << 20;
constexpr std::uint64_t kAheadBlocks = 512;

} // namespace

void Fetch::Impl::look_ahead_of_reader() {
    while (!of_content.empty()) {
        const IndexRange& range = of_content.front();
        const auto next = running->plan().missing().next(range.first);
        if (next && *next < range.end())
            return look_ahead({*next, range.end() - *next});
        of_content.pop_front();
        awaited_to = 0;
    }
}

void Fetch::Impl::look_ahead(IndexRange left) {
    const std::uint64_t ahead = std::clamp<std::uint64_t>(kAheadBytes / running->block_bytes(),
                                                          plan::kRunBlocks * 2, kAheadBlocks);
    const std::uint64_t step = ahead / 4;
    awaited_to = std::max(awaited_to, left.first);
    const std::uint64_t target = std::min(left.end(), left.first + ahead);
    while (awaited_to < target && (awaited_to + step <= target || target == left.end())) {
        const std::uint64_t count = std::min(step, target - awaited_to);
        running->await({awaited_to, count}, loop.now());
        awaited_to += count;
    }
}

} // namespace codex::exchange
