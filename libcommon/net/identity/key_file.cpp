#include "net/identity/key_file.hpp"

#include "base/secret_file.hpp"

namespace codex::net {

namespace {

/// A file of more bytes than a key has may say what it is in those behind.
constexpr std::size_t kReadBytes = 4096;

} // namespace

Result<SecretKey> read_key_file(const std::string& path) {
    CODEX_TRY(file, SecretFile::read(path, kReadBytes));
    auto key = SecretKey::decode(file.content());
    if (!key)
        return fail(file.wrong_content(std::move(key).error()));
    CODEX_CHECK(file.check_owner_alone());
    return key;
}

Result<SecretKey> make_key_file(const std::string& path, SecretRandom& random) {
    CODEX_TRY(key, SecretKey::generate(random));
    auto made = write_new_secret_file(path, key.encode());
    if (!made)
        return fail(std::move(made.error()).context("new key"));
    return key;
}

Result<SecretKey> read_or_make_key_file(const std::string& path, SecretRandom& random) {
    auto key = read_key_file(path);
    if (key || key.error().code() != Errc::not_found)
        return key;
    auto made = make_key_file(path, random);
    if (!made && made.error().code() == Errc::exists)
        return read_key_file(path);
    return made;
}

} // namespace codex::net
