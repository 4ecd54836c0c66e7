#include "node/dht_node.hpp"

#include "node/finding.hpp"

#include <algorithm>

namespace codex::node {

namespace {

using net::dht::Dht;
using net::dht::Id;
using net::dht::NodeRecord;

/// What is known of others is kept so often, at the end, and soon after one more is known.
constexpr Clock::Duration kKeep = std::chrono::minutes(5);
constexpr Clock::Duration kKeepSoon = std::chrono::seconds(5);
/// Of those that were kept, so many are asked whether they are there.
constexpr std::size_t kMostKnown = 64;
/// More than half of its answers came in time.
constexpr double kSeen = 0.5;

/// As the network's nodes are numbered, without the zeros in front, as the reference prints it.
std::string shown_id(const Id& id) {
    std::string digits = id.text();
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    return digits;
}

std::string shown_record(BytesView envelope) {
    return net::spr_text(envelope).substr(4);
}

std::vector<NodeRecord> known_nodes(const DhtStore& store) {
    std::vector<NodeRecord> known;
    for (const KeptNode& kept : store.kept_nodes()) {
        if (known.size() == kMostKnown)
            break;
        if (auto record = net::dht::open_node_record(kept.envelope))
            known.push_back(std::move(*record));
    }
    return known;
}

Result<net::SecretKey> copy_of_key(const net::SecretKey& key) {
    return net::SecretKey::decode(key.encode());
}

} // namespace

DhtNode::DhtNode(net::Host& host, DhtStore& store)
    : host_(host), store_(store), tasks_(host.loop()) {}

DhtNode::~DhtNode() = default;

Result<std::unique_ptr<DhtNode>> DhtNode::make(const net::SecretKey& key, net::Host& host,
                                               Network& network, SecretRandom& random,
                                               DhtStore& store, RecordNumbers& numbers,
                                               DhtNodeOptions options) {
    std::unique_ptr<DhtNode> node(new DhtNode(host, store));
    net::dht::DhtOptions dht;
    dht.seeds = std::move(options.bootstrap);
    dht.known = known_nodes(store);
    dht.announced = Announcer::choose(host, network, options.at, options.announcer).udp.front();
    dht.sources = options.sources;
    dht.record_sequence = numbers.last();
    dht.record_signed = [&numbers](std::uint64_t number) { numbers.note(number); };
    dht.counts = &host.limit_counts();
    dht.logger = std::move(options.logger);
    CODEX_TRY(for_dht, copy_of_key(key));
    CODEX_SET(node->dht_,
              Dht::make(std::move(for_dht), network, options.at, random, store, std::move(dht)));
    CODEX_TRY(for_records, copy_of_key(key));
    node->announcer_ = std::make_unique<Announcer>(
        std::move(for_records), host, network, *node->dht_, numbers, std::move(options.announcer));
    node->tasks_.start(DhtStore::write_behind(&store));
    node->tasks_.start(Announcer::run(node->announcer_.get()));
    node->tasks_.start(keep_nodes_loop(node.get()));
    return node;
}

// --- what is known ------------------------------------------------------------------------------

std::string DhtNode::record() const {
    return net::spr_text(dht_->record().envelope);
}

KnownNode DhtNode::self() const {
    const NodeRecord& own = dht_->record();
    KnownNode node;
    node.id = shown_id(own.id);
    node.peer = own.record.peer.text();
    node.record = shown_record(own.envelope);
    if (const auto address = net::dht::udp_address(own.record))
        node.address = address->text();
    return node;
}

std::vector<KnownNode> DhtNode::nodes() const {
    std::vector<KnownNode> known;
    for (const net::dht::ShownNode& shown : dht_->nodes())
        known.push_back({shown_id(shown.id), shown.peer.text(), shown_record(shown.envelope),
                         shown.address.text(), shown.reliability > kSeen});
    return known;
}

std::vector<net::Multiaddr> DhtNode::announced() const {
    std::vector<net::Multiaddr> addresses;
    for (const SocketAddress& address : announcer_->announced().tcp)
        addresses.push_back(net::Multiaddr::tcp(address.ip_view(), address.port));
    return addresses;
}

Task<Result<std::size_t>> DhtNode::provide(Id content, Clock::Instant until) {
    return dht_->provide(content, announcer_->provider_record(), until);
}

bool DhtNode::is_here_alone() const {
    return std::ranges::all_of(announced(), [](const auto& one) { return one.is_loopback(); });
}

Task<Result<std::vector<net::Multiaddr>>> DhtNode::find(net::PeerId peer, Clock::Instant until) {
    return find_addresses(dht_.get(), std::move(peer), until);
}

// --- what is kept -------------------------------------------------------------------------------

void DhtNode::keep_nodes() {
    std::vector<KeptNode> kept;
    const std::uint64_t now = host_.loop().clock().unix_seconds();
    for (net::dht::ShownNode& node : dht_->nodes()) {
        const auto silent = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(node.silent_for).count());
        kept.push_back(
            {node.id, std::move(node.envelope), now - std::min(now, silent), node.reliability});
    }
    // Who found nobody this time keeps those of the last.
    if (!kept.empty())
        store_.keep_nodes(std::move(kept));
}

Task<void> DhtNode::keep_nodes_loop(DhtNode* self) {
    EventLoop& loop = self->host_.loop();
    Signal& grown = self->dht_->grown();
    for (;;) {
        const Clock::Instant next = loop.now() + kKeep;
        co_await grown.wait(next);
        co_await loop.pause_until(loop.now() + kKeepSoon);
        self->keep_nodes();
    }
}

Task<Result<void>> DhtNode::settle(DhtNode* self) {
    self->keep_nodes();
    co_await DhtStore::flush(&self->store_);
    co_return Result<void>();
}

} // namespace codex::node
