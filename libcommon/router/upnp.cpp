// UPnP, by miniupnpc.
#include "router/detail/askers.hpp"
#include "router/url.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <utility>

namespace codex::router::detail {

namespace {

using net::nat::Mapping;
using net::nat::Transport;

/// A device answers within a second of its choice (UPnP Device Architecture 1.1, MX).
constexpr int kSearchMs = 1000;
constexpr unsigned char kHops = 2;
/// Devices that are looked at in one search: one router, and what else thinks that it is one.
constexpr std::size_t kMostDevices = 8;
/// Other ports that are tried where the one that is wanted is another host's.
constexpr int kOtherPorts = 4;
constexpr std::uint16_t kFirstFreePort = 1024;
constexpr std::uint32_t kLeaseSeconds = 3600;

// Refusals (IGD 1, WANIPConnection, 2.4.16).
constexpr int kNotAllowed = 606;
constexpr int kTaken = 718;
constexpr int kSamePortsOnly = 724;
constexpr int kForEverOnly = 725;
constexpr int kNoRoom = 728;

/// Each is asked for, as not all routers answer to the first; one of a later version answers to it,
/// too.
constexpr std::array<const char*, 4> kSought = {
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1", nullptr};

constexpr std::array<std::string_view, 3> kServices = {
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANPPPConnection:1"};

Unexpected<Error> refused(std::string_view action, int refusal) {
    if (refusal < 0) // it is the library's own
        return fail(Errc::unavailable, "the router gives no answer to {}", action);
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

const char* protocol_of(Transport transport) {
    return transport == Transport::tcp ? "TCP" : "UDP";
}

std::string ip_text(const SocketAddress& address) {
    const std::string text = address.text();
    return text.substr(0, text.rfind(':'));
}

class Upnp final : public Asker {
public:
    Upnp(Settings settings, Random& random) : settings_(std::move(settings)), random_(random) {}
    Upnp(const Upnp&) = delete;
    Upnp& operator=(const Upnp&) = delete;
    ~Upnp() override { ::FreeUPNPUrls(&urls_); }

    [[nodiscard]] const std::string& router() const override { return router_; }
    [[nodiscard]] Result<Found> find() override {
        CODEX_CHECK(locate());
        return Found{outside_, {}};
    }
    [[nodiscard]] Result<Mapping> add(Mapping wanted) override;
    [[nodiscard]] Result<void> remove(const Mapping& granted) override;

private:
    [[nodiscard]] Result<void> locate();
    [[nodiscard]] Result<std::vector<std::string>> search() const;
    [[nodiscard]] Result<void> look_at(const std::string& description);
    [[nodiscard]] Result<void> ask_address();
    /// Gives what the router refuses with, or 0.
    [[nodiscard]] int ask(const Mapping& wanted, std::uint32_t lease_seconds) const;

    Settings settings_;
    Random& random_;
    std::string router_;
    SocketAddress outside_;
    std::string own_; ///< where the router leads to
    UPNPUrls urls_{};
    IGDdatas data_{};
};

/// Descriptions of neighbours, each once.
Result<std::vector<std::string>> Upnp::search() const {
    CODEX_TRY(nets, own_nets());
    const std::string from = settings_.own ? ip_text(*settings_.own) : std::string();
    int error = 0;
    // No local service is asked what it has heard.
    const std::unique_ptr<UPNPDev, void (*)(UPNPDev*)> devices(
        ::upnpDiscoverDevices(kSought.data(), kSearchMs, from.empty() ? nullptr : from.c_str(), "",
                              UPNP_LOCAL_PORT_ANY, 0, kHops, &error, 0),
        &::freeUPNPDevlist);
    std::vector<std::string> found;
    for (const UPNPDev* one = devices.get(); one != nullptr; one = one->pNext) {
        const std::string url = one->descURL;
        const auto host = host_of(url);
        // Nobody elsewhere is asked because somebody here says so.
        if (host && is_neighbour(*host, nets) && std::ranges::find(found, url) == found.end() &&
            found.size() < kMostDevices)
            found.push_back(url);
    }
    return found;
}

Result<void> Upnp::locate() {
    if (!router_.empty())
        return {};
    if (!settings_.router.empty())
        return look_at(settings_.router);
    CODEX_TRY(found, search());
    Result<void> looked = fail(Errc::unavailable, "no router answers");
    for (const std::string& url : found) {
        looked = look_at(url);
        if (looked)
            return looked;
    }
    return looked;
}

/// Whether there is a router at `description` that has a connection.
Result<void> Upnp::look_at(const std::string& description) {
    const auto host = host_of(description);
    if (!host)
        return fail(Errc::malformed, "the router says where it is in another form than http://IP");
    ::FreeUPNPUrls(&urls_);
    std::array<char, 64> own{};
    if (::UPNP_GetIGDFromUrl(description.c_str(), &urls_, &data_, own.data(),
                             static_cast<int>(own.size())) != 1)
        return fail(Errc::unavailable, "the router does not show what it is");
    own_ = settings_.own ? ip_text(*settings_.own) : std::string(own.data());
    Result<void> asked = fail(Errc::unavailable, "the device there is no router");
    for (int service = 0; service < 2; ++service) {
        if (service == 1) { // the one beside it
            std::swap(data_.first, data_.second);
            ::FreeUPNPUrls(&urls_);
            ::GetUPNPUrls(&urls_, &data_, description.c_str(), 0);
        }
        const std::string_view control = urls_.controlURL == nullptr ? "" : urls_.controlURL;
        const auto at = host_of(control);
        if (std::ranges::find(kServices, std::string_view(data_.first.servicetype)) ==
                kServices.end() ||
            !at || at->ip != host->ip)
            continue;
        asked = ask_address();
        if (asked) {
            router_ = description;
            return {};
        }
    }
    return asked;
}

Result<void> Upnp::ask_address() {
    std::array<char, 64> text{};
    const int refusal =
        ::UPNP_GetExternalIPAddress(urls_.controlURL, data_.first.servicetype, text.data());
    std::array<std::uint8_t, 4> ip{};
    text.back() = '\0';
    // Some that have none refuse, others say none.
    if (refusal > 0 || (refusal == 0 && ::inet_pton(AF_INET, text.data(), ip.data()) != 1))
        return fail(Errc::malformed, "the router says no address of its own");
    if (refusal != 0)
        return refused("GetExternalIPAddress", refusal);
    outside_ = SocketAddress(ip, 0);
    return {};
}

int Upnp::ask(const Mapping& wanted, std::uint32_t lease_seconds) const {
    return ::UPNP_AddPortMapping(
        urls_.controlURL, data_.first.servicetype, std::to_string(wanted.outside).c_str(),
        std::to_string(wanted.inside).c_str(), own_.c_str(), "codex", protocol_of(wanted.transport),
        nullptr, std::to_string(lease_seconds).c_str());
}

Result<Mapping> Upnp::add(Mapping wanted) {
    CODEX_CHECK(locate());
    std::uint32_t lease = kLeaseSeconds;
    for (int others = 0;;) {
        const int refusal = ask(wanted, lease);
        if (refusal == 0)
            break;
        if (refusal == kForEverOnly && lease != 0) {
            lease = 0;
            continue;
        }
        if (refusal != kTaken || others++ == kOtherPorts)
            return refused("AddPortMapping", refusal);
        CODEX_TRY(shift, random_.below(UINT16_MAX + 1U - kFirstFreePort));
        wanted.outside = static_cast<std::uint16_t>(kFirstFreePort + shift);
    }
    wanted.lifetime.reset();
    if (lease != 0)
        wanted.lifetime = std::chrono::seconds(lease);
    return wanted;
}

Result<void> Upnp::remove(const Mapping& granted) {
    CODEX_CHECK(locate());
    const int refusal = ::UPNP_DeletePortMapping(urls_.controlURL, data_.first.servicetype,
                                                 std::to_string(granted.outside).c_str(),
                                                 protocol_of(granted.transport), nullptr);
    if (refusal != 0)
        return refused("DeletePortMapping", refusal);
    return {};
}

} // namespace

std::unique_ptr<Asker> make_upnp(Settings settings, Random& random) {
    return std::make_unique<Upnp>(std::move(settings), random);
}

} // namespace codex::router::detail
