// What a program that asks a router says, as input of others.
#include "net/nat/router_answer.hpp"

#include "must.hpp"

#include <gtest/gtest.h>

namespace codex::net::nat {
namespace {

using test::must;
using test::must_fail;
using About = RouterQuestion::About;

constexpr std::string_view kSummary = R"({"type":"summary","records":1,"failures":0})";

std::string said(std::string_view line) {
    return fmt::format("{}\n{}\n", line, kSummary);
}
RouterQuestion about_address(Way way = Way::upnp) {
    RouterQuestion question;
    question.way = way;
    return question;
}
RouterQuestion about_port(About about, Way way = Way::upnp) {
    RouterQuestion question;
    question.about = about;
    question.way = way;
    question.mapping = {Transport::udp, 8090, 8091, {}};
    return question;
}
/// `text` with `from` in place of `to`, which is in there.
std::string with(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, text.npos) << from;
    return text.replace(at, from.size(), to);
}

const std::string kAddress =
    said(R"({"type":"router","way":"upnp","address":"5.6.7.8","reach":"internet",)"
         R"("router":"http://192.168.7.1:5000/root.xml","seconds":null})");
const std::string kMapping =
    said(R"({"type":"mapping","way":"upnp","transport":"udp","outside":9000,"inside":8090,)"
         R"("seconds":3600,"router":"http://192.168.7.1:5000/root.xml"})");
const std::string kRemoval = said(R"({"type":"removal","way":"upnp","transport":"udp",)"
                                  R"("outside":8091,"router":"http://192.168.7.1:5000/root.xml"})");

TEST(RouterAnswers, SayWhereTheRouterIs) {
    const RouterAnswer answer = must(read_answer(kAddress, about_address()));
    EXPECT_EQ(answer.address.text(), "5.6.7.8:0");
    EXPECT_EQ(answer.router, "http://192.168.7.1:5000/root.xml");
    EXPECT_EQ(answer.age_seconds, std::nullopt);
    const RouterAnswer counted = must(
        read_answer(said(R"({"type":"router","way":"pmp","address":"5.6.7.8","reach":"internet",)"
                         R"("router":"192.168.7.1","seconds":4294967295,"later":[{"a":{}}]})"),
                    about_address(Way::pmp)));
    EXPECT_EQ(counted.router, "192.168.7.1");
    EXPECT_EQ(counted.age_seconds, 4294967295U);
}

TEST(RouterAnswers, SayWhatIsGranted) {
    const Mapping granted = must(read_answer(kMapping, about_port(About::map))).mapping;
    EXPECT_EQ(granted, (Mapping{Transport::udp, 8090, 9000, std::chrono::seconds(3600)}));
    const auto for_ever = must(read_answer(with(kMapping, "3600", "null"), about_port(About::map)));
    EXPECT_EQ(for_ever.mapping.lifetime, std::nullopt);
    EXPECT_TRUE(read_answer(kRemoval, about_port(About::unmap)).has_value());
}

TEST(RouterAnswers, SayWhyNothingIs) {
    const auto error = must_fail(read_answer(
        said(R"({"type":"refusal","way":"upnp","why":"it\u001b[2Jis\nnot allowed there"})"),
        about_address()));
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_EQ(error.text(), "it\\x1b[2Jis\\nnot allowed there");
    const std::string why(2000, 'x');
    const auto cut = must_fail(
        read_answer(said(fmt::format(R"({{"type":"refusal","way":"upnp","why":"{}"}})", why)),
                    about_address()));
    EXPECT_EQ(cut.text().size(), 300U);
}

TEST(RouterAnswers, ToAnotherQuestionAreNone) {
    const auto refuses = [](const std::string& text, const RouterQuestion& question) {
        const auto answer = read_answer(text, question);
        return !answer && answer.error().code() == Errc::malformed;
    };
    EXPECT_TRUE(refuses(kAddress, about_address(Way::pmp)));
    EXPECT_TRUE(refuses(kAddress, about_port(About::map)));
    EXPECT_TRUE(refuses(kMapping, about_address()));
    EXPECT_TRUE(refuses(kMapping, about_port(About::unmap)));
    EXPECT_TRUE(refuses(kRemoval, about_port(About::map)));
    RouterQuestion other = about_port(About::map);
    other.mapping.transport = Transport::tcp;
    EXPECT_TRUE(refuses(kMapping, other));
    other = about_port(About::map);
    other.mapping.inside = 8091;
    EXPECT_TRUE(refuses(kMapping, other));
    other = about_port(About::unmap);
    other.mapping.outside = 8090;
    EXPECT_TRUE(refuses(kRemoval, other));
    EXPECT_TRUE(refuses(said(R"({"type":"refusal","way":"pmp","why":"no"})"), about_address()));
}

TEST(RouterAnswers, OfValuesOutsideTheirBoundsAreNone) {
    const auto refuses = [](const std::string& text, const RouterQuestion& question) {
        const auto answer = read_answer(text, question);
        return !answer && answer.error().code() == Errc::malformed;
    };
    for (const std::string_view address :
         {R"("5.6.7.8.9")", R"("::1")", R"("")", R"("5.6.7.256")", "5", "null", R"("05.6.7.8 ")"})
        EXPECT_TRUE(refuses(with(kAddress, R"("5.6.7.8")", address), about_address())) << address;
    for (const std::string& router :
         {std::string(R"("https://192.168.7.1/")"), std::string(R"("--help")"),
          std::string(R"("")"), std::string(R"("http://a b")"), std::string(R"("http://a\n")"),
          std::string("[]"), std::string(R"("192.168.7.1")"),
          fmt::format(R"("http://{}")", std::string(300, 'x'))})
        EXPECT_TRUE(refuses(with(kAddress, R"("http://192.168.7.1:5000/root.xml")", router),
                            about_address()))
            << router;
    for (const std::string_view router : {"192.168.7", "http://192.168.7.1/", "-1", ""})
        EXPECT_TRUE(refuses(
            said(fmt::format(R"({{"type":"router","way":"pmp","address":"5.6.7.8","router":"{}",)"
                             R"("seconds":1}})",
                             router)),
            about_address(Way::pmp)))
            << router;
    for (const std::string_view port :
         {"0", "65536", "-1", "1.5", "1e3", R"("9000")", "null", "true"})
        EXPECT_TRUE(refuses(with(kMapping, "9000", port), about_port(About::map))) << port;
    for (const std::string_view lifetime : {"0", "4294967296", "-1", R"("3600")", "1.5"})
        EXPECT_TRUE(refuses(with(kMapping, "3600", lifetime), about_port(About::map))) << lifetime;
    for (const std::string_view name : {"address", "router", "seconds", "type", "way"})
        EXPECT_TRUE(
            refuses(with(kAddress, fmt::format(R"("{}":)", name), R"("other":)"), about_address()))
            << name;
}

TEST(RouterAnswers, AreWhole) {
    const std::string& whole = kMapping;
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(read_answer(whole.substr(0, size), about_port(About::map)).has_value())
            << size;
    EXPECT_FALSE(read_answer(whole + "\n", about_port(About::map)).has_value());
    EXPECT_FALSE(read_answer(whole + whole, about_port(About::map)).has_value());
    EXPECT_FALSE(read_answer("x\n" + whole, about_port(About::map)).has_value());
    EXPECT_FALSE(
        read_answer(with(whole, "summary", "mapping"), about_port(About::map)).has_value());
    const auto long_one =
        must_fail(read_answer(std::string(kMaxAnswerBytes + 1, '['), about_port(About::map)));
    EXPECT_EQ(long_one.code(), Errc::limit_exceeded);
    EXPECT_FALSE(read_answer(said(std::string(7000, '[')), about_port(About::map)).has_value());
    std::string deep = R"({"type":)";
    for (int i = 0; i < 1000; ++i)
        deep += R"({"a":)";
    EXPECT_FALSE(read_answer(said(deep), about_port(About::map)).has_value());
}

} // namespace
} // namespace codex::net::nat
