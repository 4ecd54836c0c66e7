// Lines of the control socket, as requests and as answers: what is taken is said again as it was.
#include "node/control.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::node;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line = as_text(BytesView(data, size));
    const auto request = decode_request(line);
    if (request) {
        const std::string said = encode(*request);
        if (said.size() <= kMaxLineBytes) {
            const auto again = decode_request(said);
            FUZZ_CHECK(again && encode(*again) == said);
        }
    } else {
        FUZZ_CHECK(request.error().code() == Errc::json_invalid ||
                   request.error().code() == Errc::unsupported);
    }
    const auto reply = decode_reply(line);
    if (!reply)
        return 0;
    const std::string said = encode(*reply);
    if (said.size() > kMaxLineBytes) // what was short may be written with escapes
        return 0;
    const auto again = decode_reply(said);
    FUZZ_CHECK(again && again->index() == reply->index() && encode(*again) == said);
    return 0;
}
