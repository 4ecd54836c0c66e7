#include "node/limits.hpp"

#include "base/units.hpp"

#include <algorithm>

namespace codex::node {

namespace {

using net::Limit;

/// Where a limit that may be set stands; two of the three are nothing.
struct Place {
    Limit limit;
    std::size_t& (*count)(Limits&) = nullptr;
    std::size_t& (*bytes)(Limits&) = nullptr;
    Clock::Duration& (*span)(Limits&) = nullptr;
};

constexpr Place kPlaces[] = {
    {Limit::connections, [](Limits& of) -> std::size_t& { return of.host.connections; }},
    {Limit::unauthenticated, [](Limits& of) -> std::size_t& { return of.host.unauthenticated; }},
    {Limit::unauthenticated_ip,
     [](Limits& of) -> std::size_t& { return of.host.unauthenticated_per_ip; }},
    {Limit::upgrade_time, nullptr, nullptr,
     [](Limits& of) -> Clock::Duration& { return of.host.upgrade; }},
    {Limit::peer_connections,
     [](Limits& of) -> std::size_t& { return of.host.connections_per_peer; }},
    {Limit::peer_streams, [](Limits& of) -> std::size_t& { return of.host.mux.streams_in; }},
    {Limit::streams, [](Limits& of) -> std::size_t& { return of.host.streams; }},
    {Limit::protocol_streams, [](Limits& of) -> std::size_t& { return of.host.protocol_streams; }},
    {Limit::select_time, nullptr, nullptr,
     [](Limits& of) -> Clock::Duration& { return of.host.select; }},
    {Limit::unread, nullptr, nullptr,
     [](Limits& of) -> Clock::Duration& { return of.host.unread; }},
    {Limit::network_bytes, nullptr,
     [](Limits& of) -> std::size_t& { return of.host.network_bytes; }},
    {Limit::write_time, nullptr, nullptr,
     [](Limits& of) -> Clock::Duration& { return of.host.write; }},
    {Limit::idle_stream, nullptr, nullptr,
     [](Limits& of) -> Clock::Duration& { return of.host.idle_stream; }},
    {Limit::idle_connection, nullptr, nullptr,
     [](Limits& of) -> Clock::Duration& { return of.host.idle_connection; }},
    {Limit::exchange_message, nullptr,
     [](Limits& of) -> std::size_t& { return of.peers.decode.message_bytes; }},
    {Limit::exchange_input, nullptr,
     [](Limits& of) -> std::size_t& { return of.peers.input_bytes; }},
    {Limit::exchange_unsent, nullptr,
     [](Limits& of) -> std::size_t& { return of.peers.unsent_bytes; }},
    {Limit::exchange_wants, [](Limits& of) -> std::size_t& { return of.server.wants.wants; }},
    {Limit::exchange_all_wants, [](Limits& of) -> std::size_t& { return of.server.all_wants; }},
    {Limit::exchange_rate, [](Limits& of) -> std::size_t& { return of.server.wants_a_second; }},
    {Limit::exchange_unasked, [](Limits& of) -> std::size_t& { return of.peers.unasked; }},
    {Limit::dht_packets, [](Limits& of) -> std::size_t& { return of.discovery.packets; }},
    {Limit::dht_handshakes, [](Limits& of) -> std::size_t& { return of.discovery.handshakes; }},
    {Limit::dht_sources, [](Limits& of) -> std::size_t& { return of.discovery.sources; }},
};

/// No limit is to be larger: it would be none.
constexpr std::uint64_t kMostCount = 10'000'000;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;
constexpr std::uint64_t kMostSeconds = std::uint64_t{30} * 24 * 3600;

Error wrong(std::string_view text, std::string_view why) {
    return {Errc::argument_invalid, fmt::format("{}: {}", text, why)};
}

Result<std::uint64_t> count_of(std::string_view digits) {
    std::uint64_t value = 0;
    if (digits.empty() || digits.size() > 8)
        return fail(Errc::argument_invalid, "not a number from 1 to {}", kMostCount);
    for (const char c : digits) {
        if (c < '0' || c > '9')
            return fail(Errc::argument_invalid, "not a number from 1 to {}", kMostCount);
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
}

Result<void> set(const Place& place, Limits& limits, std::string_view value) {
    CODEX_TRY(number, place.count   ? count_of(value)
                      : place.bytes ? parse_size(value)
                                    : parse_duration(value));
    const std::uint64_t most = place.count ? kMostCount : place.bytes ? kMostBytes : kMostSeconds;
    if (number == 0 || number > most)
        return fail(Errc::argument_invalid, "not from 1 to {}",
                    place.bytes  ? format_size(most)
                    : place.span ? format_duration(most)
                                 : fmt::format("{}", most));
    if (place.span)
        place.span(limits) = std::chrono::seconds(number);
    else
        (place.count ? place.count : place.bytes)(limits) = number;
    return {};
}

const Place* place_of(Limit limit) {
    const auto* const found = std::ranges::find(kPlaces, limit, &Place::limit);
    return found == std::end(kPlaces) ? nullptr : found;
}

} // namespace

Result<void> set_limit(Limits& limits, std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const auto* const place = std::ranges::find(
        kPlaces, name, [](const Place& one) { return net::limit_name(one.limit); });
    if (equals == std::string_view::npos || place == std::end(kPlaces))
        return fail(wrong(text, equals == std::string_view::npos ? "not of the form NAME=VALUE"
                                                                 : "there is no such limit")
                        .hint(fmt::format("there are {}", fmt::join(settable_limits(), ", "))));
    if (auto done = set(*place, limits, text.substr(equals + 1)); !done)
        return fail(wrong(text, done.error().text()));
    return {};
}

std::string limit_value(Limit limit, const Limits& limits) {
    const Place* const place = place_of(limit);
    if (place == nullptr)
        return {};
    Limits copy = limits;
    if (place->span)
        return format_duration(static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(place->span(copy)).count()));
    if (place->bytes)
        return format_size(place->bytes(copy));
    return fmt::format("{}", place->count(copy));
}

std::vector<std::string_view> settable_limits() {
    std::vector<std::string_view> names;
    for (const Place& place : kPlaces)
        names.push_back(net::limit_name(place.limit));
    return names;
}

} // namespace codex::node
