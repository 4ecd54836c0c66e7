#include "proof/documents.hpp"

#include "base/hex.hpp"
#include "base/json_text.hpp"
#include "crypto/field/text.hpp"
#include "proof/detail/groth16_json.hpp"
#include "proof/sampler.hpp"

#include <algorithm>

namespace codex::proof {

using detail::Json;

namespace {

constexpr std::size_t kMaxStatementBytes = std::size_t{1} << 20;
/// Levels of arrays and objects in a job's id.
constexpr int kMaxIdLevels = 8;

/// Whether `json` has at most `levels` of arrays and objects: it may be written out by recursion.
bool is_shallow(const Json& json, int levels) {
    return !json.is_structured() ||
           (levels > 0 && std::all_of(json.begin(), json.end(), [levels](const Json& inner) {
                return is_shallow(inner, levels - 1);
            }));
}

/// Nothing in these documents has blanks inside strings.
std::string one_line(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
}

Result<Json> parse_object(std::string_view text, std::size_t limit, std::string_view what) {
    if (text.size() > limit)
        return fail(Errc::limit_exceeded, "{}: longer than {} bytes", what, limit);
    auto json = detail::parse_json(text, what);
    if (!json || !json->is_object())
        return fail(Errc::json_invalid, "{}: not a JSON object", what);
    return json;
}

Result<std::string> text_member(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string())
        return fail(Errc::malformed, "proof job: \"{}\" is not a string", name);
    return found->get<std::string>();
}

} // namespace

std::string statement_to_json(const Groth16Proof& proof, std::span<const Fr> inputs) {
    return fmt::format("{{\"proof\":{},\"publicSignals\":{}}}", one_line(proof_to_json(proof)),
                       one_line(inputs_to_json(inputs)));
}

Result<BatchItem> statement_from_json(std::string_view text) {
    CODEX_TRY(json, parse_object(text, kMaxStatementBytes, "proof"));
    for (const char* name : {"proof", "publicSignals"})
        if (!json.contains(name))
            return fail(Errc::malformed, "proof: \"{}\" is missing", name);
    CODEX_TRY(proof, detail::proof_of(json["proof"]));
    CODEX_TRY(inputs, detail::inputs_of(json["publicSignals"]));
    return BatchItem{std::move(inputs), proof};
}

std::string job_id_from_json(std::string_view text) {
    const auto json = parse_object(text, kMaxJobBytes, "proof job");
    if (!json || !json->contains("id") || !is_shallow((*json)["id"], kMaxIdLevels))
        return "null";
    return (*json)["id"].dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ProofJob> job_from_json(std::string_view text) {
    CODEX_TRY(json, parse_object(text, kMaxJobBytes, "proof job"));
    ProofJob job;
    if (json.contains("id") && !is_shallow(json["id"], kMaxIdLevels))
        return fail(Errc::malformed, "proof job: \"id\" has more than {} levels", kMaxIdLevels);
    CODEX_TRY(cid, text_member(json, "cid"));
    CODEX_TRY(dataset, Cid::from_text(cid));
    job.dataset = dataset;
    if (!json.contains("slot") || !json["slot"].is_number_unsigned())
        return fail(Errc::malformed, "proof job: \"slot\" is not a number");
    job.slot = json["slot"].get<std::uint64_t>();
    if (json.contains("challenge") == json.contains("entropy"))
        return fail(Errc::malformed, "proof job: either \"challenge\" or \"entropy\" is needed");
    if (json.contains("challenge")) {
        CODEX_TRY(challenge, text_member(json, "challenge"));
        CODEX_TRY(entropy, entropy_from_challenge(challenge));
        job.entropy = entropy;
    } else {
        CODEX_TRY(decimal, text_member(json, "entropy"));
        CODEX_TRY(entropy, crypto::field_from_text<Fr>(decimal));
        job.entropy = entropy;
    }
    return job;
}

std::string failure_to_json(const Error& error) {
    std::string text = fmt::format("{{\"error\":{{\"code\":{},\"message\":{}",
                                   json_quote(errc_name(error.code())), json_quote(error.text()));
    if (!error.hint().empty())
        text += ",\"hint\":" + json_quote(error.hint());
    return text + "}}";
}

Result<Fr> entropy_from_challenge(std::string_view hex) {
    if (hex.starts_with("0x") || hex.starts_with("0X"))
        hex.remove_prefix(2);
    CODEX_TRY(bytes, from_hex(hex));
    Digest challenge;
    if (bytes.size() != challenge.size())
        return fail(
            Error(Errc::hex_invalid, fmt::format("challenge: {} bytes, not 32", bytes.size()))
                .hint("a challenge is 64 hex digits; a number goes to --entropy"));
    std::copy(bytes.begin(), bytes.end(), challenge.begin());
    return challenge_to_entropy(challenge);
}

} // namespace codex::proof
