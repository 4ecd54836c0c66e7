#include "cli/detail/ways_out.hpp"

#include "cli/detail/again.hpp"
#include "cli/detail/remedies.hpp"

namespace codex::cli::detail {

namespace {

/// The hint without those of its parts that end with `command`, which are separated by "; ".
std::string without_parts(std::string_view hint, std::string_view command) {
    std::string left;
    const std::string end = fmt::format(": {}", command);
    for (std::size_t at = 0; at < hint.size();) {
        const std::size_t next = std::min(hint.find("; ", at), hint.size());
        const std::string_view part = hint.substr(at, next - at);
        if (!part.ends_with(end))
            left += (left.empty() ? "" : "; ") + std::string(part);
        at = next + 2;
    }
    return left;
}

} // namespace

Error ways_out_that_lead_on(const Context::State& state, const Error& error) {
    const std::string command = state.node == nullptr ? std::string() : command_alone(state);
    Error told(error.code(), error.text());
    if (error.hint().size() <= kMostSaid)
        told = std::move(told).hint(command.empty() ? std::string(error.hint())
                                                    : without_parts(error.hint(), command));
    for (const Remedy& remedy : error.remedies()) {
        const std::string way = hint_of(Error(error.code()).remedy(remedy));
        const bool same = !command.empty() && way.ends_with(fmt::format(": {}", command));
        if (way.size() <= kMostSaid && !same)
            told = std::move(told).remedy(remedy);
    }
    return told;
}

} // namespace codex::cli::detail
