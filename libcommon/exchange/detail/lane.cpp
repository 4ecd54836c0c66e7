#include "exchange/detail/lane.hpp"

#include "base/copy_error.hpp"

namespace codex::exchange::detail {

namespace {

/// Small messages are put together up to here.
constexpr std::size_t kTogetherBytes = std::size_t{64} << 10;

} // namespace

void Lane::push(RawBytes framed, std::shared_ptr<Fate> fate, std::size_t messages) {
    const std::size_t size = framed.size();
    (fate ? unsent_blocks : unsent_small) += size;
    // Before the blocks that are not on their way; of the front a view may be with its stream.
    auto at = queue.end();
    while (!fate && at - queue.begin() > 1 && (at - 1)->fate)
        --at;
    const bool together =
        !fate && at - queue.begin() > 1 && (at - 1)->bytes.size() < kTogetherBytes;
    if (together) {
        append((at - 1)->bytes, framed);
        (at - 1)->left += size;
        (at - 1)->messages += messages;
    } else {
        queue.insert(at, {std::move(framed), size, std::move(fate), messages});
    }
    changed.notify();
}

void Lane::advance(std::size_t bytes) {
    queue.front().left -= bytes;
    (queue.front().fate ? unsent_blocks : unsent_small) -= bytes;
}

void Lane::pop(std::optional<Error> error) {
    (queue.front().fate ? unsent_blocks : unsent_small) -= queue.front().left;
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
