// Writes files in the reference node's layout (nim_files.hpp): each is whole or not there, also
// after power loss, and many are made durable at a time, since waiting for the disk costs about the
// same for one and for a hundred.
#pragma once

#include "base/executor.hpp"
#include "codec/cid.hpp"

#include <span>
#include <string>
#include <unordered_set>

namespace codex::dataset::detail {

class NimWriter {
public:
    /// Writes below `directory`/repo; makes the folders.
    NimWriter(Executor& pool, std::string directory)
        : pool_(pool), directory_(std::move(directory)) {}

    struct File {
        Cid cid;
        BytesView data;
    };
    /// Writes the files it has not written yet, replacing older ones. Errors: io, no_space,
    /// permission.
    [[nodiscard]] Result<void> write(std::span<const File> files);
    /// Makes the names durable, too: after the last write().
    [[nodiscard]] Result<void> finish() const;

    /// Files written.
    [[nodiscard]] std::uint64_t files() const { return written_.size(); }

private:
    [[nodiscard]] Result<void> write_group(std::span<const File> files) const;

    Executor& pool_;
    std::string directory_;
    std::unordered_set<Cid> written_;
};

} // namespace codex::dataset::detail
