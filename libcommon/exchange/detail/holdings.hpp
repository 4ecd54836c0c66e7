// What the repo has of what peers want. Everything here waits for disks and hashes: it runs on the
// pool.
#pragma once

#include "base/raw_bytes.hpp"
#include "exchange/detail/open_partials.hpp"
#include "exchange/want_list.hpp"
#include "repo/repo.hpp"

namespace codex::exchange::detail {

/// For each question whether it is here: of a leaf, whether its tree is, and the block it names.
/// What cannot be told is not here.
[[nodiscard]] std::vector<bool> look_for(const repo::Repo& repo, OpenPartials& partials,
                                         const WantList::Questions& questions);

/// Most blocks that are built into messages at once: as many as are hashed side by side the fastest
/// (crypto/hash/sha256.hpp), and more than go into one message.
constexpr std::size_t kMostBuilt = 32;

/// Messages with blocks, whole, each with its length in front.
struct Built {
    enum class State : std::uint8_t { sent, absent, later };
    RawBytes framed;           ///< one behind the other; empty when none is `sent`
    std::vector<State> states; ///< of each block that was wanted
    std::size_t block_bytes = 0;
    std::size_t blocks = 0;
    std::size_t messages = 0;
};

/// Takes of `wanted`, in their order, as many as are here and fit in `most_bytes`, at least one;
/// those behind them are for `later`. Every block is compared with its CID, every proof leads to
/// its root. At most kMostBuilt of them.
[[nodiscard]] Built build_messages(const repo::Repo& repo, OpenPartials& partials,
                                   std::span<const WantList::Block> wanted, std::size_t most_bytes);

} // namespace codex::exchange::detail
