// Routers of UPnP on a simulated network: what they are asked, and what is made of answers that are
// late, wrong, endless, or another's.
#include "nat_neighbour.hpp"
#include "net/nat/http_reply.hpp"
#include "net/nat/upnp.hpp"

#include <algorithm>

namespace codex::net::nat {
namespace {

constexpr std::uint16_t kControlPort = 5000;

std::string soap(std::string_view inside) {
    return fmt::format("<s:Envelope><s:Body>{}</s:Body></s:Envelope>", inside);
}
std::string refusal(unsigned code) {
    return soap(fmt::format("<s:Fault><detail><UPnPError><errorCode>{}</errorCode></UPnPError>"
                            "</detail></s:Fault>",
                            code));
}
std::string http(unsigned status, std::string_view body) {
    return fmt::format("HTTP/1.1 {} x\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}
constexpr std::string_view kDescription =
    "<root><device><serviceList><service>"
    "<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>"
    "<controlURL>/ctl</controlURL></service></serviceList></device></root>";

class UpnpTest : public RoutersTest {
protected:
    UpnpTest() {
        options.group = SocketAddress(kRouterIp, 1900);
        router.take_datagrams(1900, [this](const std::string& asked) {
            if (asked.find("InternetGatewayDevice:1") == asked.npos)
                return std::vector<std::string>();
            return found;
        });
        router.listen(kControlPort, [this](const std::string& asked) {
            for (const auto& [words, answer] : says)
                if (asked.find(words) != asked.npos)
                    return answer;
            return std::vector<std::string>{http(404, "")};
        });
        upnp.emplace(*here, random, options);
    }
    static std::string place(std::string_view at = "192.168.7.1:5000") {
        return fmt::format("HTTP/1.1 200 OK\r\nLOCATION: http://{}/root.xml\r\n\r\n", at);
    }
    /// What the action was told last.
    std::string told(std::string_view action, std::string_view name) {
        for (auto it = router.asked.rbegin(); it != router.asked.rend(); ++it)
            if (it->find(fmt::format("#{}\"", action)) != it->npos)
                return value_of(*it, name).value_or("");
        return "not asked";
    }
    std::size_t times(std::string_view words) {
        return static_cast<std::size_t>(std::ranges::count_if(
            router.asked, [&](const std::string& one) { return one.find(words) != one.npos; }));
    }
    void be(std::string words, std::vector<std::string> answer) {
        for (auto& [of, is] : says)
            if (of == words)
                is = answer;
    }

    std::vector<std::string> found = {place()};
    std::vector<std::pair<std::string, std::vector<std::string>>> says = {
        {"GET /root.xml", {http(200, kDescription)}},
        {"#GetExternalIPAddress",
         {http(200, soap("<NewExternalIPAddress>5.6.7.8</NewExternalIPAddress>"))}},
        {"#AddPortMapping", {http(200, soap(""))}},
        {"#DeletePortMapping", {http(200, soap(""))}},
    };
    UpnpOptions options;
    SeededRandom random{7};
    std::optional<Upnp> upnp;
};

TEST_F(UpnpTest, FindsTheRouterAndAsksForAWayInAndTakesItBack) {
    const Clock::Instant began = loop.now();
    const auto outside = must(run(upnp->outside(in(seconds(6)))));
    EXPECT_EQ(outside.address.text(), "5.6.7.8:0");
    EXPECT_TRUE(outside.is_new);
    EXPECT_LT(loop.now() - began, milliseconds(100)) << "nobody else is waited for";

    Mapping wanted{Transport::udp, 8090, 8091};
    const auto granted = must(run(upnp->map(wanted, in(seconds(6)))));
    EXPECT_EQ(granted, (Mapping{Transport::udp, 8090, 8091, seconds(3600)}));
    EXPECT_EQ(told("AddPortMapping", "NewProtocol"), "UDP");
    EXPECT_EQ(told("AddPortMapping", "NewExternalPort"), "8091");
    EXPECT_EQ(told("AddPortMapping", "NewInternalPort"), "8090");
    EXPECT_EQ(told("AddPortMapping", "NewInternalClient"), "192.168.7.2");
    EXPECT_EQ(told("AddPortMapping", "NewPortMappingDescription"), "codex");
    EXPECT_EQ(told("AddPortMapping", "NewLeaseDuration"), "3600");
    EXPECT_EQ(told("AddPortMapping", "NewEnabled"), "1");

    must(run(upnp->unmap(granted, in(seconds(6)))));
    EXPECT_EQ(told("DeletePortMapping", "NewExternalPort"), "8091");
    EXPECT_EQ(told("DeletePortMapping", "NewProtocol"), "UDP");
}

TEST_F(UpnpTest, LetsTheRouterLeadToTheAddressThatIsBound) {
    options.own = SocketAddress(kHostIp, 8070);
    options.own->ip[3] = 3; // another one than it asks from
    upnp.emplace(*here, random, options);
    EXPECT_EQ(must_fail(run(upnp->outside(in(seconds(6))))).code(), Errc::unavailable)
        << "it is none of this host's";
    options.own->ip[3] = kHostIp[3];
    upnp.emplace(*here, random, options);
    must(run(upnp->outside(in(seconds(6)))));
    must(run(upnp->map({Transport::tcp, 8070, 8070}, in(seconds(6)))));
    EXPECT_EQ(told("AddPortMapping", "NewInternalClient"), "192.168.7.2");
}

TEST_F(UpnpTest, AsksTheSameRouterAgainWithoutSearching) {
    must(run(upnp->outside(in(seconds(6)))));
    const std::size_t searches = times("M-SEARCH");
    EXPECT_FALSE(must(run(upnp->outside(in(seconds(6))))).is_new);
    EXPECT_EQ(times("M-SEARCH"), searches);
    // It does not answer any more: another one is looked for, or the same found again.
    be("#GetExternalIPAddress", {http(500, refusal(501))});
    EXPECT_EQ(must_fail(run(upnp->outside(in(seconds(6))))).code(), Errc::unavailable);
    EXPECT_GT(times("M-SEARCH"), searches);
}

TEST_F(UpnpTest, SaysThatNobodyAnswersOnceTheSearchIsOver) {
    found.clear();
    const Clock::Instant began = loop.now();
    EXPECT_EQ(must_fail(run(upnp->outside(in(seconds(6))))).text(), "no router answers");
    EXPECT_EQ(loop.now() - began, seconds(2));
    EXPECT_EQ(times("InternetGatewayDevice:1"), 4U) << "what is lost is said again";
    EXPECT_EQ(router.taken, 0U);
}

TEST_F(UpnpTest, FindsARouterThatAnswersLater) {
    std::vector<std::string> later = std::exchange(found, {});
    TaskGroup group(loop);
    auto wait = [](EventLoop* on, std::vector<std::string>* to,
                   std::vector<std::string> words) -> Task<void> {
        co_await on->pause_until(on->now() + milliseconds(700));
        *to = std::move(words);
    };
    group.start(wait(&loop, &found, std::move(later)));
    must(run(upnp->outside(in(seconds(6)))));
}

TEST_F(UpnpTest, AsksNobodyBecauseAnotherSaysSo) {
    Neighbour third(internet, kThirdIp);
    third.listen(kControlPort, [](const std::string&) { return std::vector<std::string>(); });
    found = {place("192.168.7.66:5000"), place("127.0.0.1:5000"), "garbage", place("router:80")};
    EXPECT_EQ(must_fail(run(upnp->outside(in(seconds(6))))).text(), "no router answers");
    EXPECT_EQ(third.taken, 0U);
    EXPECT_EQ(router.taken, 0U);
}

TEST_F(UpnpTest, LooksAtSoManyDevicesAndNoMore) {
    be("GET /root.xml", {http(200, "<root/>")});
    found.clear();
    for (int i = 0; i < 100; ++i)
        found.push_back(
            fmt::format("HTTP/1.1 200 OK\r\nLOCATION: http://192.168.7.1:5000/{}\r\n\r\n", i));
    EXPECT_FALSE(run(upnp->outside(in(seconds(6)))));
    EXPECT_EQ(router.taken, 8U);
}

TEST_F(UpnpTest, TakesAnotherPortWhereItsOwnIsTaken) {
    must(run(upnp->outside(in(seconds(6)))));
    router.asked.clear();
    // The first one is another host's, the others are free.
    says.insert(says.begin(), {"<NewExternalPort>8070<", {http(500, refusal(718))}});
    const auto granted = must(run(upnp->map({Transport::tcp, 8070, 8070}, in(seconds(6)))));
    EXPECT_EQ(granted.inside, 8070);
    EXPECT_NE(granted.outside, 8070);
    EXPECT_GE(granted.outside, 1024);
    EXPECT_EQ(times("#AddPortMapping"), 2U);
    EXPECT_EQ(told("AddPortMapping", "NewExternalPort"), std::to_string(granted.outside));
}

TEST_F(UpnpTest, TriesOnlySoManyPorts) {
    must(run(upnp->outside(in(seconds(6)))));
    be("#AddPortMapping", {http(500, refusal(718))});
    const Error error = must_fail(run(upnp->map({Transport::tcp, 8070, 8070}, in(seconds(60)))));
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_EQ(error.text(),
              "the router refuses AddPortMapping: the port is taken by another host (718)");
    EXPECT_EQ(times("#AddPortMapping"), 5U);
}

TEST_F(UpnpTest, AsksForEverWhereTheRouterKnowsNothingElse) {
    must(run(upnp->outside(in(seconds(6)))));
    says.insert(says.begin(), {"<NewLeaseDuration>3600<", {http(500, refusal(725))}});
    const auto granted = must(run(upnp->map({Transport::tcp, 8070, 8070}, in(seconds(6)))));
    EXPECT_EQ(granted.lifetime, std::nullopt);
    EXPECT_EQ(told("AddPortMapping", "NewLeaseDuration"), "0");
    must(run(upnp->map(granted, in(seconds(6)))));
    EXPECT_EQ(times("#AddPortMapping"), 3U) << "and the next time at once";
}

TEST_F(UpnpTest, IsToldWhyItIsRefused) {
    must(run(upnp->outside(in(seconds(6)))));
    be("#AddPortMapping", {http(500, refusal(606))});
    EXPECT_EQ(must_fail(run(upnp->map({Transport::tcp, 8070, 8070}, in(seconds(6))))).text(),
              "the router refuses AddPortMapping: it is not allowed there (606)");
    be("#AddPortMapping", {http(503, "<html>")});
    EXPECT_EQ(must_fail(run(upnp->map({Transport::tcp, 8070, 8070}, in(seconds(6))))).text(),
              "the router refuses AddPortMapping: it does not say why (503)");
}

TEST_F(UpnpTest, GivesUpOnAnswersThatHaveNoEnd) {
    struct Row {
        std::string_view what;
        std::vector<std::string> answer;
        Errc code;
    };
    const std::string head = "HTTP/1.1 200 OK\r\n";
    std::vector<std::string> trickle(1000, "x");
    trickle.front() = head;
    std::string chunks = head + "Transfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 1000; ++i)
        chunks += "400\r\n" + std::string(1024, ' ') + "\r\n";
    for (const Row& row :
         {Row{"a byte a second", trickle, Errc::timeout},
          Row{"a head for ever", {head + std::string(1 << 20, 'a')}, Errc::limit_exceeded},
          Row{"a body for ever", {head + "\r\n" + std::string(1 << 20, 'a')}, Errc::limit_exceeded},
          Row{"chunks for ever", {chunks}, Errc::limit_exceeded},
          Row{"one that is longer than all",
              {head + "Content-Length: 4000000000\r\n\r\n"},
              Errc::truncated},
          Row{"nothing at all", {}, Errc::truncated}}) {
        be("GET /root.xml", row.answer);
        upnp.emplace(*here, random, options);
        const Clock::Instant began = loop.now();
        EXPECT_EQ(must_fail(run(upnp->outside(in(seconds(6))))).code(), row.code) << row.what;
        EXPECT_LE(loop.now() - began, seconds(6)) << row.what;
    }
}

TEST_F(UpnpTest, BelievesNoAddressThatIsNone) {
    for (const std::string_view text : {"", "router", "5.6.7.8.9", "::1", "05.6.7.8x"}) {
        be("#GetExternalIPAddress",
           {http(200, soap(fmt::format("<NewExternalIPAddress>{}</NewExternalIPAddress>", text)))});
        upnp.emplace(*here, random, options);
        EXPECT_EQ(must_fail(run(upnp->outside(in(seconds(6))))).code(), Errc::malformed) << text;
    }
}

TEST_F(UpnpTest, TriesEachConnectionOfARouter) {
    std::string two(kDescription);
    two += "<service><serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType>"
           "<controlURL>/ppp</controlURL></service>";
    be("GET /root.xml", {http(200, two)});
    says.insert(says.begin(), {"POST /ctl", {http(500, refusal(501))}});
    EXPECT_EQ(must(run(upnp->outside(in(seconds(6))))).address.text(), "5.6.7.8:0");
    must(run(upnp->map({Transport::tcp, 8070, 8070}, in(seconds(6)))));
    EXPECT_EQ(times("POST /ppp"), 2U);
}

} // namespace
} // namespace codex::net::nat
