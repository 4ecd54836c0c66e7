// The nodes that a node knows: all that it has met of those next to it, and a few of each region
// farther away (codex-dht(7), TABLE).
#pragma once

#include "net/dht/transport.hpp"

#include <map>

namespace codex::net::dht {

/// None but those of nets is 0.
struct TableLimits {
    std::size_t bucket = 16;
    std::size_t spares = 8;    ///< beside a bucket that is full
    unsigned bits_per_hop = 5; ///< a bucket far away is split until its depth is a multiple of it
    std::size_t nodes = 4096;  ///< when there are as many, no bucket is split any more
    /// Of one net: the first 24 bits of an IPv4 address, 64 of one of IPv6. 0: as many as there
    /// are.
    std::size_t per_net = 0;
    std::size_t per_net_in_bucket = 0;
};

/// A node that has shown that it is where its record says.
struct TableNode {
    NodeRecord record;
    SocketAddress address; ///< that of the record
    double reliability = 1;
    bool missed_last = false; ///< the last request was not answered
    Clock::Instant last{};    ///< when it was heard

    /// The last request was answered, or was not: that is a tenth of its reliability.
    void count(bool has_answered);
};

/// What became of a node that has shown where it is.
enum class Place : std::uint8_t {
    added,
    known,   ///< it is there, with this record or a newer one
    updated, ///< it is there, and this record is newer
    spare,   ///< its bucket is full
    refused, ///< it is this node, has no address, one that is taken, or its net has its share
};

/// What is to be done about a node that another one has told of.
enum class Hearsay : std::uint8_t {
    nothing, ///< it is known, or there is no room for it
    updated, ///< its newer record has replaced the one before; the address is the same
    ask_it,  ///< there is room for it, or it is said to be elsewhere now: it has to show that
};

/// The split buckets of all ids. Only who has shown where it is gets in, and who answers stays, so
/// that nobody can fill it with names; and a net that has more than half of a full bucket gives up
/// a place to a node of another one. Threads: one at a time.
class Table final : public KnownNodes {
public:
    explicit Table(const Id& own, const TableLimits& limits = {});

    /// This node has sent what only it can have, from the address of `record`.
    Place proved(const NodeRecord& record, Clock::Instant now);
    /// Another node has told of this one.
    Hearsay heard(const NodeRecord& record);
    /// The node has answered, or asked, with a session: it is there. A spare takes a place that has
    /// become free meanwhile.
    void spoke(const Endpoint& node, Clock::Instant now);
    /// It has answered a request.
    void answered(const Endpoint& node, Clock::Instant now);
    /// It has not, in time. It leaves its bucket when it was asked for nodes, when there is a spare
    /// for its place, or when its reliability is half by now; it is the last of the spares then,
    /// and goes for good when it does not answer as one. Gives whether it left.
    bool missed(const Endpoint& node, bool asked_for_nodes);

    [[nodiscard]] std::optional<KnownNode> find(const Id& id) const override;
    /// Valid until the table changes, as are those below; null, when it is in no bucket.
    [[nodiscard]] const TableNode* node(const Id& id) const;
    /// Those next to `target`, the nearest first.
    [[nodiscard]] std::vector<const TableNode*> closest(const Id& target, std::size_t most) const;
    /// The same of those that others are told of: who never missed an answer. Where that gives
    /// fewer than `most`, those too that gave the last one.
    [[nodiscard]] std::vector<const TableNode*> closest_to_tell(const Id& target,
                                                                std::size_t most) const;
    /// Those to tell of at these log distances of this node, in that order; where there are more
    /// than `most`, `choice`, any number, says at which to begin.
    [[nodiscard]] std::vector<const TableNode*> to_tell_at(std::span<const std::uint16_t> distances,
                                                           std::size_t most,
                                                           std::uint64_t choice) const;
    /// Which to ask whether it is still there: of a bucket that `choice`, any number, says, the one
    /// that was heard longest ago. Null, when there is none.
    [[nodiscard]] const TableNode* longest_silent(std::uint64_t choice) const;
    /// One that has not answered the last time, and is to be asked until it has, or leaves; null,
    /// when there is none.
    [[nodiscard]] const TableNode* suspect() const;
    /// A spare that is to be asked, because a place is free for it; null, when there is none.
    [[nodiscard]] const TableNode* spare_to_ask() const;

    [[nodiscard]] std::vector<const TableNode*> nodes() const;
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t spares() const;
    [[nodiscard]] std::size_t buckets() const { return buckets_.size(); }
    /// Grows by one with each node that is added, so that who waits for that can see it.
    [[nodiscard]] std::uint64_t additions() const { return additions_; }

private:
    struct Bucket {
        unsigned depth = 0; ///< bits that its ids have in common
        std::vector<TableNode> nodes;
        std::vector<TableNode> spares; ///< the best last
    };
    using Buckets = std::map<Id, Bucket>; // by their first id

    [[nodiscard]] Buckets::iterator bucket_of(const Id& id);
    [[nodiscard]] Buckets::const_iterator bucket_of(const Id& id) const;
    [[nodiscard]] bool may_split(const Buckets::const_iterator& bucket) const;
    void split(const Buckets::iterator& bucket);
    [[nodiscard]] bool has_room(const Id& id, const SocketAddress& address) const;
    [[nodiscard]] bool net_has_room(const Bucket& bucket, const SocketAddress& address) const;
    [[nodiscard]] bool takes_address(const Id& id, const SocketAddress& address);
    [[nodiscard]] Place place(TableNode node);
    [[nodiscard]] static std::optional<std::size_t> surplus(const Bucket& bucket,
                                                            const SocketAddress& address);
    void keep_spare(Bucket& bucket, TableNode node) const;
    void add(Bucket& bucket, TableNode node);
    void leave(Bucket& bucket, std::size_t which);

    Id own_;
    TableLimits limits_;
    Buckets buckets_;
    std::map<SocketAddress, Id> by_address_; // of those in buckets
    std::size_t size_ = 0;
    std::uint64_t additions_ = 0;
};

/// Whether `a` is nearer to `target` than `b` is.
[[nodiscard]] bool is_nearer(const Id& target, const Id& a, const Id& b);

} // namespace codex::net::dht
