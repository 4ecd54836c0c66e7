// codex-prove input: what a proof of a slot for a challenge needs.
#include "commands.hpp"
#include "session.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

struct InputOptions {
    SlotFlag slot;
    ChallengeFlags challenge;
    CircuitFlags circuit;
    std::vector<std::string> cids;
};

Result<int> input(cli::Context& context, const InputOptions& options) {
    CODEX_TRY(slot, options.slot.value());
    CODEX_TRY(entropy, options.challenge.value());
    CODEX_TRY(parameters, options.circuit.parameters());
    CODEX_TRY(opened, toolkit::open_with(context, options.cids, repo::Named::dataset));
    auto& [repo, cid] = opened;
    Progress progress;
    const auto view = context.show(progress, "input");
    CODEX_TRY(made, proof::make_proof_input({repo, {context.pool(), progress}}, cid, slot, entropy,
                                            parameters));
    CODEX_CHECK(context.print_text(proof::write_input_json(parameters, made)));
    return 0;
}

} // namespace

void declare_input(cli::Command& root) {
    auto options = std::make_shared<InputOptions>();
    cli::Command& command = root.command("input", "write input.json for a slot and a challenge");
    options->slot.declare(command);
    options->challenge.declare(command);
    options->circuit.declare(command);
    command.arguments("CID", options->cids, "the verifiable dataset; default: from stdin")
        .takes_output()
        .example("codex-prove input zDvZRwzm... --slot 3 --challenge 0x5f39... -o input.json")
        .example("codex-prove input --slot 0 --entropy 7 - <photos.cid | codex-prove witness >w")
        .run([options](cli::Context& context) { return input(context, *options); });
}

} // namespace codex::prove_tool
