// JSON and contract forms of proofs and keys (codex-groth16(5), DOCUMENTS and CONTRACTS).
//
// A parsed document from outside is never copied or written out again: nlohmann does both by
// recursion, as deep as the document is. That rules out ordered_json for reading: its objects copy
// their members when they grow.
#include "snark/groth16.hpp"

#include "crypto/curve/pairing.hpp"
#include "crypto/field/text.hpp"

#include <nlohmann/json.hpp>

namespace codex::snark {

using crypto::field_from_text;
using crypto::field_to_text;
using crypto::Fq2;
using Json = nlohmann::json;
using Document = nlohmann::ordered_json; // for writing

namespace {

/// Larger than any document of these kinds.
constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxInputs = 4096;

Document text_of(const Fq& value) {
    return field_to_text(value);
}
Document pair_of(const Fq2& value) {
    return Document::array({text_of(value.c0), text_of(value.c1)});
}

/// Projective with z = 1, as snarkjs writes; infinity is (0, 1, 0).
Document point_of(const G1& p) {
    if (p.is_infinity())
        return Document::array({"0", "1", "0"});
    return Document::array({text_of(p.x), text_of(p.y), "1"});
}
Document point_of(const G2& p) {
    if (p.is_infinity())
        return Document::array({Document::array({"0", "0"}), Document::array({"1", "0"}),
                                Document::array({"0", "0"})});
    return Document::array({pair_of(p.x), pair_of(p.y), Document::array({"1", "0"})});
}

Result<Json> parse(std::string_view text, std::string_view what) {
    if (text.size() > kMaxJsonBytes)
        return fail(Errc::limit_exceeded, "{}: larger than {} bytes", what, kMaxJsonBytes);
    // To the parser a NUL is the end of the text, whatever follows it.
    Json json = text.find('\0') == text.npos ? Json::parse(text, nullptr, false)
                                             : Json(Json::value_t::discarded);
    if (json.is_discarded())
        return fail(Errc::json_invalid, "{}: not valid JSON", what);
    return json;
}

Result<const Json*> member(const Json& json, const char* name, Json::value_t type) {
    if (!json.is_object() || !json.contains(name))
        return fail(Errc::malformed, "\"{}\" is missing", name);
    const Json& value = json.at(name);
    if (value.type() != type)
        return fail(Errc::malformed, "\"{}\" is not of the right kind", name);
    return &value;
}

template <class F> Result<F> element(const Json& json, std::string_view where) {
    if (json.is_string())
        return field_from_text<F>(json.get_ref<const std::string&>()).map_error([&](Error error) {
            return std::move(error).context(where);
        });
    if (json.is_number_unsigned())
        return F::from_u64(json.get<std::uint64_t>());
    return fail(Errc::malformed, "{}: not a decimal string", where);
}

Result<Fq2> quadratic(const Json& json, std::string_view where) {
    if (!json.is_array() || json.size() != 2)
        return fail(Errc::malformed, "{}: not a pair", where);
    CODEX_TRY(c0, element<Fq>(json.at(0), where));
    CODEX_TRY(c1, element<Fq>(json.at(1), where));
    return Fq2{c0, c1};
}

template <class Coordinate, class Read>
Result<crypto::Affine<Coordinate>> read_point(const Json& json, const char* name, Read read) {
    if (!json.is_array() || json.size() != 3)
        return fail(Errc::malformed, "\"{}\" has {} coordinates, not 3", name,
                    json.is_array() ? json.size() : 0);
    CODEX_TRY(x, read(json.at(0), name));
    CODEX_TRY(y, read(json.at(1), name));
    CODEX_TRY(z, read(json.at(2), name));
    crypto::Affine<Coordinate> point = {x, y};
    if (z.is_zero())
        point = crypto::Affine<Coordinate>::infinity();
    else if (z != Coordinate::one())
        return fail(Errc::malformed, "\"{}\" is not affine (its third coordinate is not 1)", name);
    if (!point.is_on_curve())
        return fail(Errc::malformed, "\"{}\" is not a point of its curve", name);
    return point;
}

Result<G1> g1_of(const Json& json, const char* name) {
    CODEX_TRY(array, member(json, name, Json::value_t::array));
    return read_point<Fq>(*array, name, element<Fq>);
}
Result<G2> g2_of(const Json& json, const char* name) {
    CODEX_TRY(array, member(json, name, Json::value_t::array));
    return read_point<Fq2>(*array, name, quadratic);
}

/// A point of a key; those of proofs are looked at by verify().
Result<G2> subgroup_g2_of(const Json& json, const char* name) {
    CODEX_TRY(point, g2_of(json, name));
    if (!crypto::is_in_group(point))
        return fail(Errc::malformed, "\"{}\" is not a point of its group", name);
    return point;
}

/// protocol and curve, where they are said, are ours. rapidsnark omits the curve.
Result<void> check_kind(const Json& json) {
    if (!json.is_object())
        return fail(Errc::malformed, "not a JSON object");
    if (json.contains("protocol") && json.at("protocol") != "groth16")
        return fail(Errc::malformed, "protocol is not groth16");
    if (json.contains("curve") && json.at("curve") != "bn128" && json.at("curve") != "bn254")
        return fail(Errc::malformed, "curve is not bn128");
    return {};
}

Result<Groth16Proof> proof_of(const Json& json) {
    CODEX_CHECK(check_kind(json));
    CODEX_TRY(a, g1_of(json, "pi_a"));
    CODEX_TRY(b, g2_of(json, "pi_b"));
    CODEX_TRY(c, g1_of(json, "pi_c"));
    return Groth16Proof{a, b, c};
}

Result<std::vector<Fr>> inputs_of(const Json& json) {
    if (!json.is_array() || json.size() > kMaxInputs)
        return fail(Errc::malformed, "public inputs: not an array of at most {}", kMaxInputs);
    std::vector<Fr> inputs;
    for (const Json& value : json) {
        CODEX_TRY(input, element<Fr>(value, fmt::format("public input {}", inputs.size())));
        inputs.push_back(input);
    }
    return inputs;
}

/// Nothing in these documents has blanks inside strings.
std::string one_line(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
}

void append_word(Bytes& words, const Fq& value) {
    const Digest bytes = value.to_bytes();
    words.insert(words.end(), bytes.rbegin(), bytes.rend()); // big-endian
}

template <class F> std::string hex_word(const F& value) {
    const Digest bytes = value.to_bytes();
    std::string text = "\"0x";
    for (std::size_t i = bytes.size(); i-- > 0;)
        text += fmt::format("{:02x}", bytes[i]);
    return text + "\"";
}

} // namespace

std::string proof_to_json(const Groth16Proof& proof) {
    Document json;
    json["pi_a"] = point_of(proof.a);
    json["pi_b"] = point_of(proof.b);
    json["pi_c"] = point_of(proof.c);
    json["protocol"] = "groth16";
    json["curve"] = "bn128";
    return json.dump(1);
}

std::string inputs_to_json(std::span<const Fr> inputs) {
    Document json = Document::array();
    for (const Fr& input : inputs)
        json.push_back(field_to_text(input));
    return json.dump(1);
}

std::string verifying_key_to_json(const VerifyingKey& key) {
    Document json;
    json["protocol"] = "groth16";
    json["curve"] = "bn128";
    json["nPublic"] = key.ic.size() - 1;
    json["vk_alpha_1"] = point_of(key.alpha1);
    json["vk_beta_2"] = point_of(key.beta2);
    json["vk_gamma_2"] = point_of(key.gamma2);
    json["vk_delta_2"] = point_of(key.delta2);
    const crypto::GtElement gt = crypto::pairing_product({&key.alpha1, 1}, {&key.beta2, 1});
    Document halves = Document::array();
    for (std::size_t i = 0; i < 2; ++i) {
        Document half = Document::array();
        for (std::size_t j = 0; j < 3; ++j)
            half.push_back(pair_of({gt[6 * i + 2 * j], gt[6 * i + 2 * j + 1]}));
        halves.push_back(std::move(half));
    }
    json["vk_alphabeta_12"] = std::move(halves);
    json["IC"] = Document::array();
    for (const G1& point : key.ic)
        json["IC"].push_back(point_of(point));
    return json.dump(1);
}

Result<Groth16Proof> proof_from_json(std::string_view text) {
    CODEX_TRY(json, parse(text, "proof"));
    return proof_of(json);
}

Result<std::vector<Fr>> inputs_from_json(std::string_view text) {
    CODEX_TRY(json, parse(text, "public inputs"));
    return inputs_of(json);
}

Result<VerifyingKey> verifying_key_from_json(std::string_view text) {
    CODEX_TRY(json, parse(text, "verification key"));
    CODEX_CHECK(check_kind(json));
    CODEX_TRY(alpha1, g1_of(json, "vk_alpha_1"));
    CODEX_TRY(beta2, subgroup_g2_of(json, "vk_beta_2"));
    CODEX_TRY(gamma2, subgroup_g2_of(json, "vk_gamma_2"));
    CODEX_TRY(delta2, subgroup_g2_of(json, "vk_delta_2"));
    CODEX_TRY(ic, member(json, "IC", Json::value_t::array));
    if (ic->empty() || ic->size() > kMaxInputs + 1)
        return fail(Errc::malformed, "\"IC\" has {} points", ic->size());
    VerifyingKey key = {alpha1, beta2, gamma2, delta2, {}};
    for (const Json& point : *ic) {
        CODEX_TRY(one, read_point<Fq>(point, "IC", element<Fq>));
        key.ic.push_back(one);
    }
    return key;
}

std::string statement_to_json(const Statement& statement) {
    return fmt::format("{{\"proof\":{},\"publicSignals\":{}}}",
                       one_line(proof_to_json(statement.proof)),
                       one_line(inputs_to_json(statement.inputs)));
}

Result<Statement> statement_from_json(std::string_view text) {
    auto parsed = parse(text, "proof");
    if (!parsed && parsed.error().code() != Errc::json_invalid)
        return fail(std::move(parsed).error());
    if (!parsed || !parsed->is_object())
        return fail(Errc::json_invalid, "proof: not a JSON object");
    const Json& json = *parsed;
    for (const char* name : {"proof", "publicSignals"})
        if (!json.contains(name))
            return fail(Errc::malformed, "proof: \"{}\" is missing", name);
    CODEX_TRY(proof, proof_of(json.at("proof")));
    CODEX_TRY(inputs, inputs_of(json.at("publicSignals")));
    return Statement{std::move(inputs), proof};
}

Bytes proof_to_contract_words(const Groth16Proof& proof) {
    Bytes words;
    for (const Fq& value : {proof.a.x, proof.a.y, proof.b.x.c0, proof.b.x.c1, proof.b.y.c0,
                            proof.b.y.c1, proof.c.x, proof.c.y})
        append_word(words, value);
    return words;
}

std::string statement_to_snarkjs_calldata(const Statement& statement) {
    const auto& [inputs, proof] = statement;
    std::string text = fmt::format(
        "[{}, {}],[[{}, {}],[{}, {}]],[{}, {}],[", hex_word(proof.a.x), hex_word(proof.a.y),
        hex_word(proof.b.x.c1), hex_word(proof.b.x.c0), hex_word(proof.b.y.c1),
        hex_word(proof.b.y.c0), hex_word(proof.c.x), hex_word(proof.c.y));
    for (std::size_t i = 0; i < inputs.size(); ++i)
        text += (i == 0 ? "" : ",") + hex_word(inputs[i]);
    return text + "]";
}

} // namespace codex::snark
