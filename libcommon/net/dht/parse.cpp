#include "base/endian.hpp"
#include "codec/last_fields.hpp"
#include "net/dht/detail/fields.hpp"
#include "net/dht/message.hpp"

namespace codex::net::dht {
namespace {

using codec::protobuf::Reader;
using detail::Kind;

using MessageFields = codec::protobuf::LastFields<3>;

/// All fields of bytes of one number, up to `most`, in order.
Result<std::vector<BytesView>> repeated(BytesView message, std::uint32_t number, std::size_t most) {
    std::vector<BytesView> found;
    Reader reader(message);
    for (;;) {
        CODEX_TRY(field, reader.next());
        if (!field)
            return found;
        if (field->is_bytes(number) && found.size() < most)
            found.push_back(field->bytes);
    }
}

Result<BytesView> bytes_in(const MessageFields& fields, std::uint32_t field,
                           std::string_view what) {
    if (!fields.bytes[field])
        return fail(Errc::malformed, "{} is missing", what);
    return *fields.bytes[field];
}

/// The same, of one length, as another one crashes other nodes.
Result<BytesView> exactly(const MessageFields& fields, std::uint32_t field, std::size_t size,
                          std::string_view what) {
    CODEX_TRY(bytes, bytes_in(fields, field, what));
    if (bytes.size() != size)
        return fail(Errc::malformed, "{} has {} bytes instead of {}", what, bytes.size(), size);
    return bytes;
}

Result<std::uint64_t> number_in(const MessageFields& fields, std::uint32_t field,
                                std::string_view what) {
    if (!fields.numbers[field])
        return fail(Errc::malformed, "{} is missing", what);
    return *fields.numbers[field];
}

Bytes copy_of(BytesView bytes) {
    return {bytes.begin(), bytes.end()};
}

Result<Id> target_in(const MessageFields& fields) {
    CODEX_TRY(bytes, exactly(fields, detail::kTarget, Id::kBytes, "id"));
    return Id::from_bytes(bytes);
}

Result<Pong> parse_pong(const MessageFields& fields) {
    CODEX_TRY(sequence, number_in(fields, detail::kSequence, "number of the record"));
    CODEX_TRY(address, bytes_in(fields, detail::kSeenIp, "address"));
    CODEX_TRY(port, exactly(fields, detail::kSeenPort, 2, "port"));
    CODEX_TRY(parts, MessageFields::read(address));
    CODEX_TRY(family, exactly(parts, detail::kIpFamily, 1, "family of the address"));
    if (family[0] != detail::kFamilyIp4 && family[0] != detail::kFamilyIp6)
        return fail(Errc::malformed, "family {} of the address is not known", family[0]);
    CODEX_TRY(ip, exactly(parts, detail::kIpBytes, family[0] == detail::kFamilyIp4 ? 4 : 16,
                          "IP address"));
    return Pong{sequence, SocketAddress(ip, load_be<std::uint16_t>(port.data()))};
}

Result<FindNode> parse_find_node(BytesView body) {
    CODEX_TRY(found, repeated(body, detail::kDistance, kMaxDistances + 1));
    if (found.empty())
        return fail(Errc::malformed, "there is no distance");
    if (found.size() > kMaxDistances)
        return fail(Errc::limit_exceeded, "there are more than {} distances", kMaxDistances);
    FindNode question;
    for (const BytesView distance : found) {
        if (distance.size() != 2)
            return fail(Errc::malformed, "a distance has {} bytes instead of 2", distance.size());
        question.distances.push_back(load_be<std::uint16_t>(distance.data()));
    }
    return question;
}

/// Of nodes and of providers.
template <class Answer> Result<Answer> parse_records(BytesView body, const MessageFields& fields) {
    Answer answer;
    CODEX_SET(answer.total, number_in(fields, detail::kTotal, "number of messages"));
    CODEX_TRY(found, repeated(body, detail::kRecord, kMaxRecords));
    for (const BytesView record : found)
        answer.records.push_back(copy_of(record));
    return answer;
}

Result<TalkRequest> parse_talk(const MessageFields& fields) {
    CODEX_TRY(protocol, bytes_in(fields, detail::kTalkProtocol, "protocol"));
    CODEX_TRY(request, bytes_in(fields, detail::kTalkRequest, "request"));
    return TalkRequest{copy_of(protocol), copy_of(request)};
}

Result<AddProvider> parse_add_provider(const MessageFields& fields) {
    CODEX_TRY(content, target_in(fields));
    CODEX_TRY(record, bytes_in(fields, detail::kProviderRecord, "record"));
    return AddProvider{content, copy_of(record)};
}

/// What came is a body of its kind.
template <class T> Result<Body> as_body(Result<T> parsed) {
    if (!parsed)
        return Unexpected<Error>(std::move(parsed).error());
    return Body(std::move(*parsed));
}

Result<Body> parse_body(std::uint8_t kind, BytesView body) {
    if (!detail::is_spoken(kind))
        return Body(Unspoken{kind});
    CODEX_TRY(fields, MessageFields::read(body));
    switch (static_cast<Kind>(kind)) {
    case Kind::ping: {
        CODEX_TRY(sequence, number_in(fields, detail::kSequence, "number of the record"));
        return Body(Ping{sequence});
    }
    case Kind::pong:
        return as_body(parse_pong(fields));
    case Kind::find_node:
        return as_body(parse_find_node(body));
    case Kind::find_node_fast: {
        CODEX_TRY(target, target_in(fields));
        return Body(FindNodeFast{target});
    }
    case Kind::nodes:
        return as_body(parse_records<Nodes>(body, fields));
    case Kind::talk_request:
        return as_body(parse_talk(fields));
    case Kind::talk_response: {
        CODEX_TRY(response, bytes_in(fields, detail::kTalkResponse, "response"));
        return Body(TalkResponse{copy_of(response)});
    }
    case Kind::add_provider:
        return as_body(parse_add_provider(fields));
    case Kind::get_providers: {
        CODEX_TRY(content, target_in(fields));
        return Body(GetProviders{content});
    }
    case Kind::providers:
        return as_body(parse_records<Providers>(body, fields));
    }
    CODEX_ASSERT(false); // is_spoken() names those above
    return fail(Errc::internal);
}

} // namespace

Result<Message> decode(BytesView plain) {
    if (plain.empty())
        return fail(Errc::malformed, "the message is empty");
    CODEX_TRY(fields, MessageFields::read(plain.subspan(1)));
    CODEX_TRY(id_bytes, bytes_in(fields, detail::kRequestId, "request id"));
    CODEX_TRY(id, RequestId::from_bytes(id_bytes));
    CODEX_TRY(body_bytes, bytes_in(fields, detail::kBody, "body"));
    CODEX_TRY(body, parse_body(plain[0], body_bytes));
    return Message{id, std::move(body)};
}

} // namespace codex::net::dht
