#include "ethereum/keystore.hpp"

#include "base/hex.hpp"
#include "base/printable.hpp"
#include "crypto/hash/keccak256.hpp"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace codex::ethereum {

using Json = nlohmann::json;

namespace {

constexpr std::uint64_t kVersion = 3;
constexpr std::size_t kCipherKeyBytes = 16;
constexpr std::size_t kIvBytes = 16;
/// Of the derived key: the cipher's, and as much for the digest over the ciphertext.
constexpr std::size_t kUsedBytes = 2 * kCipherKeyBytes;
constexpr std::size_t kMaxDerivedBytes = 256;
constexpr std::size_t kMaxSaltBytes = 256;
/// scrypt's memory: so many bytes for each of n times r.
constexpr std::uint64_t kScryptBytes = 128;

Result<const Json*> member(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end())
        return fail(Errc::malformed, "\"{}\" is missing", name);
    return &*found;
}

Result<const Json*> object(const Json& json, const char* name) {
    CODEX_TRY(found, member(json, name));
    if (!found->is_object())
        return fail(Errc::malformed, "\"{}\" is not an object", name);
    return found;
}

Result<std::string_view> text(const Json& json, const char* name) {
    CODEX_TRY(found, member(json, name));
    if (!found->is_string())
        return fail(Errc::malformed, "\"{}\" is not a string", name);
    return std::string_view(found->get_ref<const std::string&>());
}

Result<std::uint64_t> number(const Json& json, const char* name) {
    CODEX_TRY(found, member(json, name));
    if (!found->is_number_unsigned())
        return fail(Errc::malformed, "\"{}\" is not a number", name);
    return found->get<std::uint64_t>();
}

Result<Bytes> bytes(const Json& json, const char* name) {
    CODEX_TRY(digits, text(json, name));
    auto made = from_hex(digits);
    if (!made)
        return fail(std::move(made).error().context(fmt::format("\"{}\"", name)));
    return made;
}

Result<Bytes> bytes(const Json& json, const char* name, std::size_t size) {
    CODEX_TRY(made, bytes(json, name));
    if (made.size() != size)
        return fail(Errc::malformed, "\"{}\" has {} bytes, not {}", name, made.size(), size);
    return made;
}

Result<void> is(const Json& json, const char* name, std::string_view wanted) {
    CODEX_TRY(said, text(json, name));
    if (said != wanted)
        return fail(Errc::unsupported, "\"{}\" is {}, and only {} is read", name, printable(said),
                    wanted);
    return {};
}

Error beyond(const char* name, std::uint64_t most) {
    return {Errc::limit_exceeded, fmt::format("\"{}\" is more than {}", name, most)};
}

const char* chars(const SecretBytes& password) {
    return reinterpret_cast<const char*>(password.data());
}

Result<SecretBytes> by_scrypt(const Json& of, const SecretBytes& password, BytesView salt,
                              std::size_t size, const KeystoreLimits& limits) {
    CODEX_TRY(n, number(of, "n"));
    CODEX_TRY(r, number(of, "r"));
    CODEX_TRY(p, number(of, "p"));
    if (n < 2 || (n & (n - 1)) != 0)
        return fail(Errc::malformed, "\"n\" is not a power of two, and above 1");
    if (r == 0 || p == 0)
        return fail(Errc::malformed, "\"r\" or \"p\" is 0");
    if (p > limits.parallel)
        return fail(beyond("p", limits.parallel));
    const std::uint64_t most = limits.memory_bytes / kScryptBytes;
    if (n > most || r > most / n)
        return fail(Errc::limit_exceeded, "\"n\" and \"r\" ask for more than {} bytes of memory",
                    limits.memory_bytes);
    // RFC 7914 wants n below 2^(16 r), which OpenSSL holds to, and some once did not.
    if (r < 4 && n >> (16 * r) != 0)
        return fail(Errc::unsupported, "\"n\" is not below 2^{}, as \"r\" wants it", 16 * r);
    SecretBytes derived(size);
    // With what it takes besides.
    const std::uint64_t memory = kScryptBytes * r * (n + p + 2) + (std::uint64_t{1} << 20);
    if (EVP_PBE_scrypt(chars(password), password.size(), salt.data(), salt.size(), n, r, p, memory,
                       derived.data(), derived.size()) != 1)
        return fail(out_of_memory());
    return derived;
}

Result<SecretBytes> by_pbkdf2(const Json& of, const SecretBytes& password, BytesView salt,
                              std::size_t size, const KeystoreLimits& limits) {
    CODEX_CHECK(is(of, "prf", "hmac-sha256"));
    CODEX_TRY(count, number(of, "c"));
    if (count == 0)
        return fail(Errc::malformed, "\"c\" is 0");
    if (count > limits.iterations)
        return fail(beyond("c", limits.iterations));
    SecretBytes derived(size);
    if (PKCS5_PBKDF2_HMAC(chars(password), static_cast<int>(password.size()), salt.data(),
                          static_cast<int>(salt.size()), static_cast<int>(count), EVP_sha256(),
                          static_cast<int>(derived.size()), derived.data()) != 1)
        return fail(out_of_memory());
    return derived;
}

