#include "exchange/want_list.hpp"

#include <algorithm>

namespace codex::exchange {

using net::exchange::BlockAddress;
using net::exchange::Want;
using net::exchange::WantType;

// --- names --------------------------------------------------------------------------------------

std::optional<WantList::Place> WantList::find(const BlockAddress& address) const {
    const auto group = groups_.find(address.leaf ? address.cid : Cid());
    if (group == groups_.end() || (address.leaf && address.index >= IndexSet::kMaxIndices))
        return std::nullopt;
    if (address.leaf)
        return Place{group->second, address.index};
    const auto number = plain_.find(address.cid);
    if (number == plain_.end())
        return std::nullopt;
    return Place{group->second, number->second};
}

/// As find(), or makes room for it; nothing, when there is none.
std::optional<WantList::Place> WantList::place(const BlockAddress& address) {
    if (auto there = find(address))
        return there;
    if (address.leaf && address.index >= IndexSet::kMaxIndices)
        return std::nullopt;
    auto group = make_group(address.leaf ? address.cid : Cid());
    if (!group)
        return std::nullopt;
    if (address.leaf)
        return Place{std::move(group), address.index};
    const auto number = make_number(address.cid);
    if (!number)
        return std::nullopt;
    return Place{std::move(group), *number};
}

WantList::GroupPtr WantList::make_group(const Cid& tree) {
    const auto there = groups_.find(tree);
    if (there != groups_.end())
        return there->second;
    if (groups_.size() >= limits_.trees) {
        const auto idle = std::find_if(groups_.begin(), groups_.end(), [](const auto& one) {
            return !one.first.is_null() && one.second->idle();
        });
        if (idle == groups_.end())
            return nullptr;
        groups_.erase(idle);
    }
    auto group = std::make_shared<Group>();
    group->tree = tree;
    groups_.emplace(tree, group);
    return group;
}

std::optional<std::uint64_t> WantList::make_number(const Cid& block) {
    if (plain_.size() >= limits_.wants)
        release_blocks();
    if (plain_.size() >= limits_.wants)
        return std::nullopt;
    std::uint64_t number = plain_.size();
    if (!free_numbers_.empty()) {
        number = free_numbers_.back();
        free_numbers_.pop_back();
    }
    plain_.emplace(block, number);
    blocks_.emplace(number, block);
    return number;
}

/// Forgets that plain blocks were told to be here, where that gives much room.
void WantList::release_blocks() {
    const auto found = groups_.find(Cid());
    if (found == groups_.end())
        return;
    Group& group = *found->second;
    const std::uint64_t used = group.wanted.size() + group.open.size() + group.remembered.size();
    if (plain_.size() - std::min<std::uint64_t>(used, plain_.size()) < limits_.wants / 4)
        return;
    for (auto at = plain_.begin(); at != plain_.end();) {
        const std::uint64_t number = at->second;
        ++at;
        if (!is_used(group, number))
            forget_number(group, number);
    }
}

bool WantList::is_used(const Group& group, std::uint64_t index) {
    return group.wanted.contains(index) || group.on_way.contains(index) ||
           group.open.contains(index) || group.remembered.contains(index);
}

/// Of a plain block of which nothing is wanted.
void WantList::forget_number(Group& plain, std::uint64_t number) {
    const auto block = blocks_.find(number);
    plain.told.erase(number);
    plain_.erase(block->second);
    blocks_.erase(block);
    free_numbers_.push_back(number);
}

BlockAddress WantList::address_of(const Group& group, std::uint64_t index) const {
    BlockAddress address;
    address.leaf = !group.tree.is_null();
    address.cid = address.leaf ? group.tree : blocks_.at(index);
    address.index = address.leaf ? index : 0;
    return address;
}

BlockAddress WantList::Questions::address(std::size_t at) const {
    BlockAddress address;
    address.leaf = !tree.is_null();
    address.cid = address.leaf ? tree : blocks[at];
    address.index = address.leaf ? indices[at] : 0;
    return address;
}

// --- lists --------------------------------------------------------------------------------------

void WantList::begin_list() {
    ++open_lists_;
}

void WantList::end_list(bool full) {
    if (open_lists_ > 0)
        --open_lists_;
    if (!full && !has_fresh_)
        return;
    for (const auto& [tree, group] : groups_) {
        if (full) {
            remembered_ -= group->remembered.size() - group->fresh.size();
            group->remembered = group->fresh;
        }
        if (open_lists_ == 0)
            group->fresh.clear();
    }
    if (open_lists_ == 0)
        has_fresh_ = false;
}

WantList::Taken WantList::add(const Want& want) {
    if (want.cancel)
        return cancel(want.address);
    const auto to = place(want.address);
    if (!to)
        return Taken::too_many;
    if (want.type == WantType::have)
        return ask(*to->group, to->index, want.send_dont_have);
    return request(*to, want.send_dont_have);
}

WantList::Taken WantList::cancel(const BlockAddress& address) {
    const auto from = find(address);
    if (!from)
        return Taken::changes_nothing;
    const std::size_t before = size();
    forget_question(*from->group, from->index);
    drop_wanted(*from->group, from->index);
    Group& group = *from->group;
    if (group.tree.is_null() && !group.told.contains(from->index) && !is_used(group, from->index))
        forget_number(group, from->index);
    return size() == before ? Taken::changes_nothing : Taken::yes;
}

WantList::Taken WantList::ask(Group& group, std::uint64_t index, bool dont_have) {
    // Who waits for the block hears by it that it is here.
    if (group.wanted.contains(index) || group.on_way.contains(index))
        return Taken::changes_nothing;
    if (!group.open.contains(index)) {
        forget_question(group, index);
        if (open_questions_ + remembered_ >= limits_.wants)
            return Taken::too_many;
        group.open.insert(index);
        ++open_questions_;
    }
    if (dont_have)
        group.tell_open.insert(index);
    else
        group.tell_open.erase(index);
    return Taken::yes;
}

WantList::Taken WantList::request(const Place& place, bool dont_have) {
    Group& group = *place.group;
    const std::uint64_t index = place.index;
    if (group.on_way.contains(index))
        return Taken::changes_nothing;
    const bool is_new = !group.wanted.contains(index);
    if (is_new && wanted_ >= limits_.wants)
        return Taken::too_many;
    if (dont_have)
        group.tell_absent.insert(index);
    else
        group.tell_absent.erase(index);
    if (!is_new && !group.absent.erase(index))
        return Taken::changes_nothing;
    if (is_new) {
        forget_question(group, index);
        group.wanted.insert(index);
        ++wanted_;
    } else {
        --absent_;
    }
    ++queued_;
    queue(place.group, {index, 1});
    return Taken::yes;
}

void WantList::forget_question(Group& group, std::uint64_t index) {
    if (group.open.erase(index))
        --open_questions_;
    group.tell_open.erase(index);
    group.asking.erase(index);
    if (group.remembered.erase(index))
        --remembered_;
    group.fresh.erase(index);
}

bool WantList::drop_wanted(Group& group, std::uint64_t index) {
    if (!group.wanted.erase(index))
        return false;
    --wanted_;
    group.tell_absent.erase(index);
    if (group.absent.erase(index))
        --absent_;
    else if (!group.on_way.contains(index))
        --queued_;
    return true;
}

// --- questions ----------------------------------------------------------------------------------

WantList::Questions WantList::next_questions(std::size_t most) {
    Questions questions;
    const auto found = std::find_if(groups_.begin(), groups_.end(),
                                    [](const auto& one) { return !one.second->open.empty(); });
    if (found == groups_.end())
        return questions;
    Group& group = *found->second;
    questions.tree = group.tree;
    for (auto index = group.open.next(0); index && questions.indices.size() < most;
         index = group.open.next(*index + 1)) {
        questions.indices.push_back(*index);
        questions.send_dont_have.push_back(group.tell_open.contains(*index));
        if (group.tree.is_null())
            questions.blocks.push_back(blocks_.at(*index));
    }
    for (const std::uint64_t index : questions.indices) {
        group.open.erase(index);
        group.tell_open.erase(index);
        group.asking.insert(index);
    }
    open_questions_ -= questions.indices.size();
    return questions;
}

void WantList::answered(const Questions& questions, const std::vector<bool>& here) {
    for (std::size_t i = 0; i < questions.indices.size(); ++i) {
        const auto to = find(questions.address(i));
        if (!to || to->index != questions.indices[i])
            continue; // forgotten meanwhile
        Group& group = *to->group;
        const bool still = group.asking.erase(to->index); // not cancelled meanwhile
        if (here[i]) {
            group.told.insert(to->index);
        } else if (still && !group.wanted.contains(to->index) && !group.open.contains(to->index) &&
                   open_questions_ + remembered_ < limits_.wants &&
                   group.remembered.insert(to->index)) {
            ++remembered_;
            if (open_lists_ > 0)
                has_fresh_ = group.fresh.insert(to->index) || has_fresh_;
        }
    }
}

// --- what arrives -------------------------------------------------------------------------------

void WantList::arrived_in(const GroupPtr& group, IndexRange range) {
    for (auto index = group->remembered.next(range.first); index && *index < range.end();
         index = group->remembered.next(*index + 1)) {
        if (group->open.insert(*index))
            ++open_questions_;
        group->fresh.erase(*index);
    }
    // What is being looked for may have come after that look.
    for (auto index = group->asking.next(range.first); index && *index < range.end();
         index = group->asking.next(*index + 1))
        if (group->open.insert(*index))
            ++open_questions_;
    remembered_ -= group->remembered.count(range);
    group->remembered.erase(range);
    // The range may be all there is, so it is not made a set.
    IndexSet back;
    for (auto run = group->absent.next_run(range.first); run && run->first < range.end();
         run = group->absent.next_run(run->end()))
        back.insert(IndexRange{run->first, std::min(run->end(), range.end()) - run->first});
    group->absent.erase(range);
    absent_ -= back.size();
    queued_ += back.size();
    for (auto run = back.next_run(0); run; run = back.next_run(run->end()))
        queue(group, *run);
}

void WantList::arrived(const Cid& tree, IndexRange leaves) {
    const auto found = groups_.find(tree);
    if (found != groups_.end())
        arrived_in(found->second, leaves);
}

void WantList::arrived_plain() {
    arrived(Cid(), {0, IndexSet::kMaxIndices});
}

void WantList::arrived_anything() {
    for (const auto& [tree, group] : groups_)
        arrived_in(group, {0, IndexSet::kMaxIndices});
}

} // namespace codex::exchange
