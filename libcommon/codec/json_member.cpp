#include "codec/json_member.hpp"

#include <nlohmann/json.hpp>

namespace codex::codec {

Result<std::string> json_member(std::string_view json, std::string_view name) {
    const auto value = nlohmann::json::parse(json, nullptr, false);
    // To the parser a NUL is the end of the text.
    if (value.is_discarded() || json.find('\0') != std::string_view::npos)
        return fail(Errc::json_invalid, "not valid JSON");
    if (value.is_string())
        return value.get<std::string>();
    if (!value.is_object())
        return fail(Errc::json_invalid, "neither a string nor an object");
    const auto member = value.find(name);
    if (member == value.end() || !member->is_string())
        return fail(Errc::json_invalid, "no string \"{}\" in the object", name);
    return member->get<std::string>();
}

} // namespace codex::codec
