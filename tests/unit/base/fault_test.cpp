// Memory that goes away under a reader: mapped files that are cut, and C code that reads what is
// not mapped. Every test faults for real.
#include "base/fault.hpp"

#include "base/fd.hpp"
#include "must.hpp"
#include "sanitizers.hpp"
#include "temporary_folder.hpp"

#include <atomic>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <optional>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace codex {
namespace {

using test::must;
using test::must_fail;
using test::TemporaryFolder;

constexpr std::size_t kPage = 4096;

/// A page that nobody may touch.
class ForbiddenPage {
public:
    ForbiddenPage() : at_(::mmap(nullptr, kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
    ~ForbiddenPage() { ::munmap(at_, kPage); }
    ForbiddenPage(const ForbiddenPage&) = delete;
    ForbiddenPage& operator=(const ForbiddenPage&) = delete;
    [[nodiscard]] const volatile char* bytes() const { return static_cast<const char*>(at_); }
    /// Lets it be read from now on.
    void allow() { ::mprotect(at_, kPage, PROT_READ); }

private:
    void* at_;
};

Fd file_of(const TemporaryFolder& folder, const std::string& name, std::size_t bytes,
           std::uint8_t value) {
    Fd fd = must(open_file(folder.file(name), O_CREAT | O_RDWR));
    must(write_full(fd.get(), Bytes(bytes, value), name));
    return fd;
}

std::uint64_t sum(BytesView bytes) {
    std::uint64_t total = 0;
    for (const std::uint8_t byte : bytes)
        total += byte;
    return total;
}

/// Runs `body` in a child; the signal that ended it, or 0.
template <class Body> int signal_of(Body body) {
    const ::pid_t child = ::fork();
    if (child == 0) {
        body();
        ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(GuardedMapping, ReadsAFile) {
    const TemporaryFolder folder;
    const Fd fd = file_of(folder, "a", 3 * kPage + 5, 7);
    const GuardedMapping mapping = must(GuardedMapping::map(fd.get(), 3 * kPage + 5, "a"));
    EXPECT_EQ(mapping.bytes().size(), 3 * kPage + 5);
    EXPECT_EQ(sum(mapping.bytes()), 7 * (3 * kPage + 5));
    EXPECT_FALSE(mapping.damaged());
}

TEST(GuardedMapping, OfNothingIsEmpty) {
    const TemporaryFolder folder;
    const Fd fd = file_of(folder, "a", 0, 0);
    const GuardedMapping mapping = must(GuardedMapping::map(fd.get(), 0, "a"));
    EXPECT_TRUE(mapping.bytes().empty());
    EXPECT_FALSE(mapping.damaged());
    EXPECT_FALSE(GuardedMapping().damaged());
}

TEST(GuardedMapping, RefusalNamesTheFile) {
    const Error error = must_fail(GuardedMapping::map(-1, kPage, "the key"));
    EXPECT_THAT(error.text(), ::testing::HasSubstr("map the key"));
}

TEST(GuardedMapping, ACutFileReadsZerosFromThereOnAndTells) {
    const TemporaryFolder folder;
    const Fd fd = file_of(folder, "a", 10 * kPage, 1);
    const GuardedMapping mapping = must(GuardedMapping::map(fd.get(), 10 * kPage, "a"));
    ASSERT_EQ(sum(mapping.bytes().first(2 * kPage)), 2 * kPage);
    ASSERT_EQ(::ftruncate(fd.get(), 4 * kPage), 0);
    EXPECT_FALSE(mapping.damaged()) << "nobody has met the cut yet";
    EXPECT_EQ(sum(mapping.bytes()), 4 * kPage);
    EXPECT_TRUE(mapping.damaged());
}

TEST(GuardedMapping, OnlyTheOneThatWasCutIsDamaged) {
    const TemporaryFolder folder;
    const Fd whole = file_of(folder, "a", kPage, 1);
    const Fd cut = file_of(folder, "b", kPage, 1);
    const GuardedMapping good = must(GuardedMapping::map(whole.get(), kPage, "a"));
    GuardedMapping bad = must(GuardedMapping::map(cut.get(), kPage, "b"));
    ASSERT_EQ(::ftruncate(cut.get(), 0), 0);
    EXPECT_EQ(sum(bad.bytes()), 0U);
    EXPECT_EQ(sum(good.bytes()), kPage);
    const GuardedMapping moved = std::move(bad);
    EXPECT_TRUE(moved.damaged());
    EXPECT_FALSE(good.damaged());
}

TEST(GuardedMapping, AFreedRowStartsWithoutDamage) {
    const TemporaryFolder folder;
    const Fd fd = file_of(folder, "a", kPage, 1);
    for (int round = 0; round < 3000; ++round) { // more than there are rows
        GuardedMapping mapping = must(GuardedMapping::map(fd.get(), kPage, "a"));
        ASSERT_FALSE(mapping.damaged());
        if (round % 100 == 0) {
            ASSERT_EQ(::ftruncate(fd.get(), 0), 0);
            ASSERT_EQ(sum(mapping.bytes()), 0U);
            ASSERT_TRUE(mapping.damaged());
            ASSERT_EQ(::ftruncate(fd.get(), kPage), 0);
        }
    }
}

TEST(GuardedMapping, MoreThanTheTableHoldsIsAnError) {
    const TemporaryFolder folder;
    const Fd fd = file_of(folder, "a", kPage, 1);
    std::vector<GuardedMapping> mappings;
    std::optional<Error> refused;
    while (!refused && mappings.size() < 5000) {
        auto mapping = GuardedMapping::map(fd.get(), kPage, "a");
        if (mapping)
            mappings.push_back(std::move(*mapping));
        else
            refused = std::move(mapping.error());
    }
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->code(), Errc::io);
    mappings.pop_back();
    EXPECT_TRUE(GuardedMapping::map(fd.get(), kPage, "a").has_value());
}

TEST(GuardedMapping, ManyThreadsReadOneThatIsCutMeanwhile) {
    const TemporaryFolder folder;
    constexpr std::size_t kBytes = 512 * kPage;
    const Fd fd = file_of(folder, "a", kBytes, 1);
    const GuardedMapping mapping = must(GuardedMapping::map(fd.get(), kBytes, "a"));
    std::atomic<int> reading{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 4; ++i)
        readers.emplace_back([&] {
            do
                ++reading; // an access that the compiler may neither drop nor move the others
                           // across
            while (sum(mapping.bytes()) != 0);
        });
    while (reading.load() < 8)
        std::this_thread::yield();
    for (std::size_t left = 512; left-- > 0;)
        ASSERT_EQ(::ftruncate(fd.get(), static_cast<::off_t>(left * kPage)), 0);
    for (std::thread& reader : readers)
        reader.join();
    EXPECT_TRUE(mapping.damaged());
}

TEST(Guarded, RunsTheCallToItsEnd) {
    int calls = 0;
    EXPECT_TRUE(guarded([&] { ++calls; }));
    EXPECT_EQ(calls, 1);
}

TEST(Guarded, AReadOfAnUnmappedPageIsAFailure) {
    const ForbiddenPage page;
    char read = 'x';
    EXPECT_FALSE(guarded([&] { read = page.bytes()[0]; }));
    EXPECT_FALSE(guarded([&] { read = page.bytes()[1]; }))
        << "and again: the signal is not blocked";
    EXPECT_EQ(read, 'x');
    char buffer[16];
    EXPECT_FALSE(guarded([&] {
        std::memcpy(buffer, const_cast<const char*>(page.bytes()), sizeof buffer);
    })) << "inside the C library";
}

TEST(Guarded, ACutFileThatIsMappedByOthersIsAFailure) {
    const TemporaryFolder folder;
    const Fd fd = file_of(folder, "a", kPage, 1);
    void* at = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd.get(), 0);
    ASSERT_NE(at, MAP_FAILED);
    ASSERT_EQ(::ftruncate(fd.get(), 0), 0);
    char read = 'x';
    EXPECT_FALSE(guarded([&] { read = *static_cast<const volatile char*>(at); }));
    EXPECT_EQ(read, 'x');
    ::munmap(at, kPage);
}

TEST(Guarded, AMappingOfOursReadsZerosInsideToo) {
    const TemporaryFolder folder;
    const Fd fd = file_of(folder, "a", kPage, 1);
    const GuardedMapping mapping = must(GuardedMapping::map(fd.get(), kPage, "a"));
    ASSERT_EQ(::ftruncate(fd.get(), 0), 0);
    std::uint64_t total = 1;
    EXPECT_TRUE(guarded([&] { total = sum(mapping.bytes()); }));
    EXPECT_EQ(total, 0U);
    EXPECT_TRUE(mapping.damaged());
}

TEST(Guarded, NestedTheInnermostEnds) {
    const ForbiddenPage page;
    bool inner = true;
    char read = 'x';
    EXPECT_TRUE(guarded([&] {
        inner = guarded([&] { read = page.bytes()[0]; });
        read = 'y';
    }));
    EXPECT_FALSE(inner);
    EXPECT_EQ(read, 'y') << "the outer one went on";
    EXPECT_FALSE(guarded([&] {
        inner = guarded([] {});
        read = page.bytes()[0];
    }));
    EXPECT_TRUE(inner);
}

TEST(Guarded, AnExceptionPassesThroughAndTheGuardIsGone) {
    EXPECT_THROW((void)guarded([] { throw std::runtime_error("x"); }), std::runtime_error);
    EXPECT_EQ(detail::innermost_guard, nullptr);
}

TEST(Guarded, ManyThreadsFaultAtOnce) {
    const ForbiddenPage page;
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            char read = 0;
            for (int round = 0; round < 500; ++round)
                failures += guarded([&] { read = page.bytes()[0]; }) ? 0 : 1;
            EXPECT_EQ(read, 0);
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(failures.load(), 4 * 500);
}

// What is not ours ends the process as it did before. Sanitizers bring handlers of their own, which
// report and exit.
class GuardedNot : public ::testing::Test {
protected:
    void SetUp() override {
        if (test::kSanitized)
            GTEST_SKIP() << "the sanitizer handles faults itself";
    }
};

TEST_F(GuardedNot, ByASystemCall) {
    ASSERT_TRUE(guarded([] {})) << "the handlers are installed";
    EXPECT_EQ(signal_of([] {
                  // From here on any but exit, read and write kills.
                  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
                      ::raise(SIGUSR1);
                  for (int i = 0; i < 1000; ++i)
                      if (!guarded([] {}))
                          ::abort();
                  ::syscall(SYS_exit, 0);
              }),
              0)
        << "a guard is around each lookup, and costs no more than memory";
}

TEST_F(GuardedNot, AFaultOutsideStillKills) {
    const ForbiddenPage page;
    ASSERT_TRUE(guarded([] {})) << "the handlers are installed";
    EXPECT_EQ(signal_of([&] { (void)page.bytes()[0]; }), SIGSEGV);
    EXPECT_EQ(signal_of([] { ::raise(SIGSEGV); }), SIGSEGV);
    EXPECT_EQ(signal_of([] { ::kill(::getpid(), SIGBUS); }), SIGBUS);
    EXPECT_EQ(signal_of([] { (void)guarded([] { ::raise(SIGBUS); }); }), SIGBUS)
        << "a signal that somebody sends is no fault of memory";
}

TEST_F(GuardedNot, InAnotherThread) {
    const ForbiddenPage page;
    EXPECT_EQ(signal_of([&] {
                  std::atomic<bool> inside{false};
                  std::thread other([&] {
                      (void)guarded([&] {
                          inside = true;
                          for (;;)
                              ::pause();
                      });
                  });
                  while (!inside)
                      std::this_thread::yield();
                  (void)page.bytes()[0];
                  ::_exit(0);
              }),
              SIGSEGV);
}

TEST_F(GuardedNot, AWriteToAMappingOfOursIsOurBugAndKills) {
    const TemporaryFolder folder;
    const Fd fd = file_of(folder, "a", kPage, 1);
    const GuardedMapping mapping = must(GuardedMapping::map(fd.get(), kPage, "a"));
    EXPECT_EQ(signal_of([&] { *const_cast<volatile std::uint8_t*>(mapping.bytes().data()) = 1; }),
              SIGSEGV);
}

ForbiddenPage* handled_page = nullptr;

TEST_F(GuardedNot, TheHandlerBeforeOursIsAsked) {
    // The handlers of this process are installed already, so a child that runs this file anew has
    // to install its own first; the threadsafe style does.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            ForbiddenPage page;
            handled_page = &page;
            std::signal(SIGSEGV, [](int) { handled_page->allow(); });
            const bool installed = guarded([] {});
            const char read = page.bytes()[0]; // faults, and is made readable by the old handler
            ::_exit(installed && read == 0 ? 3 : 4);
        },
        ::testing::ExitedWithCode(3), "");
}

} // namespace
} // namespace codex
