// The two directions of an encrypted connection: frames of ChaCha20-Poly1305 (codex-libp2p(7),
// FRAMES).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <memory>
#include <optional>
#include <span>

namespace codex::net::noise {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kTagBytes = 16;
/// In front of every message: its length, the highest byte first.
constexpr std::size_t kLengthBytes = 2;
constexpr std::size_t kMaxMessageBytes = 65535;
/// Most that one frame carries.
constexpr std::size_t kMaxPlainBytes = kMaxMessageBytes - kTagBytes;
/// What a frame adds to what it carries.
constexpr std::size_t kFrameOverhead = kLengthBytes + kTagBytes;

using Key = std::array<std::uint8_t, kKeyBytes>;

/// A key and the number of the next message under it. The key is wiped when it goes.
/// Threads: one at a time.
class CipherState {
public:
    /// The last number that may be used; the one above is not for messages.
    static constexpr std::uint64_t kLastNonce = UINT64_MAX - 1;

    explicit CipherState(const Key& key, std::uint64_t first_nonce = 0);
    ~CipherState();
    CipherState(CipherState&&) noexcept;
    CipherState& operator=(CipherState&&) noexcept;

    /// Encrypts `plain_bytes` at the front of `message` in place and writes the tag behind them,
    /// for which there is room. `associated` is authenticated, too. Errors: noise_exhausted.
    [[nodiscard]] Result<void> encrypt(BytesView associated, MutableBytes message,
                                       std::size_t plain_bytes);
    /// The same for what stands in `pieces`, one behind the other, and goes encrypted to the front
    /// of `message`, which has room for all of it and the tag, and none in common with it.
    [[nodiscard]] Result<void> encrypt_from(std::span<const BytesView> pieces,
                                            MutableBytes message);
    /// Decrypts `message`, its tag at the end, in place, and gives the plain bytes, at its front.
    /// Errors: noise_decrypt (too short, or changed, in which case nothing of it may be used),
    /// noise_exhausted. After an error the state is of no more use.
    [[nodiscard]] Result<MutableBytes> decrypt(BytesView associated, MutableBytes message);

private:
    struct Cipher;
    void finish(std::uint8_t* tag);
    [[nodiscard]] Result<void> begin(BytesView associated, bool encrypting);
    std::unique_ptr<Cipher> cipher_;
    std::uint64_t nonce_;
};

/// What this side sends once the handshake is over.
/// Threads: one at a time.
class Sealer {
public:
    explicit Sealer(CipherState cipher) : cipher_(std::move(cipher)) {}

    /// Appends `plain` to `out` as frames, each but the last full; none when it is empty, for an
    /// empty frame puts older peers out of step (codex-libp2p(7), FRAMES). Errors: noise_exhausted.
    [[nodiscard]] Result<void> seal(BytesView plain, Bytes& out);
    /// Makes a frame of what was put in its place before: `frame` is kLengthBytes, 1 to
    /// kMaxPlainBytes plain bytes, kTagBytes. Errors: noise_exhausted.
    [[nodiscard]] Result<void> seal_in_place(MutableBytes frame);
    /// Makes one of 1 to kMaxPlainBytes that stand in `pieces`, which are not copied but encrypted
    /// into `frame`, as large as they are together and kFrameOverhead. Errors: noise_exhausted.
    [[nodiscard]] Result<void> seal_from(std::span<const BytesView> pieces, MutableBytes frame);

private:
    CipherState cipher_;
};

/// A frame that was opened.
struct Opened {
    MutableBytes plain;   ///< within the input; may be empty
    std::size_t size = 0; ///< of the frame, from the front of the input
};

/// What this side receives once the handshake is over.
/// Threads: one at a time.
class Opener {
public:
    explicit Opener(CipherState cipher) : cipher_(std::move(cipher)) {}

    /// Decrypts the frame at the front of `input` in place; nothing when it is not whole yet, and
    /// then nothing was changed. Errors: noise_decrypt, noise_exhausted; the connection is then of
    /// no more use.
    [[nodiscard]] Result<std::optional<Opened>> open(MutableBytes input);

private:
    CipherState cipher_;
};

} // namespace codex::net::noise
