// Block exchange with all peers of a host, and of pipes: messages as they come, and messages to
// send, whatever streams and connections they take (codex-exchange(7), STREAMS).
#pragma once

#include "base/raw_bytes.hpp"
#include "codec/manifest.hpp"
#include "exchange/carrier.hpp"
#include "exchange/plan/figures.hpp"
#include "net/connection/host.hpp"
#include "net/exchange/decoder.hpp"

#include <exception>
#include <functional>
#include <memory>

namespace codex::exchange {

using net::PeerId;
using net::exchange::BlockAddress;
using net::exchange::Delivery;
using net::exchange::Message;
using net::exchange::Presence;
using net::exchange::Want;
using net::exchange::WantType;

/// What peers do and say: who serves blocks, who fetches them. Within a call the peer may be sent
/// to, and dropped.
/// Threads: the loop's.
class PeerEvents {
public:
    virtual ~PeerEvents() = default;
    /// There is a connection with the peer, and nothing says yet that it does not exchange blocks.
    virtual void joined(const PeerId& /*peer*/) {}
    /// There is none any more, or it does not exchange blocks: what it wanted, and what it was
    /// asked for, is void. Of what was sent to it some may not have arrived.
    virtual void left(const PeerId& /*peer*/) {}

    // What messages say, in their order, but those of several streams in any; as they arrive, so
    // before their end, which may never come. Only of peers that have joined.
    /// A want list begins; its entries are want(). Lists of two streams may come mixed.
    virtual void wants_begin(const PeerId& /*peer*/) {}
    virtual void want(const PeerId& /*peer*/, const Want& /*want*/) {}
    /// It ends: `full`, when it replaces all that was wanted before it began.
    virtual void wants_end(const PeerId& /*peer*/, bool /*full*/) {}
    virtual void presence(const PeerId& /*peer*/, const Presence& /*presence*/) {}
    /// A block, not verified in any way; its views are valid during the call. Whether it may be
    /// that this one has asked for it: what is nobody's is unasked().
    virtual bool delivery(const PeerId& /*peer*/, const Delivery& /*delivery*/) { return false; }
    /// A block came that nobody here has asked for, nor withdrawn. A peer that sends too many of
    /// them is dropped.
    virtual void unasked(const PeerId& /*peer*/) {}
    virtual void message_end(const PeerId& /*peer*/) {}

    /// Whether more of what the peer says is wanted now: asked before each piece of up to
    /// kReadBytes. After a false nothing is read of it until Peers::read_on().
    [[nodiscard]] virtual bool may_read(const PeerId& /*peer*/) { return true; }
};

/// Of a block that comes, a manifest or one of a dataset (codex-manifest(5), RULES).
constexpr net::exchange::DecodeLimits kReadAnyBlock{.block_bytes = codec::kMaxBlockSizeBytes};

struct PeersOptions {
    net::exchange::DecodeLimits decode = kReadAnyBlock;
    /// Of one peer, what its streams hold of parts that have not come whole; more where blocks are
    /// expected that are larger (Peers::expect_blocks).
    std::size_t input_bytes = std::size_t{4} << 20;
    /// Of one peer, small messages that are not on their way; one that goes beyond is not sent.
    std::size_t unsent_bytes = std::size_t{4} << 20;
    /// Blocks that nobody asked for, beside one for every 20 others, until a peer is dropped.
    std::size_t unasked = 64;
    /// Of one peer, blocks that it is asked for at a time, by all that ask: as many as fit into one
    /// message, for some nodes put them into one (codex-exchange(7), OLDER NODES).
    std::size_t open_bytes = plan::kMaxOpenBytes;
    /// Until a stream of ours is agreed on, and, of a message, until the peer takes the next
    /// kWriteBytes.
    Clock::Duration patience = std::chrono::seconds(60);
    log::Logger logger;
};

/// What went over the streams of one peer.
struct Traffic {
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t messages_in = 0;
    std::uint64_t messages_out = 0;
};

/// What fetches and what they heard came to, of all peers, since the start.
struct ExchangeCounts {
    std::uint64_t have_lists_sent = 0; ///< messages that ask whether something is there
    std::uint64_t block_lists_sent = 0;
    std::uint64_t blocks = 0; ///< that were right and are kept
    std::uint64_t block_bytes = 0;
    std::uint64_t spurious = 0; ///< that nobody asked for, or that had come already
    std::uint64_t wrong = 0;    ///< that are not what was asked for
    std::uint64_t silent = 0;   ///< peers that were left because nothing came from them
    std::uint64_t failed = 0;   ///< fetches that ended without what they wanted
    /// From asking for a block until it came, of the last one.
    Clock::Duration retrieval{};
};

/// Has two streams of its own with each peer, one for what is small and one for blocks, so that a
/// question overtakes an answer; both are opened when there is something to say and anew when they
/// have ended. Everything that comes on any stream is read.
/// Threads: the loop's.
class Peers final {
public:
    static constexpr std::size_t kReadBytes = std::size_t{64} << 10;
    static constexpr std::size_t kWriteBytes = std::size_t{256} << 10;

