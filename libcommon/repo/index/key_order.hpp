// The order in which a batch of blocks is looked up in the index.
//
// Keys are hashes: in the order of the batch each lookup is on another page, which has to be
// mapped, and brought into the caches of the processor. In the order of keys several are on one
// page, and pages that follow each other were mostly written one after another.
#pragma once

#include "codec/cid.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

namespace codex::repo::detail {

/// The indices of `items`, each once, by the digests of their CIDs; `cid_of` is a member that gives
/// the CID of an item. It looks at the first bytes only: which of two comes first makes no
/// difference to a lookup.
template <typename Item, typename CidOf>
[[nodiscard]] std::vector<std::uint32_t> in_key_order(std::span<Item> items, CidOf cid_of) {
    constexpr std::size_t kBytes = sizeof(std::uint32_t);
    std::vector<std::uint64_t> keys(items.size()); // these bytes, and the index
    for (std::size_t i = 0; i < items.size(); ++i) {
        const BytesView digest = std::invoke(cid_of, items[i]).digest();
        for (std::size_t at = 0; at < kBytes; ++at)
            keys[i] = keys[i] << 8 | (at < digest.size() ? digest[at] : 0U);
        keys[i] = keys[i] << 32 | i;
    }
    std::ranges::sort(keys);
    std::vector<std::uint32_t> order(keys.size());
    std::ranges::transform(keys, order.begin(),
                           [](std::uint64_t key) { return static_cast<std::uint32_t>(key); });
    return order;
}

} // namespace codex::repo::detail
