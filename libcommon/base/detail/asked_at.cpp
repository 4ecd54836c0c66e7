#include "base/detail/asked_at.hpp"

#include <netinet/in.h>

namespace codex::detail {

namespace {

in_pktinfo info_of(const SocketAddress& at) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, at.ip.data(), sizeof info.ipi_spec_dst);
    return info;
}

in6_pktinfo info6_of(const SocketAddress& at) {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, at.ip.data(), sizeof info.ipi6_addr);
    return info;
}

/// Where a datagram was sent to.
std::optional<SocketAddress> address_in(const cmsghdr& one) {
    if (one.cmsg_level == IPPROTO_IP && one.cmsg_type == IP_PKTINFO) {
        in_pktinfo info;
        std::memcpy(&info, CMSG_DATA(&one), sizeof info);
        // Also of one that was sent to all of a net it is an address of this host.
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(&info.ipi_spec_dst);
        return SocketAddress(BytesView(bytes, 4), 0);
    }
    if (one.cmsg_level == IPPROTO_IPV6 && one.cmsg_type == IPV6_PKTINFO) {
        in6_pktinfo info;
        std::memcpy(&info, CMSG_DATA(&one), sizeof info);
        if (!IN6_IS_ADDR_MULTICAST(&info.ipi6_addr) && !IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
            return SocketAddress(BytesView(info.ipi6_addr.s6_addr, 16), 0);
    }
    return std::nullopt;
}

template <class T> void put(msghdr& message, int level, int type, const T& info) {
    message.msg_controllen = CMSG_SPACE(sizeof info);
    cmsghdr* one = CMSG_FIRSTHDR(&message);
    one->cmsg_level = level;
    one->cmsg_type = type;
    one->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(one), &info, sizeof info);
}

} // namespace

bool AskedAt::ask(int socket, bool v4) {
    constexpr int kOn = 1;
    return (v4 ? ::setsockopt(socket, IPPROTO_IP, IP_PKTINFO, &kOn, sizeof kOn)
               : ::setsockopt(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &kOn, sizeof kOn)) == 0;
}

void AskedAt::prepare(msghdr& message) {
    static_assert(CMSG_SPACE(sizeof(in6_pktinfo)) <= kRoomBytes &&
                  CMSG_SPACE(sizeof(in_pktinfo)) <= kRoomBytes);
    message.msg_control = room_.data();
    message.msg_controllen = room_.size();
}

void AskedAt::heard(const SocketAddress& from, msghdr& message) {
    for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
        const auto at = address_in(*one);
        if (!at)
            continue;
        if (at_.insert_or_assign(from, *at).second)
            order_.push_back(from);
        // Those that were forgotten stand there, too.
        while (order_.size() > kMost) {
            at_.erase(order_.front());
            order_.pop_front();
        }
    }
}

bool AskedAt::say(const SocketAddress& to, msghdr& message) {
    const auto found = at_.find(to);
    if (found == at_.end())
        return false;
    room_.fill(0);
    prepare(message);
    if (to.ip_bytes == 4)
        put(message, IPPROTO_IP, IP_PKTINFO, info_of(found->second));
    else
        put(message, IPPROTO_IPV6, IPV6_PKTINFO, info6_of(found->second));
    return true;
}

} // namespace codex::detail
