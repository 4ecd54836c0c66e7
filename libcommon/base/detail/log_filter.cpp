#include "base/detail/log_filter.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace codex::log::detail {

namespace {

/// The topics of the reference node (codex-pipes(7), LOGS) and of this project's tools.
constexpr auto kTopics = std::to_array<std::string_view>({
    "codex",
    "node",
    "restapi",
    "repostore",
    "cachestore",
    "networkstore",
    "maintenance",
    "blockexcengine",
    "blockexcnetwork",
    "blockexcnetworkpeer",
    "pendingblocks",
    "peerctxstore",
    "discovery",
    "discoveryengine",
    "advertiser",
    "merkletree",
    "erasure",
    "slotsbuilder",
    "datasampler",
    "prover",
    "storestream",
    "seekablestream",
    "validator",
    "nat",
    "statemachine",
    "marketplace",
    "sales",
    "purchases",
    "reservations",
    "slotqueue",
    "preparing",
    "reserving",
    "downloading",
    "initial-proving",
    "filling",
    "filled",
    "proving",
    "simulated-proving",
    "payout",
    "finished",
    "failed",
    "cancelled",
    "errored",
    "ignored",
    "unknown",
    "submitted",
    "started",
    "onchain",
    "market",
    "provider",
    "contracts",
    "clock",
    "cleanUp",
    "discv5",
    "routingtable",
    "providers",
    "manager",
    "cache",
    "libp2p",
    "multistream",
    "switch",
    "transport",
    "tcptransport",
    "semaphore",
    "asyncstreamwrapper",
    "lpstream",
    "mplex",
    "mplexchannel",
    "mplexcoder",
    "noise",
    "bufferstream",
    "secure",
    "chronosstream",
    "connection",
    "connmanager",
    "dialer",
    "muxedupgrade",
    "upgrade",
    "identify",
    "websock",
    "ws-session",
    "JSONRPC-WS-CLIENT",
    "JSONRPC-HTTP-CLIENT",
    "serde",
    "json",
    "serialization",
});

struct LevelWord {
    std::string_view word;
    Level level;
};
constexpr auto kLevelWords = std::to_array<LevelWord>({
    {"trc", Level::trace},
    {"trace", Level::trace},
    {"dbg", Level::debug},
    {"debug", Level::debug},
    {"inf", Level::info},
    {"info", Level::info},
    {"ntc", Level::notice},
    {"notice", Level::notice},
    {"not", Level::notice},
    {"wrn", Level::warn},
    {"warn", Level::warn},
    {"err", Level::error},
    {"error", Level::error},
    {"fat", Level::fatal},
    {"fatal", Level::fatal},
});

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

std::optional<Level> level_of(std::string_view word) {
    const std::string wanted = lower(word);
    for (const LevelWord& entry : kLevelWords)
        if (entry.word == wanted)
            return entry.level;
    return std::nullopt;
}

/// Calls `use` with each part of `text`, trimmed.
template <class Use> void split(std::string_view text, char separator, Use use) {
    for (;;) {
        const std::size_t end = text.find(separator);
        use(trim(text.substr(0, end)));
        if (end == std::string_view::npos)
            return;
        text.remove_prefix(end + 1);
    }
}

Unexpected<Error> bad_level(std::string_view word) {
    return fail(Error(Errc::argument_invalid, fmt::format("'{}' is no log level", word))
                    .hint("one of trace, debug, info, notice, warn, error or fatal"));
}

} // namespace

Result<std::vector<std::string>> Filter::apply(std::string_view directives) {
    Filter next = *this;
    std::vector<std::string> unknown;
    Result<void> done;
    split(directives, ';', [&](std::string_view part) {
        if (done && !part.empty())
            done = next.directive(part, unknown);
    });
    CODEX_CHECK(std::move(done));
    *this = std::move(next);
    return unknown;
}

Result<void> Filter::directive(std::string_view text, std::vector<std::string>& unknown) {
    const std::size_t colon = text.find(':');
    const std::string_view word = trim(text.substr(0, colon));
    const std::optional<Level> level = level_of(word);
    const bool required = lower(word) == "required";
    const bool disabled = lower(word) == "disabled";
    if (!level && !required && !disabled)
        return bad_level(word);
    if (colon == std::string_view::npos) {
        if (!level)
            return bad_level(word);
        global_ = *level;
        return {};
    }
    split(text.substr(colon + 1), ',', [&](std::string_view name) {
        if (name.empty())
            return;
        if (std::find(kTopics.begin(), kTopics.end(), name) == kTopics.end())
            unknown.emplace_back(name);
        Topic& topic = topics_[std::string(name)];
        if (level)
            topic.level = level;
        topic.required = required;
        topic.disabled = disabled;
    });
    return {};
}

bool Filter::passes(Level level, std::string_view topics) const {
    bool admitted = false;
    std::size_t required = 0;
    bool disabled = false;
    split(topics, ' ', [&](std::string_view name) {
        const auto found = topics_.find(name);
        if (found == topics_.end()) {
            admitted = admitted || level >= global_;
            return;
        }
        const Topic& topic = found->second;
        admitted = admitted || level >= topic.level.value_or(global_);
        required += topic.required ? 1U : 0U;
        disabled = disabled || topic.disabled;
    });
    const auto all_required = static_cast<std::size_t>(std::count_if(
        topics_.begin(), topics_.end(), [](const auto& entry) { return entry.second.required; }));
    return admitted && !disabled && required == all_required;
}

Level Filter::lowest() const {
    Level level = global_;
    for (const auto& [name, topic] : topics_)
        level = std::min(level, topic.level.value_or(global_));
    return level;
}

} // namespace codex::log::detail
