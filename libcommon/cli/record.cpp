#include "cli/record.hpp"
#include "base/hex.hpp"
#include "base/json_writer.hpp"
#include "base/printable.hpp"

namespace codex::cli {

Record::Record(std::string type) : type_(std::move(type)) {}

Record& Record::field(std::string_view name, std::string_view value) {
    return text(value).json(name, value);
}
Record& Record::field(std::string_view name, const Cid& cid) {
    return field(name, cid.text());
}
Record& Record::field(std::string_view name, std::uint64_t value) {
    columns_.push_back(fmt::format("{}", value));
    return json(name, value);
}
Record& Record::hex(std::string_view name, BytesView bytes) {
    return text(to_hex(bytes)).json_hex(name, bytes);
}

Record& Record::json_hex(std::string_view name, BytesView bytes) {
    return json(name, "0x" + to_hex(bytes));
}
Record& Record::json(std::string_view name, std::string_view value) {
    return json_raw(name, JsonWriter().value(value).text());
}
Record& Record::json(std::string_view name, const char* value) {
    return json(name, std::string_view(value));
}
Record& Record::json(std::string_view name, const Cid& cid) {
    return json(name, cid.text());
}
Record& Record::json(std::string_view name, std::uint64_t value) {
    return json_raw(name, JsonWriter().value(value).text());
}
Record& Record::json(std::string_view name, bool value) {
    return json_raw(name, JsonWriter().value(value).text());
}
Record& Record::json(std::string_view name, std::nullptr_t) {
    return json_raw(name, JsonWriter().value(nullptr).text());
}

Record& Record::json(std::string_view name, const std::vector<std::uint64_t>& values) {
    return json_raw(name, JsonWriter().list(values).text());
}
Record& Record::json(std::string_view name, const std::vector<std::string>& values) {
    return json_raw(name, JsonWriter().list(values).text());
}

Record& Record::json_raw(std::string_view name, std::string_view raw) {
    members_.emplace_back(name, raw);
    return *this;
}

Record& Record::members_of(const Record& other) {
    members_.insert(members_.end(), other.members_.begin(), other.members_.end());
    return *this;
}

Record& Record::text(std::string_view value) {
    columns_.push_back(printable_exact(value));
    return *this;
}

std::string Record::as_text() const {
    return fmt::format("{}", fmt::join(columns_, "\t"));
}

void Record::write_members(JsonWriter& json) const {
    for (const auto& [name, raw] : members_)
        json.key(name).raw(raw);
}

std::string Record::as_json() const {
    JsonWriter json;
    json.begin_object().member("type", type_);
    write_members(json);
    return std::move(json.end_object()).text();
}

} // namespace codex::cli
