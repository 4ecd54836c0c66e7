// codex-prove setup: a proving key for tests, or for a ceremony to begin with.
#include "snark/setup.hpp"
#include "base/secret.hpp"
#include "commands.hpp"
#include "session.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

struct SetupOptions {
    SystemFlags system;
    std::optional<std::string> ptau;
};

Result<int> test_setup(cli::Context& context, const snark::R1cs& system) {
    context.warn("this key is for tests only: whoever made it could keep its secrets, and forge "
                 "proofs with them");
    CODEX_CHECK(write_container(context, [&](int fd, const std::string& name) {
        return snark::test_setup(system, fd, name, context.pool());
    }));
    return 0;
}

Result<int> setup(cli::Context& context, const SetupOptions& options) {
    forbid_core_dumps();
    CODEX_TRY(system, options.system.read());
    if (!options.ptau)
        return test_setup(context, system);
    CODEX_TRY(powers, open_powers(*options.ptau));
    Progress progress;
    const auto view = context.show(progress, "setup");
    CODEX_CHECK(write_container(context, [&](int fd, const std::string& name) {
        return snark::setup_from_powers(system, powers, fd, name, {context.pool(), progress});
    }));
    context.warn("this key has no contribution: until it has one, anyone can forge proofs with it");
    return 0;
}

} // namespace

void declare_setup(cli::Command& root) {
    auto options = std::make_shared<SetupOptions>();
    cli::Command& command =
        root.command("setup", "make a proving key: for tests, or for a ceremony to begin with");
    command.option("--ptau FILE", options->ptau,
                   "from these powers of tau; default: from secrets, for tests only");
    options->system.declare(command);
    command.takes_output()
        .example("codex-prove setup -o test.zkey")
        .example("codex-prove setup --ptau phase1.ptau -o initial.zkey")
        .run([options](cli::Context& context) { return setup(context, *options); });
}

} // namespace codex::prove_tool
