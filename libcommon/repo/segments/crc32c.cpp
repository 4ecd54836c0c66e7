#include "repo/segments/crc32c.hpp"

namespace codex::repo::detail {

namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78U : 0U);
        table[i] = value;
    }
    return table;
}
constexpr auto kTable = make_table();

} // namespace

std::uint32_t crc32c(BytesView bytes) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const std::uint8_t byte : bytes)
        crc = (crc >> 8) ^ kTable[(crc ^ byte) & 0xFFU];
    return ~crc;
}

} // namespace codex::repo::detail
