// Sockets that somebody else has opened for this process.
#include "base/system_network.hpp"
#include "must.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace codex::inherited_sockets_test {
namespace {

using test::must;
using test::must_fail;

/// At a port of this host that is free.
Fd open_socket(int kind, bool listens) {
    Fd fd(::socket(AF_INET, kind | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_TRUE(!listens || ::listen(fd.get(), 4) == 0);
    return fd;
}

Task<Result<std::size_t>> hear_from(SystemNetwork* network, Acceptor* acceptor, SocketAddress at,
                                    Clock::Instant until) {
    CODEX_CO_TRY(there, network->connect(at, until));
    CODEX_CO_TRY(here, acceptor->accept());
    const Bytes hello = {1, 2, 3};
    CODEX_CO_CHECK(write_all(there.get(), hello, until));
    Bytes heard(8);
    co_return co_await read_some(here.get(), heard, until);
}

class InheritedSocketsTest : public testing::Test {
protected:
    SystemLoop loop;
    SystemNetwork network{loop};
};

TEST_F(InheritedSocketsTest, AreWhatListensAtTheirAddress) {
    const SocketAddress at = must(network.inherit(open_socket(SOCK_STREAM, true)));
    EXPECT_EQ(network.inherited(), std::vector<SocketAddress>{at});
    // Bound anew it would be in use.
    const auto acceptor = must(network.listen(at));
    EXPECT_EQ(acceptor->local(), at);
    EXPECT_TRUE(network.inherited().empty());
    const Clock::Instant until = loop.now() + std::chrono::minutes(1);
    auto heard = run_task(loop, hear_from(&network, acceptor.get(), at, until));
    EXPECT_EQ(must(std::move(*heard)), 3U);
}

TEST_F(InheritedSocketsTest, AreGivenOnce) {
    const SocketAddress at = must(network.inherit(open_socket(SOCK_STREAM, true)));
    const auto acceptor = must(network.listen(at));
    EXPECT_EQ(must_fail(network.listen(at)).code(), Errc::address_in_use);
}

TEST_F(InheritedSocketsTest, LeaveOtherAddressesAlone) {
    const SocketAddress at = must(network.inherit(open_socket(SOCK_STREAM, true)));
    SocketAddress any = at;
    any.port = 0;
    EXPECT_NE(must(network.listen(any))->local(), at);
    EXPECT_EQ(network.inherited().size(), 1U);
}

TEST_F(InheritedSocketsTest, ThatAreNoneAreRefused) {
    EXPECT_EQ(must_fail(network.inherit(open_socket(SOCK_STREAM, false))).code(),
              Errc::argument_invalid);
    EXPECT_EQ(must_fail(network.inherit(open_socket(SOCK_DGRAM, false))).code(),
              Errc::argument_invalid);
    EXPECT_EQ(must_fail(network.inherit(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)))).code(),
              Errc::argument_invalid);
    EXPECT_EQ(must_fail(network.inherit(Fd())).code(), Errc::argument_invalid);
    EXPECT_TRUE(network.inherited().empty());
}

} // namespace
} // namespace codex::inherited_sockets_test
