#include "proof/documents.hpp"

#include "base/counted.hpp"
#include "base/hex.hpp"
#include "base/json_writer.hpp"
#include "crypto/field/text.hpp"
#include "proof/sampler.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace codex::proof {

using crypto::Fr;
/// A document from outside is never copied or written out again unless it is shallow: nlohmann does
/// both by recursion, as deep as the document is.
using Json = nlohmann::json;

namespace {

/// Levels of arrays and objects in a job's id.
constexpr int kMaxIdLevels = 8;

/// Whether `json` has at most `levels` of arrays and objects: it may be written out by recursion.
bool is_shallow(const Json& json, int levels) {
    return !json.is_structured() ||
           (levels > 0 && std::all_of(json.begin(), json.end(), [levels](const Json& inner) {
                return is_shallow(inner, levels - 1);
            }));
}

/// As JSON of ours is: nothing in it steers a terminal.
void echo(JsonWriter& out, const Json& json) {
    if (json.is_array()) {
        out.begin_array();
        for (const Json& item : json)
            echo(out, item);
        out.end_array();
    } else if (json.is_object()) {
        out.begin_object();
        for (const auto& [key, value] : json.items())
            echo(out.key(key), value);
        out.end_object();
    } else if (json.is_string()) {
        out.value(json.get_ref<const std::string&>());
    } else {
        out.raw(json.dump()); // a number as it was written, true, false or null
    }
}

Result<Json> parse_object(std::string_view text) {
    if (text.size() > kMaxJobBytes)
        return fail(Errc::limit_exceeded, "proof job: longer than {} bytes", kMaxJobBytes);
    // To the parser a NUL is the end of the text, whatever follows it.
    Json json = text.find('\0') == text.npos ? Json::parse(text, nullptr, false)
                                             : Json(Json::value_t::discarded);
    if (!json.is_object())
        return fail(Errc::json_invalid, "proof job: not a JSON object");
    return json;
}

Result<std::string> text_member(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string())
        return fail(Errc::malformed, "proof job: \"{}\" is not a string", name);
    return found->get<std::string>();
}

} // namespace

std::string job_id_from_json(std::string_view text) {
    const auto json = parse_object(text);
    if (!json || !json->contains("id") || !is_shallow((*json)["id"], kMaxIdLevels))
        return "null";
    JsonWriter out;
    echo(out, (*json)["id"]);
    return std::move(out).text();
}

Result<ProofJob> job_from_json(std::string_view text) {
    CODEX_TRY(json, parse_object(text));
    ProofJob job;
    if (json.contains("id") && !is_shallow(json["id"], kMaxIdLevels))
        return fail(Errc::malformed, "proof job: \"id\" has more than {} levels", kMaxIdLevels);
    CODEX_TRY(cid, text_member(json, "cid"));
    CODEX_SET(job.dataset, Cid::from_text(cid));
    if (!json.contains("slot") || !json["slot"].is_number_unsigned())
        return fail(Errc::malformed, "proof job: \"slot\" is not a number");
    job.slot = json["slot"].get<std::uint64_t>();
    if (!json.contains("challenge") && !json.contains("entropy"))
        return fail(Errc::malformed, "proof job: either \"challenge\" or \"entropy\" is needed");
    if (json.contains("challenge")) {
        CODEX_TRY(challenge, text_member(json, "challenge"));
        auto entropy = entropy_from_challenge(challenge);
        if (!entropy)
            return fail(std::move(entropy).error().context("proof job: \"challenge\""));
        job.entropy = *entropy;
    }
    if (json.contains("entropy")) {
        CODEX_TRY(decimal, text_member(json, "entropy"));
        CODEX_TRY(entropy, crypto::field_from_text<Fr>(decimal));
        if (json.contains("challenge") && entropy != job.entropy)
            return fail(Errc::malformed, "proof job: \"entropy\" is not that of the \"challenge\"");
        job.entropy = entropy;
    }
    return job;
}

Result<Fr> entropy_from_challenge(std::string_view hex) {
    if (hex.starts_with("0x") || hex.starts_with("0X"))
        hex.remove_prefix(2);
    CODEX_TRY(bytes, from_hex(hex));
    Digest challenge;
    if (bytes.size() != challenge.size())
        return fail(Errc::hex_invalid, "{}, not 32", counted(bytes.size(), "byte"));
    std::copy(bytes.begin(), bytes.end(), challenge.begin());
    return challenge_to_entropy(challenge);
}

} // namespace codex::proof
