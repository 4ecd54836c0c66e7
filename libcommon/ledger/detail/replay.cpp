#include "ledger/detail/replay.hpp"

#include "ledger/detail/rows.hpp"

namespace codex::ledger::detail {

namespace {

/// So far back contracts look.
constexpr std::uint64_t kBlocksBack = 256;

} // namespace

// --- RecentBlocks -------------------------------------------------------------------------------

Result<void> RecentBlocks::load(const repo::TablesView& view) {
    last_.clear();
    return view.for_each(number_of(StateTable::blocks), {},
                         [&](BytesView key, BytesView value) -> Result<bool> {
                             const std::uint64_t block = UINT64_MAX - last_number_of(key);
                             last_.push_front({block, Reader(value).digest()});
                             return last_.back().block - block <= kBlocksBack;
                         });
}

void RecentBlocks::add(std::uint64_t block, const Digest& hash) {
    if (!last_.empty() && last_.back().block == block)
        last_.back().hash = hash;
    else
        last_.push_back({block, hash});
    // The first is what all blocks up to the second go by.
    while (last_.size() > 1 && last_[1].block + kBlocksBack < block)
        last_.pop_front();
}

Digest RecentBlocks::hash(std::uint64_t block) const {
    Known& known = known_[block % known_.size()];
    if (known.block == block)
        return known.hash;
    const auto behind =
        std::ranges::partition_point(last_, [&](const Last& last) { return last.block < block; });
    known.block = block;
    known.hash =
        block_hash(genesis_, block, behind == last_.begin() ? genesis_ : std::prev(behind)->hash);
    return known.hash;
}

// --- Replay -------------------------------------------------------------------------------------

Result<void> Replay::begin(const repo::Tables& tables) {
    CODEX_TRY(change, tables.write(false));
    const KeptState nothing(change);
    market::Overlay state(nothing);
    const market::Now now{kFirstBlock, genesis_.start, blocks_};
    const auto& mint = *market::token_interface().function("mint");
    for (const auto& [account, amount] : genesis_.balances) {
        const Bytes data = encode_call(mint, {account, amount});
        CODEX_TRY(outcome,
                  contracts_.execute(state, now, {ethereum::Address(), genesis_.token, data}));
        CODEX_ASSERT(outcome.ok); // check() of the genesis has summed them up
    }
    mark_.place = {0, mark_.genesis, kFirstBlock, 0, 0};
    mark_.digest = ethereum::UInt256();
    CODEX_CHECK(put_kept(change, state.changes(), mark_.digest));
    CODEX_CHECK(put_mark(change, mark_));
    return change.commit();
}

Result<void> Replay::execute(market::Overlay& state, const Found& found,
                             std::vector<Executed>& executed) {
    Place place = mark_.place;
    CODEX_CHECK(follow(found, genesis_, options_.signatures, place));
    const Record& record = found.record;
    Executed one{&record, found.hash, found.begin, found.end, {}};
    if (record.kind == RecordKind::call) {
        const market::Now now{record.block, genesis_.time_of(record.block), blocks_};
        auto outcome = contracts_.execute(state, now, {record.from, record.to, record.calldata});
        if (!outcome && outcome.error().code() == Errc::not_found)
            return fail(damage(record.sequence, found.begin, outcome.error().text()));
        if (!outcome)
            return fail(std::move(outcome).error());
        if (!outcome->ok)
            return fail(damage(record.sequence, found.begin, "the contract refuses that call"));
        one.logs = std::move(outcome->logs);
    }
    blocks_.add(record.block, found.hash);
    mark_.place = place;
    executed.push_back(std::move(one));
    return {};
}

Result<void> Replay::run(const repo::Tables& tables, std::span<const Found> records) {
    CODEX_TRY(change, tables.write(false));
    if (!std::exchange(loaded_, true))
        CODEX_CHECK(blocks_.load(change));
    const KeptState below(change);
    market::Overlay state(below);
    std::vector<Executed> executed;
    executed.reserve(records.size());
    std::optional<Error> wrong;
    for (const Found& found : records)
        if (auto done = execute(state, found, executed); !done) {
            wrong = std::move(done).error();
            if (wrong->code() != Errc::ledger_damaged)
                return fail(std::move(*wrong));
            break;
        }
    CODEX_CHECK(put_kept(change, state.changes(), mark_.digest));
    if (options_.rows)
        CODEX_CHECK(put_rows(change, executed, genesis_.marketplace));
    CODEX_CHECK(put_mark(change, mark_));
    CODEX_CHECK(change.commit());
    if (wrong)
        return fail(std::move(*wrong));
    return {};
}

} // namespace codex::ledger::detail
