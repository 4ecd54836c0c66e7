// Protobuf by hand, byte-exact (codex-manifest(5), PROTOBUF): a field is written when the caller
// says so, zero or not, in the order of the calls; a reader that skips what it does not know.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <optional>

namespace codex::codec::protobuf {

/// The wire types in use; the group types 3 and 4 are refused.
enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// Appends fields to a message. Ascending field order is the caller's matter.
/// Threads: one at a time.
class Writer {
public:
    void varint(std::uint32_t field, std::uint64_t value);
    void bytes(std::uint32_t field, BytesView value);
    void text(std::uint32_t field, std::string_view value) { bytes(field, as_bytes(value)); }
    void message(std::uint32_t field, const Writer& nested) { bytes(field, nested.view()); }

    [[nodiscard]] BytesView view() const { return out_; }
    /// The message; the writer is empty afterwards.
    [[nodiscard]] Bytes take() { return std::exchange(out_, {}); }

private:
    Bytes out_;
};

/// One field as it was found.
struct Field {
    std::uint32_t number = 0;
    WireType type = WireType::varint;
    std::uint64_t value = 0; ///< varint, fixed64, fixed32
    BytesView bytes;         ///< WireType::bytes: a view into the message

    /// Whether this is `wanted` as a varint (bytes: as bytes). A known number with another wire
    /// type is to be skipped like an unknown field.
    [[nodiscard]] bool is_varint(std::uint32_t wanted) const {
        return number == wanted && type == WireType::varint;
    }
    [[nodiscard]] bool is_bytes(std::uint32_t wanted) const {
        return number == wanted && type == WireType::bytes;
    }
};

/// Walks over the fields of a message in wire order and allocates nothing; the caller keeps the
/// last one of each scalar, and all of a repeated one.
/// Threads: one at a time.
class Reader {
public:
    /// `message` outlives the reader and the fields it gave.
    explicit Reader(BytesView message) : message_(message) {}

    /// The next field, or nothing at the end. Errors: protobuf_invalid naming the byte: field
    /// number 0 or over 2^29-1, a group or reserved wire type, an integer over 64 bits, a value
    /// that reaches over the end. After an error the reader is of no use.
    [[nodiscard]] Result<std::optional<Field>> next();

private:
    [[nodiscard]] Result<std::uint64_t> take_varint();
    [[nodiscard]] Result<BytesView> take(std::uint64_t size, std::uint32_t field);

    BytesView message_;
    std::size_t at_ = 0;
};

} // namespace codex::codec::protobuf
