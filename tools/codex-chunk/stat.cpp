#include "chunk.hpp"

#include "base/units.hpp"

namespace codex::chunk {

namespace {

/// Lines "CID<TAB>name<TAB>value".
class Lines {
public:
    explicit Lines(std::string subject) : subject_(std::move(subject)) {}
    void add(std::string_view name, std::string_view value) {
        text_ += cli::Record("").text(subject_).text(name).text(value).as_text() + "\n";
    }
    void add(std::string_view name, std::uint64_t value) { add(name, fmt::format("{}", value)); }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string subject_;
    std::string text_;
};

std::string_view layout_name(codec::ManifestLayout layout) {
    return layout == codec::ManifestLayout::classic ? "classic" : "v0-2026";
}

std::string dataset_text(const repo::DatasetInfo& dataset,
                         const repo::PartialInfo* partial = nullptr) {
    const codec::Manifest& manifest = dataset.manifest;
    Lines lines(dataset.cid.text());
    lines.add("kind", kind_of(manifest));
    lines.add("treeCid", manifest.tree.text());
    lines.add("size", manifest.content_size_bytes());
    lines.add("datasetSize", manifest.dataset_size_bytes);
    lines.add("blockSize", std::uint64_t{manifest.block_size_bytes});
    lines.add("blocks", manifest.blocks_count());
    if (manifest.filename)
        lines.add("filename", *manifest.filename);
    if (manifest.mimetype)
        lines.add("mimetype", *manifest.mimetype);
    if (manifest.erasure) {
        lines.add("ecK", std::uint64_t{manifest.erasure->k});
        lines.add("ecM", std::uint64_t{manifest.erasure->m});
        lines.add("originalTreeCid", manifest.erasure->original_tree.text());
        lines.add("originalDatasetSize", manifest.erasure->original_size_bytes);
    }
    lines.add("layout", layout_name(manifest.layout));
    lines.add("added", format_time(dataset.added));
    lines.add("expiry", format_time(dataset.expiry));
    if (!dataset.label.empty())
        lines.add("label", dataset.label);
    if (partial != nullptr) {
        lines.add("state", "partial " + share_of(*partial));
        lines.add("blocksHeld", partial->blocks_held);
    }
    return lines.text();
}

/// What is known of one thing: as a record, which is also the answer to a line of a batch, and as
/// lines that show it.
struct Known {
    cli::Record record;
    std::string text;
};

Result<Known> stat_dataset(const repo::Repo& repo, const Cid& cid, bool batch) {
    auto whole = repo.dataset(cid);
    if (!whole && whole.error().code() == Errc::dataset_partial) {
        CODEX_TRY(partial, repo.partial(cid));
        cli::Record record = partial_record(partial);
        record.json("layout", layout_name(partial.dataset.manifest.layout));
        return Known{std::move(record), batch ? "" : dataset_text(partial.dataset, &partial)};
    }
    CODEX_TRY(dataset, std::move(whole));
    cli::Record record = dataset_record(dataset);
    record.json("blocks", dataset.manifest.blocks_count())
        .json("layout", layout_name(dataset.manifest.layout));
    return Known{std::move(record), batch ? "" : dataset_text(dataset)};
}

Result<Known> stat_block(const repo::Repo& repo, const Cid& cid) {
    CODEX_TRY(block, repo.stat(cid));
    if (!block)
        return fail(Error(Errc::block_not_found,
                          fmt::format("block {}: not in the repo {}", cid.text(), repo.path()))
                        .remedy(Remedy::list_blocks));
    Lines lines(cid.text());
    lines.add("kind", "block");
    lines.add("size", std::uint64_t{block->size_bytes});
    lines.add("storedBytes", std::uint64_t{block->stored_bytes});
    lines.add("state", state_of(*block));
    lines.add("references", block->references);
    if (block->kept)
        lines.add("expiry", format_time(block->expiry));
    cli::Record record = block_record(*block);
    record.json("kind", "block");
    return Known{std::move(record), lines.text()};
}

Result<Known> stat_partial_tree(const repo::PartialTree& tree) {
    CODEX_TRY(held, tree.present());
    cli::Record record("tree");
    record.field("cid", tree.cid())
        .field("leaves", tree.leaf_count())
        .field("leavesHeld", held.size())
        .json("kind", "tree");
    Lines lines(tree.cid().text());
    lines.add("kind", "tree");
    lines.add("leaves", tree.leaf_count());
    lines.add("leavesHeld", held.size());
    return Known{std::move(record), lines.text()};
}

Result<Known> stat_tree(const repo::Repo& repo, const Cid& cid) {
    auto stored = repo.tree(cid);
    if (!stored && stored.error().code() == Errc::block_not_found) {
        if (auto part = repo.partial_tree(cid))
            return stat_partial_tree(*part);
    }
    CODEX_TRY(tree, std::move(stored));
    cli::Record record("tree");
    record.field("cid", cid).field("leaves", tree.leaf_count()).json("kind", "tree");
    Lines lines(cid.text());
    lines.add("kind", "tree");
    lines.add("leaves", tree.leaf_count());
    return Known{std::move(record), lines.text()};
}

Result<Known> look_up(const repo::Repo& repo, const std::string& item, bool batch) {
    CODEX_TRY(address, parse_address(repo, item, repo::Named::anything));
    CODEX_TRY(cid, address.index ? block_cid(repo, address) : Result<Cid>(address.cid));
    if (cid.codec() == codec::Multicodec::codex_manifest)
        return stat_dataset(repo, cid, batch);
    if (cid.codec() == codec::Multicodec::codex_root)
        return stat_tree(repo, cid);
    return stat_block(repo, cid);
}

Result<int> run_stat(cli::Context& context, const std::vector<std::string>& items) {
    const auto show = [&](const repo::Repo& repo, const std::string& item,
                          Progress&) -> Result<void> {
        auto known = look_up(repo, item, context.batch());
        if (!known && context.batch()) {
            CODEX_TRY(word, batch_answer(item, known.error()));
            return context.print(cli::Record("block").field("cid", item).field("state", word));
        }
        if (!known)
            return fail(std::move(known).error());
        if (context.json() || context.batch())
            return context.print(known->record);
        return context.print_text(known->text);
    };
    return for_each_input(context, Access::read, "stat", listed(items), show);
}

} // namespace

void declare_stat(cli::Command& root) {
    const auto items = std::make_shared<std::vector<std::string>>();
    root.command("stat", "show the manifest of datasets, or what is known of a block or tree")
        .arguments("CID", *items, "also CID@INDEX; - or nothing: from stdin")
        .takes_batch()
        .example("codex-chunk stat zDvZ...")
        .example("codex-chunk stat --json zDvZ... | jq 'select(.manifest)'")
        .run([items](cli::Context& context) { return run_stat(context, *items); });
}

} // namespace codex::chunk
