#include "repo/upkeep/pending.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

/// The first row of a writer at or after `from`; nothing when there is none.
Result<std::optional<PendingKey>> first_row(const Txn& txn, const PendingKey& from) {
    CODEX_TRY(cursor, txn.cursor(Table::pending));
    CODEX_TRY(found, cursor.seek(encode(from)));
    if (!found)
        return std::nullopt;
    CODEX_TRY(key, decode_pending_key(cursor.key()));
    return key;
}

} // namespace

Result<void> write_pending(Ledger& ledger, const PendingKey& key, std::span<const Cid> cids) {
    return ledger.txn().put(Table::pending, encode(key), encode_pins(cids));
}

Result<void> erase_pending(Ledger& ledger, std::uint64_t writer) {
    for (;;) {
        CODEX_TRY(row, first_row(ledger.txn(), {writer, 0}));
        if (!row || row->writer != writer)
            return {};
        CODEX_CHECK(ledger.txn().erase(Table::pending, encode(*row)));
    }
}

Result<std::uint64_t> undo_pending(const Session& session, std::uint64_t writer) {
    std::uint64_t removed = 0;
    for (;;) {
        CODEX_CHECK(session.job.go_on());
        CODEX_TRY(ledger, session.ledger());
        CODEX_TRY(row, first_row(ledger.txn(), {writer, 0}));
        if (!row || row->writer != writer)
            return removed;
        CODEX_TRY(value, ledger.txn().get(Table::pending, encode(*row)));
        CODEX_TRY(cids, decode_pins(value.value_or(BytesView{})));
        // From the end: what is left of the row stays as it is.
        const std::size_t step =
            std::max<std::uint64_t>(1, session.store->limits().pins >> session.shrink);
        const std::size_t left = cids.size() - std::min(cids.size(), step);
        std::uint64_t gone = 0;
        for (std::size_t i = cids.size(); i > left; --i) {
            CODEX_TRY(went, ledger.release(cids[i - 1]));
            gone += went ? 1 : 0;
        }
        if (left == 0)
            CODEX_CHECK(ledger.txn().erase(Table::pending, encode(*row)));
        else
            CODEX_CHECK(write_pending(ledger, *row, std::span(cids).first(left)));
        CODEX_CHECK(ledger.commit());
        removed += gone;
    }
}

Result<std::vector<std::uint64_t>> pending_writers(const Txn& txn) {
    std::vector<std::uint64_t> writers;
    PendingKey from{};
    for (;;) {
        CODEX_TRY(row, first_row(txn, from));
        if (!row)
            return writers;
        writers.push_back(row->writer);
        if (row->writer == UINT64_MAX)
            return writers;
        from = {row->writer + 1, 0};
    }
}

} // namespace codex::repo::detail
