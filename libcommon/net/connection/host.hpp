// A node on the network: whom it is connected with, what it serves, and what it knows of them.
#pragma once

#include "net/address/multiaddr.hpp"
#include "net/connection/connection.hpp"
#include "net/connection/dial_pauses.hpp"
#include "net/identify/identify.hpp"
#include "net/mux/mplex_frame.hpp"
#include "net/mux/yamux_frame.hpp"

#include <functional>
#include <list>
#include <map>
#include <set>

namespace codex::net {

/// Serves one stream; its protocol is agreed on. The stream goes with the task.
using Handler = std::function<Task<void>(Stream stream)>;

/// Whether an address that failed a moment ago is tried again: a user who asks for it may want to.
enum class Redial : std::uint8_t { after_a_pause, at_once };

struct HostOptions {
    std::string agent = "codex";
    /// In the order in which they are proposed.
    std::vector<std::string> muxers = {std::string(mux::kMplex), std::string(mux::kYamux)};
    HostLimits limits;
    /// The number of the last record of its addresses that this identity has signed, where one is
    /// known: peers keep the record with the highest.
    std::uint64_t record_sequence = 0;
    SequenceKeeper record_signed{}; ///< is called in the loop's thread
    log::Logger logger;
};

/// Destroyed from outside of its tasks, it drops everything. What a task of its own throws, for
/// want of memory or by a mistake, ends the connection or the stream that it is for, counts as
/// `memory` or `fault`, and is said in the log; what it throws into tasks of others is theirs.
/// Threads: the loop's.
class Host final : private ConnectionOwner {
public:
    /// `network`, its loop and `random` outlive it. Errors: those of fill().
    [[nodiscard]] static Result<std::unique_ptr<Host>>
    make(SecretKey identity, Network& network, SecretRandom& random, HostOptions options = {});
    ~Host() override;

    [[nodiscard]] const PeerId& id() const { return id_; }
    [[nodiscard]] EventLoop& loop() const { return loop_; }

    /// Before the first connection: what is served from then on, to each peer at most
    /// `streams_per_peer` at a time, and no more than HostLimits::protocol_streams. identify, its
    /// push and ping are.
    void serve(std::string protocol, std::size_t streams_per_peer, Handler handler);

    /// Takes connections at an address of TCP. Errors: argument_invalid, for another; those of
    /// Network::listen().
    [[nodiscard]] Result<void> listen(const Multiaddr& at);
    /// Where it listens, with the ports that it got.
    [[nodiscard]] std::vector<SocketAddress> bound() const;
    /// Where it is reached, as far as that is known here: each interface where it listens on all,
    /// without /p2p.
    [[nodiscard]] std::vector<Multiaddr> addresses() const;
    /// Where others reach it, without /p2p, as somebody has found out: peers are told of these
    /// first, and of addresses() behind them; those that want to know it now, where they are others
    /// than before.
    void announce(std::vector<Multiaddr> addresses);

    /// The connection with `peer` that is there, the oldest, or a new one: addresses are tried in
    /// order, those of a host name, too, and two that want the same peer wait for one dial. One
    /// that failed a moment ago fails again without being tried (codex-libp2p(7), LIMITS). Errors:
    /// argument_invalid, for oneself; connection_limit; those of the last address (unsupported,
    /// unavailable, timeout, peer_wrong ...), which names it.
    [[nodiscard]] Task<Result<std::shared_ptr<Connection>>>
    connect(PeerId peer, std::vector<Multiaddr> addresses, Clock::Instant until,
            Redial redial = Redial::after_a_pause);
    /// A stream with a peer that is connected. Errors: not_found, when it is not; those of
    /// Connection::open() and Stream::propose().
    [[nodiscard]] Task<Result<Stream>> open(PeerId peer, std::vector<std::string> protocols,
                                            Clock::Instant until);
    /// How long a peer that is connected takes to echo 32 bytes. Errors: of open(); ping_invalid,
    /// for other bytes.
    [[nodiscard]] Task<Result<Clock::Duration>> ping(PeerId peer, Clock::Instant until);
    /// Tells all peers that want to know it what is served, and where.
    void push();

