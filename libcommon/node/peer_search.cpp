#include "node/peer_search.hpp"

#include <algorithm>

namespace codex::node {

namespace {

using net::dht::FoundProvider;

/// Searches until nobody waits for what another one may bring: the first may have come before those
/// who have it have said so.
constexpr std::uint64_t kRoundsOfHope = 2;
/// Then they come less often.
constexpr std::uint64_t kFrequentRounds = 10;
constexpr std::size_t kMostAddresses = 8;
constexpr Clock::Duration kAfterFailure = std::chrono::seconds(60);
constexpr std::size_t kMostFailed = 1024;

} // namespace

PeerSearch::PeerSearch(net::dht::Dht& dht, net::dht::ProviderStore& store, net::Host& host,
                       const Cid& manifest, PeerSearchOptions options)
    : dht_(dht), store_(store), host_(host), loop_(host.loop()), manifest_(manifest),
      options_(std::move(options)), random_(options_.seed),
      dials_(loop_, [](const std::exception_ptr& /*thrown*/) {}),
      tasks_(loop_, [this](const std::exception_ptr& /*thrown*/) { rounds_ = kRoundsOfHope; }) {}

PeerSearch::~PeerSearch() = default;

PeerSearch::PartOf PeerSearch::telling_of_tree(std::shared_ptr<Tree> tree, PartOf part) {
    return [tree = std::move(tree), part = std::move(part)](
               const codec::Manifest& manifest) -> Result<exchange::FetchPart> {
        tree->note(manifest.tree);
        if (part)
            return part(manifest);
        return exchange::FetchPart{IndexSet({0, manifest.blocks_count()}), {}};
    };
}

void PeerSearch::begin() {
    if (tasks_.size() == 0)
        tasks_.start(run(this));
}

bool PeerSearch::may_bring_more() const {
    const bool alone = dht_.node_count() == 0; // nobody can be asked
    return rounds_ < (alone ? 1 : kRoundsOfHope) || dials_.size() != 0;
}

std::optional<Error> PeerSearch::error() const {
    if (last_error_)
        return Error(Errc::unavailable,
                     fmt::format("no peer can be reached: {}", last_error_->text()));
    if (dht_.node_count() == 0 && dht_.has_seeds())
        return Error(Errc::unavailable, "no bootstrap node answers");
    if (dht_.node_count() == 0 || anybody_)
        return std::nullopt;
    return Error(Errc::dataset_not_found, "no node is known that has it");
}

/// By turns, once both are known.
Cid PeerSearch::next_content() {
    const auto tree = tree_->known();
    return tree && rounds_ % 2 == 1 ? *tree : manifest_;
}

bool PeerSearch::wants_more() const {
    const std::size_t giving = giving_ ? giving_() : 0;
    return giving + dials_.size() < options_.at_once;
}

Task<void> PeerSearch::run(PeerSearch* self) {
    for (;;) {
        const Clock::Instant began = self->loop_.now();
        const net::dht::Id id = net::dht::Id::of_content(self->next_content());
        auto found = co_await self->dht_.find_providers(id, began + self->options_.patience);
        ++self->rounds_;
        if (found)
            self->dial_some(std::move(*found));
        const bool enough = self->giving_ && self->giving_() >= self->options_.enough;
        const Clock::Duration pause = enough || self->rounds_ > kFrequentRounds
                                          ? self->options_.long_pause
                                          : self->options_.pause;
        const Clock::Instant next = std::max(began + pause, self->loop_.now());
        co_await self->loop_.pause_until(next);
    }
}

void PeerSearch::dial_some(std::vector<FoundProvider> found) {
    anybody_ = anybody_ || !found.empty();
    // Whom one dials first the others are not to dial first as well.
    for (std::size_t i = found.size(); i > 1; --i)
        std::swap(found[i - 1], found[random_.number().value_or(0) % i]);
    const Clock::Instant now = loop_.now();
    for (FoundProvider& provider : found) {
        if (!wants_more())
            return;
        const auto failed = failed_.find(provider.record.peer);
        if (host_.connection(provider.record.peer) ||
            (failed != failed_.end() && now < failed->second))
            continue;
        dials_.start(dial(this, std::move(provider)));
    }
}

std::vector<net::Multiaddr> PeerSearch::usable(const net::PeerRecord& record) const {
    std::vector<net::Multiaddr> usable;
    for (const net::Multiaddr& address : record.addresses) {
        const auto endpoint = address.tcp_endpoint();
        // A name is looked up only where a user has typed it.
        if (usable.size() < kMostAddresses && endpoint && !endpoint->ip.empty() &&
            endpoint->port != 0 && !address.is_unspecified() && !address.peer() &&
            (options_.loopback || !address.is_loopback()))
            usable.push_back(address);
    }
    return usable;
}

Task<void> PeerSearch::dial(PeerSearch* self, FoundProvider provider) {
    const net::PeerId peer = provider.record.peer;
    std::optional<Error> error;
    const std::vector<net::Multiaddr> addresses = self->usable(provider.record);
    if (addresses.empty())
        error = Error(Errc::unavailable,
                      fmt::format("{}: names no address that leads there from here", peer.text()));
    // Each has a time of its own, so that one where nobody answers takes that of no other.
    for (const net::Multiaddr& address : addresses) {
        const Clock::Instant until = self->loop_.now() + self->options_.dial;
        std::vector<net::Multiaddr> one(1, address);
        auto made = co_await self->host_.connect(peer, std::move(one), until);
        if (made) {
            self->failed_.erase(peer);
            self->options_.logger.info("Dial successful", {{"peerId", log::Id{peer.text()}}});
            co_return;
        }
        error = std::move(made).error();
    }
    self->options_.logger.debug("A peer that is said to have it cannot be reached",
                                {{"peerId", log::Id{peer.text()}}, {"error", *error}});
    // What this host has not enough of says nothing about the peer.
    const bool is_ours =
        error && (error->code() == Errc::connection_limit || error->code() == Errc::out_of_memory ||
                  error->code() == Errc::no_space);
    if (!is_ours)
        self->store_.remove(peer);
    if (self->failed_.size() < kMostFailed)
        self->failed_[peer] = self->loop_.now() + kAfterFailure;
    if (error)
        self->last_error_ = std::move(error);
}

} // namespace codex::node
