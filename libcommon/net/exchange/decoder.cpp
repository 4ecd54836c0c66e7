#include "net/exchange/decoder.hpp"

#include "codec/uvarint.hpp"
#include "net/exchange/detail/parse.hpp"

namespace codex::net::exchange {
namespace {

using codec::protobuf::WireType;

/// Longest tag with the number or length behind it.
constexpr std::size_t kMaxHeadBytes = 2 * codec::kMaxUvarintBytes;

/// An integer at the front; nothing when more bytes could complete it.
Result<std::optional<codec::Uvarint>> read_number(BytesView bytes) {
    const auto number = codec::read_uvarint(bytes, codec::UvarintRule::protobuf);
    if (number)
        return std::optional<codec::Uvarint>(*number);
    if (number.error().code() == Errc::truncated && bytes.size() < codec::kMaxUvarintBytes)
        return std::optional<codec::Uvarint>();
    return fail(Errc::protobuf_invalid, "{}", number.error().text());
}

} // namespace

Result<void> Decoder::receive(BytesView input, MessageEvents& events) {
    for (;;) {
        const std::uint64_t before = at();
        auto more = step(input, events);
        if (!more)
            return fail(
                std::move(more.error()).context(fmt::format("byte {} of a message", before)));
        if (!*more)
            return {};
    }
}

/// One step forward; false when it takes more input.
Result<bool> Decoder::step(BytesView& input, MessageEvents& events) {
    if (!in_message_)
        return read_length(input);
    if (payload_left_ != 0 || what_ != What::nothing)
        return read_payload(input, events);
    if (message_left_ == 0 || (in_wants_ && wants_left_ == 0)) {
        finish_levels(events);
        return true;
    }
    return read_head(input, events);
}

Result<bool> Decoder::read_length(BytesView& input) {
    while (!input.empty()) {
        buffer_.push_back(input.front());
        input = input.subspan(1);
        CODEX_TRY(length, read_number(buffer_));
        if (!length)
            continue;
        if (length->value > limits_.message_bytes)
            return fail(Errc::limit_exceeded, "a message of {} bytes, more than {}", length->value,
                        limits_.message_bytes);
        buffer_.clear();
        in_message_ = true;
        message_size_ = message_left_ = length->value;
        return true;
    }
    return false;
}

/// So many bytes of the message are behind us.
void Decoder::pass(std::uint64_t bytes) {
    message_left_ -= bytes;
    if (in_wants_)
        wants_left_ -= bytes;
}

void Decoder::finish_levels(MessageEvents& events) {
    if (in_wants_ && wants_left_ == 0) {
        in_wants_ = false;
        events.wants_end(std::exchange(full_, false));
    }
    if (message_left_ != 0 || in_wants_)
        return;
    in_message_ = false;
    message_size_ = 0;
    buffer_ = Bytes(); // a stream that is quiet has none
    events.message_end();
}

/// The tag at the front with its value or length; nothing when it is cut.
Result<std::optional<Decoder::Head>> Decoder::parse_head(BytesView bytes) const {
    CODEX_TRY(tag, read_number(bytes));
    if (!tag)
        return std::optional<Head>();
    constexpr std::uint64_t kMaxFieldNumber = (1u << 29) - 1;
    const std::uint64_t number = tag->value >> 3;
    if (number == 0 || number > kMaxFieldNumber)
        return fail(Errc::protobuf_invalid, "field number {} is out of range", number);
    Head head;
    head.number = static_cast<std::uint32_t>(number);
    head.size = tag->size;
    switch (static_cast<WireType>(tag->value & 7)) {
    case WireType::fixed64:
        head.payload = 8;
        return std::optional<Head>(head);
    case WireType::fixed32:
        head.payload = 4;
        return std::optional<Head>(head);
    case WireType::varint:
    case WireType::bytes:
        break;
    default:
        return fail(Errc::protobuf_invalid, "wire type {} of field {} is not supported",
                    tag->value & 7, number);
    }
    CODEX_TRY(value, read_number(bytes.subspan(tag->size)));
    if (!value)
        return std::optional<Head>();
    head.size += value->size;
    head.is_varint = static_cast<WireType>(tag->value & 7) == WireType::varint;
    head.is_bytes = !head.is_varint;
    (head.is_varint ? head.value : head.payload) = value->value;
    return std::optional<Head>(head);
}

Result<bool> Decoder::read_head(BytesView& input, MessageEvents& events) {
    while (!input.empty()) {
        // From the input itself where it is whole there; else byte by byte in the buffer.
        const bool whole = buffer_.empty() && input.size() >= kMaxHeadBytes;
        if (!whole) {
            buffer_.push_back(input.front());
            input = input.subspan(1);
        }
        const BytesView bytes = whole ? input.first(kMaxHeadBytes) : BytesView(buffer_);
        const auto in_level =
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left()));
        CODEX_TRY(head, parse_head(bytes.first(in_level)));
        if (!head) {
            if (bytes.size() >= left())
                return fail(Errc::protobuf_invalid, "a field is cut by the end of its message");
            continue;
        }
        if (whole)
            input = input.subspan(head->size);
        buffer_.clear();
        pass(head->size);
        if (head->payload > left())
            return fail(Errc::protobuf_invalid, "field {} has {} bytes, but {} are left",
                        head->number, head->payload, left());
        CODEX_CHECK(begin_field(*head, events));
        return true;
    }
    return false;
}

