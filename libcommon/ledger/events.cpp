// Events and records, found by what they are about. No transaction is open while they are shown.
#include "ledger/detail/parts.hpp"
#include "ledger/detail/rows.hpp"

namespace codex::ledger {

using detail::number_of;
using detail::RecordRow;
using detail::StateTable;
using ethereum::abi::Word;
using repo::TablesView;

namespace {

constexpr std::size_t kMostTogether = 256;
constexpr std::size_t kMostBytesTogether = std::size_t{1} << 20;

struct Numbered {
    std::uint64_t sequence = 0;
    RecordRow row;
};

Unexpected<Error> broken(std::uint64_t sequence) {
    return fail(Errc::repo_damaged, "state: what it has of record {} cannot be read", sequence);
}

/// The first number from `from` on behind that prefix of a key; nothing: there is none.
Result<std::optional<std::uint64_t>> first_behind(const TablesView& view, StateTable table,
                                                  BytesView prefix, std::uint64_t from) {
    Bytes key(prefix.begin(), prefix.end());
    append(key, detail::number_key(from));
    std::optional<std::uint64_t> found;
    CODEX_CHECK(view.for_each(number_of(table), key, [&](BytesView at, BytesView) -> Result<bool> {
        if (at.size() == key.size() && equal(at.first(prefix.size()), prefix))
            found = detail::last_number_of(at);
        return false;
    }));
    return found;
}

/// Which records a query is about, in their order.
class Picked {
public:
    explicit Picked(const EventQuery& query) : query_(query) {}

    /// The first from `from` on.
    [[nodiscard]] Result<std::optional<std::uint64_t>> next(const TablesView& view,
                                                            std::uint64_t from) {
        if (query_.about)
            return first_behind(view, StateTable::about, *query_.about, from);
        if (query_.topics.empty())
            return first_behind(view, StateTable::records, {}, from);
        std::optional<std::uint64_t> least;
        for (const Word& topic : query_.topics) {
            CODEX_TRY(one, first_behind(view, StateTable::topics, BytesView(topic).first(8), from));
            if (one && (!least || *one < *least))
                least = one;
        }
        return least;
    }
    [[nodiscard]] bool has(const ethereum::abi::Log& log) const {
        return query_.topics.empty() ||
               (!log.topics.empty() &&
                std::ranges::find(query_.topics, log.topics.front()) != query_.topics.end());
    }

private:
    const EventQuery& query_;
};

/// Some of the records from `from` on; `next` gives which.
template <class Next>
Result<std::vector<Numbered>> some(const TablesView& view, std::uint64_t from, const Next& next) {
    std::vector<Numbered> rows;
    std::size_t bytes = 0;
    while (rows.size() < kMostTogether && bytes < kMostBytesTogether) {
        CODEX_TRY(sequence, next(view, from));
        if (!sequence)
            break;
        CODEX_TRY(value, view.get(number_of(StateTable::records), detail::number_key(*sequence)));
        auto row = value ? detail::decode_record_row(*value) : std::nullopt;
        if (!row)
            return broken(*sequence);
        bytes += value->size();
        rows.push_back({*sequence, std::move(*row)});
        from = *sequence + 1;
    }
    return rows;
}

Error state_broken(Error error) {
    if (error.code() != Errc::repo_damaged)
        return detail::as_ledgers(std::move(error));
    return Error(Errc::ledger_damaged, error.text())
        .hint("take away the folder state of the ledger, which is made again of its journal");
}

} // namespace

Result<void> Ledger::events(const EventQuery& query,
                            const std::function<Result<bool>(const Event&)>& visit) const {
    Picked picked(query);
    std::uint64_t from = query.from.sequence;
    for (std::uint64_t left = query.most; left > 0;) {
        std::vector<Numbered> rows;
        {
            CODEX_TRY(current, parts_->current());
            auto read = some(current.view, from, [&](const TablesView& view, std::uint64_t at) {
                return picked.next(view, at);
            });
            if (!read)
                return fail(state_broken(std::move(read).error()));
            rows = std::move(*read);
        }
        if (rows.empty())
            return {};
        for (Numbered& one : rows) {
            for (std::uint32_t i = 0; i < one.row.logs.size() && left > 0; ++i) {
                const Cursor at{one.sequence, i};
                if (at < query.from || !picked.has(one.row.logs[i]))
                    continue;
                --left;
                const Event event{at,
                                  one.row.hash,
                                  one.row.block,
                                  genesis().time_of(one.row.block),
                                  one.row.from,
                                  std::move(one.row.logs[i])};
                CODEX_TRY(more, visit(event));
                if (!more)
                    return {};
            }
        }
        from = rows.back().sequence + 1;
    }
    return {};
}

namespace {

/// Of the journal, which has to have what the state says.
Result<PlacedRecord> placed(const detail::Journal& journal, const Genesis& genesis, Numbered of) {
    Bytes bytes(Record::kMostBytes);
    CODEX_TRY(got, journal.read(bytes, of.row.offset));
    const auto size = record_bytes(BytesView(bytes).first(got));
    const bool whole = size && *size && **size <= got;
    auto record = whole ? decode_record(BytesView(bytes).first(**size))
                        : Result<Record>(fail(Errc::record_invalid, "is cut off"));
    if (record && record->hash() != of.row.hash)
        record = fail(Errc::record_invalid, "is another one than was executed");
    if (!record)
        return fail(detail::damage(of.sequence, of.row.offset, record.error().text())
                        .remedy(Remedy::verify_ledger));
    return PlacedRecord{std::move(*record), of.row.hash, genesis.time_of(of.row.block),
                        of.row.offset, std::move(of.row.logs)};
}

} // namespace

Result<void> Ledger::records(std::uint64_t from,
                             const std::function<Result<bool>(const PlacedRecord&)>& visit) const {
    for (;;) {
        std::vector<Numbered> rows;
        {
            CODEX_TRY(current, parts_->current());
            auto read = some(current.view, from, [](const TablesView& view, std::uint64_t at) {
                return first_behind(view, StateTable::records, {}, at);
            });
            if (!read)
                return fail(state_broken(std::move(read).error()));
            rows = std::move(*read);
        }
        if (rows.empty())
            return {};
        from = rows.back().sequence + 1;
        for (Numbered& one : rows) {
            CODEX_TRY(record, placed(*parts_->journal, genesis(), std::move(one)));
            CODEX_TRY(more, visit(record));
            if (!more)
                return {};
        }
    }
}

} // namespace codex::ledger
