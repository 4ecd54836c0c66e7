// What tests of gc share.
#pragma once

#include "repo/fixture.hpp"
#include "repo/index/store.hpp"
#include "repo/small_limits.hpp"

namespace codex::repo::test {

class Reclaim : public testing::Test {
protected:
    Reclaim() : repo_(must(Repo::init(scratch_.repo(), {}, small()))) {}

    /// The number of the last transaction of the index.
    std::uint64_t transactions() {
        auto store = must(detail::Store::open(scratch_.repo(), small()));
        const std::uint64_t id = must(store->env().read()).id();
        detail::Store::release(std::move(store));
        return id;
    }
    GcReport gc(bool dry_run = false, std::uint64_t now = 0) {
        GcOptions options;
        options.dry_run = dry_run;
        options.now = now;
        return must(repo_.gc(options));
    }

    const Scratch scratch_;
    Repo repo_;
};

} // namespace codex::repo::test
