// Transactions and cursors. Every call that touches the map of the index is made by lmdb::run(),
// and what LMDB shows is copied within it: the file may be cut, or its disk fail, at any time.
#include "repo/index/lmdb.hpp"

#include "repo/index/check.hpp"
#include "repo/index/lmdb_calls.hpp"

#include <algorithm>
#include <cstring>
#include <lmdb.h>

namespace codex::repo::detail {

namespace {

/// No value of ours is larger: 32768 pins take 1.2 MB, a manifest less.
constexpr std::size_t kMaxValueBytes = std::size_t{64} << 20;

MDB_val to_val(BytesView bytes) {
    return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())}; // LMDB only reads through it
}

/// False when the bytes are not there.
bool copy(const MDB_val& value, Bytes& to) {
    to.resize(value.mv_size);
    return value.mv_size == 0 || lmdb::run([&] {
                                     std::memcpy(to.data(), value.mv_data, value.mv_size);
                                     return 0;
                                 }) == 0;
}

} // namespace

// --- Cursor -------------------------------------------------------------------------------------

Cursor::Cursor(Cursor&& other) noexcept
    : cursor_(std::exchange(other.cursor_, nullptr)), txn_(other.txn_), key_(std::move(other.key_)),
      value_(std::move(other.value_)), before_(std::move(other.before_)) {}

Cursor::~Cursor() {
    if (cursor_ != nullptr)
        (void)lmdb::run([&] {
            mdb_cursor_close(cursor_);
            return 0;
        });
}

Result<bool> Cursor::move(int operation, BytesView from) {
    MDB_val key = to_val(from);
    MDB_val value{};
    const int rc = lmdb::run([&] {
        return mdb_cursor_get(cursor_, &key, &value, static_cast<MDB_cursor_op>(operation));
    });
    if (rc == MDB_NOTFOUND)
        return false;
    if (rc != 0)
        return txn_->refuse(rc, "walk");
    if (!txn_->plausible(key.mv_data, key.mv_size) ||
        !txn_->plausible(value.mv_data, value.mv_size) || !copy(key, key_) || !copy(value, value_))
        return txn_->refuse(lmdb::kFault, "walk");
    return true;
}

Result<bool> Cursor::seek(BytesView from) {
    CODEX_TRY(found, from.empty() ? move(MDB_FIRST, {}) : move(MDB_SET_RANGE, from));
    if (found && std::ranges::lexicographical_compare(key_, from))
        return txn_->refuse(lmdb::kFault, "walk");
    return found;
}

Result<bool> Cursor::next() {
    before_.swap(key_);
    CODEX_TRY(found, move(MDB_NEXT, {}));
    // Pages that lead back to each other would keep us walking.
    if (found && !std::ranges::lexicographical_compare(before_, key_))
        return txn_->refuse(lmdb::kFault, "walk");
    return found;
}

Result<bool> Cursor::last() {
    return move(MDB_LAST, {});
}

// --- Txn ----------------------------------------------------------------------------------------

Txn::Txn(MDB_txn* txn, const Env* env, Turn turn, bool writes, bool sync)
    : txn_(txn), env_(env), turn_(std::move(turn)), writes_(writes), sync_(sync) {}

Txn::Txn(Txn&& other) noexcept
    : txn_(std::exchange(other.txn_, nullptr)), mutex_(std::exchange(other.mutex_, nullptr)),
      env_(other.env_), mapped_(std::move(other.mapped_)), turn_(std::move(other.turn_)),
      writes_(other.writes_), sync_(other.sync_), value_(std::move(other.value_)) {}

Txn::~Txn() {
    end();
}

void Txn::end() {
    if (txn_ != nullptr && lmdb::run([&] {
                               mdb_txn_abort(txn_);
                               return 0;
                           }) != 0 &&
        writes_)
        abandon();
    txn_ = nullptr;
    turn_ = {};
    if (mapped_)
        mapped_.unlock();
}

/// A transaction that was left halfway is not even aborted: its lists may be anything. What it
/// wrote is in no page that the index names.
void Txn::abandon() {
    env_->broken_ = true;
    txn_ = nullptr;
    lmdb::release_mutex(std::exchange(mutex_, nullptr));
}

bool Txn::plausible(const void* data, std::size_t size) const {
    if (size > kMaxValueBytes)
        return false;
    const auto* begin = static_cast<const std::uint8_t*>(data);
    const std::uint8_t* end = env_->map_ + env_->map_bytes_;
    if (begin >= env_->map_ && begin < end)
        return size <= static_cast<std::size_t>(end - begin);
    return writes_ || size == 0; // pages that it changed are in memory
}

Unexpected<Error> Txn::refuse(int rc, const char* what) const {
    return fail(env_->error(rc, what));
}

