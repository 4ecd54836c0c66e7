// What routers of UPnP say: descriptions, answers to a search, replies over HTTP. Whatever they
// are, nobody but the router is asked, and what is asked is one request.
#include "net/nat/default_gateway.hpp"
#include "net/nat/http_reply.hpp"
#include "net/nat/igd.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net::nat;

namespace {

bool is_one_line(std::string_view text) {
    return text.find_first_of("\r\n ") == text.npos;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(BytesView(data, size));
    const auto from = parse_igd_url("http://192.168.1.1:5000/a/root.xml");
    FUZZ_CHECK(from.has_value());
    if (const auto services = services_of(text, *from)) {
        FUZZ_CHECK(!services->empty() && services->size() <= 4);
        for (const IgdService& service : *services) {
            FUZZ_CHECK(service.control.at.ip == from->at.ip && service.control.at.port != 0);
            FUZZ_CHECK(service.control.path.starts_with('/') && is_one_line(service.control.path));
            const std::string request = action_request(service, "Ask", {});
            FUZZ_CHECK(request.starts_with("POST " + service.control.path + " HTTP/1.1\r\n"));
        }
    }
    if (const auto url = description_url(text))
        FUZZ_CHECK(url->path.starts_with('/') && is_one_line(url->path) && url->at.port != 0);
    if (const auto value = value_of(text, "NewExternalIPAddress"))
        FUZZ_CHECK(value->size() <= text.size());
    static_cast<void>(refusal_of(text));
    static_cast<void>(gateway_of(text));

    const auto whole = parse_reply(text, true);
    const auto so_far = parse_reply(text, false);
    FUZZ_CHECK(!whole || whole->has_value());
    if (so_far && *so_far) // more cannot change it
        FUZZ_CHECK(whole && **whole == **so_far);
    if (whole)
        FUZZ_CHECK((*whole)->body.size() <= text.size());
    return 0;
}
