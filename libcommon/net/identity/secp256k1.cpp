#include "base/random.hpp"
#include "crypto/hash/sha256.hpp"
#include "net/identity/detail/curves.hpp"

#include <algorithm>
#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_preallocated.h>

namespace codex::net::detail {
namespace {

/// Longest DER form of a signature.
constexpr std::size_t kMaxDerBytes = 72;

/// In memory of ours: where the library is refused some it ends the process.
struct CurveContext {
    explicit CurveContext(unsigned flags)
        : memory(secp256k1_context_preallocated_size(flags)),
          context(secp256k1_context_preallocated_create(memory.data(), flags)) {}
    ~CurveContext() { secp256k1_context_preallocated_destroy(context); }
    CurveContext(const CurveContext&) = delete;
    CurveContext& operator=(const CurveContext&) = delete;

    std::vector<std::byte> memory; // aligned as what operator new gives
    secp256k1_context* context;
};

/// One for the process; it does not change after it was made, so all threads may use it. Blinding
/// changes nothing that is given out.
const secp256k1_context* curve() {
    static const std::unique_ptr<const CurveContext> curve = [] {
        auto made =
            std::make_unique<const CurveContext>(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
        std::array<std::uint8_t, 32> blinding{};
        if (Random::system().fill(blinding))
            CODEX_ASSERT(secp256k1_context_randomize(made->context, blinding.data()) == 1);
        wipe(blinding.data(), blinding.size());
        return made;
    }();
    return curve->context;
}

/// Points of keys that came lately: of each the root of a number is looked for, which costs as much
/// as a third of a signature, and the same few keys come in records, handshakes and ids of peers,
/// several times in each. Keys are public. Who makes up keys that meet in one place costs time.
/// Threads: one, as each has its own.
class LatePoints {
public:
    /// Nothing, where they are none.
    const secp256k1_pubkey* of(BytesView compressed) {
        if (compressed.size() != kCompressedBytes)
            return nullptr;
        Late& late = late_[compressed.back() % late_.size()];
        if (late.known && equal(late.compressed, compressed))
            return &late.point;
        late.known = false;
        if (secp256k1_ec_pubkey_parse(curve(), &late.point, compressed.data(), compressed.size()) !=
            1)
            return nullptr;
        std::copy(compressed.begin(), compressed.end(), late.compressed.begin());
        late.known = true;
        return &late.point;
    }

private:
    struct Late {
        std::array<std::uint8_t, kCompressedBytes> compressed{};
        bool known = false;
        secp256k1_pubkey point{};
    };
    std::array<Late, 256> late_{};
};

const secp256k1_pubkey* point_of(BytesView compressed) {
    thread_local LatePoints late;
    return late.of(compressed);
}

/// In place of a hash over the point: the point.
int compress(unsigned char* out, const unsigned char* x, const unsigned char* y, void* /*data*/) {
    out[0] = 2 + (y[31] & 1);
    std::copy_n(x, 32, out + 1);
    return 1;
}

} // namespace

bool is_secp256k1_point(BytesView compressed) {
    return point_of(compressed) != nullptr;
}

bool is_secp256k1_scalar(BytesView scalar) {
    return scalar.size() == kScalarBytes && secp256k1_ec_seckey_verify(curve(), scalar.data()) == 1;
}

std::array<std::uint8_t, kCompressedBytes> secp256k1_public(BytesView scalar) {
    CODEX_ASSERT(is_secp256k1_scalar(scalar));
    secp256k1_pubkey point;
    CODEX_ASSERT(secp256k1_ec_pubkey_create(curve(), &point, scalar.data()) == 1);
    std::array<std::uint8_t, kCompressedBytes> compressed{};
    std::size_t size = compressed.size();
    CODEX_ASSERT(secp256k1_ec_pubkey_serialize(curve(), compressed.data(), &size, &point,
                                               SECP256K1_EC_COMPRESSED) == 1);
    CODEX_ASSERT(size == compressed.size());
    return compressed;
}

Bytes secp256k1_sign(BytesView scalar, BytesView message) {
    CODEX_ASSERT(scalar.size() == kScalarBytes);
    const Digest digest = crypto::sha256(message);
    secp256k1_ecdsa_signature signature;
    CODEX_ASSERT(secp256k1_ecdsa_sign(curve(), &signature, digest.data(), scalar.data(),
                                      secp256k1_nonce_function_rfc6979, nullptr) == 1);
    Bytes der(kMaxDerBytes);
    std::size_t size = der.size();
    CODEX_ASSERT(secp256k1_ecdsa_signature_serialize_der(curve(), der.data(), &size, &signature) ==
                 1);
    der.resize(size);
    return der;
}

bool secp256k1_verify(BytesView compressed, BytesView message, BytesView signature) {
    secp256k1_ecdsa_signature parsed;
    const secp256k1_pubkey* const point = point_of(compressed);
    if (point == nullptr || signature.empty() || signature.size() > kMaxDerBytes ||
        secp256k1_ecdsa_signature_parse_der(curve(), &parsed, signature.data(), signature.size()) !=
            1)
        return false;
    const Digest digest = crypto::sha256(message);
    return secp256k1_ecdsa_verify(curve(), &parsed, digest.data(), point) == 1;
}

SecretBytes secp256k1_agree(BytesView scalar, BytesView compressed) {
    CODEX_ASSERT(scalar.size() == kScalarBytes);
    const secp256k1_pubkey* const point = point_of(compressed);
    CODEX_ASSERT(point != nullptr);
    SecretBytes shared(kCompressedBytes);
    CODEX_ASSERT(secp256k1_ecdh(curve(), shared.data(), point, scalar.data(), compress, nullptr) ==
                 1);
    return shared;
}

} // namespace codex::net::detail
