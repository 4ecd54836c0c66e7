#include "base/network.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace codex {

SocketAddress::SocketAddress(BytesView bytes, std::uint16_t port_number)
    : ip_bytes(static_cast<std::uint8_t>(bytes.size())), port(port_number) {
    CODEX_ASSERT(bytes.size() == 4 || bytes.size() == 16);
    std::copy(bytes.begin(), bytes.end(), ip.begin());
}

std::string SocketAddress::text() const {
    char name[INET6_ADDRSTRLEN] = {};
    const bool v4 = ip_bytes == 4;
    ::inet_ntop(v4 ? AF_INET : AF_INET6, ip.data(), name, sizeof name);
    return v4 ? fmt::format("{}:{}", name, port) : fmt::format("[{}]:{}", name, port);
}

Task<Result<void>> write_all(Socket* socket, BytesView bytes, Clock::Instant until) {
    while (!bytes.empty()) {
        auto written = socket->try_write(bytes);
        if (!written)
            co_return fail(std::move(written.error()));
        bytes = bytes.subspan(*written);
        if (*written == 0) {
            CODEX_CO_CHECK(socket->writable(until));
        }
    }
    co_return Result<void>();
}

Task<Result<std::size_t>> read_some(Socket* socket, MutableBytes to, Clock::Instant until) {
    for (;;) {
        auto got = socket->try_read(to);
        if (!got)
            co_return fail(std::move(got.error()));
        if (*got)
            co_return **got;
        CODEX_CO_CHECK(socket->readable(until));
    }
}

} // namespace codex
