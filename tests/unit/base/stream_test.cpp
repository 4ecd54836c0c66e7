#include "base/fd_stream.hpp"
#include "byte_generator.hpp"
#include "memory_streams.hpp"
#include "must.hpp"
#include "temporary_folder.hpp"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace codex {
namespace {

using test::generate;
using test::MemorySource;
using test::must;
using test::must_fail;
using testing::HasSubstr;

struct Ends {
    Fd out, in; // read from, written to
};
Ends pipe_ends() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    return {Fd(ends[0]), Fd(ends[1])};
}
Ends socket_ends() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

/// All that comes until the end.
Bytes drain(int fd) {
    return must(read_all(fd, "pipe", std::uint64_t{1} << 30));
}

int waiting_bytes(int out) {
    int bytes = -1;
    EXPECT_EQ(::ioctl(out, FIONREAD, &bytes), 0);
    return bytes;
}

template <class Condition> void until(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    while (!condition()) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        std::this_thread::yield();
    }
}

TEST(ByteSource, ReadFillsAndCounts) {
    const Bytes content = generate(1, 1000);
    MemorySource source(content, 7);
    Bytes some(20), rest(2000);
    EXPECT_EQ(must(source.read_some(some)), 7U);
    EXPECT_EQ(must(source.read(MutableBytes(some).subspan(7))), 13U);
    EXPECT_TRUE(equal(some, BytesView(content).first(20)));
    EXPECT_EQ(must(source.read_some({})), 0U);
    EXPECT_EQ(source.bytes_read(), 20U);
    EXPECT_EQ(must(source.read(rest)), 980U);
    EXPECT_TRUE(equal(BytesView(rest).first(980), BytesView(content).subspan(20)));
    EXPECT_EQ(must(source.read(rest)), 0U);
    EXPECT_EQ(source.bytes_read(), 1000U);
}

TEST(FdSource, TellsWhatARegularFileHas) {
    const Fd file(::memfd_create("content", MFD_CLOEXEC));
    must(write_full(file.get(), generate(2, 1000), "content"));
    ASSERT_EQ(::lseek(file.get(), 400, SEEK_SET), 400);
    FdSource source = must(FdSource::create(file.get(), "content"));
    EXPECT_EQ(source.remaining_bytes(), 600U);
    Bytes bytes(100);
    EXPECT_EQ(must(source.read(bytes)), 100U);
    EXPECT_EQ(source.remaining_bytes(), 500U);
    EXPECT_EQ(source.bytes_read(), 100U);
    EXPECT_EQ(must(FdSource::create(pipe_ends().out.get(), "pipe")).remaining_bytes(), 0U);
}

TEST(FdSource, IsCancelledWhileItWaits) {
    for (const Ends& ends : {pipe_ends(), socket_ends()}) {
        must(write_full(ends.in.get(), Bytes(10, 1), "pipe"));
        FdSource source = must(FdSource::create(ends.out.get(), "the pipe"));
        std::optional<Error> error;
        std::thread reads([&] {
            Bytes bytes(11); // one more than ever comes
            error.emplace(must_fail(source.read(bytes)));
        });
        until([&] { return waiting_bytes(ends.out.get()) == 0; });
        source.cancel();
        reads.join();
        EXPECT_EQ(error->code(), Errc::cancelled);
        EXPECT_EQ(error->text(), "read the pipe: cancelled");
        Bytes bytes(1);
        EXPECT_EQ(must_fail(source.read_some(bytes)).code(), Errc::cancelled);
    }
}

TEST(FdSink, WritesAllToWhateverItIs) {
    const Bytes content = generate(3, 3'000'001);
    const test::TemporaryFolder folder;
    {
        const Fd file = must(open_file(folder.file("a"), O_CREAT | O_WRONLY));
        FdSink sink = must(FdSink::create(file.get(), "a"));
        must(sink.write(BytesView(content).first(10)));
        must(sink.write(BytesView(content).subspan(10)));
        must(sink.flush());
        EXPECT_EQ(must(read_file(folder.file("a"), content.size())), content);
    }
    for (const auto& make : {pipe_ends, socket_ends}) {
        Ends ends = make();
        Bytes got;
        std::thread reads([&] { got = drain(ends.out.get()); });
        {
            FdSink sink = must(FdSink::create(ends.in.get(), "pipe"));
            must(sink.write(content));
        }
        EXPECT_EQ(::fcntl(ends.in.get(), F_GETFL) & O_NONBLOCK, 0); // it is as it was
        ends.in.reset();
        reads.join();
        EXPECT_TRUE(got == content);
    }
}

TEST(FdSink, IsCancelledWhileNobodyReads) {
    for (const Ends& ends : {pipe_ends(), socket_ends()}) {
        FdSink sink = must(FdSink::create(ends.in.get(), "the pipe"));
        std::optional<Error> error;
        std::thread writes([&] {
            const Bytes content(std::size_t{32} << 20); // more than fits
            error.emplace(must_fail(sink.write(content)));
        });
        until([&] { return waiting_bytes(ends.out.get()) > 0; });
        sink.cancel();
        writes.join();
        EXPECT_EQ(error->code(), Errc::cancelled);
        EXPECT_EQ(error->text(), "write the pipe: cancelled");
        EXPECT_EQ(must_fail(sink.write(Bytes(1))).code(), Errc::cancelled);
    }
}

TEST(FdSink, WritesAndIsCancelledWhereItMayNotOpenThePipeAgain) {
    Ends ends = pipe_ends();
    ASSERT_EQ(::fchmod(ends.in.get(), 0), 0);
    constexpr uid_t kNobody = 65534;
    const int before = ::setfsuid(kNobody); // of this thread; root may open what it likes
    FdSink sink = must(FdSink::create(ends.in.get(), "the pipe"));
    ::setfsuid(static_cast<uid_t>(before));
    const Bytes content = generate(4, 300'001);
    Bytes got(content.size());
    std::thread reads([&] { EXPECT_EQ(must(read_full(ends.out.get(), got, "pipe")), got.size()); });
    must(sink.write(content));
    reads.join();
    EXPECT_TRUE(got == content);
    std::optional<Error> error;
    std::thread writes([&] {
        const Bytes more(std::size_t{1} << 24);
        error.emplace(must_fail(sink.write(more)));
    });
    until([&] { return waiting_bytes(ends.out.get()) == ::fcntl(ends.in.get(), F_GETPIPE_SZ); });
    sink.cancel();
    writes.join();
    EXPECT_EQ(error->code(), Errc::cancelled);
}

TEST(FdSink, SaysWhatTheSystemSays) {
    const Fd full = must(open_file("/dev/full", O_WRONLY));
    const Error no_space = must_fail(must(FdSink::create(full.get(), "the file")).write(Bytes(1)));
    EXPECT_EQ(no_space.code(), Errc::no_space);
    EXPECT_THAT(no_space.text(), HasSubstr("the file"));
    const Fd null = must(open_file("/dev/null", O_RDONLY));
    EXPECT_EQ(must_fail(must(FdSink::create(null.get(), "null")).write(Bytes(1))).code(), Errc::io);
    EXPECT_THAT(must_fail(FdSink::create(-1, "none")).text(), HasSubstr("write none: "));
    EXPECT_THAT(must_fail(FdSource::create(-1, "none")).text(), HasSubstr("read none: "));
}

} // namespace
} // namespace codex
