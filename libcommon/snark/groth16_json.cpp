// JSON and contract forms of proofs and keys (codex-groth16(5), DOCUMENTS and CONTRACTS).
//
// A parsed document from outside is never copied or written out again: nlohmann does both by
// recursion, as deep as the document is. That rules out ordered_json: its objects copy their
// members when they grow.
#include "snark/groth16.hpp"

#include "base/json_writer.hpp"
#include "crypto/curve/pairing.hpp"
#include "crypto/field/text.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace codex::snark {

using crypto::field_from_text;
using crypto::field_to_text;
using crypto::Fq2;
using Json = nlohmann::json;

namespace {

/// Larger than any document of these kinds.
constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxInputs = 4096;
/// As snarkjs writes documents.
constexpr std::size_t kIndent = 1;

void write_pair(JsonWriter& json, const Fq2& value) {
    json.list(std::array{field_to_text(value.c0), field_to_text(value.c1)});
}

/// Projective with z = 1, as snarkjs writes; infinity is (0, 1, 0).
void write_point(JsonWriter& json, const G1& p) {
    if (p.is_infinity())
        json.list(std::array{"0", "1", "0"});
    else
        json.list(std::array<std::string, 3>{field_to_text(p.x), field_to_text(p.y), "1"});
}
void write_point(JsonWriter& json, const G2& p) {
    const bool infinity = p.is_infinity();
    json.begin_array();
    write_pair(json, infinity ? Fq2::zero() : p.x);
    write_pair(json, infinity ? Fq2::one() : p.y);
    write_pair(json, infinity ? Fq2::zero() : Fq2::one());
    json.end_array();
}

void write_proof(JsonWriter& json, const Groth16Proof& proof) {
    json.begin_object();
    write_point(json.key("pi_a"), proof.a);
    write_point(json.key("pi_b"), proof.b);
    write_point(json.key("pi_c"), proof.c);
    json.member("protocol", "groth16").member("curve", "bn128").end_object();
}

void write_inputs(JsonWriter& json, std::span<const Fr> inputs) {
    json.begin_array();
    for (const Fr& input : inputs)
        json.value(field_to_text(input));
    json.end_array();
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
    if (json.is_string()) {
        auto value = field_from_text<F>(json.get_ref<const std::string&>());
        if (!value)
            return fail(std::move(value).error().context(where));
        return value;
    }
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
    JsonWriter json(kIndent);
    write_proof(json, proof);
    return std::move(json).text();
}

std::string inputs_to_json(std::span<const Fr> inputs) {
    JsonWriter json(kIndent);
    write_inputs(json, inputs);
    return std::move(json).text();
}

std::string verifying_key_to_json(const VerifyingKey& key) {
    JsonWriter json(kIndent);
    json.begin_object().member("protocol", "groth16").member("curve", "bn128");
    json.member("nPublic", key.ic.size() - 1);
    write_point(json.key("vk_alpha_1"), key.alpha1);
    write_point(json.key("vk_beta_2"), key.beta2);
    write_point(json.key("vk_gamma_2"), key.gamma2);
    write_point(json.key("vk_delta_2"), key.delta2);
    const crypto::GtElement gt = crypto::pairing_product({&key.alpha1, 1}, {&key.beta2, 1});
    json.key("vk_alphabeta_12").begin_array();
    for (std::size_t i = 0; i < 2; ++i) {
        json.begin_array();
        for (std::size_t j = 0; j < 3; ++j)
            write_pair(json, {gt[6 * i + 2 * j], gt[6 * i + 2 * j + 1]});
        json.end_array();
    }
    json.end_array().key("IC").begin_array();
    for (const G1& point : key.ic)
        write_point(json, point);
    json.end_array().end_object();
    return std::move(json).text();
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
    JsonWriter json;
    json.begin_object();
    write_proof(json.key("proof"), statement.proof);
    write_inputs(json.key("publicSignals"), statement.inputs);
    return std::move(json.end_object()).text();
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
