#include "base/output_file.hpp"

#include "content_of.hpp"
#include "must.hpp"
#include "temporary_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace codex {
namespace {

using test::content_of;
using test::must;
using test::must_fail;
using test::TemporaryFolder;

void put(OutputFile& file, std::string_view text) {
    must(write_full(file.fd(), as_bytes(text), "output"));
}

TEST(OutputFile, AppearsOnCommitAndReplaces) {
    const TemporaryFolder folder;
    for (const char* text : {"one", "two"}) {
        OutputFile file = must(OutputFile::open(folder.file("a")));
        EXPECT_TRUE(file.is_new_file());
        put(file, text);
        must(file.commit());
        EXPECT_EQ(content_of(folder.file("a")), text);
    }
    EXPECT_EQ(folder.entries(), 1U);
}

TEST(OutputFile, ALinkStays) {
    const TemporaryFolder folder;
    must(write_file_atomic(folder.file("a"), as_bytes("old")));
    ASSERT_EQ(::symlink("a", folder.file("link").c_str()), 0);
    OutputFile file = must(OutputFile::open(folder.file("link")));
    put(file, "new");
    must(file.commit());
    EXPECT_EQ(content_of(folder.file("a")), "new");
    struct stat info{};
    ASSERT_EQ(::lstat(folder.file("link").c_str(), &info), 0);
    EXPECT_TRUE(S_ISLNK(info.st_mode));
}

TEST(OutputFile, WritesToAFifoAsItIs) {
    const TemporaryFolder folder;
    ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
    std::string read;
    std::thread reader([&] { read = content_of(folder.file("pipe")); });
    {
        OutputFile file = must(OutputFile::open(folder.file("pipe")));
        EXPECT_FALSE(file.is_new_file());
        put(file, "through");
        must(file.commit());
    }
    reader.join();
    EXPECT_EQ(read, "through");
}

TEST(OutputFile, AFifoThatNobodyReadsIsNotWaitedFor) {
    const TemporaryFolder folder;
    const std::string path = folder.file("pipe");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(must(OutputFile::open_if_read(path)).has_value());
    const Fd reader = must(open_file(path, O_RDONLY | O_NONBLOCK));
    {
        auto file = must(OutputFile::open_if_read(path));
        ASSERT_TRUE(file.has_value());
        EXPECT_EQ(::fcntl(file->fd(), F_GETFL) & O_NONBLOCK, 0); // who writes to it waits
        put(*file, "through");
    }
    Bytes read(16);
    EXPECT_EQ(must(read_full(reader.get(), read, "pipe")),
              7U); // and its end: nobody else has it open
    // Whatever else there is is opened as ever.
    EXPECT_TRUE(must(OutputFile::open_if_read(folder.file("new"))).has_value());
    EXPECT_TRUE(must(OutputFile::open_if_read("/dev/null")).has_value());
    EXPECT_EQ(must_fail(OutputFile::open_if_read(folder.path())).code(), Errc::cannot_create);
}

TEST(OutputFile, ADescriptorKeepsItsPosition) {
    const TemporaryFolder folder;
    // As a shell opens it: without the flag that closes it.
    const Fd given(::open(folder.file("a").c_str(), O_CREAT | O_WRONLY, 0600));
    must(write_full(given.get(), as_bytes("before,"), "a"));
    OutputFile file = must(OutputFile::open(fmt::format("/dev/fd/{}", given.get())));
    EXPECT_FALSE(file.is_new_file());
    put(file, "behind");
    must(file.commit());
    EXPECT_EQ(content_of(folder.file("a")), "before,behind");

    const Fd ours = must(open_file(folder.file("b"), O_CREAT | O_WRONLY));
    EXPECT_EQ(must_fail(OutputFile::open(fmt::format("/dev/fd/{}", ours.get()))).code(),
              Errc::cannot_create)
        << "a file of the process itself";
}

TEST(OutputFile, NoHalfOfTwoStays) {
    const TemporaryFolder folder;
    must(write_file_atomic(folder.file("old"), as_bytes("old")));
    std::vector<OutputFile> files;
    files.push_back(must(OutputFile::open(folder.file("first"))));
    files.push_back(must(OutputFile::open(folder.file("second"))));
    for (OutputFile& file : files)
        put(file, "x");
    ASSERT_EQ(::mkdir(folder.file("second").c_str(), 0700), 0); // in its way meanwhile
    EXPECT_FALSE(OutputFile::commit_all(files).has_value());
    files.clear();
    EXPECT_EQ(folder.entries(), 2U) << "old, and the folder";
    EXPECT_EQ(::rmdir(folder.file("second").c_str()), 0);

    // A file that the first of them has replaced comes back.
    files.push_back(must(OutputFile::open(folder.file("old"))));
    files.push_back(must(OutputFile::open(folder.file("second"))));
    for (OutputFile& file : files)
        put(file, "x");
    ASSERT_EQ(::mkdir(folder.file("second").c_str(), 0700), 0);
    EXPECT_FALSE(OutputFile::commit_all(files).has_value());
    files.clear();
    EXPECT_EQ(content_of(folder.file("old")), "old");
    EXPECT_EQ(folder.entries(), 2U) << "old, and the folder";
    EXPECT_EQ(::rmdir(folder.file("second").c_str()), 0);

    files.push_back(must(OutputFile::open(folder.file("first"))));
    files.push_back(must(OutputFile::open(folder.file("old"))));
    for (OutputFile& file : files)
        put(file, "both");
    must(OutputFile::commit_all(files));
    EXPECT_EQ(content_of(folder.file("first")), "both");
    EXPECT_EQ(content_of(folder.file("old")), "both");
    EXPECT_EQ(folder.entries(), 2U);
}

TEST(OutputFile, Refusals) {
    const TemporaryFolder folder;
    EXPECT_EQ(must_fail(OutputFile::open(folder.path())).code(), Errc::cannot_create);
    for (const std::string& place : {folder.file("no/such"), folder.file(std::string(256, 'n')),
                                     std::string("/dev/null/x"), std::string("/dev/fd/999")})
        EXPECT_EQ(must_fail(OutputFile::open(place)).code(), Errc::cannot_create) << place;
    EXPECT_EQ(folder.entries(), 0U);
}

} // namespace
} // namespace codex
