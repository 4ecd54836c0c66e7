// LMDB behind Result: one environment a process and path, typed by tables, keys and values as
// bytes.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "repo/index/lmdb_calls.hpp"
#include "repo/index/lock_table.hpp"
#include "repo/index/resident.hpp"
#include "repo/index/table.hpp"
#include "repo/index/write_gate.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <type_traits>

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace codex::repo::detail {

class Env;
class Txn;

/// Walks a table in key order. Lives no longer than its transaction. What it shows is a copy.
class Cursor {
public:
    Cursor(Cursor&& other) noexcept;
    Cursor& operator=(Cursor&&) = delete;
    ~Cursor();

    /// To the first key >= `from`; false when there is none.
    [[nodiscard]] Result<bool> seek(BytesView from);
    [[nodiscard]] Result<bool> next();
    /// To the last pair; false when the table is empty.
    [[nodiscard]] Result<bool> last();
    /// Valid until the cursor moves.
    [[nodiscard]] BytesView key() const { return key_; }
    [[nodiscard]] BytesView value() const { return value_; }

private:
    friend class Txn;
    Cursor(MDB_cursor* cursor, const Txn* txn) : cursor_(cursor), txn_(txn) {}
    [[nodiscard]] Result<bool> move(int operation, BytesView from);
    MDB_cursor* cursor_;
    const Txn* txn_;
    Bytes key_;
    Bytes value_;
    Bytes before_; // the key before this one: keys of a table ascend, or its pages are damaged
};

/// A transaction; aborted unless committed. It belongs to its thread, when it writes. Errors of all
/// its calls: repo_damaged when the index turns out to be.
class Txn {
public:
    Txn(Txn&&) noexcept;
    Txn& operator=(Txn&&) = delete;
    ~Txn();

    /// The view is valid until the next get().
    [[nodiscard]] Result<std::optional<BytesView>> get(Table table, BytesView key) const;
    [[nodiscard]] Result<void> put(Table table, BytesView key, BytesView value);
    /// Gives whether the key was there.
    [[nodiscard]] Result<bool> erase(Table table, BytesView key);
    [[nodiscard]] Result<Cursor> cursor(Table table) const;
    /// Entries of a table; O(1).
    [[nodiscard]] Result<std::uint64_t> size(Table table) const;
    /// Pages with entries of a table; O(1).
    [[nodiscard]] Result<std::uint64_t> pages(Table table) const;
    /// The number of this transaction; each one that writes has a higher one than those before.
    [[nodiscard]] std::uint64_t id() const;
    /// Errors: no_space (disk or map full; nothing has changed then), io.
    [[nodiscard]] Result<void> commit();

private:
    friend class Env;
    friend class Cursor;
    /// What a writer holds: its turn among the threads of this process, and among processes.
    struct Turn {
        std::unique_lock<std::timed_mutex> thread;
        WriteGate::Turn process;
    };
    Txn(MDB_txn* txn, const Env* env, Turn turn, bool writes, bool sync);
    struct TableSize {
        std::uint64_t entries = 0;
        std::uint64_t leaf_pages = 0;
    };
    [[nodiscard]] Result<TableSize> statistics(Table table) const;
    [[nodiscard]] Unexpected<Error> refuse(int rc, const char* what) const;
    /// Whether LMDB may have given these bytes in good faith.
    [[nodiscard]] bool plausible(const void* data, std::size_t size) const;
    void abandon();
    void end();
    void note(std::uint64_t number) const;
    MDB_txn* txn_;
    void* mutex_ = nullptr; // of LMDB, while it writes
    const Env* env_;
    std::shared_lock<std::shared_timed_mutex> mapped_;
    Turn turn_;
    bool writes_;
    bool sync_;
    mutable Bytes value_;
};

/// Calls visit(key, value) for each pair of `table` from the first key >= `from` on, in key order.
/// It gives Result<void>, or Result<bool>, where false ends the walk. The table does not change
/// meanwhile. Errors: repo_damaged, those of `visit`.
template <class Visit>
[[nodiscard]] Result<void> for_each(const Txn& txn, Table table, BytesView from, Visit visit) {
    CODEX_TRY(cursor, txn.cursor(table));
    CODEX_TRY(more, cursor.seek(from));
    while (more) {
        auto went = visit(cursor.key(), cursor.value());
        if (!went)
            return fail(std::move(went).error());
        if constexpr (std::is_same_v<decltype(went), Result<bool>>)
            if (!*went)
                return {};
        CODEX_SET(more, cursor.next());
    }
    return {};
}

/// Whether a key begins so: those that do are next to each other.
[[nodiscard]] inline bool has_prefix(BytesView key, BytesView prefix) {
    return key.size() >= prefix.size() && equal(key.first(prefix.size()), prefix);
}

enum class EnvMode : std::uint8_t { read_write, read_only, read_only_no_lock };

struct EnvOptions {
    EnvMode mode = EnvMode::read_write;
    /// Make the file, which is not there; for who holds the repo exclusively.
    bool create = false;
    /// The tables that it has, which `Table` numbers; at most kTableCount.
    std::span<const char* const> tables = kTableNames;
    /// The file may not become larger; 0: what Limits say.
    std::uint64_t most_bytes = 0;
    /// No commit is synced, in no part: a power loss may leave anything.
    bool never_syncs = false;
};

/// The open index.mdb. Thread-safe. Never to be used across fork, never opened twice by one
/// process.
class Env {
public:
    /// Errors: repo_damaged when the file is missing, cut or no index; permission, repo_locked,
    /// no_space, io.
    [[nodiscard]] static Result<std::unique_ptr<Env>>
    open(const std::string& path, const EnvOptions& options, const Surroundings& around);
    ~Env();
    Env(const Env&) = delete;
    Env& operator=(const Env&) = delete;

    /// Errors: repo_damaged, repo_locked, unavailable (too many readers), io.
    [[nodiscard]] Result<Txn> read() const;
    /// Waits for other writers, of all processes, and for readers that make the index grow beyond
    /// bounds. `sync` false: after a power loss the commit may be undone, but what was there before
    /// is whole. Errors: repo_locked, naming who is waited for, after the lock timeout;
    /// repo_damaged; io.
    [[nodiscard]] Result<Txn> write(bool sync) const;
    /// The number of what was committed last, by whatever process; nothing, when that cannot be
    /// told without waiting.
    [[nodiscard]] std::optional<std::uint64_t> last_transaction() const;
    [[nodiscard]] const Surroundings& around() const { return around_; }
    [[nodiscard]] EnvMode mode() const { return options_.mode; }
    /// That the file still has its name: else the repo was moved, or the index put in its place
    /// knows nothing of what is committed here. Errors: io.
    [[nodiscard]] Result<void> require_in_place() const;
    /// Calls `noted` after each commit of this process, before the next writer may begin: with the
    /// number of the transaction, and whether it is on the disk.
    void on_commit(std::function<void(std::uint64_t transaction, bool synced)> noted) {
        noted_ = std::move(noted);
    }
    /// Calls `written` when notes up to a number are on the disk, while no other may be written.
    void on_notes(std::function<void(std::uint64_t last)> written) {
        notes_written_ = std::move(written);
    }
    void tell_notes(std::uint64_t last) const {
        if (notes_written_)
            notes_written_(last);
    }

private:
    friend class Txn;
    friend class Cursor;
    Env(std::string path, const EnvOptions& options, const Surroundings& around)
        : path_(std::move(path)), options_(options), around_(around) {}
    [[nodiscard]] Result<void> open_files();
    [[nodiscard]] Result<void> open_environment();
    [[nodiscard]] Result<bool> open_as(pid_t number);
    [[nodiscard]] Result<bool> open_anew(pid_t number);
    [[nodiscard]] Result<bool> has_half_made_table() const;
    [[nodiscard]] Result<void> choose_map_size();
    [[nodiscard]] Result<void> open_tables();
    [[nodiscard]] Result<void> begin(Txn& txn, unsigned flags) const;
    [[nodiscard]] Result<void> remap() const;
    [[nodiscard]] Result<std::string> reader_behind() const;
    [[nodiscard]] Error error(int rc, const char* what) const;
    void close();
    void find_map();
    [[nodiscard]] Deadline a_little_later() const;
    /// Of every call of LMDB that may write or wait, once it is open.
    [[nodiscard]] lmdb::Rules rules() const { return {false, number_, &around_}; }
    std::string path_;
    EnvOptions options_;
    const Surroundings around_;
    Fd index_;                       // shared; see share_index()
    std::optional<LockTable> table_; // not without locks
    std::unique_ptr<WriteGate> gate_;
    MDB_env* env_ = nullptr;
    pid_t number_ = 0;
    std::array<unsigned, kTableCount> tables_{};
    std::uint64_t map_bytes_ = 0;
    bool scarce_ = false; // address space is limited: the map may have to be made anew
    const std::uint8_t* map_ = nullptr;
    mutable ResidentPages pages_;
    mutable std::atomic<std::uint64_t> look_again_at_{0}; // bytes of the index; see reader_behind()
    mutable std::shared_timed_mutex mapping_; // held shared by transactions where scarce_
    std::function<void(std::uint64_t, bool)> noted_;
    std::function<void(std::uint64_t)> notes_written_;
    mutable std::timed_mutex writers_; // the sync flag is the environment's, so writers take turns
    mutable std::atomic<bool> broken_{
        false}; // a write was left halfway: nothing is written any more
};

} // namespace codex::repo::detail
