#include "net/mux/yamux_frame.hpp"

#include "base/endian.hpp"

namespace codex::net::mux {

void append_yamux_header(Bytes& to, const YamuxHeader& header) {
    std::array<std::uint8_t, kYamuxHeaderBytes> bytes{};
    bytes[1] = static_cast<std::uint8_t>(header.type);
    store_be(bytes.data() + 2, header.flags);
    store_be(bytes.data() + 4, header.stream);
    store_be(bytes.data() + 8, header.length);
    append(to, bytes);
}

Result<YamuxHeader> read_yamux_header(BytesView bytes) {
    CODEX_ASSERT(bytes.size() == kYamuxHeaderBytes);
    if (bytes[0] != 0)
        return fail(Errc::mux_invalid, "yamux frame of version {}", bytes[0]);
    if (bytes[1] > static_cast<std::uint8_t>(YamuxType::go_away))
        return fail(Errc::mux_invalid, "yamux frame of type {}", bytes[1]);
    const YamuxHeader header{
        static_cast<YamuxType>(bytes[1]), load_be<std::uint16_t>(bytes.data() + 2),
        load_be<std::uint32_t>(bytes.data() + 4), load_be<std::uint32_t>(bytes.data() + 8)};
    const bool of_stream =
        header.type == YamuxType::data || header.type == YamuxType::window_update;
    if (of_stream != (header.stream != 0))
        return fail(Errc::mux_invalid, "yamux frame of type {} for stream {}", bytes[1],
                    header.stream);
    return header;
}

} // namespace codex::net::mux
