#include "net/dht/message.hpp"

#include "base/endian.hpp"
#include "codec/protobuf.hpp"
#include "net/dht/detail/fields.hpp"

// Numbers are written, zero or not, and bytes, empty or not, as the reference writes them
// (codex-dht(7), MESSAGES).
namespace codex::net::dht {
namespace {

using codec::protobuf::Writer;
using detail::Kind;

std::array<std::uint8_t, 2> two_bytes(std::uint16_t number) {
    std::array<std::uint8_t, 2> bytes{};
    store_be(bytes.data(), number);
    return bytes;
}

/// Writes the body of each kind, and says which it is.
struct BodyWriter {
    Writer& writer;

    std::uint8_t operator()(const Ping& ping) const {
        writer.varint(detail::kSequence, ping.sequence);
        return kind(Kind::ping);
    }
    std::uint8_t operator()(const Pong& pong) const {
        const bool v4 = pong.seen.ip_bytes == 4;
        const std::uint8_t family = v4 ? detail::kFamilyIp4 : detail::kFamilyIp6;
        Writer ip;
        ip.bytes(detail::kIpFamily, {&family, 1});
        ip.bytes(detail::kIpBytes, pong.seen.ip_view());
        writer.varint(detail::kSequence, pong.sequence);
        writer.message(detail::kSeenIp, ip);
        writer.bytes(detail::kSeenPort, two_bytes(pong.seen.port));
        return kind(Kind::pong);
    }
    std::uint8_t operator()(const FindNode& question) const {
        CODEX_ASSERT(!question.distances.empty() && question.distances.size() <= kMaxDistances);
        for (const std::uint16_t distance : question.distances) {
            CODEX_ASSERT(distance <= kMaxDistance);
            writer.bytes(detail::kDistance, two_bytes(distance));
        }
        return kind(Kind::find_node);
    }
    std::uint8_t operator()(const FindNodeFast& question) const {
        writer.bytes(detail::kTarget, question.target.bytes);
        return kind(Kind::find_node_fast);
    }
    std::uint8_t operator()(const Nodes& answer) const {
        write_records(answer.total, answer.records);
        return kind(Kind::nodes);
    }
    std::uint8_t operator()(const TalkRequest& talk) const {
        writer.bytes(detail::kTalkProtocol, talk.protocol);
        writer.bytes(detail::kTalkRequest, talk.request);
        return kind(Kind::talk_request);
    }
    std::uint8_t operator()(const TalkResponse& talk) const {
        writer.bytes(detail::kTalkResponse, talk.response);
        return kind(Kind::talk_response);
    }
    std::uint8_t operator()(const AddProvider& add) const {
        writer.bytes(detail::kTarget, add.content.bytes);
        writer.bytes(detail::kProviderRecord, add.record);
        return kind(Kind::add_provider);
    }
    std::uint8_t operator()(const GetProviders& question) const {
        writer.bytes(detail::kTarget, question.content.bytes);
        return kind(Kind::get_providers);
    }
    std::uint8_t operator()(const Providers& answer) const {
        write_records(answer.total, answer.records);
        return kind(Kind::providers);
    }
    std::uint8_t operator()(const Unspoken& other) const {
        CODEX_ASSERT(!detail::is_spoken(other.kind));
        return other.kind;
    }

private:
    static std::uint8_t kind(Kind kind) { return static_cast<std::uint8_t>(kind); }
    void write_records(std::uint64_t total, const std::vector<Bytes>& records) const {
        CODEX_ASSERT(records.size() <= kMaxRecords);
        writer.varint(detail::kTotal, total);
        for (const Bytes& record : records)
            writer.bytes(detail::kRecord, record);
    }
};

} // namespace

Result<RequestId> RequestId::from_bytes(BytesView bytes) {
    if (bytes.size() > kMaxBytes)
        return fail(Errc::limit_exceeded, "a request id of {} bytes is longer than {}",
                    bytes.size(), kMaxBytes);
    RequestId id;
    id.size_ = static_cast<std::uint8_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), id.bytes_.begin());
    return id;
}

Bytes encode(const Message& message) {
    Writer body;
    const std::uint8_t kind = std::visit(BodyWriter{body}, message.body);
    Writer framed;
    framed.bytes(detail::kRequestId, message.id.bytes());
    framed.message(detail::kBody, body);
    Bytes bytes = {kind};
    append(bytes, framed.view());
    return bytes;
}

} // namespace codex::net::dht
