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
constexpr std::size_t kMostTried = 4096;

/// A peer stands there as long as this does. Threads: the loop's.
class Listed {
public:
    using Map = std::map<net::PeerId, Clock::Instant>;
    Listed(Map& map, const net::PeerId& peer, Clock::Instant now)
        : map_(map), at_(map.insert_or_assign(peer, now).first) {}
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { map_.erase(at_); }

private:
    Map& map_;
    Map::iterator at_;
};

} // namespace

PeerSearch::PeerSearch(net::dht::Dht& dht, net::dht::ProviderStore& store, net::Host& host,
                       const Cid& manifest, PeerSearchOptions options)
    : dht_(dht), store_(store), host_(host), loop_(host.loop()), manifest_(manifest),
      options_(std::move(options)), random_(options_.seed),
      book_(options_.book != nullptr ? *options_.book : own_book_), may_make_(options_.made),
      counting_since_(loop_.now()), dials_(loop_, [](const std::exception_ptr& /*thrown*/) {}),
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

std::size_t PeerSearch::giving() const {
    return fetch_ != nullptr ? fetch_->giving() : 0;
}

/// For some time; and as long as nobody gives anything, and others may be known than were told of.
bool PeerSearch::is_frequent() const {
    const std::size_t giving_now = giving();
    const bool is_told_of_some = by_chance_ && barren_ < kBarrenRounds;
    return giving_now < options_.enough &&
           (rounds_ <= kFrequentRounds || (giving_now == 0 && is_told_of_some));
}

/// Tells the book what has come since it was told last. Who has gone, or turned out to be of no
/// use, leaves its place to another: of many that are said to have something some give nothing.
void PeerSearch::learn() {
    std::erase_if(made_, [this](const net::PeerId& peer) { return !host_.connection(peer); });
    if (fetch_ == nullptr)
        return;
    for (const exchange::FetchPeer& peer : fetch_->status().peers) {
        const auto [at, is_new] = learned_.try_emplace(peer.id, exchange::FetchPeer{peer.id});
        exchange::FetchPeer& told = at->second;
        exchange::FetchPeer since{peer.id};
        since.blocks = peer.blocks - std::min(peer.blocks, told.blocks);
        since.wrong = peer.wrong - std::min(peer.wrong, told.wrong);
        since.late = peer.late - std::min(peer.late, told.late);
        since.rate = peer.rate;
        book_.gave(since, loop_.now());
        if (since.wrong != 0 || (since.late != 0 && peer.blocks == 0))
            made_.erase(peer.id);
        told.blocks = peer.blocks;
        told.wrong = peer.wrong;
        told.late = peer.late;
    }
}

void PeerSearch::end_watch() {
    learn();
    fetch_ = nullptr;
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
        const Clock::Instant late = began + self->options_.long_pause;
        do {
            self->learn();
            self->dial_some();
            const Clock::Instant then = std::min(self->next_search(next, late), self->next_dial());
            const Clock::Instant look = std::min(then, self->loop_.now() + self->look_again());
            co_await one_ended.wait(look);
        } while (self->loop_.now() < self->next_search(next, late));
        // One that was put off is none of those that come early.
        is_round = is_round || self->loop_.now() >= round_began + self->options_.pause;
        if (is_round)
            round_began = self->loop_.now();
    }
}

/// Nobody is searched for who would not be dialled: as many have been reached as may be for now,
/// or enough give something, for as long as they do, up to `late`.
Clock::Instant PeerSearch::next_search(Clock::Instant due, Clock::Instant late) const {
    if (giving() >= options_.enough)
        return std::max(due, late);
    return made_.size() >= may_make_ ? std::max(due, counts_until()) : due;
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
    for (const FoundProvider& provider : found) {
        const bool is_new =
            known_.size() < kMostKnown && known_.insert(provider.record.peer).second;
        any_new = any_new || is_new;
        auto& waiting = is_new && untried_.size() < kMostWaiting ? untried_ : again_;
        waiting.push_back(candidate(provider.record));
    }
    if (any_new)
        barren_ = 0;
    else if (is_round)
        ++barren_;
    sort_untried();
}

/// Who gave well comes first, the fastest in front, and who did not, last; between them it stays
/// the order of chance.
void PeerSearch::sort_untried() {
    std::ranges::stable_sort(untried_, [this](const Candidate& a, const Candidate& b) {
        const PeerBook::Standing is = book_.standing(a.peer);
        const PeerBook::Standing other = book_.standing(b.peer);
        return is != other
                   ? is < other
                   : is == PeerBook::Standing::good && book_.rate(a.peer) > book_.rate(b.peer);
    });
}

std::size_t PeerSearch::just_dialled() const {
    const Clock::Instant since = loop_.now() - options_.stagger;
    return static_cast<std::size_t>(
        std::ranges::count_if(dialling_, [&](const auto& one) { return one.second > since; }));
}

/// How long it may be unknown that another one may be dialled in the place of one that was reached.
Clock::Duration PeerSearch::look_again() const {
    const bool any_waits = !untried_.empty() || !again_.empty();
    return any_waits && made_.size() >= may_make_ ? options_.first_pause : options_.pause;
}

