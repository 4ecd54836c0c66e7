// What peers say about themselves (codex-libp2p(7), IDENTIFY).
#pragma once

#include "net/address/multiaddr.hpp"
#include "net/identity/peer_record.hpp"

#include <optional>
#include <string>
#include <vector>

namespace codex::net::identify {

constexpr std::string_view kIdentify = "/ipfs/id/1.0.0";
constexpr std::string_view kIdentifyPush = "/ipfs/id/push/1.0.0";
constexpr std::string_view kPing = "/ipfs/ping/1.0.0";
constexpr std::size_t kPingBytes = 32;
constexpr std::string_view kProtocolVersion = "ipfs/0.1.0";

/// Most that is written, as some peers read no more, and most that is read, of one message.
constexpr std::size_t kMaxWrittenBytes = 4096;
constexpr std::size_t kMaxReadBytes = std::size_t{64} << 10;
/// Messages of one stream that are put together.
constexpr std::size_t kMaxMessages = 10;
/// Most that is kept; the rest is passed over.
constexpr std::size_t kMaxAddresses = 64;
constexpr std::size_t kMaxProtocols = 256;
constexpr std::size_t kMaxTextBytes = 256;

/// One message, or several put together. What a message does not have changes nothing, so all of it
/// may be missing.
struct Identify {
    std::optional<PublicKey> public_key;
    std::vector<Multiaddr> listen_addresses; ///< without /p2p
    std::vector<std::string> protocols;
    std::optional<Multiaddr> observed_address; ///< whom this is said to, as the speaker sees it
    std::optional<std::string> protocol_version;
    std::optional<std::string> agent_version;
    /// A signed record, as it came, and what is in it.
    Bytes signed_record;
    std::optional<PeerRecord> record;

    friend bool operator==(const Identify&, const Identify&) = default;
};

/// The message, without a length in front, at most kMaxWrittenBytes: addresses, and then protocols,
/// that do not fit any more are left out from the end on, and before them the signed record.
[[nodiscard]] Bytes encode(const Identify& identify);

/// One message without the length in front. Addresses that cannot be read are left out. Errors:
/// identify_invalid (a key or a signed record that is malformed, whose signature is wrong),
/// limit_exceeded.
[[nodiscard]] Result<Identify> decode(BytesView message);

/// Takes over what `next` has: of a list, all of it.
void merge(Identify& into, Identify&& next);

/// Whether it may be of `peer`, who was proved by the handshake: the key, where there is one (in
/// the first answer there must be), is the peer's. A record of another peer is removed: it says
/// nothing. Errors: identify_invalid.
[[nodiscard]] Result<void> check_sender(Identify& identify, const PeerId& peer, bool needs_key);

/// The messages of one stream: each has a length in front, and the stream's end ends the last.
/// Threads: one at a time.
class Reader {
public:
    /// Takes all of the input; what is more than kMaxMessages is passed over. Errors:
    /// identify_invalid, limit_exceeded.
    [[nodiscard]] Result<void> receive(BytesView input);
    /// When the stream has ended: what was said. Errors: identify_invalid (nothing, or a message
    /// that is cut).
    [[nodiscard]] Result<Identify> finish();

private:
    Bytes buffer_;
    Identify found_;
    std::size_t messages_ = 0;
};

} // namespace codex::net::identify
