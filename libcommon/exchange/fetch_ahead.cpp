// What is asked for first, because somebody reads the content while it comes.
#include "exchange/detail/fetch_impl.hpp"

#include <algorithm>

namespace codex::exchange {

namespace {

/// What is asked for before the rest, because the content is written.
constexpr std::uint64_t kAheadBytes = std::uint64_t{16} << 20;
constexpr std::uint64_t kAheadBlocks = 512;
constexpr std::size_t kMostReaders = 8;

} // namespace

/// Up to the next that is missing; false, where none is.
bool Fetch::Impl::goes_on(Reading& reading) const {
    const auto next = running->plan().missing().next(reading.blocks.first);
    if (!next || *next >= reading.blocks.end())
        return false;
    reading.blocks = {*next, reading.blocks.end() - *next};
    return true;
}

void Fetch::Impl::look_ahead_of_readers() {
    if (blocks == 0)
        return; // the manifest comes first
    std::erase_if(readers, [this](Reading& reading) { return !goes_on(reading); });
    for (Reading& reading : readers)
        look_ahead(reading);
    if (readers.empty() && at_last && goes_on(*at_last))
        look_ahead(*at_last);
}

void Fetch::Impl::look_ahead(Reading& reading) {
    const std::uint64_t ahead = std::clamp<std::uint64_t>(kAheadBytes / running->block_bytes(),
                                                          plan::kRunBlocks * 2, kAheadBlocks);
    const std::uint64_t step = ahead / 4;
    const IndexRange& left = reading.blocks;
    std::uint64_t& awaited_to = reading.awaited_to;
    awaited_to = std::max(awaited_to, left.first);
    const std::uint64_t target = std::min(left.end(), left.first + ahead);
    while (awaited_to < target && (awaited_to + step <= target || target == left.end())) {
        const std::uint64_t count = std::min(step, target - awaited_to);
        running->await({awaited_to, count}, loop.now());
        awaited_to += count;
    }
}

void Fetch::Impl::prefer(IndexRange of) {
    readers.push_back({of});
    if (readers.size() > kMostReaders)
        readers.pop_front();
    if (running)
        running->changed().notify();
}

} // namespace codex::exchange
