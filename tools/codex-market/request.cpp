// codex-market request: storage is asked for, and paid in advance.
#include "base/hex.hpp"
#include "base/random.hpp"
#include "calls.hpp"
#include "cli/for_each.hpp"
#include "dataset/dataset.hpp"
#include "erasure/shape.hpp"
#include "market.hpp"
#include "market/contract/interfaces.hpp"
#include "options.hpp"
#include "proof/slots.hpp"
#include "request_store.hpp"
#include "state_records.hpp"
#include "terms_text.hpp"
#include "toolkit/access.hpp"

#include <algorithm>
#include <memory>
#include <unistd.h>

namespace codex::market_tool {

namespace {

struct RequestOptions {
    LedgerOption ledger;
    AccountOption account;
    cli::DurationValue duration;
    cli::DurationValue expiry;
    std::string price;
    std::string collateral;
    std::uint64_t proof_probability = 100;
    std::optional<std::uint64_t> max_slot_loss;
    std::optional<std::uint64_t> nodes, tolerance;
    std::string nonce;
    std::vector<std::string> cids;
};

/// Where nobody says when a request expires that finds no hosts.
constexpr std::uint64_t kUsualExpiry = 600;

/// What is the same of all requests of a command.
struct Terms {
    market::Request request; ///< without what a dataset has
    std::optional<Word> nonce;
    std::optional<erasure::Shape> shape; ///< of what is yet to be encoded
};

Result<UInt256> amount_option(std::string_view option, const std::string& text) {
    if (text.empty())
        return fail(Error(Errc::usage, fmt::format("{} is needed", option))
                        .hint("for example: codex-market request CID --duration 1d --price 1000 "
                              "--collateral 1000"));
    auto amount = amount_from_text(text);
    if (!amount)
        return fail(cli::bad_value(option, amount.error()));
    return amount;
}

Result<std::optional<erasure::Shape>> shape_of(const RequestOptions& options) {
    if (!options.nodes && !options.tolerance)
        return std::optional<erasure::Shape>();
    if (!options.nodes || !options.tolerance)
        return fail(Errc::usage, "--nodes and --tolerance belong together");
    auto shape = erasure::Shape::for_nodes(*options.nodes, *options.tolerance);
    if (!shape)
        return fail(Error(Errc::usage, shape.error().text()).way_out_of(shape.error()));
    return std::optional(*shape);
}

Result<Terms> terms_of(const RequestOptions& options) {
    Terms terms;
    market::Ask& ask = terms.request.ask;
    if (!options.duration.given)
        return fail(Error(Errc::usage, "--duration is needed")
                        .hint("for example: codex-market request CID --duration 1d --price 1000 "
                              "--collateral 1000"));
    ask.duration = options.duration.seconds;
    CODEX_SET(ask.price_per_byte_per_second, amount_option("--price", options.price));
    CODEX_SET(ask.collateral_per_byte, amount_option("--collateral", options.collateral));
    ask.proof_probability = options.proof_probability;
    terms.request.expiry = options.expiry.given
                               ? options.expiry.seconds
                               : std::min(kUsualExpiry, options.duration.seconds / 2);
    CODEX_SET(terms.shape, shape_of(options));
    if (!options.nonce.empty()) {
        auto nonce = request_from_text(options.nonce);
        if (!nonce)
            return fail(
                Error(Errc::usage, fmt::format("--nonce: '{}' is not 64 hex digits", options.nonce))
                    .hint("leave it out, and one is drawn"));
        terms.nonce = *nonce;
    }
    return terms;
}

/// The verifiable dataset: the one that was named, or the one that is made of it.
Result<Cid> verifiable(cli::Context& context, repo::Repo& repo, const Terms& terms,
                       const Cid& named, Progress& progress) {
    CODEX_TRY(info, repo.dataset(named));
    if (!terms.shape)
        return named;
    const dataset::Job job{repo, {context.pool(), progress}};
    Cid protected_cid = named;
    const auto& code = info.manifest.erasure;
    if (code && (code->k != terms.shape->k() || code->m != terms.shape->m()))
        return fail(Error(Errc::erasure_parameters,
                          fmt::format("is protected already, for {} nodes of which {} may be lost",
                                      code->k + code->m, code->m))
                        .hint("leave --nodes and --tolerance out, and name its verifiable dataset")
                        .remedy(Remedy(Remedy::compute_slots, "compute them").of(named.text())));
    if (!code)
        CODEX_SET(protected_cid, dataset::encode(job, named, *terms.shape, std::nullopt));
    CODEX_TRY(built, proof::build_slots(job, protected_cid, {}));
    return built.manifest;
}

Result<market::Request> request_for(const repo::Repo& repo, const RequestOptions& options,
                                    const Terms& terms, const Cid& cid, const Address& client) {
    CODEX_TRY(dataset, proof::open_verifiable(repo, cid));
    market::Request request = terms.request;
    request.client = client;
    request.ask.slots = dataset.shape.slots;
    request.ask.slot_size = dataset.shape.slot_bytes();
    request.ask.max_slot_loss = options.max_slot_loss.value_or(dataset.info.manifest.erasure->m);
    const auto bytes = cid.bytes();
    request.cid.assign(bytes.begin(), bytes.end());
    const Digest& root = dataset.dataset_tree.root();
    std::ranges::copy(root, request.merkle_root.begin());
    return request;
}

PlannedCall posting(const ledger::Ledger& ledger, const market::Request& request) {
    PlannedCall call = request_call(ledger, request.id(), market::calls::request_storage(request));
    call.takes = request.max_price().value_or(UInt256());
    return call;
}

/// The same for a dataset, which is what its errors are about: the id is of no use where it is
/// refused.
std::vector<PlannedCall> purchase(const ledger::Ledger& ledger, const market::Request& request) {
    PlannedCall call = posting(ledger, request);
    call.about = cid_text(request.cid);
    return {std::move(call)};
}

/// The record of a request that is in the market, with the call that brought it there.
Result<cli::Record> purchase_record(const ledger::Ledger& ledger, const market::Request& request) {
    CODEX_TRY(views, Views::now(ledger, request.client));
    const Word id = request.id();
    CODEX_TRY(expires, views.ask(questions::request_expiry(id)));
    CODEX_TRY(ends, views.ask(questions::request_end(id)));
    cli::Record record("purchase");
    record.field("requestId", text_of(id))
        .field("maxPrice", request.max_price().value_or(UInt256()).text())
        .field("expiresAt", expires)
        .field("endsAt", ends);
    ledger::EventQuery query;
    query.about = id;
    query.topics = {market::marketplace_interface().event("StorageRequested")->topic};
    query.most = 1;
    CODEX_CHECK(ledger.events(query, [&](const ledger::Event& event) -> Result<bool> {
        record.field("tx", text_of(event.hash))
            .field("block", event.block)
            .json("timestamp", event.time);
        return true;
    }));
    return record.json("cid", cid_text(request.cid));
}

/// Buys for one dataset after the other.
class Buyer {
public:
    Buyer(cli::Context& context, const RequestOptions& options, Terms terms)
        : context_(context), options_(options), terms_(std::move(terms)) {}

