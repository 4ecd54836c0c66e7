#include "session.hpp"

#include "options.hpp"

namespace codex::market_tool {

ledger::Options ledger_options(cli::Context& context) {
    ledger::Options options;
    options.lock_timeout_seconds = context.lock_timeout_seconds();
    options.sync = context.sync();
    options.clock = context.clock();
    options.log = context.log();
    return options;
}

Result<std::unique_ptr<ledger::Ledger>> open_ledger(cli::Context& context, ledger::Access access) {
    CODEX_TRY(path, ledger_path(context));
    auto opened = ledger::Ledger::open(path, access, ledger_options(context));
    if (!opened && opened.error().code() == Errc::ledger_missing && !opened.error().has_way_out())
        return fail(
            std::move(opened).error().remedy({Remedy::make_ledger}).remedy({Remedy::name_ledger}));
    return opened;
}

Result<Views> Views::last(const ledger::Ledger& ledger) {
    CODEX_TRY(snapshot, ledger.last_snapshot());
    return Views(ledger, std::move(snapshot), {});
}

Result<Views> Views::now(const ledger::Ledger& ledger, const Address& from) {
    CODEX_TRY(snapshot, ledger.snapshot());
    return Views(ledger, std::move(snapshot), from);
}

} // namespace codex::market_tool
