#include "commands.hpp"
#include "source.hpp"

namespace codex::merkle_tool {

namespace {

Result<int> run_leaves(const Source& source, cli::Context& context) {
    CODEX_CHECK(source.check());
    cli::Records lines(context);
    std::uint64_t index = 0;
    CODEX_CHECK(source.leaves(context, [&](std::span<const Digest> batch) -> Result<void> {
        for (const Digest& leaf : batch) {
            cli::Record record("leaf");
            record.field("cid", Cid::block(leaf)).json("index", index++);
            CODEX_CHECK(lines.add(record));
        }
        return lines.flush();
    }));
    return 0;
}

} // namespace

void declare_leaves(cli::Command& root) {
    const auto source = std::make_shared<Source>();
    cli::Command& command = root.command("leaves", "print the CID of each block, in order");
    source->declare(command);
    command.example("codex-merkle leaves zDv... | sort | uniq -d")
        .example("codex-merkle leaves --raw big.iso | codex-merkle root --digests -")
        .run([source](cli::Context& context) { return run_leaves(*source, context); });
}

} // namespace codex::merkle_tool
