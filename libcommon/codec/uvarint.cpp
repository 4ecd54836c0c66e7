#include "codec/uvarint.hpp"

#include <bit>

namespace codex::codec {

Result<Uvarint> read_uvarint(BytesView bytes, UvarintRule rule) {
    std::uint64_t value = 0;
    const std::size_t most = std::min(bytes.size(), kMaxUvarintBytes);
    for (std::size_t i = 0; i < most; ++i) {
        const std::uint64_t low = bytes[i] & 0x7fu;
        if (i == kMaxUvarintBytes - 1 && bytes[i] > 1)
            return fail(Errc::varint_invalid, "variable-length integer over 64 bits");
        value |= low << (7 * i);
        if ((bytes[i] & 0x80) != 0)
            continue;
        if (rule == UvarintRule::multiformats) {
            if (i > 0 && low == 0)
                return fail(Errc::varint_invalid,
                            "variable-length integer of {} bytes is not in its shortest form",
                            i + 1);
            if (value >> 63 != 0)
                return fail(Errc::varint_invalid, "variable-length integer over 63 bits");
        }
        return Uvarint{value, i + 1};
    }
    return fail(Errc::truncated, "variable-length integer cut after {} bytes", most);
}

std::size_t uvarint_size(std::uint64_t value) {
    const auto bits = static_cast<std::size_t>(std::bit_width(value | 1));
    return (bits + 6) / 7;
}

std::size_t write_uvarint(std::uint8_t* to, std::uint64_t value) {
    std::size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        to[size++] = static_cast<std::uint8_t>(value | 0x80);
    to[size++] = static_cast<std::uint8_t>(value);
    return size;
}

void append_uvarint(Bytes& to, std::uint64_t value) {
    std::array<std::uint8_t, kMaxUvarintBytes> buffer;
    const std::size_t size = write_uvarint(buffer.data(), value);
    to.insert(to.end(), buffer.data(), buffer.data() + size);
}

} // namespace codex::codec