    Result<void> begin() {
        CODEX_TRY(repo, toolkit::open_repo(context_, terms_.shape ? toolkit::Access::write
                                                                  : toolkit::Access::read));
        repo_.emplace(std::move(repo));
        return {};
    }

    Result<void> buy(const std::string& item, Progress& progress) {
        auto done = buy_one(item, progress);
        if (!done) // the repo knows what else the word may be
            return fail(repo_->explain(item, std::move(done).error()));
        return done;
    }

private:
    Result<void> buy_one(const std::string& item, Progress& progress) {
        CODEX_TRY(named, repo_->named(item, repo::Named::dataset));
        CODEX_TRY(cid, verifiable(context_, *repo_, terms_, named, progress));
        CODEX_CHECK(open_market());
        CODEX_TRY(request, request_for(*repo_, options_, terms_, cid, key_->address()));
        if (context_.dry_run())
            return preview(request);
        if (terms_.nonce) { // the command line says which request it is
            request.nonce = *terms_.nonce;
            CODEX_TRY(posted, post(request));
            return posted ? print(request) : Result<void>();
        }
        return buy_once(request);
    }

    Result<void> open_market() {
        if (ledger_)
            return {};
        CODEX_TRY(key, account_key(context_));
        key_.emplace(std::move(key));
        CODEX_SET(ledger_, open_ledger(context_, context_.dry_run() ? ledger::Access::read
                                                                    : ledger::Access::write));
        caller_.emplace(context_, *ledger_, *key_);
        // Who was killed here before may have posted it, and no view knows of it yet.
        if (!context_.dry_run())
            CODEX_CHECK(ledger_->call({}));
        return {};
    }

    Result<void> preview(market::Request request) {
        if (terms_.nonce)
            request.nonce = *terms_.nonce;
        CODEX_TRY(terms, terms_record(ledger_->genesis(), request));
        CODEX_CHECK(context_.print(terms));
        const std::vector<PlannedCall> calls = purchase(*ledger_, request);
        CODEX_TRY(receipts, caller_->make(calls));
        return receipts.front().outcome.ok ? Result<void>()
                                           : caller_->tell(calls.front(), receipts.front());
    }

