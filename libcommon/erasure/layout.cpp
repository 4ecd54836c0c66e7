#include "erasure/layout.hpp"

#include "base/checked.hpp"

namespace codex::erasure {

namespace {

/// The coder works on chunks of this many bytes (codex-erasure(5), BUFFERS).
constexpr std::uint32_t kChunkBytes = 64;

} // namespace

Result<Layout> Layout::create(std::uint64_t original_blocks, const Shape& shape,
                              std::uint32_t block_size_bytes) {
    const std::uint32_t k = shape.k();
    if (block_size_bytes == 0 || block_size_bytes % kChunkBytes != 0)
        return fail(
            Error(Errc::unsupported, fmt::format("block size {} is not a multiple of {} bytes",
                                                 block_size_bytes, kChunkBytes))
                .hint("store the dataset with such a block size, 64KiB for example"));
    if (k > original_blocks) // one byte of the last block is enough, the rest of it is padding
        return fail(Error(Errc::erasure_too_few,
                          fmt::format("the dataset has {} blocks of {} bytes, fewer than k = {}",
                                      original_blocks, block_size_bytes, k))
                        .hint(fmt::format("the minimum size for k = {} is {} bytes; lower k or "
                                          "the block size",
                                          k, (std::uint64_t{k} - 1) * block_size_bytes + 1)));
    const std::uint64_t steps = div_up(original_blocks, k);
    if (!checked_mul(steps, shape.rows()))
        return fail(Errc::unsupported,
                    "{} blocks with k = {} and m = {}: the total exceeds 64 bits", original_blocks,
                    k, shape.m());
    return Layout{.original_blocks = original_blocks, .shape = shape, .steps = steps};
}

Result<Layout> Layout::of(const codec::Manifest& manifest) {
    if (!manifest.erasure)
        return fail(Error(Errc::manifest_invalid, "the dataset is plain, not protected")
                        .hint("encode it first, or name the protected dataset"));
    if (manifest.erasure->strategy != codec::Strategy::stepped)
        return fail(
            Error(Errc::unsupported, "the manifest uses the linear strategy, which cannot be coded")
                .hint("encode the plain dataset again, by the stepped strategy"));
    CODEX_TRY(shape, Shape::of(*manifest.erasure));
    return create(manifest.original_blocks_count(), shape, manifest.block_size_bytes);
}

} // namespace codex::erasure
