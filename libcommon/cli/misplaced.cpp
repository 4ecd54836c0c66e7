// What stands in the place of something else: what it is, and how the command was meant.
#include "cli/detail/misplaced.hpp"

#include "base/copy_error.hpp"
#include "base/fd.hpp"
#include "base/printable.hpp"
#include "cli/detail/again.hpp"
#include "cli/detail/words.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace codex::cli::detail {

namespace {

constexpr std::size_t kMaxLookedAt = 4096;

mode_t type_of(std::string_view item) {
    struct stat info{};
    return ::stat(std::string(item).c_str(), &info) == 0 ? info.st_mode & S_IFMT : 0;
}

/// The file begins with a CID, or with a JSON object, which may have one.
bool lists_cids(std::string_view item) {
    auto file = open_file(std::string(item), O_RDONLY | O_NONBLOCK);
    Bytes begin(kMaxLookedAt);
    const auto got = file ? read_some(file->get(), begin, item) : Result<std::size_t>(0);
    if (!got)
        return false;
    std::string_view text = as_text(BytesView(begin).first(*got));
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text.starts_with("{\"") ||
           Cid::from_text(text.substr(0, text.find_first_of(" \t\r\n"))).has_value();
}

Error is_file(const Context::State& state, std::string_view item) {
    const std::string file = shell_quoted(item);
    const bool raw = std::ranges::any_of(
        state.node->options, [](const OptionSpec& option) { return option.long_name() == "raw"; });
    Error error(Errc::cid_invalid, "is a file, not a CID");
    if (lists_cids(item)) {
        const bool more = state.node->arguments.size() > 1;
        error = std::move(error).remedy(
            Remedy(Remedy::retry_command, "take CIDs from it")
                .by(fmt::format("{} <{}",
                                more ? command_about(state, "-") : command_with_options(state),
                                file)));
    }
    if (raw)
        return std::move(error).remedy(
            Remedy(Remedy::show_tree, "cut it into blocks")
                .by(fmt::format("{} --raw {}", command_with_options(state), file)));
    return std::move(error).remedy(
        Remedy(Remedy::put_dataset, "store it").by(fmt::format("codex-chunk put {}", file)));
}

Error is_folder(std::string_view item) {
    return Error(Errc::cid_invalid, "is a folder, not a CID")
        .remedy(Remedy(Remedy::put_dataset, "store it as one file")
                    .by(fmt::format("tar c {} | codex-chunk put -", shell_quoted(item))));
}

Error is_block(const Context::State& state, std::string_view item) {
    Error error(Errc::cid_invalid, "is a block, and not a whole dataset");
    const bool from_others = std::ranges::any_of(
        state.node->options, [](const OptionSpec& option) { return option.long_name() == "peer"; });
    if (from_others) // and so it is not here
        return std::move(error)
            .hint("of a part of it, --range names the bytes")
            .remedy(Remedy(Remedy::retry_command, "take the whole dataset")
                        .by(command_about(state, dataset_of(item))));
    return std::move(error)
        .remedy(Remedy(Remedy::get_block).by(fmt::format("codex-chunk block get {}", item)))
        .remedy(Remedy(Remedy::retry_command, "take the whole dataset")
                    .by(command_about(state, dataset_of(item))));
}

bool takes_cids(const Context::State& state) {
    return state.node != nullptr &&
           std::ranges::any_of(state.node->arguments, [](const ArgumentSpec& argument) {
               return argument.name.starts_with("CID") || argument.name == "BLOCK";
           });
}

/// CID@INDEX, and the error is about all of it.
bool is_block_of_dataset(std::string_view item, const Error& error) {
    const std::size_t at = item.find('@');
    return at != item.npos && at + 1 < item.size() && !dataset_of(item).empty() &&
           item.find_first_not_of("0123456789", at + 1) == item.npos &&
           error.text().find(item) != std::string::npos;
}

/// What is no CID, and no file, on a command line that would make sense otherwise.
std::optional<Error> in_no_order(const Context::State& state, std::string_view item,
                                 const Error& error) {
    const std::vector<std::string> words = positional_words(state);
    const auto again = [&](std::string words_before, std::string command) {
        return copy_of(error).remedy(
            Remedy(Remedy::retry_command, std::move(words_before)).by(std::move(command)));
    };
    if (!error.text().starts_with(fmt::format("\"{}\" is not a CID", item)))
        return std::nullopt; // something better is known of it: a label
    if (item == "help")
        return again("what the command takes", fmt::format("{} --help", state.command));
    if (words.size() == 2 && state.node->arguments.size() == 2 && Cid::from_text(words[1]))
        return again("the CID comes first", fmt::format("{} {} {}", command_with_options(state),
                                                        words[1], shell_quoted(words[0])));
    const bool to_file = state.node->takes_output && !state.globals.output_given;
    if (words.size() == 2 && to_file && item.find_first_of("./") != item.npos)
        for (const std::string& other : words)
            if (Cid::from_text(other.substr(0, other.find('@'))))
                return again("to write to a file of that name",
                             fmt::format("{} {} -o {}", command_with_options(state), other,
                                         shell_quoted(item)));
    return std::nullopt;
}

/// A word that ends as the name of an option that was not given ("key.zkey") is a value of it.
std::optional<Error> left_out(const Context::State& state, const Error& error) {
    if (state.node == nullptr || errc_exit_code(error.code()) != errc_exit_code(Errc::usage))
        return std::nullopt;
    const std::vector<std::string> words = positional_words(state);
    const std::string line = command_with_options(state);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::size_t dot = words[i].rfind('.');
        if (dot == std::string::npos)
            continue;
        const std::string name = "--" + words[i].substr(dot + 1);
        const bool known = std::ranges::any_of(state.node->options, [&](const OptionSpec& option) {
            return !option.is_flag() && std::ranges::find(option.names, name) != option.names.end();
        });
        // Where there are only CIDs it is none; elsewhere the option has to be what is missing.
        if (!known || fmt::format("{} ", line).find(name) != std::string::npos ||
            (!takes_cids(state) && error.text().find(name) == std::string::npos))
            continue;
        std::string command = fmt::format("{} {} {}", line, name, shell_quoted(words[i]));
        for (std::size_t other = 0; other < words.size(); ++other)
            if (other != i)
                command += " " + shell_quoted(words[other]);
        return Error(error.code(), error.text())
            .remedy(Remedy(Remedy::retry_command, "did you mean").by(std::move(command)));
    }
    return std::nullopt;
}

