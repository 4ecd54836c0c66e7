// What a program that asks a router is to find out, and what it says (codex-serve(1), router show).
#pragma once

#include "net/nat/port_mapper.hpp"

#include <chrono>
#include <string>

namespace codex::net::nat {

enum class Way : std::uint8_t { upnp, pmp };

/// "upnp", "pmp"; "tcp", "udp": in answers, and where a user names one.
[[nodiscard]] std::string_view word_of(Way way);
[[nodiscard]] std::string_view word_of(Transport transport);
/// For people: "UPnP", "NAT-PMP".
[[nodiscard]] std::string_view name_of(Way way);

struct RouterQuestion {
    enum class About : std::uint8_t { address, map, unmap };
    About about = About::address;
    Way way = Way::upnp;
    Mapping mapping{};  ///< of map and unmap
    std::string router; ///< as the answer before had it; empty: it is to be looked for
    /// Where the router is to lead to, with any port; nothing: where it is asked from.
    std::optional<SocketAddress> own{};
    std::chrono::seconds patience{1};
};

struct RouterAnswer {
    /// Where it is asked the next time: a URL of UPnP, an address of IPv4. No blanks, at most
    /// kMaxRouterText characters.
    std::string router;
    SocketAddress address;                    ///< of `address`; its port is 0
    std::optional<std::uint32_t> age_seconds; ///< of `address`: since when it counts, if it does
    Mapping mapping{};                        ///< of `map`: what is granted
};

constexpr std::size_t kMaxRouterText = 300;
/// Most of an answer that is looked at.
constexpr std::size_t kMaxAnswerBytes = std::size_t{8} << 10;

/// Reads an answer as any other input of others: it is one to `question`, or an error. Errors:
/// unavailable, with the words of the answer, when the router refuses, or there is none; malformed;
/// limit_exceeded, for more than kMaxAnswerBytes.
[[nodiscard]] Result<RouterAnswer> read_answer(std::string_view text,
                                               const RouterQuestion& question);

} // namespace codex::net::nat
