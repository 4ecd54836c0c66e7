#include "net/select/lines.hpp"

#include "codec/uvarint.hpp"

namespace codex::net::select {

void append_line(Bytes& to, std::string_view text) {
    CODEX_ASSERT(text.size() < kMaxLineBytes && text.find('\n') == std::string_view::npos);
    codec::append_uvarint(to, text.size() + 1);
    append(to, as_bytes(text));
    to.push_back('\n');
}

Result<std::optional<Line>> read_line(BytesView input) {
    const auto length = codec::read_uvarint(input, codec::UvarintRule::protobuf);
    if (!length) {
        if (length.error().code() == Errc::truncated && input.size() < codec::kMaxUvarintBytes)
            return std::optional<Line>();
        return fail(Errc::select_invalid, "length of a line: {}", length.error().text());
    }
    if (length->value == 0 || length->value > kMaxLineBytes)
        return fail(Errc::select_invalid, "a line of {} bytes, not 1 to {}", length->value,
                    kMaxLineBytes);
    const auto size = static_cast<std::size_t>(length->value);
    const BytesView rest = input.subspan(length->size);
    if (rest.size() < size)
        return std::optional<Line>();
    if (rest[size - 1] != '\n')
        return fail(Errc::select_invalid, "a line of {} bytes does not end with a newline", size);
    return std::optional<Line>(Line{as_text(rest.first(size - 1)), length->size + size});
}

} // namespace codex::net::select
