// LMDB behind Result: one environment a process and path, typed by tables, keys and values as
// bytes.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "repo/detail/resident.hpp"

#include <memory>
#include <mutex>
#include <optional>

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace codex::repo {

/// The tables of index.mdb (man/codex-repo.5, section INDEX). The order is only ours; the file
/// knows them by name.
enum class Table : std::uint8_t {
    blocks,
    trees,
    datasets,
    expiries,
    pending,
    segments,
    dead,
    doomed,
    slots,
    meta,
};
constexpr std::size_t kTableCount = 10;

/// Walks a table in key order. Lives no longer than its transaction.
class Cursor {
public:
    Cursor(Cursor&& other) noexcept : cursor_(std::exchange(other.cursor_, nullptr)) {}
    Cursor& operator=(Cursor&&) = delete;
    ~Cursor();

    /// To the first key >= `from`; false when there is none.
    [[nodiscard]] Result<bool> seek(BytesView from);
    [[nodiscard]] Result<bool> next();
    /// To the last pair; false when the table is empty.
    [[nodiscard]] Result<bool> last();
    /// Valid until the next write of the transaction, or its end.
    [[nodiscard]] BytesView key() const { return key_; }
    [[nodiscard]] BytesView value() const { return value_; }

private:
    friend class Txn;
    explicit Cursor(MDB_cursor* cursor) : cursor_(cursor) {}
    [[nodiscard]] Result<bool> move(int operation, BytesView from);
    MDB_cursor* cursor_;
    BytesView key_;
    BytesView value_;
};

class Env;

/// A transaction; aborted unless committed. Views it gives are valid until its next write or its
/// end. A writing transaction belongs to its thread.
class Txn {
public:
    Txn(Txn&&) noexcept;
    Txn& operator=(Txn&&) = delete;
    ~Txn();

    [[nodiscard]] Result<std::optional<BytesView>> get(Table table, BytesView key) const;
    [[nodiscard]] Result<void> put(Table table, BytesView key, BytesView value);
    /// Gives whether the key was there.
    [[nodiscard]] Result<bool> erase(Table table, BytesView key);
    [[nodiscard]] Result<Cursor> cursor(Table table) const;
    /// Entries of a table; O(1).
    [[nodiscard]] Result<std::uint64_t> size(Table table) const;
    /// Errors: no_space (disk or map full; nothing has changed then), io.
    [[nodiscard]] Result<void> commit();

private:
    friend class Env;
    Txn(MDB_txn* txn, const Env* env, std::unique_lock<std::mutex> turn, bool sync);
    MDB_txn* txn_;
    const Env* env_;
    std::unique_lock<std::mutex> turn_;
    bool sync_;
};

enum class EnvMode : std::uint8_t { read_write, read_only, read_only_no_lock };

/// The open index.mdb. Thread-safe. Never to be used across fork, never opened twice by one
/// process.
class Env {
public:
    /// Makes the file unless read-only. Errors: permission, repo_damaged, no_space, io.
    [[nodiscard]] static Result<std::unique_ptr<Env>> open(const std::string& path, EnvMode mode);
    ~Env();
    Env(const Env&) = delete;
    Env& operator=(const Env&) = delete;

    [[nodiscard]] Result<Txn> read() const;
    /// Waits for other writers, of all processes. `sync` false: commit() does not wait for the
    /// disk.
    [[nodiscard]] Result<Txn> write(bool sync) const;
    [[nodiscard]] EnvMode mode() const { return mode_; }
    /// Largest size the index may grow to; for tests of a full index.
    [[nodiscard]] Result<void> set_map_size(std::uint64_t bytes);

private:
    friend class Txn;
    Env() = default;
    [[nodiscard]] Result<void> open_tables();
    void find_pages();
    MDB_env* env_ = nullptr;
    EnvMode mode_ = EnvMode::read_write;
    std::array<unsigned, kTableCount> tables_{};
    mutable ResidentPages pages_;
    mutable std::mutex writers_; // the sync flag is the environment's, so writers take turns
};

} // namespace codex::repo
