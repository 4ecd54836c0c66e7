// "Did you mean": words of other tools, commands of the other codex tools, near misses.
#include "cli/detail/suggest.hpp"

#include "base/printable.hpp"
#include "cli/detail/again.hpp"
#include "codec/cid.hpp"

#include <algorithm>
#include <sys/stat.h>

namespace codex::cli::detail {

namespace {

struct Tool {
    std::string_view name;
    std::string_view commands; ///< separated by blanks
    std::string_view options;  ///< "COMMAND:OPTION,OPTION...", separated by blanks; _ is a blank
};
/// Each tool knows its own tree only; this is what it says about the others'.
constexpr Tool kTools[] = {
    {"codex-chunk", "init put get ls stat rm verify gc keep label space export import block",
     "init:--quota,--compress,--ttl,--set "
     "put:--name,--mime,--block-size,--compress,--force,--expires,--label,--layout get:--range "
     "ls:--blocks verify:--index-only,--repair-counters,--drop-damaged,--rebuild-index "
     "keep:--force,--until export:--zst,--to-nim import:--force,--expires,--from-nim "
     "block_put:--codec,--force,--expires"},
    {"codex-ec", "encode decode status repair verify erase",
     "encode:-k,-m,--nodes,--tolerance,--force,--expires decode:--force,--expires "
     "status:--data,--map erase:--slots,--blocks,--random,--seed"},
    {"codex-market",
     "init key time balance mint approve transfer id request reserve challenge fill prove-submit "
     "mark-missing free withdraw get list events ledger",
     "init:--mint,--clock,--verifier,--period,--downtime key_import:--to,--password-file "
     "request:--duration,--price,--collateral,--expiry,--proof-probability,--max-slot-loss,--nonce "
     "challenge:--required mark-missing:--period free:--reward-recipient,--collateral-recipient "
     "withdraw:--recipient list_mine:--account,--state "
     "list_slots:--account,--state list_open:--state "
     "events:--follow,--about,--event,--most ledger_verify:--head ledger_advance:--to,--blocks"},
    {"codex-merkle", "root tree proof verify leaves",
     "root:--digests,--raw,--block-size tree:--digests,--raw,--block-size,--format "
     "proof:--digests,--raw,--block-size,--index,--format "
     "verify:--root,--leaf,--block,--index,--leaves leaves:--digests,--raw,--block-size"},
    {"codex-prove",
     "slots roots status sample input witness prove verify batch-verify r1cs setup "
     "contribute beacon verify-setup vkey calldata fetch-circuit info",
     "prove:--zkey,--circuit-dir,--wtns,--slot,--challenge,--entropy,--samples,--proof,--public,"
     "--no-self-check,--watch,--max-depth,--max-log2-slots,--block-depth,--cell-elements "
     "slots:--check,--cell-size,--strategy,--force,--expires "
     "sample:--slot,--challenge,--entropy,--samples "
     "verify:--zkey,--vkey,--circuit-dir,--proof,--public witness:--check r1cs:--stats "
     "setup:--ptau,--r1cs contribute:--name,--entropy-fd "
     "beacon:--name,--beacon,--iterations-log2 verify-setup:--ptau,--r1cs,--max-beacon-log2 "
     "calldata:--snarkjs,--proof,--public fetch-circuit:--archive,--hash,--circuit-dir"},
    {"codex-serve",
     "run id key ping fetch stdio connect peers find provide spr router reload health stop",
     "run:--listen-addrs,--data-dir,--net-privkey,--peer,--max-peers,--limit,--agent-string,"
     "--bootstrap-node,--disc-port,--disc-ip,--nat,--api-bindaddr,--api-port,--api-cors-origin,"
     "--api-allowed-hosts,--api-token-file,--ready-file id:--net-privkey peers:--limits "
     "health:--wait connect:--timeout stop:--timeout ping:--count,--timeout "
     "fetch:--peer,--bootstrap-node,--to,--timeout find:--bootstrap-node,--timeout "
     "provide:--timeout router_show:--by,--router,--to,--timeout "
     "router_add:--by,--router,--to,--outside,--timeout "
     "router_rm:--by,--router,--to,--outside,--timeout"},
};

struct Synonym {
    std::string_view command; ///< of whichever tool has it
    std::string_view words;   ///< what it is called elsewhere
};
constexpr Synonym kSynonyms[] = {
    {"put", "add store save upload backup create pack"},
    {"get", "cat read download restore extract fetch checkout unpack dump"},
    {"ls", "list dir datasets snapshots find log"},
    {"rm", "remove delete del unlink forget drop"},
    {"stat", "show info inspect"},
    {"status", "show info health missing"},
    {"verify", "check fsck scrub validate test"},
    {"gc", "prune clean cleanup collect compact vacuum"},
    {"space", "du df usage quota size stats"},
    {"keep", "expire retain pin touch ttl"},
    {"label", "tag name rename annotate describe"},
    {"init", "create new mkrepo configure"},
    {"export", "archive car send push"},
    {"import", "receive load pull clone"},
    {"encode", "protect"},
    {"repair", "recover heal fix reconstruct"},
    {"erase", "damage lose"},
    {"root", "hash"},
    {"run", "serve start daemon"},
    {"show", "list ls get"},
    {"health", "status"},
    {"fetch", "pull clone download get"},
    {"request", "buy purchase order rent"},
    {"events", "logs history watch"},
    {"config", "settings options"},
    {"completion", "completions complete"},
    {"help", "commands man usage ?"},
    {"block has", "has exists have"},
    {"--version", "version"},
};
/// As many options as are named.
constexpr std::size_t kMostOptions = 4;

/// Calls `use` with each of the words that `mark` separates.
template <class Use> void for_each_word(std::string_view words, char mark, const Use& use) {
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(mark), words.size());
        use(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
}

bool holds(std::string_view words, std::string_view word, char mark = ' ') {
    bool found = false;
    for_each_word(words, mark, [&](std::string_view one) { found = found || one == word; });
    return found;
}

/// The command has one of that name below it; "block get" is one of one.
bool has_child(const Command::Node& node, std::string_view name) {
    const std::string_view first = name.substr(0, name.find(' '));
    const auto child =
        std::ranges::find_if(node.children, [&](const auto& one) { return one->name == first; });
    if (child == node.children.end() || first.size() == name.size())
        return child != node.children.end();
    return has_child(**child, name.substr(first.size() + 1));
}

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

namespace {

/// The one that was probably mistyped, or was not written to its end; empty: none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known) {
    const auto begins = [&](const std::string& name) { return name.starts_with(word); };
    if (word.size() > 2 && std::ranges::count_if(known, begins) == 1)
        return *std::ranges::find_if(known, begins);
    std::string found;
    std::size_t best = 3; // further away is a guess
    for (const std::string& candidate : known) {
        const std::size_t distance = edit_distance(candidate, word);
        if (distance < best && distance < candidate.size() && distance < word.size()) {
            found = candidate;
            best = distance;
        }
    }
    return found;
}

/// Commands of this tool, at this place or at its top, that are called `word` elsewhere.
std::vector<std::string> synonyms_here(const std::string& word, const CommandPath& path) {
    std::vector<std::string> found;
    const std::string& tool = path.front()->name;
    for (const Synonym& synonym : kSynonyms) {
        if (!holds(synonym.words, word))
            continue;
        if (has_child(*path.back(), synonym.command))
            found.push_back(fmt::format("{} {}", full_name(path), synonym.command));
        else if (has_child(*path.front(), synonym.command) || synonym.command.starts_with("--"))
            found.push_back(fmt::format("{} {}", tool, synonym.command));
    }
    return found;
}

/// Commands of other tools that are called so, or with `meant`, mean that.
std::vector<std::string> elsewhere(const std::string& word, const std::string& tool, bool meant) {
    std::vector<std::string> found;
    for (const Tool& other : kTools) {
        if (other.name == tool)
            continue;
        if (!meant && holds(other.commands, word))
            found.push_back(fmt::format("{} {}", other.name, word));
        for (const Synonym& synonym : kSynonyms)
            if (meant && holds(synonym.words, word) &&
                holds(other.commands, synonym.command.substr(0, synonym.command.find(' '))))
                found.push_back(fmt::format("{} {}", other.name, synonym.command));
    }
    return found;
}

/// Commands of this tool that stand below another one: "report" of "ledger report".
void deeper_here(const std::string& word, CommandPath path, std::vector<std::string>& found) {
    for (const auto& child : path.back()->children) {
        path.push_back(child.get());
        if (child->name == word && path.size() > 2)
            found.push_back(full_name(path));
        deeper_here(word, path, found);
        path.pop_back();
    }
}

std::string question(const std::vector<std::string>& candidates) {
    return candidates.empty() ? std::string()
                              : fmt::format("did you mean: {}", fmt::join(candidates, "; or: "));
}

/// "codex-ec status --map", of this tool, for each command that has the option.
void own_options(const std::string& option, CommandPath path, std::vector<std::string>& found) {
    for (const OptionSpec& spec : path.back()->options)
        if (std::ranges::find(spec.names, option) != spec.names.end())
            found.push_back(fmt::format("{} {}", full_name(path), option));
    for (const auto& child : path.back()->children) {
        path.push_back(child.get());
        own_options(option, path, found);
        path.pop_back();
    }
}

/// The same of the others.
std::vector<std::string> options_elsewhere(std::string_view option, std::string_view tool) {
    std::vector<std::string> found;
    for (const Tool& other : kTools) {
        if (other.name == tool)
            continue;
        for_each_word(other.options, ' ', [&](std::string_view entry) {
            const std::size_t colon = entry.find(':');
            std::string command(entry.substr(0, colon));
            std::ranges::replace(command, '_', ' ');
            if (holds(entry.substr(colon + 1), option, ','))
                found.push_back(fmt::format("{} {} {}", other.name, command, option));
        });
    }
    return found;
}

std::string hint_for_owners(std::vector<std::string> owners) {
    if (owners.empty())
        return {};
    const bool more = owners.size() > kMostOptions;
    owners.resize(std::min(owners.size(), kMostOptions));
    return fmt::format("that is an option: {}{}", fmt::join(owners, "; or: "),
                       more ? "; and of others" : "");
}

/// What has the option, of this tool or, where that has none, of the others.
std::string hint_for_foreign_option(const std::string& option, const CommandPath& path) {
    std::vector<std::string> owners;
    own_options(option, {path.front()}, owners);
    return hint_for_owners(owners.empty() ? options_elsewhere(option, path.front()->name)
                                          : std::move(owners));
}

/// The word is an option's name, of this tool.
std::string hint_for_own_option(const std::string& word, const CommandPath& path) {
    Globals globals;
    for (const OptionSpec& spec : global_options(globals))
        if (spec.long_name() == word)
            return question({"--" + word});
    std::vector<std::string> owners;
    own_options("--" + word, {path.front()}, owners);
    return hint_for_owners(std::move(owners));
}

std::string hint_for_command(const std::string& word, const CommandPath& path) {
    const std::string& tool = path.front()->name;
    std::vector<std::string> meant;
    deeper_here(word, {path.front()}, meant);
    if (path.size() > 1 && has_child(*path.front(), word))
        meant.push_back(fmt::format("{} {}", tool, word));
    const bool called_so = !meant.empty(); // no guess then
    if (!called_so)
        meant = synonyms_here(word, path);
    const std::vector<std::string> others = elsewhere(word, tool, false);
    const std::vector<std::string> synonyms = elsewhere(word, tool, true);
    if (meant.empty() && !others.empty() && synonyms.empty())
        return fmt::format("that is a command of {}: {}",
                           others.size() == 1 ? "another tool" : "other tools",
                           fmt::join(others, "; "));
    meant.insert(meant.end(), others.begin(), others.end());
    if (!others.empty() && !called_so) // one tool calls so what others call differently
        meant.insert(meant.end(), synonyms.begin(), synonyms.end());
    if (!meant.empty())
        return question(meant);
    if (std::string option = hint_for_own_option(word, path); !option.empty())
        return option;
    std::vector<std::string> known;
    for (const auto& child : path.back()->children)
        known.push_back(child->name);
    if (const std::string near = nearest(word, known); !near.empty())
        return question({fmt::format("{} {}", full_name(path), near)});
    struct stat info{};
    if (has_child(*path.front(), "put") && ::stat(word.c_str(), &info) == 0)
        return fmt::format("that is a file; store it: {} put {}", tool, shell_quoted(word));
    if (has_child(*path.front(), "get") && Cid::from_text(word))
        return fmt::format("that is a CID; get it: {0} get {1}; look at it: {0} stat {1}", tool,
                           word);
    return synonyms.empty() ? hint_for_owners(options_elsewhere("--" + word, tool))
                            : question(synonyms);
}

std::string hint_for_option(const std::string& name, const CommandPath& path,
                            const std::vector<OptionSpec>& global_specs) {
    if (name == "-V")
        return question({"--version"});
    if (name == "-?")
        return question({"--help"});
    std::vector<std::string> known = {"-h", "--help", "--version"};
    for (const auto* specs : {&path.back()->options, &global_specs})
        for (const OptionSpec& spec : *specs)
            if (specs != &global_specs || applies(spec, *path.back()))
                known.insert(known.end(), spec.names.begin(), spec.names.end());
    // One letter is as far from every other as can be.
    const std::string near = name.size() > 2 ? nearest(name, known) : std::string();
    // What another command calls exactly so is likelier than a guess, but not than the rest of a
    // word.
    std::string owners =
        near.starts_with(name) ? std::string() : hint_for_foreign_option(name, path);
    return owners.empty() && !near.empty() ? question({near}) : owners;
}

/// What probably was meant by a word where there is no place for one: the option that takes such a
/// file (--zkey for key.zkey), the repo, the name of a dataset.
std::string hint_for_argument(const std::string& word, const CommandPath& path) {
    const Command::Node& node = *path.back();
    const std::size_t dot = word.rfind('.');
    if (dot != std::string::npos)
        for (const OptionSpec& spec : node.options)
            if (!spec.is_flag() && spec.long_name() == word.substr(dot + 1))
                return question({fmt::format("{} {}", spec.names.back(), shell_quoted(word))});
    if (!node.arguments.empty())
        return {};
    if (Cid::from_text(word))
        return fmt::format("it takes no CID; look at this one: codex-chunk stat {}", word);
    struct stat info{};
    const bool folder = ::stat(word.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
    return folder || node.name == "init"
               ? question({fmt::format("{} --repo {}", full_name(path), shell_quoted(word))})
               : std::string();
}

/// Also where its value stands in the same word: "-k4".
bool is_option_of(const Command::Node& node, const std::string& name) {
    const std::string letter = name.starts_with("--") ? name : name.substr(0, 2);
    return std::ranges::any_of(node.options, [&](const OptionSpec& spec) {
        return std::ranges::find(spec.names, letter) != spec.names.end();
    });
}

/// What CLI11 leaves of "-q5", "-v=3" when -q and -v are flags: "-5", "-=3". The whole word.
std::string whole_word(const std::string& rest, const std::vector<std::string>& arguments) {
    if (std::ranges::find(arguments, rest) != arguments.end() || rest.size() < 2)
        return rest;
    for (const std::string& argument : arguments)
        if (argument.size() > rest.size() && argument.starts_with('-') &&
            argument.ends_with(rest.substr(1)))
            return argument;
    return rest;
}

} // namespace

Error unexpected_argument(const std::string& word, const CommandPath& path) {
    return Error(Errc::usage, fmt::format("unexpected argument '{}'", word))
        .hint(hint_for_argument(word, path));
}

Error unknown_word(const std::string& word, const CommandPath& path,
                   const std::vector<OptionSpec>& global_specs,
                   const std::vector<std::string>& arguments) {
    if (word.size() > 1 && word.front() == '-') {
        const std::string whole = whole_word(word, arguments);
        if (whole != word && std::isalpha(static_cast<unsigned char>(word[1])) == 0)
            return Error(Errc::usage,
                         fmt::format("-{} takes no value", whole[whole.size() - word.size()]));
        const std::string name = word.substr(0, word.find('='));
        if (auto command = is_option_of(*path.back(), name)
                               ? with_options_behind(path, global_specs, arguments)
                               : std::nullopt)
            return Error(Errc::usage, fmt::format("{} stands before its command", name))
                .remedy(Remedy(Remedy::retry_command, "options of a command stand behind it")
                            .by(std::move(*command)));
        return Error(Errc::usage, fmt::format("unknown option {}", name))
            .hint(hint_for_option(name, path, global_specs));
    }
    if (path.back()->children.empty())
        return unexpected_argument(word, path);
    return Error(Errc::usage, fmt::format("unknown command '{}'", word))
        .hint(hint_for_command(word, path));
}

} // namespace codex::cli::detail
