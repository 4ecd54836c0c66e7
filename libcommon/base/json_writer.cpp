#include "base/json_writer.hpp"

#include "base/json_text.hpp"

#include <utility>

namespace codex {

void JsonWriter::new_line() {
    if (indent_ != 0)
        text_.append(1, '\n').append(indent_ * depth_, ' ');
}

/// The place of the next value.
void JsonWriter::next() {
    if (more_)
        text_ += ',';
    if (depth_ != 0 && !std::exchange(after_key_, false))
        new_line();
}

JsonWriter& JsonWriter::open(char bracket) {
    next();
    text_ += bracket;
    more_ = false;
    ++depth_;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    --depth_;
    if (more_)
        new_line();
    text_ += bracket;
    more_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    value(name);
    text_ += indent_ != 0 ? ": " : ":";
    more_ = false;
    after_key_ = true;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    return raw(json_quote(text));
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    next();
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
