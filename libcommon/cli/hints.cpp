// What an error says about the input it concerns, and what to do next.
#include "base/printable.hpp"
#include "cli/detail/state.hpp"

#include <algorithm>
#include <sys/stat.h>

namespace codex::cli {

namespace detail {

namespace {

bool is_letter(char c) {
    return c >= 'a' && c <= 'z';
}

bool is_file(std::string_view item) {
    struct stat info{};
    return ::stat(std::string(item).c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

} // namespace

bool names(std::string_view text, std::string_view item) {
    const std::size_t word = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
    for (const std::size_t begin : {std::size_t{0}, word == text.npos ? 0 : word + 1}) {
        std::string_view rest = text.substr(std::min(begin, text.size()));
        if (rest.starts_with('"'))
            rest.remove_prefix(1);
        if (!rest.starts_with(item))
            continue;
        rest.remove_prefix(item.size());
        if (rest.starts_with(':') || rest.starts_with('"'))
            return true;
    }
    return false;
}

std::string with_repo(const Context::State& state, std::string_view text) {
    const auto repo = std::ranges::find(state.settings, "repo", &Setting::name);
    std::string out;
    if (repo == state.settings.end() || repo->origin != Origin::flag)
        return out += text;
    const std::string option = " -r " + shell_quoted(state.globals.repo);
    constexpr std::string_view kTools[] = {"codex-chunk", "codex-ec", "codex-merkle",
                                           "codex-prove"};
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const auto* tool = std::ranges::find_if(kTools, [&](std::string_view name) {
            return rest.size() > name.size() + 1 && rest.starts_with(name) &&
                   rest[name.size()] == ' ' && is_letter(rest[name.size() + 1]);
        });
        if (tool == std::end(kTools)) {
            out += text[at++];
            continue;
        }
        out += *tool;
        out += option;
        at += tool->size();
    }
    return out;
}

std::string hint_for(const Context::State& state, std::string_view item, const Error& error) {
    const bool no_cid =
        error.code() == Errc::cid_invalid || error.code() == Errc::multibase_invalid;
    if (!no_cid || item.empty() || state.command.empty() || !is_file(item))
        return with_repo(state, error.hint());
    const std::string file = shell_quoted(item);
    const bool raw = std::ranges::any_of(
        state.node->options, [](const OptionSpec& option) { return option.long_name() == "raw"; });
    return with_repo(state,
                     fmt::format("that is a file: {} < {} takes CIDs from it, {} {}", state.command,
                                 file, raw ? state.command + " --raw" : "codex-chunk put",
                                 file + (raw ? " cuts it into blocks" : " stores it")));
}

} // namespace detail

Error about_item(const Context& context, std::string_view item, Error error) {
    std::string hint = detail::hint_for(*context.state_, item, error);
    if (!detail::names(error.text(), item))
        error = std::move(error).context(item);
    return std::move(error).hint(std::move(hint));
}

} // namespace codex::cli
