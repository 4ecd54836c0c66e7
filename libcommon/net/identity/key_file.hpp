// The file that holds the key a node is known by (codex-libp2p(7), KEY FILE).
#pragma once

#include "net/identity/secret_key.hpp"

namespace codex::net {

/// The key in the file. Errors, each with the path and a way out: not_found; permission, when
/// somebody but its owner may do anything with it; key_file_invalid, when it is no regular file, or
/// holds another kind of key or another number of bytes; io.
[[nodiscard]] Result<SecretKey> read_key_file(const std::string& path);

/// Makes the file, which appears whole or not at all, with a new key, for its owner alone. Errors:
/// exists, and the file is as it was; cannot_create, permission, no_space, io.
[[nodiscard]] Result<SecretKey> make_key_file(const std::string& path, SecretRandom& random);

/// The key in the file, or in a new one where there is none. Two that do so at once get the same
/// key. Errors: of both.
[[nodiscard]] Result<SecretKey> read_or_make_key_file(const std::string& path,
                                                      SecretRandom& random);

} // namespace codex::net
