// A limit as options and configuration files set it: one that is taken is shown as what it was set
// to, and no other is changed; what is none is refused.
#include "node/limits.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::node;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(BytesView(data, size));
    const Limits before;
    Limits after;
    const auto set = set_limit(after, text);
    const std::string_view name = text.substr(0, text.find('='));
    for (std::size_t i = 0; i < net::kLimitCount; ++i) {
        const auto limit = static_cast<net::Limit>(i);
        const std::string value = limit_value(limit, after);
        if (!set || net::limit_name(limit) != name) {
            FUZZ_CHECK(value == limit_value(limit, before));
            continue;
        }
        Limits again;
        const std::string same = fmt::format("{}={}", name, value);
        FUZZ_CHECK(set_limit(again, same) && limit_value(limit, again) == value);
    }
    if (!set)
        FUZZ_CHECK(set.error().code() == Errc::argument_invalid && !set.error().text().empty());
    return 0;
}
