// BLAKE2b with 64-byte digests (RFC 7693), which iden3's ceremonies hash with.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <memory>

namespace codex::crypto {

using Blake2bDigest = std::array<std::uint8_t, 64>;

/// An incremental, unkeyed hash.
/// Threads: one at a time.
class Blake2b {
public:
    Blake2b();
    ~Blake2b();
    /// Goes on from what the other has seen.
    Blake2b(const Blake2b& other);
    Blake2b& operator=(const Blake2b& other);
    Blake2b(Blake2b&&) noexcept;
    Blake2b& operator=(Blake2b&&) noexcept;

    void update(BytesView bytes);
    /// The digest of everything so far; more may follow.
    [[nodiscard]] Blake2bDigest digest() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The digest of one message.
[[nodiscard]] Blake2bDigest blake2b(BytesView message);

} // namespace codex::crypto
