#include "ledger/detail/state.hpp"

#include "crypto/hash/keccak256.hpp"
#include "ledger/detail/rows.hpp"
#include "ledger/detail/subjects.hpp"
#include "market/request.hpp"

#include <algorithm>
#include <set>

namespace codex::ledger::detail {

using ethereum::UInt256;
using ethereum::abi::Word;

namespace {

constexpr std::uint8_t kFormat = 3;
/// A request says how many slots it has, and each is a row: of one that has more, those behind are
/// found once a call has named them, and it is on the list of such requests.
constexpr std::uint64_t kMostPosted = 64;
constexpr std::string_view kMarkKey = "mark";
constexpr std::string_view kWideKey = "wide"; // and the number of the record
/// No event of ours has more than a request's ask.
constexpr std::size_t kMostTopics = 4;

UInt256 digest_of(BytesView key, BytesView value) {
    Bytes both(key.begin(), key.end());
    append(both, value);
    return UInt256::from_bytes(crypto::keccak256(both));
}

/// The last block first.
Bytes block_key(std::uint64_t block) {
    return number_key(UINT64_MAX - block);
}

Bytes wide_key(std::uint64_t sequence) {
    return std::move(Writer().put(as_bytes(kWideKey)).put(sequence)).bytes();
}

Unexpected<Error> broken(std::string_view what) {
    return fail(Errc::repo_damaged, "{}", what);
}

} // namespace

Bytes number_key(std::uint64_t number) {
    return std::move(Writer().put(number)).bytes();
}

Bytes about_key(const Word& id, std::uint64_t sequence) {
    return std::move(Writer().put(BytesView(id)).put(sequence)).bytes();
}

Bytes topic_key(const Word& topic, std::uint64_t sequence) {
    return std::move(Writer().put(BytesView(topic).first(8)).put(sequence)).bytes();
}

std::uint64_t last_number_of(BytesView key) {
    return key.size() < 8 ? 0 : load_be<std::uint64_t>(key.last(8).data());
}

// --- rows ---------------------------------------------------------------------------------------

Bytes encode(const Mark& mark) {
    Writer to;
    to.put(kFormat).put(mark.genesis).put(mark.boot).put(mark.device).put(mark.inode);
    to.put(mark.place.sequence).put(mark.place.hash).put(mark.place.block);
    to.put(mark.place.begin).put(mark.place.end);
    const auto digest = mark.digest.bytes();
    return std::move(to.put(BytesView(digest))).bytes();
}

std::optional<Mark> decode_mark(BytesView bytes) {
    Reader from(bytes);
    if (from.u8() != kFormat)
        return std::nullopt;
    Mark mark;
    mark.genesis = from.digest();
    mark.boot = from.u64();
    mark.device = from.u64();
    mark.inode = from.u64();
    mark.place.sequence = from.u64();
    mark.place.hash = from.digest();
    mark.place.block = from.u64();
    mark.place.begin = from.u64();
    mark.place.end = from.u64();
    mark.digest = UInt256::from_bytes(from.digest());
    return from.at_end() ? std::optional(mark) : std::nullopt;
}

Result<std::optional<Mark>> mark_of(const repo::TablesView& view) {
    CODEX_TRY(bytes, view.get(number_of(StateTable::meta), as_bytes(kMarkKey)));
    return bytes ? decode_mark(*bytes) : std::nullopt;
}

Bytes encode(const RecordRow& row) {
    Writer to;
    to.put(row.offset).put(row.block).put(row.hash).put(row.from);
    for (const auto& log : row.logs) {
        to.put(log.address).put(static_cast<std::uint8_t>(log.topics.size()));
        for (const Word& topic : log.topics)
            to.put(BytesView(topic));
        to.put(static_cast<std::uint32_t>(log.data.size())).put(log.data);
    }
    return std::move(to).bytes();
}

std::optional<RecordRow> decode_record_row(BytesView bytes) {
    Reader from(bytes);
    RecordRow row;
    row.offset = from.u64();
    row.block = from.u64();
    row.hash = from.digest();
    row.from = from.address();
    while (from.ok() && from.left() > 0) {
        auto& log = row.logs.emplace_back();
        log.address = from.address();
        const std::uint8_t topics = from.u8();
        if (topics > kMostTopics)
            return std::nullopt;
        for (std::uint8_t i = 0; i < topics; ++i)
            log.topics.push_back(from.digest());
        const BytesView data = from.take(from.u32());
        log.data.assign(data.begin(), data.end());
    }
    return from.ok() ? std::optional(std::move(row)) : std::nullopt;
}

// --- reading ------------------------------------------------------------------------------------

Result<std::optional<Bytes>> KeptState::get(BytesView key) const {
    CODEX_TRY(value, view_->get(number_of(StateTable::kept), key));
    return value ? std::optional(Bytes(value->begin(), value->end())) : std::nullopt;
}

Result<std::optional<Digest>> last_hash_below(const repo::TablesView& view, std::uint64_t block) {
    std::optional<Digest> found;
    if (block == 0)
        return found;
    CODEX_CHECK(view.for_each(number_of(StateTable::blocks), block_key(block - 1),
                              [&](BytesView, BytesView value) -> Result<bool> {
                                  Reader from(value);
                                  found = from.digest();
                                  return from.at_end() ? Result<bool>(false)
                                                       : broken("state: a row of a block");
                              }));
    return found;
}

Digest block_hash(const Digest& genesis, std::uint64_t block, const Digest& last) {
    return crypto::keccak256(
        Writer().put(as_bytes("codex-block")).put(genesis).put(block).put(last).bytes());
}

Digest KeptBlocks::hash(std::uint64_t block) const {
    auto last = last_hash_below(*view_, block);
    if (!last) {
        error_ = std::move(last).error();
        return {};
    }
    return block_hash(genesis_, block, last->value_or(genesis_));
}

Result<std::optional<SlotPlace>> place_of_slot(const repo::TablesView& view, const Word& slot) {
    CODEX_TRY(bytes, view.get(number_of(StateTable::slots), slot));
    std::optional<SlotPlace> place;
    if (!bytes)
        return place;
    Reader from(*bytes);
    place = SlotPlace{from.digest(), from.u64()};
    return from.at_end() ? Result<std::optional<SlotPlace>>(place)
                         : broken("state: a row of a slot");
}

Result<void> for_each_wide(const repo::TablesView& view, std::uint64_t from,
                           const std::function<Result<bool>(const WideRequest&)>& visit) {
    return view.for_each(
        number_of(StateTable::meta), wide_key(from),
        [&](BytesView key, BytesView value) -> Result<bool> {
            if (!as_text(key).starts_with(kWideKey))
                return false;
            Reader row(value);
            WideRequest wide{last_number_of(key), row.digest(), kMostPosted, row.u64()};
            return row.at_end() ? visit(wide) : broken("state: a row of a request");
        });
}

// --- writing ------------------------------------------------------------------------------------

Result<void> put_kept(repo::TablesChange& change, const market::Changes& changes, UInt256& digest) {
    constexpr std::size_t kTable = number_of(StateTable::kept);
    for (const auto& [key, value] : changes) {
        CODEX_TRY(before, change.get(kTable, key));
        if (!before && !value)
            continue;
        if (before && value && equal(*before, *value))
            continue;
        if (before)
            digest = wrapping_sub(digest, digest_of(key, *before));
        if (value) {
            digest = wrapping_add(digest, digest_of(key, *value));
            CODEX_CHECK(change.put(kTable, key, *value));
        } else {
            CODEX_CHECK(change.erase(kTable, key));
        }
    }
    return {};
}

namespace {

Result<void> put_slot(repo::TablesChange& change, const Word& slot, const Word& request,
                      std::uint64_t index) {
    return change.put(number_of(StateTable::slots), slot,
                      Writer().put(BytesView(request)).put(index).bytes());
}

/// What is found by request and slot.
Result<void> put_subjects(repo::TablesChange& change, const Executed& executed) {
    Subjects subjects = subjects_of(*executed.record, executed.logs);
    constexpr std::size_t kSlots = number_of(StateTable::slots);
    if (subjects.slot && subjects.request) {
        CODEX_TRY(known, change.get(kSlots, *subjects.slot));
        if (!known)
            CODEX_CHECK(put_slot(change, *subjects.slot, *subjects.request, subjects.slot_index));
    } else if (subjects.slot) {
        CODEX_TRY(known, change.get(kSlots, *subjects.slot));
        if (known)
            subjects.request = Reader(*known).digest();
    }
    for (std::uint64_t index = 0; index < std::min(subjects.posted, kMostPosted); ++index)
        CODEX_CHECK(
            put_slot(change, market::slot_id(*subjects.request, index), *subjects.request, index));
    if (subjects.posted > kMostPosted)
        CODEX_CHECK(
            change.put(number_of(StateTable::meta), wide_key(executed.record->sequence),
                       Writer().put(BytesView(*subjects.request)).put(subjects.posted).bytes()));
    for (const auto& id : {subjects.request, subjects.slot})
        if (id)
            CODEX_CHECK(change.put(number_of(StateTable::about),
                                   about_key(*id, executed.record->sequence), {}));
    return {};
}

} // namespace

Result<void> put_rows(repo::TablesChange& change, std::span<const Executed> records,
                      const ethereum::Address& marketplace) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        const Executed& executed = records[i];
        const Record& record = *executed.record;
        const RecordRow row{executed.begin, record.block, executed.hash, record.from,
                            executed.logs};
        CODEX_CHECK(
            change.put(number_of(StateTable::records), number_key(record.sequence), encode(row)));
        if (record.to == marketplace)
            CODEX_CHECK(put_subjects(change, executed));
        std::set<Word> topics;
        for (const auto& log : executed.logs)
            if (!log.topics.empty())
                topics.insert(log.topics.front());
        for (const Word& topic : topics)
            CODEX_CHECK(
                change.put(number_of(StateTable::topics), topic_key(topic, record.sequence), {}));
        if (i + 1 == records.size() || records[i + 1].record->block != record.block)
            CODEX_CHECK(
                change.put(number_of(StateTable::blocks), block_key(record.block), executed.hash));
    }
    return {};
}

Result<void> put_mark(repo::TablesChange& change, const Mark& mark) {
    return change.put(number_of(StateTable::meta), as_bytes(kMarkKey), encode(mark));
}

} // namespace codex::ledger::detail
