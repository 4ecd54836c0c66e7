#include "repo/node_tables.hpp"

#include "repo/index/flock_wait.hpp"
#include "repo/index/lmdb.hpp"
#include "repo/node_rows.hpp"
#include "repo/segments/own_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo {

namespace {

using detail::Env;
using detail::Txn;

constexpr std::array<const char*, 5> kTables = {"providers", "records", "nodes", "numbers",
                                                "version"};
constexpr auto kVersionTable = static_cast<detail::Table>(4);
constexpr std::string_view kVersionKey = "version";
constexpr std::uint64_t kVersion = 1;

detail::Table table_of(NodeTable table) {
    return static_cast<detail::Table>(table);
}

Result<void> make_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(system_error(errno, "create " + path));
    return detail::require_own_folder(path);
}

bool is_there(const std::string& path) {
    struct stat st{};
    return ::lstat(path.c_str(), &st) == 0;
}

Result<void> check_version(const Env& env) {
    CODEX_TRY(txn, env.read());
    CODEX_TRY(value, txn.get(kVersionTable, as_bytes(kVersionKey)));
    const auto version = value ? decode_number_row(as_bytes(kVersionKey), *value) : std::nullopt;
    if (version != kVersion)
        return fail(Errc::repo_damaged, "is of another version");
    return {};
}

} // namespace

struct NodeTables::Parts {
    Parts(std::string of, const OpenOptions& options) : path(std::move(of)), around(options) {}
    std::string path;
    const detail::Surroundings around;
    std::unique_ptr<Env> env;

    [[nodiscard]] Result<void> open_env(bool create) {
        detail::EnvOptions how;
        how.create = create;
        how.tables = kTables;
        how.most_bytes = kMostBytes;
        CODEX_SET(env, Env::open(path, how, around));
        return {};
    }
    [[nodiscard]] Result<void> open_there() {
        CODEX_CHECK(open_env(false));
        return check_version(*env);
    }
    [[nodiscard]] Result<void> make() {
        env.reset();
        for (const std::string& name : {path, path + "-lock"})
            if (::unlink(name.c_str()) != 0 && errno != ENOENT)
                return fail(system_error(errno, "remove " + name));
        CODEX_CHECK(open_env(true));
        CODEX_TRY(txn, env->write(true));
        const Bytes value = encode_number_row(as_bytes(kVersionKey), kVersion);
        CODEX_CHECK(txn.put(kVersionTable, as_bytes(kVersionKey), value));
        CODEX_CHECK(txn.commit());
        // Who makes it holds no gate, and so opens it as everybody does.
        env.reset();
        return open_env(false);
    }
    [[nodiscard]] Result<Txn> write(bool durable) const {
        if (auto there = env->require_in_place(); !there)
            return fail(Errc::unavailable, "{}", there.error().text());
        return env->write(durable);
    }
};

NodeTables::NodeTables() = default;
NodeTables::~NodeTables() = default;

Result<std::unique_ptr<NodeTables>> NodeTables::open(const std::string& repo_path,
                                                     const OpenOptions& options, bool anew) {
    std::unique_ptr<NodeTables> tables(new NodeTables);
    CODEX_CHECK(make_folder(repo_path + "/node"));
    CODEX_CHECK(tables->open_parts(repo_path + "/node/dht.mdb", options, anew));
    return tables;
}

Result<void> NodeTables::open_parts(const std::string& path, const OpenOptions& options,
                                    bool anew) {
    parts_ = std::make_unique<Parts>(path, options);
    // Who opens it may have to make it, and nobody is to see it half made.
    const std::string folder_path = path.substr(0, path.rfind('/'));
    const Fd folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder)
        return fail(system_error(errno, "open " + folder_path));
    CODEX_CHECK(detail::wait_for_flock(folder, LOCK_EX, folder_path, parts_->around));
    if (!anew && is_there(path)) {
        auto opened = parts_->open_there();
        if (opened || opened.error().code() != Errc::repo_damaged)
            return opened;
        lost_ = fmt::format("{}: {}", path, opened.error().text());
    }
    return parts_->make();
}

Result<void> NodeTables::write(std::span<const Change> changes, bool durable,
                               std::span<const NodeTable> empty_first) {
    CODEX_TRY(txn, parts_->write(durable));
    for (const NodeTable table : empty_first) {
        std::vector<Bytes> keys;
        CODEX_CHECK(detail::for_each(txn, table_of(table), {},
                                     [&](BytesView key, BytesView) -> Result<void> {
                                         keys.emplace_back(key.begin(), key.end());
                                         return {};
                                     }));
        for (const Bytes& key : keys)
            CODEX_CHECK(txn.erase(table_of(table), key));
    }
    for (const Change& change : changes) {
        CODEX_ASSERT(!change.key.empty() && change.key.size() <= kMostKeyBytes);
        if (change.value)
            CODEX_CHECK(txn.put(table_of(change.table), change.key, *change.value));
        else
            CODEX_CHECK(txn.erase(table_of(change.table), change.key));
    }
    return txn.commit();
}

Result<void>
NodeTables::for_each(NodeTable table,
                     const std::function<void(BytesView key, BytesView value)>& visit) const {
    CODEX_TRY(txn, parts_->env->read());
    return detail::for_each(txn, table_of(table), {},
                            [&](BytesView key, BytesView value) -> Result<void> {
                                visit(key, value);
                                return {};
                            });
}

Result<std::uint64_t> NodeTables::next_number(std::string_view name, std::uint64_t at_least) {
    const BytesView key = as_bytes(name);
    CODEX_TRY(txn, parts_->write(true));
    CODEX_TRY(value, txn.get(table_of(NodeTable::numbers), key));
    const auto last = value ? decode_number_row(key, *value) : std::nullopt;
    // A number that could not be followed by another one is none that we gave.
    const std::uint64_t next =
        last && *last < UINT64_MAX / 2 ? std::max(*last + 1, at_least) : at_least;
    CODEX_CHECK(txn.put(table_of(NodeTable::numbers), key, encode_number_row(key, next)));
    CODEX_CHECK(txn.commit());
    return next;
}

} // namespace codex::repo
