// A proof with its public inputs, as an argument.
#pragma once

#include "session.hpp"

namespace codex::prove_tool {

/// The longest document that is a proof.
constexpr std::uint64_t kMaxProofBytes = std::uint64_t{1} << 20;

/// Where a statement comes from: --proof and --public, or one document.
struct StatementFlags {
    std::string file;
    std::optional<std::string> proof_file, public_file;
    void declare(cli::Command& command);
    /// The words that name it, to be typed again; PROOF where it comes from stdin.
    [[nodiscard]] std::string words() const;
    /// Errors, which name the file: usage; those of snark::statement_from_json(),
    /// proof_from_json(), inputs_from_json().
    [[nodiscard]] Result<snark::Statement> read() const;
};

} // namespace codex::prove_tool
