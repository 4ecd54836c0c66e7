#include "net/dht/id.hpp"

#include "base/hex.hpp"
#include "crypto/hash/keccak256.hpp"

#include <bit>

namespace codex::net::dht {

Id Id::of_peer(const PeerId& peer) {
    return {crypto::keccak256(peer.bytes())};
}

Id Id::of_content(const Cid& cid) {
    return {crypto::keccak256(cid.bytes())};
}

Id Id::of_account(std::span<const std::uint8_t, 20> address) {
    return {crypto::keccak256(address)};
}

Id Id::from_bytes(BytesView bytes) {
    CODEX_ASSERT(bytes.size() == kBytes);
    Id id;
    std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
    return id;
}

std::string Id::text() const {
    return to_hex(bytes);
}

unsigned log_distance(const Id& a, const Id& b) {
    for (std::size_t i = 0; i < Id::kBytes; ++i) {
        const auto differing = static_cast<std::uint8_t>(a.bytes[i] ^ b.bytes[i]);
        if (differing != 0)
            return static_cast<unsigned>(8 * (Id::kBytes - 1 - i)) +
                   static_cast<unsigned>(std::bit_width(differing));
    }
    return 0;
}

} // namespace codex::net::dht
