#include "net/mux/mplex_frame.hpp"

#include "codec/uvarint.hpp"

namespace codex::net::mux {
namespace {

/// The integer at the front; nothing when it may go on.
Result<std::optional<codec::Uvarint>> read_mplex_number(BytesView input) {
    const auto number = codec::read_uvarint(input, codec::UvarintRule::protobuf);
    if (number)
        return std::optional<codec::Uvarint>(*number);
    if (number.error().code() == Errc::truncated && input.size() < codec::kMaxUvarintBytes)
        return std::optional<codec::Uvarint>();
    return fail(Errc::mux_invalid, "mplex header: {}", number.error().text());
}

} // namespace

void append_mplex_header(Bytes& to, std::uint64_t id, MplexFlag flag, std::size_t payload) {
    CODEX_ASSERT(id <= kMaxMplexId && payload <= kMaxMplexPayload);
    codec::append_uvarint(to, id << 3 | static_cast<std::uint64_t>(flag));
    codec::append_uvarint(to, payload);
}

Result<std::optional<MplexHeader>> read_mplex_header(BytesView input) {
    CODEX_TRY(tag, read_mplex_number(input));
    if (!tag)
        return std::optional<MplexHeader>();
    if ((tag->value & 7) > static_cast<std::uint64_t>(MplexFlag::reset_initiator))
        return fail(Errc::mux_invalid, "mplex frame with flag {}", tag->value & 7);
    CODEX_TRY(length, read_mplex_number(input.subspan(tag->size)));
    if (!length)
        return std::optional<MplexHeader>();
    if (length->value > kMaxMplexPayload)
        return fail(Errc::mux_invalid, "mplex frame of {} bytes, more than {}", length->value,
                    kMaxMplexPayload);
    return std::optional<MplexHeader>(
        MplexHeader{tag->value >> 3, static_cast<MplexFlag>(tag->value & 7),
                    static_cast<std::size_t>(length->value), tag->size + length->size});
}

} // namespace codex::net::mux
