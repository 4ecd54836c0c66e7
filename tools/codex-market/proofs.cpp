// codex-market fill and prove-submit: what a prover has answered, sent for many slots.
#include "calls.hpp"
#include "market.hpp"
#include "options.hpp"
#include "places.hpp"
#include "state_records.hpp"
#include "toolkit/input.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

struct ProofOptions {
    LedgerOption ledger;
    AccountOption account;
    std::string file = "-";
};

/// As the contract is given it.
market::Proof proof_of(const snark::Statement& statement) {
    const Bytes words = proof_to_contract_words(statement.proof);
    market::Proof proof{};
    for (std::size_t i = 0; i < proof.words.size(); ++i)
        proof.words[i] = UInt256::from_bytes(BytesView(words).subspan(32 * i, 32));
    return proof;
}

/// An answer that is about what its slot is to prove now.
struct CheckedAnswer {
    SlotName slot; ///< with its place
    market::Proof proof;
};
Result<CheckedAnswer> checked(const Views& views, Places& places, const std::string& line) {
    auto read = market::proof_answer_from_json(line);
    if (!read && !read.error().has_way_out())
        return fail(std::move(read).error().hint(
            "a line is what a prover answers: codex-market challenge SLOT | codex-prove prove "
            "--watch --circuit-dir DIR"));
    CODEX_TRY(answer, std::move(read));
    SlotName slot{answer.slot_id, std::nullopt};
    CODEX_SET(slot.place, places.find(views, slot));
    CODEX_TRY(challenge, challenge_now(views, slot));
    CODEX_CHECK(market::check_signals(challenge, answer.statement));
    return CheckedAnswer{slot, proof_of(answer.statement)};
}

Result<PlannedCall> plan_fill(Places& places, const ledger::Ledger& ledger,
                              const ethereum::PrivateKey& key, const std::string& line) {
    CODEX_TRY(views, Views::now(ledger, key.address()));
    CODEX_TRY(proven, checked(views, places, line));
    const auto& [slot, proof] = proven;
    CODEX_TRY(request, known_request(views, slot.place->request));
    CODEX_TRY(state, views.ask(questions::slot_state(slot.id)));
    PlannedCall call = slot_call(
        ledger, slot, market::calls::fill_slot(slot.place->request, slot.place->index, proof));
    call.takes = collateral_to_fill(views, request, state);
    return call;
}

Result<PlannedCall> plan_submit(Places& places, const ledger::Ledger& ledger,
                                const ethereum::PrivateKey& key, const std::string& line) {
    CODEX_TRY(views, Views::now(ledger, key.address()));
    CODEX_TRY(proven, checked(views, places, line));
    const auto& [slot, proof] = proven;
    return slot_call(ledger, slot, market::calls::submit_proof(slot.id, proof));
}

using PlanAnswer = Result<PlannedCall> (*)(Places& places, const ledger::Ledger& ledger,
                                           const ethereum::PrivateKey& key,
                                           const std::string& line);

Result<int> run_proofs(cli::Context& context, const ProofOptions& options, PlanAnswer plan) {
    CODEX_TRY(input, toolkit::open_input(options.file));
    cli::Inputs inputs({}, input.fd(), input.name);
    inputs.are("answer of a prover", {"id"});
    inputs.whole_lines();
    Places places;
    return make_calls(context, std::move(inputs),
                      [&](const ledger::Ledger& ledger, const ethereum::PrivateKey& key,
                          const std::string& line) { return plan(places, ledger, key, line); });
}

void declare_one(cli::Command& root, const std::string& name, const std::string& summary,
                 PlanAnswer plan) {
    const auto options = std::make_shared<ProofOptions>();
    cli::Command& command = root.command(name, summary);
    options->ledger.declare(command);
    options->account.declare(command);
    command
        .argument("FILE", options->file, "answers of a prover, one a line; default: from stdin",
                  false)
        .takes_batch()
        .takes_dry_run()
        .example("codex-market " + name + " proofs.ndjson")
        .example("codex-market challenge 0x3c9f...@0 | codex-prove prove --watch --circuit-dir . | "
                 "codex-market " +
                 name)
        .run(
            [options, plan](cli::Context& context) { return run_proofs(context, *options, plan); });
}

} // namespace

void declare_proofs(cli::Command& root) {
    declare_one(root, "fill", "become the host of slots, with a first proof of each", plan_fill);
    declare_one(root, "prove-submit", "send the proofs of slots that the account fills",
                plan_submit);
}

} // namespace codex::market_tool
