// The inside of a Repo handle, for the files that implement it.
#pragma once

#include "repo/detail/session.hpp"

namespace codex::repo {

struct Repo::Impl {
    std::shared_ptr<Store> store;
    OpenOptions options;
    Config config; ///< as it was when last read, for Repo::config()

    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { Store::release(std::move(store)); }

    [[nodiscard]] Session session() const {
        return {store.get(), options.sync, options.pool, options.zstd_level};
    }
    [[nodiscard]] Result<void> require_writable() const {
        if (options.read_only)
            return refuse_read_only(store->path());
        return {};
    }
};

} // namespace codex::repo
