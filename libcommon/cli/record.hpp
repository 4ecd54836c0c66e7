// One line of output, for people and for programs.
#pragma once

#include "base/bytes.hpp"
#include "base/json_writer.hpp"
#include "codec/cid.hpp"

#include <string>
#include <vector>

namespace codex::cli {

/// One line of output: TAB-separated in text, an object with "type" in --json. In text, a TAB, a
/// line end, a backslash or another control character inside a value is written as \t, \n, \\ or
/// \xHH, so that a line stays a record whatever a file is called.
/// Threads: one at a time.
class Record {
public:
    explicit Record(std::string type);
    /// A column in text, a member in JSON.
    Record& field(std::string_view name, std::string_view value);
    Record& field(std::string_view name, const Cid& cid);
    Record& field(std::string_view name, std::uint64_t value);
    /// Bytes: hex in text, 0x and hex in JSON (codex-pipes(7), STREAMS).
    Record& hex(std::string_view name, BytesView bytes);
    /// Only in JSON.
    Record& json_hex(std::string_view name, BytesView bytes);
    Record& json(std::string_view name, std::string_view value);
    /// Without it a literal would be taken for a bool.
    Record& json(std::string_view name, const char* value);
    Record& json(std::string_view name, const Cid& cid);
    Record& json(std::string_view name, std::uint64_t value);
    Record& json(std::string_view name, bool value);
    Record& json(std::string_view name, std::nullptr_t);
    Record& json(std::string_view name, const std::vector<std::uint64_t>& values);
    Record& json(std::string_view name, const std::vector<std::string>& values);
    /// `raw` is JSON text already (a nested object).
    Record& json_raw(std::string_view name, std::string_view raw);
    /// Only in text.
    Record& text(std::string_view value);
    /// The JSON members of another one.
    Record& members_of(const Record& other);
    /// The JSON members, into an object that was begun.
    void write_members(JsonWriter& json) const;

    /// Those of text, each as it stands in a line.
    [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
    [[nodiscard]] std::string as_text() const;
    [[nodiscard]] std::string as_json() const;

private:
    std::string type_;
    std::vector<std::string> columns_;
    std::vector<std::pair<std::string, std::string>> members_; // name, JSON text
};

} // namespace codex::cli
