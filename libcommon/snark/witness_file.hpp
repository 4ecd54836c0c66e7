// .wtns files (codex-groth16(5), WTNS FILES): one standard-form word a wire.
#pragma once

#include "crypto/field/field.hpp"
#include "snark/binary_file.hpp"

#include <span>

namespace codex::snark {

/// The words of a .wtns, valid as long as `file`. Errors: malformed (foreign prime, count, a word
/// not below r, word 0 not 1).
[[nodiscard]] Result<std::span<const Digest>> witness_words(const BinaryFile& file);
/// Writes a .wtns (version 2) byte for byte as circom's generators do.
[[nodiscard]] Result<void> write_witness(int fd, const std::string& name,
                                         std::span<const crypto::Fr> witness);

} // namespace codex::snark
