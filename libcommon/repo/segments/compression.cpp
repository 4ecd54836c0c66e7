#include "repo/segments/compression.hpp"

#include <zstd.h>

namespace codex::repo::detail {

namespace {

/// Contexts are large and a block is small: one a thread.
ZSTD_CCtx* compressor() {
    thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(
        ZSTD_createCCtx(), &ZSTD_freeCCtx);
    return context.get();
}

ZSTD_DCtx* decompressor() {
    thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(
        ZSTD_createDCtx(), &ZSTD_freeDCtx);
    return context.get();
}

} // namespace

Bytes compress_block(BytesView plain, int zstd_level) {
    ZSTD_CCtx* const context = zstd_level > 0 ? compressor() : nullptr;
    if (context == nullptr || plain.size() < 64)
        return {};
    // A buffer of the largest size that is worth it makes zstd give up early on the rest.
    Bytes stored(plain.size() - plain.size() / 16);
    const std::size_t size = ZSTD_compressCCtx(context, stored.data(), stored.size(), plain.data(),
                                               plain.size(), zstd_level);
    if (ZSTD_isError(size) != 0)
        return {};
    stored.resize(size);
    return stored;
}

Result<void> decompress_block(BytesView stored, MutableBytes plain) {
    ZSTD_DCtx* const context = decompressor();
    if (context == nullptr)
        return fail(Errc::internal, "zstd: out of memory");
    const std::size_t size =
        ZSTD_decompressDCtx(context, plain.data(), plain.size(), stored.data(), stored.size());
    if (ZSTD_isError(size) != 0 || size != plain.size())
        return fail(Errc::block_corrupt, "stored bytes do not decompress");
    return {};
}

} // namespace codex::repo::detail
