#include "base/fd.hpp"

#include "content_of.hpp"
#include "must.hpp"
#include "temporary_folder.hpp"
#include "vectors.hpp"

#include <fcntl.h>
#include <functional>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace codex {
namespace {

using test::content_of;
using test::must;
using test::must_fail;
using test::TemporaryFolder;
using testing::HasSubstr;

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

unsigned mode_of(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777u;
}

TEST(Fd, OwnsMovesAndReleases) {
    const TemporaryFolder folder;
    Fd first = must(open_file(folder.file("a"), O_CREAT | O_RDWR));
    const int number = first.get();
    EXPECT_NE(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
    Fd second = std::move(first);
    EXPECT_FALSE(first); // that it is empty is the promise
    EXPECT_EQ(second.get(), number);
    Fd third;
    third = std::move(second);
    EXPECT_TRUE(is_open(number));
    const int released = third.release();
    EXPECT_FALSE(third);
    EXPECT_TRUE(is_open(released));
    Fd(released).reset();
    EXPECT_FALSE(is_open(number));
}

TEST(Fd, OpenErrorsNameThePath) {
    const TemporaryFolder folder;
    const Error error = must_fail(open_file(folder.file("missing"), O_RDONLY));
    EXPECT_EQ(error.code(), Errc::not_found);
    EXPECT_THAT(error.text(), HasSubstr(folder.file("missing")));
}

TEST(Fd, ReadsAndWritesWholeBuffersAtOffsets) {
    const TemporaryFolder folder;
    std::mt19937_64 random(9);
    const Bytes bytes = test::random_bytes(random, 300'000);
    const Fd file = must(open_file(folder.file("a"), O_CREAT | O_RDWR));
    must(write_full(file.get(), BytesView(bytes).first(100'000), "a"));
    must(pwrite_full(file.get(), BytesView(bytes).subspan(100'000), 100'000, "a"));

    Bytes back(400'000);
    EXPECT_EQ(must(pread_full(file.get(), back, 0, "a")), 300'000u) << "the end is no error";
    EXPECT_TRUE(equal(BytesView(back).first(300'000), bytes));
    EXPECT_EQ(must(pread_full(file.get(), MutableBytes(back).first(10), 299'995, "a")), 5u);
    EXPECT_EQ(must(pread_full(file.get(), back, 300'000, "a")), 0u);
    EXPECT_EQ(must(read_full(file.get(), back, "a")), 200'000u) << "from the file position";
}

TEST(Fd, ReadsAPipeThatDribbles) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const Fd reader(ends[0]);
    std::thread feeder([writer = Fd(ends[1])] {
        for (int i = 0; i < 100; ++i)
            must(write_full(writer.get(), as_bytes("0123456789"), "pipe"));
    });
    Bytes bytes(2000);
    EXPECT_EQ(must(read_full(reader.get(), bytes, "pipe")), 1000u);
    feeder.join();
}

TEST(Fd, WaitsWhereADescriptorIsNonBlocking) {
    constexpr std::size_t kBytes = 1 << 20; // more than a pipe holds
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
    const Fd reader(ends[0]);
    std::thread feeder(
        [writer = Fd(ends[1])] { must(write_full(writer.get(), Bytes(kBytes, 7), "pipe")); });
    Bytes bytes(kBytes + 1);
    const std::size_t some = must(read_some(reader.get(), MutableBytes(bytes).first(10), "pipe"));
    EXPECT_GE(some, 1U);
    EXPECT_EQ(must(read_full(reader.get(), MutableBytes(bytes).subspan(some), "pipe")),
              kBytes - some);
    feeder.join();
    EXPECT_EQ(must(read_some(reader.get(), bytes, "pipe")), 0U) << "the end";
}

TEST(Fd, AFullDeviceIsNoSpace) {
    const Fd full = must(open_file("/dev/full", O_WRONLY));
    const Error error = must_fail(write_full(full.get(), as_bytes("x"), "the disk"));
    EXPECT_EQ(error.code(), Errc::no_space);
    EXPECT_THAT(error.text(), HasSubstr("write the disk"));
}

TEST(Fd, ReadFileBounds) {
    const TemporaryFolder folder;
    for (const std::size_t size : {0u, 1u, 65535u, 65536u, 65537u, 200'000u}) {
        must(write_file_atomic(folder.file("a"), Bytes(size, 7)));
        EXPECT_EQ(must(read_file(folder.file("a"), size)), Bytes(size, 7));
        EXPECT_EQ(must(read_file(folder.file("a"), size + 1)).size(), size);
        if (size > 0) {
            EXPECT_EQ(must_fail(read_file(folder.file("a"), size - 1)).code(),
                      Errc::limit_exceeded);
        }
    }
    EXPECT_FALSE(must(read_file("/proc/self/status", 1 << 20)).empty()) << "st_size is 0 there";
}

TEST(Fd, UnnamedFilesHaveNoNameButBytes) {
    const TemporaryFolder folder;
    const Fd fd = must(unnamed_file(folder.path()));
    EXPECT_EQ(folder.entries(), 0U);
    must(pwrite_full(fd.get(), as_bytes("abc"), 2, "it"));
    Bytes read(8);
    EXPECT_EQ(must(pread_full(fd.get(), read, 1, "it")), 4U);
    EXPECT_EQ(must_fail(unnamed_file(folder.file("none"))).code(), Errc::cannot_create);
}

TEST(AtomicFile, WriteReplacesWholeAndLeavesNothingElse) {
    const TemporaryFolder folder;
    must(write_file_atomic(folder.file("a"), as_bytes("old")));
    must(write_file_atomic(folder.file("a"), as_bytes("new content"), 0600));
    EXPECT_EQ(content_of(folder.file("a")), "new content");
    EXPECT_EQ(mode_of(folder.file("a")), 0600u);
    EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFile, ANewOneReplacesNothing) {
    const TemporaryFolder folder;
    must(write_new_file(folder.file("a"), as_bytes("first"), 0600));
    EXPECT_EQ(mode_of(folder.file("a")), 0600u);
    EXPECT_EQ(must_fail(write_new_file(folder.file("a"), as_bytes("second"))).code(), Errc::exists);
    EXPECT_EQ(content_of(folder.file("a")), "first");
    ASSERT_EQ(::symlink("nowhere", folder.file("link").c_str()), 0);
    EXPECT_EQ(must_fail(write_new_file(folder.file("link"), as_bytes("x"))).code(), Errc::exists);
    EXPECT_EQ(folder.entries(), 2u) << "a refused one leaves nothing";
    // With a temporary name, as where a file cannot be without one.
    AtomicFile named = must(AtomicFile::create(folder.file("b")));
    must(named.prepare());
    must(named.commit_new());
    AtomicFile late = must(AtomicFile::create(folder.file("b")));
    must(late.prepare());
    EXPECT_EQ(must_fail(late.commit_new()).code(), Errc::exists);
    late = must(AtomicFile::create(folder.file("c")));
    EXPECT_EQ(must_fail(write_new_file(folder.file("no/a"), as_bytes("x"))).code(),
              Errc::cannot_create);
}

TEST(AtomicFile, AppearsOnlyOnCommit) {
    const TemporaryFolder folder;
    must(write_file_atomic(folder.file("a"), as_bytes("old")));
    AtomicFile file = must(AtomicFile::create(folder.file("a")));
    must(write_full(file.fd(), as_bytes("new"), "a"));
    EXPECT_EQ(content_of(folder.file("a")), "old");
    must(file.commit());
    EXPECT_EQ(content_of(folder.file("a")), "new");
    EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFile, AbandonedLeavesNothing) {
    const TemporaryFolder folder;
    {
        AtomicFile file = must(AtomicFile::create(folder.file("a")));
        must(write_full(file.fd(), as_bytes("half"), "a"));
        AtomicFile moved = std::move(file);
        EXPECT_GE(moved.fd(), 0);
    }
    EXPECT_EQ(folder.entries(), 0u);
}

TEST(AtomicFile, MovedFileCommits) {
    const TemporaryFolder folder;
    AtomicFile first = must(AtomicFile::create(folder.file("a")));
    AtomicFile second = std::move(first);
    must(write_full(second.fd(), as_bytes("x"), "a"));
    must(second.commit());
    EXPECT_EQ(content_of(folder.file("a")), "x");
}

TEST(AtomicFile, Refusals) {
    const TemporaryFolder folder;
    EXPECT_EQ(must_fail(AtomicFile::create(folder.file("no/such/a"))).code(), Errc::cannot_create);
    must(write_file_atomic(folder.file("file"), as_bytes("x")));
    EXPECT_EQ(must_fail(AtomicFile::create(folder.file("file/a"))).code(), Errc::cannot_create);
    ASSERT_EQ(::unlink(folder.file("file").c_str()), 0);
    ASSERT_EQ(::mkdir(folder.file("taken").c_str(), 0777), 0);
    const Error error = must_fail(write_file_atomic(folder.file("taken"), as_bytes("x")));
    EXPECT_THAT(error.text(), HasSubstr("taken"));
    EXPECT_EQ(folder.entries(), 1u) << "the second name is gone after the failed rename";
}

TEST(AtomicFile, TakesAllNamesThatAFileMayHave) {
    const TemporaryFolder folder;
    for (const std::size_t length : {1U, 230U, 243U, 244U, 250U, 255U}) {
        const std::string path = folder.file(std::string(length, 'n'));
        for (const char* content : {"new", "in place of an old one"}) {
            must(write_file_atomic(path, as_bytes(content)));
            EXPECT_EQ(content_of(path), content);
        }
    }
    EXPECT_EQ(folder.entries(), 6U);
}

/// What `body` gives in a process that sees nothing but the folder: no /proc, no /dev.
bool alone_in(const std::string& folder, const std::function<bool()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        // Who may not change the root becomes the root of a name space of his own.
        const bool inside = ::chroot(folder.c_str()) == 0 ||
                            (::unshare(CLONE_NEWUSER) == 0 && ::chroot(folder.c_str()) == 0);
        ::_exit(inside && ::chdir("/") == 0 && body() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(AtomicFile, ErrorsNameWhatWasWanted) {
    const TemporaryFolder folder;
    const std::string path = folder.file("none/file");
    EXPECT_EQ(must_fail(AtomicFile::create(path)).text(),
              "cannot create " + path + ": No such file or directory");
    EXPECT_EQ(must_fail(unnamed_file(folder.file("none"))).text(),
              "cannot create " + folder.file("none") + ": No such file or directory");
}

TEST(Fd, AnEmptyNameIsSaidToBeOne) {
    const Error error = must_fail(open_file("", O_RDONLY));
    EXPECT_EQ(error.code(), Errc::not_found);
    EXPECT_EQ(error.text(), "the name of a file is empty");
    EXPECT_NE(error.hint(), "");
}

TEST(Fd, AFolderIsNoFile) {
    const TemporaryFolder folder;
    const Error error = must_fail(read_file(folder.path(), 100));
    EXPECT_EQ(error.code(), Errc::unsupported);
    EXPECT_EQ(error.text(), "read " + folder.path() + ": is a folder");
    EXPECT_TRUE(error.has_way_out());
}

TEST(AtomicFile, DoesWithoutProc) {
    const TemporaryFolder folder;
    EXPECT_TRUE(alone_in(folder.path(), [] {
        AtomicFile abandoned = must(AtomicFile::create("/b"));
        return ::access("/proc", F_OK) != 0 &&
               write_file_atomic("/a", as_bytes("old")).has_value() &&
               write_file_atomic("/a", as_bytes("new")).has_value() &&
               unnamed_file("/").has_value();
    }));
    EXPECT_EQ(content_of(folder.file("a")), "new");
    EXPECT_EQ(folder.entries(), 1U);
}

TEST(AtomicFile, ConcurrentWritersLeaveOneWholeContent) {
    const TemporaryFolder folder;
    std::vector<std::thread> writers;
    for (char c = 'a'; c < 'e'; ++c)
        writers.emplace_back([&folder, c] {
            for (int i = 0; i < 10; ++i)
                must(write_file_atomic(folder.file("f"), as_bytes(std::string(5000, c))));
        });
    for (std::thread& writer : writers)
        writer.join();
    const std::string content = content_of(folder.file("f"));
    EXPECT_EQ(content, std::string(5000, content.front()));
    EXPECT_EQ(folder.entries(), 1u);
}

TEST(Fd, SyncDirectory) {
    const TemporaryFolder folder;
    EXPECT_TRUE(sync_directory(folder.path()).has_value());
    EXPECT_EQ(must_fail(sync_directory(folder.file("none"))).code(), Errc::not_found);
}

} // namespace
} // namespace codex
