// codex-prove beacon: the last turn in a key's ceremony.
#include "base/hex.hpp"
#include "ceremony.hpp"
#include "commands.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

struct Options {
    std::string key, name, beacon;
    std::uint64_t iterations_log2 = 0;
};

Result<int> beacon(cli::Context& context, const Options& options) {
    std::string_view text = options.beacon;
    if (text.starts_with("0x"))
        text.remove_prefix(2);
    auto value = from_hex(text);
    if (!value)
        return fail(std::move(value).error().context("--beacon"));
    // What does not fit is more than there may be anyway.
    const auto iterations_log2 =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(options.iterations_log2, UINT32_MAX));
    const proof::Beacon beacon = {std::move(*value), iterations_log2};
    return extend_key(
        context, options.key, "beacon",
        [&](const proof::ProvingKey& key, int fd, const std::string& name, Progress& progress) {
            return proof::apply_beacon(key, fd, name, options.name, beacon, &context.pool(),
                                       &progress);
        });
}

} // namespace

Result<int> extend_key(cli::Context& context, const std::string& key_path, const std::string& label,
                       const Extension& extension) {
    CODEX_TRY(file, open_container(key_path, "zkey", 1));
    CODEX_TRY(key, proof::ProvingKey::read(std::move(file)));
    CODEX_TRY(before, key.contributions());
    std::optional<proof::Contribution> made;
    {
        Progress progress;
        const auto view = context.show(progress, label);
        CODEX_CHECK(write_container(context, [&](int fd, const std::string& name) -> Result<void> {
            CODEX_TRY(contribution, extension(key, fd, name, progress));
            made = std::move(contribution);
            return {};
        }));
    }
    if (context.output_path().empty() || context.output_path() == "-")
        context.inform(fmt::format("contribution {}: {}", before.size() + 1,
                                   to_hex(proof::contribution_hash(*made))));
    else
        CODEX_CHECK(context.print(contribution_record(*made, before.size() + 1)));
    return 0;
}

cli::Record contribution_record(const proof::Contribution& contribution, std::size_t number) {
    cli::Record record("contribution");
    record.field("hash", to_hex(proof::contribution_hash(contribution)))
        .field("number", std::uint64_t{number})
        .field("kind", kind_of(contribution.label))
        .field("name", contribution.label.name);
    if (contribution.label.type == 1)
        record.json("beacon", to_hex(contribution.label.beacon))
            .json("iterationsLog2", std::uint64_t{contribution.label.beacon_iterations_log2});
    return record;
}

void declare_beacon(cli::Command& root) {
    auto options = std::make_shared<Options>();
    root.command("beacon", "end a ceremony with public randomness")
        .argument("ZKEY", options->key, "the key; -: from stdin")
        .option("--beacon HEX", options->beacon, "the randomness, 1 to 255 bytes")
        .option("--iterations-log2 N", options->iterations_log2,
                "hash it 2^N times, 10 to 63, so that nobody can try many")
        .option("--name TEXT", options->name, "what it was, which everybody will see")
        .takes_output()
        .example("codex-prove beacon bob.zkey --beacon 00000000000000000001b2... "
                 "--iterations-log2 10 -o proof_main.zkey")
        .run([options](cli::Context& context) { return beacon(context, *options); });
}

} // namespace codex::prove_tool
