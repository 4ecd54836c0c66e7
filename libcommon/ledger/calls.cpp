// Appending: calls, and time (codex-ledger(5), APPENDING).
#include "ledger/detail/parts.hpp"

namespace codex::ledger {

using detail::Executed;
using detail::Mark;

namespace {

/// What is to be appended, and what comes of it.
struct Batch {
    std::vector<Record> records;
    std::vector<Executed> executed; ///< of these
    Bytes bytes;                    ///< of all of them

    /// Behind `mark`, which is behind it then. `sign` gives the signature of a hash.
    template <class Sign> void add(Record record, Mark& mark, const Sign& sign) {
        record.sequence = mark.place.sequence + 1;
        record.previous = mark.place.hash;
        const Digest hash = record.hash();
        record.signature = sign(hash);
        const Bytes encoded = record.encoded();
        const std::uint64_t begin = mark.place.end;
        mark.place = {record.sequence, hash, record.block, begin, begin + encoded.size()};
        append(bytes, encoded);
        executed.push_back({nullptr, hash, begin, mark.place.end, {}});
        records.push_back(std::move(record));
    }
};

Result<void> check(std::span<const Order> orders, const market::Contracts::Options& known) {
    for (const Order& order : orders) {
        if (order.data.size() > Record::kMostCalldata)
            return fail(Errc::limit_exceeded, "a call with {} bytes of data, above {}",
                        order.data.size(), Record::kMostCalldata);
        if (order.to != known.token && order.to != known.marketplace && order.to != known.vault)
            return fail(Errc::not_found, "no contract is at {}", order.to.text());
    }
    return {};
}

/// The journal first, then the state; where that fails, the journal is as before.
Result<void> keep(const Ledger::Parts& parts, repo::TablesChange& change, Batch& batch,
                  const market::Changes& changes, const Mark& before, Mark& mark) {
    for (std::size_t i = 0; i < batch.records.size(); ++i)
        batch.executed[i].record = &batch.records[i];
    CODEX_CHECK(detail::put_kept(change, changes, mark.digest));
    CODEX_CHECK(put_rows(change, batch.executed, parts.genesis.marketplace));
    CODEX_CHECK(put_mark(change, mark));
    CODEX_CHECK(parts.journal->append(batch.bytes, before.place.end));
    auto committed = change.commit();
    if (!committed)
        (void)parts.journal->cut(before.place.end);
    return committed;
}

/// A sync that fails leaves it open what of it the disk has.
Error unsure(Error error) {
    return std::move(error).context(
        "what was called is recorded, but may be gone after a power failure");
}

} // namespace

/// What calls of both kinds do: `fill` makes records behind a mark, over a state.
struct Appending {
    template <class Fill>
    [[nodiscard]] static Result<Mark> once(const Ledger::Parts& parts, const Fill& fill) {
        Mark mark;
        {
            CODEX_TRY(inside, parts.enter());
            CODEX_TRY(change, inside.tables->write(false));
            CODEX_TRY(found, detail::mark_of(change));
            if (!found)
                return fail(Errc::repo_damaged, "state: has no mark");
            const Mark before = *found;
            mark = before;
            const detail::KeptState below(change);
            market::Overlay state(below);
            Batch batch;
            CODEX_CHECK(fill(change, state, batch, mark));
            if (batch.records.empty())
                return mark;
            CODEX_CHECK(keep(parts, change, batch, state.changes(), before, mark));
            parts.durable->note_appended(mark.place.end);
        }
        if (parts.options.sync)
            if (auto synced = parts.durable->ensure(mark.place.end); !synced)
                return fail(unsure(std::move(synced).error()));
        return mark;
    }

    /// What is kept may turn out to be broken; then it is made again, once.
    template <class Fill>
    [[nodiscard]] static Result<Mark> run(const Ledger::Parts& parts, const Fill& fill) {
        if (parts.access != Access::write)
            return fail(Errc::ledger_read_only, "{}: was opened to be read", parts.path);
        auto done = once(parts, fill);
        if (!done && done.error().code() == Errc::repo_damaged) {
            parts.forget_state();
            done = once(parts, fill);
        }
        if (!done)
            return fail(detail::as_ledgers(std::move(done).error()));
        return done;
    }
};

Result<std::vector<Receipt>> Ledger::call(std::span<const Order> orders) {
    CODEX_CHECK(check(orders, contracts().options()));
    std::vector<Receipt> receipts;
    const auto fill = [&](const repo::TablesView& view, market::Overlay& state, Batch& batch,
                          Mark& mark) -> Result<void> {
        receipts.clear();
        const detail::KeptBlocks blocks(view, parts_->genesis_hash);
        const std::uint64_t block = parts_->block_now(mark);
        const market::Now now{block, genesis().time_of(block), blocks};
        for (const Order& order : orders) {
            CODEX_TRY(outcome,
                      contracts().execute(state, now, {order.key.address(), order.to, order.data}));
            if (blocks.error())
                return fail(std::move(*blocks.error()));
            Receipt& receipt = receipts.emplace_back();
            receipt.block = block;
            receipt.time = now.time;
            receipt.outcome = std::move(outcome);
            if (!receipt.outcome.ok)
                continue;
            Record record;
            record.block = block;
            record.from = order.key.address();
            record.to = order.to;
            record.calldata.assign(order.data.begin(), order.data.end());
            batch.add(std::move(record), mark,
                      [&](const Digest& hash) { return order.key.sign(hash).bytes(); });
            receipt.hash = mark.place.hash;
            receipt.sequence = mark.place.sequence;
            batch.executed.back().logs = receipt.outcome.logs;
        }
        return {};
    };
    CODEX_CHECK(Appending::run(*parts_, fill));
    return receipts;
}

namespace {

/// Errors: argument_invalid.
Result<std::uint64_t> block_after(const Advance& advance, std::uint64_t block,
                                  const Genesis& genesis) {
    const std::uint64_t last = genesis.block_at(Genesis::kMostStart * 2);
    const auto too_far = [] { return fail(Errc::argument_invalid, "that is too far"); };
    if (advance.amount > Genesis::kMostStart * 2)
        return too_far();
    const auto up = [&](std::uint64_t seconds) {
        return seconds / genesis.block_seconds + (seconds % genesis.block_seconds != 0 ? 1 : 0);
    };
    std::uint64_t to = block;
    switch (advance.by) {
    case Advance::By::seconds:
        to = block + up(advance.amount);
        break;
    case Advance::By::blocks:
        to = block + advance.amount;
        break;
    case Advance::By::to_time:
        if (advance.amount > genesis.start)
            to = kFirstBlock + up(advance.amount - genesis.start);
        break;
    }
    if (to > last)
        return too_far();
    if (to <= block)
        return fail(Errc::argument_invalid, "time only goes forward: it is {} already",
                    genesis.time_of(block));
    return to;
}

} // namespace

Result<Head> Ledger::advance(const Advance& advance) {
    if (genesis().clock != ClockKind::manual)
        return fail(Errc::argument_invalid, "{}: its time goes by the clock", path());
    const auto fill = [&](const repo::TablesView&, market::Overlay&, Batch& batch,
                          Mark& mark) -> Result<void> {
        CODEX_TRY(to, block_after(advance, mark.place.block, genesis()));
        Record record;
        record.kind = RecordKind::clock;
        record.block = to;
        batch.add(std::move(record), mark, Record::clock_signature);
        return {};
    };
    CODEX_TRY(mark, Appending::run(*parts_, fill));
    return detail::head_of(mark.place, genesis());
}

} // namespace codex::ledger
