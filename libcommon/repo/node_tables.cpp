#include "repo/node_tables.hpp"

#include "repo/index/flock_wait.hpp"
#include "repo/node_rows.hpp"
#include "repo/segments/own_file.hpp"
#include "repo/tables.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo {

namespace {

constexpr std::array<const char*, 5> kTables = {"providers", "records", "nodes", "numbers",
                                                "version"};
constexpr std::size_t kVersionTable = 4;
constexpr TablesOptions kOptions{kTables, NodeTables::kMostBytes, false};
constexpr std::string_view kVersionKey = "version";
constexpr std::uint64_t kVersion = 1;

std::size_t number_of(NodeTable table) {
    return static_cast<std::size_t>(table);
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

Result<void> check_version(const Tables& tables) {
    CODEX_TRY(view, tables.read());
    CODEX_TRY(value, view.get(kVersionTable, as_bytes(kVersionKey)));
    const auto version = value ? decode_number_row(as_bytes(kVersionKey), *value) : std::nullopt;
    if (version != kVersion)
        return fail(Errc::repo_damaged, "is of another version");
    return {};
}

} // namespace

struct NodeTables::Parts {
    Parts(std::string of, const OpenOptions& with)
        : path(std::move(of)), options(with), around(with) {}
    std::string path;
    OpenOptions options;
    const detail::Surroundings around;
    std::unique_ptr<Tables> tables;

    [[nodiscard]] Result<void> open(bool create) {
        tables.reset();
        OpenOptions how = options;
        how.create = create;
        how.read_only = false;
        CODEX_SET(tables, Tables::open(path, kOptions, how));
        return {};
    }
    [[nodiscard]] Result<void> open_there() {
        CODEX_CHECK(open(false));
        return check_version(*tables);
    }
    /// Without its version it is made anew by who comes next.
    [[nodiscard]] Result<void> make() {
        CODEX_CHECK(open(true));
        CODEX_TRY(change, tables->write(true));
        const Bytes value = encode_number_row(as_bytes(kVersionKey), kVersion);
        CODEX_CHECK(change.put(kVersionTable, as_bytes(kVersionKey), value));
        return change.commit();
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
    CODEX_TRY(change, parts_->tables->write(durable));
    for (const NodeTable table : empty_first) {
        std::vector<Bytes> keys;
        CODEX_CHECK(
            change.for_each(number_of(table), {}, [&](BytesView key, BytesView) -> Result<bool> {
                keys.emplace_back(key.begin(), key.end());
                return true;
            }));
        for (const Bytes& key : keys)
            CODEX_CHECK(change.erase(number_of(table), key));
    }
    for (const Change& one : changes) {
        CODEX_ASSERT(!one.key.empty() && one.key.size() <= kMostKeyBytes);
        if (one.value)
            CODEX_CHECK(change.put(number_of(one.table), one.key, *one.value));
        else
            CODEX_CHECK(change.erase(number_of(one.table), one.key));
    }
    return change.commit();
}

Result<void>
NodeTables::for_each(NodeTable table,
                     const std::function<void(BytesView key, BytesView value)>& visit) const {
    CODEX_TRY(view, parts_->tables->read());
    return view.for_each(number_of(table), {}, [&](BytesView key, BytesView value) -> Result<bool> {
        visit(key, value);
        return true;
    });
}

Result<std::uint64_t> NodeTables::next_number(std::string_view name, std::uint64_t at_least) {
    const BytesView key = as_bytes(name);
    CODEX_TRY(change, parts_->tables->write(true));
    CODEX_TRY(value, change.get(number_of(NodeTable::numbers), key));
    const auto last = value ? decode_number_row(key, *value) : std::nullopt;
    // A number that could not be followed by another one is none that we gave.
    const std::uint64_t next =
        last && *last < UINT64_MAX / 2 ? std::max(*last + 1, at_least) : at_least;
    CODEX_CHECK(change.put(number_of(NodeTable::numbers), key, encode_number_row(key, next)));
    CODEX_CHECK(change.commit());
    return next;
}

} // namespace codex::repo
