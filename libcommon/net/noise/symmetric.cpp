#include "net/noise/detail/symmetric.hpp"

#include "base/secret.hpp"
#include "crypto/hash/sha256.hpp"
#include "net/detail/openssl.hpp"

#include <openssl/hmac.h>

namespace codex::net::noise::detail {
namespace {

void hmac(const Key& key, BytesView message, Key& out) {
    unsigned size = 0;
    net::detail::need_memory(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                  message.data(), message.size(), out.data(), &size) != nullptr);
    CODEX_ASSERT(size == out.size());
}

} // namespace

void hkdf2(const Key& chaining_key, BytesView input, Key& first, Key& second) {
    Key prk{};
    hmac(chaining_key, input, prk);
    const std::uint8_t one = 1;
    hmac(prk, {&one, 1}, first);
    std::array<std::uint8_t, kKeyBytes + 1> next{};
    std::copy(first.begin(), first.end(), next.begin());
    next.back() = 2;
    hmac(prk, next, second);
    wipe(prk.data(), prk.size());
    wipe(next.data(), next.size());
}

SymmetricState::SymmetricState(std::string_view name) {
    CODEX_ASSERT(name.size() <= hash_.size());
    std::copy(name.begin(), name.end(), hash_.begin());
    chaining_key_ = hash_;
}

SymmetricState::~SymmetricState() {
    wipe(chaining_key_.data(), chaining_key_.size());
}

void SymmetricState::mix_hash(BytesView data) {
    crypto::Sha256 next;
    next.update(hash_);
    next.update(data);
    hash_ = next.finish();
}

void SymmetricState::mix_key(const Key& input) {
    Key chaining{};
    Key key{};
    hkdf2(chaining_key_, input, chaining, key);
    chaining_key_ = chaining;
    cipher_.emplace(key);
    wipe(chaining.data(), chaining.size());
    wipe(key.data(), key.size());
}

Result<void> SymmetricState::encrypt_and_hash(BytesView plain, Bytes& out) {
    const std::size_t at = out.size();
    append(out, plain);
    if (cipher_) {
        out.resize(out.size() + kTagBytes);
        CODEX_CHECK(cipher_->encrypt(hash_, MutableBytes(out).subspan(at), plain.size()));
    }
    mix_hash(BytesView(out).subspan(at));
    return {};
}

Result<Bytes> SymmetricState::decrypt_and_hash(BytesView message) {
    Bytes plain(message.begin(), message.end());
    if (cipher_) {
        CODEX_TRY(opened, cipher_->decrypt(hash_, plain));
        plain.resize(opened.size());
    }
    mix_hash(message);
    return plain;
}

void SymmetricState::split(Key& first, Key& second) const {
    hkdf2(chaining_key_, {}, first, second);
}

} // namespace codex::net::noise::detail
