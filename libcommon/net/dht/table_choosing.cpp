#include "net/dht/table.hpp"

#include <algorithm>
#include <bitset>

namespace codex::net::dht {
namespace {

/// Who is handed out before others: who never missed an answer. One miss takes hundreds of answers
/// to be made good, as with other nodes.
bool is_reliable(const TableNode& node) {
    return node.reliability >= 1;
}

/// The `most` nearest to `target`, the nearest first.
std::vector<const TableNode*> sorted(std::vector<const TableNode*> nodes, const Id& target,
                                     std::size_t most) {
    const auto end = nodes.begin() + static_cast<std::ptrdiff_t>(std::min(most, nodes.size()));
    std::partial_sort(nodes.begin(), end, nodes.end(),
                      [&target](const TableNode* a, const TableNode* b) {
                          return is_nearer(target, a->record.id, b->record.id);
                      });
    nodes.erase(end, nodes.end());
    return nodes;
}

} // namespace

bool is_nearer(const Id& target, const Id& a, const Id& b) {
    for (std::size_t i = 0; i < Id::kBytes; ++i) {
        const auto of_a = static_cast<std::uint8_t>(a.bytes[i] ^ target.bytes[i]);
        const auto of_b = static_cast<std::uint8_t>(b.bytes[i] ^ target.bytes[i]);
        if (of_a != of_b)
            return of_a < of_b;
    }
    return false;
}

std::optional<KnownNode> Table::find(const Id& id) const {
    const TableNode* known = node(id);
    if (known == nullptr)
        return std::nullopt;
    return KnownNode{known->record.key, known->record.record.sequence};
}

const TableNode* Table::node(const Id& id) const {
    for (const TableNode& node : bucket_of(id)->second.nodes)
        if (node.record.id == id)
            return &node;
    return nullptr;
}

std::vector<const TableNode*> Table::closest(const Id& target, std::size_t most) const {
    return sorted(nodes(), target, most);
}

std::vector<const TableNode*> Table::closest_to_tell(const Id& target, std::size_t most) const {
    std::vector<const TableNode*> reliable;
    std::vector<const TableNode*> others;
    for (const TableNode* node : nodes())
        if (is_reliable(*node))
            reliable.push_back(node);
        else if (!node->missed_last)
            others.push_back(node);
    reliable = sorted(std::move(reliable), target, most);
    others = sorted(std::move(others), target, most - reliable.size());
    reliable.insert(reliable.end(), others.begin(), others.end());
    return reliable;
}

std::vector<const TableNode*> Table::to_tell_at(std::span<const std::uint16_t> distances,
                                                std::size_t most, std::uint64_t choice) const {
    std::bitset<kMaxDistance + 1> done;
    std::vector<const TableNode*> told;
    const auto tell = [&](std::uint16_t distance, bool reliable) {
        std::vector<const TableNode*> here;
        for (const TableNode* node : nodes())
            if (log_distance(own_, node->record.id) == distance &&
                (reliable ? is_reliable(*node) : !is_reliable(*node) && !node->missed_last))
                here.push_back(node);
        for (std::size_t i = 0; i < here.size() && told.size() < most; ++i)
            told.push_back(here[(choice + i) % here.size()]);
    };
    for (const bool reliable : {true, false}) {
        done.reset();
        for (const std::uint16_t distance : distances)
            if (distance <= kMaxDistance && !done[distance] && told.size() < most) {
                done.set(distance);
                tell(distance, reliable);
            }
    }
    return told;
}

const TableNode* Table::longest_silent(std::uint64_t choice) const {
    std::vector<const Bucket*> filled;
    for (const auto& [first, bucket] : buckets_)
        if (!bucket.nodes.empty())
            filled.push_back(&bucket);
    if (filled.empty())
        return nullptr;
    const auto& nodes = filled[choice % filled.size()]->nodes;
    return &*std::min_element(nodes.begin(), nodes.end(),
                              [](const auto& a, const auto& b) { return a.last < b.last; });
}

const TableNode* Table::suspect() const {
    for (const auto& [first, bucket] : buckets_)
        for (const TableNode& node : bucket.nodes)
            if (node.missed_last)
                return &node;
    return nullptr;
}

const TableNode* Table::spare_to_ask() const {
    for (const auto& [first, bucket] : buckets_)
        if (bucket.nodes.size() < limits_.bucket && !bucket.spares.empty())
            return &bucket.spares.back();
    return nullptr;
}

std::vector<const TableNode*> Table::nodes() const {
    std::vector<const TableNode*> all;
    all.reserve(size_);
    for (const auto& [first, bucket] : buckets_)
        for (const TableNode& node : bucket.nodes)
            all.push_back(&node);
    return all;
}

std::size_t Table::spares() const {
    std::size_t all = 0;
    for (const auto& [first, bucket] : buckets_)
        all += bucket.spares.size();
    return all;
}

} // namespace codex::net::dht
