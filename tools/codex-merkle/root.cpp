#include "commands.hpp"
#include "source.hpp"
#include "toolkit/loops.hpp"

#include <unistd.h>

namespace codex::merkle_tool {

namespace {

struct Root {
    Digest digest;
    std::uint64_t leaves = 0;
};

cli::Record record_of(const Root& root) {
    cli::Record record("root");
    record.field("cid", Cid::sha256(codec::Multicodec::codex_root, root.digest))
        .json_hex("root", root.digest)
        .json("leaves", root.leaves)
        .json("depth", merkle::layer_sizes(root.leaves).size() - 1);
    return record;
}

Result<Root> root_of_stored(const repo::Repo& repo, const Cid& cid) {
    CODEX_TRY(tree, dataset::open_tree(repo, cid));
    CODEX_CHECK(
        dataset::stored_leaves(tree, [](std::span<const Digest>) -> Result<void> { return {}; }));
    return Root{tree.cid().digest32(), tree.leaf_count()};
}

Result<int> run_stored(const Source& source, cli::Context& context) {
    const bool several = source.cids.size() != 1 || source.cids.front() == "-";
    return toolkit::for_each_input(
        context, toolkit::Access::read, "root", cli::Inputs(source.cids, STDIN_FILENO),
        [&](const repo::Repo& repo, const std::string& text, Progress&) -> Result<void> {
            auto cid = repo.named(text, repo::Named::dataset_or_tree);
            if (!cid)
                return fail(source.about_word(text, repo.explain(text, std::move(cid).error())));
            CODEX_TRY(root, root_of_stored(repo, *cid));
            context.add_total("leaves", root.leaves);
            cli::Record record = record_of(root);
            record.json("dataset", *cid);
            if (several)
                record.text(cid->text());
            return context.print(record);
        });
}

Result<int> run_root(const Source& source, cli::Context& context) {
    CODEX_CHECK(source.check());
    context.add_total("leaves", 0);
    if (source.is_stored())
        return run_stored(source, context);
    merkle::StreamingRoot stream;
    CODEX_TRY(bytes,
              source.outside_leaves(context, [&](std::span<const Digest> batch) -> Result<void> {
                  stream.add(batch);
                  return {};
              }));
    Root root;
    root.leaves = stream.leaf_count();
    context.add_total("leaves", root.leaves);
    CODEX_SET(root.digest, stream.finish());
    cli::Record record = record_of(root);
    if (source.raw)
        record.json("datasetSize", bytes);
    CODEX_CHECK(context.print(record));
    return 0;
}

} // namespace

void declare_root(cli::Command& root) {
    const auto source = std::make_shared<Source>();
    cli::Command& command = root.command("root", "print the CID of the tree");
    source->declare(command);
    command.example("codex-merkle root zDv...")
        .example("tar c dir | codex-merkle root --raw -")
        .run([source](cli::Context& context) { return run_root(*source, context); });
}

} // namespace codex::merkle_tool
