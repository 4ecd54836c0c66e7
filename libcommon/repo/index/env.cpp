// Opening the index, and beginning transactions.
#include "repo/index/check.hpp"
#include "repo/index/flock_wait.hpp"
#include "repo/index/lmdb.hpp"
#include "repo/index/lmdb_calls.hpp"
#include "repo/index/process_note.hpp"
#include "repo/segments/own_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

/// Room beyond the file that a scarce map has at least.
constexpr std::uint64_t kMapSlack = std::uint64_t{16} << 20;

/// LMDB found its own structure broken and would end the process: the call ends instead.
void index_broken(MDB_env*, const char*) {
    leave_guarded();
}

bool same_file(int a, int b) {
    struct stat first{};
    struct stat second{};
    return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/// Bytes of address space that this process may still take; UINT64_MAX without a limit.
std::uint64_t address_space_left() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    std::uint64_t used = 0;
    if (const auto statm = read_file("/proc/self/statm", 4096))
        for (const std::uint8_t c : *statm) {
            if (c < '0' || c > '9')
                break;
            used = used * 10 + (c - '0');
        }
    used *= static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return limit.rlim_cur - std::min<std::uint64_t>(limit.rlim_cur, used);
}

} // namespace

// --- opening ------------------------------------------------------------------------------------

Result<std::unique_ptr<Env>> Env::open(const std::string& path, const EnvOptions& options,
                                       const Surroundings& around) {
    std::unique_ptr<Env> env(new Env(path, options, around));
    CODEX_CHECK(env->open_files());
    CODEX_CHECK(env->open_environment());
    CODEX_CHECK(env->open_tables());
    if (options.mode == EnvMode::read_write && !options.create)
        CODEX_CHECK(check_free_lists(env->env_));
    return env;
}

Result<void> Env::open_files() {
    if (options_.create) {
        CODEX_SET(index_, open_own_file(path_, O_RDWR | O_CREAT | O_EXCL));
        if (::flock(index_.get(), LOCK_SH) != 0)
            return fail(system_error(errno, "lock " + path_));
        ::unlink((path_ + "-lock").c_str());
    } else {
        auto shared = share_index(path_, around_);
        if (!shared && shared.error().code() == Errc::not_found)
            return fail(Error(Errc::repo_damaged, fmt::format("{}: is missing", path_))
                            .remedy(Remedy::rebuild_index));
        if (!shared)
            return fail(std::move(shared).error());
        index_ = std::move(*shared);
        CODEX_CHECK(check_header(index_, path_));
    }
    if (options_.mode != EnvMode::read_only_no_lock) {
        CODEX_TRY(table, LockTable::open(path_, index_, around_));
        table_.emplace(std::move(table));
    }
    if (options_.mode == EnvMode::read_write && !options_.create) {
        CODEX_SET(gate_,
                  WriteGate::open(path_.substr(0, path_.rfind('/') + 1) + "lock-write", around_));
    }
    return {};
}

Result<void> Env::open_environment() {
    for (;;) {
        pid_t number = 0;
        if (table_) {
            CODEX_SET(number, table_->reserve_number());
        }
        CODEX_TRY(usable, open_as(number));
        CODEX_TRY(half_made, usable ? has_half_made_table() : Result<bool>(false));
        if (half_made) {
            CODEX_SET(usable, open_anew(number));
            CODEX_SET(half_made, usable ? has_half_made_table() : Result<bool>(false));
            if (half_made)
                return fail(Errc::repo_locked,
                            "{}-lock: is half made, and in use by somebody who does not lock the "
                            "index",
                            path_);
        }
        if (usable)
            return {};
        close();
    }
}

/// LMDB makes the table anew for who opens it alone: so will all that have this one. Of several of
/// these the first has the index open then, perhaps for days: the others take his table.
Result<bool> Env::open_anew(pid_t number) {
    close();
    Result<bool> usable = false;
    const auto made_by_another = [&] {
        if (::flock(index_.get(), LOCK_SH | LOCK_NB) != 0)
            return false;
        usable = open_as(number);
        const auto half_made = usable && *usable ? has_half_made_table() : Result<bool>(false);
        if (!half_made || *half_made) { // he may only have begun, or be the one who is waited for
            close();
            (void)::flock(index_.get(), LOCK_UN);
            return false;
        }
        return true;
    };
    CODEX_TRY(alone, wait_for_flock_or(index_, LOCK_EX, path_, around_, made_by_another));
    if (alone) {
        usable = open_as(number);
        CODEX_CHECK(wait_for_flock(index_, LOCK_SH, path_, around_));
    }
    return usable;
}

