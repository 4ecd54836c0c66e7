// The hint about memory names the limits that are set, and no others.
#include "base/memory_limit.hpp"

#include <sys/resource.h>

namespace codex {
namespace {

/// A limit of this process, which is as it was afterwards.
class Limited {
public:
    Limited(__rlimit_resource_t resource, rlim_t bytes) : resource_(resource) {
        if (::getrlimit(resource_, &before_) != 0)
            ADD_FAILURE() << "getrlimit";
        rlimit now = before_;
        now.rlim_cur = bytes;
        if (::setrlimit(resource_, &now) != 0)
            ADD_FAILURE() << "setrlimit";
    }
    Limited(const Limited&) = delete;
    Limited& operator=(const Limited&) = delete;
    ~Limited() { ::setrlimit(resource_, &before_); }

private:
    __rlimit_resource_t resource_;
    rlimit before_{};
};

/// More than there is, of sanitizers, too.
constexpr rlim_t kMuch = rlim_t{1} << 47;

TEST(MemoryLimit, IsNamedByWhatRaisesIt) {
    rlimit hard{};
    for (const auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
        ASSERT_EQ(::getrlimit(resource, &hard), 0);
        if (hard.rlim_max != RLIM_INFINITY)
            GTEST_SKIP() << "memory is limited here";
    }
    const Limited space(RLIMIT_AS, RLIM_INFINITY);
    const Limited data(RLIMIT_DATA, RLIM_INFINITY);
    EXPECT_EQ(hint_for_more_memory(), "let this host, or its container, have more memory");
    {
        const Limited set(RLIMIT_AS, kMuch);
        EXPECT_EQ(hint_for_more_memory(), "allow more memory: ulimit -v unlimited");
    }
    {
        const Limited set(RLIMIT_DATA, kMuch);
        EXPECT_EQ(hint_for_more_memory(), "allow more memory: ulimit -d unlimited");
        const Limited both(RLIMIT_AS, kMuch);
        EXPECT_EQ(hint_for_more_memory(),
                  "allow more memory: ulimit -v unlimited && ulimit -d unlimited");
    }
}

} // namespace
} // namespace codex
