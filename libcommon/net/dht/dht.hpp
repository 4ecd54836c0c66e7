// A node of the DHT: it finds others, answers them, and knows who has what (codex-dht(7), NODE).
#pragma once

#include "net/dht/lookup.hpp"
#include "net/dht/outbox.hpp"
#include "net/dht/providers.hpp"
#include "net/dht/seen_address.hpp"
#include "net/dht/source_limits.hpp"

#include <deque>
#include <functional>

namespace codex::net::dht {

namespace detail {
class Pending;
struct Walk;
} // namespace detail

struct DhtOptions {
    /// Nodes by which the first others are found; records of nodes with an address.
    std::vector<NodeRecord> seeds;
    /// Nodes that were known before, each of which is asked once whether it is there still; of many
    /// the first ones.
    std::vector<NodeRecord> known;
    /// Where others reach this node; where it is bound, when nothing is said. Port 0 stands for the
    /// one that is bound.
    std::optional<SocketAddress> announced;
    TableLimits table;
    TransportLimits transport;
    LookupLimits lookup;
    SourceLimits sources;
    std::size_t lookups = 16; ///< at once, but 0; beyond, they wait for each other
    /// The number of the last record that this identity has signed, where one is known: others keep
    /// the record with the highest.
    std::uint64_t record_sequence = 0;
    SequenceKeeper record_signed{};
    /// Where limits that bite are counted, and outlives the node; it counts itself, when nothing is
    /// said.
    LimitCounts* counts = nullptr;
    log::Logger logger;
};

/// One that others have told of, and whose record is right.
struct FoundProvider {
    PeerRecord record; ///< its addresses are of TCP
    Bytes envelope;
};

/// A node of the table, for display.
struct ShownNode {
    Id id;
    PeerId peer;
    SocketAddress address;
    double reliability = 0;       ///< of 0 to 1
    Clock::Duration silent_for{}; ///< since it was heard last
    bool is_seed = false;
    Bytes envelope{}; ///< of its record
};

/// Counts of what has been, since it was made.
struct DhtCounters {
    std::uint64_t packets_in = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t packets_out = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t packets_lost = 0;    ///< that should have gone out
    std::uint64_t packets_refused = 0; ///< of sources that send too many
    std::uint64_t packets_wrong = 0;   ///< that are none, or prove nothing
    std::uint64_t requests_in = 0;
    std::uint64_t requests_answered = 0; ///< of those that went out
    std::uint64_t requests_missed = 0;
    std::uint64_t unsolicited = 0; ///< answers that nobody waits for
    std::uint64_t records_updated = 0;
    std::uint64_t providers_taken = 0;
    std::uint64_t providers_refused = 0;
    std::uint64_t bytes_lost = 0; ///< of packets_lost
    std::uint64_t bytes_wrong = 0;
    std::uint64_t requests_out = 0;
    std::uint64_t requests_silent = 0; ///< of those that came, that want no answer
    std::uint64_t announced = 0;       ///< times that the address of this node has changed
    Sessions::Counts sessions{};
    std::uint64_t searches = 0; ///< for providers
    std::size_t searching = 0;  ///< of these, under way
    std::size_t providing = 0;  ///< announcements that are under way
};

/// Destroyed from outside of its tasks, it drops everything; those that wait for something of it go
/// before. Each wait has an end: requests take at most a second, all else until `until`.
/// Threads: the loop's.
class Dht {
public:
    /// Takes datagrams from now on, and looks for others by the seeds. `network`, its loop,
    /// `random` and `providers` outlive it. Errors: those of Network::bind_datagrams();
    /// argument_invalid, when it is bound to all addresses and none is announced, or the key is
    /// none of secp256k1.
    [[nodiscard]] static Result<std::unique_ptr<Dht>>
    make(SecretKey identity, Network& network, const SocketAddress& at, SecretRandom& random,
         ProviderStore& providers, DhtOptions options = {});
    ~Dht();
    Dht(const Dht&) = delete;
    Dht& operator=(const Dht&) = delete;