/// False when a dead process left rows of this number in the table: LMDB would take them for ours.
Result<bool> Env::open_as(pid_t number) {
    number_ = number;
    const lmdb::Rules opening{options_.create, number, &around_};
    const lmdb::RulesScope scope(opening);
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
    if (options_.mode != EnvMode::read_write)
        flags |= MDB_RDONLY;
    if (options_.mode == EnvMode::read_only_no_lock)
        flags |= MDB_NOLOCK;
    if (options_.never_syncs)
        flags |= MDB_NOSYNC;
    CODEX_CHECK(choose_map_size());
    const int rc = lmdb::run([&] {
        int code = mdb_env_create(&env_);
        if (code == 0)
            code = mdb_env_set_mapsize(env_, map_bytes_);
        if (code == 0)
            code = mdb_env_set_maxdbs(env_, kTableCount);
        if (code == 0)
            code = mdb_env_set_maxreaders(env_, kMaxReaders);
        return code == 0 ? mdb_env_open(env_, path_.c_str(), flags, 0600) : code;
    });
    if (rc == lmdb::kFault)
        broken_ = true;
    if (rc != 0)
        return fail(error(rc, "open").context(path_));
    mdb_env_set_assert(env_, index_broken);
    mdb_filehandle_t fd = -1;
    if (mdb_env_get_fd(env_, &fd) != 0 || !same_file(fd, index_.get()))
        return fail(damaged_index("was replaced while it was opened"));
    find_map();
    if (!table_)
        return true;
    CODEX_TRY(stale, is_registered(env_, number));
    // Rows of killed readers would keep old pages from being used again.
    int dead = 0;
    if (!stale && options_.mode == EnvMode::read_write)
        if (const int code = lmdb::run([&] { return mdb_reader_check(env_, &dead); }); code != 0)
            return fail(error(code, "check readers"));
    return !stale;
}

Result<bool> Env::has_half_made_table() const {
    if (!table_)
        return false;
    const lmdb::Rules looking = rules();
    const lmdb::RulesScope scope(looking);
    return is_half_made(env_);
}

/// What Limits allow of address space, or what the process has left: half of it, and never less
/// than the file needs.
Result<void> Env::choose_map_size() {
    struct stat st{};
    if (::fstat(index_.get(), &st) != 0)
        return fail(system_error(errno, "open " + path_));
    const auto file_bytes = static_cast<std::uint64_t>(st.st_size);
    const bool bounded = options_.most_bytes != 0;
    const std::uint64_t most = bounded ? options_.most_bytes : around_.limits.index_map_bytes;
    const std::uint64_t left = address_space_left();
    constexpr std::uint64_t kStep = std::uint64_t{1} << 16;
    scarce_ = left / 2 < most || (!bounded && most < Limits{}.index_map_bytes);
    map_bytes_ = left / 2 < most ? std::max(left / 2, file_bytes + kMapSlack)
                                 : std::max(most, file_bytes + kStep - 1);
    map_bytes_ = map_bytes_ / kStep * kStep;
    return {};
}

void Env::find_map() {
    MDB_envinfo info{};
    if (mdb_env_info(env_, &info) == 0)
        map_bytes_ = info.me_mapsize;
    map_ = static_cast<const std::uint8_t*>(lmdb::last_map());
    pages_.watch(lmdb::last_map(), map_bytes_, index_.get());
}

void Env::close() {
    if (env_ != nullptr && !broken_) {
        const lmdb::Rules closing = rules();
        const lmdb::RulesScope scope(closing);
        (void)lmdb::run([&] {
            mdb_env_close(env_);
            return 0;
        });
    }
    env_ = nullptr; // a broken one is left as it is: what it points to may be anything
}

Env::~Env() {
    close();
}

Result<void> Env::open_tables() {
    const bool create = options_.create;
    const lmdb::Rules opening = rules();
    const lmdb::RulesScope scope(opening);
    const int rc = lmdb::run([&] {
        MDB_txn* txn = nullptr;
        int code = mdb_txn_begin(env_, nullptr, create ? 0 : MDB_RDONLY, &txn);
        for (std::size_t i = 0; code == 0 && i < options_.tables.size(); ++i) {
            unsigned flags = 0;
            code = mdb_dbi_open(txn, options_.tables[i], create ? MDB_CREATE : 0, &tables_[i]);
            if (code == 0)
                code = mdb_dbi_flags(txn, tables_[i], &flags);
            if (code == 0 && flags != 0) // a kind of table that we never make
                code = MDB_INCOMPATIBLE;
        }
        if (code == 0)
            return mdb_txn_commit(txn);
        if (txn != nullptr)
            mdb_txn_abort(txn);
        return code;
    });
    if (rc == MDB_NOTFOUND)
        return fail(damaged_index("a table is missing").context(path_));
    if (rc == lmdb::kFault)
        broken_ = true;
    if (rc != 0)
        return fail(error(rc, "open tables").context(path_));
    return {};
}

// --- transactions -------------------------------------------------------------------------------

Result<Txn> Env::read() const {
    Txn txn(nullptr, this, {}, false, true);
    CODEX_CHECK(begin(txn, MDB_RDONLY));
    return txn;
}

/// Of a wait for a thread of this process, which itself waits for others until its deadline.
Deadline Env::a_little_later() const {
    return Deadline::after_seconds(
        around_.clock, around_.wait_seconds == UINT64_MAX ? UINT64_MAX : around_.wait_seconds + 1);
}

