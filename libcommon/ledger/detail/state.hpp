// LEDGER/state/state.mdb: what contracts keep, and who can be found by what, as far as the journal
// is gone through. All of it follows from the journal (codex-ledger(5), STATE).
#pragma once

#include "ledger/detail/place.hpp"
#include "repo/tables.hpp"

#include <span>

namespace codex::ledger::detail {

/// The tables, in the order of kStateTables.
enum class StateTable : std::uint8_t {
    kept,    ///< what contracts keep, by their own keys
    records, ///< what is known of a record, by its number
    about,   ///< request or slot, and the number of a record that is about it
    topics,  ///< first eight bytes of an event's first topic, and the number of its record
    blocks,  ///< last record of a block; by the block's number, the last first
    slots,   ///< request and number of a slot, by its id
    meta,    ///< what this is the state of
};
constexpr std::array<const char*, 7> kStateTables = {"kept",   "records", "about", "topics",
                                                     "blocks", "slots",   "meta"};
constexpr repo::TablesOptions kStateOptions{kStateTables, 0, true};

[[nodiscard]] constexpr std::size_t number_of(StateTable table) {
    return static_cast<std::size_t>(table);
}

/// Of which journal a state is, and how far.
struct Mark {
    Digest genesis{};
    std::uint64_t boot = 0; ///< in which it was made
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    Place place;
    ethereum::UInt256 digest;

    friend bool operator==(const Mark&, const Mark&) = default;
};
[[nodiscard]] Bytes encode(const Mark& mark);
/// Nothing, where it is none, or of another format.
[[nodiscard]] std::optional<Mark> decode_mark(BytesView bytes);
[[nodiscard]] Result<std::optional<Mark>> mark_of(const repo::TablesView& view);

/// What is known of a record.
struct RecordRow {
    std::uint64_t offset = 0;
    std::uint64_t block = 0;
    Digest hash{};
    ethereum::Address from;
    std::vector<ethereum::abi::Log> logs;
};
[[nodiscard]] Bytes encode(const RecordRow& row);
[[nodiscard]] std::optional<RecordRow> decode_record_row(BytesView bytes);

/// What contracts keep, as a view has it.
/// Threads: one at a time.
class KeptState final : public market::State {
public:
    explicit KeptState(const repo::TablesView& view) : view_(&view) {}
    [[nodiscard]] Result<std::optional<Bytes>> get(BytesView key) const override;

private:
    const repo::TablesView* view_;
};

/// The hash of the last record of a block below `block`; nothing: there is none.
[[nodiscard]] Result<std::optional<Digest>> last_hash_below(const repo::TablesView& view,
                                                            std::uint64_t block);
/// Keccak-256 of "codex-block", hash of the genesis, `block`, and that hash.
[[nodiscard]] Digest block_hash(const Digest& genesis, std::uint64_t block, const Digest& last);

/// The hashes of blocks as a view has them. What cannot be read is kept in error().
/// Threads: one at a time.
class KeptBlocks final : public market::BlockHashes {
public:
    KeptBlocks(const repo::TablesView& view, const Digest& genesis)
        : view_(&view), genesis_(genesis) {}
    [[nodiscard]] Digest hash(std::uint64_t block) const override;
    [[nodiscard]] std::optional<Error>& error() const { return error_; }

private:
    const repo::TablesView* view_;
    Digest genesis_;
    mutable std::optional<Error> error_;
};

/// As Snapshot::place_of_slot(), of a view.
[[nodiscard]] Result<std::optional<SlotPlace>> place_of_slot(const repo::TablesView& view,
                                                             const ethereum::abi::Word& slot);

/// As Snapshot::wide_requests(), of a view.
[[nodiscard]] Result<void>
for_each_wide(const repo::TablesView& view, std::uint64_t from,
              const std::function<Result<bool>(const WideRequest&)>& visit);

/// A record that was executed.
struct Executed {
    const Record* record = nullptr;
    Digest hash{};
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::vector<ethereum::abi::Log> logs;
};

/// Puts what contracts keep now, and brings the digest along.
[[nodiscard]] Result<void> put_kept(repo::TablesChange& change, const market::Changes& changes,
                                    ethereum::UInt256& digest);
/// Puts what records are found by. `marketplace` is its address.
[[nodiscard]] Result<void> put_rows(repo::TablesChange& change, std::span<const Executed> records,
                                    const ethereum::Address& marketplace);
[[nodiscard]] Result<void> put_mark(repo::TablesChange& change, const Mark& mark);

/// The number that a key ends with.
[[nodiscard]] std::uint64_t last_number_of(BytesView key);
[[nodiscard]] Bytes number_key(std::uint64_t number);
[[nodiscard]] Bytes about_key(const ethereum::abi::Word& id, std::uint64_t sequence);
[[nodiscard]] Bytes topic_key(const ethereum::abi::Word& topic, std::uint64_t sequence);

} // namespace codex::ledger::detail
