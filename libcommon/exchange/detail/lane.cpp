#include "exchange/detail/lane.hpp"

#include "base/copy_error.hpp"

namespace codex::exchange::detail {

namespace {

/// Small messages are put together up to here.
constexpr std::size_t kTogetherBytes = std::size_t{64} << 10;

} // namespace

void Lane::push(RawBytes framed, std::shared_ptr<Fate> fate) {
    unsent += framed.size();
    // Of the front a view may be with its stream.
    const bool together = !fate && queue.size() > 1 && !queue.back().fate &&
                          queue.back().bytes.size() < kTogetherBytes;
    if (together) {
        append(queue.back().bytes, framed);
        queue.back().left += framed.size();
        ++queue.back().messages;
    } else {
        const std::size_t size = framed.size();
        queue.push_back({std::move(framed), size, std::move(fate), 1});
    }
    changed.notify();
}

void Lane::advance(std::size_t bytes) {
    queue.front().left -= bytes;
    unsent -= bytes;
}

void Lane::pop(std::optional<Error> error) {
    unsent -= queue.front().left;
    if (const auto& fate = queue.front().fate) {
        fate->over = true;
        fate->error = std::move(error);
        fate->changed.notify();
    }
    queue.pop_front();
}

void Lane::fail_all(const Error& error) {
    while (!queue.empty())
        pop(copy_of(error));
}

} // namespace codex::exchange::detail
