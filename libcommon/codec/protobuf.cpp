#include "codec/protobuf.hpp"

#include "base/endian.hpp"
#include "codec/uvarint.hpp"

namespace codex::codec::protobuf {
namespace {

constexpr std::uint64_t kMaxFieldNumber = (1u << 29) - 1;

std::uint64_t tag(std::uint32_t field, WireType type) {
    CODEX_ASSERT(field >= 1 && field <= kMaxFieldNumber);
    return static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(type);
}

} // namespace

void Writer::varint(std::uint32_t field, std::uint64_t value) {
    append_uvarint(out_, tag(field, WireType::varint));
    append_uvarint(out_, value);
}

void Writer::bytes(std::uint32_t field, BytesView value) {
    append_uvarint(out_, tag(field, WireType::bytes));
    append_uvarint(out_, value.size());
    append(out_, value);
}

Result<std::uint64_t> Reader::take_varint() {
    const auto found = read_uvarint(message_.subspan(at_), UvarintRule::protobuf);
    if (!found)
        return fail(Errc::protobuf_invalid, "byte {}: {}", at_, found.error().text());
    at_ += found->size;
    return found->value;
}

Result<BytesView> Reader::take(std::uint64_t size, std::uint32_t field) {
    const std::size_t left = message_.size() - at_;
    if (size > left)
        return fail(Errc::protobuf_invalid, "byte {}: field {} has {} bytes, but {} are left", at_,
                    field, size, left);
    const BytesView taken = message_.subspan(at_, static_cast<std::size_t>(size));
    at_ += taken.size();
    return taken;
}

Result<std::optional<Field>> Reader::next() {
    if (at_ == message_.size())
        return std::optional<Field>();
    const std::size_t start = at_;
    CODEX_TRY(tag, take_varint());
    const std::uint64_t number = tag >> 3;
    if (number == 0 || number > kMaxFieldNumber)
        return fail(Errc::protobuf_invalid, "byte {}: field number {} is out of range", start,
                    number);
    Field field;
    field.number = static_cast<std::uint32_t>(number);
    field.type = static_cast<WireType>(tag & 7);
    switch (field.type) {
    case WireType::varint: {
        CODEX_SET(field.value, take_varint());
        return field;
    }
    case WireType::fixed64: {
        CODEX_TRY(raw, take(8, field.number));
        field.value = load_le<std::uint64_t>(raw.data());
        return field;
    }
    case WireType::bytes: {
        CODEX_TRY(size, take_varint());
        CODEX_SET(field.bytes, take(size, field.number));
        return field;
    }
    case WireType::fixed32: {
        CODEX_TRY(raw, take(4, field.number));
        field.value = load_le<std::uint32_t>(raw.data());
        return field;
    }
    }
    return fail(Errc::protobuf_invalid, "byte {}: wire type {} of field {} is not supported", start,
                tag & 7, number);
}

} // namespace codex::codec::protobuf
