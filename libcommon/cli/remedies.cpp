// What the tools make of the library's remedies: the one place that knows which command is which
// action.
#include "cli/detail/remedies.hpp"

namespace codex::cli::detail {

namespace {

/// Puts `value`, if there is one, in the place of `word`.
void fill_in(std::string& command, std::string_view word, const std::string& value) {
    const std::size_t at = command.find(word);
    if (!value.empty() && at != command.npos)
        command.replace(at, word.size(), value);
}

/// The command with the remedy's own dataset and number.
std::string command_of(std::string_view command, const Remedy& remedy) {
    std::string text(command);
    fill_in(text, "CID", remedy.cid());
    fill_in(text, "SIZE", remedy.number() ? fmt::format("{}", *remedy.number()) : std::string());
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
    case Remedy::compute_slots:
        return {"compute its slots", "codex-prove slots CID"};
    case Remedy::choose_cell_size:
        return {"choose another size of cells", "codex-prove slots --cell-size SIZE CID"};
    case Remedy::recompute_slots:
        return {"compute the trees of the slots again", "codex-prove slots PROTECTED"};
    case Remedy::check_slots:
        return {"compare the whole dataset", "codex-prove slots --check CID"};
    case Remedy::make_repo:
        return {"make one", "codex-chunk init; the first put does it, too; -r DIR or CODEX_REPO "
                            "names another"};
    case Remedy::name_repo:
        return {"name a folder with -r DIR, or set CODEX_REPO", ""};
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
    }
    CODEX_ASSERT(!"an action of remedy.def");
}

std::string hint_of(const Error& error) {
    std::string text(error.hint());
    for (const Remedy& remedy : error.remedies()) {
        const Way way = way_of(remedy.action());
        if (!text.empty())
            text += "; ";
        text += remedy.words().empty() ? way.words : std::string_view(remedy.words());
        if (!way.command.empty())
            text += ": " + command_of(way.command, remedy);
    }
    return text;
}

} // namespace codex::cli::detail
