// Where secrets lie, and that nothing of them stays.
#include "base/secret.hpp"

#include "base/bytes.hpp"
#include "base/fd.hpp"
#include "must.hpp"
#include "nobody.hpp"
#include "sanitizers.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex {
namespace {

using test::must;

/// What /proc says of the mapping that `at` is in: the lines of smaps.
std::string mapping_of(const void* at) {
    const Bytes text = must(read_file("/proc/self/smaps", 1 << 26));
    std::istringstream lines{std::string(as_text(text))};
    std::string found;
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        unsigned long begin = 0;
        unsigned long end = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2)
            inside = begin <= reinterpret_cast<unsigned long>(at) &&
                     reinterpret_cast<unsigned long>(at) < end;
        if (inside)
            found += line + "\n";
    }
    return found;
}

TEST(Secret, IsInPagesOfItsOwnThatNoDumpHas) {
    Secret<std::array<std::uint64_t, 4>> secret;
    (*secret)[0] = 1;
    const std::string mapping = mapping_of(&*secret);
    EXPECT_THAT(mapping, ::testing::ContainsRegex("VmFlags:.* dd")) << "no dump";
    struct rlimit limit = {};
    ::getrlimit(RLIMIT_MEMLOCK, &limit);
    // Sanitizers lock nothing.
    if (limit.rlim_cur > (1 << 16) && !test::kSanitized) {
        EXPECT_THAT(mapping, ::testing::ContainsRegex("VmFlags:.* lo")) << "locked";
    }
}

TEST(Secret, CanBeHadWhenNothingMayBeLocked) {
    const ::pid_t child = ::fork();
    if (child == 0) {
        const struct rlimit none = {0, 0};
        ::setrlimit(RLIMIT_MEMLOCK, &none);
        if (!test::become_nobody())
            ::_exit(2);
        SecretBytes bytes(1 << 20, 7);
        ::_exit(bytes.back() == 7 ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST(Secret, GrowsWithoutLeavingCopies) {
    SecretBytes bytes;
    for (int i = 0; i < 10'000; ++i)
        bytes.push_back(static_cast<std::uint8_t>(i));
    EXPECT_EQ(bytes[4321], static_cast<std::uint8_t>(4321));
    SecretBytes moved = std::move(bytes);
    EXPECT_EQ(moved.size(), 10'000U);
}

TEST(Secret, TooLargeIsBadAlloc) {
    EXPECT_THROW(SecretBytes(std::size_t{1} << 60), std::bad_alloc);
}

[[gnu::noinline]] const volatile std::uint8_t* leave_on_stack() {
    volatile std::uint8_t local[4096];
    for (volatile std::uint8_t& byte : local)
        byte = 0xa5;
    const volatile std::uint8_t* where = local;
    return where + 0;
}

TEST(Secret, WipesTheStackBelow) {
    if (test::kAddressSanitizer)
        GTEST_SKIP() << "frames are kept apart from the stack";
    // The address of what is gone, as a number: nothing may be read through a dead pointer.
    const auto at = reinterpret_cast<std::uintptr_t>(leave_on_stack());
    wipe_stack();
    const Fd memory = must(open_file("/proc/self/mem", O_RDONLY));
    Bytes left(4096);
    ASSERT_EQ(must(pread_full(memory.get(), left, at, "the stack")), left.size());
    EXPECT_LT(std::count(left.begin(), left.end(), 0xa5), 64);
}

TEST(ForbidCoreDumps, LetsNothingOut) {
    const ::pid_t child = ::fork();
    if (child == 0) {
        const struct rlimit most = {1 << 20, 1 << 20};
        ::setrlimit(RLIMIT_CORE, &most);
        forbid_core_dumps();
        struct rlimit now = {};
        ::getrlimit(RLIMIT_CORE, &now);
        if (now.rlim_cur != 0 || now.rlim_max != 0 || ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
            ::_exit(1);
        ::raise(SIGABRT);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGABRT);
    EXPECT_FALSE(WCOREDUMP(status));
}

} // namespace
} // namespace codex
