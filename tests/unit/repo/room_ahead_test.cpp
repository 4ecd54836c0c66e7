// Who writes much gets room on the disk ahead, and nobody keeps it.
#include "base/fd.hpp"
#include "repo/fixture.hpp"

#include <cerrno>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

namespace codex::repo::test {
namespace {

using testing::IsEmpty;

/// Notes what room it was asked for, and has it or has not.
class RoomyDisk : public Disk {
public:
    explicit RoomyDisk(int error = 0) : error_(error) {}
    int fallocate(int fd, int mode, off_t offset, off_t length) override {
        if (mode == FALLOC_FL_KEEP_SIZE)
            ends.push_back(offset + length);
        if (mode != FALLOC_FL_KEEP_SIZE || error_ == 0)
            return Disk::fallocate(fd, mode, offset, length);
        (void)!Disk::fallocate(fd, mode, offset, length / 2); // as a disk that is full by then
        errno = error_;
        return -1;
    }
    std::vector<off_t> ends;

private:
    int error_;
};

/// What all segments take of the disk beyond their sizes.
std::int64_t beyond_sizes(const std::string& repo) {
    std::int64_t bytes = 0;
    for (const std::string& file : segment_files(repo)) {
        struct stat st{};
        EXPECT_EQ(::stat(file.c_str(), &st), 0);
        bytes += std::int64_t{st.st_blocks} * 512 - std::int64_t{st.st_size};
    }
    return bytes;
}

constexpr std::int64_t kLittle = 1 << 20;
/// Eight of the MiB that have to come first, and some more.
constexpr std::uint64_t kManyBlocks = 2400;

Repo open_on(Disk& disk, const std::string& path) {
    OpenOptions options;
    options.create = true;
    options.disk = disk;
    return must(Repo::open(path, options));
}

TEST(RoomAhead, IsTakenByWhoWritesMuchAndGivenBack) {
    const Scratch scratch;
    RoomyDisk disk;
    Repo repo = open_on(disk, scratch.repo());
    must(write_blocks(repo, seeds(1, 64)));
    EXPECT_THAT(disk.ends, IsEmpty()) << "a little is written as it comes";
    must(write_blocks(repo, seeds(100, kManyBlocks), 0, "", 400));
    ASSERT_FALSE(disk.ends.empty());
    struct stat st{};
    ASSERT_EQ(::stat(segment_files(scratch.repo()).back().c_str(), &st), 0);
    EXPECT_GT(disk.ends.back(), st.st_size);
    EXPECT_LT(beyond_sizes(scratch.repo()), kLittle) << "though the repo is open";
    EXPECT_THAT(problems(repo), IsEmpty());
}

TEST(RoomAhead, IsNotNeeded) {
    const Scratch scratch;
    RoomyDisk disk(ENOSPC);
    Repo repo = open_on(disk, scratch.repo());
    must(write_blocks(repo, seeds(1, kManyBlocks), 0, "", 400));
    EXPECT_FALSE(disk.ends.empty());
    EXPECT_LT(beyond_sizes(scratch.repo()), kLittle) << "some of it was given";
    EXPECT_THAT(problems(repo), IsEmpty());
}

TEST(RoomAhead, OfAWriterThatWasKilledIsGivenBackByTheNext) {
    const Scratch scratch;
    RoomyDisk disk;
    {
        Repo repo = open_on(disk, scratch.repo());
        must(write_blocks(repo, seeds(1, 64)));
    }
    const std::string file = segment_files(scratch.repo()).back();
    {
        const Fd segment(::open(file.c_str(), O_RDWR | O_CLOEXEC));
        ASSERT_EQ(::fallocate(segment.get(), FALLOC_FL_KEEP_SIZE, 0, 8 << 20), 0);
    }
    ASSERT_GT(beyond_sizes(scratch.repo()), kLittle);
    Repo repo = open_on(disk, scratch.repo());
    must(write_blocks(repo, seeds(1000, 64)));
    EXPECT_LT(beyond_sizes(scratch.repo()), kLittle);
    EXPECT_THAT(problems(repo), IsEmpty());
}

} // namespace
} // namespace codex::repo::test
