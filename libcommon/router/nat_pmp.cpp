// NAT-PMP (RFC 6886), by libnatpmp.
#include "router/detail/askers.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <functional>
#include <natpmp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace codex::router::detail {

namespace {

using net::nat::Mapping;
using net::nat::Transport;

constexpr std::uint16_t kPort = 5351;
constexpr std::uint32_t kLifetimeSeconds = 3600;

Unexpected<Error> failed(int error) {
    switch (error) {
    case NATPMP_ERR_CANNOTGETGATEWAY:
        return fail(Errc::unavailable, "this host has no router");
    case NATPMP_ERR_CONNECTERR:
    case NATPMP_ERR_SENDERR:
        return fail(Errc::unavailable, "no way to the router");
    case NATPMP_TRYAGAIN:
    case NATPMP_ERR_NOGATEWAYSUPPORT:
        return fail(Errc::timeout, "the router does not answer");
    case NATPMP_ERR_UNSUPPORTEDVERSION:
        return fail(Errc::unavailable, "the router refuses: it speaks another version");
    case NATPMP_ERR_UNSUPPORTEDOPCODE:
        return fail(Errc::unavailable, "the router refuses: it does not know how");
    case NATPMP_ERR_NOTAUTHORIZED:
        return fail(Errc::unavailable, "the router refuses: it is not allowed there");
    case NATPMP_ERR_NETWORKFAILURE:
        return fail(Errc::unavailable, "the router refuses: it has no address itself yet");
    case NATPMP_ERR_OUTOFRESOURCES:
        return fail(Errc::unavailable, "the router refuses: it has no room for more");
    case NATPMP_ERR_UNDEFINEDERROR:
        return fail(Errc::unavailable, "the router refuses: it does not say why");
    default:
        return fail(Errc::unavailable, "the router gives no answer ({})", error);
    }
}

class NatPmp final : public Asker {
public:
    explicit NatPmp(Settings settings) : settings_(std::move(settings)) {}
    NatPmp(const NatPmp&) = delete;
    NatPmp& operator=(const NatPmp&) = delete;
    ~NatPmp() override {
        if (open_)
            (void)::closenatpmp(&state_);
    }

    [[nodiscard]] const std::string& router() const override { return router_; }
    [[nodiscard]] Result<Found> find() override;
    [[nodiscard]] Result<Mapping> add(Mapping wanted) override;
    [[nodiscard]] Result<void> remove(const Mapping& granted) override;

private:
    [[nodiscard]] Result<void> open();
    [[nodiscard]] Result<void> ask_from(const SocketAddress& own);
    /// Says what `send` says, again and again, and gives the answer, which is of this kind.
    [[nodiscard]] Result<natpmpresp_t> ask(const std::function<int()>& send, std::uint16_t kind);
    [[nodiscard]] Result<natpmpresp_t> ask_for(const Mapping& mapping, std::uint16_t outside,
                                               std::uint32_t seconds);

    Settings settings_;
    std::string router_;
    natpmp_t state_{};
    bool open_ = false;
};

Result<void> NatPmp::open() {
    if (open_)
        return {};
    in_addr given{};
    if (!settings_.router.empty() && ::inet_pton(AF_INET, settings_.router.c_str(), &given) != 1)
        return fail(Errc::malformed, "a router of NAT-PMP is an address of IPv4");
    const int error = ::initnatpmp(&state_, settings_.router.empty() ? 0 : 1, given.s_addr);
    if (error != 0)
        return failed(error);
    open_ = true;
    if (settings_.own)
        CODEX_CHECK(ask_from(*settings_.own));
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &state_.gateway, text.data(), text.size());
    router_ = text.data();
    return {};
}

/// The router leads to whoever asks it. The library does not say from where, so the socket is
/// another one.
Result<void> NatPmp::ask_from(const SocketAddress& own) {
    Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return fail(system_error(errno, "make a socket"));
    sockaddr_in from{};
    from.sin_family = AF_INET;
    std::memcpy(&from.sin_addr, own.ip.data(), sizeof from.sin_addr);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(kPort);
    to.sin_addr.s_addr = state_.gateway;
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
        return failed(NATPMP_ERR_CONNECTERR);
    const Fd before(state_.s);
    state_.s = socket.release();
    return {};
}

Result<natpmpresp_t> NatPmp::ask(const std::function<int()>& send, std::uint16_t kind) {
    CODEX_CHECK(open());
    if (const int sent = send(); sent < 0)
        return failed(sent);
    for (;;) {
        natpmpresp_t answer{};
        const int got = ::readnatpmpresponseorretry(&state_, &answer);
        if (got == 0 && answer.type == kind)
            return answer;
        if (got != NATPMP_TRYAGAIN || settings_.until.passed())
            return failed(got == 0 ? NATPMP_ERR_NOGATEWAYSUPPORT : got);
        timeval again{};
        if (const int error = ::getnatpmprequesttimeout(&state_, &again); error != 0)
            return failed(error);
        const Clock::Duration wait = std::min<Clock::Duration>(
            std::chrono::seconds(again.tv_sec) + std::chrono::microseconds(again.tv_usec),
            settings_.until.clock().nap(settings_.until.at()));
        const auto millis = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
        pollfd readable{state_.s, POLLIN, 0};
        (void)::poll(&readable, 1, static_cast<int>(std::clamp<std::int64_t>(millis, 0, 60'000)));
    }
}

Result<natpmpresp_t> NatPmp::ask_for(const Mapping& mapping, std::uint16_t outside,
                                     std::uint32_t seconds) {
    const bool tcp = mapping.transport == Transport::tcp;
    const int protocol = tcp ? NATPMP_PROTOCOL_TCP : NATPMP_PROTOCOL_UDP;
    CODEX_TRY(answer, ask(
                          [&] {
                              return ::sendnewportmappingrequest(&state_, protocol, mapping.inside,
                                                                 outside, seconds);
                          },
                          tcp ? NATPMP_RESPTYPE_TCPPORTMAPPING : NATPMP_RESPTYPE_UDPPORTMAPPING));
    if (answer.pnu.newportmapping.privateport != mapping.inside)
        return fail(Errc::malformed, "the router answers for another port");
    return answer;
}

Result<Found> NatPmp::find() {
    CODEX_TRY(answer, ask([this] { return ::sendpublicaddressrequest(&state_); },
                          NATPMP_RESPTYPE_PUBLICADDRESS));
    std::array<std::uint8_t, 4> ip;
    std::memcpy(ip.data(), &answer.pnu.publicaddress.addr, ip.size());
    return Found{SocketAddress(ip, 0), answer.epoch};
}

Result<Mapping> NatPmp::add(Mapping wanted) {
    CODEX_TRY(answer, ask_for(wanted, wanted.outside, kLifetimeSeconds));
    const auto& granted = answer.pnu.newportmapping;
    if (granted.mappedpublicport == 0 || granted.lifetime == 0)
        return fail(Errc::malformed, "the router grants nothing, and does not say so");
    wanted.outside = granted.mappedpublicport;
    wanted.lifetime = std::chrono::seconds(granted.lifetime);
    return wanted;
}

Result<void> NatPmp::remove(const Mapping& granted) {
    CODEX_CHECK(ask_for(granted, 0, 0));
    return {};
}

} // namespace

std::unique_ptr<Asker> make_nat_pmp(Settings settings) {
    return std::make_unique<NatPmp>(std::move(settings));
}

} // namespace codex::router::detail
