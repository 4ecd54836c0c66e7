// What peers do: who is there, reading every stream, and writing our own.
#pragma once

#include "exchange/detail/peer.hpp"

namespace codex::exchange {

/// Outlives its Peers where streams of the host do: then it does nothing more.
/// Threads: the loop's.
class Peers::Impl final : public std::enable_shared_from_this<Impl> {
public:
    Impl(EventLoop& on, net::Host* of, PeersOptions given)
        : host(of), loop(on), options(std::move(given)), own_counts(loop.clock(), options.logger),
          sent(loop),
          tasks(std::make_unique<TaskGroup>(
              loop, [this](const std::exception_ptr& thrown) { count_thrown(thrown); })) {}

    void attach(Carrier& carrier);
    /// What a carrier calls for each stream that a peer opens.
    static Task<void> serve(std::shared_ptr<Impl> self, Carrier* carrier,
                            std::unique_ptr<PeerStream> stream);
    /// Sees who comes and goes.
    static Task<void> watch(Impl* self, Carrier* carrier);
    void count_limit(net::Limit limit, std::string_view whom);
    void count_thrown(const std::exception_ptr& thrown) noexcept;
    /// A block that nobody claims; one that goes too far is dropped.
    void unasked(detail::Peer& peer, const net::exchange::BlockAddress& address);
    void drop(const PeerId& peer, std::string_view why);
    void close();

    [[nodiscard]] std::shared_ptr<detail::Peer> find(const PeerId& peer) const;
    void push(const std::shared_ptr<detail::Peer>& peer, detail::Lane& lane, RawBytes framed,
              std::shared_ptr<detail::Fate> fate, std::size_t messages);

    net::Host* host;
    EventLoop& loop;
    PeersOptions options;
    net::LimitCounts own_counts; ///< where there is no host
    ExchangeCounts counts;
    std::map<const PeerEvents*, std::size_t> pending; ///< blocks, by who waits for them
    std::unique_ptr<Carrier> host_carrier;
    std::vector<Carrier*> carriers;
    std::vector<PeerEvents*> events;
    std::map<PeerId, std::shared_ptr<detail::Peer>> peers;
    std::set<PeerId> without;            ///< connected, and do not exchange blocks
    std::multiset<std::size_t> expected; ///< bytes of blocks that are asked for
    Signal sent;
    bool closed = false;
    std::unique_ptr<TaskGroup> tasks; ///< of our own streams

private:
    class Told;
    std::shared_ptr<detail::Peer> join(const PeerId& peer, Carrier& carrier);
    void leave(const PeerId& peer);
    [[nodiscard]] bool look(Carrier& carrier);
    [[nodiscard]] bool may_read(const PeerId& peer) const;
    [[nodiscard]] Result<void> take(detail::Peer& peer, net::exchange::Decoder& decoder,
                                    BytesView bytes, net::exchange::MessageEvents& told);

    static Task<bool> read(Impl* self, std::shared_ptr<detail::Peer> peer, PeerStream* stream);
    void give_up(detail::Peer& peer, detail::Lane& lane, const Error& error);
    static Task<void> read_own(Impl* self, std::shared_ptr<detail::Peer> peer, detail::Lane* lane,
                               PeerStream* stream);
    static Task<void> send_all(Impl* self, std::shared_ptr<detail::Peer> peer, detail::Lane* lane);
    static Task<void> run_lane(Impl* self, std::shared_ptr<detail::Peer> peer, detail::Lane* lane);
    static Task<void> write_lane(Impl* self, std::shared_ptr<detail::Peer> peer, detail::Lane* lane,
                                 PeerStream* stream);
    static Task<Result<void>> write_front(Impl* self, std::shared_ptr<detail::Peer> peer,
                                          detail::Lane* lane, PeerStream* stream);
};

} // namespace codex::exchange
