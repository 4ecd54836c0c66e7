// A parsed document from outside is never copied or written out again: nlohmann does both by
// recursion, as deep as the document is. Here the types say how deep it is read.
#include "ethereum/abi/json.hpp"

#include "base/hex.hpp"
#include "base/printable.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace codex::ethereum::abi {

using Json = nlohmann::json;

namespace {

constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 20;

bool all_have_names(const std::vector<Type>& types) {
    return !types.empty() &&
           std::ranges::all_of(types, [](const Type& type) { return !type.name.empty(); });
}

std::string hex(BytesView bytes) {
    return fmt::format("0x{}", to_hex(bytes));
}

Result<Value> read(const Type& type, const Json& json);

Result<UInt256> read_number(const Type& type, const Json& json) {
    UInt256 number;
    if (json.is_number_unsigned())
        number = json.get<std::uint64_t>();
    else if (json.is_string())
        CODEX_SET(number, UInt256::from_text(json.get_ref<const std::string&>()));
    else
        return fail(Errc::malformed, "not a whole number");
    if (number.bits() > type.size)
        return fail(Errc::amount_invalid, "a number of more than {} bits", type.size);
    return number;
}

Result<std::string_view> read_text(const Json& json) {
    if (!json.is_string())
        return fail(Errc::malformed, "not a string");
    return std::string_view(json.get_ref<const std::string&>());
}

Result<Bytes> read_hex(const Json& json) {
    CODEX_TRY(text, read_text(json));
    if (!text.starts_with("0x"))
        return fail(Errc::hex_invalid, "bytes are 0x and hexadecimal digits");
    return from_hex(text);
}

Result<Value> read_word(const Type& type, const Json& json) {
    CODEX_TRY(bytes, read_hex(json));
    if (bytes.size() != type.size)
        return fail(Errc::malformed, "{} bytes, not {}", bytes.size(), type.size);
    Word word{};
    std::ranges::copy(bytes, word.begin());
    return Value(word);
}

Result<Value> read_member(const Type& type, const Json& json, std::string_view name) {
    auto value = read(type, json);
    if (!value)
        return fail(std::move(value).error().context(name));
    return value;
}

Result<Value::List> read_members(const std::vector<Type>& types, const Json& json) {
    Value::List values;
    if (json.is_array()) {
        if (json.size() != types.size())
            return fail(Errc::malformed, "{} values, not {}", json.size(), types.size());
        for (std::size_t i = 0; i < types.size(); ++i) {
            CODEX_TRY(value,
                      read_member(types[i], json[i],
                                  types[i].name.empty() ? std::to_string(i) : types[i].name));
            values.push_back(std::move(value));
        }
        return values;
    }
    if (!json.is_object() || !all_have_names(types))
        return fail(Errc::malformed, "not an array of {} values", types.size());
    for (const Type& type : types) {
        const auto member = json.find(type.name);
        if (member == json.end())
            return fail(Errc::malformed, "\"{}\" is missing", type.name);
        CODEX_TRY(value, read_member(type, *member, type.name));
        values.push_back(std::move(value));
    }
    if (json.size() != types.size())
        for (const auto& [name, value] : json.items())
            if (std::ranges::find(types, name, &Type::name) == types.end())
                return fail(Errc::malformed, "\"{}\" is not known", printable(name));
    return values;
}

Result<Value> read_array(const Type& element, const Json& json) {
    if (!json.is_array())
        return fail(Errc::malformed, "not an array");
    Value::List values;
    for (std::size_t i = 0; i < json.size(); ++i) {
        CODEX_TRY(value, read_member(element, json[i], std::to_string(i)));
        values.push_back(std::move(value));
    }
    return Value(std::move(values));
}

Result<Value> read(const Type& type, const Json& json) {
    switch (type.kind) {
    case Kind::number: {
        CODEX_TRY(number, read_number(type, json));
        return Value(number);
    }
    case Kind::boolean:
        if (!json.is_boolean())
            return fail(Errc::malformed, "neither true nor false");
        return Value(UInt256(json.get<bool>() ? 1 : 0));
    case Kind::address: {
        CODEX_TRY(text, read_text(json));
        CODEX_TRY(address, Address::from_text(text));
        return Value(address);
    }
    case Kind::word:
        return read_word(type, json);
    case Kind::bytes: {
        CODEX_TRY(bytes, read_hex(json));
        return Value(std::move(bytes));
    }
    case Kind::string: {
        CODEX_TRY(text, read_text(json));
        return Value::of_text(text);
    }
    case Kind::tuple: {
        CODEX_TRY(values, read_members(type.members, json));
        return Value(std::move(values));
    }
    case Kind::array:
        break;
    }
    return read_array(type.members[0], json);
}

} // namespace

void write_value(JsonWriter& json, const Type& type, const Value& value) {
    switch (type.kind) {
    case Kind::number:
        json.value(value.number().text());
        return;
    case Kind::boolean:
        json.value(value.number() != UInt256());
        return;
    case Kind::address:
        json.value(value.address().text());
        return;
    case Kind::word:
        json.value(hex(BytesView(value.word()).first(type.size)));
        return;
    case Kind::bytes:
        json.value(hex(value.bytes()));
        return;
    case Kind::string:
        json.value(value.text());
        return;
    case Kind::tuple:
        write_values(json, type.members, value.list());
        return;
    case Kind::array:
        break;
    }
    json.begin_array();
    for (const Value& element : value.list())
        write_value(json, type.members[0], element);
    json.end_array();
}

void write_values(JsonWriter& json, const std::vector<Type>& types, const Value::List& values) {
    const bool named = all_have_names(types);
    if (named)
        json.begin_object();
    else
        json.begin_array();
    for (std::size_t i = 0; i < types.size(); ++i) {
        if (named)
            json.key(types[i].name);
        write_value(json, types[i], values[i]);
    }
    if (named)
        json.end_object();
    else
        json.end_array();
}

namespace {

/// Nothing of it is taken where a member stands twice: which one counts is not for readers to
/// choose.
Result<Json> parse_once(std::string_view text) {
    std::vector<std::set<std::string, std::less<>>> open; // names in each object around this place
    std::string twice;
    const Json::parser_callback_t note = [&](int, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::object_start)
            open.emplace_back();
        else if (event == Json::parse_event_t::object_end)
            open.pop_back();
        else if (event == Json::parse_event_t::key) {
            const auto& name = parsed.get_ref<const std::string&>();
            if (!open.back().insert(name).second && twice.empty())
                twice = name;
        }
        return true;
    };
    Json json = Json::parse(text, note, false);
    if (json.is_discarded())
        return fail(Errc::json_invalid, "not valid JSON");
    if (!twice.empty())
        return fail(Errc::malformed, "\"{}\" stands there twice", printable(twice));
    return json;
}

} // namespace

Result<Value::List> values_from_json(const std::vector<Type>& types, std::string_view text) {
    if (text.size() > kMaxJsonBytes)
        return fail(Errc::limit_exceeded, "larger than {} bytes", kMaxJsonBytes);
    // To the parser a NUL is the end of the text, whatever follows it.
    if (text.find('\0') != text.npos)
        return fail(Errc::json_invalid, "not valid JSON");
    CODEX_TRY(json, parse_once(text));
    return read_members(types, json);
}

} // namespace codex::ethereum::abi
