// Whom a router may say that it is.
#include "router/url.hpp"

#include <gtest/gtest.h>

namespace codex::router {
namespace {

SocketAddress ip4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                  std::uint16_t port = 0) {
    return {std::array<std::uint8_t, 4>{a, b, c, d}, port};
}

TEST(HostOf, TakesAddressesOfIpv4) {
    EXPECT_EQ(host_of("http://192.168.7.1:5000/root.xml"), ip4(192, 168, 7, 1, 5000));
    EXPECT_EQ(host_of("http://192.168.7.1/"), ip4(192, 168, 7, 1, 80));
    EXPECT_EQ(host_of("http://192.168.7.1"), ip4(192, 168, 7, 1, 80));
    EXPECT_EQ(host_of("http://192.168.7.1:65535/a:b@c/http://10.0.0.1/"),
              ip4(192, 168, 7, 1, 65535));
}

TEST(HostOf, TakesNothingElse) {
    for (const std::string_view url : {"",
                                       "http://",
                                       "http:///x",
                                       "https://192.168.7.1/",
                                       "HTTP://192.168.7.1/",
                                       "192.168.7.1",
                                       "http://router/x",
                                       "http://localhost/",
                                       "http://[::1]/",
                                       "http://192.168.7.1:0/",
                                       "http://192.168.7.1:65536/",
                                       "http://192.168.7.1:/",
                                       "http://192.168.7.1:80:81/",
                                       "http://192.168.7.1:-1/",
                                       "http://192.168.7/",
                                       "http://192.168.7.1.5/",
                                       "http://user@192.168.7.1/",
                                       "http://192.168.7.1 /x",
                                       "http://192.168.7.1/a b",
                                       "http://192.168.7.1/\r\nX: y",
                                       "http://192.168.7.1/\x7f",
                                       "http://0300.0250.7.1/",
                                       "http://192.168.7.1?x/",
                                       "http://3232237313/"})
        EXPECT_EQ(host_of(url), std::nullopt) << url;
    EXPECT_EQ(host_of(std::string_view("http://192.168.7.1/\0", 20)), std::nullopt);
}

TEST(Neighbours, AreOtherHostsOfTheSameNets) {
    const std::vector<Net> nets = {{ip4(192, 168, 7, 2), 0xffffff00},
                                   {ip4(10, 1, 2, 3), 0xffff0000}};
    EXPECT_TRUE(is_neighbour(ip4(192, 168, 7, 1, 5000), nets));
    EXPECT_TRUE(is_neighbour(ip4(10, 1, 200, 9), nets));
    for (const SocketAddress& other :
         {ip4(192, 168, 8, 1), ip4(10, 2, 0, 1), ip4(127, 0, 0, 1), ip4(0, 0, 0, 0),
          ip4(5, 6, 7, 8), ip4(192, 168, 7, 2), ip4(10, 1, 2, 3, 80), // this host
          ip4(192, 168, 7, 0), ip4(192, 168, 7, 255), ip4(10, 1, 255, 255),
          ip4(239, 255, 255, 250)})
        EXPECT_FALSE(is_neighbour(other, nets)) << other.text();
    EXPECT_FALSE(is_neighbour(SocketAddress(std::array<std::uint8_t, 16>{}, 80), nets));
    EXPECT_FALSE(is_neighbour(ip4(1, 2, 3, 4), {}));
    // One that says that it is the whole internet's is none of them.
    EXPECT_FALSE(is_neighbour(ip4(5, 6, 7, 8), {{ip4(192, 168, 7, 2), 0}}));
    EXPECT_FALSE(is_neighbour(ip4(192, 168, 7, 1), {{ip4(192, 168, 7, 2), 0xffffffff}}));
    // The two of a net of two are all it has.
    EXPECT_TRUE(is_neighbour(ip4(192, 168, 7, 3), {{ip4(192, 168, 7, 2), 0xfffffffe}}));
    EXPECT_FALSE(is_neighbour(ip4(192, 168, 7, 4), {{ip4(192, 168, 7, 2), 0xfffffffe}}));
}

TEST(Neighbours, OwnNetsAreWithoutThisHostAlone) {
    const auto nets = own_nets();
    ASSERT_TRUE(nets.has_value());
    for (const Net& net : *nets)
        EXPECT_NE(net.own.ip[0], 127);
}

} // namespace
} // namespace codex::router
