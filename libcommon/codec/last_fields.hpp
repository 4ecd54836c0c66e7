// The fields of a protobuf message by their numbers (codex-manifest(5), PROTOBUF): for messages all
// of whose fields are scalar.
#pragma once

#include "codec/protobuf.hpp"

#include <array>

namespace codex::codec::protobuf {

/// Of each field number from 1 to Most the last that came, as of several the last holds; others are
/// passed over. Views into the message.
/// Threads: a value.
template <std::uint32_t Most> struct LastFields {
    std::array<std::optional<BytesView>, Most + 1> bytes;
    std::array<std::optional<std::uint64_t>, Most + 1> numbers;

    /// Errors: those of Reader::next.
    [[nodiscard]] static Result<LastFields> read(BytesView message) {
        LastFields fields;
        Reader reader(message);
        for (;;) {
            CODEX_TRY(field, reader.next());
            if (!field)
                return fields;
            if (field->number > Most)
                continue;
            if (field->type == WireType::varint)
                fields.numbers[field->number] = field->value;
            else if (field->type == WireType::bytes)
                fields.bytes[field->number] = field->bytes;
        }
    }
};

} // namespace codex::codec::protobuf
