// What a program that asks a router says: an answer to the question, within its bounds, or an
// error.
#include "net/nat/router_answer.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net::nat;

namespace {

bool is_shown(std::string_view text) {
    for (const char c : text)
        if (c <= ' ' || c > '~')
            return false;
    return !text.empty() && text.size() <= kMaxRouterText;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(BytesView(data, size));
    using About = RouterQuestion::About;
    std::size_t answers = 0;
    for (const Way way : {Way::upnp, Way::pmp})
        for (const About about : {About::address, About::map, About::unmap}) {
            RouterQuestion question;
            question.about = about;
            question.way = way;
            question.mapping = {Transport::tcp, 8070, 8071, {}};
            const auto answer = read_answer(text, question);
            if (!answer) {
                FUZZ_CHECK(answer.error().text().size() <= 2000);
                continue;
            }
            ++answers;
            FUZZ_CHECK(size <= kMaxAnswerBytes && is_shown(answer->router));
            FUZZ_CHECK(way == Way::pmp || answer->router.starts_with("http://"));
            FUZZ_CHECK(about != About::address || answer->address.ip_bytes == 4);
            if (about != About::map)
                continue;
            FUZZ_CHECK(answer->mapping.outside != 0 && answer->mapping.inside == 8070 &&
                       answer->mapping.transport == Transport::tcp);
            FUZZ_CHECK(!answer->mapping.lifetime ||
                       *answer->mapping.lifetime > Clock::Duration::zero());
        }
    FUZZ_CHECK(answers <= 1); // each is one to one question alone
    return 0;
}
