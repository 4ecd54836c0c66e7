#include "market/challenge.hpp"

#include "base/hex.hpp"
#include "base/json_writer.hpp"
#include "codec/cid.hpp"
#include "market/contract/proof_inputs.hpp"
#include "market/refusal.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace codex::market {

using ethereum::UInt256;
using ethereum::abi::Word;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kMaxAnswerBytes = std::size_t{1} << 20;
constexpr std::string_view kSignalNames[] = {"challenge", "root of the dataset", "slot"};

std::string hex(BytesView bytes) {
    return fmt::format("0x{}", to_hex(bytes));
}

/// A probability that overflows can never be asked for, by nobody.
Result<bool> unless_it_panics(Result<bool> answer) {
    if (!answer && answer.error().code() == Errc::market_refused)
        return false;
    return answer;
}

UInt256 number_of(const crypto::Fr& element) {
    Digest bytes = element.to_bytes();
    std::ranges::reverse(bytes);
    return UInt256::from_bytes(bytes);
}

/// What a prover says when it has no proof.
std::string words_of(const Json& error) {
    if (error.is_object()) {
        const auto message = error.find("message");
        if (message != error.end() && message->is_string())
            return message->get<std::string>();
    }
    return "it does not say why";
}

Result<Word> word_from_text(const Json& json) {
    if (!json.is_string())
        return fail(Errc::malformed, "\"id\" is not the id of a slot");
    auto bytes = from_hex(json.get_ref<const std::string&>());
    if (!bytes)
        return fail(std::move(bytes).error().context("\"id\""));
    Word word{};
    if (bytes->size() != word.size())
        return fail(Errc::malformed, "\"id\" has {} bytes, and the id of a slot has {}",
                    bytes->size(), word.size());
    std::ranges::copy(*bytes, word.begin());
    return word;
}

} // namespace

Result<Challenge> challenge_of(const Contracts& contracts, const State& state, const Now& now,
                               const Request& request, std::uint64_t index) {
    const auto asked = [&](const auto& question) {
        return ask(contracts, state, now, {}, question);
    };
    Challenge made;
    made.slot_id = slot_id(request.id(), index);
    made.cid = request.cid;
    made.slot = index;
    CODEX_SET(made.challenge, asked(questions::get_challenge(made.slot_id)));
    CODEX_TRY(pointer, asked(questions::get_pointer(made.slot_id)));
    made.pointer = static_cast<std::uint8_t>(pointer);
    CODEX_SET(made.required, unless_it_panics(asked(questions::is_proof_required(made.slot_id))));
    CODEX_SET(made.will_be_required,
              unless_it_panics(asked(questions::will_proof_be_required(made.slot_id))));
    const std::uint64_t seconds = contracts.options().configuration.period;
    made.period = now.time / seconds;
    made.period_end = (made.period + 1) * seconds;
    made.public_signals = proof_inputs(made.challenge, request.merkle_root, index);
    return made;
}

std::string challenge_to_json(const Challenge& challenge) {
    const auto cid = Cid::from_bytes(challenge.cid);
    JsonWriter json;
    json.begin_object()
        .member("id", hex(challenge.slot_id))
        .member("cid", cid ? cid->text() : hex(challenge.cid))
        .member("slot", challenge.slot)
        .member("challenge", hex(challenge.challenge))
        .member("entropy", challenge.public_signals[0].text())
        .member("period", challenge.period)
        .member("periodEnd", challenge.period_end)
        .member("pointer", challenge.pointer)
        .member("required", challenge.required)
        .member("willBeRequired", challenge.will_be_required)
        .key("publicSignals")
        .begin_array();
    for (const UInt256& signal : challenge.public_signals)
        json.value(signal.text());
    json.end_array().end_object();
    return std::move(json).text();
}

Result<ProofAnswer> proof_answer_from_json(std::string_view line) {
    if (line.size() > kMaxAnswerBytes)
        return fail(Errc::limit_exceeded, "the answer of a prover is longer than {} bytes",
                    kMaxAnswerBytes);
    // To the parser a NUL is the end of the text, whatever follows it.
    const Json json = line.find('\0') == line.npos ? Json::parse(line, nullptr, false)
                                                   : Json(Json::value_t::discarded);
    if (!json.is_object())
        return fail(Errc::json_invalid, "the answer of a prover is no JSON object");
    const auto id = json.find("id");
    if (id == json.end())
        return fail(Errc::malformed, "\"id\" is missing");
    ProofAnswer answer;
    CODEX_SET(answer.slot_id, word_from_text(*id));
    if (const auto error = json.find("error"); error != json.end())
        return fail(Errc::proof_invalid, "the prover has no proof of slot {}: {}",
                    hex(answer.slot_id), words_of(*error));
    CODEX_SET(answer.statement, snark::statement_from_json(line));
    return answer;
}

Result<void> check_signals(const Challenge& challenge, const snark::Statement& statement) {
    const auto& wanted = challenge.public_signals;
    if (statement.inputs.size() != wanted.size())
        return fail(
            Error(Errc::proof_invalid, fmt::format("the proof has {} public signals, not {}",
                                                   statement.inputs.size(), wanted.size()))
                .remedy(Remedy(Remedy::prove_slot).of(hex(challenge.slot_id))));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const UInt256 shown = number_of(statement.inputs[i]);
        if (shown != wanted[i])
            return fail(Error(Errc::proof_invalid,
                              fmt::format("the proof is about another {}: {}, and the contract "
                                          "asks for {}",
                                          kSignalNames[i], shown.text(), wanted[i].text()))
                            .remedy(Remedy(Remedy::prove_slot).of(hex(challenge.slot_id))));
    }
    return {};
}

} // namespace codex::market
