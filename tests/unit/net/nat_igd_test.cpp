// What routers of UPnP say and are told, as text; their answers over HTTP; the table of routes.
#include "net/nat/default_gateway.hpp"
#include "net/nat/http_reply.hpp"
#include "net/nat/igd.hpp"
#include "net/nat/xml_reader.hpp"

#include "must.hpp"

#include <gtest/gtest.h>

namespace codex::net::nat {
namespace {

using test::must;
using test::must_fail;

IgdUrl url(std::string_view text) {
    return must(parse_igd_url(text));
}
std::string shown(const IgdUrl& of) {
    return of.at.text() + of.path;
}

TEST(IgdUrls, AreOfAnAddress) {
    EXPECT_EQ(shown(url("http://192.168.1.1:5000/rootDesc.xml")), "192.168.1.1:5000/rootDesc.xml");
    EXPECT_EQ(shown(url("HTTP://192.168.1.1/a?b=c")), "192.168.1.1:80/a?b=c");
    EXPECT_EQ(shown(url("http://192.168.1.1:5000")), "192.168.1.1:5000/");
}

TEST(IgdUrls, OfAnythingElseAreRefused) {
    for (const std::string& text :
         {std::string(), std::string("http://"), std::string("/a"),
          std::string("https://192.168.1.1/a"), std::string("http://router.example/a"),
          std::string("http://192.168.1.1:0/a"), std::string("http://192.168.1.1:65536/a"),
          std::string("http://192.168.1.1:/a"), std::string("http://192.168.1/a"),
          std::string("http://user@192.168.1.1/a"), std::string("http://[fe80::1]/a"),
          std::string("http://192.168.1.1/a b"), std::string("http://192.168.1.1/a\r\nX: y"),
          "http://192.168.1.1/" + std::string(600, 'a')})
        EXPECT_EQ(must_fail(parse_igd_url(text)).code(), Errc::malformed) << text;
}

TEST(IgdSearch, AnswersSayWhereTheDescriptionIs) {
    EXPECT_EQ(shown(must(description_url(
                  "HTTP/1.1 200 OK\r\nST: x\r\nlocation:\thttp://10.0.0.1:80/d \r\n\r\n"))),
              "10.0.0.1:80/d");
    EXPECT_EQ(shown(must(description_url("HTTP/1.1 200 OK\nLOCATION: http://10.0.0.1/d"))),
              "10.0.0.1:80/d");
    for (const std::string_view none :
         {"", "HTTP/1.1 200 OK\r\n\r\n", "NOTIFY * HTTP/1.1\r\nLOCATION: http://10.0.0.1/d\r\n\r\n",
          "HTTP/1.1 200 OK\r\nLOCATION: \r\n\r\n"})
        EXPECT_FALSE(description_url(none)) << none;
}

TEST(IgdSearch, AsksForRoutersAndTheirConnections) {
    const auto messages = search_messages();
    ASSERT_EQ(messages.size(), 4U);
    EXPECT_EQ(messages[0], "M-SEARCH * HTTP/1.1\r\n"
                           "HOST: 239.255.255.250:1900\r\n"
                           "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
                           "MAN: \"ssdp:discover\"\r\n"
                           "MX: 1\r\n\r\n");
}

/// As routers have it, with a service among devices of devices.
std::string description(std::string_view type, std::string_view control,
                        std::string_view base = "") {
    return fmt::format(
        "<?xml version=\"1.0\"?>\n<!-- a > b -->"
        "<root xmlns=\"urn:schemas-upnp-org:device-1-0\">{}"
        "<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>"
        "<serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1"
        "</serviceType><controlURL>/wrong</controlURL></service></serviceList>"
        "<deviceList><device><deviceList><device><serviceList>\n"
        "<service>\n <serviceType> {} </serviceType>\n <controlURL>{}</controlURL>\n</service>"
        "</serviceList></device></deviceList></device></deviceList></device></root>",
        base, type, control);
}
constexpr std::string_view kIp1 = "urn:schemas-upnp-org:service:WANIPConnection:1";
constexpr std::string_view kIp2 = "urn:schemas-upnp-org:service:WANIPConnection:2";
constexpr std::string_view kPpp = "urn:schemas-upnp-org:service:WANPPPConnection:1";

TEST(IgdDescription, HasTheServiceAndWhereItIsAsked) {
    const IgdUrl from = url("http://10.0.0.1:5000/some/root.xml");
    const auto control = [&](std::string_view reference, std::string_view base = "") {
        const auto services = services_of(description(kIp1, reference, base), from);
        return services ? shown(services->at(0).control) : std::string("none");
    };
    EXPECT_EQ(control("/ctl/IPConn"), "10.0.0.1:5000/ctl/IPConn");
    EXPECT_EQ(control("IPConn"), "10.0.0.1:5000/some/IPConn");
    EXPECT_EQ(control("/c?a=1&amp;b=2"), "10.0.0.1:5000/c?a=1&b=2");
    EXPECT_EQ(control("<![CDATA[/ctl]]>"), "10.0.0.1:5000/ctl");
    EXPECT_EQ(control("http://10.0.0.1:6000/ctl"), "10.0.0.1:6000/ctl");
    EXPECT_EQ(control("/ctl", "<URLBase>http://10.0.0.1:7000/</URLBase>"), "10.0.0.1:7000/ctl");
    // Nobody is asked because a router says so.
    EXPECT_EQ(control("http://10.0.0.2:6000/ctl"), "none");
    EXPECT_EQ(control("/ctl", "<URLBase>http://10.0.0.2/</URLBase>"), "10.0.0.1:5000/ctl");
    EXPECT_EQ(control("/a b"), "none");
    EXPECT_EQ(control("/" + std::string(600, 'a')), "none");
}

TEST(IgdDescription, OfSeveralServicesTheBestIsInFront) {
    const std::string all = description(kPpp, "/p") + description(kIp1, "/1") +
                            description(kIp2, "/2") + description(kIp1, "/3");
    const auto services = must(services_of(all, url("http://10.0.0.1/")));
    ASSERT_EQ(services.size(), 4U);
    EXPECT_EQ(services[0], (IgdService{kIp2, url("http://10.0.0.1/2")}));
    EXPECT_EQ(services[1].control.path, "/1");
    EXPECT_EQ(services[2].control.path, "/3");
    EXPECT_EQ(services[3].type, kPpp);
}

TEST(IgdDescription, OfSomethingElseHasNone) {
    const IgdUrl from = url("http://10.0.0.1/");
    for (const std::string& text :
         {std::string(), std::string("<html><body>404</body></html>"),
          description("urn:schemas-upnp-org:service:ContentDirectory:1", "/c"),
          std::string("<service><serviceType>") + std::string(kIp1)})
        EXPECT_EQ(must_fail(services_of(text, from)).code(), Errc::unavailable) << text;
}

TEST(IgdDescription, MayEndAnywhere) {
    const std::string all = description(kIp1, "/ctl");
    const IgdUrl from = url("http://10.0.0.1/");
    std::size_t found = 0;
    for (std::size_t size = 0; size <= all.size(); ++size)
        found += services_of(all.substr(0, size), from) ? 1U : 0U;
    EXPECT_EQ(found, all.size() + 1 - all.find("</serviceList></device></deviceList>"));
}

TEST(IgdActions, AreWrittenAsRoutersReadThem) {
    const IgdService service{kIp1, url("http://10.0.0.1:5000/ctl")};
    EXPECT_EQ(action_request(
                  service, "DeletePortMapping",
                  {{"NewRemoteHost", ""}, {"NewExternalPort", "8070"}, {"NewProtocol", "TCP"}}),
              "POST /ctl HTTP/1.1\r\n"
              "Host: 10.0.0.1:5000\r\n"
              "User-Agent: Codex UPnP/1.1\r\n"
              "Content-Length: 379\r\n"
              "Content-Type: text/xml; charset=\"utf-8\"\r\n"
              "SOAPAction: \"urn:schemas-upnp-org:service:WANIPConnection:1#DeletePortMapping\"\r\n"
              "Connection: close\r\n\r\n"
              "<?xml version=\"1.0\"?>\r\n"
              "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
              "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>"
              "<u:DeletePortMapping xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">"
              "<NewRemoteHost></NewRemoteHost><NewExternalPort>8070</NewExternalPort>"
              "<NewProtocol>TCP</NewProtocol></u:DeletePortMapping></s:Body></s:Envelope>\r\n");
}

TEST(IgdActions, AnswersHaveValuesAndRefusals) {
    EXPECT_EQ(value_of("<s:Envelope><s:Body><u:GetExternalIPAddressResponse xmlns:u='x'>"
                       "<NewExternalIPAddress>5.6.7.8</NewExternalIPAddress></u:G></s:Body>",
                       "NewExternalIPAddress"),
              "5.6.7.8");
    EXPECT_EQ(value_of("<NewExternalIPAddress/>", "NewExternalIPAddress"), std::nullopt);
    EXPECT_EQ(
        value_of("<NewExternalIPAddress></NewExternalIPAddress>5.6.7.8", "NewExternalIPAddress"),
        std::nullopt);
    EXPECT_EQ(refusal_of("<s:Fault><detail><UPnPError><errorCode>718</errorCode>"
                         "<errorDescription>Conflict</errorDescription></UPnPError></detail>"),
              718U);
    EXPECT_EQ(refusal_of("<errorCode>a lot</errorCode>"), 0U);
    EXPECT_EQ(refusal_of("<html>"), 0U);
}

TEST(Xml, IsReadOneThingAfterTheOther) {
    XmlReader reader("<?xml?><!DOCTYPE a><a x='>' y=\">\"> b <c:d/>e&amp;<!-- - --></a>");
    using Kind = XmlReader::Kind;
    std::string all;
    while (const auto thing = reader.next())
        all += fmt::format("{}{} ",
                           thing->kind == Kind::open    ? "+"
                           : thing->kind == Kind::close ? "-"
                                                        : "=",
                           thing->words);
    EXPECT_EQ(all, "+a =b +d -d =e&amp; -a ");
    EXPECT_EQ(unescaped("&lt;&gt;&quot;&apos;&amp;lt;&nbsp;&"), "<>\"'&lt;&nbsp;&");
}

TEST(RouterReplies, HaveTheirLengthInAnyWay) {
    const HttpReply hello{200, "hello"};
    for (const std::string_view text :
         {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.0 200 OK\n\nhello",
          "HTTP/1.1 200 OK\r\nCONTENT-LENGTH:5\r\n\r\nhello and more",
          "HTTP/1.1 200\r\nTransfer-Encoding: "
          "Chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n"}) {
        EXPECT_EQ(must(parse_reply(text, true)), hello) << text;
    }
    EXPECT_EQ(must(parse_reply("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", false)),
              (HttpReply{500, ""}));
}

TEST(RouterReplies, AreWaitedForToTheirEnd) {
    for (const std::string_view text :
         {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"})
        for (std::size_t size = 0; size < text.size(); ++size) {
            EXPECT_EQ(must(parse_reply(text.substr(0, size), false)), std::nullopt) << size;
            EXPECT_EQ(must_fail(parse_reply(text.substr(0, size), true)).code(), Errc::truncated)
                << size;
        }
}

TEST(RouterReplies, ThatAreNoneAreRefused) {
    for (const std::string_view text :
         {"SSH-2.0-x\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 20\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"})
        EXPECT_EQ(must_fail(parse_reply(text, false)).code(), Errc::malformed) << text;
}

TEST(DefaultGateway, IsThatOfTheRouteThatIsTakenFirst) {
    constexpr std::string_view kHead =
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
    const auto found = [&](std::string_view rows) {
        const auto gateway = gateway_of(std::string(kHead) + std::string(rows));
        return gateway ? gateway->text() : std::string("none");
    };
    // As this kind of processor has the bytes of a number.
    if (std::endian::native != std::endian::little)
        GTEST_SKIP() << "the rows are those of a little-endian machine";
    EXPECT_EQ(found("eth0\t00000000\t0107A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"),
              "192.168.7.1:0");
    EXPECT_EQ(found("eth1\t00000000\t0208A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
                    "eth0\t00000000\t0107A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"),
              "192.168.7.1:0");
    EXPECT_EQ(found("eth0\t0007A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"), "none");
    EXPECT_EQ(found("tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"), "none");
    EXPECT_EQ(found("eth0\t00000000\t0107A8C0\n"), "none");
    EXPECT_EQ(found("\n\n\t\t"), "none");
    EXPECT_EQ(gateway_of(""), std::nullopt);
}

} // namespace
} // namespace codex::net::nat
