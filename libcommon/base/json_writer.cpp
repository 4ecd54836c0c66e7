#include "base/json_writer.hpp"

#include "base/json_text.hpp"

namespace codex {

JsonWriter& JsonWriter::open(char bracket) {
    if (more_)
        text_ += ',';
    text_ += bracket;
    more_ = false;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    text_ += bracket;
    more_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    value(name);
    text_ += ':';
    more_ = false;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    return raw(json_quote(text));
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    if (more_)
        text_ += ',';
    text_ += json;
    more_ = true;
    return *this;
}

JsonWriter& JsonWriter::signed_number(std::int64_t number) {
    return number < 0 ? raw(fmt::format("{}", number))
                      : unsigned_number(static_cast<std::uint64_t>(number));
}

JsonWriter& JsonWriter::unsigned_number(std::uint64_t number) {
    return raw(json_number(number));
}

void write_error(JsonWriter& json, Errc code, std::string_view object, std::string_view message,
                 std::string_view hint, std::span<const Remedy> remedies) {
    json.member("code", errc_name(code)).member("exit", errc_exit_code(code));
    if (!object.empty())
        json.member("object", object);
    json.member("message", message);
    if (!hint.empty())
        json.member("hint", hint);
    if (remedies.empty())
        return;
    json.key("remedies").begin_array();
    for (const Remedy& remedy : remedies)
        json.value(remedy_name(remedy.action()));
    json.end_array();
}

} // namespace codex
