// Sockets with paths, of the system.
#include "base/local_network.hpp"

#include "base/fd.hpp"
#include "must.hpp"
#include "nobody.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex {
namespace {

using codex::test::must;
using codex::test::must_fail;
using std::chrono::minutes;
using std::chrono::seconds;

Task<void> accept_nobody(Acceptor* from) {
    const auto never = co_await from->accept();
    EXPECT_FALSE(never);
}

class LocalNetworkTest : public ::testing::Test {
protected:
    template <class T> Result<T> run(Task<Result<T>> task) {
        auto value = run_task(loop_, std::move(task), loop_.now() + minutes(2));
        if (!value)
            return fail(Errc::timeout, "the task has not ended");
        return std::move(*value);
    }
    Result<LocalConnection> connect(const std::string& path) {
        return run(network_.connect(path, loop_.now() + minutes(1)));
    }
    void write(Socket& socket, std::string_view text) {
        must(run(write_all(&socket, as_bytes(text), loop_.now() + minutes(1))));
    }
    std::string read(Socket& socket) {
        Bytes bytes(1000);
        const auto size = must(run(read_some(&socket, bytes, loop_.now() + minutes(1))));
        return std::string(as_text(BytesView(bytes).first(size)));
    }

    SystemLoop loop_;
    LocalNetwork network_{loop_};
    codex::test::TemporaryFolder folder_;
};

TEST_F(LocalNetworkTest, BytesGoBothWays) {
    const std::string path = folder_.file("socket");
    const auto acceptor = must(network_.listen(path));
    const LocalConnection there = must(connect(path));
    EXPECT_EQ(there.process, ::getpid());
    const auto here = must(run(acceptor->accept()));
    write(*here, "hello");
    EXPECT_EQ(read(*there.socket), "hello");
    write(*there.socket, "you");
    EXPECT_EQ(read(*here), "you");
    there.socket->end();
    EXPECT_EQ(read(*here), "");
    // More than the system holds waits until it is read.
    const std::string much(std::size_t{1} << 20, 'm');
    auto full = run_task(
        loop_, write_all(here.get(), as_bytes(much), loop_.now() + std::chrono::milliseconds(50)));
    EXPECT_EQ(must_fail(std::move(*full)).code(), Errc::timeout);
}

TEST_F(LocalNetworkTest, IsForItsOwnerAloneAndGoesWithItsAcceptor) {
    const std::string path = folder_.file("socket");
    auto acceptor = must(network_.listen(path));
    struct stat info{};
    ASSERT_EQ(::lstat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600U);
    acceptor.reset();
    EXPECT_NE(::lstat(path.c_str(), &info), 0);
    EXPECT_EQ(must_fail(connect(path)).code(), Errc::unavailable);
}

TEST_F(LocalNetworkTest, WhatAProcessLeftIsReplacedAndNothingElse) {
    const std::string path = folder_.file("socket");
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        SystemLoop loop;
        LocalNetwork network(loop);
        const auto acceptor = network.listen(path);
        ::_exit(acceptor ? 0 : 1); // without its destructor, as after a kill
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(status, 0);
    struct stat info{};
    ASSERT_EQ(::lstat(path.c_str(), &info), 0);
    EXPECT_EQ(must_fail(connect(path)).code(), Errc::unavailable);
    const auto acceptor = must(network_.listen(path));
    EXPECT_TRUE(connect(path));
    const std::string file = folder_.file("file");
    must(write_file_atomic(file, as_bytes("mine")));
    EXPECT_EQ(must_fail(network_.listen(file)).code(), Errc::cannot_create);
    EXPECT_EQ(must(read_file(file, 100)).size(), 4U);
}

TEST_F(LocalNetworkTest, APathMayBeLongerThanTheNameOfASocket) {
    std::string path = folder_.file(std::string(200, 'd'));
    ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
    path += "/socket";
    const auto acceptor = must(network_.listen(path));
    const LocalConnection there = must(connect(path));
    const auto here = must(run(acceptor->accept()));
    write(*here, "hello");
    EXPECT_EQ(read(*there.socket), "hello");
    EXPECT_EQ(must_fail(network_.listen(folder_.file("no/") + std::string(200, 'x'))).code(),
              Errc::unavailable);
}

TEST_F(LocalNetworkTest, NobodyThereIsUnavailable) {
    EXPECT_EQ(must_fail(connect(folder_.file("none"))).code(), Errc::unavailable);
    EXPECT_EQ(must_fail(connect(folder_.file("no/folder"))).code(), Errc::unavailable);
}

TEST_F(LocalNetworkTest, AnotherUserIsHungUpOn) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can be another user";
    const std::string path = folder_.file("socket");
    const auto acceptor = must(network_.listen(path));
    // As if the folder and the socket kept nobody out.
    ASSERT_EQ(::chmod(path.c_str(), 0777), 0);
    ASSERT_EQ(::chmod(path.substr(0, path.rfind('/')).c_str(), 0777), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        if (!test::become_nobody())
            ::_exit(2);
        SystemLoop loop;
        LocalNetwork network(loop);
        const auto until = loop.now() + minutes(1);
        auto connected = run_task(loop, network.connect(path, until));
        if (!*connected)
            ::_exit((*connected).error().code() == Errc::permission ? 0 : 3);
        Bytes byte(1);
        const auto size = run_task(loop, read_some((*connected)->socket.get(), byte, until));
        ::_exit(*size && **size == 0 ? 0 : 4);
    }
    int status = 1;
    bool ended = false;
    TaskGroup accepting(loop_);
    accepting.start(accept_nobody(acceptor.get()));
    while (!ended)
        loop_.run_until(
            [&] {
                ended = ended || ::waitpid(child, &status, WNOHANG) == child;
                return ended;
            },
            loop_.now() + std::chrono::milliseconds(20));
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace codex