/// Begins with a map that has all of the file.
Result<void> Env::begin(Txn& txn, unsigned flags) const {
    const lmdb::Rules beginning = rules();
    const lmdb::RulesScope scope(beginning);
    bool checked = false;
    for (bool mapped_anew = false;;) {
        if (scarce_) {
            txn.mapped_ = std::shared_lock(mapping_, std::defer_lock);
            (void)lock_until(txn.mapped_, a_little_later()); // without it, LMDB itself refuses
        }
        const int rc = lmdb::run([&] { return mdb_txn_begin(env_, nullptr, flags, &txn.txn_); });
        if (rc == 0) {
            txn.mutex_ = flags == 0 ? lmdb::last_mutex() : nullptr;
            return {};
        }
        txn.txn_ = nullptr;
        if (rc == MDB_READERS_FULL && !std::exchange(checked, true)) {
            int dead = 0;
            (void)lmdb::run([&] { return mdb_reader_check(env_, &dead); });
            continue;
        }
        if (rc == MDB_MAP_RESIZED && scarce_ && !std::exchange(mapped_anew, true)) {
            txn.mapped_ = {};
            CODEX_CHECK(remap());
            continue;
        }
        if (rc == lmdb::kFault && flags == 0)
            broken_ = true;
        return fail(error(rc, flags == 0 ? "begin to write" : "begin to read"));
    }
}

/// Another process made the index larger than our map.
Result<void> Env::remap() const {
    auto* self = const_cast<Env*>(this); // the map is no part of what the index holds
    std::unique_lock alone(mapping_, std::defer_lock);
    if (!lock_until(alone, a_little_later()))
        return fail(Errc::unavailable, "index: it has grown, and this process is still reading it");
    CODEX_CHECK(self->choose_map_size());
    const int rc = lmdb::run([&] { return mdb_env_set_mapsize(env_, map_bytes_); });
    self->find_map();
    if (rc != 0)
        return fail(error(rc, "map anew"));
    return {};
}

Result<Txn> Env::write(bool sync) const {
    const Deadline deadline = around_.deadline();
    for (;;) {
        Txn txn(nullptr, this, {}, true, sync);
        txn.turn_.thread = std::unique_lock(writers_, std::defer_lock);
        if (!lock_until(txn.turn_.thread, a_little_later()))
            return fail(Errc::repo_locked, "{}: another thread of this process writes", path_);
        if (broken_)
            return fail(damaged_index("a write found a damaged page"));
        if (gate_) {
            CODEX_SET(txn.turn_.process, gate_->enter());
        }
        CODEX_CHECK(begin(txn, 0));
        CODEX_TRY(behind, reader_behind());
        if (behind.empty())
            return txn;
        if (deadline.passed())
            return fail(Error(Errc::repo_locked,
                              fmt::format("{}: {} reads an old state, and the index may not grow "
                                          "further until it is done",
                                          path_, behind))
                            .hint("end that process, or let it go on"));
        txn.end();
        (void)deadline.pause(std::chrono::milliseconds(50));
    }
}

/// The reader for whose sake more of the index is kept than it has content; empty when none is.
/// Looked for only where the index has grown.
Result<std::string> Env::reader_behind() const {
    MDB_envinfo info{};
    MDB_stat stat{};
    if (lmdb::run([&] { return mdb_env_info(env_, &info) + mdb_env_stat(env_, &stat); }) != 0)
        return fail(damaged_index("cannot be examined"));
    const std::uint64_t bytes = (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;
    if (!table_ || bytes < around_.limits.index_kept_bytes || bytes < look_again_at_.load())
        return std::string();
    int dead = 0;
    (void)lmdb::run([&] { return mdb_reader_check(env_, &dead); });
    CODEX_TRY(oldest, oldest_reader(env_));
    std::uint64_t kept = 0;
    if (oldest.number != 0 && oldest.state < info.me_last_txnid) {
        CODEX_SET(kept, bytes_kept_for(env_, oldest.state));
    }
    if (kept < around_.limits.index_kept_bytes || kept < bytes / 2) {
        look_again_at_ = bytes + around_.limits.index_kept_bytes / 16;
        return std::string();
    }
    struct stat st{};
    std::string who;
    if (::fstat(table_->fd().get(), &st) == 0)
        who = describe_user(LockTable::process_of(oldest.number), st.st_dev, st.st_ino);
    return who.empty() ? "a process that cannot be seen from here" : who;
}

std::optional<std::uint64_t> Env::last_transaction() const {
    const std::shared_lock mapped(mapping_, std::try_to_lock);
    MDB_envinfo info{};
    if (!mapped || lmdb::run([&] { return mdb_env_info(env_, &info); }) != 0)
        return std::nullopt;
    return info.me_last_txnid;
}

Result<void> Env::require_in_place() const {
    struct stat named{};
    struct stat ours{};
    if (::lstat(path_.c_str(), &named) == 0 && ::fstat(index_.get(), &ours) == 0 &&
        named.st_dev == ours.st_dev && named.st_ino == ours.st_ino)
        return {};
    return fail(Errc::io, "{}: was moved or replaced while it was in use", path_);
}

} // namespace codex::repo::detail