Result<std::optional<BytesView>> Txn::get(Table table, BytesView key) const {
    MDB_val k = to_val(key);
    MDB_val value{};
    env_->pages_.touched();
    const unsigned dbi = env_->tables_[static_cast<std::size_t>(table)];
    const int rc =
        txn_ == nullptr ? MDB_BAD_TXN : lmdb::run([&] { return mdb_get(txn_, dbi, &k, &value); });
    if (rc == MDB_NOTFOUND)
        return std::nullopt;
    if (rc != 0)
        return refuse(rc, "read");
    if (!plausible(value.mv_data, value.mv_size) || !copy(value, value_))
        return refuse(lmdb::kFault, "read");
    return BytesView(value_);
}

Result<void> Txn::put(Table table, BytesView key, BytesView value) {
    if (txn_ == nullptr)
        return refuse(MDB_BAD_TXN, "write");
    MDB_val k = to_val(key);
    MDB_val v = to_val(value);
    env_->pages_.touched();
    const unsigned dbi = env_->tables_[static_cast<std::size_t>(table)];
    const lmdb::Rules rules = env_->rules(); // where pages do not fit into memory
    const lmdb::RulesScope scope(rules);
    const int rc = lmdb::run([&] { return mdb_put(txn_, dbi, &k, &v, 0); });
    if (rc == lmdb::kFault)
        abandon();
    if (rc != 0)
        return refuse(rc, "write");
    return {};
}

Result<bool> Txn::erase(Table table, BytesView key) {
    if (txn_ == nullptr)
        return refuse(MDB_BAD_TXN, "delete");
    MDB_val k = to_val(key);
    env_->pages_.touched();
    const unsigned dbi = env_->tables_[static_cast<std::size_t>(table)];
    const lmdb::Rules rules = env_->rules();
    const lmdb::RulesScope scope(rules);
    const int rc = lmdb::run([&] { return mdb_del(txn_, dbi, &k, nullptr); });
    if (rc == MDB_NOTFOUND)
        return false;
    if (rc == lmdb::kFault)
        abandon();
    if (rc != 0)
        return refuse(rc, "delete");
    return true;
}

Result<Cursor> Txn::cursor(Table table) const {
    MDB_cursor* cursor = nullptr;
    const unsigned dbi = env_->tables_[static_cast<std::size_t>(table)];
    const int rc = txn_ == nullptr ? MDB_BAD_TXN
                                   : lmdb::run([&] { return mdb_cursor_open(txn_, dbi, &cursor); });
    if (rc != 0)
        return refuse(rc, "walk");
    return Cursor(cursor, this);
}

Result<std::uint64_t> Txn::size(Table table) const {
    CODEX_TRY(size, statistics(table));
    return size.entries;
}

Result<std::uint64_t> Txn::pages(Table table) const {
    CODEX_TRY(size, statistics(table));
    return size.leaf_pages;
}

Result<Txn::TableSize> Txn::statistics(Table table) const {
    MDB_stat stat{};
    const unsigned dbi = env_->tables_[static_cast<std::size_t>(table)];
    const int rc =
        txn_ == nullptr ? MDB_BAD_TXN : lmdb::run([&] { return mdb_stat(txn_, dbi, &stat); });
    if (rc != 0)
        return refuse(rc, "stat");
    return TableSize{stat.ms_entries, stat.ms_leaf_pages};
}

std::uint64_t Txn::id() const {
    return mdb_txn_id(txn_);
}

Result<void> Txn::commit() {
    if (txn_ == nullptr)
        return refuse(MDB_BAD_TXN, "commit");
    // Not MDB_NOSYNC: a root could reach the disk before its pages, and take with it what others
    // have synced. The turn is held, so no other writer of this process sees the flag.
    const std::uint64_t number = id();
    if (!sync_)
        mdb_env_set_flags(env_->env_, MDB_NOMETASYNC, 1);
    const lmdb::Rules rules = env_->rules();
    const lmdb::RulesScope scope(rules);
    const int rc = lmdb::run([&] { return mdb_txn_commit(txn_); });
    if (!sync_)
        mdb_env_set_flags(env_->env_, MDB_NOMETASYNC, 0);
    if (rc == lmdb::kFault && writes_)
        abandon();
    txn_ = nullptr;
    if (rc == 0 && writes_)
        note(number);
    end();
    if (rc != 0)
        return refuse(rc, "commit");
    return {};
}

/// A transaction that changed nothing has no number.
void Txn::note(std::uint64_t number) const {
    MDB_envinfo info{};
    if (env_->noted_ && lmdb::run([&] { return mdb_env_info(env_->env_, &info); }) == 0 &&
        info.me_last_txnid >= number)
        env_->noted_(number, sync_);
}

} // namespace codex::repo::detail
