// Dataset manifests (codex-manifest(5)): what a dataset is, in 56 bytes to a few kilobytes.
#pragma once

#include "codec/cid.hpp"

#include <optional>
#include <vector>

namespace codex::codec {

/// The two wire layouts: the marketplace network's (codex-manifest(5), FIELDS), and the versioned
/// one of 2026 (THE LAYOUT OF 2026), which holds plain datasets only.
enum class ManifestLayout : std::uint8_t { classic, v0_2026 };

/// Index strategies (codex-erasure(5), STRATEGIES); the numbers are on the wire.
enum class Strategy : std::uint8_t { linear = 0, stepped = 1 };

struct VerificationInfo {
    Cid verify_root;             ///< codex-proving-root
    std::vector<Cid> slot_roots; ///< codex-slot-root, in slot order, k + m of them
    std::uint32_t cell_size_bytes = 2048;
    Strategy strategy = Strategy::linear;

    friend bool operator==(const VerificationInfo&, const VerificationInfo&) = default;
};

struct ErasureInfo {
    std::uint32_t k = 0; ///< data blocks a column
    std::uint32_t m = 0; ///< parity blocks a column
    Cid original_tree;   ///< codex-root of the plain dataset
    std::uint64_t original_size_bytes = 0;
    Strategy strategy = Strategy::stepped;
    std::optional<VerificationInfo> verification;

    friend bool operator==(const ErasureInfo&, const ErasureInfo&) = default;
};

/// A plain aggregate until validate() has passed; decode_manifest() returns validated ones only.
struct Manifest {
    Cid tree; ///< codex-root; for protected datasets over data and parity
    std::uint32_t block_size_bytes = 65536;
    std::uint64_t dataset_size_bytes = 0; ///< protected: block size times blocks_count()
    Multicodec codec = Multicodec::codex_block;
    HashCodec hash = HashCodec::sha2_256;
    std::uint32_t cid_version = 2; ///< wire ordinal: 2 is CIDv1
    std::optional<std::string> filename;
    std::optional<std::string> mimetype;
    std::optional<ErasureInfo> erasure;
    ManifestLayout layout = ManifestLayout::classic;

    [[nodiscard]] bool is_protected() const { return erasure.has_value(); }
    [[nodiscard]] bool is_verifiable() const { return erasure && erasure->verification; }
    /// Leaves of `tree`: ceil(dataset size / block size).
    [[nodiscard]] std::uint64_t blocks_count() const;
    /// The bytes a download gives: the original size for protected datasets.
    [[nodiscard]] std::uint64_t content_size_bytes() const;
    /// Blocks of the plain dataset.
    [[nodiscard]] std::uint64_t original_blocks_count() const;
    /// Columns of the erasure code; the manifest is protected.
    [[nodiscard]] std::uint64_t steps() const;
    /// The plain manifest this protected one was made from (same names, codec and block size).
    [[nodiscard]] Manifest plain() const;

    friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// Largest manifest accepted, bytes.
constexpr std::size_t kMaxManifestBytes = 4 * 1024 * 1024;
/// Largest block size accepted, bytes; a block must fit in memory many times over.
constexpr std::uint32_t kMaxBlockSizeBytes = 64 * 1024 * 1024;

/// Every rule of codex-manifest(5), RULES. Errors: manifest_invalid naming the field and the rule.
[[nodiscard]] Result<void> validate(const Manifest& manifest);

/// The exact wire bytes in manifest.layout. Errors: as validate(); unsupported for a protected
/// manifest in the 2026 layout.
[[nodiscard]] Result<Bytes> encode_manifest(const Manifest& manifest);

/// Tells the layouts apart by the wire type of header field 1. Unknown fields are skipped; the CID
/// depends on the original bytes, so keep those and never re-encode a foreign manifest.
/// Errors: protobuf_invalid, manifest_invalid.
[[nodiscard]] Result<Manifest> decode_manifest(BytesView bytes);

/// The CID of a manifest, which is what names a dataset. Errors: cid_invalid; cid_wrong_codec.
[[nodiscard]] Result<Cid> manifest_cid(std::string_view text);

} // namespace codex::codec
