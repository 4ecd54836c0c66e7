#include "terms_text.hpp"

#include "market/terms.hpp"
#include "state_records.hpp"

namespace codex::market_tool {

void warn_of_flaws(cli::Context& context, const ledger::Genesis& genesis) {
    for (const market::Flaw flaw : market::flaws_of(genesis.configuration, genesis.block_seconds))
        context.warn(market::text_of(flaw, genesis.configuration, genesis.block_seconds));
}

Result<cli::Record> terms_record(const ledger::Genesis& genesis, const market::Request& request) {
    CODEX_TRY(terms, market::terms_of(request, genesis.configuration));
    cli::Record record("terms");
    record.field("cid", cid_text(request.cid))
        .field("maxPrice", terms.price.text())
        .field("earningsPerSlot", terms.earnings.text())
        .field("collateralPerSlot", terms.collateral.text())
        .field("lostByMiss", terms.lost_by_a_miss.text())
        .field("missesUntilFreed", terms.misses_until_freed)
        .json("earningsPerSlotPerSecond", terms.earnings_per_second.text())
        .json("repairCollateralPerSlot", terms.repair_collateral.text())
        .json("rewardOfValidator", terms.reward_of_validators.text())
        .json("periodsPerProof", terms.periods_per_proof.text())
        .json("slots", request.ask.slots)
        .json("slotSize", request.ask.slot_size)
        .json("client", request.client.text());
    return record;
}

} // namespace codex::market_tool
