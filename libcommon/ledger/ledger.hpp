// A market of one's own: its contracts, run on a journal of signed calls in a folder that many
// processes share, without a server (codex-ledger(5)).
#pragma once

#include "base/job.hpp"
#include "base/stream.hpp"
#include "ledger/genesis.hpp"
#include "ledger/record.hpp"
#include "repo/types.hpp"

#include <functional>
#include <memory>
#include <stop_token>

namespace codex::ledger {

/// What stands for the system, and how long others are waited for. What it refers to outlives the
/// ledger.
struct Options {
    std::uint64_t lock_timeout_seconds = 10;
    /// false: call() and advance() do not wait for the disk, but for others in the way alone. What
    /// they recorded is on the disk when somebody who waits for it has called, or has looked.
    bool sync = true;
    /// For records that have to be gone through before the ledger can be used.
    std::reference_wrapper<Executor> pool = Executor::caller();
    std::reference_wrapper<const Clock> clock = Clock::system(); ///< of blocks, and of waits
    std::reference_wrapper<Random> random = Random::system();
    std::reference_wrapper<repo::Disk> disk = repo::Disk::system();
    /// Which run of the machine this is; empty: what the system says. What was not synced before
    /// another one began is not trusted.
    std::string boot{};
    log::Logger log{};
};

enum class Access : std::uint8_t { read, write };

/// Where a ledger stands: what a record, and the block in which it is, are called.
/// Threads: as a number.
struct Head {
    std::uint64_t sequence = 0; ///< 0: there is no record
    Digest hash{};              ///< of the record; of the genesis, where there is none
    std::uint64_t block = kFirstBlock;
    std::uint64_t time = 0; ///< of the block, Unix seconds
    friend bool operator==(const Head&, const Head&) = default;
};

/// A call to be made. `key` and `data` outlive it.
struct Order {
    const ethereum::PrivateKey& key;
    ethereum::Address to;
    BytesView data;
};

/// What a call gave.
struct Receipt {
    /// Of the record; zeros where the call was refused, for then there is none.
    Digest hash{};
    std::uint64_t sequence = 0; ///< of the record; 0 where the call was refused
    std::uint64_t block = 0;    ///< in which it was executed, or refused
    std::uint64_t time = 0;     ///< of that block, Unix seconds
    market::Outcome outcome;
};

/// Which event: of the record with that number, the one with that index, from 0.
struct Cursor {
    std::uint64_t sequence = 0;
    std::uint32_t index = 0;

    /// "12.0"
    [[nodiscard]] std::string text() const;
    /// Errors: argument_invalid.
    [[nodiscard]] static Result<Cursor> from_text(std::string_view text);
    friend auto operator<=>(const Cursor&, const Cursor&) = default;
};

/// What a contract has told.
struct Event {
    Cursor at;
    Digest hash{}; ///< of the record
    std::uint64_t block = 0;
    std::uint64_t time = 0; ///< of the block, Unix seconds
    ethereum::Address sender;
    ethereum::abi::Log log;
};

struct EventQuery {
    /// From this one on; of nothing, from the first.
    Cursor from;
    /// Only of calls that were about this request or slot; nothing: of all.
    std::optional<ethereum::abi::Word> about;
    /// Only with one of these as their first topic; empty: all.
    std::vector<ethereum::abi::Word> topics;
    /// No more than that are shown.
    std::uint64_t most = UINT64_MAX;
};

/// A record where it lies.
struct PlacedRecord {
    Record record;
    Digest hash{};
    std::uint64_t time = 0;   ///< of its block, Unix seconds
    std::uint64_t offset = 0; ///< in the journal
    std::vector<ethereum::abi::Log> logs;
};

/// By how much time is moved: to the first block that begins so many seconds after the last one
/// does; to the first one that does not begin before a time; or by so many blocks.
struct Advance {
    enum class By : std::uint8_t { seconds, to_time, blocks };
    By by = By::seconds;
    std::uint64_t amount = 0;
};

/// What going through a ledger has found.
struct Verified {
    Head head;
    std::uint64_t bytes = 0;  ///< of the journal
    ethereum::UInt256 digest; ///< of what the contracts keep
    /// The record that has the hash that was asked for: 0 is the genesis. Nothing: none has.
    std::optional<std::uint64_t> head_at;
    /// Bytes behind the last record that are none: they were never acknowledged, and will be cut.
    std::uint64_t torn_bytes = 0;
};

struct VerifyOptions {
    std::optional<Digest> head; ///< a hash that is to be that of a record, or of the genesis
    bool signatures = true;     ///< false: that they are right is taken for granted
};

class Ledger;

/// Where a slot is.
struct SlotPlace {
    ethereum::abi::Word request{};
    std::uint64_t index = 0;

    friend bool operator==(const SlotPlace&, const SlotPlace&) = default;
};

/// A request with more slots than are found by their ids from its posting on.
struct WideRequest {
    std::uint64_t sequence = 0; ///< of the record that has posted it
    ethereum::abi::Word request{};
    std::uint64_t first = 0; ///< of the slots that are not
    std::uint64_t slots = 0; ///< that it has
};

/// What the contracts keep after one of the records, and where a call would be made now. It goes
/// before its ledger, and is given up soon: what it sees is kept for it.
/// Threads: one at a time.
class Snapshot final : public market::State, private market::BlockHashes {
public:
    Snapshot(Snapshot&&) noexcept;
    Snapshot& operator=(Snapshot&&) = delete;
    ~Snapshot() override;
    struct Parts; ///< of this floor alone

