// From a bare connection to one that is encrypted and has streams (codex-libp2p(7), DESCRIPTION).
#pragma once

#include "base/network.hpp"
#include "net/mux/muxer.hpp"
#include "net/noise/handshake.hpp"

namespace codex::net {

struct UpgradeOptions {
    mux::Side side = mux::Side::dialer;
    BytesView proof; ///< noise::identity_proof() for `statics`
    const noise::KeyPair* statics = nullptr;
    SecretRandom* random = nullptr;
    /// Of security, and of muxers: proposed in this order, or taken.
    const std::vector<std::string>* security = nullptr;
    const std::vector<std::string>* muxers = nullptr;
    std::optional<PeerId> expected;
    Clock::Instant noise_until;
    Clock::Instant until;
};

/// What it ends as.
struct Upgraded {
    std::unique_ptr<Socket> socket;
    noise::Established secured;
    std::string muxer;
    mux::Side side;
    /// What came early: sealed, and behind the last proposal.
    Bytes sealed_rest;
    Bytes plain_rest;
};

constexpr std::string_view kNoise = "/noise";

/// Upgrades `socket`, which is closed when that fails. What `options` points to outlives it. No
/// more is held of what comes than one message of each layer. Errors: timeout; those of the socket;
/// truncated, when the peer ends it; select_invalid, protocol_unsupported; those of
/// noise::Handshake.
[[nodiscard]] Task<Result<Upgraded>> upgrade(std::unique_ptr<Socket> socket,
                                             const UpgradeOptions* options);

} // namespace codex::net
