#include "net/dht/detail/aes.hpp"

#include "base/error.hpp"
#include "net/detail/openssl.hpp"

#include <openssl/evp.h>

namespace codex::net::dht::detail {

using net::detail::need_memory;

namespace {

struct AesDeleter {
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct AesContextDeleter {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); } // wipes
};
using AesContext = std::unique_ptr<EVP_CIPHER_CTX, AesContextDeleter>;

std::unique_ptr<EVP_CIPHER, AesDeleter> look_up(const char* name) {
    std::unique_ptr<EVP_CIPHER, AesDeleter> cipher(EVP_CIPHER_fetch(nullptr, name, nullptr));
    need_memory(cipher != nullptr); // the next one looks again
    return cipher;
}

/// Looked up once: by name it takes longer than a packet.
const EVP_CIPHER* counter_mode() {
    static const auto cipher = look_up("AES-128-CTR");
    return cipher.get();
}
const EVP_CIPHER* galois_mode() {
    static const auto cipher = look_up("AES-128-GCM");
    return cipher.get();
}

AesContext begin(const EVP_CIPHER* cipher, BytesView key, BytesView nonce, bool encrypting) {
    CODEX_ASSERT(key.size() == sizeof(AesKey));
    AesContext context(EVP_CIPHER_CTX_new());
    need_memory(context && EVP_CipherInit_ex2(context.get(), cipher, key.data(), nonce.data(),
                                              encrypting ? 1 : 0, nullptr) == 1);
    return context;
}

/// Takes bytes in; those that come out go to `out`, which is null for associated ones.
void update(const AesContext& context, std::uint8_t* out, BytesView in) {
    int size = 0;
    if (!in.empty())
        need_memory(EVP_CipherUpdate(context.get(), out, &size, in.data(),
                                     static_cast<int>(in.size())) == 1);
}

} // namespace

void aes_ctr(BytesView key, BytesView counter, MutableBytes bytes) {
    CODEX_ASSERT(counter.size() == 16);
    update(begin(counter_mode(), key, counter, true), bytes.data(), bytes);
}

Bytes aes_gcm_seal(const AesKey& key, BytesView nonce, BytesView associated, BytesView plain) {
    CODEX_ASSERT(nonce.size() == kGcmNonceBytes);
    const AesContext context = begin(galois_mode(), key, nonce, true);
    update(context, nullptr, associated);
    Bytes sealed(plain.size() + kGcmTagBytes);
    update(context, sealed.data(), plain);
    int ignored = 0;
    std::uint8_t* tag = sealed.data() + plain.size();
    need_memory(EVP_CipherFinal_ex(context.get(), tag, &ignored) == 1);
    need_memory(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag) == 1);
    return sealed;
}

std::optional<Bytes> aes_gcm_open(const AesKey& key, BytesView nonce, BytesView associated,
                                  BytesView sealed) {
    CODEX_ASSERT(nonce.size() == kGcmNonceBytes);
    if (sealed.size() < kGcmTagBytes)
        return std::nullopt;
    const AesContext context = begin(galois_mode(), key, nonce, false);
    update(context, nullptr, associated);
    const BytesView ciphertext = sealed.first(sealed.size() - kGcmTagBytes);
    Bytes plain(ciphertext.size());
    update(context, plain.data(), ciphertext);
    std::array<std::uint8_t, kGcmTagBytes> tag{};
    std::copy(sealed.end() - kGcmTagBytes, sealed.end(), tag.begin());
    need_memory(
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, tag.data()) == 1);
    int ignored = 0;
    std::array<std::uint8_t, 16> rest{};
    if (EVP_CipherFinal_ex(context.get(), rest.data(), &ignored) != 1)
        return std::nullopt;
    return plain;
}

} // namespace codex::net::dht::detail
