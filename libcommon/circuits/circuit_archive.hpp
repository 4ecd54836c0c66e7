// The official circuit as the network hands it out: a gzip tar with proof_main.zkey, .r1cs, .wasm
// and .bin and proof_main_verification_key.json, named by its SHA-256, which is the zkeyHash of the
// marketplace contract's configuration (codex-groth16(5), CIRCUIT ARCHIVE).
#pragma once

#include "proof/circuit.hpp"

namespace codex::circuits {

/// 64 hex digits, "0x" before them or not. Errors: hex_invalid.
[[nodiscard]] Result<Digest> archive_hash_from_text(std::string_view hex);

struct InstalledCircuit {
    struct File {
        std::string path;
        std::uint64_t bytes = 0;
    };
    std::vector<File> files; ///< in the order they were given their names, the key last
    /// What else the archive has, by name; the first few.
    std::vector<std::string> skipped;
};

/// Unpacks an archive into `folder`, which is made when it is missing (but not the folder it is
/// in). The archive is read from `fd` once, into a file without a name; nothing is unpacked before
/// its SHA-256 is `sha256`, and no file gets its name in `folder` before the key's verification key
/// is the archive's, and key and constraints have the sizes of the circuit of `parameters`. No
/// other names than the known ones are ever written, nothing is followed, and sizes are bounded by
/// what such a circuit can need. Each file appears whole, on the disk, and the key last: where
/// there is a new key, there is all of it; a kill leaves nothing else behind, and the next run
/// makes up for what is missing. `name` is the archive in error texts.
/// Errors: malformed (another hash, no such archive, a file that is missing, stands twice, is no
/// file, or does not fit), limit_exceeded, cannot_create, no_space, io.
[[nodiscard]] Result<InstalledCircuit> install_circuit(int fd, const std::string& name,
                                                       const Digest& sha256,
                                                       const proof::CircuitParameters& parameters,
                                                       const std::string& folder);

} // namespace codex::circuits
