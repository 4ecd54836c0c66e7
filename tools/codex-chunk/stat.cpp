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

std::string dataset_text(const repo::DatasetInfo& dataset) {
    const codec::Manifest& manifest = dataset.manifest;
    Lines lines(dataset.cid.text());
    lines.add("kind", kind_of(manifest));
    lines.add("treeCid", manifest.tree.text());
    lines.add("contentSize", manifest.content_size_bytes());
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
    return lines.text();
}

Result<void> stat_dataset(cli::Context& context, const repo::Repo& repo, const Cid& cid) {
    CODEX_TRY(dataset, repo.dataset(cid));
    if (!context.json())
        return context.print_text(dataset_text(dataset));
    cli::Record record = dataset_record(dataset);
    record.json("blocks", dataset.manifest.blocks_count())
        .json("layout", layout_name(dataset.manifest.layout));
    return context.print(record);
}

Result<void> stat_block(cli::Context& context, const repo::Repo& repo, const Cid& cid) {
    CODEX_TRY(block, repo.stat(cid));
    if (!block)
        return fail(Errc::block_not_found, "no such block here");
    if (context.json())
        return context.print(cli::Record("block")
                                 .json("cid", cid)
                                 .json("size", std::uint64_t{block->size_bytes})
                                 .json("storedBytes", std::uint64_t{block->stored_bytes})
                                 .json("state", block->present ? "present" : "missing")
                                 .json("references", block->references)
                                 .json("kept", block->kept)
                                 .json("expiry", block->expiry));
    Lines lines(cid.text());
    lines.add("kind", "block");
    lines.add("size", std::uint64_t{block->size_bytes});
    lines.add("storedBytes", std::uint64_t{block->stored_bytes});
    lines.add("state", block->present ? "present" : "missing");
    lines.add("references", block->references);
    if (block->kept)
        lines.add("expiry", format_time(block->expiry));
    return context.print_text(lines.text());
}

Result<void> stat_tree(cli::Context& context, const repo::Repo& repo, const Cid& cid) {
    CODEX_TRY(tree, repo.tree(cid));
    if (context.json())
        return context.print(
            cli::Record("tree").json("cid", cid).json("leaves", tree.leaf_count()));
    Lines lines(cid.text());
    lines.add("kind", "tree");
    lines.add("leaves", tree.leaf_count());
    return context.print_text(lines.text());
}

Result<int> run(cli::Context& context, const std::vector<std::string>& items) {
    const auto show = [&](repo::Repo& repo, const std::string& item) -> Result<void> {
        CODEX_TRY(address, parse_address(item));
        CODEX_TRY(cid, address.index ? block_cid(repo, address) : Result<Cid>(address.cid));
        if (cid.codec() == codec::Multicodec::codex_manifest)
            return stat_dataset(context, repo, cid);
        if (cid.codec() == codec::Multicodec::codex_root)
            return stat_tree(context, repo, cid);
        return stat_block(context, repo, cid);
    };
    CODEX_CHECK(for_each_input(context, Access::read, items, show));
    return context.exit_code();
}

} // namespace

void declare_stat(cli::Command& root) {
    const auto items = std::make_shared<std::vector<std::string>>();
    root.command("stat", "show the manifest of datasets, or what is known of a block or tree")
        .arguments("CID", *items, "also CID@INDEX; - or nothing: from stdin")
        .example("codex-chunk stat zDvZ...")
        .example("codex-chunk stat --json zDvZ... | jq .manifest")
        .run([items](cli::Context& context) { return run(context, *items); });
}

} // namespace codex::chunk