    [[nodiscard]] const Id& id() const { return id_; }
    [[nodiscard]] SocketAddress local() const { return socket_->local(); }
    /// What others know of this node; its envelope is what they take for a seed.
    [[nodiscard]] const NodeRecord& record() const { return record_; }
    /// Is reached there from now on.
    void announce(const SocketAddress& address);
    /// They hold from now on.
    void set_limits(const SourceLimits& limits) { gate_.set_limits(limits); }
    /// Where enough others, of different nets, have seen it.
    [[nodiscard]] std::optional<SocketAddress> seen_at() const { return seen_.agreed(); }

    /// Who provides `content`: whom this node knows, and whom those next to it know; each peer once
    /// and not this one. Nobody is an answer. `answered`, which outlives it, gets how many nodes
    /// have answered. Errors: timeout, when nobody was asked by `until`.
    [[nodiscard]] Task<Result<std::vector<FoundProvider>>>
    find_providers(Id content, Clock::Instant until, std::size_t* answered = nullptr);
    /// Tells those next to `content` that this node provides it; `envelope` is its record with
    /// addresses of TCP. Gives how many know it, with this one where it is next to it, or alone.
    /// Errors: record_invalid, when that is no record of this node; timeout.
    [[nodiscard]] Task<Result<std::size_t>> provide(Id content, Bytes envelope,
                                                    Clock::Instant until);
    /// The record of a node. Errors: not_found; timeout, when nobody was asked by `until`.
    [[nodiscard]] Task<Result<NodeRecord>> find_node(Id node, Clock::Instant until);
    /// Those next to a point that answer, the nearest first. Errors: timeout, as above.
    [[nodiscard]] Task<Result<std::vector<NodeRecord>>> lookup(Id target, Clock::Instant until,
                                                               Asking asking);
    /// How long the node takes to answer. Errors: timeout; unsupported, when it has no address; of
    /// Transport::send().
    [[nodiscard]] Task<Result<Clock::Duration>> ping(NodeRecord node, Clock::Instant until);

    [[nodiscard]] std::vector<ShownNode> nodes() const;
    [[nodiscard]] std::size_t node_count() const { return table_.size(); }
    /// Those of them that never left a request unanswered.
    [[nodiscard]] std::size_t reliable_count() const;
    /// There are nodes by which others were to be found.
    [[nodiscard]] bool has_seeds() const { return !seeds_.empty(); }
    [[nodiscard]] std::size_t bucket_count() const { return table_.buckets(); }
    [[nodiscard]] DhtCounters counters() const;
    [[nodiscard]] const LimitCounts& limit_counts() const { return counts_; }
    /// Is told when a node is added to the table.
    [[nodiscard]] Signal& grown() { return grown_; }

private:
    friend class detail::Pending;
    using PendingKey = std::pair<Id, RequestId>;
    /// Nodes that others have told of, which wait to be asked.
    static constexpr std::size_t kMostHearsay = 128;
    /// Nodes that did not answer, which are known again when they speak.
    static constexpr std::size_t kMostLost = 64;
    /// Nodes that are asked for newer records, at once.
    static constexpr std::size_t kMostRefreshed = 16;
    /// Records of providers that a search keeps.
    static constexpr std::size_t kMostFound = 256;
    /// Contents of which it is remembered which nodes are next to them, and how long.
    static constexpr std::size_t kMostNearest = 32;
    static constexpr Clock::Duration kNearestFor = std::chrono::seconds(10);
    struct Nearest {
        std::vector<NodeRecord> nodes;
        Clock::Instant until{};
    };
    class WalkCount;

    Dht(SecretKey identity, EventLoop& loop, std::unique_ptr<DatagramSocket> socket,
        SecretRandom& random, ProviderStore& providers, DhtOptions options);
    void start();

    using Loop = Task<void>(Dht* dht);
    static Task<void> keep_on(Dht* dht, Loop* loop);

