#include "net/nat/upnp.hpp"

#include "base/copy_error.hpp"
#include "net/nat/detail/text.hpp"
#include "net/nat/http_reply.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace codex::net::nat {

namespace {

/// Devices that are looked at in one search: one router, and what else thinks that it is one.
constexpr std::size_t kMostDevices = 8;
constexpr std::size_t kMostAnswerBytes = 2048;
constexpr Clock::Duration kSearchAgain = std::chrono::milliseconds(500);
/// Other ports that are tried where the one that is wanted is another host's.
constexpr int kOtherPorts = 4;
constexpr std::uint16_t kFirstFreePort = 1024;

// Refusals (IGD 1, WANIPConnection, 2.4.16).
constexpr unsigned kNotAllowed = 606;
constexpr unsigned kTaken = 718;
constexpr unsigned kSamePortsOnly = 724;
constexpr unsigned kForEverOnly = 725;
constexpr unsigned kNoRoom = 728;

Unexpected<Error> refused(std::string_view action, unsigned refusal) {
    std::string_view why = "it does not say why";
    if (refusal == kNotAllowed)
        why = "it is not allowed there";
    else if (refusal == kTaken)
        why = "the port is taken by another host";
    else if (refusal == kSamePortsOnly)
        why = "it knows no other port, and that one is taken";
    else if (refusal == kNoRoom)
        why = "it has no room for more";
    return fail(Errc::unavailable, "the router refuses {}: {} ({})", action, why, refusal);
}

std::string_view protocol_of(Transport transport) {
    return transport == Transport::tcp ? "TCP" : "UDP";
}

void send_search(DatagramSocket& socket, const SocketAddress& group) {
    for (const std::string& message : search_messages())
        static_cast<void>(socket.try_send(group, as_bytes(message))); // what is lost is said again
}

} // namespace

Upnp::Upnp(Network& network, Random& random, const UpnpOptions& options)
    : network_(network), random_(random), options_(options) {}

Task<Result<std::string>> Upnp::act(Upnp* self, IgdService service, std::string action,
                                    IgdArguments arguments, unsigned* refusal,
                                    Clock::Instant until) {
    *refusal = 0;
    const Clock::Instant ends = std::min(until, self->network_.loop().now() + self->options_.ask);
    std::string request = action_request(service, action, arguments);
    CODEX_CO_TRY(answer,
                 ask_over_http(&self->network_, service.control.at, std::move(request), ends));
    self->own_ = answer.own;
    if (answer.reply.status == 200)
        co_return std::move(answer.reply.body);
    *refusal = refusal_of(answer.reply.body);
    co_return refused(action, *refusal != 0 ? *refusal : answer.reply.status);
}

Task<Result<SocketAddress>> Upnp::ask_address(Upnp* self, IgdService service,
                                              Clock::Instant until) {
    unsigned refusal = 0;
    IgdArguments none;
    CODEX_CO_TRY(body,
                 act(self, service, "GetExternalIPAddress", std::move(none), &refusal, until));
    const std::string text = value_of(body, "NewExternalIPAddress").value_or(std::string());
    std::array<std::uint8_t, 4> ip{};
    if (::inet_pton(AF_INET, text.c_str(), ip.data()) != 1)
        co_return fail(Errc::malformed, "the router says no address of its own");
    co_return SocketAddress(ip, 0);
}

/// Whether there is a router at `url` that has a connection.
Task<Result<Outside>> Upnp::look_at(Upnp* self, IgdUrl url, Clock::Instant until) {
    const Clock::Instant ends = std::min(until, self->network_.loop().now() + self->options_.ask);
    std::string request = document_request(url);
    CODEX_CO_TRY(answer, ask_over_http(&self->network_, url.at, std::move(request), ends));
    if (answer.reply.status != 200)
        co_return fail(Errc::unavailable, "the router does not show what it is: {}",
                       answer.reply.status);
    auto services = services_of(answer.reply.body, url);
    if (!services)
        co_return fail(std::move(services.error()));
    std::optional<Error> last;
    for (const IgdService& service : *services) {
        const auto address = co_await ask_address(self, service, until);
        if (address) {
            self->router_.emplace(Router{service, self->own_});
            self->takes_leases_ = true;
            co_return Outside{*address, true};
        }
        last.emplace(copy_of(address.error()));
    }
    co_return fail(std::move(*last));
}

