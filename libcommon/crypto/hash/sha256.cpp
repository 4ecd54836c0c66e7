#include "crypto/hash/sha256.hpp"

#include "base/endian.hpp"
#include "crypto/hash/detail/sha256_dispatch.hpp"

namespace codex::crypto {

namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kLengthBytes = 8;

void store_digest(const std::uint32_t* state, std::uint8_t* to) {
    for (std::size_t word = 0; word < 8; ++word)
        store_be(to + 4 * word, state[word]);
}

} // namespace

Sha256::Sha256() {
    std::memcpy(state_.data(), detail::kSha256Initial, sizeof state_);
}

void Sha256::compress(const std::uint8_t* blocks, std::size_t count) {
    detail::sha256_kernels().compress(state_.data(), blocks, count);
}

void Sha256::update(BytesView bytes) {
    if (bytes.empty())
        return;
    const std::size_t held = length_bytes_ % kBlockBytes;
    length_bytes_ += bytes.size();
    if (held != 0) {
        const std::size_t taken = std::min(kBlockBytes - held, bytes.size());
        std::memcpy(tail_.data() + held, bytes.data(), taken);
        if (held + taken < kBlockBytes)
            return;
        compress(tail_.data(), 1);
        bytes = bytes.subspan(taken);
    }
    const std::size_t whole = bytes.size() / kBlockBytes;
    compress(bytes.data(), whole);
    bytes = bytes.subspan(whole * kBlockBytes);
    if (!bytes.empty())
        std::memcpy(tail_.data(), bytes.data(), bytes.size());
}

Digest Sha256::finish() {
    const std::size_t held = length_bytes_ % kBlockBytes;
    std::array<std::uint8_t, 2 * kBlockBytes> last{};
    std::memcpy(last.data(), tail_.data(), held);
    last[held] = 0x80;
    const std::size_t blocks = held + 1 + kLengthBytes <= kBlockBytes ? 1 : 2;
    store_be(last.data() + blocks * kBlockBytes - kLengthBytes, length_bytes_ * 8);
    compress(last.data(), blocks);
    Digest digest;
    store_digest(state_.data(), digest.data());
    *this = Sha256();
    return digest;
}

Digest sha256(BytesView message) {
    Sha256 hash;
    hash.update(message);
    return hash.finish();
}

} // namespace codex::crypto
