#include "net/dht/table.hpp"

#include <algorithm>

namespace codex::net::dht {
namespace {

/// How much one event says of a node (codex-dht(7), TABLE).
constexpr double kLastEvent = 0.1;
/// What is missing to 1 that two hundred answers more have made good; sums of doubles may never.
constexpr double kRounding = 1e-10;
/// Who has missed so many answers is not kept even where nobody wants its place.
constexpr double kUnreliable = 0.5;

/// What addresses that one owner may have many of have in common.
SocketAddress net_of(const SocketAddress& address) {
    SocketAddress net = address;
    const std::size_t kept = address.ip_bytes == 4 ? 3 : 8;
    std::fill(net.ip.begin() + static_cast<std::ptrdiff_t>(kept), net.ip.end(), std::uint8_t{0});
    net.port = 0;
    return net;
}

std::size_t of_net(const std::vector<TableNode>& nodes, const SocketAddress& net) {
    return static_cast<std::size_t>(
        std::count_if(nodes.begin(), nodes.end(),
                      [&net](const TableNode& node) { return net_of(node.address) == net; }));
}

std::size_t index_of(const std::vector<TableNode>& nodes, const Id& id) {
    const auto found = std::find_if(nodes.begin(), nodes.end(),
                                    [&id](const TableNode& node) { return node.record.id == id; });
    return static_cast<std::size_t>(found - nodes.begin());
}

void erase_at(std::vector<TableNode>& nodes, std::size_t which) {
    nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(which));
}

} // namespace

void TableNode::count(bool has_answered) {
    reliability = (1 - kLastEvent) * reliability + (has_answered ? kLastEvent : 0);
    if (reliability > 1 - kRounding)
        reliability = 1;
    missed_last = !has_answered;
}

Table::Table(const Id& own, const TableLimits& limits) : own_(own), limits_(limits) {
    CODEX_ASSERT(limits.bucket != 0 && limits.spares != 0 && limits.bits_per_hop != 0);
    buckets_.emplace(Id{}, Bucket{});
}

Place Table::proved(const NodeRecord& record, Clock::Instant now) {
    const auto address = udp_address(record.record);
    if (!address || record.id == own_)
        return Place::refused;
    Bucket& bucket = bucket_of(record.id)->second;
    const std::size_t which = index_of(bucket.nodes, record.id);
    if (which == bucket.nodes.size())
        return takes_address(record.id, *address) ? place({record, *address, 1, false, now})
                                                  : Place::refused;
    TableNode& known = bucket.nodes[which];
    if (record.record.sequence <= known.record.record.sequence) {
        if (*address == known.address)
            known.last = now;
        return Place::known;
    }
    if (*address != known.address) {
        if (!takes_address(record.id, *address))
            return Place::refused;
        // Another may have left for it: what was found above is elsewhere now.
        TableNode& moved = bucket.nodes[index_of(bucket.nodes, record.id)];
        by_address_.erase(moved.address);
        by_address_.emplace(*address, record.id);
        moved.address = *address;
        moved.record = record;
        moved.last = now;
        return Place::updated;
    }
    known.record = record;
    known.last = now;
    return Place::updated;
}

/// One socket is one node: the one before it goes if it is silent, or else keeps the address.
bool Table::takes_address(const Id& id, const SocketAddress& address) {
    const auto at = by_address_.find(address);
    if (at == by_address_.end() || at->second == id)
        return true;
    Bucket& bucket = bucket_of(at->second)->second;
    const std::size_t which = index_of(bucket.nodes, at->second);
    if (!bucket.nodes[which].missed_last)
        return false;
    leave(bucket, which);
    return true;
}

Place Table::place(TableNode node) {
    auto bucket = bucket_of(node.record.id);
    while (bucket->second.nodes.size() >= limits_.bucket && may_split(bucket)) {
        split(bucket);
        bucket = bucket_of(node.record.id);
    }
    Bucket& home = bucket->second;
    if (!net_has_room(home, node.address))
        return Place::refused;
    if (home.nodes.size() < limits_.bucket) {
        add(home, std::move(node));
        return Place::added;
    }
    if (const auto other = surplus(home, node.address)) {
        leave(home, *other);
        add(home, std::move(node));
        return Place::added;
    }
    keep_spare(home, std::move(node));
    return Place::spare;
}

/// Where one net has more than half of a full bucket, and `address` is of another: which of its
/// nodes makes room, the one that was not heard for longest.
std::optional<std::size_t> Table::surplus(const Bucket& bucket, const SocketAddress& address) {
    // At most one has: it is left of all that are struck out in pairs of two nets.
    SocketAddress most;
    std::size_t left = 0;
    for (const TableNode& node : bucket.nodes) {
        const SocketAddress net = net_of(node.address);
        if (left == 0)
            most = net;
        if (net == most)
            ++left;
        else
            --left;
    }
    std::optional<std::size_t> longest;
    if (most == net_of(address) || 2 * of_net(bucket.nodes, most) <= bucket.nodes.size())
        return longest;
    for (std::size_t i = 0; i < bucket.nodes.size(); ++i)
        if (net_of(bucket.nodes[i].address) == most &&
            (!longest || bucket.nodes[i].last < bucket.nodes[*longest].last))
            longest = i;
    return longest;
}

void Table::keep_spare(Bucket& bucket, TableNode node) const {
    const std::size_t before = index_of(bucket.spares, node.record.id);
    if (before != bucket.spares.size())
        erase_at(bucket.spares, before);
    if (bucket.spares.size() >= limits_.spares)
        bucket.spares.erase(bucket.spares.begin());
    bucket.spares.push_back(std::move(node));
}

