#include "erasure/layout.hpp"

#include "base/checked.hpp"

namespace codex::erasure {

namespace {

/// The coder works on chunks of this many bytes (codex-erasure(5), BUFFERS).
constexpr std::uint32_t kChunkBytes = 64;

Result<void> check_strategy(const IndexStrategy& s, std::uint64_t iteration) {
    if (s.first > s.last)
        return fail(Errc::malformed, "index strategy: first index {} is above the last, {}",
                    s.first, s.last);
    if (s.iterations == 0)
        return fail(Errc::malformed, "index strategy: 0 iterations");
    if (s.pad_blocks > 0 && s.group_count == 0)
        return fail(Errc::malformed, "index strategy: {} padding blocks but 0 groups",
                    s.pad_blocks);
    if (iteration >= s.iterations)
        return fail(Errc::malformed, "index strategy: iteration {} of {}", iteration, s.iterations);
    return {};
}

/// Whether 64 bits hold the padding indices last + (iteration + 1) + i * groups.
bool padding_fits(const IndexStrategy& s, std::uint64_t iteration) {
    if (s.pad_blocks == 0)
        return true;
    const auto base = checked_add(s.last, iteration + 1);
    const auto reach = checked_mul(s.pad_blocks - 1, s.group_count);
    return base && reach && checked_add(*base, *reach);
}

} // namespace

Result<Layout> Layout::create(std::uint64_t original_blocks, const Shape& shape,
                              std::uint32_t block_size_bytes) {
    const std::uint32_t k = shape.k();
    if (block_size_bytes == 0 || block_size_bytes % kChunkBytes != 0)
        return fail(
            Error(Errc::unsupported, fmt::format("block size {} is not a multiple of {} bytes",
                                                 block_size_bytes, kChunkBytes))
                .hint("store the dataset with such a block size, 64KiB for example"));
    if (k > original_blocks)
        return fail(Error(Errc::erasure_too_few,
                          fmt::format("the dataset has {} blocks of {} bytes, fewer than k = {}",
                                      original_blocks, block_size_bytes, k))
                        .hint(fmt::format("the minimum size for k = {} is {} bytes: lower k or "
                                          "the block size",
                                          k, std::uint64_t{k} * block_size_bytes)));
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
                .hint("encode the plain dataset again: the stepped strategy is used"));
    CODEX_TRY(shape, Shape::of(*manifest.erasure));
    return create(manifest.original_blocks_count(), shape, manifest.block_size_bytes);
}

Result<std::vector<std::uint64_t>> IndexStrategy::indices(std::uint64_t iteration) const {
    CODEX_CHECK(check_strategy(*this, iteration));
    if (!padding_fits(*this, iteration))
        return fail(Errc::malformed, "index strategy: padding indices exceed 64 bits");

    std::vector<std::uint64_t> found;
    if (kind == codec::Strategy::linear) {
        // ceil((last - first + 1) / iterations), without the sum that could wrap.
        const std::uint64_t step = (last - first) / iterations + 1;
        const auto offset = checked_mul(step, iteration);
        if (offset && *offset <= last - first) {
            const std::uint64_t count = std::min(step, last - first - *offset + 1);
            for (std::uint64_t i = 0; i < count; ++i)
                found.push_back(first + *offset + i);
        }
    } else if (iteration <= last - first) {
        const std::uint64_t count = (last - first - iteration) / iterations + 1;
        for (std::uint64_t i = 0; i < count; ++i)
            found.push_back(first + iteration + i * iterations);
    }
    for (std::uint64_t i = 0; i < pad_blocks; ++i)
        found.push_back(last + iteration + 1 + i * group_count);
    return found;
}

} // namespace codex::erasure
