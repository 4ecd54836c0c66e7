// codex-testgen STREAM BYTES: writes the test byte generator of tests/vectors/README.md, so
// that scripts can make the data of the vectors: s = 0x12345678 + 0x9E3779B9 * STREAM; for each
// byte s = s * 1664525 + 1013904223 (mod 2^32), byte = s >> 24.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>

namespace {

std::optional<std::uint64_t> number(const char* text) {
    std::uint64_t value = 0;
    const char* end = text + std::strlen(text);
    auto [stop, error] = std::from_chars(text, end, value);
    if (error != std::errc() || stop != end) {
        return std::nullopt;
    }
    return value;
}

bool write_stream(std::uint32_t stream, std::uint64_t size) {
    std::uint32_t state = 0x12345678U + 0x9E3779B9U * stream;
    std::array<unsigned char, 65536> buffer{};
    while (size > 0) {
        const std::size_t part = std::min<std::uint64_t>(size, buffer.size());
        for (std::size_t i = 0; i < part; ++i) {
            state = state * 1664525U + 1013904223U;
            buffer[i] = static_cast<unsigned char>(state >> 24);
        }
        if (std::fwrite(buffer.data(), 1, part, stdout) != part) {
            return false;
        }
        size -= part;
    }
    return std::fflush(stdout) == 0;
}

} // namespace

int main(int argc, char** argv) {
    const auto stream = argc == 3 ? number(argv[1]) : std::nullopt;
    const auto size = argc == 3 ? number(argv[2]) : std::nullopt;
    if (!stream || *stream > UINT32_MAX || !size) {
        std::fputs("usage: codex-testgen STREAM BYTES\n", stderr);
        return 64;
    }
    return write_stream(static_cast<std::uint32_t>(*stream), *size) ? 0 : 74;
}
