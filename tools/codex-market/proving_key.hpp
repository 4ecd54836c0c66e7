// Which proofs a market takes: the key that `init` is given.
#pragma once

#include "cli/command.hpp"
#include "ledger/genesis.hpp"

namespace codex::market_tool {

/// --zkey, --vkey, --circuit-dir, --verifier.
struct KeyOptions {
    std::optional<std::string> zkey, vkey, circuit_dir;
    std::string verifier = "groth16";
    void declare(cli::Command& command);
    /// Sets what the genesis has of it: verifier, key, and the hash of the proving key where that
    /// is known. Errors: usage, unless exactly one key is given, or none to a verifier for tests;
    /// those of reading it.
    [[nodiscard]] Result<void> set(ledger::Genesis& genesis) const;
};

} // namespace codex::market_tool
