#include "net/nat/default_gateway.hpp"

#include "base/fd.hpp"
#include "net/nat/detail/text.hpp"

#include <cstring>
#include <fcntl.h>

namespace codex::net::nat {

namespace {

constexpr std::size_t kMaxTableBytes = std::size_t{1} << 20;
constexpr std::uint32_t kUp = 1;
constexpr std::uint32_t kGateway = 2;

/// The next word, which is left out of `line`.
std::string_view word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::string_view first = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(first.size());
    return first;
}

} // namespace

std::optional<SocketAddress> gateway_of(std::string_view routes) {
    std::optional<SocketAddress> best;
    std::uint32_t least = 0;
    while (!routes.empty()) {
        std::string_view line = routes.substr(0, routes.find('\n'));
        routes.remove_prefix(std::min(line.size() + 1, routes.size()));
        // Iface Destination Gateway Flags RefCnt Use Metric Mask ...
        std::array<std::string_view, 8> words;
        for (std::string_view& one : words)
            one = word(line);
        const auto destination = detail::number<std::uint32_t>(words[1], 16);
        const auto gateway = detail::number<std::uint32_t>(words[2], 16);
        const auto flags = detail::number<std::uint32_t>(words[3], 16);
        const auto metric = detail::number<std::uint32_t>(words[6], 10);
        const auto mask = detail::number<std::uint32_t>(words[7], 16);
        if (!destination || !gateway || !flags || !metric || !mask)
            continue;
        if (*destination != 0 || *mask != 0 || (*flags & (kUp | kGateway)) != (kUp | kGateway))
            continue;
        if (best && *metric >= least)
            continue;
        std::array<std::uint8_t, 4> ip; // the number has the bytes as they are in memory
        std::memcpy(ip.data(), &*gateway, ip.size());
        best.emplace(ip, std::uint16_t{0});
        least = *metric;
    }
    return best;
}

std::optional<SocketAddress> default_gateway() {
    constexpr const char* kTable = "/proc/net/route";
    const auto fd = open_file(kTable, O_RDONLY);
    if (!fd)
        return std::nullopt;
    Bytes text(kMaxTableBytes);
    const auto size = read_full(fd->get(), text, kTable);
    if (!size)
        return std::nullopt;
    return gateway_of(as_text(BytesView(text).first(*size)));
}

} // namespace codex::net::nat
