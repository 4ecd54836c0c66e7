// Keys of accounts as other programs keep them: encrypted with a password
// (codex-market(7), KEYSTORE).
#pragma once

#include "ethereum/private_key.hpp"

namespace codex::ethereum {

/// The longest such document.
constexpr std::size_t kMaxKeystoreBytes = std::size_t{16} << 10;

/// What deriving a key from a password may take.
struct KeystoreLimits {
    std::uint64_t memory_bytes = std::uint64_t{512} << 20;
    std::uint64_t parallel = 64;         ///< scrypt's p, each of which takes the time of one
    std::uint64_t iterations = 10000000; ///< of PBKDF2
};

/// The key in a keystore, version 3. It takes as long as the document says, a second mostly.
/// Errors: json_invalid; malformed, hex_invalid, naming the member; unsupported (another version,
/// cipher, function); limit_exceeded (of `limits`, and of the document); key_file_invalid, when the
/// password is another one, or the key is none; out_of_memory.
[[nodiscard]] Result<PrivateKey> open_keystore(std::string_view json, const SecretBytes& password,
                                               const KeystoreLimits& limits = {});

} // namespace codex::ethereum
