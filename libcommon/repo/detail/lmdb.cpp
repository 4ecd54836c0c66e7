#include "repo/detail/lmdb.hpp"

#include <cerrno>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo {

namespace {

/// Address space, not disk: the file is as large as its content.
constexpr std::uint64_t kMapBytes = std::uint64_t{64} << 30;
constexpr unsigned kMaxReaders = 510;
/// What may be missing at the end of an index that we may not make longer.
constexpr std::uint64_t kUnwrittenBytes = std::uint64_t{1} << 20;

constexpr std::array<const char*, kTableCount> kTableNames = {
    "blocks",   "trees", "datasets", "expiries", "pending",
    "segments", "dead",  "doomed",   "slots",    "meta"};

Error lmdb_error(int rc, const char* what) {
    const std::string text = fmt::format("index: {}: {}", what, mdb_strerror(rc));
    switch (rc) {
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return Error(Errc::no_space, text).hint("free some space and try again");
    case EACCES:
    case EPERM:
    case EROFS:
        return {Errc::permission, text};
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        return Error(Errc::repo_damaged, text)
            .hint("rebuild it from the segments: codex-chunk verify --rebuild-index");
    case MDB_READERS_FULL:
        return {Errc::unavailable, text};
    default:
        return {Errc::io, text};
    }
}

tl::unexpected<Error> refuse(int rc, const char* what) {
    return fail(lmdb_error(rc, what));
}

MDB_val to_val(BytesView bytes) {
    return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())}; // LMDB only reads through it
}

/// LMDB reads its file through a mapping, and a file cut short would end us with SIGBUS. Pages that
/// were never written may be missing at its end for good reason, so the file is made as long as it
/// says it is: where content is lost the pages are then zero, which LMDB refuses. Growing cannot
/// cut off what another process appends meanwhile.
Result<void> require_length(MDB_env* env, EnvMode mode) {
    MDB_envinfo info{};
    MDB_stat stat{};
    mdb_filehandle_t fd = -1;
    struct stat st{};
    if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &stat) != 0 ||
        mdb_env_get_fd(env, &fd) != 0 || ::fstat(fd, &st) != 0)
        return fail(Errc::io, "index: cannot be examined");
    const std::uint64_t wanted = (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;
    const auto size = static_cast<std::uint64_t>(st.st_size);
    if (size >= wanted)
        return {};
    const bool writable = mode == EnvMode::read_write;
    if ((writable && ::fallocate(fd, 0, static_cast<off_t>(wanted - 1), 1) == 0) ||
        (!writable && wanted - size <= kUnwrittenBytes))
        return {};
    return refuse(MDB_CORRUPTED, "cut short");
}

/// LMDB found its own structure broken and cannot go on: said in one line, as other damage is.
void index_broken(MDB_env*, const char* what) {
    const std::string text =
        fmt::format("codex: index.mdb is damaged ({})\n"
                    "  rebuild it from the segments: codex-chunk verify --rebuild-index\n",
                    what);
    (void)!::write(STDERR_FILENO, text.data(), text.size());
    ::_exit(errc_exit_code(Errc::repo_damaged));
}

BytesView to_view(const MDB_val& value) {
    return {static_cast<const std::uint8_t*>(value.mv_data), value.mv_size};
}

} // namespace

Cursor::~Cursor() {
    if (cursor_ != nullptr)
        mdb_cursor_close(cursor_);
}

Result<bool> Cursor::move(int operation, BytesView from) {
    MDB_val key = to_val(from);
    MDB_val value{};
    const int rc = mdb_cursor_get(cursor_, &key, &value, static_cast<MDB_cursor_op>(operation));
    if (rc == MDB_NOTFOUND)
        return false;
    if (rc != 0)
        return refuse(rc, "walk");
    key_ = to_view(key);
    value_ = to_view(value);
    return true;
}

Result<bool> Cursor::seek(BytesView from) {
    return from.empty() ? move(MDB_FIRST, {}) : move(MDB_SET_RANGE, from);
}
Result<bool> Cursor::next() {
    return move(MDB_NEXT, {});
}
Result<bool> Cursor::last() {
    return move(MDB_LAST, {});
}

Txn::Txn(MDB_txn* txn, const Env* env, std::unique_lock<std::mutex> turn, bool sync)
    : txn_(txn), env_(env), turn_(std::move(turn)), sync_(sync) {}

Txn::Txn(Txn&& other) noexcept
    : txn_(std::exchange(other.txn_, nullptr)), env_(other.env_), turn_(std::move(other.turn_)),
      sync_(other.sync_) {}

Txn::~Txn() {
    if (txn_ != nullptr)
        mdb_txn_abort(txn_);
}

Result<std::optional<BytesView>> Txn::get(Table table, BytesView key) const {
    MDB_val k = to_val(key);
    MDB_val value{};
    env_->pages_.touched();
    const int rc = mdb_get(txn_, env_->tables_[static_cast<std::size_t>(table)], &k, &value);
    if (rc == MDB_NOTFOUND)
        return std::nullopt;
    if (rc != 0)
        return refuse(rc, "read");
    return to_view(value);
}

