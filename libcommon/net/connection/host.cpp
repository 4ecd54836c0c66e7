#include "net/connection/host.hpp"

#include <algorithm>

namespace codex::net {

namespace {

/// Until descriptors may be free again.
constexpr Clock::Duration kAcceptPause = std::chrono::milliseconds(100);
/// A connection that was used within this time is not closed for another.
constexpr Clock::Duration kFresh = std::chrono::seconds(30);

Multiaddr multiaddr_of(const SocketAddress& address) {
    return Multiaddr::tcp(address.ip_view(), address.port);
}

} // namespace

/// A connection of which it is not known yet with whom it is, and which may be given up for another
/// one as long as that is so.
class Host::Admission {
public:
    Admission(Host& host, Socket& socket)
        : host_(host), socket_(&socket), from_(socket.remote()), ip_(from_.ip_view(), 0) {
        auto& of_ip = host_.unauthenticated_of_[ip_]; // first, for it may throw
        at_ = host_.unauthenticated_.insert(host_.unauthenticated_.end(), this);
        ++of_ip;
    }
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;
    ~Admission() {
        over();
        leave_ip();
    }

    /// It is known, or the connection is no more: the socket may be gone.
    void over() {
        if (std::exchange(socket_, nullptr) != nullptr)
            host_.unauthenticated_.erase(at_);
    }
    /// Closes the socket; whoever waits for it goes on.
    void give_up(Limit limit) {
        Socket* const socket = socket_;
        over();
        leave_ip();
        host_.counts_.hit(limit, from_.text());
        socket->close();
    }
    [[nodiscard]] const SocketAddress& ip() const { return ip_; }

private:
    void leave_ip() {
        const auto of_ip =
            counts_for_ip_ ? host_.unauthenticated_of_.find(ip_) : host_.unauthenticated_of_.end();
        counts_for_ip_ = false;
        if (of_ip != host_.unauthenticated_of_.end() && --of_ip->second == 0)
            host_.unauthenticated_of_.erase(of_ip);
    }

