// Requests of HTTP: however bytes are cut, they are the same request, and no more than was allowed.
#include "http/parser.hpp"
#include "http/target.hpp"
#include "property.hpp"

#include <algorithm>

using namespace codex;
using namespace codex::http;

namespace {

constexpr std::size_t kHeadBytes = 512;

/// What was read of a request: the same, however it came.
struct Outcome {
    std::optional<Errc> error;
    bool has_head = false;
    bool whole = false;
    Request request;
    Bytes body;
    std::size_t taken = 0;
};

Outcome read(BytesView bytes, std::size_t step) {
    RequestParser parser(kHeadBytes);
    Outcome out;
    std::size_t come = 0;
    std::array<std::uint8_t, 13> room{};
    for (;;) {
        const BytesView here = bytes.subspan(out.taken, come - out.taken);
        if (!out.has_head) {
            const auto head = parser.head(here);
            if (!head) {
                out.error = head.error().code();
                return out;
            }
            if (*head) {
                out.has_head = true;
                out.taken = **head;
                out.request = parser.request();
                continue;
            }
        } else if (!parser.done()) {
            const auto stepped = parser.body(here, room);
            if (!stepped) {
                out.error = stepped.error().code();
                return out;
            }
            FUZZ_CHECK(stepped->taken <= here.size() && stepped->given <= room.size());
            append(out.body, BytesView(room).first(stepped->given));
            out.taken += stepped->taken;
            if (stepped->taken != 0 || stepped->given != 0)
                continue;
        }
        if (parser.done() && out.has_head) {
            out.whole = true;
            return out;
        }
        if (come == bytes.size())
            return out;
        come = std::min(bytes.size(), come + step);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    const Outcome once = read(bytes, SIZE_MAX / 2);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
        const Outcome again = read(bytes, step);
        FUZZ_CHECK(again.has_head == once.has_head && again.whole == once.whole);
        if (once.whole)
            FUZZ_CHECK(again.body == once.body && again.taken == once.taken &&
                       again.request.fields == once.request.fields);
    }
    if (!once.has_head)
        return 0;
    const auto target = parse_target(once.request.target);
    FUZZ_CHECK(target || target.error().code() == Errc::malformed);
    for (const Field& field : once.request.fields) // what came as one field is one when it is sent
        FUZZ_CHECK(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    FUZZ_CHECK(!once.request.content_length || !once.request.chunked);
    return 0;
}
