#include "net/dht/dht.hpp"

#include "net/dht/detail/pending.hpp"

#include <algorithm>

namespace codex::net::dht {
namespace {

constexpr Clock::Duration kThrownPause = std::chrono::milliseconds(100);

} // namespace

Dht::Dht(SecretKey identity, EventLoop& loop, std::unique_ptr<DatagramSocket> socket,
         SecretRandom& random, ProviderStore& providers, DhtOptions options)
    : identity_(std::move(identity)), loop_(loop), socket_(std::move(socket)), random_(random),
      providers_(providers), options_(std::move(options)),
      log_(options_.logger.with_topics("discv5")),
      table_log_(options_.logger.with_topics("discv5 routingtable")),
      id_(Id::of_peer(PeerId(identity_.public_key()))),
      record_{id_, {PeerId(identity_.public_key()), 0, {}}, identity_.public_key(), {}},
      table_(id_, options_.table), transport_(identity_, random_, table_, options_.transport),
      own_counts_(loop.clock(), log_),
      counts_(options_.counts != nullptr ? *options_.counts : own_counts_),
      gate_(options_.sources, counts_), outbox_(*socket_, loop), seeds_(std::move(options_.seeds)),
      walk_ended_(loop), sent_(loop), grown_(loop), shrunk_(loop), hearsay_(loop),
      joined_changed_(loop),
      tasks_(loop, [this](const std::exception_ptr& thrown) { task_threw(thrown); }) {
    CODEX_ASSERT(options_.lookups != 0);
    std::erase_if(seeds_, [this](const NodeRecord& seed) {
        return seed.id == id_ || !udp_address(seed.record);
    });
    record_.record.sequence = options_.record_sequence;
}

Dht::~Dht() = default;

Result<std::unique_ptr<Dht>> Dht::make(SecretKey identity, Network& network,
                                       const SocketAddress& at, SecretRandom& random,
                                       ProviderStore& providers, DhtOptions options) {
    CODEX_TRY(socket, network.bind_datagrams(at));
    SocketAddress announced = options.announced.value_or(socket->local());
    if (announced.port == 0)
        announced.port = socket->local().port;
    if (Multiaddr::tcp(announced.ip_view(), announced.port).is_unspecified())
        return fail(Errc::argument_invalid,
                    "{} is no address that others can reach a node of the DHT at",
                    announced.text());
    std::unique_ptr<Dht> dht(new Dht(std::move(identity), network.loop(), std::move(socket), random,
                                     providers, std::move(options)));
    dht->announce(announced);
    dht->start();
    return dht;
}

void Dht::start() {
    for (NodeRecord& node : options_.known)
        if (to_verify_.size() < kMostHearsay && node.id != id_ && udp_address(node.record))
            to_verify_.push_back(std::move(node));
    options_.known.clear();
    joined_ = seeds_.empty() && to_verify_.empty();
    for (Loop* loop : {&send_loop, &receive_loop, &tick_loop, &explore_loop, &verify_loop,
                       &revalidate_loop, &seed_loop})
        tasks_.start(keep_on(this, loop));
}

/// Begins a loop anew that has thrown, for want of memory, say: the others count on it.
Task<void> Dht::keep_on(Dht* dht, Loop* loop) {
    for (;;) {
        bool thrown = false;
        try {
            co_await loop(dht);
        } catch (...) {
            thrown = true;
            dht->task_threw(std::current_exception());
        }
        if (!thrown)
            co_return;
        co_await dht->loop_.pause_until(dht->loop_.now() + kThrownPause);
    }
}

void Dht::announce(const SocketAddress& address) {
    const std::uint64_t sequence = next_sequence(
        record_.record.sequence, loop_.clock().unix_seconds(), options_.record_signed);
    record_.record.sequence = sequence;
    std::vector<Multiaddr> addresses(1, udp_multiaddr(address));
    if (!record_.record.addresses.empty() && record_.record.addresses != addresses)
        ++counters_.announced;
    record_.record.addresses = std::move(addresses);
    record_.envelope = seal_peer_record(identity_, sequence, record_.record.addresses);
    transport_.set_record(record_.envelope, sequence);
    log_.info("Announcing this node to the DHT",
              {{"address", address.text()}, {"spr", spr_text(record_.envelope)}});
}

std::vector<ShownNode> Dht::nodes() const {
    std::vector<ShownNode> shown;
    for (const TableNode* node : table_.nodes()) {
        const bool is_seed =
            std::any_of(seeds_.begin(), seeds_.end(),
                        [node](const NodeRecord& seed) { return seed.id == node->record.id; });
        shown.push_back({node->record.id, node->record.record.peer, node->address,
                         node->reliability, loop_.now() - node->last, is_seed,
                         node->record.envelope});
    }
    return shown;
}

std::size_t Dht::reliable_count() const {
    const auto nodes = table_.nodes();
    return static_cast<std::size_t>(
        std::ranges::count_if(nodes, [](const TableNode* node) { return node->reliability >= 1; }));
}

DhtCounters Dht::counters() const {
    DhtCounters counters = counters_;
    counters.packets_out = outbox_.packets();
    counters.bytes_out = outbox_.bytes();
    counters.packets_lost = outbox_.lost();
    counters.bytes_lost = outbox_.lost_bytes();
    counters.sessions = transport_.session_counts();
    return counters;
}

/// A number for a choice among equals: that nobody else can foresee it is no matter.
std::uint64_t Dht::choice() {
    return random_.number().value_or(0);
}

/// Where a node is that has shown it.
void Dht::proved(const NodeRecord& record) {
    note_seed(record);
    const auto known = table_.find(record.id);
    const Place place = table_.proved(record, loop_.now());
    if (place == Place::updated && known && known->sequence < record.record.sequence)
        ++counters_.records_updated;
    if (place != Place::added)
        return;
    if (table_log_.passes(log::Level::debug))
        table_log_.debug("Added node to the routing table",
                         {{"peer", record.record.peer.text()},
                          {"address", udp_address(record.record)->text()},
                          {"nodes", table_.size()}});
    grown_.notify();
}

/// What another node has told of.
void Dht::heard(const NodeRecord& record) {
    const Hearsay hearsay = table_.heard(record);
    if (hearsay == Hearsay::updated) {
        ++counters_.records_updated;
        note_seed(record);
    }
    const bool waits =
        std::any_of(to_verify_.begin(), to_verify_.end(), [&record](const auto& one) {
            return one.id == record.id && one.record.sequence >= record.record.sequence;
        });
    if (hearsay != Hearsay::ask_it || waits || to_verify_.size() >= kMostHearsay)
        return;
    to_verify_.push_back(record);
    hearsay_.notify();
}

/// A seed is known by its peer id: it may have moved since its record was written down.
void Dht::note_seed(const NodeRecord& record) {
    for (NodeRecord& seed : seeds_)
        if (seed.id == record.id && seed.record.sequence < record.record.sequence)
            seed = record;
}

void Dht::task_threw(const std::exception_ptr& thrown) noexcept {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
        counts_.hit(Limit::memory, {});
    } catch (const std::exception& error) {
        counts_.hit(Limit::fault, error.what());
    } catch (...) {
        counts_.hit(Limit::fault, "it threw something that is no std::exception");
    }
}

} // namespace codex::net::dht
