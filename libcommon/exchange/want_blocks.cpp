// Which blocks a peer gets next, and what became of them.
#include "exchange/want_list.hpp"

namespace codex::exchange {

using net::exchange::BlockAddress;

namespace {

/// Runs of the queue that may be of nothing any more, beside those of wanted blocks.
constexpr std::size_t kSpareRuns = 1024;

} // namespace

void WantList::queue(const GroupPtr& group, IndexRange range) {
    if (!queue_.empty() && queue_.back().group == group &&
        queue_.back().range.end() == range.first) {
        queue_.back().range.count += range.count;
        return;
    }
    queue_.push_back({group, range});
    shorten_queue();
}

void WantList::queue_in_front(const GroupPtr& group, std::uint64_t index) {
    if (!queue_.empty() && queue_.front().group == group &&
        queue_.front().range.first == index + 1) {
        --queue_.front().range.first;
        ++queue_.front().range.count;
        return;
    }
    queue_.push_front({group, {index, 1}});
}

/// Who asks and cancels without end gets another order for it.
void WantList::shorten_queue() {
    if (queue_.size() <= 2 * queued_ + kSpareRuns)
        return;
    queue_.clear();
    for (const auto& [tree, group] : groups_) {
        IndexSet waiting = group->wanted;
        waiting.subtract(group->absent);
        waiting.subtract(group->on_way);
        for (auto run = waiting.next_run(0); run; run = waiting.next_run(run->end()))
            queue_.push_back({group, *run});
    }
}

std::vector<WantList::Block> WantList::next_blocks(std::size_t most) {
    std::vector<Block> blocks;
    while (blocks.size() < most && !queue_.empty()) {
        Run& run = queue_.front();
        const auto next = run.group->wanted.next(run.range.first);
        if (!next || *next >= run.range.end()) {
            queue_.pop_front();
            continue;
        }
        const std::uint64_t end = run.range.end();
        run.range = {*next + 1, end - *next - 1};
        Group& group = *run.group;
        if (group.absent.contains(*next) || !group.on_way.insert(*next))
            continue;
        --queued_;
        Block block;
        block.address = address_of(group, *next);
        block.send_dont_have = group.tell_absent.contains(*next);
        blocks.push_back(std::move(block));
    }
    return blocks;
}

void WantList::put_back(std::span<const Block> blocks) {
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
        const auto to = find(block->address);
        if (!to || !to->group->on_way.erase(to->index) || !to->group->wanted.contains(to->index))
            continue; // cancelled meanwhile
        ++queued_;
        queue_in_front(to->group, to->index);
    }
}

void WantList::done(const BlockAddress& address) {
    const auto at = find(address);
    if (!at)
        return;
    drop_wanted(*at->group, at->index);
    at->group->on_way.erase(at->index);
    at->group->told.insert(at->index);
}

bool WantList::absent(const Block& block) {
    const auto at = find(block.address);
    if (!at)
        return false;
    Group& group = *at->group;
    if (!group.wanted.contains(at->index)) {
        group.on_way.erase(at->index);
        return false;
    }
    const bool told = group.told.contains(at->index);
    if (block.send_dont_have) {
        drop_wanted(group, at->index);
        group.on_way.erase(at->index);
        group.told.erase(at->index);
        return told;
    }
    group.on_way.erase(at->index);
    if (group.absent.insert(at->index))
        ++absent_;
    return told;
}

bool WantList::misses(const BlockAddress& address) const {
    const auto at = find(address);
    return at && at->group->absent.contains(at->index);
}

} // namespace codex::exchange
