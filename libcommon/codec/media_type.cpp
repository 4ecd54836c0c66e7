#include "codec/media_type.hpp"

#include "base/printable.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace codex::codec {

namespace {

/// RFC 6838 section 4.2: restricted-name.
bool is_restricted_name(std::string_view name) {
    constexpr std::size_t kMaxLength = 127;
    const auto alphanumeric = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !name.empty() && name.size() <= kMaxLength && alphanumeric(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return alphanumeric(c) ||
                      std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
           });
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

/// CON, PRN, AUX, NUL, COM0-9, LPT0-9.
bool is_reserved(std::string_view stem) {
    const std::string name = lower(stem);
    if (name == "con" || name == "prn" || name == "aux" || name == "nul")
        return true;
    return name.size() == 4 && (name.starts_with("com") || name.starts_with("lpt")) &&
           name[3] >= '0' && name[3] <= '9';
}

} // namespace

Result<void> check_media_type(std::string_view type) {
    constexpr auto kTopLevel = std::to_array<std::string_view>(
        {"application", "audio", "chemical", "font", "haptics", "image", "message", "model",
         "multipart", "text", "video"});
    const std::size_t slash = type.find('/');
    if (slash == std::string_view::npos)
        return fail(Errc::argument_invalid, "'{}' is no media type: it has no '/'", type);
    if (type.find(';') != std::string_view::npos)
        return fail(Error(Errc::argument_invalid, fmt::format("'{}' is no media type", type))
                        .hint("leave the parameters after ';' out"));
    const std::string top = lower(type.substr(0, slash));
    const bool known = top.starts_with("x-") ||
                       std::find(kTopLevel.begin(), kTopLevel.end(), top) != kTopLevel.end();
    if (!known)
        return fail(Errc::argument_invalid,
                    "'{}' is no media type: '{}' is not a registered top-level type", type,
                    type.substr(0, slash));
    if (!is_restricted_name(top) || !is_restricted_name(type.substr(slash + 1)))
        return fail(Errc::argument_invalid, "'{}' is no media type: a malformed subtype", type);
    return {};
}

Result<void> check_filename(std::string_view name) {
    constexpr std::size_t kMaxLength = 259;
    const auto refuse = [name](std::string_view why) {
        return fail(Errc::argument_invalid, "'{}' is no portable file name: {}", name, why);
    };
    if (name.empty())
        return refuse("it is empty");
    if (name.size() > kMaxLength)
        return refuse("it is longer than 259 bytes");
    for (const char c : name)
        if (static_cast<unsigned char>(c) < 0x20 ||
            std::string_view("/\\:*?\"<>|^").find(c) != std::string_view::npos)
            return refuse("it holds one of / \\ : * ? \" < > | ^ or a control character");
    for (std::string_view rest = name; !rest.empty();) {
        const Utf8Unit unit = utf8_front(rest);
        if (!unit.well_formed)
            return fail(Error(Errc::argument_invalid,
                              fmt::format("'{}' is no portable file name: its byte {} is no UTF-8",
                                          name, name.size() - rest.size()))
                            .hint("name it in UTF-8"));
        rest.remove_prefix(unit.bytes);
    }
    if (name.front() == ' ' || name.back() == ' ' || name.back() == '.')
        return refuse("it begins or ends with a blank, or ends with a dot");
    if (is_reserved(name.substr(0, name.rfind('.'))))
        return refuse("Windows reserves it");
    return {};
}

} // namespace codex::codec
