// The one writer of JSON text (RFC 8259): records, log lines, and errors wherever they are JSON.
#pragma once

#include "base/error.hpp"

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace codex {

/// Writes one value after another into a string; commas come of themselves. What is begun has to be
/// ended, and each member of an object has a key: that is the caller's to see to.
/// Threads: one at a time.
class JsonWriter {
public:
    /// With `indent` each value is on a line of its own, behind that many blanks for each object
    /// and array around it; without, all is on one line, without blanks.
    explicit JsonWriter(std::size_t indent = 0) : indent_(indent) {}
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);
    /// As json_quote() writes it.
    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
    JsonWriter& value(std::nullptr_t) { return raw("null"); }
    /// A number; where readers with doubles would round it, a string of its digits.
    template <std::integral Number> JsonWriter& value(Number number) {
        if constexpr (std::is_signed_v<Number>)
            return signed_number(number);
        else
            return unsigned_number(number);
    }
    /// A value that is JSON text already.
    JsonWriter& raw(std::string_view json);
    template <class Value> JsonWriter& member(std::string_view name, const Value& of) {
        return key(name).value(of);
    }
    /// An array of values.
    template <class List> JsonWriter& list(const List& items) {
        begin_array();
        for (const auto& item : items)
            value(item);
        return end_array();
    }

    [[nodiscard]] const std::string& text() const& { return text_; }
    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void next();
    void new_line();
    JsonWriter& signed_number(std::int64_t number);
    JsonWriter& unsigned_number(std::uint64_t number);
    std::string text_;
    std::size_t indent_;
    std::size_t depth_ = 0;  // objects and arrays around this place
    bool more_ = false;      // a value is before this place, in the same object or array
    bool after_key_ = false; // the key of the next value is before this place
};

/// The members that an error has wherever it is JSON (codex-pipes(7), ERRORS): "code", "exit",
/// "object" when there is one, "message", "hint" when there is one (a text that whoever shows
/// errors made of the error's own and its remedies), and "remedies", the names of these, when there
/// are some. They go into an object that was begun.
void write_error(JsonWriter& json, Errc code, std::string_view object, std::string_view message,
                 std::string_view hint, std::span<const Remedy> remedies);

} // namespace codex
