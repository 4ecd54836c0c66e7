#include "node/keeper.hpp"

#include <algorithm>

namespace codex::node {

namespace {

constexpr Clock::Duration kFirstPause = std::chrono::seconds(1);
constexpr Clock::Duration kLongestPause = std::chrono::minutes(1);
constexpr Clock::Duration kDial = std::chrono::seconds(30);
/// As a connection may end without a word of the host.
constexpr Clock::Duration kLookAgain = std::chrono::seconds(30);
/// Until there may be memory again.
constexpr Clock::Duration kAfterThrown = std::chrono::seconds(1);

} // namespace

struct Keeper::Kept {
    KeptPeer peer;
    bool wanted = true;
    std::string said{}; ///< why it cannot be reached; empty, while it can
};

Keeper::Keeper(net::Host& host, log::Logger logger)
    : host_(host), logger_(std::move(logger)), changed_(host.loop()),
      tasks_(host.loop(), [this](const std::exception_ptr& /*thrown*/) {
          // Not even of that could be told: the next time that peers are named it is kept again.
          logger_.error("a peer is not kept any more", {{"error", Error(Errc::out_of_memory)}});
      }) {}

Keeper::~Keeper() = default;

void Keeper::keep(const std::vector<KeptPeer>& peers) {
    for (const auto& kept : kept_)
        if (std::ranges::find(peers, kept->peer) == peers.end()) {
            kept->wanted = false;
            host_.set_protected(kept->peer.peer, false);
        }
    std::erase_if(kept_, [](const auto& kept) { return !kept->wanted; });
    changed_.notify();
    for (const KeptPeer& peer : peers) {
        if (peer.peer == host_.id()) { // as where all nodes of a group have one list
            logger_.warn("A peer that is to be kept is this node itself",
                         {{"peer", log::Id{peer.peer.text()}}});
            continue;
        }
        if (std::ranges::any_of(kept_, [&](const auto& kept) { return kept->peer == peer; }))
            continue;
        host_.set_protected(peer.peer, true);
        kept_.push_back(std::make_shared<Kept>(Kept{peer}));
        tasks_.start(run(this, kept_.back()));
    }
    for (const auto& kept : kept_) // another address of one that went may have been let go
        host_.set_protected(kept->peer.peer, true);
}

/// As long as the peer is wanted, also where there has been no memory for a while.
Task<void> Keeper::run(Keeper* self, std::shared_ptr<Kept> kept) {
    while (kept->wanted) {
        bool refused = false;
        try {
            co_await keep_one(self, kept);
        } catch (const std::bad_alloc&) {
            refused = true;
        }
        if (refused) {
            self->logger_.warn("a peer is kept again after a while",
                               {{"error", Error(Errc::out_of_memory)}});
            const Clock::Instant next = self->host_.loop().now() + kAfterThrown;
            co_await self->changed_.wait(next);
        }
    }
}

/// Once, until it is another one: what is tried each minute for days is no news each time.
void Keeper::say_failure(Kept& kept, const Error& error, Clock::Duration pause) {
    const bool is_news = kept.said != error.text();
    kept.said = error.text();
    logger_.write(
        is_news ? log::Level::info : log::Level::debug,
        "a peer that is to be kept cannot be reached",
        {{"peer", log::Id{kept.peer.peer.text()}},
         {"error", error},
         {"secondsToTheNextTry", std::chrono::duration_cast<std::chrono::seconds>(pause).count()}});
}

Task<void> Keeper::keep_one(Keeper* self, std::shared_ptr<Kept> kept) {
    Clock::Duration pause = kFirstPause;
    Signal& changed = self->host_.changed();
    while (kept->wanted) {
        if (self->host_.connection(kept->peer.peer)) {
            pause = kFirstPause;
            const Clock::Instant until = self->host_.loop().now() + kLookAgain;
            co_await changed.wait(until);
            continue;
        }
        std::vector<net::Multiaddr> addresses(1, kept->peer.address);
        const Clock::Instant ends = self->host_.loop().now() + kDial;
        const auto connected = co_await self->host_.connect(kept->peer.peer, std::move(addresses),
                                                            ends, net::Redial::at_once);
        if (connected)
            kept->said.clear();
        if (connected || !kept->wanted)
            continue;
        self->say_failure(*kept, connected.error(), pause);
        const Clock::Instant next = self->host_.loop().now() + pause;
        pause = std::min(2 * pause, kLongestPause);
        while (kept->wanted && self->host_.loop().now() < next) {
            co_await self->changed_.wait(next);
        }
    }
}

} // namespace codex::node
