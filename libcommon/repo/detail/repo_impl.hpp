// The inside of a Repo handle, for the files that implement it.
#pragma once

#include "repo/detail/session.hpp"

namespace codex::repo {

struct Repo::Impl {
    std::shared_ptr<Store> store;
    OpenOptions options;
    Config config; ///< as it was when last read, for Repo::config()
    mutable DamageNotes notes;

    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        if (!store)
            return;
        const std::string path = store->path();
        Store::release(std::move(store));
        if (const DamageNotes::Found found = notes.take(); !found.empty())
            mark_damaged_later(path, options.sync, found);
    }

    [[nodiscard]] Session session() const {
        return {store.get(), options.sync, options.pool, options.zstd_level, &notes};
    }
    /// Tells the index what was found damaged, where this handle may write.
    [[nodiscard]] Result<void> settle() const {
        if (options.read_only)
            return {};
        return mark_damaged(*store, options.sync, notes.take());
    }
    [[nodiscard]] Result<void> require_writable() const {
        if (options.read_only)
            return refuse_read_only(store->path());
        return {};
    }
};

} // namespace codex::repo
