// What the subcommands have in common: options, the repo, input files, output files.
#pragma once

#include "cli/command.hpp"
#include "proof/slots.hpp"
#include "snark/groth16.hpp"
#include "snark/ptau.hpp"
#include "toolkit/loops.hpp"

#include <functional>
#include <string>
#include <vector>

namespace codex::prove_tool {

using crypto::Fr;

/// The circuit's parameters as options; the defaults are the deployed circuit's.
struct CircuitFlags {
    std::uint64_t max_depth = 32, max_log2_slots = 8, block_depth = 5, cell_elements = 67,
                  samples = 5;
    void declare(cli::Command& command);
    /// Errors: usage.
    [[nodiscard]] Result<proof::CircuitParameters> parameters() const;
    /// " --samples 2": what of them is not the default, for a hint that gives a command.
    [[nodiscard]] std::string words() const;
};
/// The same of parameters.
[[nodiscard]] std::string circuit_words(const proof::CircuitParameters& parameters);

/// --slot, where it must be given.
struct SlotFlag {
    std::optional<std::uint64_t> slot;
    void declare(cli::Command& command);
    /// Errors: usage.
    [[nodiscard]] Result<std::uint64_t> value() const;
};

/// --challenge or --entropy.
struct ChallengeFlags {
    std::optional<std::string> challenge, entropy;
    void declare(cli::Command& command);
    [[nodiscard]] bool given() const { return challenge || entropy; }
    /// Errors: usage unless exactly one is given, and well-formed.
    [[nodiscard]] Result<Fr> value() const;
};

/// Where keys come from: a file, or proof_main.zkey in a circuit folder.
struct KeyFlags {
    std::optional<std::string> zkey, vkey, circuit_dir;
    /// With `verifying`, --vkey too.
    void declare(cli::Command& command, bool verifying);
    /// Errors: usage, with that way out, unless exactly one is given; snark::ProvingKey::read()'s.
    [[nodiscard]] Result<snark::ProvingKey> proving_key(Remedy way) const;
    [[nodiscard]] Result<snark::VerifyingKey> verifying_key(Remedy way) const;
    /// The file that was named, where one was.
    [[nodiscard]] std::string file() const;

private:
    [[nodiscard]] Result<std::string> zkey_path(Remedy way) const;
    [[nodiscard]] Error no_zkey(const std::string& path, Error error, Remedy way) const;

    bool takes_vkey_ = false;
};

/// A constraint system: --r1cs, or the circuit of the parameters.
struct SystemFlags {
    std::optional<std::string> r1cs;
    CircuitFlags circuit;
    void declare(cli::Command& command);
    /// Errors: usage; snark::R1cs::read()'s.
    [[nodiscard]] Result<snark::R1cs> read() const;
};

/// A .wtns, .r1cs, ... that a command line names (mapped), whose errors tell the way out.
[[nodiscard]] Result<snark::BinaryFile> open_named(const std::string& path, std::string_view magic,
                                                   std::uint32_t max_version);
/// The same, or one from stdin for "-".
[[nodiscard]] Result<snark::BinaryFile>
open_container(const std::string& path, std::string_view magic, std::uint32_t max_version);
/// What no_document() calls documents.
constexpr std::string_view kJsonKey = "key in JSON", kJsonProof = "proof",
                           kJsonInputs = "list of public inputs";
/// The error about a file (-: stdin) that should be such a document, with what it is instead, and
/// what makes one.
[[nodiscard]] Error no_document(const std::string& path, std::string_view what, Error error);
/// A phase-1 file. Errors: snark::PowersOfTau::read()'s.
[[nodiscard]] Result<snark::PowersOfTau> open_powers(const std::string& path);
/// Runs `write` on a descriptor that can seek, and passes what it wrote on to the command's output.
[[nodiscard]] Result<void>
write_container(cli::Context& context,
                const std::function<Result<void>(int fd, const std::string& name)>& write);

/// "contribution" or "beacon".
[[nodiscard]] std::string_view kind_of(const snark::ContributionLabel& label);
/// A root as circuits and contracts name it.
[[nodiscard]] std::string decimal(const Digest& element);

} // namespace codex::prove_tool
