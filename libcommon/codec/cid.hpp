// Content identifiers (codex-cid(5), BINARY FORM): uvarint(1) | content codec | multihash.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "codec/multicodec.hpp"

#include <compare>
#include <functional>
#include <optional>
#include <utility>

namespace codex::codec {

/// An immutable CID, held inline (no allocation). Two CIDs are equal when content codec and
/// multihash are (the version is not compared: the reference's rule). A default-made Cid is the
/// null CID: empty bytes, equal only to itself.
/// Threads: as a number.
class Cid {
public:
    /// Longest binary form accepted: version, 3-byte codecs, a 64-byte digest.
    static constexpr std::size_t kMaxBytes = 76;

    Cid() = default;

    /// CIDv1 over a digest that the caller made; `digest` is at most 64 bytes.
    [[nodiscard]] static Cid make(Multicodec codec, HashCodec hash, BytesView digest);
    /// The block CID of a SHA-256 digest: CIDv1, codex-block, sha2-256 (38 bytes).
    [[nodiscard]] static Cid block(const Digest& digest);
    /// The same with another content codec: codex-manifest, codex-root, raw ...
    [[nodiscard]] static Cid sha256(Multicodec codec, const Digest& digest);
    /// The CID of the empty block: codex-block over SHA-256("") (codex-cid(5), THE EMPTY BLOCK).
    [[nodiscard]] static const Cid& empty_block();

    /// Exactly one CID in binary, v1, or v0 (34 bytes from 12 20). Errors: cid_invalid naming the
    /// byte offset; trailing bytes are refused, unlike the reference.
    [[nodiscard]] static Result<Cid> from_bytes(BytesView bytes);
    /// The CID at the front of `bytes` and its length; what follows is not looked at, as in the
    /// sections of a CAR. Errors: as from_bytes().
    [[nodiscard]] static Result<std::pair<Cid, std::size_t>> from_prefix(BytesView bytes);
    /// Text in any multibase of codex-cid(5), TEXT FORM, or a bare CIDv0 (Qm...). Errors:
    /// cid_invalid, with a hint where a likely cause is known.
    [[nodiscard]] static Result<Cid> from_text(std::string_view text);

    [[nodiscard]] bool is_null() const { return size_ == 0; }
    [[nodiscard]] unsigned version() const { return version_; }
    [[nodiscard]] Multicodec codec() const { return codec_; }
    [[nodiscard]] HashCodec hash() const { return hash_; }
    [[nodiscard]] BytesView digest() const { return bytes().subspan(digest_at_); }
    /// The digest as 32 bytes; the caller knows that it is that long.
    [[nodiscard]] Digest digest32() const;
    /// The binary form (v0: the bare multihash).
    [[nodiscard]] BytesView bytes() const { return {bytes_.data(), size_}; }
    /// multibase base58btc: "zDv..."; of a v0 its own text, "Qm...".
    [[nodiscard]] std::string text() const;
    /// The other way to write it: the CIDv1 of a v0, and the v0 of a CIDv1 that has one (dag-pb
    /// over SHA-256). They compare equal, but their binary forms differ. Nothing for all others.
    [[nodiscard]] std::optional<Cid> other_version() const;
    /// True for (CIDv1, codex-block) over the empty string, with sha2-256 or sha2-512.
    [[nodiscard]] bool is_empty_block() const;

    friend bool operator==(const Cid& a, const Cid& b);
    /// An order for maps, by codec and multihash; no other meaning.
    friend std::strong_ordering operator<=>(const Cid& a, const Cid& b);

private:
    std::array<std::uint8_t, kMaxBytes> bytes_{};
    std::uint8_t size_ = 0;
    std::uint8_t digest_at_ = 0;
    std::uint8_t multihash_at_ = 0;
    std::uint8_t version_ = 1;
    Multicodec codec_ = Multicodec::identity;
    HashCodec hash_ = HashCodec::identity;
};

} // namespace codex::codec

namespace codex {
using codec::Cid;
}

/// The digest is already uniform: eight bytes of it are the hash.
template <> struct std::hash<codex::codec::Cid> {
    std::size_t operator()(const codex::codec::Cid& cid) const noexcept;
};
