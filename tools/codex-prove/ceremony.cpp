#include "ceremony.hpp"
#include "base/hex.hpp"

namespace codex::prove_tool {

void TurnFlags::declare(cli::Command& command, const std::string& name_help) {
    command.argument("ZKEY", key, "the key; -: from stdin")
        .option("--name NAME", name, name_help)
        .takes_output();
}

Result<int> extend_key(cli::Context& context, const TurnFlags& turn, const std::string& label,
                       const Extension& extension) {
    CODEX_TRY(file, open_container(turn.key, "zkey", 1));
    CODEX_TRY(key, snark::ProvingKey::read(std::move(file)));
    CODEX_TRY(before, key.contributions());
    std::optional<snark::Contribution> made;
    {
        Progress progress;
        const auto view = context.show(progress, label);
        CODEX_CHECK(write_container(context, [&](int fd, const std::string& name) -> Result<void> {
            CODEX_SET(made, extension(key, fd, name, progress));
            return {};
        }));
    }
    // Who has the hash takes the turn for done.
    CODEX_CHECK(context.commit_output());
    if (context.output_path().empty() || context.output_path() == "-")
        context.inform(fmt::format("contribution {}: {}", before.size() + 1,
                                   to_hex(snark::contribution_hash(*made))));
    else
        CODEX_CHECK(context.print(contribution_record(*made, before.size() + 1)));
    return 0;
}

cli::Record contribution_record(const snark::Contribution& contribution, std::size_t number) {
    cli::Record record("contribution");
    record.hex("hash", snark::contribution_hash(contribution))
        .field("number", std::uint64_t{number})
        .field("kind", kind_of(contribution.label))
        .field("name", contribution.label.name);
    if (contribution.label.type == 1)
        record.json_hex("beacon", contribution.label.beacon)
            .json("iterationsLog2", std::uint64_t{contribution.label.beacon_iterations_log2});
    return record;
}

} // namespace codex::prove_tool
