// The Poseidon2 trees of slots, which a repo keeps for whoever proves storage.
#pragma once

#include "base/bytes.hpp"
#include "codec/cid.hpp"
#include "codec/manifest.hpp"

#include <vector>

namespace codex::repo {

/// What a slot tree was computed from: one slot of the dataset over a tree, under one way to cut it
/// (codex-slots(5), SLOTS).
struct SlotKey {
    Cid tree; ///< of the protected dataset
    std::uint32_t block_size_bytes = 0;
    std::uint32_t cell_size_bytes = 0;
    std::uint32_t slots = 0; ///< k + m
    codec::Strategy strategy = codec::Strategy::linear;
    std::uint32_t slot = 0;
    friend bool operator==(const SlotKey&, const SlotKey&) = default;
};

/// A slot tree to be stored.
struct SlotTree {
    SlotKey key;
    Cid cid;                    ///< codex-slot-root
    std::vector<Digest> leaves; ///< block digests
};

} // namespace codex::repo
