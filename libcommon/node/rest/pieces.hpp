// The content of a dataset, a piece at a time, as far as it is here.
#pragma once

#include "exchange/content.hpp"

namespace codex::node::rest {

/// Some bytes of the content, in a buffer that can be used again.
struct Piece {
    RawBytes buffer;
    BytesView content; ///< in it; none, when what comes next is not here, or that was all
};

/// Threads: one at a time. It waits for the disk.
class Pieces {
public:
    /// `repo` outlives it. `range` is of the content.
    Pieces(repo::Repo& repo, const Cid& cid, codec::Manifest manifest, dataset::ByteRange range,
           Executor& executor);

    /// The next bytes, about `most_bytes` at the most, in `buffer`. Each block was compared with
    /// its CID, or computed from parity. Errors: those of the repo.
    [[nodiscard]] Result<Piece> next(RawBytes buffer, std::uint64_t most_bytes);

    /// What a disk has lost may be computed, of many blocks for each: that takes long.
    [[nodiscard]] bool may_take_long() const { return manifest_.is_protected(); }

private:
    [[nodiscard]] Result<void> compute(Piece& piece, std::uint64_t most_bytes);

    repo::Repo& repo_;
    Cid cid_;
    codec::Manifest manifest_;
    dataset::ByteRange left_;
    Executor& executor_;
    std::shared_ptr<exchange::Content> content_;
};

} // namespace codex::node::rest
