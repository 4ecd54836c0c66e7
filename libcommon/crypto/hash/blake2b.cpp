#include "crypto/hash/blake2b.hpp"

#include "base/error.hpp"

#include <openssl/evp.h>

namespace codex::crypto {

namespace {

struct ContextDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPointer = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

/// Hashing in memory fails only for want of memory.
void need(bool done) {
    if (!done)
        throw std::bad_alloc();
}

ContextPointer new_context() {
    ContextPointer context(EVP_MD_CTX_new());
    need(context != nullptr);
    return context;
}

} // namespace

struct Blake2b::State {
    ContextPointer context = new_context();
};

Blake2b::Blake2b() : state_(std::make_unique<State>()) {
    need(EVP_DigestInit_ex(state_->context.get(), EVP_blake2b512(), nullptr) == 1);
}
Blake2b::~Blake2b() = default;
Blake2b::Blake2b(const Blake2b& other) : state_(std::make_unique<State>()) {
    need(EVP_MD_CTX_copy_ex(state_->context.get(), other.state_->context.get()) == 1);
}
Blake2b& Blake2b::operator=(const Blake2b& other) {
    return *this = Blake2b(other);
}
Blake2b::Blake2b(Blake2b&&) noexcept = default;
Blake2b& Blake2b::operator=(Blake2b&&) noexcept = default;

void Blake2b::update(BytesView bytes) {
    need(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Blake2bDigest Blake2b::digest() const {
    const Blake2b copy(*this);
    Blake2bDigest result;
    unsigned size = 0;
    need(EVP_DigestFinal_ex(copy.state_->context.get(), result.data(), &size) == 1);
    CODEX_ASSERT(size == result.size());
    return result;
}

Blake2bDigest blake2b(BytesView message) {
    Blake2b hash;
    hash.update(message);
    return hash.digest();
}

} // namespace codex::crypto
