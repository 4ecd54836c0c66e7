#include "net/nat/router_answer.hpp"

#include "base/printable.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <nlohmann/json.hpp>

namespace codex::net::nat {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxWhy = 300;

Error no_answer(std::string_view why) {
    return {Errc::malformed, fmt::format("it is asked, and what it says is no answer: {}", why)};
}

/// A line, which is left out of `text`; nothing, when it does not end.
std::optional<std::string_view> line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == text.npos)
        return std::nullopt;
    const std::string_view first = text.substr(0, end);
    text.remove_prefix(end + 1);
    return first;
}

Result<Json> object(std::string_view text) {
    // Nothing in it is an object of its own: the parser is told to leave such out.
    const Json::parser_callback_t flat = [](int depth, Json::parse_event_t event, Json&) {
        return depth == 0 || (event != Json::parse_event_t::object_start &&
                              event != Json::parse_event_t::array_start);
    };
    Json value = Json::parse(text.begin(), text.end(), flat, false);
    if (!value.is_object())
        return fail(no_answer("no object"));
    return value;
}

Result<std::string> word(const Json& from, const char* name) {
    const auto found = from.find(name);
    if (found == from.end() || !found->is_string())
        return fail(no_answer(fmt::format("{} is no text", name)));
    return found->get<std::string>();
}

Result<std::uint64_t> number(const Json& from, const char* name, std::uint64_t least,
                             std::uint64_t most) {
    const auto found = from.find(name);
    if (found == from.end() || !found->is_number_unsigned())
        return fail(no_answer(fmt::format("{} is no number", name)));
    const auto value = found->get<std::uint64_t>();
    if (value < least || value > most)
        return fail(no_answer(fmt::format("{} is {}", name, value)));
    return value;
}

/// The same, where null is none.
Result<std::optional<std::uint32_t>> seconds(const Json& from, const char* name) {
    const auto found = from.find(name);
    if (found != from.end() && found->is_null())
        return std::optional<std::uint32_t>();
    CODEX_TRY(value, number(from, name, 0, UINT32_MAX));
    return std::optional(static_cast<std::uint32_t>(value));
}

Result<void> expect(const Json& from, const char* name, std::string_view value) {
    CODEX_TRY(said, word(from, name));
    if (said != value)
        return fail(no_answer(fmt::format("{} is another one", name)));
    return {};
}

Result<std::string> router_of(const Json& from, Way way) {
    CODEX_TRY(text, word(from, "router"));
    const bool shown = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
    in_addr ip{};
    const bool known = way == Way::upnp ? text.starts_with("http://")
                                        : ::inet_pton(AF_INET, text.c_str(), &ip) == 1;
    if (!shown || !known || text.size() > kMaxRouterText)
        return fail(no_answer("the router has no such name"));
    return text;
}

Result<SocketAddress> address_of(const Json& from) {
    CODEX_TRY(text, word(from, "address"));
    std::array<std::uint8_t, 4> ip{};
    if (::inet_pton(AF_INET, text.c_str(), ip.data()) != 1)
        return fail(no_answer("the address is none of IPv4"));
    return SocketAddress(ip, 0);
}

Result<Mapping> mapping_of(const Json& from, const Mapping& wanted) {
    CODEX_CHECK(expect(from, "transport", word_of(wanted.transport)));
    CODEX_CHECK(number(from, "inside", wanted.inside, wanted.inside));
    CODEX_TRY(outside, number(from, "outside", 1, UINT16_MAX));
    CODEX_TRY(lifetime, seconds(from, "seconds"));
    if (lifetime == std::uint32_t{0})
        return fail(no_answer("what is granted is over"));
    Mapping granted = wanted;
    granted.outside = static_cast<std::uint16_t>(outside);
    granted.lifetime.reset();
    if (lifetime)
        granted.lifetime = std::chrono::seconds(*lifetime);
    return granted;
}

Result<void> check_removal(const Json& from, const Mapping& granted) {
    CODEX_CHECK(expect(from, "transport", word_of(granted.transport)));
    CODEX_CHECK(number(from, "outside", granted.outside, granted.outside));
    return {};
}

std::string_view type_of(RouterQuestion::About about) {
    switch (about) {
    case RouterQuestion::About::address:
        return "router";
    case RouterQuestion::About::map:
        return "mapping";
    case RouterQuestion::About::unmap:
        break;
    }
    return "removal";
}

} // namespace

std::string_view word_of(Way way) {
    return way == Way::upnp ? "upnp" : "pmp";
}

std::string_view word_of(Transport transport) {
    return transport == Transport::tcp ? "tcp" : "udp";
}

std::string_view name_of(Way way) {
    return way == Way::upnp ? "UPnP" : "NAT-PMP";
}

Result<RouterAnswer> read_answer(std::string_view text, const RouterQuestion& question) {
    if (text.size() > kMaxAnswerBytes)
        return fail(Errc::limit_exceeded, "an answer has more than {} bytes", kMaxAnswerBytes);
    const auto first = line(text);
    const auto last = line(text);
    if (!first || !last || !text.empty())
        return fail(no_answer("it has not two lines"));
    CODEX_TRY(said, object(*first));
    CODEX_TRY(summary, object(*last));
    CODEX_CHECK(expect(summary, "type", "summary")); // then nothing is missing
    CODEX_CHECK(expect(said, "way", word_of(question.way)));
    CODEX_TRY(type, word(said, "type"));
    if (type == "refusal") {
        CODEX_TRY(why, word(said, "why"));
        return fail(Errc::unavailable, "{}", printable(why.substr(0, kMaxWhy)));
    }
    if (type != type_of(question.about))
        return fail(no_answer("it is of another kind"));
    RouterAnswer answer;
    CODEX_SET(answer.router, router_of(said, question.way));
    if (question.about == RouterQuestion::About::address) {
        CODEX_SET(answer.address, address_of(said));
        CODEX_SET(answer.age_seconds, seconds(said, "seconds"));
    }
    if (question.about == RouterQuestion::About::map)
        CODEX_SET(answer.mapping, mapping_of(said, question.mapping));
    if (question.about == RouterQuestion::About::unmap)
        CODEX_CHECK(check_removal(said, question.mapping));
    return answer;
}

} // namespace codex::net::nat
