// Messages between nodes of the DHT, without a socket: datagrams go in and come out, and the rest
// follows from them and the time (codex-dht(7), SESSIONS).
#pragma once

#include "base/clock.hpp"
#include "net/dht/detail/expiring_map.hpp"
#include "net/dht/handshake.hpp"
#include "net/dht/message.hpp"
#include "net/dht/record.hpp"
#include "net/dht/sessions.hpp"

#include <deque>

namespace codex::net::dht {

/// Whom to send to. Threads: as a number.
struct Contact {
    Endpoint endpoint;
    PublicKey key; ///< of secp256k1, whose id is that of the endpoint
};

/// What is kept of a node's record, as far as sessions need it.
struct KnownNode {
    PublicKey key;
    std::uint64_t sequence = 0;
};

/// The nodes whose records are known.
/// Threads: those of whoever asks.
class KnownNodes {
public:
    virtual ~KnownNodes() = default;
    [[nodiscard]] virtual std::optional<KnownNode> find(const Id& id) const = 0;
};

/// Counts are not 0. Where one is reached, the oldest makes room.
struct TransportLimits {
    std::size_t sessions = 256;
    std::size_t challenges = 1024;      ///< that were sent and not answered
    std::size_t requests = 1024;        ///< that were sent and may be challenged
    std::size_t calls = 256;            ///< nodes that a challenge is waited for from
    std::size_t messages_per_call = 16; ///< that wait for it; beyond, they are refused
    Clock::Duration challenge = std::chrono::milliseconds(500);
    Clock::Duration request = std::chrono::seconds(1);
    /// Longer than others hold a challenge: while they do, they pass over a second call.
    Clock::Duration call = std::chrono::milliseconds(600);
};

/// Longest message that fits into a datagram with a header, that of a handshake, too.
constexpr std::size_t kMaxPlainBytes = 60000;

struct Datagram {
    SocketAddress to;
    Bytes bytes;
};

/// A message, and that it comes from this node at this address is proved.
struct Received {
    Endpoint from;
    Message message;
};

/// What follows from a call.
struct Output {
    std::vector<Datagram> datagrams; ///< to send, in this order
    std::vector<Received> messages;
    /// Of nodes that proved to be where their records say.
    std::vector<NodeRecord> learned;
};

/// Who is challenged, what is sealed with which key, and what has to wait for a key. What answers a
/// datagram whose sender is not proved is no longer than it; only who repeats a number that was
/// sent to him gets more. Threads: one at a time.
class Transport {
public:
    /// All of these outlive it.
    Transport(const SecretKey& identity, SecretRandom& random, const KnownNodes& known,
              const TransportLimits& limits = {});

    /// This node's own record, which others are told in handshakes; called before the first
    /// message, and when it changes.
    void set_record(Bytes envelope, std::uint64_t sequence);
    [[nodiscard]] const Id& id() const { return id_; }

    /// Takes a datagram. Errors, after which all is as before: malformed, protobuf_invalid,
    /// limit_exceeded (no packet for this node; no message); peer_wrong (it answers nothing; its
    /// sender cannot prove who it is); record_invalid. And io, without randomness.
    [[nodiscard]] Result<Output> receive(BytesView datagram, const SocketAddress& from,
                                         Clock::Instant now);
    /// The same of a packet that open_packet() has given, for id().
    [[nodiscard]] Result<Output> receive(const Packet& packet, const SocketAddress& from,
                                         Clock::Instant now);
    /// Sends a request: at once, or in the handshake that this begins, or behind it. Errors:
    /// limit_exceeded, when as many wait for that node as may, or the message is longer than
    /// kMaxPlainBytes; io, without randomness.
    [[nodiscard]] Result<Output> send(const Contact& to, const Message& request,
                                      Clock::Instant now);
    /// Sends the answer to a message that has come from there. Errors: unavailable, when the keys
    /// have gone since then; limit_exceeded; io.
    [[nodiscard]] Result<Output> reply(const Endpoint& to, const Message& answer);
    /// Lets go what is over by now, and calls again where messages wait. Errors: io.
    [[nodiscard]] Result<Output> tick(Clock::Instant now);
    /// When tick() has something to do next.
    [[nodiscard]] std::optional<Clock::Instant> next_tick() const;

    /// What it holds, for those who count it.
    struct Held {
        std::size_t sessions, challenges, requests, calls;
    };
    [[nodiscard]] Held held() const;
    [[nodiscard]] bool has_session(const Endpoint& with) const { return sessions_.has(with); }
    [[nodiscard]] const Sessions::Counts& session_counts() const { return sessions_.counts(); }

private:
    struct Challenge {
        Bytes header;                 ///< that keys are derived from
        std::optional<PublicKey> key; ///< of the node, where it was known
    };
    struct Request {
        Contact to;
        Bytes message;
    };
    /// A packet that no key is there for was sent, for the node to challenge it.
    struct Waiting {
        Bytes message;
        Clock::Instant until;
    };
    struct Call {
        Contact to;
        std::deque<Waiting> waiting;
    };
    /// What no two packets have in common.
    struct Fresh {
        Nonce nonce{};
        MaskingIv masking_iv{};
    };

    [[nodiscard]] Result<void> receive_ordinary(const Packet& packet, const Endpoint& from,
                                                Clock::Instant now, Output& out);
    [[nodiscard]] Result<void> receive_challenge(const Packet& packet, const SocketAddress& from,
                                                 Clock::Instant now, Output& out);
    [[nodiscard]] Result<void> receive_handshake(const Packet& packet, const Endpoint& from,
                                                 Clock::Instant now, Output& out);
    [[nodiscard]] Result<void> challenge(const Packet& packet, const Endpoint& whom,
                                         Clock::Instant now, Output& out);
    [[nodiscard]] Result<void> answer_challenge(const Packet& packet, const Request& request,
                                                Output& out);
    [[nodiscard]] Result<void> call(const Contact& to, std::deque<Waiting> waiting,
                                    Clock::Instant now, Output& out);
    [[nodiscard]] Result<void> send_waiting(const Endpoint& to, Clock::Instant now, Output& out);
    [[nodiscard]] Result<Nonce> seal(const Endpoint& to, const SessionKey& key, BytesView message,
                                     Output& out);
    [[nodiscard]] Result<Fresh> fresh();

    const SecretKey& identity_;
    SecretRandom& random_;
    const KnownNodes& known_;
    TransportLimits limits_;
    Id id_;
    Bytes record_;
    std::uint64_t sequence_ = 0;

    Sessions sessions_;
    detail::ExpiringMap<Endpoint, Challenge> challenges_;
    detail::ExpiringMap<Nonce, Request> requests_;
    detail::ExpiringMap<Endpoint, Call> calls_;
};

} // namespace codex::net::dht
