#include "repo/types.hpp"

#include "base/printable.hpp"

namespace codex::repo {

Result<void> check_label(std::string_view label) {
    if (label.size() > kMaxLabelBytes)
        return fail(
            Error(Errc::argument_invalid, fmt::format("the label has {} bytes", label.size()))
                .hint(fmt::format("at most {} are kept", kMaxLabelBytes)));
    for (std::string_view rest = label; !rest.empty();) {
        const Utf8Unit unit = utf8_front(rest);
        if (!unit.well_formed)
            return fail(Errc::argument_invalid, "the label is not UTF-8");
        rest.remove_prefix(unit.bytes);
    }
    return {};
}

} // namespace codex::repo
