#include "node/peer_search.hpp"

#include <algorithm>

namespace codex::node {

namespace {

using net::dht::FoundProvider;

/// Searches until nobody waits for what another one may bring: the first may have come before those
/// who have it have said so.
constexpr std::uint64_t kRoundsOfHope = 2;
/// Searches in a row that bring nobody new, until there is nobody else: each of them may have told
/// of a few by chance, and not of all.
constexpr std::uint64_t kBarrenRounds = 4;
/// Beyond, nobody counts as new: who makes up providers holds up nobody for ever.
constexpr std::size_t kMostKnown = 4096;
/// That wait to be dialled.
constexpr std::size_t kMostWaiting = 256;
/// Then they come less often.
constexpr std::uint64_t kFrequentRounds = 10;
constexpr std::size_t kMostAddresses = 8;
constexpr Clock::Duration kAfterFailure = std::chrono::seconds(60);
constexpr std::size_t kMostFailed = 1024;

/// A peer stands there as long as this does. Threads: the loop's.
class InSet {
public:
    InSet(std::set<net::PeerId>& set, const net::PeerId& peer)
        : set_(set), at_(set.insert(peer).first) {}
    InSet(const InSet&) = delete;
    InSet& operator=(const InSet&) = delete;
    ~InSet() { set_.erase(at_); }

private:
    std::set<net::PeerId>& set_;
    std::set<net::PeerId>::iterator at_;
};

} // namespace

PeerSearch::PeerSearch(net::dht::Dht& dht, net::dht::ProviderStore& store, net::Host& host,
                       const Cid& manifest, PeerSearchOptions options)
    : dht_(dht), store_(store), host_(host), loop_(host.loop()), manifest_(manifest),
      options_(std::move(options)), random_(options_.seed),
      dials_(loop_, [](const std::exception_ptr& /*thrown*/) {}),
      tasks_(loop_, [this](const std::exception_ptr& /*thrown*/) { over_ = true; }) {}

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
    if (tasks_.size() != 0)
        return;
    over_ = false;
    tasks_.start(run(this));
}

bool PeerSearch::may_bring_more() const {
    if (dials_.size() != 0)
        return true;
    if (over_)
        return false;
    const bool alone = dht_.node_count() == 0; // nobody can be asked
    if (rounds_ < (alone ? 1 : kRoundsOfHope) || (!untried_.empty() && !held_back_))
        return true;
    return !alone && barren_ < (by_chance_ ? kBarrenRounds : 1);
}

std::optional<Error> PeerSearch::error() const {
    if (last_error_ && failures_ > 1)
        return Error(Errc::unavailable,
                     fmt::format("no peer can be reached: {} are said to have it, and those that "
                                 "were dialled do not answer; the last: {}",
                                 known_.size(), last_error_->text()));
    if (last_error_)
        return Error(Errc::unavailable,
                     fmt::format("no peer can be reached: {}", last_error_->text()));
    if (dht_.node_count() == 0 && dht_.has_seeds())
        return Error(Errc::unavailable, "no bootstrap node answers");
    if (dht_.node_count() == 0 || !known_.empty())
        return std::nullopt;
    return Error(Errc::dataset_not_found, "no node is known that has it");
}

/// By turns, once both are known.
Cid PeerSearch::next_content() {
    const auto tree = tree_->known();
    return tree && searches_ % 2 == 1 ? *tree : manifest_;
}

bool PeerSearch::wants_more() const {
    const std::size_t giving = giving_ ? giving_() : 0;
    return giving + dials_.size() < options_.at_once;
}

/// For some time; and as long as nobody gives anything, and others may be known than were told of.
bool PeerSearch::is_frequent() const {
    const std::size_t giving = giving_ ? giving_() : 0;
    const bool is_told_of_some = by_chance_ && barren_ < kBarrenRounds;
    return giving < options_.enough &&
           (rounds_ <= kFrequentRounds || (giving == 0 && is_told_of_some));
}

Task<void> PeerSearch::run(PeerSearch* self) {
    Signal& one_ended = self->dials_.ended();
    Clock::Instant round_began = self->loop_.now();
    Clock::Duration early_pause = self->options_.first_pause;
    for (bool is_round = true;;) {
        const Clock::Instant began = self->loop_.now();
        const net::dht::Id id = net::dht::Id::of_content(self->next_content());
        auto found = co_await self->dht_.find_providers(id, began + self->options_.patience);
        ++self->searches_;
        self->rounds_ += is_round ? 1 : 0;
        if (found)
            self->note(std::move(*found), is_round);
        const bool is_frequent = self->is_frequent();
        is_round = !is_frequent || early_pause > self->options_.pause / 2;
        const Clock::Duration pause =
            is_frequent ? self->options_.pause : self->options_.long_pause;
        const Clock::Instant due = is_round ? round_began + pause : began + early_pause;
        if (!is_round)
            early_pause *= 2;
        const Clock::Instant next = std::max(due, self->loop_.now());
        do {
            self->dial_some();
            co_await one_ended.wait(next);
        } while (self->loop_.now() < next);
        if (is_round)
            round_began = self->loop_.now();
    }
}

/// Whom one dials first the others are not to dial first as well: in an order of chance, but those
/// that were never tried before those that were, and failed.
void PeerSearch::note(std::vector<FoundProvider> found, bool is_round) {
    const std::size_t known_before = known_.size();
    by_chance_ = !found.empty() && found.size() < known_before;
    bool any_new = false;
    for (std::size_t i = found.size(); i > 1; --i)
        std::swap(found[i - 1], found[random_.number().value_or(0) % i]);
    again_.clear();
    for (FoundProvider& provider : found) {
        const bool is_new =
            known_.size() < kMostKnown && known_.insert(provider.record.peer).second;
        any_new = any_new || is_new;
        if (is_new && untried_.size() < kMostWaiting)
            untried_.push_back(std::move(provider));
        else
            again_.push_back(std::move(provider));
    }
    if (any_new)
        barren_ = 0;
    else if (is_round)
        ++barren_;
}

/// As many as may be. Those that are tried again wait no longer than for the next search.
void PeerSearch::dial_some() {
    for (auto* const waiting : {&untried_, &again_})
        while (!waiting->empty() && wants_more()) {
            FoundProvider provider = std::move(waiting->front());
            waiting->pop_front();
            const net::PeerId peer = provider.record.peer;
            const auto failed = failed_.find(peer);
            const bool is_too_soon = failed != failed_.end() && loop_.now() < failed->second;
            if (!host_.connection(peer) && !is_too_soon && !dialling_.contains(peer))
                dials_.start(dial(this, std::move(provider)));
        }
    held_back_ = dials_.size() == 0 && !untried_.empty();
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
    const InSet dialling(self->dialling_, peer);
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
    ++self->failures_;
    if (error)
        self->last_error_ = std::move(error);
}

} // namespace codex::node
