// Any text is a value or a clear refusal, and every value's own text reads back as it.
#include "base/bytes.hpp"
#include "base/endian.hpp"
#include "base/units.hpp"
#include "property.hpp"

#include <algorithm>

using namespace codex;

namespace {

void check_texts_of(std::uint64_t value) {
    const auto size = parse_size(format_size(value));
    FUZZ_CHECK(size && *size == value);
    const auto duration = parse_duration(format_duration(value));
    FUZZ_CHECK(duration && *duration == value);
    const auto time = parse_expiry(format_time(value), 1);
    FUZZ_CHECK(time && *time == std::min(value, kLatestTime));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text({data, size});
    const auto bytes = parse_size(text);
    if (bytes)
        check_texts_of(*bytes);
    else
        FUZZ_CHECK(bytes.error().code() == Errc::size_invalid && !bytes.error().hint().empty());
    const auto seconds = parse_duration(text);
    if (seconds)
        check_texts_of(*seconds);
    else
        FUZZ_CHECK(seconds.error().code() == Errc::duration_invalid);
    const auto expiry = parse_expiry(text, 1'700'000'000);
    if (expiry)
        check_texts_of(*expiry);
    else
        FUZZ_CHECK(expiry.error().code() == Errc::duration_invalid);
    if (size >= 8)
        check_texts_of(load_le<std::uint64_t>(data));
    return 0;
}
