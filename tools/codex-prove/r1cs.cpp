// codex-prove r1cs: the circuit as a constraint system.
#include "commands.hpp"
#include "session.hpp"

#include <bit>
#include <memory>

namespace codex::prove_tool {

namespace {

struct R1csOptions {
    bool stats = false;
    CircuitFlags circuit;
};

Result<int> r1cs(cli::Context& context, const R1csOptions& options) {
    CODEX_TRY(parameters, options.circuit.parameters());
    if (!options.stats) {
        CODEX_TRY(system, proof::build_circuit(parameters));
        CODEX_CHECK(write_container(
            context, [&](int fd, const std::string& name) { return system.write(fd, name); }));
        return 0;
    }
    CODEX_TRY(counts, proof::count_circuit(parameters));
    const std::uint64_t rows = counts.constraints + counts.public_inputs;
    CODEX_CHECK(context.print(cli::Record("r1cs")
                                  .field("constraints", counts.constraints)
                                  .field("wires", counts.wires)
                                  .field("terms", counts.terms)
                                  .field("domainLog2", std::uint64_t{std::bit_width(rows)})
                                  .json("publicInputs", std::uint64_t{counts.public_inputs})
                                  .json("privateInputs", std::uint64_t{counts.private_inputs})
                                  .json("labels", counts.wires)));
    return 0;
}

} // namespace

void declare_r1cs(cli::Command& root) {
    auto options = std::make_shared<R1csOptions>();
    cli::Command& command = root.command("r1cs", "write the circuit as an .r1cs");
    command.flag("--stats", options->stats, "only count, write no .r1cs");
    options->circuit.declare(command);
    command.takes_output()
        .example("codex-prove r1cs -o proof_main.r1cs")
        .example("codex-prove r1cs --stats --samples 10")
        .run([options](cli::Context& context) { return r1cs(context, *options); });
}

} // namespace codex::prove_tool
