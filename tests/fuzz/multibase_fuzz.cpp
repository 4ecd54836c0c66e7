// Every base: text that is accepted encodes back to itself up to case, and any bytes come back.
#include "codec/multibase.hpp"

#include "codec/uvarint.hpp"
#include "property.hpp"

#include <algorithm>

using namespace codex;
using namespace codex::codec;

namespace {

std::string folded(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return text;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input(data, size);
    const std::string_view text = as_text(input);
    if (const auto bytes = multibase_decode(text)) {
        const auto again = multibase_encode(static_cast<Multibase>(text.front()), *bytes);
        if (again)
            FUZZ_CHECK(std::string_view("fFbBcCvVtT").find(text.front()) != std::string_view::npos
                           ? folded(*again) == folded(std::string(text))
                           : *again == text);
        else
            FUZZ_CHECK(again.error().code() == Errc::limit_exceeded);
    }
    constexpr std::string_view kPrefixes("\0fFbBcCvVtTzZmMuU", 17);
    if (size > 0 && size < 2000) {
        const char prefix = kPrefixes[data[0] % kPrefixes.size()];
        const auto encoded = multibase_encode(static_cast<Multibase>(prefix), input.subspan(1));
        FUZZ_CHECK(encoded.has_value());
        const auto decoded = multibase_decode(*encoded);
        FUZZ_CHECK(decoded && equal(*decoded, input.subspan(1)));
    }
    for (const auto rule : {UvarintRule::multiformats, UvarintRule::protobuf})
        if (const auto number = read_uvarint(input, rule)) {
            FUZZ_CHECK(number->size <= size);
            Bytes again;
            append_uvarint(again, number->value);
            FUZZ_CHECK(again.size() <= number->size);
            if (rule == UvarintRule::multiformats)
                FUZZ_CHECK(equal(again, input.first(number->size)));
        }
    return 0;
}
