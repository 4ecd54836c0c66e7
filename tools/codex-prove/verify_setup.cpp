// codex-prove verify-setup: is a key what its ceremony says?
#include "base/printable.hpp"
#include "ceremony.hpp"
#include "commands.hpp"
#include "snark/setup.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

struct VerifySetupOptions {
    KeyFlags key;
    SystemFlags system;
    std::string ptau;
    std::uint64_t max_beacon_log2 = 32;
};

Remedy way_to_setup_key(const VerifySetupOptions& options) {
    return Remedy(Remedy::name_key, "name the key to be checked")
        .by(fmt::format("codex-prove verify-setup --zkey FILE --ptau {}",
                        shell_quoted(options.ptau)));
}

Result<int> verify_setup(cli::Context& context, const VerifySetupOptions& options) {
    if (options.ptau.empty())
        return fail(Error(Errc::usage, "--ptau is needed")
                        .hint("the file of the first phase that the key was made from"));
    CODEX_TRY(key, options.key.proving_key(way_to_setup_key(options)));
    CODEX_TRY(powers, open_powers(options.ptau));
    CODEX_TRY(system, options.system.read());
    std::vector<snark::Contribution> contributions;
    {
        Progress progress;
        const auto view = context.show(progress, "verify-setup");
        const auto most =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(options.max_beacon_log2, 63));
        CODEX_SET(contributions,
                  snark::verify_setup(key, system, powers, most, {context.pool(), progress}));
    }
    if (contributions.empty())
        context.warn("this key has no contribution: anyone can forge proofs with it");
    for (std::size_t i = 0; i < contributions.size(); ++i)
        CODEX_CHECK(context.print(contribution_record(contributions[i], i + 1)));
    CODEX_TRY(circuit_hash, key.circuit_hash());
    CODEX_CHECK(context.print(cli::Record("verified")
                                  .field("result", "right")
                                  .json_hex("circuitHash", circuit_hash)
                                  .json("contributions", std::uint64_t{contributions.size()})));
    return 0;
}

} // namespace

void declare_verify_setup(cli::Command& root) {
    auto options = std::make_shared<VerifySetupOptions>();
    cli::Command& command =
        root.command("verify-setup", "check that a proving key is what its ceremony says");
    options->key.declare(command, false);
    command.option("--ptau FILE", options->ptau, "the powers of tau that it was made from");
    options->system.declare(command);
    command
        .option("--max-beacon-log2 N", options->max_beacon_log2,
                "refuse beacons of more than 2^N hashes; 32")
        .example("codex-prove verify-setup --zkey proof_main.zkey --ptau phase1.ptau")
        .example("codex-prove verify-setup --circuit-dir . --ptau phase1.ptau | grep '^5c1a8b...'")
        .run([options](cli::Context& context) { return verify_setup(context, *options); });
}

} // namespace codex::prove_tool
