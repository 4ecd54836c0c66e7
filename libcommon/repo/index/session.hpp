// What one handle on a repo brings along to every operation.
#pragma once

#include "base/job.hpp"
#include "repo/upkeep/damage_notes.hpp"
#include "repo/upkeep/ledger.hpp"

namespace codex::repo::detail {

struct Session {
    Store* store = nullptr;
    bool sync = true;
    Job job{}; ///< on the handle's executor; every loop of some length asks it
    std::optional<int> zstd_level{};  ///< instead of the repo's own
    DamageNotes* notes = nullptr;     ///< where damage that is found is noted
    const log::Logger* log = nullptr; ///< of the handle; nullptr: the store's
    unsigned shrink = 0; ///< transactions of upkeep are smaller by 2^shrink: the disk is full

    /// How blocks stored now are compressed. Errors: those of reading config.json.
    [[nodiscard]] Result<int> compression() const {
        if (zstd_level)
            return *zstd_level;
        CODEX_TRY(config, store->config());
        return config.zstd_level;
    }
    [[nodiscard]] const log::Logger& logger() const {
        return log != nullptr ? *log : store->around().log;
    }
    [[nodiscard]] Result<Ledger> ledger() const { return Ledger::begin(*store, sync); }
};

/// What this handle builds on may have been stored by a process that does not sync: puts the
/// segment of `extent` on the disk unless the index says that it is. `known` caches the answers.
[[nodiscard]] Result<void> ensure_synced(const Session& session, Ledger& ledger,
                                         const Extent& extent,
                                         std::map<std::uint32_t, std::uint64_t>& known);

} // namespace codex::repo::detail