Task<Result<Outside>> Upnp::search(Upnp* self, Clock::Instant until) {
    EventLoop& loop = self->network_.loop();
    const std::array<std::uint8_t, 4> any{};
    SocketAddress from = self->options_.own.value_or(SocketAddress(any, 0));
    from.port = 0;
    auto bound = self->network_.bind_datagrams(from);
    if (!bound)
        co_return fail(std::move(bound.error()));
    DatagramSocket* const socket = bound->get();
    const Clock::Instant ends = std::min(until, loop.now() + self->options_.search);
    std::vector<IgdUrl> seen;
    Error last(Errc::unavailable, "no router answers");
    for (Clock::Instant again = loop.now(); loop.now() < ends && seen.size() < kMostDevices;) {
        if (loop.now() >= again) {
            send_search(*socket, self->options_.group);
            again = loop.now() + kSearchAgain;
        }
        Bytes bytes(kMostAnswerBytes);
        const auto arrived = socket->try_receive(bytes);
        if (!arrived)
            co_return fail(Errc::unavailable, "no router answers");
        if (!*arrived) {
            const Clock::Instant next = std::min(again, ends);
            const auto waited = co_await socket->readable(next);
            if (!waited && waited.error().code() != Errc::timeout)
                break;
            continue;
        }
        const std::size_t size = std::min((*arrived)->bytes, bytes.size());
        auto url = description_url(as_text(BytesView(bytes).first(size)));
        // Nobody is asked because another says so.
        if (!url || url->at.ip != (*arrived)->from.ip ||
            std::ranges::find(seen, *url) != seen.end())
            continue;
        seen.push_back(*url);
        auto outside = co_await look_at(self, *url, until);
        if (outside)
            co_return outside;
        last = std::move(outside.error());
    }
    co_return fail(std::move(last));
}

Task<Result<Outside>> Upnp::outside(Clock::Instant until) {
    if (router_) {
        const IgdService service = router_->service;
        const auto address = co_await ask_address(this, service, until);
        if (address)
            co_return Outside{*address, false};
        router_.reset();
    }
    co_return co_await search(this, until);
}

Task<Result<Mapping>> Upnp::add(Upnp* self, Mapping wanted, unsigned* refusal,
                                Clock::Instant until) {
    const std::uint32_t lease = self->takes_leases_ ? self->options_.lease_seconds : 0;
    IgdArguments arguments = {
        {"NewRemoteHost", ""},
        {"NewExternalPort", std::to_string(wanted.outside)},
        {"NewProtocol", std::string(protocol_of(wanted.transport))},
        {"NewInternalPort", std::to_string(wanted.inside)},
        {"NewInternalClient", detail::host_text(self->options_.own.value_or(self->router_->own))},
        {"NewEnabled", "1"},
        {"NewPortMappingDescription", "codex"},
        {"NewLeaseDuration", std::to_string(lease)},
    };
    const IgdService service = self->router_->service;
    CODEX_CO_CHECK(act(self, service, "AddPortMapping", std::move(arguments), refusal, until));
    wanted.lifetime.reset();
    if (lease != 0)
        wanted.lifetime = std::chrono::seconds(lease);
    co_return wanted;
}

Task<Result<Mapping>> Upnp::map(Mapping wanted, Clock::Instant until) {
    for (int others = 0;;) {
        if (!router_)
            co_return fail(Errc::unavailable, "no router answers");
        unsigned refusal = 0;
        auto granted = co_await add(this, wanted, &refusal, until);
        if (granted)
            co_return granted;
        if (refusal == kForEverOnly && takes_leases_) {
            takes_leases_ = false;
            continue;
        }
        if (refusal != kTaken || others++ == kOtherPorts)
            co_return granted;
        const auto random = random_.number();
        if (!random)
            co_return granted;
        wanted.outside = static_cast<std::uint16_t>(kFirstFreePort +
                                                    *random % (UINT16_MAX + 1U - kFirstFreePort));
    }
}

Task<Result<void>> Upnp::unmap(Mapping granted, Clock::Instant until) {
    if (!router_)
        co_return Result<void>();
    IgdArguments arguments = {
        {"NewRemoteHost", ""},
        {"NewExternalPort", std::to_string(granted.outside)},
        {"NewProtocol", std::string(protocol_of(granted.transport))},
    };
    const IgdService service = router_->service;
    unsigned refusal = 0;
    CODEX_CO_CHECK(act(this, service, "DeletePortMapping", std::move(arguments), &refusal, until));
    co_return Result<void>();
}

} // namespace codex::net::nat
