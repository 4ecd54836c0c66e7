// What peers do: who is there, reading every stream, and writing our own.
#pragma once

#include "exchange/detail/peer.hpp"

namespace codex::exchange {

/// Outlives its Peers where streams of the host do: then it does nothing more.
/// Threads: the loop's.
class Peers::Impl final : public std::enable_shared_from_this<Impl> {
public:
    Impl(net::Host& on, PeersOptions given)
        : host(on), loop(on.loop()), options(std::move(given)), sent(loop),
          tasks(std::make_unique<TaskGroup>(loop)) {}

    /// What the host calls for each stream that a peer opens.
    static Task<void> serve(std::shared_ptr<Impl> self, net::Stream stream);
    /// Sees who comes and goes.
    static Task<void> watch(Impl* self);
    void close();

    [[nodiscard]] std::shared_ptr<detail::Peer> find(const PeerId& peer) const;
    void push(const std::shared_ptr<detail::Peer>& peer, detail::Lane& lane, RawBytes framed,
              std::shared_ptr<detail::Fate> fate);

    net::Host& host;
    EventLoop& loop;
    PeersOptions options;
    std::vector<PeerEvents*> events;
    std::map<PeerId, std::shared_ptr<detail::Peer>> peers;
    std::set<PeerId> without; ///< connected, and do not exchange blocks
    Signal sent;
    bool closed = false;
    std::unique_ptr<TaskGroup> tasks; ///< of our own streams

private:
    std::shared_ptr<detail::Peer> join(const PeerId& peer);
    void leave(const PeerId& peer);
    [[nodiscard]] bool look();
    [[nodiscard]] bool may_read(const PeerId& peer) const;
    [[nodiscard]] Result<void> take(detail::Peer& peer, net::exchange::Decoder& decoder,
                                    BytesView bytes, net::exchange::MessageEvents& told);

    static Task<bool> read(Impl* self, std::shared_ptr<detail::Peer> peer, net::Stream* stream);
    void give_up(detail::Peer& peer, detail::Lane& lane, const Error& error);
    static Task<void> read_own(Impl* self, std::shared_ptr<detail::Peer> peer, detail::Lane* lane,
                               net::Stream* stream);
    static Task<void> run_lane(Impl* self, std::shared_ptr<detail::Peer> peer, detail::Lane* lane);
    static Task<void> write_lane(Impl* self, std::shared_ptr<detail::Peer> peer, detail::Lane* lane,
                                 net::Stream* stream);
    static Task<Result<void>> write_front(Impl* self, std::shared_ptr<detail::Peer> peer,
                                          detail::Lane* lane, net::Stream* stream);
};

} // namespace codex::exchange
