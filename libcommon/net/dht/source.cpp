#include "net/dht/source.hpp"

#include <algorithm>

namespace codex::net::dht {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

} // namespace

Source Source::of(const SocketAddress& address) {
    BytesView ip = address.ip_view();
    if (ip.size() == 16 && equal(ip.first(kMapped.size()), kMapped))
        ip = ip.subspan(kMapped.size());
    Source source;
    source.size = ip.size() == 4 ? 4 : 8;
    std::copy_n(ip.begin(), source.size, source.bytes.begin());
    // ::/64 has no hosts that send but this one.
    return source;
}

bool Source::is_loopback() const {
    if (size == 4)
        return bytes[0] == 127;
    return size == 8 && std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

std::string Source::text() const {
    if (size == 0)
        return "this node";
    SocketAddress address;
    address.ip_bytes = size == 4 ? 4 : 16;
    std::copy_n(bytes.begin(), size, address.ip.begin());
    const std::string text = address.text(); // with a port
    return size == 4 ? text.substr(0, text.rfind(':'))
                     : text.substr(1, text.rfind(']') - 1) + "/64";
}

} // namespace codex::net::dht
