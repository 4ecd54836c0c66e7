// codex-prove contribute: one turn in a key's ceremony.
#include "base/fd.hpp"
#include "base/secret.hpp"
#include "ceremony.hpp"
#include "commands.hpp"

#include <memory>
#include <unistd.h>

namespace codex::prove_tool {

namespace {

/// Text from a keyboard, dice, a file of noise.
constexpr std::size_t kMaxExtraBytes = std::size_t{1} << 20;

struct ContributeOptions {
    TurnFlags turn;
    std::optional<std::uint64_t> entropy_fd;
};

/// What is added to the system's randomness. Errors: limit_exceeded, the system's.
Result<SecretBytes> read_extra(int fd) {
    SecretBytes bytes(kMaxExtraBytes + 1); // at once, so that it is nowhere else
    CODEX_TRY(got, read_full(fd, bytes, fmt::format("descriptor {}", fd)));
    if (got > kMaxExtraBytes)
        return fail(Errc::limit_exceeded, "descriptor {}: more than {} bytes", fd, kMaxExtraBytes);
    bytes.resize(got);
    return bytes;
}

Result<int> contribute(cli::Context& context, const ContributeOptions& options) {
    CODEX_CHECK(snark::check_contribution_name(options.turn.name));
    forbid_core_dumps();
    SecretBytes extra;
    if (options.entropy_fd) {
        if (*options.entropy_fd > INT32_MAX)
            return fail(Errc::usage, "--entropy-fd {}: no descriptor", *options.entropy_fd);
        if (*options.entropy_fd == STDIN_FILENO && options.turn.key == "-")
            return fail(Errc::usage, "stdin is either the key or the entropy");
        CODEX_SET(extra, read_extra(static_cast<int>(*options.entropy_fd)));
    }
    return extend_key(
        context, options.turn, "contribute",
        [&](const snark::ProvingKey& key, int fd, const std::string& name, Progress& progress) {
            return snark::contribute(key, fd, name, options.turn.name, extra,
                                     {context.pool(), progress});
        });
}

} // namespace

void declare_contribute(cli::Command& root) {
    auto options = std::make_shared<ContributeOptions>();
    cli::Command& command =
        root.command("contribute", "add a secret of your own to a proving key, and forget it");
    options->turn.declare(command, "your name, which everybody will see");
    command
        .option("--entropy-fd N", options->entropy_fd,
                "mix in what this descriptor gives until its end")
        .example("codex-prove contribute initial.zkey --name alice -o alice.zkey")
        .example("codex-prove contribute alice.zkey --entropy-fd 3 -o bob.zkey 3<dice-rolls")
        .run([options](cli::Context& context) { return contribute(context, *options); });
}

} // namespace codex::prove_tool
