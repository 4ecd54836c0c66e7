#include "net/connection/upgrade.hpp"

#include "net/select/negotiation.hpp"

namespace codex::net {

namespace {

/// Handshakes are small: more is read when there are streams.
constexpr std::size_t kHandshakeReadBytes = 4096;

void drop_front(Bytes& bytes, std::size_t count) {
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
}

/// The bytes of a connection while it is upgraded: bare first, then encrypted.
class Channel {
public:
    explicit Channel(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}

    [[nodiscard]] Bytes& unread() { return secured_ ? plain_ : raw_; }

    [[nodiscard]] Task<Result<void>> send(Bytes bytes, Clock::Instant until) {
        if (!secured_) {
            co_return co_await write_all(socket_.get(), bytes, until);
        }
        Bytes sealed;
        auto done = secured_->sealer.seal(bytes, sealed);
        if (!done)
            co_return done;
        co_return co_await write_all(socket_.get(), sealed, until);
    }

    /// At least one more byte in unread().
    [[nodiscard]] Task<Result<void>> more(Clock::Instant until) {
        const std::size_t had = unread().size();
        while (unread().size() == had) {
            auto opened = open_frame();
            if (!opened)
                co_return fail(std::move(opened.error()));
            if (*opened)
                continue;
            const std::size_t size = raw_.size();
            raw_.resize(size + kHandshakeReadBytes);
            const MutableBytes space = MutableBytes(raw_).subspan(size);
            auto got = co_await read_some(socket_.get(), space, until);
            raw_.resize(size + got.value_or(0));
            if (!got)
                co_return fail(std::move(got.error()));
            if (*got == 0)
                co_return fail(Errc::truncated, "the peer ended the connection during a handshake");
        }
        co_return Result<void>();
    }

    void secure(noise::Established established) { secured_.emplace(std::move(established)); }

    [[nodiscard]] Upgraded finish(std::string muxer, mux::Side side) {
        return {std::move(socket_), std::move(*secured_), std::move(muxer), side,
                std::move(raw_),    std::move(plain_)};
    }

private:
    /// Whether there was a whole one.
    [[nodiscard]] Result<bool> open_frame() {
        if (!secured_)
            return false;
        CODEX_TRY(opened, secured_->opener.open(raw_));
        if (!opened)
            return false;
        append(plain_, opened->plain);
        drop_front(raw_, opened->size);
        return true;
    }

    std::unique_ptr<Socket> socket_;
    std::optional<noise::Established> secured_;
    Bytes raw_;
    Bytes plain_;
};

Task<Result<std::string>> propose(Channel* channel, const std::vector<std::string>* protocols,
                                  Clock::Instant until) {
    select::Dialer dialer(*protocols);
    Bytes out;
    dialer.start(out);
    for (;;) {
        if (!out.empty()) {
            CODEX_CO_CHECK(channel->send(std::exchange(out, Bytes()), until));
        }
        if (dialer.done())
            co_return dialer.chosen();
        CODEX_CO_CHECK(channel->more(until));
        auto taken = dialer.receive(channel->unread(), out);
        if (!taken)
            co_return fail(std::move(taken.error()));
        drop_front(channel->unread(), *taken);
    }
}

Task<Result<std::string>> answer(Channel* channel, const std::vector<std::string>* protocols,
                                 Clock::Instant until) {
    select::Listener listener(*protocols);
    Bytes out;
    while (!listener.done()) {
        CODEX_CO_CHECK(channel->more(until));
        auto taken = listener.receive(channel->unread(), out);
        if (!taken)
            co_return fail(std::move(taken.error()));
        drop_front(channel->unread(), *taken);
        if (!out.empty()) {
            CODEX_CO_CHECK(channel->send(std::exchange(out, Bytes()), until));
        }
    }
    co_return listener.chosen();
}

Task<Result<std::string>> agree(Channel* channel, mux::Side side,
                                const std::vector<std::string>* protocols, Clock::Instant until) {
    if (side == mux::Side::dialer) {
        co_return co_await propose(channel, protocols, until);
    }
    co_return co_await answer(channel, protocols, until);
}

Task<Result<void>> shake_hands(Channel* channel, const UpgradeOptions* options) {
    const auto role =
        options->side == mux::Side::dialer ? noise::Role::initiator : noise::Role::responder;
    noise::Handshake handshake(role, options->proof, *options->statics, options->expected);
    Bytes out;
    auto started = handshake.start(*options->random, out);
    if (!started)
        co_return started;
    for (;;) {
        if (!out.empty()) {
            CODEX_CO_CHECK(channel->send(std::exchange(out, Bytes()), options->noise_until));
        }
        if (handshake.done())
            break;
        // What came with the line before is the handshake's already.
        auto taken = handshake.receive(channel->unread(), out);
        if (!taken)
            co_return fail(std::move(taken.error()));
        drop_front(channel->unread(), *taken);
        if (*taken == 0) {
            CODEX_CO_CHECK(channel->more(options->noise_until));
        }
    }
    channel->secure(handshake.finish());
    co_return Result<void>();
}

} // namespace

Task<Result<Upgraded>> upgrade(std::unique_ptr<Socket> socket, const UpgradeOptions* options) {
    Channel channel(std::move(socket));
    auto security =
        co_await agree(&channel, options->side, options->security, options->noise_until);
    if (!security && security.error().code() == Errc::select_invalid)
        co_return fail(std::move(security).error().context("it does not speak libp2p"));
    if (!security)
        co_return fail(std::move(security).error());
    CODEX_CO_CHECK(shake_hands(&channel, options));
    CODEX_CO_TRY(muxer, agree(&channel, options->side, options->muxers, options->until));
    co_return channel.finish(std::move(muxer), options->side);
}

} // namespace codex::net