    /// Whatever happens to this process: whoever gives the same command again posts it once.
    Result<void> buy_once(const market::Request& request) {
        CODEX_TRY(store, RequestStore::open(ledger_->path() + "/requests",
                                            toolkit::open_options(context_)));
        Word nonce{};
        CODEX_CHECK(Random::system().fill(nonce));
        CODEX_TRY(kept, store.keep(request, nonce));
        CODEX_TRY(posted, post(kept));
        if (posted)
            CODEX_CHECK(print(kept));
        // Only now: who was killed before has not seen what it is called.
        return store.forget(kept);
    }

    Result<void> print(const market::Request& request) {
        CODEX_TRY(record, purchase_record(*ledger_, request));
        return context_.print(record);
    }

    /// Nothing is posted that is there already. False: it was refused, which is reported.
    Result<bool> post(const market::Request& request) {
        CODEX_TRY(there, is_posted(request));
        if (there)
            return true;
        const std::vector<PlannedCall> calls = purchase(*ledger_, request);
        CODEX_TRY(receipts, caller_->make(calls));
        if (receipts.front().outcome.ok)
            return true;
        CODEX_SET(there, is_posted(request)); // by another process, meanwhile
        if (!there)
            CODEX_CHECK(caller_->tell(calls.front(), receipts.front()));
        return there;
    }

    [[nodiscard]] Result<bool> is_posted(const market::Request& request) const {
        CODEX_TRY(views, Views::now(*ledger_, key_->address()));
        auto state = views.ask(questions::request_state(request.id()));
        if (!state && state.error().code() != Errc::market_refused)
            return fail(std::move(state).error());
        return state.has_value();
    }

    cli::Context& context_;
    const RequestOptions& options_;
    Terms terms_;
    std::optional<repo::Repo> repo_;
    std::optional<ethereum::PrivateKey> key_;
    std::unique_ptr<ledger::Ledger> ledger_;
    std::optional<Caller> caller_;
};

Result<PlannedCall> plan_document(const ledger::Ledger& ledger, const ethereum::PrivateKey&,
                                  const std::string& line) {
    CODEX_TRY(request, request_document(line));
    return posting(ledger, request);
}

Result<int> run_request(cli::Context& context, const RequestOptions& options) {
    if (context.batch()) {
        if (!options.cids.empty())
            return fail(Errc::usage, "with --batch, requests come from stdin, as JSON");
        cli::Inputs inputs({}, STDIN_FILENO);
        inputs.are("request", {});
        inputs.whole_lines();
        return make_calls(context, std::move(inputs), plan_document);
    }
    CODEX_TRY(terms, terms_of(options));
    Buyer buyer(context, options, std::move(terms));
    return cli::for_each(context, cli::Inputs(options.cids, STDIN_FILENO),
                         {.label = "request",
                          .begin = [&] { return buyer.begin(); },
                          .turn = [&](const std::string& item,
                                      Progress& progress) { return buyer.buy(item, progress); }});
}

} // namespace

void declare_request(cli::Command& root) {
    const auto options = std::make_shared<RequestOptions>();
    cli::Command& request = root.command("request", "ask for storage of verifiable datasets");
    options->ledger.declare(request);
    options->account.declare(request);
    request.option("--duration DURATION", options->duration, "how long it is stored")
        .option("--price AMOUNT", options->price, "for a byte and second")
        .option("--collateral AMOUNT", options->collateral, "of hosts, for a byte")
        .option("--expiry DURATION", options->expiry,
                "until all slots have to be filled; default 10m, or half the duration")
        .option("--proof-probability N", options->proof_probability,
                "one proof in so many periods; default 100")
        .option("--max-slot-loss N", options->max_slot_loss,
                "slots that may be lost; default: as many as parity covers")
        .option("--nodes N", options->nodes, "of plain datasets: encode them for so many nodes")
        .option("--tolerance T", options->tolerance, "of which so many may be lost")
        .option("--nonce HEX", options->nonce, "64 digits that make it another request")
        .arguments("CID", options->cids, "verifiable datasets; default: from stdin")
        .takes_batch()
        .takes_dry_run()
        .example("codex-prove slots zDvZ... | codex-market request --duration 30d --price 1 "
                 "--collateral 1")
        .example("codex-market request zDvZ... --nodes 5 --tolerance 2 --duration 1d --price 1 "
                 "--collateral 1 -n")
        .run([options](cli::Context& context) { return run_request(context, *options); });
}

} // namespace codex::market_tool