/// What is to be done with what follows.
Result<void> Decoder::begin_field(const Head& head, MessageEvents& events) {
    payload_left_ = head.payload;
    if (in_wants_) {
        if (head.is_bytes && head.number == detail::kEntries)
            return collect(What::want, limits_.entry_bytes);
        if (head.is_varint && head.number == detail::kFull) {
            if (head.value > 1)
                return fail(Errc::exchange_invalid, "full is {}, more than 1", head.value);
            full_ = head.value == 1;
        }
        return {};
    }
    if (!head.is_bytes)
        return {};
    switch (head.number) {
    case detail::kWantList:
        payload_left_ = 0;
        in_wants_ = true;
        wants_left_ = head.payload;
        events.wants_begin();
        return {};
    case detail::kPayload:
        return collect(What::delivery, limits_.block_bytes + limits_.block_rest_bytes);
    case detail::kPresences:
        return collect(What::presence, limits_.entry_bytes);
    default:
        return {};
    }
}

Result<void> Decoder::collect(What what, std::uint64_t most) {
    if (payload_left_ > most)
        return fail(Errc::limit_exceeded, "a part of {} bytes, more than {}", payload_left_, most);
    what_ = what;
    return {};
}

Result<bool> Decoder::read_payload(BytesView& input, MessageEvents& events) {
    const auto part =
        static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, input.size()));
    const BytesView bytes = input.first(part);
    if (what_ != What::nothing && part != payload_left_) {
        if (buffer_.empty()) // not moved while it grows; untouched memory costs nothing
            buffer_.reserve(static_cast<std::size_t>(payload_left_));
        append(buffer_, bytes);
        input = input.subspan(part);
        payload_left_ -= part;
        pass(part);
        return false;
    }
    input = input.subspan(part);
    payload_left_ -= part;
    pass(part);
    if (what_ == What::nothing)
        return payload_left_ == 0;
    if (!buffer_.empty())
        append(buffer_, bytes);
    CODEX_CHECK(give(buffer_.empty() ? bytes : BytesView(buffer_), events));
    buffer_.clear();
    what_ = What::nothing;
    return true;
}

Result<void> Decoder::give(BytesView payload, MessageEvents& events) {
    switch (what_) {
    case What::delivery: {
        CODEX_TRY(delivery, detail::parse_delivery(payload));
        if (delivery.data.size() > limits_.block_bytes)
            return fail(Errc::limit_exceeded, "a block of {} bytes, more than {}",
                        delivery.data.size(), limits_.block_bytes);
        delivery.memory = buffer_.empty() ? nullptr : &buffer_;
        events.delivery(delivery);
        return {};
    }
    case What::presence: {
        CODEX_TRY(presence, detail::parse_presence(payload));
        if (presence)
            events.presence(*presence);
        return {};
    }
    default: {
        CODEX_TRY(want, detail::parse_want(payload));
        events.want(want);
        return {};
    }
    }
}

} // namespace codex::net::exchange
