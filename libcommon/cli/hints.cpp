// What an error says about the input it concerns, and what to do next.
#include "base/copy_error.hpp"
#include "base/printable.hpp"
#include "cli/detail/again.hpp"
#include "cli/detail/last_words.hpp"
#include "cli/detail/misplaced.hpp"
#include "cli/detail/remedies.hpp"
#include "cli/detail/ways_out.hpp"
#include "cli/detail/words.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace codex::cli::detail {

/// How far `text` says which line it is about, of what was named before: " line 3"; 0: it does not.
static std::size_t line_behind(std::string_view text) {
    constexpr std::string_view kLine = " line ";
    if (!text.starts_with(kLine))
        return 0;
    const std::size_t end = text.find_first_not_of("0123456789", kLine.size());
    return end != text.npos && end > kLine.size() && text[end] == ':' ? end : 0;
}

bool names(std::string_view text, std::string_view item) {
    // First of all, or behind what was tried: "cannot create item: why".
    for (std::size_t begin = 0; begin < text.size();) {
        std::string_view rest = text.substr(begin);
        const std::size_t word = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
        const std::size_t next = rest.find_first_not_of(" :", std::min(word, rest.size()));
        begin = word != 0 && next != rest.npos && next > word ? begin + next : text.size();
        if (rest.starts_with('"'))
            rest.remove_prefix(1);
        if (!rest.starts_with(item))
            continue;
        rest.remove_prefix(item.size());
        if (rest.starts_with(':') || rest.starts_with('"') || line_behind(rest) != 0)
            return true;
    }
    return false;
}

/// " -r DIR": an option that is a setting, where the command line gives it.
static std::string given_again(const Context::State& state, std::string_view name,
                               std::string_view option) {
    const auto setting = std::ranges::find(state.settings, name, &Setting::name);
    const bool given = setting != state.settings.end() && setting->origin == Origin::flag;
    return given ? fmt::format(" {} {}", option, shell_quoted(setting->value)) : std::string();
}

std::string completed(const Context::State& state, std::string_view text, std::string_view item) {
    const std::string of_repo = given_again(state, "repo", "-r");
    const std::string of_ledger = given_again(state, "ledger", "--ledger");
    const std::string_view dataset = dataset_of(item);
    constexpr std::string_view kMarket = "codex-market"; // the one that has a ledger
    constexpr std::string_view kTools[] = {"codex-chunk",  "codex-ec",    kMarket,
                                           "codex-merkle", "codex-prove", "codex-serve"};
    std::string out;
    std::string behind;    // an option of the command, which is to stand behind all that it has
    bool inside = false;   // of a command
    std::size_t begin = 0; // of it
    const auto end_command = [&] {
        if (out.find(" --ledger ", begin) == out.npos)
            out += behind;
        behind.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const auto* tool = std::ranges::find_if(kTools, [&](std::string_view name) {
            return rest.size() > name.size() + 1 && rest.starts_with(name) &&
                   rest[name.size()] == ' ' && rest[name.size() + 1] != ' ';
        });
        if (tool != std::end(kTools)) {
            inside = true;
            begin = out.size();
            out += *tool;
            const bool has_command = is_letter(rest[tool->size() + 1]);
            out += has_command ? of_repo : std::string();
            behind = has_command && *tool == kMarket ? of_ledger : std::string();
            at += tool->size();
            continue;
        }
        if (rest.starts_with("; ") || rest.starts_with(" | "))
            end_command();
        if (rest.starts_with("; "))
            inside = false;
        const bool word = rest.starts_with("CID") && (rest.size() == 3 || !is_word(rest[3])) &&
                          (at == 0 || !is_word(text[at - 1]));
        if (inside && word && !dataset.empty()) {
            out += dataset;
            at += 3;
            continue;
        }
        out += text[at++];
    }
    end_command();
    return out;
}