Result<SecretBytes> derive(const Json& crypto, const SecretBytes& password,
                           const KeystoreLimits& limits) {
    CODEX_TRY(function, text(crypto, "kdf"));
    CODEX_TRY(of, object(crypto, "kdfparams"));
    CODEX_TRY(size, number(*of, "dklen"));
    if (size < kUsedBytes)
        return fail(Errc::malformed, "\"dklen\" is less than {}", kUsedBytes);
    if (size > kMaxDerivedBytes)
        return fail(beyond("dklen", kMaxDerivedBytes));
    CODEX_TRY(salt, bytes(*of, "salt"));
    if (salt.size() > kMaxSaltBytes)
        return fail(beyond("salt", kMaxSaltBytes));
    if (function == "scrypt")
        return by_scrypt(*of, password, salt, size, limits);
    if (function == "pbkdf2")
        return by_pbkdf2(*of, password, salt, size, limits);
    return fail(Errc::unsupported, "\"kdf\" is {}, and only scrypt and pbkdf2 are read",
                printable(function));
}

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

Result<SecretBytes> decrypt(BytesView key, BytesView iv, BytesView ciphertext) {
    const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(EVP_CIPHER_CTX_new());
    SecretBytes plain(ciphertext.size());
    int size = 0;
    if (!context ||
        EVP_DecryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, key.data(), iv.data()) != 1 ||
        EVP_DecryptUpdate(context.get(), plain.data(), &size, ciphertext.data(),
                          static_cast<int>(ciphertext.size())) != 1)
        return fail(out_of_memory());
    return plain;
}

Result<void> check_address(const Json& json, const PrivateKey& key) {
    if (!json.contains("address"))
        return {};
    CODEX_TRY(said, bytes(json, "address", Address::kBytes));
    if (!equal(said, key.address().bytes))
        return fail(Errc::malformed, "\"address\" is another one than that of the key");
    return {};
}

Result<PrivateKey> open(const Json& json, const SecretBytes& password,
                        const KeystoreLimits& limits) {
    CODEX_TRY(version, number(json, "version"));
    if (version != kVersion)
        return fail(Errc::unsupported, "a keystore of version {}, and only {} is read", version,
                    kVersion);
    // ethers writes it with a capital, and old versions of geth did.
    CODEX_TRY(crypto, object(json, json.contains("Crypto") ? "Crypto" : "crypto"));
    CODEX_CHECK(is(*crypto, "cipher", "aes-128-ctr"));
    CODEX_TRY(cipher, object(*crypto, "cipherparams"));
    CODEX_TRY(iv, bytes(*cipher, "iv", kIvBytes));
    CODEX_TRY(ciphertext, bytes(*crypto, "ciphertext", PrivateKey::kBytes));
    CODEX_TRY(mac, bytes(*crypto, "mac", sizeof(Digest)));
    CODEX_TRY(derived, derive(*crypto, password, limits));
    SecretBytes hashed(derived.begin() + kCipherKeyBytes, derived.begin() + kUsedBytes);
    hashed.insert(hashed.end(), ciphertext.begin(), ciphertext.end());
    const Digest own = crypto::keccak256(hashed);
    if (CRYPTO_memcmp(own.data(), mac.data(), own.size()) != 0)
        return fail(Error(Errc::key_file_invalid, "the password does not open this keystore")
                        .hint("type the password that it was made with"));
    CODEX_TRY(scalar, decrypt(BytesView(derived).first(kCipherKeyBytes), iv, ciphertext));
    CODEX_TRY(key, PrivateKey::from_scalar(scalar));
    CODEX_CHECK(check_address(json, key));
    return key;
}

} // namespace

Result<PrivateKey> open_keystore(std::string_view text, const SecretBytes& password,
                                 const KeystoreLimits& limits) {
    if (text.size() > kMaxKeystoreBytes)
        return fail(Errc::limit_exceeded, "a keystore of more than {} bytes", kMaxKeystoreBytes);
    // To the parser a NUL is the end of the text, whatever follows it.
    const Json json = text.find('\0') == text.npos ? Json::parse(text, nullptr, false)
                                                   : Json(Json::value_t::discarded);
    if (!json.is_object())
        return fail(Errc::json_invalid, "a keystore is a JSON object, and this is none");
    auto key = open(json, password, limits);
    if (!key)
        return fail(std::move(key).error().context("keystore"));
    return key;
}

} // namespace codex::ethereum
