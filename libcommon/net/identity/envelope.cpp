#include "net/identity/envelope.hpp"

#include "codec/protobuf.hpp"
#include "codec/uvarint.hpp"

namespace codex::net {
namespace {

constexpr std::uint32_t kEnvelopeKey = 1;
constexpr std::uint32_t kEnvelopeType = 2;
constexpr std::uint32_t kEnvelopePayload = 3;
constexpr std::uint32_t kEnvelopeSignature = 5;

void append_prefixed(Bytes& to, BytesView part) {
    codec::append_uvarint(to, part.size());
    append(to, part);
}

/// What is signed.
Bytes signed_bytes(std::string_view domain, BytesView payload_type, BytesView payload) {
    Bytes bytes;
    append_prefixed(bytes, as_bytes(domain));
    append_prefixed(bytes, payload_type);
    append_prefixed(bytes, payload);
    return bytes;
}

} // namespace

Bytes seal_envelope(const SecretKey& key, std::string_view domain, BytesView payload_type,
                    BytesView payload) {
    codec::protobuf::Writer writer;
    writer.bytes(kEnvelopeKey, key.public_key().encoded());
    writer.bytes(kEnvelopeType, payload_type);
    writer.bytes(kEnvelopePayload, payload);
    writer.bytes(kEnvelopeSignature, key.sign(signed_bytes(domain, payload_type, payload)));
    return writer.take();
}

Result<Envelope> open_envelope(BytesView bytes, std::string_view domain) {
    if (bytes.size() > kMaxEnvelopeBytes)
        return fail(Errc::limit_exceeded, "an envelope of {} bytes is longer than {}", bytes.size(),
                    kMaxEnvelopeBytes);
    std::array<std::optional<BytesView>, kEnvelopeSignature + 1> fields;
    codec::protobuf::Reader reader(bytes);
    for (;;) {
        const auto field = reader.next();
        if (!field)
            return fail(Errc::record_invalid, "{}", field.error().text());
        if (!*field)
            break;
        if ((*field)->type == codec::protobuf::WireType::bytes && (*field)->number < fields.size())
            fields[(*field)->number] = (*field)->bytes;
    }
    for (const std::uint32_t needed :
         {kEnvelopeKey, kEnvelopeType, kEnvelopePayload, kEnvelopeSignature})
        if (!fields[needed])
            return fail(Errc::record_invalid, "field {} of the envelope is missing", needed);
    const auto key = PublicKey::decode(*fields[kEnvelopeKey]);
    if (!key)
        return fail(Errc::record_invalid, "key of the envelope: {}", key.error().text());
    const BytesView type = *fields[kEnvelopeType];
    const BytesView payload = *fields[kEnvelopePayload];
    if (!key->verify(signed_bytes(domain, type, payload), *fields[kEnvelopeSignature]))
        return fail(Errc::record_invalid, "the signature of the envelope is wrong");
    return Envelope{*key, Bytes(type.begin(), type.end()), Bytes(payload.begin(), payload.end())};
}

} // namespace codex::net
