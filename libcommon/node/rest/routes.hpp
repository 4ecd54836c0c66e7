// What can be asked over HTTP: every path, once (codex-rest(7), CALLS).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace codex::node::rest {

/// Before every path.
constexpr std::string_view kPrefix = "/api/codex/v1";

enum class Action : std::uint8_t {
    upload,
    list,
    download,
    remove,
    fetch,
    stream,
    manifest,
    exists,
    space,
    record,
    peer_id,
    connect,
    debug_info,
    log_level,
    openapi,
    health,
    peers,
    fetches,
    labels,
    settings,
    log,
    preflight,
    market, ///< what there is no marketplace for
};

/// When an answer says of itself which origins may read it.
enum class OwnCors : std::uint8_t { never, of_errors, always };

struct Route {
    std::string_view method; ///< GET stands for HEAD, too
    std::string_view path;   ///< behind kPrefix; {name} is any segment
    Action action;
    OwnCors cors = OwnCors::never;
    bool raw = false;                ///< its body may come without a type
    bool market = false;             ///< needs the marketplace
    std::string_view preflight = {}; ///< of OPTIONS: the methods that it allows
    bool documented = true;          ///< false for other names of the same
};

/// Each route once.
[[nodiscard]] std::span<const Route> routes();

struct Match {
    const Route* route = nullptr;
    std::vector<std::string> parameters; ///< in the order of the path
};
/// Of the segments of a whole path; nothing, where there is no such path, or not by this method.
[[nodiscard]] std::optional<Match> match(std::string_view method,
                                         std::span<const std::string> segments);
/// By which methods there is such a path, with ", " between them; empty: by none.
[[nodiscard]] std::string methods_of(std::span<const std::string> segments);
/// The path is one behind kPrefix, known or not.
[[nodiscard]] bool has_prefix(std::span<const std::string> segments);

} // namespace codex::node::rest
