#include "exchange/detail/host_carrier.hpp"

#include "net/exchange/message.hpp"

namespace codex::exchange::detail {
namespace {

/// Threads: as PeerStream.
class HostStream final : public PeerStream {
public:
    explicit HostStream(net::Stream stream) : stream_(std::move(stream)) {}

    [[nodiscard]] const net::PeerId& peer() const override { return stream_.peer(); }
    [[nodiscard]] BytesView unread() const override { return stream_.unread(); }
    void consume(std::size_t count) override { stream_.consume(count); }
    [[nodiscard]] Task<Result<bool>> wait_unread() override {
        return stream_.wait_more(0, Clock::Instant::max());
    }
    [[nodiscard]] Task<Result<void>> write(BytesView bytes, Clock::Instant until) override {
        return stream_.write(bytes, until);
    }
    void end() override { stream_.end(); }
    void reset() override { stream_.reset(); }

private:
    net::Stream stream_;
};

} // namespace

void HostCarrier::start(Handler handler) {
    // As many as the host's limits allow.
    host_.serve(std::string(net::exchange::kBlockExchange), SIZE_MAX,
                [handler = std::move(handler)](net::Stream stream) {
                    return handler(std::make_unique<HostStream>(std::move(stream)));
                });
}

std::vector<net::PeerId> HostCarrier::connected() const {
    std::vector<net::PeerId> peers;
    for (const auto& connection : host_.connections())
        peers.push_back(connection->peer());
    return peers;
}

Task<Result<std::unique_ptr<PeerStream>>> HostCarrier::open(net::PeerId peer,
                                                            Clock::Instant until) {
    std::vector<std::string> protocols(1, std::string(net::exchange::kBlockExchange));
    auto stream = co_await host_.open(peer, std::move(protocols), until);
    if (!stream)
        co_return fail(std::move(stream.error()));
    std::unique_ptr<PeerStream> opened = std::make_unique<HostStream>(std::move(*stream));
    co_return Result<std::unique_ptr<PeerStream>>(std::move(opened));
}

void HostCarrier::drop(const net::PeerId& peer, std::string_view why) {
    for (const auto& connection : host_.connections())
        if (connection->peer() == peer)
            connection->close(why);
}

} // namespace codex::exchange::detail
