// A peer that does all that noise and multistream-select ask for, and then says to the other side's
// muxer whatever a test lets it say.
#pragma once

#include "rude_peer.hpp"

namespace codex::net {

/// Its seed is who it is. Destroyed from outside of the loop's tasks.
class RawPeer {
public:
    RawPeer(Network& network, std::uint64_t seed)
        : network_(network), secrets_(seed), identity_(test::must(SecretKey::generate(secrets_))),
          statics_(test::must(noise::KeyPair::generate(secrets_))), tasks_(network.loop()) {}

    [[nodiscard]] PeerId id() const { return PeerId(identity_.public_key()); }
    /// Connects, and agrees on noise and the muxer; hears from then on what is said.
    [[nodiscard]] static Task<Result<void>> connect(RawPeer* self, SocketAddress to,
                                                    std::string_view muxer, Clock::Instant until) {
        CODEX_CO_TRY(upgraded, dial(&self->network_, &self->identity_, &self->statics_,
                                    &self->secrets_, to, std::string(muxer), until));
        self->upgraded_.emplace(std::move(upgraded));
        self->heard = self->upgraded_->plain_rest;
        if (self->hears)
            self->tasks_.start(hear(self));
        co_return Result<void>();
    }
    /// Says bytes to the muxer of the other side.
    [[nodiscard]] static Task<Result<void>> say(RawPeer* self, Bytes plain, Clock::Instant until) {
        Bytes sealed;
        auto done = self->upgraded_->secured.sealer.seal(plain, sealed);
        if (!done)
            co_return done;
        co_return co_await write_all(self->upgraded_->socket.get(), sealed, until);
    }
    /// The same to noise.
    [[nodiscard]] static Task<Result<void>> say_sealed(RawPeer* self, Bytes sealed,
                                                       Clock::Instant until) {
        co_return co_await write_all(self->upgraded_->socket.get(), sealed, until);
    }
    /// The connection has ended, as seen from here.
    [[nodiscard]] bool ended() const { return ended_; }
    void hang_up() { upgraded_->socket->close(); }

    bool hears = true; ///< before connect(): it reads what is said to it
    Bytes heard;       ///< what the other side's muxer has said

private:
    static Task<void> hear(RawPeer* self) {
        Bytes raw = self->upgraded_->sealed_rest;
        Bytes piece(std::size_t{64} << 10);
        for (;;) {
            const auto opened = self->upgraded_->secured.opener.open(raw);
            if (!opened)
                break;
            if (*opened) {
                append(self->heard, (*opened)->plain);
                raw.erase(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>((*opened)->size));
                continue;
            }
            const auto size =
                co_await read_some(self->upgraded_->socket.get(), piece, Clock::Instant::max());
            if (!size || *size == 0)
                break;
            append(raw, BytesView(piece).first(*size));
        }
        self->ended_ = true;
    }

    Network& network_;
    SeededSecrets secrets_;
    SecretKey identity_;
    noise::KeyPair statics_;
    std::optional<Upgraded> upgraded_;
    bool ended_ = false;
    TaskGroup tasks_;
};

} // namespace codex::net
