// The content of a dataset, a piece at a time, as far as it is here.
#pragma once

#include "exchange/content.hpp"

namespace codex::node::rest {

/// Threads: one at a time. It waits for the disk.
class Pieces {
public:
    /// `repo` outlives it. `range` is of the content.
    Pieces(repo::Repo& repo, const Cid& cid, codec::Manifest manifest, dataset::ByteRange range,
           Executor& executor);
    ~Pieces();

    /// The next bytes, a few megabytes at the most; none, when they are not here, or that was all.
    /// Each block was compared with its CID, or computed from parity. Errors: those of the repo.
    [[nodiscard]] Result<Bytes> next();

private:
    class Sink;
    [[nodiscard]] Result<bool> compute();

    repo::Repo& repo_;
    Cid cid_;
    codec::Manifest manifest_;
    dataset::ByteRange left_;
    Executor& executor_;
    std::unique_ptr<Sink> sink_;
    std::shared_ptr<exchange::Content> content_;
};

} // namespace codex::node::rest
