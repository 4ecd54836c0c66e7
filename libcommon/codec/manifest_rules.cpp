// What makes a manifest acceptable (codex-manifest(5), RULES): the reference's checks and those it
// lacks, whose absence would be a crash or a resource bomb from a stranger's 56 bytes.
#include "base/checked.hpp"
#include "codec/manifest.hpp"

#include <bit>
#include <limits>

namespace codex::codec {
namespace {

/// The reference counts bytes in a signed 64-bit integer.
constexpr std::uint64_t kMaxDatasetBytes = std::numeric_limits<std::int64_t>::max();
/// Rows of the largest erasure code (codex-erasure(5), LIMITS).
constexpr std::uint64_t kMaxSlots = 65536;
constexpr std::uint32_t kCidV1Ordinal = 2;

/// The order of the BN254 scalar field, least significant byte first: a field element is below it.
constexpr Digest kFieldOrder = {0x01, 0x00, 0x00, 0xf0, 0x93, 0xf5, 0xe1, 0x43, 0x91, 0x70, 0xb9,
                                0x79, 0x48, 0xe8, 0x33, 0x28, 0x5d, 0x58, 0x81, 0x81, 0xb6, 0x45,
                                0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30};

bool is_field_element(BytesView digest) {
    return digest.size() == kFieldOrder.size() &&
           std::lexicographical_compare(digest.rbegin(), digest.rend(), kFieldOrder.rbegin(),
                                        kFieldOrder.rend());
}

Result<void> check_cid(const Cid& cid, Multicodec codec, HashCodec hash, std::string_view what) {
    if (cid.is_null())
        return fail(Errc::manifest_invalid, "{} is missing", what);
    if (cid.version() != 1 || cid.codec() != codec)
        return fail(Errc::manifest_invalid, "{} is a CIDv{} of {}, not a CIDv1 of {}", what,
                    cid.version(), name_of(cid.codec()).value_or("unknown"), *name_of(codec));
    if (cid.hash() != hash)
        return fail(Errc::manifest_invalid, "{} has hash function {}, not {}", what,
                    name_of(cid.hash()).value_or("unknown"), *name_of(hash));
    if (hash == HashCodec::identity && !is_field_element(cid.digest()))
        return fail(Errc::manifest_invalid, "{} is not a 32-byte field element", what);
    return {};
}

Result<void> check_size(std::uint64_t size, std::string_view what) {
    if (size == 0)
        return fail(Errc::manifest_invalid, "{} is 0", what);
    if (size > kMaxDatasetBytes)
        return fail(Errc::manifest_invalid, "{} {} is over 2^63-1", what, size);
    return {};
}

Result<void> check_plain_part(const Manifest& manifest) {
    CODEX_CHECK(check_cid(manifest.tree, Multicodec::codex_root, HashCodec::sha2_256, "tree CID"));
    if (manifest.block_size_bytes == 0)
        return fail(Errc::manifest_invalid, "block size is 0");
    if (manifest.block_size_bytes > kMaxBlockSizeBytes)
        return fail(Errc::manifest_invalid, "block size {} is over the limit of {}",
                    manifest.block_size_bytes, kMaxBlockSizeBytes);
    CODEX_CHECK(check_size(manifest.dataset_size_bytes, "dataset size"));
    if (manifest.codec != Multicodec::codex_block)
        return fail(Errc::manifest_invalid, "block codec 0x{:x} is not codex-block",
                    static_cast<std::uint64_t>(manifest.codec));
    if (manifest.hash != HashCodec::sha2_256)
        return fail(Errc::manifest_invalid, "hash function 0x{:x} of the blocks is not sha2-256",
                    static_cast<std::uint64_t>(manifest.hash));
    if (manifest.cid_version != kCidV1Ordinal)
        return fail(Errc::manifest_invalid, "CID version number {} is not 2 (CIDv1)",
                    manifest.cid_version);
    if (manifest.filename && manifest.filename->empty())
        return fail(Errc::manifest_invalid, "file name is set, but empty");
    if (manifest.mimetype && manifest.mimetype->empty())
        return fail(Errc::manifest_invalid, "MIME type is set, but empty");
    return {};
}

Result<void> check_strategy(Strategy strategy, std::string_view what) {
    if (strategy != Strategy::linear && strategy != Strategy::stepped)
        return fail(Errc::manifest_invalid, "{} {} is neither 0 (linear) nor 1 (stepped)", what,
                    static_cast<unsigned>(strategy));
    return {};
}

Result<void> check_erasure(const Manifest& manifest) {
    const ErasureInfo& erasure = *manifest.erasure;
    const std::uint64_t slots = std::uint64_t{erasure.k} + erasure.m;
    if (erasure.k == 0)
        return fail(Errc::manifest_invalid, "k, the number of data blocks a column, is 0");
    if (slots > kMaxSlots)
        return fail(Errc::manifest_invalid, "k + m = {} is over the limit of {}", slots, kMaxSlots);
    CODEX_CHECK(check_strategy(erasure.strategy, "protected strategy"));
    CODEX_CHECK(check_cid(erasure.original_tree, Multicodec::codex_root, HashCodec::sha2_256,
                          "original tree CID"));
    CODEX_CHECK(check_size(erasure.original_size_bytes, "original dataset size"));

    const auto blocks = checked_mul(manifest.steps(), slots);
    const auto bytes = blocks ? checked_mul(*blocks, manifest.block_size_bytes) : blocks;
    if (!bytes)
        return fail(Errc::manifest_invalid,
                    "original dataset size {} with k = {} and m = {} overflows 64 bits",
                    erasure.original_size_bytes, erasure.k, erasure.m);
    if (manifest.blocks_count() != *blocks)
        return fail(Errc::manifest_invalid,
                    "dataset of {} blocks is not {} columns of k + m = {} blocks",
                    manifest.blocks_count(), manifest.steps(), slots);
    if (manifest.dataset_size_bytes != *bytes)
        return fail(Errc::manifest_invalid,
                    "dataset size {} of a protected dataset is not a whole number of blocks",
                    manifest.dataset_size_bytes);
    return {};
}

Result<void> check_verification(const Manifest& manifest) {
    const VerificationInfo& verification = *manifest.erasure->verification;
    const std::uint64_t slots = std::uint64_t{manifest.erasure->k} + manifest.erasure->m;
    CODEX_CHECK(check_cid(verification.verify_root, Multicodec::codex_proving_root,
                          HashCodec::identity, "verify root"));
    if (verification.slot_roots.size() != slots)
        return fail(Errc::manifest_invalid, "{} slot roots for k + m = {} slots",
                    verification.slot_roots.size(), slots);
    for (std::size_t i = 0; i < verification.slot_roots.size(); ++i)
        CODEX_CHECK(check_cid(verification.slot_roots[i], Multicodec::codex_slot_root,
                              HashCodec::identity, fmt::format("slot root {}", i)));
    CODEX_CHECK(check_strategy(verification.strategy, "verifiable strategy"));
    if (verification.cell_size_bytes == 0)
        return fail(Errc::manifest_invalid, "cell size is 0");
    if (manifest.block_size_bytes % verification.cell_size_bytes != 0)
        return fail(Errc::manifest_invalid, "cell size {} does not divide the block size {}",
                    verification.cell_size_bytes, manifest.block_size_bytes);
    if (!std::has_single_bit(manifest.block_size_bytes / verification.cell_size_bytes))
        return fail(Errc::manifest_invalid,
                    "{} cells of {} bytes a block of {}: not a power of two",
                    manifest.block_size_bytes / verification.cell_size_bytes,
                    verification.cell_size_bytes, manifest.block_size_bytes);
    return {};
}

} // namespace

Result<void> validate(const Manifest& manifest) {
    CODEX_CHECK(check_plain_part(manifest));
    if (manifest.is_protected())
        CODEX_CHECK(check_erasure(manifest));
    if (manifest.is_verifiable())
        CODEX_CHECK(check_verification(manifest));
    return {};
}

} // namespace codex::codec
