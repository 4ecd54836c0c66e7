#include "net/noise/aead.hpp"

#include "base/endian.hpp"
#include "net/detail/openssl.hpp"

#include <openssl/evp.h>

namespace codex::net::noise {

using net::detail::need_memory;

namespace {

struct CipherDeleter {
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct CipherContextDeleter {
    void operator()(EVP_CIPHER_CTX* context) const {
        EVP_CIPHER_CTX_free(context);
    } // wipes the key
};

/// Looked up once: by name it takes longer than to encrypt a small frame.
const EVP_CIPHER* chacha20_poly1305() {
    static const std::unique_ptr<EVP_CIPHER, CipherDeleter> cipher = [] {
        std::unique_ptr<EVP_CIPHER, CipherDeleter> found(
            EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr));
        if (!found) // it is there, so memory is refused; the next one looks again
            throw std::bad_alloc();
        return found;
    }();
    return cipher.get();
}

constexpr std::size_t kNonceBytes = 12;
/// Of Poly1305.
constexpr std::size_t kBlockBytes = 16;
/// OpenSSL 3.0 takes eight blocks of Poly1305 at once only of input that is a multiple of eight
/// blocks, else four: given the whole of a frame as it comes it takes a third longer.
constexpr std::size_t kStrideBytes = 8 * kBlockBytes;
/// What is shorter is not worth more calls.
constexpr std::size_t kLongBytes = 1024;

/// Encrypts or decrypts what comes next of a message, `at` bytes of which have been.
void take(EVP_CIPHER_CTX* context, std::uint8_t* to, BytesView from, std::size_t at) {
    const auto part = [&](std::size_t bytes) {
        int size = 0;
        if (bytes != 0)
            need_memory(
                EVP_CipherUpdate(context, to, &size, from.data(), static_cast<int>(bytes)) == 1);
        to += bytes;
        from = from.subspan(bytes);
    };
    if (from.size() >= kLongBytes) {
        part((kBlockBytes - at % kBlockBytes) % kBlockBytes);
        part(from.size() - from.size() % kStrideBytes);
    }
    part(from.size());
}

} // namespace

struct CipherState::Cipher {
    std::unique_ptr<EVP_CIPHER_CTX, CipherContextDeleter> context{EVP_CIPHER_CTX_new()};
};

CipherState::CipherState(const Key& key, std::uint64_t first_nonce)
    : cipher_(std::make_unique<Cipher>()), nonce_(first_nonce) {
    need_memory(cipher_->context && EVP_CipherInit_ex2(cipher_->context.get(), chacha20_poly1305(),
                                                       key.data(), nullptr, 1, nullptr) == 1);
}
CipherState::~CipherState() = default;
CipherState::CipherState(CipherState&&) noexcept = default;
CipherState& CipherState::operator=(CipherState&&) noexcept = default;

/// Sets the nonce, which is used up then.
Result<void> CipherState::begin(BytesView associated, bool encrypting) {
    if (nonce_ > kLastNonce)
        return fail(Errc::noise_exhausted, "the key of this connection has no more numbers");
    std::array<std::uint8_t, kNonceBytes> nonce{};
    store_le(nonce.data() + 4, nonce_++);
    EVP_CIPHER_CTX* context = cipher_->context.get();
    int ignored = 0;
    need_memory(EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), encrypting ? 1 : 0,
                                   nullptr) == 1);
    if (!associated.empty())
        need_memory(EVP_CipherUpdate(context, nullptr, &ignored, associated.data(),
                                     static_cast<int>(associated.size())) == 1);
    return {};
}

Result<void> CipherState::encrypt(BytesView associated, MutableBytes message,
                                  std::size_t plain_bytes) {
    CODEX_ASSERT(message.size() == plain_bytes + kTagBytes && message.size() <= kMaxMessageBytes);
    CODEX_CHECK(begin(associated, true));
    take(cipher_->context.get(), message.data(), message.first(plain_bytes), 0);
    finish(message.data() + plain_bytes);
    return {};
}

void CipherState::finish(std::uint8_t* tag) {
    EVP_CIPHER_CTX* context = cipher_->context.get();
    int size = 0;
    need_memory(EVP_CipherFinal_ex(context, tag, &size) == 1);
    need_memory(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1);
}

Result<void> CipherState::encrypt_from(std::span<const BytesView> pieces, MutableBytes message) {
    CODEX_ASSERT(message.size() <= kMaxMessageBytes);
    CODEX_CHECK(begin({}, true));
    std::size_t at = 0;
    for (const BytesView piece : pieces) {
        CODEX_ASSERT(at + piece.size() + kTagBytes <= message.size());
        take(cipher_->context.get(), message.data() + at, piece, at);
        at += piece.size();
    }
    CODEX_ASSERT(at + kTagBytes == message.size());
    finish(message.data() + at);
    return {};
}

Result<MutableBytes> CipherState::decrypt(BytesView associated, MutableBytes message) {
    if (message.size() < kTagBytes)
        return fail(Errc::noise_decrypt, "an encrypted message of {} bytes, fewer than its tag",
                    message.size());
    CODEX_CHECK(begin(associated, false));
    EVP_CIPHER_CTX* context = cipher_->context.get();
    const MutableBytes plain = message.first(message.size() - kTagBytes);
    int size = 0;
    need_memory(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes,
                                    message.data() + plain.size()) == 1);
    take(context, plain.data(), plain, 0);
    if (EVP_CipherFinal_ex(context, plain.data() + plain.size(), &size) != 1)
        return fail(Errc::noise_decrypt, "an encrypted message was changed on its way");
    return plain;
}

Result<void> Sealer::seal_in_place(MutableBytes frame) {
    CODEX_ASSERT(frame.size() > kFrameOverhead && frame.size() <= kLengthBytes + kMaxMessageBytes);
    const MutableBytes message = frame.subspan(kLengthBytes);
    store_be(frame.data(), static_cast<std::uint16_t>(message.size()));
    return cipher_.encrypt({}, message, message.size() - kTagBytes);
}

Result<void> Sealer::seal_from(std::span<const BytesView> pieces, MutableBytes frame) {
    CODEX_ASSERT(frame.size() > kFrameOverhead && frame.size() <= kLengthBytes + kMaxMessageBytes);
    const MutableBytes message = frame.subspan(kLengthBytes);
    store_be(frame.data(), static_cast<std::uint16_t>(message.size()));
    return cipher_.encrypt_from(pieces, message);
}

Result<void> Sealer::seal(BytesView plain, Bytes& out) {
    while (!plain.empty()) {
        const BytesView part = plain.first(std::min(plain.size(), kMaxPlainBytes));
        plain = plain.subspan(part.size());
        const std::size_t at = out.size();
        out.resize(at + kFrameOverhead + part.size());
        const MutableBytes frame = MutableBytes(out).subspan(at);
        std::copy(part.begin(), part.end(), frame.begin() + kLengthBytes);
        CODEX_CHECK(seal_in_place(frame));
    }
    return {};
}

Result<std::optional<Opened>> Opener::open(MutableBytes input) {
    if (input.size() < kLengthBytes)
        return std::optional<Opened>();
    const std::size_t size = load_be<std::uint16_t>(input.data());
    // What is too short is refused at once, not when it is there.
    if (size >= kTagBytes && input.size() < kLengthBytes + size)
        return std::optional<Opened>();
    const MutableBytes message =
        input.subspan(kLengthBytes, std::min(size, input.size() - kLengthBytes));
    CODEX_TRY(plain, cipher_.decrypt({}, message));
    return std::optional<Opened>(Opened{plain, kLengthBytes + size});
}

} // namespace codex::net::noise
