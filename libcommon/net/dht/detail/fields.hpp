// Kinds and fields of messages (codex-dht(7), MESSAGES).
#pragma once

#include <cstdint>

namespace codex::net::dht::detail {

enum class Kind : std::uint8_t {
    ping = 0x01,
    pong = 0x02,
    find_node = 0x03,
    nodes = 0x04,
    talk_request = 0x05,
    talk_response = 0x06,
    add_provider = 0x0b,
    get_providers = 0x0c,
    providers = 0x0d,
    find_node_fast = 0x83,
};

/// Whether a kind is one of these; of others the body is not looked at.
[[nodiscard]] constexpr bool is_spoken(std::uint8_t kind) {
    return (kind >= 0x01 && kind <= 0x06) || (kind >= 0x0b && kind <= 0x0d) || kind == 0x83;
}

constexpr std::uint32_t kRequestId = 1;
constexpr std::uint32_t kBody = 2;

constexpr std::uint32_t kSequence = 1; // of ping and pong
constexpr std::uint32_t kSeenIp = 2;
constexpr std::uint32_t kSeenPort = 3;
constexpr std::uint32_t kIpFamily = 1;
constexpr std::uint32_t kIpBytes = 2;
constexpr std::uint8_t kFamilyIp6 = 0;
constexpr std::uint8_t kFamilyIp4 = 1;

constexpr std::uint32_t kDistance = 1;
constexpr std::uint32_t kTotal = 1; // of nodes and providers
constexpr std::uint32_t kRecord = 2;
constexpr std::uint32_t kTalkProtocol = 1;
constexpr std::uint32_t kTalkRequest = 2;
constexpr std::uint32_t kTalkResponse = 2;
constexpr std::uint32_t kTarget = 1; // of those about one point
constexpr std::uint32_t kProviderRecord = 2;

} // namespace codex::net::dht::detail