    /// Serves block exchange on `host`, which outlives it: before the first connection. Destroyed
    /// from outside of the loop's tasks, before or after the host's connections.
    explicit Peers(net::Host& host, PeersOptions options = {});
    /// The same without a host: all peers come from what is attached.
    explicit Peers(EventLoop& loop, PeersOptions options = {});
    ~Peers();
    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

    /// Tells `events` from now on until remove(), and joined() of those that have.
    void add(PeerEvents& events);
    /// Not within a call to it.
    void remove(PeerEvents& events);

    /// Peers of this one, too. It outlives this, and was not started before.
    void attach(Carrier& carrier);

    [[nodiscard]] EventLoop& loop() const;
    /// nullptr, when there is none.
    [[nodiscard]] net::Host* host() const;
    /// A limit of block exchange bit; it counts with those of the host, if there is one.
    void count_limit(net::Limit limit, std::string_view whom);
    [[nodiscard]] const net::LimitCounts& limit_counts() const;
    /// Those that have joined and not left.
    [[nodiscard]] std::vector<PeerId> all() const;
    [[nodiscard]] bool has(const PeerId& peer) const;

    /// Wants, cancels, presences: no blocks. They go in their order, many at once, and overtake
    /// blocks. Nothing happens when the peer has left, or holds up more than it may. What is on a
    /// stream that breaks is lost; what is behind it goes on the next.
    void send(const PeerId& peer, const Message& message);
    /// Bytes of send() that are not on their way; 0 when it has left.
    [[nodiscard]] std::size_t unsent(const PeerId& peer) const;
    /// Whole messages, each with its length in front, as encode_framed() or DeliveryMessage make
    /// them; `messages`, how many they are, is for the counts. Returns when the last byte is on its
    /// way; those of one peer go in the order of the calls. Errors: not_found, when the peer has
    /// left; timeout; those of the stream.
    [[nodiscard]] Task<Result<void>> send_blocks(PeerId peer, RawBytes framed,
                                                 std::size_t messages = 1);
    /// Bytes of send_blocks() that are not on their way.
    [[nodiscard]] std::size_t unsent_blocks(const PeerId& peer) const;
    /// Is told whenever a part of a message is on its way, and when a peer leaves.
    [[nodiscard]] Signal& sent();

    /// May read again what may_read() has refused.
    void read_on(const PeerId& peer);
    /// Of the `count` blocks of a tree from `first` on some may still come for a while, for the
    /// peer was asked for them, but nobody waits for them any more: they are not unasked() then.
    void note_withdrawn(const PeerId& peer, const BlockAddress& first, std::uint64_t count);
    [[nodiscard]] bool was_withdrawn(const PeerId& peer, const BlockAddress& address) const;

    /// `who` has blocks of `bytes` open at the peer, and asks for no others: what counts until it
    /// says something else, leaves by remove(), or the peer leaves.
    void note_open(const PeerId& peer, const PeerEvents& who, std::size_t bytes);
    /// How many bytes `who` may have open there: its part of PeersOptions::open_bytes, as far as
    /// the others leave it. A block of `block_bytes` is let through alone, however large.
    [[nodiscard]] std::size_t may_open(const PeerId& peer, const PeerEvents& who,
                                       std::size_t block_bytes) const;

    /// Nobody else does: then may_open() gives the same for all peers.
    [[nodiscard]] bool asks_alone(const PeerEvents& who) const;

    /// `who` waits for so many blocks that peers were asked for: what counts until it says
    /// something else, or leaves by remove().
    void note_pending(const PeerEvents& who, std::size_t blocks);
    /// Those of all.
    [[nodiscard]] std::size_t pending() const;
    [[nodiscard]] const ExchangeCounts& counts() const;
    /// For those that fetch.
    [[nodiscard]] ExchangeCounts& counts();

    /// A task of block exchange has thrown this: it is counted as the limit that it is, memory or
    /// fault.
    void count_thrown(const std::exception_ptr& thrown) noexcept;

    /// Blocks of so many bytes are asked for, as long as what this gives is kept: of each peer two
    /// of them may be held.
    [[nodiscard]] std::shared_ptr<void> expect_blocks(std::size_t bytes);

    /// Closes its connections.
    void drop(const PeerId& peer, std::string_view why);

    /// What the options say of bytes holds from now on; of messages on the streams that are opened.
    void set_limits(const PeersOptions& options);

    /// Of one that has joined.
    [[nodiscard]] Traffic traffic(const PeerId& peer) const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace codex::exchange
