// codex-market id: what a request and its slots are called, without any ledger.
#include "cli/context.hpp"
#include "market.hpp"
#include "market/request.hpp"
#include "names.hpp"
#include "toolkit/input.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

/// Of a document; the longest one that is read has a CID of a thousand bytes.
constexpr std::uint64_t kMaxDocumentBytes = std::uint64_t{64} << 10;

Result<int> run_id(cli::Context& context, const std::string& file) {
    context.about(toolkit::input_name(file));
    auto read = toolkit::read_input(file, kMaxDocumentBytes);
    if (!read)
        return fail(read.error().code() == Errc::limit_exceeded
                        ? no_request(std::move(read).error())
                        : std::move(read).error());
    if (read->empty())
        return fail(toolkit::nothing_came(file, "request"));
    CODEX_TRY(request, request_document(as_text(*read)));
    const Word id = request.id();
    cli::Record record("id");
    record.field("id", text_of(id)).field("kind", "request").json_hex("encoded", request.encoded());
    if (const auto price = request.max_price())
        record.json("maxPrice", price->text());
    if (const auto collateral = request.collateral_per_slot())
        record.json("collateralPerSlot", collateral->text());
    CODEX_CHECK(context.print(record));
    cli::Records slots(context); // there may be as many as a number of 64 bits says
    for (std::uint64_t index = 0; index < request.ask.slots; ++index)
        CODEX_CHECK(slots.add(cli::Record("id")
                                  .field("id", text_of(market::slot_id(id, index)))
                                  .field("kind", "slot")
                                  .field("slotIndex", index)
                                  .json("requestId", text_of(id))));
    CODEX_CHECK(slots.flush());
    return 0;
}

} // namespace

void declare_id(cli::Command& root) {
    const auto file = std::make_shared<std::string>("-");
    root.command("id", "print what a request and its slots are called")
        .argument("FILE", *file, "the request as JSON; default: from stdin", false)
        .example("codex-market id request.json")
        .example("codex-market id <request.json | head -n 1 | cut -f 1")
        .run([file](cli::Context& context) { return run_id(context, *file); });
}

} // namespace codex::market_tool
