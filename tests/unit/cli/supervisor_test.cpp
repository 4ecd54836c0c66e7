// What a process tells whoever started it, and takes from it.
#include "cli/supervisor.hpp"

#include "must.hpp"
#include "temporary_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace codex::cli::supervisor_test {
namespace {

/// Datagrams at a path, or at an abstract name.
struct Listener {
    explicit Listener(std::string_view name)
        : fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::memcpy(at.sun_path, name.data(), name.size());
        const auto size = offsetof(sockaddr_un, sun_path) + name.size();
        bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at),
                       static_cast<socklen_t>(size)) == 0;
    }
    std::string next() {
        std::array<char, 512> text{};
        const ssize_t size = ::recv(fd.get(), text.data(), text.size(), 0);
        return size < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(size));
    }
    Fd fd;
    bool bound = false;
};

Supervisor told(const std::string& socket) {
    return Supervisor::of({socket, "", ""});
}

TEST(Supervisors, AreToldThatItServesAndThatItEnds) {
    const codex::test::TemporaryFolder folder;
    const std::string path = folder.path() + "/notify";
    Listener listener(path);
    ASSERT_TRUE(listener.bound);
    const Supervisor supervisor = told(path);
    supervisor.ready("Serving");
    EXPECT_EQ(listener.next(), "READY=1\nSTATUS=Serving");
    supervisor.stopping();
    EXPECT_EQ(listener.next(), "STOPPING=1\nSTATUS=Stopping");
}

TEST(Supervisors, MayHaveAnAbstractName) {
    const std::string name = "codex-test-" + std::to_string(::getpid());
    Listener listener('\0' + name);
    ASSERT_TRUE(listener.bound);
    told("@" + name).ready("x");
    EXPECT_EQ(listener.next(), "READY=1\nSTATUS=x");
}

TEST(Supervisors, ThatAreNotThereDoNotMatter) {
    for (const std::string& socket :
         {std::string(), std::string("relative"), std::string("/nowhere/notify"),
          std::string("@nobody-there"), "/" + std::string(200, 'a')}) {
        told(socket).ready("x");
        told(socket).stopping();
    }
    Supervisor().ready("x");
}

TEST(Supervisors, ThatDoNotReadAreNotWaitedForForEver) {
    const codex::test::TemporaryFolder folder;
    const std::string path = folder.path() + "/notify";
    Listener listener(path);
    const Fd sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path.data(), path.size());
    while (::sendto(sender.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at) ==
           1)
        ;
    told(path).ready("x"); // returns
}

TEST(Supervisors, PassSocketsToThisProcessAlone) {
    // Where a program's first descriptors are; whatever this process has there comes back.
    const Fd kept(::fcntl(3, F_DUPFD_CLOEXEC, 100));
    ASSERT_GE(::dup2(1, 3), 0);
    const std::string own = std::to_string(::getpid());
    const auto count = [](const std::string& process, const std::string& number) {
        auto sockets = Supervisor::of({"", process, number}).take_sockets();
        const std::size_t size = sockets.size();
        for (Fd& socket : sockets)
            static_cast<void>(socket.release());
        return size;
    };
    EXPECT_EQ(count(own, "1"), 1U);
    EXPECT_EQ(::fcntl(3, F_GETFD), FD_CLOEXEC) << "what it starts gets none of them";
    for (const auto& [process, number] : {std::pair<std::string, std::string>{"1", "1"},
                                          {"", "1"},
                                          {own, ""},
                                          {own, "0"},
                                          {own, "-1"},
                                          {own, "many"},
                                          {own, "1x"},
                                          {own, "65"},
                                          {own + "0", "1"}})
        EXPECT_EQ(count(process, number), 0U) << process << " " << number;
    EXPECT_TRUE(kept ? ::dup3(kept.get(), 3, O_CLOEXEC) == 3 : ::close(3) == 0);
}

} // namespace
} // namespace codex::cli::supervisor_test
