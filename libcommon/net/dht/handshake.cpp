#include "net/dht/handshake.hpp"

#include "crypto/hash/sha256.hpp"
#include "net/detail/openssl.hpp"

#include <openssl/hmac.h>

namespace codex::net::dht {
namespace {

constexpr std::string_view kAgreement = "discovery v5 key agreement";
constexpr std::string_view kProof = "discovery v5 identity proof";

void hmac_sha256(BytesView key, BytesView message, Digest& out) {
    unsigned size = 0;
    net::detail::need_memory(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                  message.data(), message.size(), out.data(), &size) != nullptr);
    CODEX_ASSERT(size == out.size());
}

/// What is signed: a digest, which signing hashes once more.
Digest proof_of(BytesView challenge, BytesView ephemeral_key, const Id& recipient) {
    crypto::Sha256 hash;
    hash.update(as_bytes(kProof));
    hash.update(challenge);
    hash.update(ephemeral_key);
    hash.update(recipient.bytes);
    return hash.finish();
}

} // namespace

SessionKeys::~SessionKeys() {
    wipe(initiator.data(), initiator.size());
    wipe(recipient.data(), recipient.size());
}

Result<SessionKeys> agree_on_keys(const SecretKey& own, const PublicKey& theirs,
                                  const Id& initiator, const Id& recipient, BytesView challenge) {
    CODEX_TRY(shared, own.agree(theirs));
    Digest prk{};
    hmac_sha256(challenge, shared, prk); // HKDF, of which one round gives both keys
    Bytes info(kAgreement.begin(), kAgreement.end());
    append(info, initiator.bytes);
    append(info, recipient.bytes);
    info.push_back(1);
    Digest both{};
    hmac_sha256(prk, info, both);
    SessionKeys keys;
    std::copy_n(both.begin(), sizeof(SessionKey), keys.initiator.begin());
    std::copy_n(both.begin() + sizeof(SessionKey), sizeof(SessionKey), keys.recipient.begin());
    wipe(prk.data(), prk.size());
    wipe(both.data(), both.size());
    return keys;
}

Bytes sign_id(const SecretKey& own, BytesView challenge, BytesView ephemeral_key,
              const Id& recipient) {
    return own.sign(proof_of(challenge, ephemeral_key, recipient));
}

bool verify_id(const PublicKey& key, BytesView signature, BytesView challenge,
               BytesView ephemeral_key, const Id& recipient) {
    return key.verify(proof_of(challenge, ephemeral_key, recipient), signature);
}

} // namespace codex::net::dht
