#include "net/nat/igd.hpp"

#include "net/nat/detail/text.hpp"
#include "net/nat/xml_reader.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace codex::net::nat {

namespace {

constexpr std::size_t kMaxUrlChars = 512;
constexpr std::size_t kMostServices = 4;
constexpr std::uint16_t kHttpPort = 80;

/// The best first.
constexpr std::string_view kServices[] = {"urn:schemas-upnp-org:service:WANIPConnection:2",
                                          "urn:schemas-upnp-org:service:WANIPConnection:1",
                                          "urn:schemas-upnp-org:service:WANPPPConnection:1"};

/// As it may stand in a request.
bool is_path(std::string_view path) {
    return path.starts_with('/') &&
           std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// A reference of a description: a whole URL, or a path from the top or beside `base`. Nothing,
/// where it leads to another host.
std::optional<IgdUrl> resolve(std::string_view reference, const IgdUrl& base) {
    if (reference.find("://") != reference.npos) {
        auto url = parse_igd_url(reference);
        if (!url || url->at.ip != base.at.ip)
            return std::nullopt;
        return std::move(*url);
    }
    std::string path(reference);
    if (!path.starts_with('/'))
        path = base.path.substr(0, base.path.substr(0, base.path.find('?')).rfind('/') + 1) + path;
    if (path.size() > kMaxUrlChars || !is_path(path))
        return std::nullopt;
    return IgdUrl{base.at, std::move(path)};
}

/// As they stand in a description.
struct Described {
    std::string base;
    std::vector<std::pair<std::string, std::string>> services; ///< type and reference
};

Described read_description(std::string_view description) {
    Described all;
    XmlReader reader(description);
    std::string_view element;
    std::pair<std::string, std::string> service;
    while (const auto thing = reader.next()) {
        if (thing->kind == XmlReader::Kind::text) {
            if (element == "serviceType")
                service.first = thing->words;
            else if (element == "controlURL")
                service.second = unescaped(thing->words);
            else if (element == "URLBase" && all.base.empty())
                all.base = unescaped(thing->words);
            continue;
        }
        element = thing->kind == XmlReader::Kind::open ? thing->words : std::string_view();
        if (thing->words != "service")
            continue;
        const bool is_known =
            std::ranges::find(kServices, service.first) != std::ranges::end(kServices);
        if (thing->kind == XmlReader::Kind::close && is_known &&
            all.services.size() < 4 * kMostServices)
            all.services.push_back(std::move(service));
        service = {};
    }
    return all;
}

} // namespace

std::vector<std::string> search_messages() {
    constexpr std::string_view kTargets[] = {
        "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
        "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
        "urn:schemas-upnp-org:service:WANIPConnection:1",
        "urn:schemas-upnp-org:service:WANPPPConnection:1",
    };
    std::vector<std::string> all;
    for (const std::string_view target : kTargets)
        all.push_back(fmt::format("M-SEARCH * HTTP/1.1\r\n"
                                  "HOST: 239.255.255.250:1900\r\n"
                                  "ST: {}\r\n"
                                  "MAN: \"ssdp:discover\"\r\n"
                                  "MX: 1\r\n\r\n",
                                  target));
    return all;
}

Result<IgdUrl> parse_igd_url(std::string_view text) {
    constexpr std::string_view kScheme = "http://";
    const auto refused = [] {
        return fail(Errc::malformed, "the router says no place of its own");
    };
    if (text.size() > kMaxUrlChars || detail::lower(text.substr(0, kScheme.size())) != kScheme)
        return refused();
    text.remove_prefix(kScheme.size());
    const std::string_view host = text.substr(0, text.find('/'));
    IgdUrl url;
    url.path = host.size() == text.size() ? "/" : std::string(text.substr(host.size()));
    const std::size_t colon = host.find(':');
    const auto port = colon == host.npos ? std::optional<std::uint16_t>(kHttpPort)
                                         : detail::number<std::uint16_t>(host.substr(colon + 1));
    std::array<std::uint8_t, 4> ip{};
    const std::string ip_text(host.substr(0, colon));
    if (::inet_pton(AF_INET, ip_text.c_str(), ip.data()) != 1)
        return refused();
    if (!port || *port == 0 || !is_path(url.path))
        return refused();
    url.at = SocketAddress(ip, *port);
    return url;
}

Result<IgdUrl> description_url(std::string_view answer) {
    constexpr std::string_view kName = "location:";
    if (answer.starts_with("HTTP/"))
        for (std::size_t at = 0; at < answer.size();) {
            const std::size_t end = std::min(answer.find('\n', at), answer.size());
            std::string_view line = answer.substr(at, end - at);
            at = end + 1;
            if (detail::lower(line.substr(0, kName.size())) != kName)
                continue;
            line.remove_prefix(kName.size());
            line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
            return parse_igd_url(line.substr(0, line.find_last_not_of(" \t\r") + 1));
        }
    return fail(Errc::malformed, "an answer to the search for a router says no place");
}

Result<std::vector<IgdService>> services_of(std::string_view description, const IgdUrl& from) {
    const Described described = read_description(description);
    IgdUrl base = from;
    if (!described.base.empty())
        if (const auto url = resolve(described.base, from))
            base = *url;
    std::vector<IgdService> found;
    for (const std::string_view type : kServices)
        for (const auto& [name, reference] : described.services)
            if (name == type && found.size() < kMostServices)
                if (auto control = resolve(reference, base))
                    found.push_back({type, std::move(*control)});
    if (found.empty())
        return fail(Errc::unavailable, "the device that answers is no router to the internet");
    return found;
}

std::string action_request(const IgdService& service, std::string_view action,
                           const IgdArguments& arguments) {
    std::string said;
    for (const auto& [name, value] : arguments)
        said += fmt::format("<{0}>{1}</{0}>", name, value);
    const std::string body =
        fmt::format("<?xml version=\"1.0\"?>\r\n"
                    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                    "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"
                    "<s:Body><u:{0} xmlns:u=\"{1}\">{2}</u:{0}></s:Body></s:Envelope>\r\n",
                    action, service.type, said);
    return fmt::format("POST {} HTTP/1.1\r\n"
                       "Host: {}\r\n"
                       "User-Agent: Codex UPnP/1.1\r\n"
                       "Content-Length: {}\r\n"
                       "Content-Type: text/xml; charset=\"utf-8\"\r\n"
                       "SOAPAction: \"{}#{}\"\r\n"
                       "Connection: close\r\n\r\n{}",
                       service.control.path, service.control.at.text(), body.size(), service.type,
                       action, body);
}

std::string document_request(const IgdUrl& url) {
    return fmt::format("GET {} HTTP/1.1\r\n"
                       "Host: {}\r\n"
                       "User-Agent: Codex UPnP/1.1\r\n"
                       "Connection: close\r\n\r\n",
                       url.path, url.at.text());
}

std::optional<std::string> value_of(std::string_view answer, std::string_view name) {
    XmlReader reader(answer);
    bool inside = false;
    while (const auto thing = reader.next()) {
        if (thing->kind == XmlReader::Kind::text && inside)
            return unescaped(thing->words);
        if (thing->kind != XmlReader::Kind::text)
            inside = thing->kind == XmlReader::Kind::open && thing->words == name;
    }
    return std::nullopt;
}

unsigned refusal_of(std::string_view answer) {
    const auto value = value_of(answer, "errorCode");
    return value ? detail::number<unsigned>(*value).value_or(0) : 0;
}

} // namespace codex::net::nat
