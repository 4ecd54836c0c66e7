// What is said to a node that runs, and what it answers: lines of JSON (codex-serve(1), CONTROL
// SOCKET).
#pragma once

#include "base/error.hpp"
#include "exchange/fetch.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace codex::node {

/// Of a line, without its end: longer ones are neither said nor read.
constexpr std::size_t kMaxLineBytes = std::size_t{64} << 10;

/// The socket of the node that serves a repo, in a folder that is for its owner alone.
[[nodiscard]] std::string control_path(const std::string& repo);

enum class Ask : std::uint8_t {
    health,
    peers,
    limits,
    connect,
    ping,
    fetch,
    reload,
    stop,
    record,
    find,
    provide
};

struct Request {
    Ask ask = Ask::health;
    std::string address{};                  ///< of connect and ping: a multiaddr with /p2p/
    std::uint64_t count = 1;                ///< of ping: how many
    std::optional<std::uint64_t> seconds{}; ///< of what takes long: how long it may take
    std::string cid{};                      ///< of fetch, find, provide
    std::string peer{};                     ///< of find, instead of a CID: a peer id
    std::vector<std::string> peers{};       ///< of fetch: multiaddrs with /p2p/
    std::uint64_t expiry = 0;               ///< of fetch, Unix seconds; 0: never
    std::string label{};                    ///< of fetch
    std::optional<std::string> range{};     ///< of fetch: which bytes
    std::optional<std::uint64_t> slot{};    ///< of fetch: which slot alone
    bool in_order = false;                  ///< of fetch: somebody reads it while it comes
};

// What an answer is made of.

/// The node itself.
struct About {
    std::string id;
    std::vector<std::string> addresses;   ///< without /p2p
    std::uint64_t peers = 0;              ///< that are connected
    std::string api{};                    ///< where it is asked over HTTP; empty: nowhere
    std::string metrics{};                ///< the same for its figures
    std::optional<std::uint64_t> nodes{}; ///< of the DHT that are known; nothing: it has no part
};

/// A connection with a peer.
struct PeerRow {
    std::string id;
    std::string address; ///< a multiaddr, with /p2p
    bool incoming = false;
    std::string muxer;
    std::string agent; ///< as it calls itself; empty before it has
    std::uint64_t streams = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t wants = 0; ///< blocks that it wants of us
};

/// A limit, and how often it bit (codex-libp2p(7), LIMITS).
struct LimitRow {
    std::string name;
    std::string value; ///< as its option takes it; empty where there is no number
    std::uint64_t hits = 0;
};

/// What others take for a bootstrap node.
struct OwnRecord {
    std::string spr;
    std::uint64_t nodes = 0; ///< of the DHT that are known
};

/// Somebody who has what was looked for, or is it.
struct FoundPeer {
    std::string id;
    std::vector<std::string> addresses; ///< multiaddrs, those of TCP with /p2p
};

/// How many nodes of the DHT have answered who has what was looked for; where none has, what was
/// said is what the node itself knew.
struct Asked {
    std::uint64_t nodes = 0;
};

/// Others know now that something is here.
struct Provided {
    std::uint64_t nodes = 0; ///< so many of them, this one among them where it is to know it
};

struct Pong {
    std::uint64_t microseconds = 0;
};

/// How far a fetch is.
struct SoFar {
    std::uint64_t done = 0;  ///< bytes
    std::uint64_t total = 0; ///< bytes
    std::uint64_t peers = 0; ///< that are there
    std::uint64_t duplicates = 0;
    std::string waiting{};     ///< for what; empty: it goes on
    std::uint64_t seconds = 0; ///< how long yet, then; 0: that is not known

    friend bool operator==(const SoFar&, const SoFar&) = default;
};

/// How a fetch ended, but for what each peer gave, which are lines of their own.
struct Totals {
    std::uint64_t blocks = 0;
    std::uint64_t blocks_here = 0;
    std::uint64_t blocks_fetched = 0;
    std::uint64_t bytes_fetched = 0;
};

/// A setting that has changed, and takes effect when the node is begun again.
struct Later {
    std::string setting;
};

/// The last of an answer that is no error.
struct Done {};

/// A part of an answer that a newer program knows and this one does not.
struct NotKnown {};

using Reply = std::variant<About, PeerRow, LimitRow, Pong, SoFar, exchange::FetchPeer, Totals,
                           OwnRecord, FoundPeer, Asked, Provided, Later, NotKnown, Done, Error>;

/// Lines without their ends. An error is said with its code, its text and its way out.
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Reply& reply);

/// Members that are not known are passed over, and an object of which no member is, one of them an
/// object itself, is a NotKnown. Errors: json_invalid, for what is no object of the
/// form, saying why; unsupported, for a request that is not known.
[[nodiscard]] Result<Request> decode_request(std::string_view line);
[[nodiscard]] Result<Reply> decode_reply(std::string_view line);

} // namespace codex::node
