// The file that holds the key of an account (codex-market(7), KEY FILE).
#pragma once

#include "ethereum/private_key.hpp"

namespace codex::ethereum {

/// The key in the file. Errors, each with the path and a way out, none with what is in the file:
/// not_found; permission, when somebody but its owner may do anything with it; key_file_invalid,
/// when it is no regular file, or holds no key; io.
[[nodiscard]] Result<PrivateKey> read_key_file(const std::string& path);

/// The same of its content: 64 hexadecimal digits of either case, perhaps with "0x" before them and
/// blanks or line feeds behind. Errors: key_file_invalid.
[[nodiscard]] Result<PrivateKey> key_from_hex(BytesView text);

/// Makes the file, which appears whole or not at all, for its owner alone. Errors: exists, and the
/// file is as it was; cannot_create, permission, no_space, io.
[[nodiscard]] Result<void> write_key_file(const std::string& path, const PrivateKey& key);

/// With a new key. Errors: those of write_key_file() and of PrivateKey::generate().
[[nodiscard]] Result<PrivateKey> make_key_file(const std::string& path, SecretRandom& random);

} // namespace codex::ethereum
