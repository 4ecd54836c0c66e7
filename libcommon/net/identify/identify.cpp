#include "net/identify/identify.hpp"

#include "codec/protobuf.hpp"
#include "codec/uvarint.hpp"

namespace codex::net::identify {
namespace {

constexpr std::uint32_t kPublicKey = 1;
constexpr std::uint32_t kListenAddress = 2;
constexpr std::uint32_t kProtocolName = 3;
constexpr std::uint32_t kObservedAddress = 4;
constexpr std::uint32_t kVersion = 5;
constexpr std::uint32_t kAgent = 6;
constexpr std::uint32_t kSignedRecord = 8;

/// Bytes of a field with its tag and length; all numbers are below 16.
std::size_t field_bytes(std::size_t size) {
    return 1 + codec::uvarint_size(size) + size;
}

/// How many of the lists, from the front, go into `room` bytes.
template <class T, class Size>
std::size_t fitting(const std::vector<T>& list, std::size_t& room, const Size& size_of) {
    std::size_t count = 0;
    for (const T& entry : list) {
        const std::size_t size = field_bytes(size_of(entry));
        if (size > room)
            break;
        room -= size;
        ++count;
    }
    return count;
}

std::string text_of(BytesView bytes) {
    return std::string(as_text(bytes.first(std::min(bytes.size(), kMaxTextBytes))));
}

void add_address(std::vector<Multiaddr>& to, BytesView bytes) {
    auto address = Multiaddr::from_bytes(bytes);
    if (address && to.size() < kMaxAddresses)
        to.push_back(std::move(*address));
}

Result<void> take_field(Identify& to, const codec::protobuf::Field& field) {
    switch (field.number) {
    case kPublicKey: {
        CODEX_TRY(key, PublicKey::decode(field.bytes));
        to.public_key = key;
        break;
    }
    case kListenAddress:
        add_address(to.listen_addresses, field.bytes);
        break;
    case kProtocolName:
        if (to.protocols.size() < kMaxProtocols && field.bytes.size() <= kMaxTextBytes)
            to.protocols.push_back(text_of(field.bytes));
        break;
    case kObservedAddress:
        if (auto address = Multiaddr::from_bytes(field.bytes))
            to.observed_address = std::move(*address);
        break;
    case kVersion:
        to.protocol_version = text_of(field.bytes);
        break;
    case kAgent:
        to.agent_version = text_of(field.bytes);
        break;
    case kSignedRecord: {
        CODEX_TRY(record, open_peer_record(field.bytes));
        to.record = std::move(record);
        to.signed_record.assign(field.bytes.begin(), field.bytes.end());
        break;
    }
    default:
        break;
    }
    return {};
}

} // namespace

Bytes encode(const Identify& identify) {
    codec::protobuf::Writer head;
    if (identify.public_key)
        head.bytes(kPublicKey, identify.public_key->encoded());
    codec::protobuf::Writer middle;
    if (identify.observed_address)
        middle.bytes(kObservedAddress, identify.observed_address->bytes());
    if (identify.protocol_version)
        middle.text(kVersion,
                    std::string_view(*identify.protocol_version).substr(0, kMaxTextBytes));
    if (identify.agent_version)
        middle.text(kAgent, std::string_view(*identify.agent_version).substr(0, kMaxTextBytes));

    std::size_t room = kMaxWrittenBytes - head.view().size() - middle.view().size();
    const std::size_t protocols =
        fitting(identify.protocols, room, [](const std::string& name) { return name.size(); });
    const std::size_t addresses =
        fitting(identify.listen_addresses, room,
                [](const Multiaddr& address) { return address.bytes().size(); });
    const std::size_t record = field_bytes(identify.signed_record.size());

    codec::protobuf::Writer lists;
    for (std::size_t i = 0; i < addresses; ++i)
        lists.bytes(kListenAddress, identify.listen_addresses[i].bytes());
    for (std::size_t i = 0; i < protocols; ++i)
        lists.text(kProtocolName, identify.protocols[i]);
    codec::protobuf::Writer tail;
    if (!identify.signed_record.empty() && record <= room)
        tail.bytes(kSignedRecord, identify.signed_record);

    Bytes message = head.take();
    append(message, lists.view());
    append(message, middle.view());
    append(message, tail.view());
    return message;
}

Result<Identify> decode(BytesView message) {
    if (message.size() > kMaxReadBytes)
        return fail(Errc::limit_exceeded, "a message of identify has {} bytes, more than {}",
                    message.size(), kMaxReadBytes);
    Identify identify;
    codec::protobuf::Reader reader(message);
    for (;;) {
        const auto field = reader.next();
        if (!field)
            return fail(Errc::identify_invalid, "{}", field.error().text());
        if (!*field)
            return identify;
        if ((*field)->type != codec::protobuf::WireType::bytes)
            continue;
        const auto taken = take_field(identify, **field);
        if (!taken)
            return fail(Errc::identify_invalid, "field {}: {}", (*field)->number,
                        taken.error().text());
    }
}

void merge(Identify& into, Identify&& next) {
    const auto take_over = [](auto& to, auto& from, bool has) {
        if (has)
            to = std::move(from);
    };
    take_over(into.public_key, next.public_key, next.public_key.has_value());
    take_over(into.listen_addresses, next.listen_addresses, !next.listen_addresses.empty());
    take_over(into.protocols, next.protocols, !next.protocols.empty());
    take_over(into.observed_address, next.observed_address, next.observed_address.has_value());
    take_over(into.protocol_version, next.protocol_version, next.protocol_version.has_value());
    take_over(into.agent_version, next.agent_version, next.agent_version.has_value());
    take_over(into.signed_record, next.signed_record, !next.signed_record.empty());
    take_over(into.record, next.record, next.record.has_value());
}

Result<void> check_sender(Identify& identify, const PeerId& peer, bool needs_key) {
    if (identify.public_key ? PeerId(*identify.public_key) != peer : needs_key)
        return fail(Errc::identify_invalid, "{} says that it is {}", peer.text(),
                    identify.public_key ? PeerId(*identify.public_key).text() : "nobody");
    if (identify.record && identify.record->peer != peer) {
        identify.record.reset();
        identify.signed_record.clear();
    }
    return {};
}

Result<void> Reader::receive(BytesView input) {
    // No more than one message is kept, and what follows it of this input.
    append(buffer_, input);
    std::size_t at = 0;
    while (messages_ < kMaxMessages) {
        const BytesView rest = BytesView(buffer_).subspan(at);
        const auto length = codec::read_uvarint(rest, codec::UvarintRule::protobuf);
        if (!length && length.error().code() == Errc::truncated &&
            rest.size() < codec::kMaxUvarintBytes)
            break;
        if (!length)
            return fail(Errc::identify_invalid, "length of a message: {}", length.error().text());
        if (length->value > kMaxReadBytes)
            return fail(Errc::limit_exceeded, "a message of identify has {} bytes, more than {}",
                        length->value, kMaxReadBytes);
        const auto size = static_cast<std::size_t>(length->value);
        if (rest.size() - length->size < size)
            break;
        CODEX_TRY(next, decode(rest.subspan(length->size, size)));
        merge(found_, std::move(next));
        ++messages_;
        at += length->size + size;
    }
    if (messages_ == kMaxMessages)
        at = buffer_.size();
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at));
    return {};
}

Result<Identify> Reader::finish() {
    if (messages_ == 0 || !buffer_.empty())
        return fail(Errc::identify_invalid, "the stream ends {}",
                    buffer_.empty() ? "without a message" : "within a message");
    return std::move(found_);
}

} // namespace codex::net::identify