/// When another one may be dialled because nothing has come of one that is being dialled.
Clock::Instant PeerSearch::next_dial() const {
    Clock::Instant next = Clock::Instant::max();
    if (untried_.empty() && again_.empty())
        return next;
    if (made_.size() + just_dialled() >= may_make_)
        next = counts_until();
    for (const auto& [peer, since] : dialling_)
        if (since + options_.stagger > loop_.now())
            next = std::min(next, since + options_.stagger);
    return next;
}

/// Who has failed here has a pause. One that another fetch gave up is tried once all the same where
/// nobody gives anything: it may be back, and whoever wants this knows nothing of that other one.
bool PeerSearch::may_dial(const net::PeerId& peer, std::size_t giving) const {
    if (host_.connection(peer) || dialling_.contains(peer))
        return false;
    return book_.may_dial(peer, loop_.now()) || (giving == 0 && !tried_.contains(peer));
}

/// Of many that begin together most have nothing yet, and will have it soon: those are reached
/// already.
Clock::Instant PeerSearch::counts_until() const {
    return counting_since_ + (giving() == 0 ? 1 : 2) * options_.pause;
}

void PeerSearch::count_anew(std::size_t giving) {
    if (loop_.now() < counts_until())
        return;
    counting_since_ = loop_.now();
    made_.clear();
    may_make_ = giving == 0 ? std::min(2 * may_make_, kMostKnown) : options_.made;
}

/// As many as may be. Those that are tried again wait no longer than for the next search. Where
/// nobody answers takes no turn of others: after a moment more are dialled beside.
void PeerSearch::dial_some() {
    const std::size_t giving_now = giving();
    count_anew(giving_now);
    for (auto* const waiting : {&untried_, &again_})
        while (!waiting->empty() && giving_now + just_dialled() < options_.at_once &&
               made_.size() + just_dialled() < may_make_ && dials_.size() < options_.dials) {
            Candidate next = std::move(waiting->front());
            waiting->pop_front();
            if (may_dial(next.peer, giving_now))
                dials_.start(dial(this, std::move(next)));
        }
    held_back_ = dials_.size() == 0 && !untried_.empty() && giving_now >= options_.at_once;
}

PeerSearch::Candidate PeerSearch::candidate(const net::PeerRecord& record) const {
    Candidate to{record.peer, {}, false};
    for (const net::Multiaddr& address : record.addresses) {
        const auto endpoint = address.tcp_endpoint();
        // A name is looked up only where a user has typed it.
        if (to.addresses.size() < kMostAddresses && endpoint && !endpoint->ip.empty() &&
            endpoint->port != 0 && !address.is_unspecified() && !address.peer() &&
            (options_.loopback || !address.is_loopback()))
            to.addresses.push_back(address);
    }
    to.names_none = to.addresses.empty();
    return to;
}

/// One of its addresses. The others wait until all that were found have had a turn, so that whoever
/// names many where nobody answers takes no more of them than others.
Task<void> PeerSearch::dial(PeerSearch* self, Candidate to) {
    const net::PeerId peer = to.peer;
    const Listed listed(self->dialling_, peer, self->loop_.now());
    if (to.names_none) {
        self->failed(peer,
                     {Errc::unavailable, fmt::format("{}: names no address that leads there from "
                                                     "here",
                                                     peer.text())});
        co_return;
    }
    const bool is_good = self->book_.standing(peer) == PeerBook::Standing::good;
    const Clock::Duration patience = is_good ? self->options_.dial : self->options_.dial_unknown;
    std::vector<net::Multiaddr> one(1, std::move(to.addresses.front()));
    to.addresses.erase(to.addresses.begin());
    const Clock::Instant until = self->loop_.now() + patience;
    auto made = co_await self->host_.connect(peer, std::move(one), until);
    if (made) {
        self->made_.insert(peer);
        self->tried_.erase(peer);
        self->book_.reached(peer, self->loop_.now());
        self->options_.logger.info("Dial successful", {{"peerId", log::Id{peer.text()}}});
    } else if (!to.addresses.empty()) {
        self->untried_.push_back(std::move(to));
    } else {
        self->failed(peer, std::move(made).error());
    }
}

void PeerSearch::failed(const net::PeerId& peer, Error error) {
    options_.logger.debug("A peer that is said to have it cannot be reached",
                          {{"peerId", log::Id{peer.text()}}, {"error", error}});
    // What this host has not enough of says nothing about the peer.
    const Errc code = error.code();
    const bool is_ours = code == Errc::connection_limit || code == Errc::out_of_memory ||
                         code == Errc::files_exhausted || code == Errc::no_space;
    if (!is_ours) {
        store_.remove(peer);
        book_.unreachable(peer, loop_.now());
    }
    if (tried_.size() < kMostTried)
        tried_.insert(peer);
    ++failures_;
    last_error_ = std::move(error);
}

} // namespace codex::node
