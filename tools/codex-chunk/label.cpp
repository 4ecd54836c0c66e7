#include "chunk.hpp"

#include <unistd.h>

namespace codex::chunk {

namespace {

struct Label {
    std::string cid;
    std::string text;
};

Result<int> run_label(cli::Context& context, const Label& label) {
    CODEX_CHECK(repo::check_label(label.text)); // before any dataset is looked at
    const auto set = [&](repo::Repo& repo, const std::string& item, Progress&) -> Result<void> {
        CODEX_TRY(cid, repo.named(item, repo::Named::dataset));
        CODEX_CHECK(repo.set_label(cid, label.text));
        return context.print(cli::Record("labelled").field("cid", cid).field("label", label.text));
    };
    return for_each_input(context, Access::write, "label", listed({label.cid}), set);
}

} // namespace

void declare_label(cli::Command& root) {
    const auto label = std::make_shared<Label>();
    root.command("label", "say what a dataset is called in this repo")
        .argument("CID", label->cid, "the dataset; -: those of stdin")
        .argument("TEXT", label->text, "at most 255 bytes; '' takes the label away")
        .example("codex-chunk label zDvZ... 'photos of May'")
        .example("codex-chunk put *.jpg | codex-chunk label - photos")
        .run([label](cli::Context& context) { return run_label(context, *label); });
}

} // namespace codex::chunk
