// What nodes of the DHT say to each other, in the clear (codex-dht(7), MESSAGES).
#pragma once

#include "base/network.hpp"
#include "net/dht/id.hpp"

#include <variant>

namespace codex::net::dht {

/// Most distances of a question that are read and written: all there are.
constexpr std::size_t kMaxDistances = 257;
/// The highest distance that there is.
constexpr std::uint16_t kMaxDistance = 256;
/// Most records of an answer that are kept; what is behind them is passed over.
constexpr std::size_t kMaxRecords = 200;

/// What an answer repeats of its question: 0 to 8 bytes. Threads: as a number.
class RequestId {
public:
    static constexpr std::size_t kMaxBytes = 8;

    RequestId() = default;
    /// Errors: limit_exceeded.
    [[nodiscard]] static Result<RequestId> from_bytes(BytesView bytes);
    [[nodiscard]] BytesView bytes() const { return {bytes_.data(), size_}; }

    friend auto operator<=>(const RequestId&, const RequestId&) = default;

private:
    std::array<std::uint8_t, kMaxBytes> bytes_{};
    std::uint8_t size_ = 0;
};

/// Are you there? Answered by Pong.
struct Ping {
    std::uint64_t sequence = 0; ///< of the sender's record
    friend bool operator==(const Ping&, const Ping&) = default;
};
struct Pong {
    std::uint64_t sequence = 0;
    SocketAddress seen; ///< where the Ping came from
    friend bool operator==(const Pong&, const Pong&) = default;
};

/// Which nodes are at these distances of you? Answered by Nodes.
struct FindNode {
    std::vector<std::uint16_t> distances; ///< at least one; those read may be above kMaxDistance
    friend bool operator==(const FindNode&, const FindNode&) = default;
};
/// Which nodes are next to this point? Answered by Nodes.
struct FindNodeFast {
    Id target;
    friend bool operator==(const FindNodeFast&, const FindNodeFast&) = default;
};
struct Nodes {
    std::uint64_t total = 1;    ///< messages that the answer comes in, as the sender says
    std::vector<Bytes> records; ///< envelopes, not opened
    friend bool operator==(const Nodes&, const Nodes&) = default;
};

/// For a protocol of others. Answered by TalkResponse.
struct TalkRequest {
    Bytes protocol;
    Bytes request;
    friend bool operator==(const TalkRequest&, const TalkRequest&) = default;
};
struct TalkResponse {
    Bytes response; ///< empty, where the protocol is not spoken
    friend bool operator==(const TalkResponse&, const TalkResponse&) = default;
};

/// Somebody has this content. Not answered.
struct AddProvider {
    Id content;
    Bytes record; ///< an envelope, not opened
    friend bool operator==(const AddProvider&, const AddProvider&) = default;
};
/// Who has it? Answered by Providers.
struct GetProviders {
    Id content;
    friend bool operator==(const GetProviders&, const GetProviders&) = default;
};
struct Providers {
    std::uint64_t total = 1;
    std::vector<Bytes> records; ///< envelopes, not opened
    friend bool operator==(const Providers&, const Providers&) = default;
};

/// A message of a kind that nobody speaks, its content passed over.
struct Unspoken {
    std::uint8_t kind = 0; ///< none of those above
    friend bool operator==(const Unspoken&, const Unspoken&) = default;
};

using Body = std::variant<Ping, Pong, FindNode, FindNodeFast, Nodes, TalkRequest, TalkResponse,
                          AddProvider, GetProviders, Providers, Unspoken>;

struct Message {
    RequestId id;
    Body body;
    friend bool operator==(const Message&, const Message&) = default;
};

/// The message, byte for byte as the reference writes it. Distances are 1 to kMaxDistances, and
/// none is above kMaxDistance; records are at most kMaxRecords.
[[nodiscard]] Bytes encode(const Message& message);

/// Errors: protobuf_invalid; malformed, naming what is missing or has another length than it must
/// have; limit_exceeded. Unknown fields are skipped.
[[nodiscard]] Result<Message> decode(BytesView plain);

} // namespace codex::net::dht
