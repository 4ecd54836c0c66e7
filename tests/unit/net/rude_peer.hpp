// A peer that does what no node of ours does: each step of a connection by hand.
#pragma once

#include "codec/uvarint.hpp"
#include "net/noise/handshake.hpp"
#include "net/select/lines.hpp"
#include "node_pair.hpp"

namespace codex::net {

/// Connects, and does all that noise and multistream-select ask for, as who `identity` is.
inline Task<Result<Upgraded>> dial(Network* network, const SecretKey* identity,
                                   const noise::KeyPair* statics, SeededSecrets* secrets,
                                   SocketAddress to, std::string muxer, Clock::Instant until) {
    CODEX_CO_TRY(socket, network->connect(to, until));
    const std::vector<std::string> security(1, std::string(kNoise));
    const std::vector<std::string> muxers(1, std::move(muxer));
    const Bytes proof = noise::identity_proof(*identity, *statics);
    UpgradeOptions options;
    options.proof = proof;
    options.statics = statics;
    options.random = secrets;
    options.security = &security;
    options.muxers = &muxers;
    options.noise_until = options.until = until;
    co_return co_await upgrade(std::move(socket), &options);
}

/// It serves nothing, and says what a test lets it say. Its seed is who it is.
class RudePeer final : public ConnectionOwner {
public:
    using OnStream = std::function<Task<void>(Stream)>;

    RudePeer(Network& network, std::uint64_t seed)
        : network_(network), secrets_(seed), identity_(test::must(SecretKey::generate(secrets_))),
          statics_(test::must(noise::KeyPair::generate(secrets_))),
          counts_(network.loop().clock(), {}), budget_(SIZE_MAX), tasks_(network.loop()) {}

    [[nodiscard]] PeerId id() const { return PeerId(identity_.public_key()); }
    [[nodiscard]] const SecretKey& identity() const { return identity_; }
    /// What is done with a stream that the node opens; without it, nothing: it stays open.
    void on_stream(OnStream what) { on_stream_ = std::move(what); }
    [[nodiscard]] const std::shared_ptr<Connection>& connection() const { return connection_; }
    /// Of the connection that was made last.
    [[nodiscard]] bool is_connected() const { return connection_ && !connection_->closing(); }

    /// Reads no more, on any stream, when one has as much as it may.
    void stop_reading_when_full() { limits_.unread = std::chrono::hours(10); }

    /// Connects, and does what noise and the muxer ask for.
    [[nodiscard]] static Task<Result<void>> connect(RudePeer* self, SocketAddress to,
                                                    std::string_view muxer, Clock::Instant until) {
        CODEX_CO_TRY(upgraded, dial(&self->network_, &self->identity_, &self->statics_,
                                    &self->secrets_, to, std::string(muxer), until));
        ConnectionOwner& owner = *self;
        self->connection_ =
            std::make_shared<Connection>(std::move(upgraded), self->network_.loop(), owner,
                                         self->limits_, self->counts_, self->budget_);
        self->tasks_.start(Connection::write_loop(self->connection_));
        self->tasks_.start(Connection::read_loop(self->connection_));
        co_return Result<void>();
    }

    /// A stream of which nothing is agreed on.
    [[nodiscard]] Stream open() { return test::must(connection_->open()); }

private:
    void stream_opened(Stream stream) override {
        if (on_stream_)
            tasks_.start(on_stream_(std::move(stream)));
        else
            kept_.push_back(std::move(stream));
    }
    void connection_closed(Connection& /*connection*/) noexcept override {}
    void hold_less() override {}
    void may_hold_more() noexcept override {}
    [[nodiscard]] HostTraffic& ledger() noexcept override { return traffic_; }

    Network& network_;
    SeededSecrets secrets_;
    SecretKey identity_;
    noise::KeyPair statics_;
    HostTraffic traffic_;
    HostLimits limits_;
    LimitCounts counts_;
    ByteBudget budget_;
    OnStream on_stream_;
    std::shared_ptr<Connection> connection_;
    std::vector<Stream> kept_;
    TaskGroup tasks_;
};

/// Lines of multistream-select.
inline Bytes lines(std::initializer_list<std::string_view> texts) {
    Bytes all;
    for (const std::string_view text : texts)
        select::append_line(all, text);
    return all;
}

/// Agrees to `protocol`, whatever it is asked for, says `bytes` in pieces, one each `pause`, and
/// waits for the end of the stream.
inline Task<void> answer_with(EventLoop* loop, Stream stream, Bytes bytes, std::size_t piece,
                              Clock::Duration pause, bool ends) {
    const Clock::Instant until = loop->now() + std::chrono::hours(1);
    const std::vector<std::string> served(1, std::string(identify::kIdentify));
    const auto agreed = co_await stream.answer(&served, until);
    if (!agreed)
        co_return;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const BytesView part = BytesView(bytes).subspan(at, std::min(piece, bytes.size() - at));
        const auto written = co_await stream.write(part, until);
        if (!written)
            co_return;
        if (pause != Clock::Duration::zero()) {
            co_await loop->pause_until(loop->now() + pause);
        }
    }
    if (ends)
        stream.end();
    co_await stream.wait_more(0, until);
}

} // namespace codex::net
