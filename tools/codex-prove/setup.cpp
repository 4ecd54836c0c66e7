// codex-prove setup, vkey: keys.
#include "commands.hpp"
#include "session.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

struct Options {
    std::optional<std::string> r1cs;
    CircuitFlags circuit;
    KeyFlags key;
};

Result<proof::R1cs> system_of(const Options& options) {
    if (options.r1cs) {
        CODEX_TRY(file, open_container(*options.r1cs, "r1cs", 1));
        return proof::R1cs::read(file);
    }
    CODEX_TRY(parameters, options.circuit.parameters());
    return proof::build_circuit(parameters);
}

Result<int> setup(cli::Context& context, const Options& options) {
    CODEX_TRY(system, system_of(options));
    context.warn("this key is for tests only: whoever made it could keep its secrets, and forge "
                 "proofs with them");
    CODEX_CHECK(write_container(context, [&](int fd, const std::string& name) {
        return proof::test_setup(system, fd, name, &context.pool());
    }));
    return 0;
}

} // namespace

void declare_setup(cli::Command& root) {
    auto options = std::make_shared<Options>();
    cli::Command& command = root.command("setup", "make a proving key, for tests only");
    command.option("--r1cs FILE", options->r1cs, "for this circuit; default: ours");
    options->circuit.declare(command);
    command.takes_output()
        .example("codex-prove setup -o proof_main.zkey")
        .example("codex-prove setup --r1cs other.r1cs -o other.zkey")
        .run([options](cli::Context& context) { return setup(context, *options); });
}

void declare_vkey(cli::Command& root) {
    auto options = std::make_shared<Options>();
    cli::Command& command = root.command("vkey", "print the verification key of a proving key");
    options->key.declare(command, false);
    command.takes_output()
        .example("codex-prove vkey --zkey proof_main.zkey -o verification_key.json")
        .run([options](cli::Context& context) -> Result<int> {
            CODEX_TRY(key, options->key.verifying_key());
            CODEX_CHECK(context.print_text(proof::verifying_key_to_json(key) + "\n"));
            return 0;
        });
}

} // namespace codex::prove_tool
