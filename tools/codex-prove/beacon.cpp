// codex-prove beacon: the last turn in a key's ceremony.
#include "base/hex.hpp"
#include "base/secret.hpp"
#include "ceremony.hpp"
#include "commands.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

struct BeaconOptions {
    TurnFlags turn;
    std::string beacon;
    std::uint64_t iterations_log2 = 0;
};

Result<int> beacon(cli::Context& context, const BeaconOptions& options) {
    forbid_core_dumps(); // as contribute: one rule for all turns of a ceremony
    auto value = from_hex(options.beacon);
    if (!value)
        return fail(cli::bad_value("--beacon", value.error()));
    // What does not fit is more than there may be anyway.
    const auto iterations_log2 =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(options.iterations_log2, UINT32_MAX));
    const snark::Beacon beacon = {std::move(*value), iterations_log2};
    return extend_key(
        context, options.turn, "beacon",
        [&](const snark::ProvingKey& key, int fd, const std::string& name, Progress& progress) {
            return snark::apply_beacon(key, fd, name, options.turn.name, beacon,
                                       {context.pool(), progress});
        });
}

} // namespace

void declare_beacon(cli::Command& root) {
    auto options = std::make_shared<BeaconOptions>();
    cli::Command& command = root.command("beacon", "end a ceremony with public randomness");
    options->turn.declare(command, "what it was, which everybody will see");
    command.option("--beacon HEX", options->beacon, "the randomness, 1 to 255 bytes")
        .option("--iterations-log2 N", options->iterations_log2,
                "hash it 2^N times, 10 to 63, so that nobody can try many")
        .example("codex-prove beacon bob.zkey --beacon 00000000000000000001b2... "
                 "--iterations-log2 10 -o proof_main.zkey")
        .example("codex-prove beacon - --beacon $HASH --iterations-log2 20 <bob.zkey >final.zkey")
        .run([options](cli::Context& context) { return beacon(context, *options); });
}

} // namespace codex::prove_tool
