#include "repo/index/change_log.hpp"

#include "base/endian.hpp"
#include "repo/index/age.hpp"
#include "repo/index/entries.hpp"
#include "repo/segments/crc32c.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

// Rows of the table `meta`, so that a repo made before them needs no new table.
constexpr std::string_view kLastKey = "change-last"; // -> number, chain
constexpr std::string_view kPrefix = "change:";      // number, big-endian -> chain, kind, CID

constexpr std::size_t kKindAt = 4;
constexpr std::size_t kCidAt = 5;
constexpr std::size_t kEndBytes = 12;

Bytes change_key(std::uint64_t number) {
    Bytes key(kPrefix.size() + sizeof number);
    std::copy(kPrefix.begin(), kPrefix.end(), key.begin());
    store_be(key.data() + kPrefix.size(), number);
    return key;
}

/// Of a change, its number, and all before it: two histories that part once are told apart.
std::uint32_t chained(const ChangeEnd& before, const Change& change) {
    ChangeRow row{before.chain, change};
    Bytes bytes = encode(row);
    bytes.resize(bytes.size() + sizeof before.number);
    store_le(bytes.data() + bytes.size() - sizeof before.number, before.number);
    return crc32c(bytes);
}

} // namespace

Bytes encode(const ChangeRow& row) {
    const BytesView cid = row.change.cid.is_null() ? BytesView() : row.change.cid.bytes();
    Bytes out(kCidAt + cid.size());
    store_le(out.data(), row.chain);
    out[kKindAt] = static_cast<std::uint8_t>(row.change.kind);
    std::copy(cid.begin(), cid.end(), out.begin() + kCidAt);
    return out;
}

Result<ChangeRow> decode_change(BytesView value) {
    if (value.size() < kCidAt || value[kKindAt] < 1 || value[kKindAt] > 6)
        return index_damaged("meta", "a change makes no sense");
    ChangeRow row{load_le<std::uint32_t>(value.data()),
                  {static_cast<ChangeKind>(value[kKindAt]), Cid()}};
    const bool everything = row.change.kind == ChangeKind::everything;
    if (everything != (value.size() == kCidAt))
        return index_damaged("meta", "a change makes no sense");
    if (!everything)
        CODEX_SET(row.change.cid, decode_cid_key(Table::meta, value.subspan(kCidAt)));
    return row;
}

Bytes encode(const ChangeEnd& end) {
    Bytes out(kEndBytes);
    store_le(out.data(), end.number);
    store_le(out.data() + sizeof end.number, end.chain);
    return out;
}

Result<ChangeEnd> decode_change_end(BytesView value) {
    if (value.size() != kEndBytes)
        return index_damaged("meta", "the number of the last change makes no sense");
    return ChangeEnd{load_le<std::uint64_t>(value.data()),
                     load_le<std::uint32_t>(value.data() + sizeof(std::uint64_t))};
}

Result<ChangeEnd> last_change(const Txn& txn) {
    CODEX_TRY(value, txn.get(Table::meta, as_bytes(kLastKey)));
    return value ? decode_change_end(*value) : ChangeEnd{};
}

Result<void> append_changes(Txn& txn, std::span<const Change> changes, std::uint64_t kept) {
    if (changes.empty())
        return {};
    const Change all{ChangeKind::everything, Cid()};
    if (changes.size() > std::max<std::uint64_t>(1, kept / 4))
        changes = std::span(&all, 1);
    CODEX_TRY(end, last_change(txn));
    for (const Change& change : changes) {
        end = {end.number + 1, chained(end, change)};
        CODEX_CHECK(
            txn.put(Table::meta, change_key(end.number), encode(ChangeRow{end.chain, change})));
        if (end.number > kept)
            CODEX_CHECK(txn.erase(Table::meta, change_key(end.number - kept)));
    }
    return txn.put(Table::meta, as_bytes(kLastKey), encode(end));
}

Result<ChangePosition> position_of(const Txn& txn) {
    CODEX_TRY(end, last_change(txn));
    CODEX_TRY(lineage, find_lineage(txn));
    return ChangePosition{lineage, end.number, end.chain};
}

namespace {

/// Whether what the position says it has seen is what the log says was there.
Result<bool> is_of_this_log(const Txn& txn, const ChangePosition& position,
                            const ChangePosition& end) {
    if (position.lineage != end.lineage || position.number > end.number)
        return false;
    if (position.number == 0)
        return position.chain == 0;
    CODEX_TRY(value, txn.get(Table::meta, change_key(position.number)));
    if (!value)
        return false; // so long ago that what came next may be gone, too
    CODEX_TRY(row, decode_change(*value));
    return row.chain == position.chain;
}

} // namespace

Result<Notices> changes_after(const Txn& txn, ChangePosition& position, std::size_t most) {
    CODEX_TRY(end, position_of(txn));
    const auto everything = [&] {
        position = end;
        return Notices{true, {}};
    };
    CODEX_TRY(known, is_of_this_log(txn, position, end));
    if (!known)
        return everything();
    Notices notices;
    ChangePosition at = position;
    while (at.number < end.number && notices.changes.size() < most) {
        CODEX_TRY(value, txn.get(Table::meta, change_key(at.number + 1)));
        if (!value)
            return everything();
        CODEX_TRY(row, decode_change(*value));
        if (row.change.kind == ChangeKind::everything)
            return everything();
        at = {at.lineage, at.number + 1, row.chain};
        notices.changes.push_back(std::move(row.change));
    }
    position = at;
    return notices;
}

} // namespace codex::repo::detail