    // Receiving.
    static Task<void> receive_loop(Dht* dht);
    static Task<void> send_loop(Dht* dht);
    void receive(BytesView datagram, const SocketAddress& from);
    void take(Output out, Urgency urgency);
    void take_message(const Received& received);
    void answer(const Received& received);
    void answer_with(const Received& received, Body body);
    void answer_nodes(const Received& received, const std::vector<const TableNode*>& nodes,
                      std::size_t most);
    void answer_find_node(const Received& received, const FindNode& question);
    void answer_providers(const Received& received, const GetProviders& question);
    void take_provider(const Received& received, const AddProvider& said);
    void take_answer(const Received& received);

    // Asking.
    [[nodiscard]] Result<void> send(const Contact& to, const Message& message);
    [[nodiscard]] Result<Message> new_request(Body body);
    [[nodiscard]] static Task<Result<Body>>
    request(Dht* dht, NodeRecord to, Body body, Clock::Instant until, detail::Walk* walk = nullptr);
    static Task<void> ask(Dht* dht, detail::Walk* walk, NodeRecord to, Body body,
                          Clock::Instant until);
    [[nodiscard]] static Task<Result<std::vector<NodeRecord>>>
    walk(Dht* dht, Id target, Clock::Instant until, Asking asking);
    [[nodiscard]] static Task<Result<std::vector<NodeRecord>>> nearest_to(Dht* dht, Id content,
                                                                          Clock::Instant until);
    void keep_nearest(const Id& content, const std::vector<NodeRecord>& nodes);
    static Task<void> ask_providers(Dht* dht, NodeRecord node, Id content, Clock::Instant until,
                                    std::vector<Bytes>* found);
    void missed(const NodeRecord& asked, const Endpoint& node, bool asked_for_nodes);
    void note_lost(NodeRecord node);
    void take_back(const Endpoint& node);
    void answered(const NodeRecord& node, const Endpoint& at, const detail::Pending& pending);
    void add_found(std::vector<FoundProvider>& found, BytesView envelope);

    // Upkeep.
    static Task<void> tick_loop(Dht* dht);
    static Task<void> revalidate_loop(Dht* dht);
    static Task<void> explore_loop(Dht* dht);
    [[nodiscard]] static Task<void> look_around(Dht* dht, std::size_t places, Clock::Instant until);
    static Task<void> seed_loop(Dht* dht);
    static Task<void> ask_seed(Dht* dht, NodeRecord seed);
    static Task<void> verify_loop(Dht* dht);
    static Task<void> verify(Dht* dht, NodeRecord node, bool is_spare);
    static Task<void> refresh(Dht* dht, NodeRecord node);
    void proved(const NodeRecord& record);
    void heard(const NodeRecord& record);
    void note_seed(const NodeRecord& record);
    [[nodiscard]] std::vector<NodeRecord> lost_seeds() const;
    void set_joined();
    [[nodiscard]] std::uint64_t choice();
    void task_threw(const std::exception_ptr& thrown) noexcept;

    SecretKey identity_;
    EventLoop& loop_;
    std::unique_ptr<DatagramSocket> socket_;
    SecretRandom& random_;
    ProviderStore& providers_;
    DhtOptions options_;
    log::Logger log_;
    log::Logger table_log_;
    Id id_;
    NodeRecord record_;
    Table table_;
    Transport transport_;
    LimitCounts own_counts_;
    LimitCounts& counts_;
    SourceGate gate_;
    Outbox outbox_;
    SeenAddresses seen_;
    RecordCache opened_;
    DhtCounters counters_;
    std::map<PendingKey, detail::Pending*> pending_;
    std::vector<NodeRecord> seeds_; // with their newest records
    std::deque<NodeRecord>
        lost_; // did not answer, but may speak in a session that there is; the last at the end
    std::map<Id, Nearest> nearest_; ///< to contents, as a walk has just found them
    std::deque<NodeRecord> to_verify_;
    std::size_t verifying_ = 0;
    std::size_t spares_asked_ = 0;
    std::size_t refreshing_ = 0;
    std::size_t walks_ = 0;
    bool joined_ = false; ///< the table has been filled for the first time, or nobody answers
    Signal walk_ended_;
    Signal sent_;
    Signal grown_;
    Signal shrunk_;
    Signal hearsay_;
    Signal joined_changed_;
    TaskGroup tasks_; // ends first
};

} // namespace codex::net::dht
