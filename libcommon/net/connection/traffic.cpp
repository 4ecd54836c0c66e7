#include "net/connection/traffic.hpp"

#include <algorithm>

namespace codex::net {

namespace {

/// As they begin what they say, in small letters.
constexpr std::string_view kAgents[kAgentCount] = {
    "unknown", "codex", "storage", "nim-libp2p", "js-libp2p", "go-libp2p", "kubo", "rust-libp2p"};

char small(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool begins_with(std::string_view text, std::string_view name) {
    return text.size() >= name.size() &&
           std::ranges::equal(text.substr(0, name.size()), name,
                              [](char a, char b) { return small(a) == b; });
}

} // namespace

std::string_view agent_name(Agent agent) {
    return kAgents[static_cast<std::size_t>(agent)];
}

Agent agent_of(std::string_view version) {
    for (std::size_t i = 1; i < kAgentCount; ++i)
        if (begins_with(version, kAgents[i]))
            return static_cast<Agent>(i);
    return Agent::unknown;
}

} // namespace codex::net
