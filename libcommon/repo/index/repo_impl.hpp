// The inside of a Repo handle, for the files that implement it.
#pragma once

#include "repo/index/session.hpp"
#include "repo/repo.hpp"

#include <atomic>

namespace codex::repo {

struct Repo::Impl {
    std::shared_ptr<detail::Store> store;
    OpenOptions options;
    Config config;   ///< as it was when last read, for Repo::config()
    log::Logger log; ///< of the options, with our topics
    mutable detail::DamageNotes notes;
    mutable std::atomic<std::uint64_t> leaves_looked_at = 0; ///< by places_of()

    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        if (!store)
            return;
        const std::string path = store->path();
        detail::Store::release(std::move(store));
        if (const detail::DamageNotes::Found found = notes.take(); !found.empty())
            detail::mark_damaged_later(path, options, found);
    }

    /// For one call: `job` is who asked for it.
    [[nodiscard]] detail::Session session(const Job& job = {}) const {
        return {store.get(), options.sync, job.on(options.pool), options.zstd_level, &notes, &log};
    }
    /// Tells the index what was found damaged, where this handle may write.
    [[nodiscard]] Result<void> settle() const {
        if (options.read_only)
            return {};
        return detail::mark_damaged(*store, options.sync, notes.take());
    }
    [[nodiscard]] Result<void> require_writable() const {
        if (options.read_only)
            return detail::refuse_read_only(store->path());
        return {};
    }
};

} // namespace codex::repo
