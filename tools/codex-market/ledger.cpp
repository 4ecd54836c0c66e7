// codex-market ledger: the journal that a market is kept in.
#include "base/hex.hpp"
#include "base/units.hpp"
#include "ledger_reports.hpp"
#include "market.hpp"
#include "options.hpp"
#include "session.hpp"
#include "toolkit/input.hpp"
#include "toolkit/output.hpp"

#include <algorithm>
#include <memory>

namespace codex::market_tool {

namespace {

struct LedgerOptions {
    LedgerOption ledger;
    std::string head;
    std::string to;
    std::optional<std::uint64_t> blocks;
    std::string span;
    std::string source = "-";
    bool hledger = false;
};

Result<int> print_head(cli::Context& context, const ledger::Head& head) {
    CODEX_CHECK(context.print(cli::Record("head")
                                  .field("head", text_of(head.hash))
                                  .field("sequence", head.sequence)
                                  .field("block", head.block)
                                  .field("timestamp", head.time)));
    return 0;
}

Result<std::optional<Digest>> hash_option(const std::string& text) {
    if (text.empty())
        return std::optional<Digest>();
    const auto bytes = from_hex(text);
    Digest hash{};
    if (!bytes || bytes->size() != hash.size())
        return fail(Error(Errc::usage, fmt::format("--head: '{}' is no hash", text))
                        .hint("it is what was printed before: codex-market ledger head"));
    std::ranges::copy(*bytes, hash.begin());
    return std::optional(hash);
}

/// What has looked has no better place to look.
Error not_verified(Error error) {
    if (error.code() != Errc::ledger_damaged)
        return error;
    const bool of_state = !error.has_way_out() ? false : error.remedies().empty();
    if (of_state) // which is made again
        return error;
    return std::move(error).hint(
        "what stands before it can be trusted; go on with an export that is whole: "
        "codex-market ledger import FILE --ledger OTHER");
}

Result<int> run_verify(cli::Context& context, const LedgerOptions& options) {
    ledger::VerifyOptions wanted;
    CODEX_SET(wanted.head, hash_option(options.head));
    CODEX_TRY(path, ledger_path(context));
    context.about(path);
    auto opened = open_ledger(context, ledger::Access::read);
    if (!opened)
        return fail(not_verified(std::move(opened).error()));
    const std::unique_ptr<ledger::Ledger> ledger = std::move(*opened);
    Progress progress;
    const auto view = context.show(progress, "verify");
    auto done = ledger->verify(wanted, Job(context.pool(), progress));
    if (!done)
        return fail(not_verified(std::move(done).error()));
    const ledger::Verified verified = std::move(*done);
    cli::Record record("verified");
    record.field("head", text_of(verified.head.hash))
        .field("sequence", verified.head.sequence)
        .field("block", verified.head.block)
        .field("timestamp", verified.head.time)
        .json("bytes", verified.bytes)
        .json_hex("digest", verified.digest.bytes());
    if (verified.head_at)
        record.json("headAt", *verified.head_at);
    CODEX_CHECK(context.print(record));
    if (verified.torn_bytes != 0)
        context.warn(fmt::format("{} bytes behind the last record are none: they were never "
                                 "acknowledged, and the next call cuts them off",
                                 verified.torn_bytes));
    if (wanted.head && !verified.head_at) {
        context.report(options.head, Error(Errc::ledger_damaged,
                                           "no record of the ledger has that hash: what was "
                                           "there then is not what is there now")
                                         .hint("do not trust it; take an export that has it: "
                                               "codex-market ledger import FILE"));
    }
    return context.exit_code();
}

Result<int> run_head(cli::Context& context) {
    CODEX_TRY(ledger, open_ledger(context, ledger::Access::read));
    CODEX_TRY(head, ledger->head());
    return print_head(context, head);
}

Result<int> run_export(cli::Context& context, const LedgerOptions& options) {
    CODEX_TRY(ledger, open_ledger(context, ledger::Access::read));
    if (options.hledger)
        return export_accounts(context, *ledger);
    CODEX_TRY(sink, toolkit::binary_sink(context));
    Progress progress;
    const auto view = context.show(progress, "export");
    CODEX_TRY(head, ledger->export_to(sink, Job(context.pool(), progress)));
    context.note_total_json("head", fmt::format("\"{}\"", text_of(head.hash)));
    return 0;
}

Result<int> run_import(cli::Context& context, const LedgerOptions& options) {
    CODEX_TRY(path, ledger_path(context));
    context.about(toolkit::input_name(options.source));
    CODEX_TRY(input, toolkit::open_input(options.source));
    CODEX_TRY(source, input.source());
    auto repo = context.repo_path();
    if (repo && path == *repo + "/ledger")
        CODEX_CHECK(make_private_folder(*repo));
    Progress progress;
    const auto view = context.show(progress, "import");
    auto imported = ledger::Ledger::import_from(source, path, ledger_options(context),
                                                Job(context.pool(), progress));
    if (!imported && imported.error().code() == Errc::ledger_damaged)
        return fail(
            std::move(imported).error().hint("take an export that is whole, which is made so: "
                                             "codex-market ledger export --ledger OTHER -o FILE"));
    CODEX_TRY(ledger, std::move(imported));
    CODEX_TRY(head, ledger->head());
    return print_head(context, head);
}

Result<ledger::Advance> advance_of(const cli::Context& context, const LedgerOptions& options) {
    const int given =
        int{!options.span.empty()} + int{!options.to.empty()} + int{options.blocks.has_value()};
    if (given != 1)
        return fail(Error(Errc::usage, "one of DURATION, --to and --blocks is needed")
                        .hint("for example: codex-market ledger advance 2m"));
    if (options.blocks)
        return ledger::Advance{ledger::Advance::By::blocks, *options.blocks};
    if (!options.to.empty()) {
        auto to = parse_expiry(options.to, context.clock().unix_seconds());
        if (!to)
            return fail(cli::bad_value("--to", to.error()));
        return ledger::Advance{ledger::Advance::By::to_time, *to};
    }
    auto seconds = parse_duration(options.span);
    if (!seconds)
        return fail(cli::bad_value("DURATION", seconds.error()));
    return ledger::Advance{ledger::Advance::By::seconds, *seconds};
}

Result<int> run_advance(cli::Context& context, const LedgerOptions& options) {
    CODEX_TRY(advance, advance_of(context, options));
    CODEX_TRY(ledger, open_ledger(context, ledger::Access::write));
    if (ledger->genesis().clock != ledger::ClockKind::manual)
        return fail(
            Error(Errc::usage, "the clock of this ledger is on the wall, and moves by itself")
                .hint("a ledger whose clock is moved is made so: codex-market init --clock "
                      "manual"));
    CODEX_TRY(head, ledger->advance(advance));
    return print_head(context, head);
}

} // namespace

void declare_ledger(cli::Command& root) {
    const auto options = std::make_shared<LedgerOptions>();
    cli::Command& ledger = root.command("ledger", "verify, move and report on the ledger itself");
    ledger.example("codex-market ledger verify --head 0x5f39...")
        .example("codex-market ledger report");
    cli::Command& verify =
        ledger.command("verify", "go through every record, and say what is wrong");
    options->ledger.declare(verify);
    verify.option("--head HASH", options->head, "what `head` printed once: is it still there?")
        .example("codex-market ledger verify")
        .example("codex-market ledger verify --head 0x5f39...")
        .run([options](cli::Context& context) { return run_verify(context, *options); });
    cli::Command& head = ledger.command("head", "print what the last record is called");
    options->ledger.declare(head);
    head.example("codex-market ledger head")
        .example("codex-market ledger head | cut -f 1 >head.txt")
        .run([](cli::Context& context) { return run_head(context); });
    cli::Command& out = ledger.command("export", "write the ledger as one file, or its accounts");
    options->ledger.declare(out);
    out.flag("--hledger", options->hledger, "as a journal of plain-text accounting")
        .takes_output()
        .example("codex-market ledger export -o market.ledger")
        .example("codex-market ledger export --hledger | hledger -f - balance")
        .run([options](cli::Context& context) { return run_export(context, *options); });
    cli::Command& in =
        ledger.command("import", "make a ledger of such a file, every record checked");
    options->ledger.declare(in);
    in.argument("FILE", options->source, "what export wrote; default: from stdin", false)
        .example("codex-market ledger import market.ledger")
        .example("codex-market ledger import --ledger copy <market.ledger")
        .run([options](cli::Context& context) { return run_import(context, *options); });
    cli::Command& advance = ledger.command("advance", "move the time of a manual clock");
    options->ledger.declare(advance);
    advance.option("--to WHEN", options->to, "to that point in time")
        .option("--blocks N", options->blocks, "by so many blocks")
        .argument("DURATION", options->span, "by so much", false)
        .example("codex-market ledger advance 2m")
        .example("codex-market ledger advance --to @1800000000")
        .run([options](cli::Context& context) { return run_advance(context, *options); });
    cli::Command& replay =
        ledger.command("replay", "answer recorded operations as the contract did");
    replay.argument("FILE", options->source, "operations as JSON; default: from stdin", false)
        .takes_output()
        .example("codex-market ledger replay <operations.ndjson")
        .example("codex-market ledger replay operations.ndjson | jq 'select(.error)'")
        .run([options](cli::Context& context) {
            return replay_operations(context, options->source);
        });
    cli::Command& report = ledger.command("report", "print who has what, and who has earned it");
    options->ledger.declare(report);
    report.example("codex-market ledger report")
        .example("codex-market ledger report --json")
        .run([](cli::Context& context) -> Result<int> {
            CODEX_TRY(opened, open_ledger(context, ledger::Access::read));
            return report_accounts(context, *opened);
        });
}

} // namespace codex::market_tool
