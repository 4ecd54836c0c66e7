// What the tools make of the library's remedies: the one place that knows which command is which
// action.
#include "cli/detail/remedies.hpp"

#include "base/printable.hpp"

#include <sys/stat.h>

namespace codex::cli::detail {

namespace {

/// Puts `value`, if there is one, wherever `word` stands.
void fill_in(std::string& command, std::string_view word, const std::string& value) {
    if (value.empty())
        return;
    for (std::size_t at = command.find(word); at != command.npos;
         at = command.find(word, at + value.size()))
        command.replace(at, word.size(), value);
}

/// A hint is pasted as it stands, and must not replace what the user has under the name that we
/// made up: test.zkey, else test-2.zkey and so on.
std::string free_name(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    std::string free(name);
    struct stat info{};
    for (int i = 2; ::lstat(free.c_str(), &info) == 0; ++i)
        free = fmt::format("{}-{}{}", name.substr(0, dot), i, name.substr(dot));
    return free;
}

void free_output(std::string& command) {
    for (const std::string_view name : {"test.zkey", "test.r1cs", "slot.wtns"})
        if (const std::string ending = fmt::format(" -o {}", name); command.ends_with(ending))
            command.replace(command.size() - name.size(), name.size(), free_name(name));
}

/// The command with what the remedy is about, and its number.
std::string command_of(std::string_view command, const Remedy& remedy) {
    if (!remedy.command().empty())
        return remedy.command();
    std::string text(command);
    const std::string number =
        remedy.number() ? fmt::format("{}", *remedy.number()) : std::string();
    if (remedy.action() == Remedy::fetch_dataset && !number.empty())
        fill_in(text, "CID", "CID --slot " + number);
    fill_in(text, "SIZE", number);
    fill_in(text, "INDEX", number);
    for (const std::string_view word : {"CID", "SLOT", "REQUEST", "ACCOUNT"})
        fill_in(text, word, remedy.object());
    if (remedy.action() == Remedy::approve_tokens)
        fill_in(text, "AMOUNT", remedy.object());
    if (!remedy.object().empty())
        fill_in(text, "PATH", shell_quoted(remedy.object()));
    return text;
}

} // namespace

Way way_of(Remedy::Action action) {
    switch (action) {
    case Remedy::list_datasets:
        return {"list what is here", "codex-chunk ls"};
    case Remedy::list_blocks:
        return {"list what is here", "codex-chunk ls --blocks"};
    case Remedy::get_block:
        return {"get the block", "codex-chunk block get CID"};
    case Remedy::remove_block:
        return {"give the block up", "codex-chunk rm CID@INDEX"};
    case Remedy::remove_datasets:
        return {"remove datasets", "codex-chunk rm CID"};
    case Remedy::collect_garbage:
        return {"collect what nothing needs", "codex-chunk gc"};
    case Remedy::get_dataset:
        return {"get it", "codex-chunk get CID"};
    case Remedy::export_dataset:
        return {"make an archive of a dataset", "codex-chunk export CID"};
    case Remedy::encode_dataset:
        return {"make a protected dataset of it", "codex-ec encode -k 4 -m 2 CID"};
    case Remedy::decode_dataset:
        return {"make the plain dataset", "codex-ec decode CID"};
    case Remedy::repair_dataset:
        return {"repair its dataset", "codex-ec repair CID"};
    case Remedy::find_dataset:
        return {"see whose it is", "codex-chunk ls | codex-chunk verify -"};
    case Remedy::compute_slots:
        return {"compute its slots", "codex-prove slots CID"};
    case Remedy::choose_cell_size:
        return {"choose another size of cells", "codex-prove slots --cell-size SIZE CID"};
    case Remedy::recompute_slots:
        return {"compute the trees of the slots again", "codex-prove slots PROTECTED"};
    case Remedy::check_slots:
        return {"compare the whole dataset", "codex-prove slots --check CID"};
    case Remedy::make_repo:
        return {"a new repo is made by the first put, or so", "codex-chunk init"};
    case Remedy::name_repo:
        return {"name the folder of a repo with --repo DIR, or in CODEX_REPO", ""};
    case Remedy::change_settings:
        return {"change its settings", "codex-chunk init --set"};
    case Remedy::raise_quota:
        return {"raise the quota", "codex-chunk init --set --quota SIZE"};
    case Remedy::rebuild_index:
        return {"rebuild it from the segments", "codex-chunk verify --rebuild-index"};
    case Remedy::wait_longer:
        return {"try again when it is done, or wait longer", "--lock-timeout"};
    case Remedy::name_circuit:
        return {"--samples and the other circuit options name the archive's circuit", ""};
    case Remedy::name_circuit_cells:
        return {"--block-depth and --cell-elements name the circuit", ""};
    case Remedy::name_circuit_sizes:
        return {"--max-depth and --max-log2-slots name the circuit", ""};
    case Remedy::put_dataset:
        return {"store the data again", "codex-chunk put FILE"};
    case Remedy::fetch_dataset:
        return {"fetch it, which brings what is missing", "codex-serve fetch CID --peer ADDRESS"};
    case Remedy::import_dataset:
        return {"import an archive of it", "codex-chunk import ARCHIVE"};
    case Remedy::describe_dataset:
        return {"see what it has", "codex-chunk stat CID"};
    case Remedy::preview_removal:
        return {"see what would go", "codex-chunk rm -n CID"};
    case Remedy::show_tree:
        return {"print its tree", "codex-merkle root CID"};
    case Remedy::show_leaves:
        return {"print its blocks", "codex-merkle leaves CID"};
    case Remedy::prove_leaf:
        return {"make a proof", "codex-merkle proof CID --index I"};
    case Remedy::make_circuit:
        return {"make a circuit", "codex-prove r1cs -o test.r1cs"};
    case Remedy::make_key:
        return {"make a key for tests", "codex-prove setup -o test.zkey"};
    case Remedy::name_key:
        return {"name the key", "--zkey FILE"};
    case Remedy::describe_file:
        return {"see what it is", "codex-prove info FILE"};
    case Remedy::make_input:
        return {"an input is made so", "codex-prove input CID --slot I --challenge 0x..."};
    case Remedy::make_witness:
        return {"a witness is made so", "codex-prove witness input.json -o slot.wtns"};
    case Remedy::check_witness:
        return {"see which constraint is broken", "codex-prove witness --check INPUT"};
    case Remedy::name_file:
        return {"name a file that there is", ""};
    case Remedy::name_output:
        return {"name another file", ""};
    case Remedy::make_folder:
        return {"make the folder first", "mkdir -p PATH"};
    case Remedy::restore_folder:
        return {"make it anew", "mkdir -m 700 PATH"};
    case Remedy::move_away:
        return {"move it away", "mv PATH PATH.away"};
    case Remedy::see_help:
        return {"see", ""};
    case Remedy::retry_command:
        return {"for example", ""};
    case Remedy::check_input:
        return {"see to where the input comes from", ""};
    case Remedy::run_node:
        return {"begin a node", "codex-serve run"};
    case Remedy::stop_node:
        return {"end it", "codex-serve stop"};
    case Remedy::show_node:
        return {"its address is shown where it runs", "codex-serve --repo OTHER health"};
    case Remedy::connect_node:
        return {"connect the node with one that has it", "codex-serve connect ADDRESS"};
    case Remedy::name_peer:
        return {"name a node that has it", "--peer ADDRESS"};
    case Remedy::name_bootstrap_node:
        return {"name a node of the DHT by its record", "--bootstrap-node SPR"};
    case Remedy::make_node_key:
        return {"make one", "codex-serve key new"};
    case Remedy::make_ledger:
        return {"make a ledger", "codex-market init"};
    case Remedy::name_ledger:
        return {"name the folder of a ledger with --ledger DIR, or in CODEX_LEDGER", ""};
    case Remedy::verify_ledger:
        return {"see what is wrong with it", "codex-market ledger verify"};
    case Remedy::make_account:
        return {"make a key", "codex-market key new"};
    case Remedy::name_account:
        return {"name the key with --eth-private-key FILE", ""};
    case Remedy::mint_tokens:
        return {"give tokens to the account", "codex-market mint ACCOUNT AMOUNT"};
    case Remedy::approve_tokens:
        return {"let the market take tokens of the account", "codex-market approve AMOUNT"};
    case Remedy::reserve_slot:
        return {"reserve the slot first", "codex-market reserve SLOT"};
    case Remedy::show_slot:
        return {"see what it is", "codex-market get slot SLOT"};
    case Remedy::show_request:
        return {"see what it is", "codex-market get request REQUEST"};
    case Remedy::list_slots:
        return {"list the slots that are open", "codex-market list open"};
    case Remedy::show_time:
        return {"see what time it is", "codex-market time"};
    case Remedy::show_market:
        return {"see how the market is configured", "codex-market config"};
    case Remedy::prove_slot:
        return {"see which proof is wanted", "codex-market challenge SLOT"};
    }
    CODEX_ASSERT(false && "an action of remedy.def");
}

std::string hint_of(const Error& error) {
    std::string text(error.hint());
    for (const Remedy& remedy : error.remedies()) {
        const Way way = way_of(remedy.action());
        if (!text.empty())
            text += "; ";
        text += remedy.words().empty() ? way.words : std::string_view(remedy.words());
        std::string command = command_of(way.command, remedy);
        free_output(command);
        if (!command.empty())
            text += ": " + command;
    }
    return text;
}

} // namespace codex::cli::detail
