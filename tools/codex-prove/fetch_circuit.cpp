// codex-prove fetch-circuit: the network's circuit out of its archive.
#include "circuits/circuit_archive.hpp"
#include "commands.hpp"
#include "session.hpp"
#include "toolkit/input.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

struct FetchCircuitOptions {
    std::optional<std::string> archive, hash, circuit_dir;
    CircuitFlags circuit;
};

Result<int> fetch_circuit(cli::Context& context, const FetchCircuitOptions& options) {
    if (!options.archive || !options.circuit_dir)
        return fail(Errc::usage, "--archive and --circuit-dir are needed");
    // Not optional: whoever chooses the key can have kept what forges its proofs.
    if (!options.hash)
        return fail(Error(Errc::usage, "--hash is needed")
                        .hint("it is zkeyHash in the marketplace contract's configuration"));
    auto hash = circuits::archive_hash_from_text(*options.hash);
    if (!hash)
        return fail(cli::bad_value("--hash", hash.error()));
    CODEX_TRY(parameters, options.circuit.parameters());
    CODEX_CHECK(context.require_outside_of_repo(*options.circuit_dir));
    CODEX_TRY(archive, toolkit::open_input(*options.archive));
    CODEX_TRY(installed, circuits::install_circuit(archive.fd(), archive.name, *hash, parameters,
                                                   *options.circuit_dir));
    for (const std::string& skipped : installed.skipped)
        context.warn(archive.name, fmt::format("{} is no file of a circuit: left out", skipped));
    for (const auto& [path, bytes] : installed.files)
        CODEX_CHECK(context.print(cli::Record("file").field("file", path).field("bytes", bytes)));
    return 0;
}

} // namespace

void declare_fetch_circuit(cli::Command& root) {
    auto options = std::make_shared<FetchCircuitOptions>();
    cli::Command& command =
        root.command("fetch-circuit", "unpack and check the network's circuit and key");
    command.option("--archive FILE", options->archive, "the archive; -: from stdin")
        .option("--hash HEX", options->hash, "its SHA-256, as the contract's zkeyHash gives it")
        .option("--circuit-dir DIR", options->circuit_dir, "put the files there");
    options->circuit.declare(command);
    command
        .example("codex-prove fetch-circuit --archive circuit.tar.gz --hash 0x8a2f... "
                 "--circuit-dir circuit")
        .example("curl -s $URL/$HASH | codex-prove fetch-circuit --archive - --hash $HASH "
                 "--circuit-dir circuit")
        .run([options](cli::Context& context) { return fetch_circuit(context, *options); });
}

} // namespace codex::prove_tool
