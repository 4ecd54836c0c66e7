#include "repo/index/resident.hpp"

#include "base/fd.hpp"
#include "must.hpp"

#include <fstream>
#include <sys/mman.h>

namespace codex::repo {

using namespace detail;

namespace {

using test::must;

/// Bytes of mapped files and shared memory that this process holds resident.
std::uint64_t resident_mapped_bytes() {
    std::ifstream status("/proc/self/status");
    std::uint64_t bytes = 0;
    for (std::string word; status >> word;)
        if (word == "RssFile:" || word == "RssShmem:") {
            std::uint64_t kibibytes = 0;
            status >> kibibytes;
            bytes += kibibytes << 10;
        }
    return bytes;
}

TEST(ResidentPages, LetsGoOfTheMappingAndNothingElse) {
    constexpr std::size_t kBytes = std::size_t{64} << 20;
    const Fd file(::memfd_create("mapped", MFD_CLOEXEC));
    must(write_full(file.get(), Bytes(kBytes, 7), "mapped"));
    void* map = ::mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, file.get(), 0);
    ASSERT_NE(map, MAP_FAILED);
    const BytesView bytes(static_cast<const std::uint8_t*>(map), kBytes);
    const auto all_sevens = [&] {
        return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 7; });
    };
    EXPECT_TRUE(all_sevens());
    const std::uint64_t before = resident_mapped_bytes();

    ResidentPages pages;
    for (int i = 0; i < 1000; ++i)
        pages.touched(); // not told of any mapping, it lets go of none
    EXPECT_GT(resident_mapped_bytes() + (kBytes / 2), before);
    pages.watch(map, kBytes, file.get());
    for (int i = 0; i < 1000; ++i)
        pages.touched();
    EXPECT_LT(resident_mapped_bytes(), before - kBytes / 2);
    EXPECT_TRUE(all_sevens()); // all of it is resident again

    // However often it is used, what faults map nothing of stays; what is mapped since then goes.
    for (int i = 0; i < 1000; ++i)
        pages.touched();
    EXPECT_LT(resident_mapped_bytes(), before - kBytes / 2);
    const auto quarter = bytes.first(kBytes / 4);
    EXPECT_TRUE(std::ranges::all_of(quarter, [](std::uint8_t byte) { return byte == 7; }));
    const std::uint64_t few = resident_mapped_bytes();
    for (int i = 0; i < 10000; ++i)
        pages.touched();
    EXPECT_GT(resident_mapped_bytes() + (kBytes / 8), few);
    EXPECT_TRUE(all_sevens());
    for (int i = 0; i < 1000; ++i)
        pages.touched();
    EXPECT_LT(resident_mapped_bytes(), before - kBytes / 2);

    // A small file may stay.
    ASSERT_EQ(::ftruncate(file.get(), kBytes / 2), 0);
    const BytesView half = bytes.first(kBytes / 2);
    EXPECT_TRUE(std::ranges::all_of(half, [](std::uint8_t byte) { return byte == 7; }));
    const std::uint64_t whole = resident_mapped_bytes();
    for (int i = 0; i < 1000; ++i)
        pages.touched();
    EXPECT_GT(resident_mapped_bytes() + (kBytes / 4), whole);
    ::munmap(map, kBytes);
}

} // namespace
} // namespace codex::repo