    [[nodiscard]] std::shared_ptr<Connection> connection(const PeerId& peer) const;
    /// What the peer says about itself, as long as it is connected; nothing before it has.
    [[nodiscard]] const identify::Identify* said_by(const PeerId& peer) const;
    [[nodiscard]] std::vector<std::shared_ptr<Connection>> connections() const;
    /// Is told when a connection comes, goes, or a peer has said something about itself.
    [[nodiscard]] Signal& changed() { return changed_; }
    /// A peer whose connections are not closed to make room for others.
    void set_protected(const PeerId& peer, bool is_protected);
    /// They hold from now on, but those of streams and muxers for connections that come later; what
    /// is there already stays.
    void set_limits(const HostLimits& limits);
    [[nodiscard]] const LimitCounts& limit_counts() const { return counts_; }
    /// For who serves something beside it, and is to be counted with it.
    [[nodiscard]] LimitCounts& limit_counts() { return counts_; }
    /// For protocols: a limit of theirs bit; `whom` is the peer.
    void count_limit(Limit limit, std::string_view whom) { counts_.hit(limit, whom); }
    /// What went over its connections, and what became of those that were tried.
    [[nodiscard]] const HostTraffic& traffic() const { return traffic_; }
    /// How many peers say that they are each of these; those that have said nothing are unknown.
    [[nodiscard]] std::array<std::size_t, kAgentCount> agents() const;
    /// What is served, in the order of serve().
    [[nodiscard]] const std::vector<std::string>& protocols() const { return protocols_; }
    /// Peers that are connected.
    [[nodiscard]] std::size_t peer_count() const { return peers_.size(); }
    /// Bytes that all connections hold: that came and nobody has consumed, and sealed ones.
    [[nodiscard]] std::size_t held_bytes() const { return budget_.held(); }

private:
    struct Served {
        std::size_t streams_per_peer;
        Handler handler;
    };
    struct Peer {
        std::vector<std::shared_ptr<Connection>> connections; ///< the oldest first
        std::optional<identify::Identify> said;
    };
    static constexpr std::ptrdiff_t kMostAddressesOfAName = 8;
    class Admission;
    class Serving;

    Host(SecretKey identity, noise::KeyPair statics, Network& network, SecretRandom& random,
         HostOptions options);

    void stream_opened(Stream stream) override;
    void connection_closed(Connection& connection) noexcept override;
    void hold_less() override;
    void may_hold_more() noexcept override;
    [[nodiscard]] HostTraffic& ledger() noexcept override { return traffic_; }
    void task_threw(const std::exception_ptr& thrown) noexcept;

    static Task<void> accept_loop(Host* host, std::shared_ptr<Acceptor> acceptor);
    static Task<Result<void>> accept_next(Host* host, Acceptor* acceptor);
    static Task<void> accept_one(Host* host, std::unique_ptr<Socket> socket);
    [[nodiscard]] static Task<Result<std::shared_ptr<Connection>>>
    dial_one(Host* host, PeerId peer, SocketAddress address, Clock::Instant until, Redial redial);
    [[nodiscard]] static Task<Result<Upgraded>>
    dial_and_upgrade(Host* host, PeerId peer, SocketAddress address, Clock::Instant until);
    [[nodiscard]] static Task<Result<std::vector<SocketAddress>>>
    look_up(Host* host, TcpEndpoint endpoint, Clock::Instant until);
    static Task<void> serve_stream(Host* host, Stream stream);
    static Task<void> ask_identify(Host* host, std::shared_ptr<Connection> connection);
    static Task<void> push_to(Host* host, PeerId peer);
    static Task<void> serve_identify(Host* host, Stream stream);
    static Task<void> serve_push(Host* host, Stream stream);
    static Task<void> serve_ping(Host* host, Stream stream);

    [[nodiscard]] UpgradeOptions upgrade_options(mux::Side side,
                                                 std::optional<PeerId> expected) const;
    [[nodiscard]] bool admits(const Socket& socket);
    void make_room_for_strangers();
    [[nodiscard]] const Bytes& record_of(const std::vector<Multiaddr>& addresses);
    [[nodiscard]] bool make_room();
    [[nodiscard]] std::size_t connection_count() const;
    [[nodiscard]] Result<std::shared_ptr<Connection>> add(Upgraded upgraded);
    [[nodiscard]] std::vector<Multiaddr> told_addresses() const;
    [[nodiscard]] Bytes about_us(const Connection& connection);
    void learn(const Connection& connection, identify::Identify said);

    EventLoop& loop_;
    Network& network_;
    SecretRandom& random_;
    HostOptions options_;
    SecretKey identity_;
    noise::KeyPair statics_;
    Bytes proof_; ///< that they are ours
    PeerId id_;
    std::vector<std::string> security_;
    std::vector<std::string> protocols_; ///< in the order of serve()
    std::map<std::string, Served, std::less<>> served_;
    LimitCounts counts_;
    ByteBudget budget_;
    HostTraffic traffic_;
    std::vector<std::shared_ptr<Acceptor>> acceptors_;
    std::vector<Multiaddr> announced_;
    std::map<PeerId, Peer> peers_;
    std::set<PeerId> protected_;
    std::set<PeerId> dialling_;
    DialPauses pauses_;
    std::map<std::pair<PeerId, std::string>, std::size_t> serving_;
    std::size_t streams_serving_ = 0;
    std::list<Admission*> unauthenticated_;   ///< the oldest first
    Bytes record_;                            ///< signed, with options_.record_sequence
    std::vector<Multiaddr> record_addresses_; ///< that are in it
    std::map<SocketAddress, std::size_t> unauthenticated_of_;
    Signal changed_;
    TaskGroup tasks_; ///< the first to go: tasks use all of the above
};

} // namespace codex::net