Result<void> Txn::put(Table table, BytesView key, BytesView value) {
    MDB_val k = to_val(key);
    MDB_val v = to_val(value);
    env_->pages_.touched();
    const int rc = mdb_put(txn_, env_->tables_[static_cast<std::size_t>(table)], &k, &v, 0);
    if (rc != 0)
        return refuse(rc, "write");
    return {};
}

Result<bool> Txn::erase(Table table, BytesView key) {
    MDB_val k = to_val(key);
    env_->pages_.touched();
    const int rc = mdb_del(txn_, env_->tables_[static_cast<std::size_t>(table)], &k, nullptr);
    if (rc == MDB_NOTFOUND)
        return false;
    if (rc != 0)
        return refuse(rc, "delete");
    return true;
}

Result<Cursor> Txn::cursor(Table table) const {
    MDB_cursor* cursor = nullptr;
    const int rc = mdb_cursor_open(txn_, env_->tables_[static_cast<std::size_t>(table)], &cursor);
    if (rc != 0)
        return refuse(rc, "walk");
    return Cursor(cursor);
}

Result<std::uint64_t> Txn::size(Table table) const {
    MDB_stat stat{};
    const int rc = mdb_stat(txn_, env_->tables_[static_cast<std::size_t>(table)], &stat);
    if (rc != 0)
        return refuse(rc, "stat");
    return std::uint64_t{stat.ms_entries};
}

Result<void> Txn::commit() {
    // The turn is held, so no other writer of this process sees the flag.
    if (!sync_)
        mdb_env_set_flags(env_->env_, MDB_NOSYNC, 1);
    const int rc = mdb_txn_commit(std::exchange(txn_, nullptr));
    if (!sync_)
        mdb_env_set_flags(env_->env_, MDB_NOSYNC, 0);
    if (turn_)
        turn_.unlock();
    if (rc != 0)
        return refuse(rc, "commit");
    return {};
}

Result<std::unique_ptr<Env>> Env::open(const std::string& path, EnvMode mode) {
    std::unique_ptr<Env> env(new Env);
    env->mode_ = mode;
    int rc = mdb_env_create(&env->env_);
    if (rc == 0)
        rc = mdb_env_set_mapsize(env->env_, kMapBytes);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(env->env_, kTableCount);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(env->env_, kMaxReaders);
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
    if (mode != EnvMode::read_write)
        flags |= MDB_RDONLY;
    if (mode == EnvMode::read_only_no_lock)
        flags |= MDB_NOLOCK;
    if (rc == 0)
        rc = mdb_env_open(env->env_, path.c_str(), flags, 0600);
    // Slots of killed readers would keep old pages from being used again.
    int dead_readers = 0;
    if (rc == 0 && mode == EnvMode::read_write)
        rc = mdb_reader_check(env->env_, &dead_readers);
    if (rc != 0)
        return refuse(rc, "open");
    mdb_env_set_assert(env->env_, index_broken);
    CODEX_CHECK(require_length(env->env_, mode));
    CODEX_CHECK(env->open_tables());
    env->find_pages();
    return env;
}

Env::~Env() {
    if (env_ != nullptr)
        mdb_env_close(env_);
}

Result<void> Env::open_tables() {
    const auto open_all = [this](unsigned txn_flags, unsigned table_flags) {
        MDB_txn* txn = nullptr;
        int rc = mdb_txn_begin(env_, nullptr, txn_flags, &txn);
        for (std::size_t i = 0; rc == 0 && i < kTableCount; ++i)
            rc = mdb_dbi_open(txn, kTableNames[i], table_flags, &tables_[i]);
        if (rc == 0)
            return mdb_txn_commit(txn);
        if (txn != nullptr)
            mdb_txn_abort(txn);
        return rc;
    };
    // Only the first open of a repo's life has to write, so others do not queue behind a writer.
    int rc = open_all(MDB_RDONLY, 0);
    if (rc == MDB_NOTFOUND && mode_ == EnvMode::read_write)
        rc = open_all(0, MDB_CREATE);
    if (rc == MDB_NOTFOUND)
        return fail(Error(Errc::repo_damaged, "index: a table is missing")
                        .hint("rebuild it from the segments: codex-chunk verify --rebuild-index"));
    if (rc != 0)
        return refuse(rc, "open tables");
    return {};
}

Result<Txn> Env::read() const {
    MDB_txn* txn = nullptr;
    int rc = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
    if (rc == MDB_READERS_FULL) {
        int dead_readers = 0;
        mdb_reader_check(env_, &dead_readers);
        rc = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
    }
    if (rc != 0)
        return refuse(rc, "begin to read");
    return Txn(txn, this, {}, true);
}

Result<Txn> Env::write(bool sync) const {
    std::unique_lock turn(writers_);
    MDB_txn* txn = nullptr;
    const int rc = mdb_txn_begin(env_, nullptr, 0, &txn);
    if (rc != 0)
        return refuse(rc, "begin to write");
    return Txn(txn, this, std::move(turn), sync);
}

void Env::find_pages() {
    mdb_filehandle_t file = -1;
    if (mdb_env_get_fd(env_, &file) == 0)
        pages_.find(file);
}

Result<void> Env::set_map_size(std::uint64_t bytes) {
    const int rc = mdb_env_set_mapsize(env_, bytes);
    find_pages(); // mapped anew
    if (rc != 0)
        return refuse(rc, "set map size");
    return {};
}

} // namespace codex::repo