    [[nodiscard]] Result<std::optional<Bytes>> get(BytesView key) const override;
    /// The last record that it has. All that it shows is on the disk.
    [[nodiscard]] const Head& head() const;
    /// The block that a call made at the time of snapshot() would be in; of last_snapshot(), that
    /// of the last record.
    [[nodiscard]] market::Now now() const;
    /// Of what is kept: the sum, modulo 2^256, of Keccak-256 of each key and its value.
    [[nodiscard]] const ethereum::UInt256& digest() const;
    /// The slot with that id, where a call has named it by request and number, or it is one of the
    /// first 64 of a request that was posted; nothing: it is none of these. Errors: io,
    /// repo_damaged.
    [[nodiscard]] Result<std::optional<SlotPlace>>
    place_of_slot(const ethereum::abi::Word& id) const;
    /// The requests of which place_of_slot() does not know all slots, in their order, of those that
    /// were posted by record `from` or behind; until `visit` gives false. Errors: its own; io,
    /// repo_damaged.
    [[nodiscard]] Result<void>
    wide_requests(std::uint64_t from,
                  const std::function<Result<bool>(const WideRequest&)>& visit) const;
    /// Does what is called, and leaves nothing. Errors: those of Contracts::execute().
    [[nodiscard]] Result<market::Outcome> call(const market::Call& call) const;

private:
    friend class Ledger;
    explicit Snapshot(std::unique_ptr<Parts> parts);
    [[nodiscard]] Digest hash(std::uint64_t block) const override;
    std::unique_ptr<Parts> parts_;
};

/// A folder with a ledger. A process opens it once. Errors of all calls: ledger_damaged (the
/// message names the record and where it lies), ledger_locked after the wait of the options,
/// io, permission.
/// Threads: all calls from any thread, at once.
class Ledger {
public:
    struct Parts; ///< of this floor alone
    /// Makes the folder and the ledger in it, or nothing. Errors: those of Genesis::check();
    /// ledger_exists; exists (the folder has other things in it); cannot_create, no_space.
    [[nodiscard]] static Result<std::unique_ptr<Ledger>>
    create(const std::string& path, const Genesis& genesis, const Options& options = {});
    /// Errors: ledger_missing, ledger_version; permission, where it is to be written and may not.
    [[nodiscard]] static Result<std::unique_ptr<Ledger>>
    open(const std::string& path, Access access, const Options& options = {});
    ~Ledger();
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    [[nodiscard]] const std::string& path() const;
    [[nodiscard]] const Genesis& genesis() const;
    [[nodiscard]] const market::Contracts& contracts() const;
    /// The last record that is on the disk.
    [[nodiscard]] Result<Head> head() const;
    [[nodiscard]] Result<Snapshot> snapshot() const;
    /// The same in the block of the last record: for what no time changes, as a balance. It reads
    /// no clock, and so waits for nobody who appends.
    [[nodiscard]] Result<Snapshot> last_snapshot() const;
    /// The sum, modulo 2^256, of Keccak-256 of each key and its value that contracts keep: the same
    /// for the same records, on every machine.
    [[nodiscard]] Result<ethereum::UInt256> digest() const;

    /// Makes calls, each behind those before it, with no other between; gives what each gave, in
    /// their order. Of none: takes in what somebody who was killed has written behind what can be
    /// seen. Calls that are refused are not recorded, and hinder none behind them. When it
    /// returns, what is recorded is on the disk, but for Options::sync. Errors: ledger_read_only;
    /// not_found (no contract is at that address) and limit_exceeded (too much data), of one of
    /// them: then none is recorded; no_space: then none is recorded; io: where it was a sync that
    /// failed, it is not known whether what was recorded stays, and the message says so.
    [[nodiscard]] Result<std::vector<Receipt>> call(std::span<const Order> orders);
    /// Moves time, where the genesis says that it is moved so; gives where it stands then. Errors:
    /// argument_invalid (a time that is over, nothing at all, or too far; or the clock is no manual
    /// one); and those of call().
    [[nodiscard]] Result<Head> advance(const Advance& advance);

    /// Calls `visit` with events in their order, as far as they are on the disk, until it gives
    /// false. Errors: those of `visit`.
    [[nodiscard]] Result<void> events(const EventQuery& query,
                                      const std::function<Result<bool>(const Event&)>& visit) const;
    /// The same of records, from this number on.
    [[nodiscard]] Result<void>
    records(std::uint64_t from,
            const std::function<Result<bool>(const PlacedRecord&)>& visit) const;
    /// Waits until a record with a higher number is on the disk; false when the deadline passed
    /// before, or it was told to stop. Errors: ledger_missing, where another ledger is in its place
    /// by now, or none.
    [[nodiscard]] Result<bool> wait(std::uint64_t after, const Deadline& deadline,
                                    std::stop_token stop = {}) const;

    /// Goes through all records that are there: form, order, hashes, time, signatures, and that the
    /// contracts take each; and compares what they keep then with what is kept here. In a bounded
    /// part of memory. Errors: ledger_damaged, cancelled.
    [[nodiscard]] Result<Verified> verify(const VerifyOptions& options, const Job& job = {}) const;

    /// Writes all that is on the disk as one file (codex-ledger(5), EXPORT). Errors: those of
    /// `sink`; cancelled.
    [[nodiscard]] Result<Head> export_to(ByteSink& sink, const Job& job = {}) const;
    /// Makes a ledger of such a file, and goes through it as verify() does. What is refused leaves
    /// nothing. Errors: those of create() and verify(); those of `source`.
    [[nodiscard]] static Result<std::unique_ptr<Ledger>> import_from(ByteSource& source,
                                                                     const std::string& path,
                                                                     const Options& options = {},
                                                                     const Job& job = {});

private:
    explicit Ledger(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

} // namespace codex::ledger