namespace {

/// Of what is no CID.
constexpr std::size_t kMaxShown = 80;

/// What `item` begins with, a CID or the beginning of one; empty: nothing of the kind.
std::string_view cid_part(std::string_view item) {
    const std::string_view cid = item.substr(0, item.find('@'));
    return cid.starts_with('z') && std::ranges::all_of(cid, is_word) ? cid : std::string_view();
}

/// Of what the system refuses, where nobody has said what to do about it.
std::optional<Error> with_usual_way_out(const Context::State& state, const Error& error) {
    if (error.has_way_out())
        return std::nullopt;
    switch (error.code()) {
    case Errc::permission:
        return copy_of(error).hint("give this user the right to it, or be a user who has it");
    case Errc::no_space:
        return copy_of(error).hint("free some space and try again");
    case Errc::cannot_create:
        return copy_of(error).remedy(Remedy::name_output);
    case Errc::out_of_memory: {
        Error told = copy_of(error);
        if (error.text() == out_of_memory().text() && state.command.size() > state.tool.size())
            told = std::move(told).context(state.command.substr(state.tool.size() + 1));
        return std::move(told).hint(hint_for_memory());
    }
    default:
        return std::nullopt;
    }
}

/// A better error, of what `item` is, or of what it has; nothing: there is none.
std::optional<Error> better(const Context::State& state, std::string_view item,
                            const Error& error) {
    if (auto told = misplaced(state, item, error))
        return told;
    if (auto told = with_usual_way_out(state, error))
        return told;
    const std::string_view cid = cid_part(item);
    if (error.code() == Errc::merkle_index && !error.has_way_out() && !cid.empty())
        return copy_of(error).remedy(Remedy(Remedy::describe_dataset).of(std::string(cid)));
    if (errc_exit_code(error.code()) == errc_exit_code(Errc::usage) && !state.command.empty())
        return copy_of(error).remedy(
            Remedy(Remedy::see_help).by(fmt::format("{} --help", state.command)));
    return std::nullopt;
}

/// The command with its options, told to change what is there.
std::string command_that_sets(const Context::State& state) {
    return fmt::format("{} --set{}", state.command,
                       command_with_options(state).substr(state.command.size()));
}

/// The command that runs would change the settings if it was told to; what it was to set is to be
/// set then.
bool sets_what_is_there(const Context::State& state, const Remedy& remedy) {
    return remedy.action() == Remedy::change_settings && remedy.command().empty() &&
           state.node != nullptr && command_with_options(state) != state.command &&
           std::ranges::any_of(state.node->options, [](const OptionSpec& option) {
               return option.long_name() == "set";
           });
}

/// The error with the command that runs, where it is to be given once more what a remedy names.
Error with_commands(const Context::State& state, const Error& error) {
    Error told = Error(error.code(), error.text()).hint(std::string(error.hint()));
    for (const Remedy& remedy : error.remedies()) {
        if (sets_what_is_there(state, remedy)) {
            told = std::move(told).remedy(Remedy(remedy).by(command_that_sets(state)));
            continue;
        }
        const bool again = remedy.action() == Remedy::retry_command && remedy.command().empty();
        told = std::move(told).remedy(again && !remedy.object().empty() && state.node != nullptr
                                          ? Remedy(remedy).by(command_about(state, remedy.object()))
                                          : remedy);
    }
    return told;
}

/// Where in a message `place`, or a file below it, is named: "open place/a: why", or a line of it:
/// "place:3: why", of which it is the place, or "place line 3: why". Empty: nowhere.
std::string_view named_in(std::string_view text, std::string_view place) {
    while (place.size() > 1 && place.ends_with('/'))
        place.remove_suffix(1);
    const std::size_t begin = text.find(place);
    if (begin == text.npos || (begin != 0 && text[begin - 1] != ' ') ||
        !std::ranges::all_of(text.substr(0, begin),
                             [](char c) { return is_letter(c) || c == ' ' || c == ':'; }))
        return {};
    const std::string_view rest = text.substr(begin + place.size());
    if (const std::size_t line = line_behind(rest); line != 0)
        return text.substr(begin, place.size() + line);
    const std::size_t below = rest.find(": ");
    if (below != rest.npos && below > 1 && rest.front() == ':' &&
        std::ranges::all_of(rest.substr(1, below - 1), [](char c) { return c >= '0' && c <= '9'; }))
        return text.substr(begin, place.size());
    if (below == rest.npos || (below != 0 && rest.front() != '/'))
        return {};
    return text.substr(begin, place.size() + below);
}

/// What an error is about that is said of no input: the first thing that it names, where that is a
/// file or a folder that the user has named, or one below it.
std::string_view place_of(const Context::State& state, const Error& error, std::string_view text) {
    std::string_view longest;
    if (errc_exit_code(error.code()) == errc_exit_code(Errc::usage))
        return longest;
    std::vector<std::string> places;
    if (state.node != nullptr)
        places = named_places(state);
    places.push_back(config_file_named(state.globals.config_file));
    places.emplace_back("stdin");
    std::erase(places, std::string());
    for (const std::string& place : places)
        if (const std::string_view found = named_in(text, place); found.size() > longest.size())
            longest = found;
    return longest;
}

} // namespace

Said said_of(const Context::State& state, std::string_view item, const Error& error) {
    const std::optional<Error> other = better(state, item, error);
    const Error told = ways_out_that_lead_on(state, with_commands(state, other ? *other : error));
    const bool shortened = !other && is_no_cid(state, error);
    const std::span<const Remedy> remedies = told.remedies();
    std::string hint = completed(state, hint_of(told), item);
    if (hint.size() > 2 * kMostSaid) // of a repo whose name no file system takes
        hint.clear();
    std::string text = told.text();
    const bool of_line =
        text.starts_with(item) && line_behind(std::string_view(text).substr(item.size())) != 0;
    std::string object(item.empty() || of_line ? place_of(state, told, text) : item);
    return {shortened ? beginning_of(item, kMaxShown) : std::move(object),
            std::move(text),
            std::move(hint),
            {remedies.begin(), remedies.end()}};
}

} // namespace codex::cli::detail
