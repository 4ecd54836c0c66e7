#include "dataset/detail/hash.hpp"

#include "base/checked.hpp"
#include "dataset/detail/buffer.hpp"

#include <algorithm>

namespace codex::dataset::detail {

void hash_blocks(Executor& pool, std::span<const BytesView> blocks, std::span<Digest> digests) {
    const std::size_t groups = div_up(blocks.size(), kHashLanes);
    pool.parallel_for(groups, [&](std::size_t group) {
        const std::size_t first = group * kHashLanes;
        const std::size_t count = std::min(kHashLanes, blocks.size() - first);
        crypto::sha256_many(blocks.subspan(first, count), digests.subspan(first, count));
    });
}

} // namespace codex::dataset::detail
