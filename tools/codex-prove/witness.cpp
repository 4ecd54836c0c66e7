// codex-prove witness: the wires of the circuit.
#include "base/printable.hpp"
#include "commands.hpp"
#include "session.hpp"
#include "snark/witness_file.hpp"
#include "toolkit/input.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

constexpr std::uint64_t kMaxInputBytes = std::uint64_t{64} << 20;

struct WitnessOptions {
    std::string input = "-";
    bool check = false;
    CircuitFlags circuit;
};

Result<void> check_witness(const proof::CircuitParameters& parameters,
                           std::span<const Fr> witness) {
    CODEX_TRY(system, proof::build_circuit(parameters));
    if (const auto broken = snark::first_broken(system, witness))
        return fail(Errc::proof_invalid, "constraint {}: {}", *broken,
                    proof::describe_constraint(parameters, *broken));
    return {};
}

/// An input of another circuit is no worse than one of this; else it has to be made anew.
Remedy way_to_input(const cli::Context& context, const WitnessOptions& options,
                    const proof::CircuitParameters& parameters, std::string_view text) {
    const auto other = proof::circuit_of_input_json(parameters, text);
    if (!other || *other == parameters)
        return Remedy::make_input;
    return Remedy(Remedy::name_circuit, "the input is for another circuit")
        .by(fmt::format("codex-prove witness{}{} {}{}", options.check ? " --check" : "",
                        circuit_words(*other), toolkit::typed(options.input),
                        context.output_path().empty()
                            ? std::string()
                            : fmt::format(" -o {}", shell_quoted(context.output_path()))));
}

Result<int> witness(cli::Context& context, const WitnessOptions& options) {
    CODEX_TRY(parameters, options.circuit.parameters());
    CODEX_TRY(text, toolkit::read_input(options.input, kMaxInputBytes));
    if (text.empty())
        return fail(toolkit::nothing_came(options.input, "input"));
    auto input = proof::read_input_json(parameters, as_text(text));
    if (!input)
        return fail(std::move(input)
                        .error()
                        .context(toolkit::input_name(options.input))
                        .hint({})
                        .remedy(way_to_input(context, options, parameters, as_text(text))));
    CODEX_TRY(wires, proof::compute_witness(parameters, *input));
    if (options.check)
        CODEX_CHECK(check_witness(parameters, wires));
    CODEX_CHECK(write_container(context, [&](int fd, const std::string& name) {
        return snark::write_witness(fd, name, wires);
    }));
    return 0;
}

} // namespace

void declare_witness(cli::Command& root) {
    auto options = std::make_shared<WitnessOptions>();
    cli::Command& command = root.command("witness", "compute a .wtns from an input.json");
    command.flag("--check", options->check, "also evaluate every constraint; 1 when one is broken");
    options->circuit.declare(command);
    command.argument("FILE", options->input, "input.json; default: from stdin", false)
        .takes_output()
        .example("codex-prove witness input.json -o slot3.wtns")
        .example("codex-prove input zDvZRwzm... --slot 3 --entropy 7 | codex-prove witness >w.wtns")
        .run([options](cli::Context& context) { return witness(context, *options); });
}

} // namespace codex::prove_tool
