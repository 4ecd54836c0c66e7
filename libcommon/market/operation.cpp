#include "market/detail/operation.hpp"

#include "ethereum/abi/json.hpp"
#include "market/refusal.hpp"

namespace codex::market::detail {

using Json = nlohmann::json;

namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
/// More than any operation has; what is deeper is not kept, since others walk through it by
/// recursion.
constexpr int kMaxDepth = 16;

} // namespace

Result<Json> operation_from_json(std::string_view text) {
    if (text.size() > kMaxBytes)
        return fail(Errc::limit_exceeded, "an operation of more than {} bytes", kMaxBytes);
    bool deep = false;
    const Json::parser_callback_t note = [&](int depth, Json::parse_event_t, Json&) {
        deep |= depth > kMaxDepth;
        return depth <= kMaxDepth;
    };
    // To the parser a NUL is the end of the text, whatever follows it.
    Json json = text.find('\0') == text.npos ? Json::parse(text, note, false)
                                             : Json(Json::value_t::discarded);
    if (!json.is_object() || deep)
        return fail(Errc::json_invalid, "an operation is a JSON object, and this is none");
    return json;
}

Result<std::uint64_t> number_of(const Json& json, const char* name) {
    const auto member = json.find(name);
    if (member == json.end() || !member->is_number_unsigned())
        return fail(Errc::malformed, "\"{}\" is not a number", name);
    return member->get<std::uint64_t>();
}

Result<std::string> text_of(const Json& json, const char* name) {
    const auto member = json.find(name);
    if (member == json.end() || !member->is_string())
        return fail(Errc::malformed, "\"{}\" is not a string", name);
    return member->get<std::string>();
}

void write_id(JsonWriter& answer, const Json& operation) {
    answer.key("id");
    const auto id = operation.find("id");
    if (id != operation.end() && id->is_number_unsigned())
        answer.value(id->get<std::uint64_t>());
    else if (id != operation.end() && id->is_string())
        answer.value(id->get_ref<const std::string&>());
    else
        answer.value(nullptr);
}

void write_block(JsonWriter& answer, std::uint64_t block, std::uint64_t time) {
    answer.key("block").begin_object();
    answer.member("number", block).member("timestamp", time).end_object();
}

void write_refusal(JsonWriter& answer, BytesView revert_data) {
    const Refusal refusal = refusal_of(revert_data);
    answer.member("ok", false).key("error");
    if (refusal.fault == nullptr)
        answer.value(nullptr);
    else
        answer.value(refusal.name);
    answer.key("args").begin_array();
    for (std::size_t i = 0; i < refusal.arguments.size(); ++i)
        write_value(answer, refusal.fault->inputs[i], refusal.arguments[i]);
    answer.end_array();
}

} // namespace codex::market::detail
