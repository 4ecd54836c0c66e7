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

/// Sixteen bytes at a time, as scripts want hundreds of megabytes: a state `steps` further on is
/// state * multiplier + increment as well, with numbers that are the same for every state.
constexpr std::size_t kLanes = 16;

struct Steps {
    std::uint32_t multiplier = 1664525;
    std::uint32_t increment = 1013904223;
    [[nodiscard]] constexpr std::uint32_t operator()(std::uint32_t state) const {
        return state * multiplier + increment;
    }
    [[nodiscard]] constexpr Steps twice() const {
        return {multiplier * multiplier, increment * multiplier + increment};
    }
};

bool write_stream(std::uint32_t stream, std::uint64_t size) {
    constexpr Steps one;
    constexpr Steps all = one.twice().twice().twice().twice();
    std::array<std::uint32_t, kLanes> states{};
    std::uint32_t first = 0x12345678U + 0x9E3779B9U * stream;
    for (std::uint32_t& state : states)
        state = first = one(first);
    std::array<unsigned char, 65536> buffer{};
    while (size > 0) {
        const std::size_t part = std::min<std::uint64_t>(size, buffer.size());
        // Of the last ones more than are written.
        for (std::size_t at = 0; at < part; at += kLanes)
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
                buffer[at + lane] = static_cast<unsigned char>(states[lane] >> 24);
                states[lane] = all(states[lane]);
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
