#include "router/url.hpp"

#include "base/endian.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>

namespace codex::router {

namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::uint16_t kUsualPort = 80;

std::uint32_t number_of(const SocketAddress& address) {
    return load_be<std::uint32_t>(address.ip.data());
}

SocketAddress address_of(const sockaddr* from) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(from);
    std::array<std::uint8_t, 4> ip;
    std::memcpy(ip.data(), &v4->sin_addr, ip.size());
    return {ip, 0};
}

} // namespace

std::optional<SocketAddress> host_of(std::string_view url) {
    const bool shown = std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; });
    if (!shown || !url.starts_with(kScheme))
        return std::nullopt;
    url.remove_prefix(kScheme.size());
    const std::string_view place = url.substr(0, url.find('/'));
    const std::size_t colon = std::min(place.find(':'), place.size());
    std::array<std::uint8_t, 4> ip{};
    if (::inet_pton(AF_INET, std::string(place.substr(0, colon)).c_str(), ip.data()) != 1)
        return std::nullopt;
    std::uint16_t port = kUsualPort;
    if (colon < place.size()) {
        const std::string_view digits = place.substr(colon + 1);
        const auto read = std::from_chars(digits.begin(), digits.end(), port);
        if (digits.empty() || read.ec != std::errc() || read.ptr != digits.end() || port == 0)
            return std::nullopt;
    }
    return SocketAddress(ip, port);
}

bool is_neighbour(const SocketAddress& host, const std::vector<Net>& nets) {
    if (host.ip_bytes != 4)
        return false;
    const auto is_own = [&](const Net& net) { return net.own.ip == host.ip; };
    const auto is_beside = [&](const Net& net) {
        const std::uint32_t differs = number_of(net.own) ^ number_of(host);
        const std::uint32_t within = number_of(host) & ~net.mask;
        const bool names_all = ~net.mask > 1 && (within == 0 || within == ~net.mask);
        return net.mask != 0 && (differs & net.mask) == 0 && !names_all;
    };
    return std::ranges::none_of(nets, is_own) && std::ranges::any_of(nets, is_beside);
}

Result<std::vector<Net>> own_nets() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0)
        return fail(system_error(errno, "look at the interfaces of this host"));
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(first, &::freeifaddrs);
    std::vector<Net> nets;
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        const bool is_v4 = one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET;
        if (!is_v4 || one->ifa_netmask == nullptr || (one->ifa_flags & IFF_UP) == 0 ||
            (one->ifa_flags & IFF_LOOPBACK) != 0)
            continue;
        nets.push_back({address_of(one->ifa_addr), number_of(address_of(one->ifa_netmask))});
    }
    return nets;
}

} // namespace codex::router