void Table::add(Bucket& bucket, TableNode node) {
    const std::size_t spare = index_of(bucket.spares, node.record.id);
    if (spare != bucket.spares.size())
        erase_at(bucket.spares, spare);
    by_address_.emplace(node.address, node.record.id);
    bucket.nodes.push_back(std::move(node));
    ++size_;
    ++additions_;
}

void Table::leave(Bucket& bucket, std::size_t which) {
    by_address_.erase(bucket.nodes[which].address);
    erase_at(bucket.nodes, which);
    --size_;
}

Hearsay Table::heard(const NodeRecord& record) {
    const auto address = udp_address(record.record);
    if (!address || record.id == own_)
        return Hearsay::nothing;
    Bucket& bucket = bucket_of(record.id)->second;
    const std::size_t which = index_of(bucket.nodes, record.id);
    if (which == bucket.nodes.size())
        return has_room(record.id, *address) ? Hearsay::ask_it : Hearsay::nothing;
    TableNode& known = bucket.nodes[which];
    if (record.record.sequence <= known.record.record.sequence)
        return Hearsay::nothing;
    if (*address != known.address)
        return Hearsay::ask_it;
    known.record = record;
    return Hearsay::updated;
}

void Table::spoke(const Endpoint& node, Clock::Instant now) {
    Bucket& bucket = bucket_of(node.id)->second;
    const std::size_t which = index_of(bucket.nodes, node.id);
    if (which != bucket.nodes.size()) {
        if (bucket.nodes[which].address == node.address)
            bucket.nodes[which].last = now;
        return;
    }
    const std::size_t spare = index_of(bucket.spares, node.id);
    if (spare == bucket.spares.size() || bucket.spares[spare].address != node.address)
        return;
    TableNode back = std::move(bucket.spares[spare]);
    erase_at(bucket.spares, spare);
    back.last = now;
    if (takes_address(node.id, back.address))
        static_cast<void>(place(std::move(back)));
}

void Table::answered(const Endpoint& node, Clock::Instant now) {
    spoke(node, now);
    Bucket& bucket = bucket_of(node.id)->second;
    const std::size_t which = index_of(bucket.nodes, node.id);
    if (which != bucket.nodes.size() && bucket.nodes[which].address == node.address)
        bucket.nodes[which].count(true);
}

bool Table::missed(const Endpoint& node, bool asked_for_nodes) {
    Bucket& bucket = bucket_of(node.id)->second;
    const std::size_t spare = index_of(bucket.spares, node.id);
    if (spare != bucket.spares.size()) {
        if (bucket.spares[spare].address == node.address)
            erase_at(bucket.spares, spare);
        return false;
    }
    const std::size_t which = index_of(bucket.nodes, node.id);
    if (which == bucket.nodes.size() || bucket.nodes[which].address != node.address)
        return false;
    bucket.nodes[which].count(false);
    if (!asked_for_nodes && bucket.spares.empty() && bucket.nodes[which].reliability > kUnreliable)
        return false;
    TableNode left = bucket.nodes[which];
    leave(bucket, which);
    if (bucket.spares.size() < limits_.spares)
        bucket.spares.insert(bucket.spares.begin(), std::move(left));
    return true;
}

Table::Buckets::iterator Table::bucket_of(const Id& id) {
    return std::prev(buckets_.upper_bound(id));
}

Table::Buckets::const_iterator Table::bucket_of(const Id& id) const {
    return std::prev(buckets_.upper_bound(id));
}

/// Near to this node all is to be known; elsewhere as much as takes an id `bits_per_hop` nearer.
bool Table::may_split(const Buckets::const_iterator& bucket) const {
    const unsigned depth = bucket->second.depth;
    return depth < 8 * Id::kBytes && size_ < limits_.nodes &&
           (bucket == bucket_of(own_) || depth % limits_.bits_per_hop != 0);
}

void Table::split(const Buckets::iterator& bucket) {
    Bucket& low = bucket->second;
    Bucket high;
    Id first = bucket->first;
    first.bytes[low.depth / 8] |= static_cast<std::uint8_t>(0x80 >> low.depth % 8);
    high.depth = ++low.depth;
    const auto move_over = [&first](std::vector<TableNode>& from, std::vector<TableNode>& to) {
        std::vector<TableNode> stay;
        for (TableNode& node : from)
            (node.record.id < first ? stay : to).push_back(std::move(node));
        from = std::move(stay);
    };
    move_over(low.nodes, high.nodes);
    move_over(low.spares, high.spares);
    buckets_.emplace(first, std::move(high));
}

bool Table::has_room(const Id& id, const SocketAddress& address) const {
    const auto bucket = bucket_of(id);
    return !by_address_.contains(address) && net_has_room(bucket->second, address) &&
           (bucket->second.nodes.size() < limits_.bucket || may_split(bucket) ||
            surplus(bucket->second, address));
}

bool Table::net_has_room(const Bucket& bucket, const SocketAddress& address) const {
    const SocketAddress net = net_of(address);
    if (limits_.per_net_in_bucket != 0 && of_net(bucket.nodes, net) >= limits_.per_net_in_bucket)
        return false;
    if (limits_.per_net == 0)
        return true;
    std::size_t all = 0;
    for (const auto& [taken, by] : by_address_)
        all += net_of(taken) == net ? 1 : 0;
    return all < limits_.per_net;
}

} // namespace codex::net::dht
