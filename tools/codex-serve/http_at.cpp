#include "http_at.hpp"

#include "node/rest/access.hpp"
#include "serve.hpp"

#include <algorithm>

namespace codex::serve_tool {

Result<SocketAddress> parse_http_address(const HttpOptions& options, const std::string& ip,
                                         std::uint64_t port) {
    if (port > UINT16_MAX)
        return fail(Errc::usage, "{}: {} is not from 0 to {}", options.port, port, UINT16_MAX);
    if (const auto address = parse_ip(ip, static_cast<std::uint16_t>(port)))
        return *address;
    return fail(Error(Errc::usage, fmt::format("{}: {}: not an IP address", options.address, ip))
                    .hint(fmt::format("for this host alone: {} 127.0.0.1{}{}", options.address,
                                      options.hint.empty() ? "" : "; ", options.hint)));
}

bool is_loopback(const SocketAddress& at) {
    const BytesView ip = at.ip_view();
    return ip.size() == 4
               ? ip[0] == 127
               : std::ranges::all_of(ip.first(15), [](auto byte) { return byte == 0; }) &&
                     ip[15] == 1;
}

std::vector<std::string> allowed_hosts(const SocketAddress& at,
                                       const std::vector<std::string>& more) {
    std::vector<std::string> hosts;
    if (is_loopback(at) || !more.empty()) {
        const std::string text = at.text();
        hosts = node::rest::loopback_hosts(text.substr(0, text.rfind(':')));
    }
    hosts.insert(hosts.end(), more.begin(), more.end());
    return hosts;
}

Result<std::unique_ptr<Acceptor>> listen_for_http(cli::Context& context, Network& network,
                                                  const SocketAddress& at,
                                                  const HttpOptions& options) {
    auto acceptor = network.listen(at);
    if (acceptor)
        return acceptor;
    Error error = std::move(acceptor).error();
    const std::string text = at.text();
    context.about(text);
    if (error.code() == Errc::address_in_use)
        return fail(std::move(error).hint(
            fmt::format("name another port, or 0 for any that is free: {} 0", options.port)));
    if (error.code() == Errc::unavailable)
        return fail(Error(Errc::config_invalid,
                          fmt::format("{}: no address of this host: {}", text, error.text()))
                        .hint(fmt::format("take requests of this host alone: {} 127.0.0.1",
                                          options.address)));
    return fail(not_permitted(std::move(error), at.port,
                              fmt::format("{} {}", options.port, options.usual_port)));
}

} // namespace codex::serve_tool
