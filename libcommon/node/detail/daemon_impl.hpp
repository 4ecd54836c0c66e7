// The inside of a node that answers, for the files that implement it.
#pragma once

#include "net/connection/host.hpp"
#include "node/daemon.hpp"
#include "node/dht_node.hpp"
#include "node/peer_search.hpp"

#include <list>

namespace codex::node {

namespace detail {

/// A peer and its address, without the peer. Threads: as a value.
struct Target {
    net::PeerId peer;
    net::Multiaddr address;
};

/// Of a multiaddr that names the peer. Errors: multiaddr_invalid.
[[nodiscard]] Result<Target> target_of(const std::string& text);

constexpr std::string_view kWaitsForTurn = "the node is fetching other things";

/// A fetch that somebody waits for. Threads: the loop's, but the progress.
struct Running {
    Running(EventLoop& loop, Cid of) : cid(std::move(of)), changed(loop), moved_at(loop.now()) {}
    Cid cid;
    Progress progress;
    exchange::Fetch* fetch = nullptr;
    bool over = false;
    bool has_turn = true;
    bool is_held = false; ///< it has moved without a turn
    Signal changed;
    /// Bytes that have come, and of how many, as they were noted.
    std::pair<std::uint64_t, std::uint64_t> noted;
    Clock::Instant moved_at; ///< when something of it has come, as far as it was noted

    [[nodiscard]] SoFar so_far() const {
        SoFar now = fetch == nullptr ? SoFar() : so_far_of(fetch->status(), progress);
        if (is_held)
            now.waiting = kWaitsForTurn;
        return now;
    }
    void note(Clock::Instant now) {
        const std::pair<std::uint64_t, std::uint64_t> bytes(progress.done_bytes,
                                                            progress.total_bytes);
        if (bytes != noted)
            moved_at = now;
        noted = bytes;
    }
};

} // namespace detail

/// Threads: the loop's.
class Daemon::Impl {
public:
    Impl(exchange::Peers& of_peers, const exchange::Server& of_server, repo::Repo& of_repo,
         Executor& of_executor, DaemonOptions given)
        : peers(of_peers), host(*of_peers.host()), loop(host.loop()), server(of_server),
          repo(of_repo), executor(of_executor), options(std::move(given)), freed(loop) {}

    static Task<Result<void>> about(Impl* self, Conversation* with);
    static Task<Result<void>> say_peers(Impl* self, Conversation* with);
    static Task<Result<void>> say_limits(Impl* self, Conversation* with);
    static Task<Result<void>> connect(Impl* self, Request request);
    static Task<Result<void>> say_record(Impl* self, Conversation* with);
    static Task<Result<void>> find(Impl* self, Request request, Conversation* with);
    static Task<Result<void>> provide(Impl* self, Request request, Conversation* with);
    static Task<Result<void>> ping(Impl* self, Request request, Conversation* with);
    [[nodiscard]] std::size_t share_turns();
    [[nodiscard]] bool may_begin(const Cid& cid);
    static Task<Result<void>> wait_for_turn(Impl* self, Conversation* with, Cid cid,
                                            Clock::Instant until);
    static Task<Result<void>> fetch(Impl* self, Request request, std::optional<PartOf> part,
                                    Conversation* with);
    static Task<Result<void>> say_status(Conversation* with, SoFar all,
                                         exchange::FetchStatus status);
    static Task<void> tell(Impl* self, Conversation* with, detail::Running* running);
    static Task<Result<void>> reload(Impl* self, Conversation* with);
    static Task<Result<void>> stop(Impl* self);

    [[nodiscard]] Clock::Instant in(std::uint64_t seconds) const {
        return Deadline::after_seconds(loop.clock(), seconds).at();
    }
    [[nodiscard]] Result<exchange::FetchOptions> fetch_options(const Request& request,
                                                               std::optional<PartOf> part);
    [[nodiscard]] std::unique_ptr<PeerSearch> search_for(const Cid& manifest,
                                                         exchange::FetchOptions& how);
    [[nodiscard]] PeerRow row(const net::Connection& connection) const;

    exchange::Peers& peers;
    net::Host& host;
    EventLoop& loop;
    const exchange::Server& server;
    repo::Repo& repo;
    Executor& executor;
    DaemonOptions options;
    std::list<detail::Running*> fetches;
    PeerBook book; ///< of all fetches
    About shown;   ///< where it is asked over HTTP
    bool ending = false;
    Signal freed; ///< a fetch has ended
};

} // namespace codex::node