    Host& host_;
    Socket* socket_;
    SocketAddress from_;
    SocketAddress ip_;
    bool counts_for_ip_ = true;
    std::list<Admission*>::iterator at_;
};

Host::Host(SecretKey identity, noise::KeyPair statics, Network& network, SecretRandom& random,
           HostOptions options)
    : loop_(network.loop()), network_(network), random_(random), options_(std::move(options)),
      identity_(std::move(identity)), statics_(std::move(statics)),
      proof_(noise::identity_proof(identity_, statics_)), id_(identity_.public_key()),
      security_{std::string(kNoise)}, counts_(loop_.clock(), options_.logger),
      budget_(options_.limits.network_bytes), changed_(loop_),
      tasks_(loop_, [this](const std::exception_ptr& thrown) { task_threw(thrown); }) {
    serve(std::string(identify::kIdentify), 2,
          [this](Stream stream) { return serve_identify(this, std::move(stream)); });
    serve(std::string(identify::kIdentifyPush), 2,
          [this](Stream stream) { return serve_push(this, std::move(stream)); });
    serve(std::string(identify::kPing), 2,
          [this](Stream stream) { return serve_ping(this, std::move(stream)); });
}

Host::~Host() = default;

Result<std::unique_ptr<Host>> Host::make(SecretKey identity, Network& network, SecretRandom& random,
                                         HostOptions options) {
    CODEX_TRY(statics, noise::KeyPair::generate(random));
    return std::unique_ptr<Host>(
        new Host(std::move(identity), std::move(statics), network, random, std::move(options)));
}

void Host::serve(std::string protocol, std::size_t streams_per_peer, Handler handler) {
    protocols_.push_back(protocol);
    served_.emplace(std::move(protocol), Served{streams_per_peer, std::move(handler)});
}

// --- accepting ----------------------------------------------------------------------------------

Result<void> Host::listen(const Multiaddr& at) {
    const auto endpoint = at.tcp_endpoint();
    if (!endpoint || endpoint->ip.empty())
        return fail(Errc::argument_invalid, "{}: not an IP address and a TCP port", at.text());
    CODEX_TRY(acceptor, network_.listen(SocketAddress(endpoint->ip, endpoint->port)));
    acceptors_.emplace_back(std::move(acceptor));
    tasks_.start(accept_loop(this, acceptors_.back()));
    return {};
}

std::vector<SocketAddress> Host::bound() const {
    std::vector<SocketAddress> all;
    for (const auto& acceptor : acceptors_)
        all.push_back(acceptor->local());
    return all;
}

std::vector<Multiaddr> Host::addresses() const {
    std::vector<Multiaddr> all;
    for (const auto& acceptor : acceptors_) {
        const SocketAddress at = acceptor->local();
        const Multiaddr address = multiaddr_of(at);
        if (!address.is_unspecified()) {
            all.push_back(address);
            continue;
        }
        const auto interfaces = network_.interfaces();
        if (!interfaces)
            continue;
        for (SocketAddress one : *interfaces) {
            one.port = at.port;
            if (one.ip_bytes == at.ip_bytes)
                all.push_back(multiaddr_of(one));
        }
    }
    return all;
}

/// Goes on whatever one connection does to it.
Task<void> Host::accept_loop(Host* host, std::shared_ptr<Acceptor> acceptor) {
    for (;;) {
        bool refused = true;
        try {
            const auto accepted = co_await accept_next(host, acceptor.get());
            if (!accepted && accepted.error().code() == Errc::cancelled)
                co_return;
            refused = !accepted;
            if (refused && accepted.error().code() == Errc::files_exhausted)
                host->counts_.hit(Limit::descriptors, accepted.error().text());
            else if (refused)
                host->options_.logger.warn("cannot take a connection",
                                           {{"error", accepted.error()}});
        } catch (...) {
            host->task_threw(std::current_exception());
        }
        if (refused) {
            co_await host->loop_.pause_until(host->loop_.now() + kAcceptPause);
        }
    }
}

/// Errors: those of Acceptor::accept().
Task<Result<void>> Host::accept_next(Host* host, Acceptor* acceptor) {
    auto socket = co_await acceptor->accept();
    if (!socket)
        co_return fail(std::move(socket.error()));
    if (host->admits(**socket))
        host->tasks_.start(accept_one(host, std::move(*socket)));
    co_return Result<void>();
}

void Host::task_threw(const std::exception_ptr& thrown) noexcept {
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

bool Host::admits(const Socket& socket) {
    const HostLimits& limits = options_.limits;
    const SocketAddress from = socket.remote();
    const Multiaddr address = multiaddr_of(from);
    const SocketAddress ip(from.ip_view(), 0);
    const auto of_ip = unauthenticated_of_.find(ip);
    if (!address.is_loopback() && !address.is_private() && of_ip != unauthenticated_of_.end() &&
        of_ip->second >= limits.unauthenticated_per_ip) {
        const auto oldest = std::find_if(unauthenticated_.begin(), unauthenticated_.end(),
                                         [&](const auto* other) { return other->ip() == ip; });
        if (oldest == unauthenticated_.end()) { // all have proved who they are
            counts_.hit(Limit::unauthenticated_ip, from.text());
            return false;
        }
        (*oldest)->give_up(Limit::unauthenticated_ip);
    }
    make_room_for_strangers();
    return true;
}

/// Those that came first have had the most time to say who they are: who only waits, and means to
/// keep others out, is one of them.
void Host::make_room_for_strangers() {
    while (!unauthenticated_.empty() && unauthenticated_.size() >= options_.limits.unauthenticated)
        unauthenticated_.front()->give_up(Limit::unauthenticated);
}

UpgradeOptions Host::upgrade_options(mux::Side side, std::optional<PeerId> expected) const {
    UpgradeOptions options;
    options.side = side;
    options.proof = proof_;
    options.statics = &statics_;
    options.random = &random_;
    options.security = &security_;
    options.muxers = &options_.muxers;
    options.expected = std::move(expected);
    options.noise_until = loop_.now() + options_.limits.noise;
    options.until = loop_.now() + options_.limits.upgrade;
    return options;
}

Task<void> Host::accept_one(Host* host, std::unique_ptr<Socket> socket) {
    const SocketAddress from = socket->remote();
    Admission admission(*host, *socket);
    const UpgradeOptions options = host->upgrade_options(mux::Side::listener, std::nullopt);
    auto upgraded = co_await upgrade(std::move(socket), &options);
    admission.over();
    if (!upgraded) {
        ++host->traffic_.upgrades_failed_in;
        if (upgraded.error().code() == Errc::timeout)
            host->counts_.hit(Limit::upgrade_time, from.text());
        host->options_.logger.debug("a connection failed",
                                    {{"from", from.text()}, {"error", upgraded.error()}});
        co_return;
    }
    const auto added = host->add(std::move(*upgraded));
    if (!added)
        host->options_.logger.debug("a connection was refused", {{"error", added.error()}});
}

// --- the table ----------------------------------------------------------------------------------

std::size_t Host::connection_count() const {
    std::size_t count = 0;
    for (const auto& [id, peer] : peers_)
        count += peer.connections.size();
    return count;
}

/// Room for one more connection, where that is to be had.
bool Host::make_room() {
    if (connection_count() < options_.limits.connections)
        return true;
    std::shared_ptr<Connection> idlest;
    for (const auto& [id, peer] : peers_)
        for (const auto& connection : peer.connections)
            if (!protected_.contains(id) && connection->streams() == 0 &&
                loop_.now() - connection->last_traffic() >= kFresh &&
                (!idlest || connection->last_traffic() < idlest->last_traffic()))
                idlest = connection;
    if (!idlest)
        return false;
    counts_.hit(Limit::evicted, idlest->peer().text());
    idlest->close("another one needed its place");
    return true;
}

Result<std::shared_ptr<Connection>> Host::add(Upgraded upgraded) {
    const PeerId peer(upgraded.secured.peer_key);
    if (peer == id_)
        return fail(Errc::argument_invalid, "{} is this node itself", peer.text());
    const auto found = peers_.find(peer);
    if (found != peers_.end() &&
        found->second.connections.size() >= options_.limits.connections_per_peer) {
        counts_.hit(Limit::peer_connections, peer.text());
        return fail(Errc::connection_limit, "{} has {} already", peer.text(),
                    "as many connections as it may");
    }
    if (!make_room()) {
        counts_.hit(Limit::connections, peer.text());
        return fail(Errc::connection_limit, "as many connections are open as may be");
    }
    ConnectionOwner& owner = *this;
    auto connection = std::make_shared<Connection>(std::move(upgraded), loop_, owner,
                                                   options_.limits, counts_, budget_);
    try {
        peers_[peer].connections.push_back(connection);
        tasks_.start(Connection::write_loop(connection));
        tasks_.start(ask_identify(this, connection));
        tasks_.start(Connection::read_loop(connection));
    } catch (...) { // it is not to stay with half of what runs it
        connection->close("no memory to begin it");
        throw;
    }
    changed_.notify();
    return connection;
}

void Host::connection_closed(Connection& connection) noexcept {
    const auto found = peers_.find(connection.peer());
    if (found == peers_.end())
        return;
    // The table is not the last to have it: its coroutines are.
    std::erase_if(found->second.connections,
                  [&connection](const auto& one) { return one.get() == &connection; });
    if (found->second.connections.empty())
        peers_.erase(found);
    changed_.notify();
}

/// The stream that holds most goes, whosever it is.
void Host::hold_less() {
    std::shared_ptr<Connection> most;
    for (const auto& [id, peer] : peers_)
        for (const auto& connection : peer.connections)
            if (!most || connection->unread_bytes() > most->unread_bytes())
                most = connection;
    if (most)
        most->reset_unread(Limit::network_bytes);
}

void Host::may_hold_more() noexcept {
    for (const auto& [id, peer] : peers_)
        for (const auto& connection : peer.connections)
            connection->room_again();
}

std::shared_ptr<Connection> Host::connection(const PeerId& peer) const {
    const auto found = peers_.find(peer);
    return found == peers_.end() ? nullptr : found->second.connections.front();
}

const identify::Identify* Host::said_by(const PeerId& peer) const {
    const auto found = peers_.find(peer);
    return found == peers_.end() || !found->second.said ? nullptr : &*found->second.said;
}

std::vector<std::shared_ptr<Connection>> Host::connections() const {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [id, peer] : peers_)
        all.insert(all.end(), peer.connections.begin(), peer.connections.end());
    return all;
}

std::array<std::size_t, kAgentCount> Host::agents() const {
    std::array<std::size_t, kAgentCount> counts{};
    for (const auto& [id, peer] : peers_) {
        const Agent agent =
            peer.said ? agent_of(peer.said->agent_version.value_or("")) : Agent::unknown;
        ++counts[static_cast<std::size_t>(agent)];
    }
    return counts;
}

void Host::set_limits(const HostLimits& limits) {
    options_.limits = limits;
    if (budget_.set_most(limits.network_bytes))
        may_hold_more();
}

void Host::set_protected(const PeerId& peer, bool is_protected) {
    if (is_protected)
        protected_.insert(peer);
    else
        protected_.erase(peer);
}

} // namespace codex::net