/// A CID where a file is wanted, and no file is called so.
std::optional<Error> is_cid(const Error& error) {
    constexpr std::string_view kOpen = "open ";
    const std::string text = error.text();
    const std::size_t begin = text.starts_with(kOpen) ? kOpen.size() : 0;
    const std::size_t end = text.find(": ", begin);
    if (error.code() != Errc::not_found || end == text.npos)
        return std::nullopt;
    const std::string name = text.substr(begin, end - begin);
    const auto cid = Cid::from_text(name);
    if (!cid)
        return std::nullopt;
    Error told(Errc::not_found, fmt::format("{}: is a CID, and no file is called so", name));
    const bool whole = cid->codec() == codec::Multicodec::codex_manifest;
    return std::move(told).remedy(
        Remedy(whole ? Remedy::get_dataset : Remedy::get_block, "write what it names to a file")
            .by(fmt::format("codex-chunk {} {} -o FILE", whole ? "get" : "block get", name)));
}

} // namespace

bool is_no_cid(const Context::State& state, const Error& error) {
    return (error.code() == Errc::cid_invalid || error.code() == Errc::multibase_invalid) &&
           takes_cids(state);
}

std::optional<Error> misplaced(const Context::State& state, std::string_view item,
                               const Error& error) {
    if (is_no_cid(state, error) && !item.empty()) {
        const mode_t type = type_of(item);
        if (type == S_IFREG)
            return is_file(state, item);
        if (type == S_IFDIR)
            return is_folder(item);
        if (is_block_of_dataset(item, error))
            return is_block(state, item);
        if (auto told = in_no_order(state, item, error))
            return told;
    }
    if (auto told = is_cid(error))
        return told;
    return left_out(state, error);
}

} // namespace codex::cli::detail
