#include "repo/tables.hpp"

#include "repo/index/lmdb.hpp"
#include "repo/segments/own_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <unistd.h>

namespace codex::repo {

namespace {

constexpr std::size_t kMostKeyBytes = 256;

detail::Table table_of(std::size_t number) {
    return static_cast<detail::Table>(number);
}

Result<void> remove_file(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return fail(system_error(errno, "remove " + path));
    return {};
}

bool may_write(const std::string& path) {
    return ::access(path.substr(0, path.rfind('/')).c_str(), W_OK) == 0;
}

} // namespace

// --- transactions -------------------------------------------------------------------------------

struct TablesView::Parts {
    detail::Txn txn;
};

TablesView::TablesView(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TablesView::TablesView(TablesView&&) noexcept = default;
TablesView::~TablesView() = default;
void TablesView::end() {
    parts_.reset();
}

Result<std::optional<BytesView>> TablesView::get(std::size_t table, BytesView key) const {
    return parts_->txn.get(table_of(table), key);
}

Result<void>
TablesView::for_each(std::size_t table, BytesView from,
                     const std::function<Result<bool>(BytesView, BytesView)>& visit) const {
    return detail::for_each(parts_->txn, table_of(table), from, visit);
}

Result<std::uint64_t> TablesView::size(std::size_t table) const {
    return parts_->txn.size(table_of(table));
}

Result<void> TablesChange::put(std::size_t table, BytesView key, BytesView value) {
    CODEX_ASSERT(!key.empty() && key.size() <= kMostKeyBytes);
    return parts_->txn.put(table_of(table), key, value);
}

Result<bool> TablesChange::erase(std::size_t table, BytesView key) {
    return parts_->txn.erase(table_of(table), key);
}

Result<void> TablesChange::commit() {
    return parts_->txn.commit();
}

// --- the file -----------------------------------------------------------------------------------

struct Tables::Parts {
    Parts(std::string of, const TablesOptions& how, const OpenOptions& with)
        : path(std::move(of)), options(how), around(with) {}
    std::string path;
    TablesOptions options;
    const detail::Surroundings around;
    std::unique_ptr<detail::Env> env;
    bool nameless = false;

    [[nodiscard]] Result<void> open(bool create, bool read_only) {
        detail::EnvOptions how;
        how.create = create;
        how.tables = options.names;
        how.most_bytes = options.most_bytes;
        how.never_syncs = options.volatile_;
        if (read_only)
            how.mode =
                may_write(path) ? detail::EnvMode::read_only : detail::EnvMode::read_only_no_lock;
        CODEX_SET(env, detail::Env::open(path, how, around));
        return {};
    }
};

Tables::Tables(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Tables::~Tables() = default;

Result<std::unique_ptr<Tables>> Tables::open(const std::string& path, const TablesOptions& options,
                                             const OpenOptions& around) {
    CODEX_ASSERT(options.names.size() <= detail::kTableCount);
    auto parts = std::make_unique<Parts>(path, options, around);
    if (around.create) {
        CODEX_CHECK(remove_file(path));
        CODEX_CHECK(remove_file(path + "-lock"));
        CODEX_CHECK(parts->open(true, false));
        // Who makes it holds no gate, and so opens it as everybody does.
        parts->env.reset();
    }
    CODEX_CHECK(parts->open(false, around.read_only));
    return std::unique_ptr<Tables>(new Tables(std::move(parts)));
}

Result<std::unique_ptr<Tables>> Tables::open_scratch(const std::string& folder,
                                                     const TablesOptions& options,
                                                     const OpenOptions& around) {
    std::string own = folder + "/codex-XXXXXX";
    if (::mkdtemp(own.data()) == nullptr)
        return fail(creation_error(own, system_error(errno, "create " + own)));
    OpenOptions how = around;
    how.create = true;
    how.read_only = false;
    auto made = open(own + "/scratch.mdb", options, how);
    for (const char* name : {"/scratch.mdb", "/scratch.mdb-lock", "/lock-write"})
        (void)::unlink((own + name).c_str());
    (void)::rmdir(own.c_str());
    if (made)
        (*made)->parts_->nameless = true;
    return made;
}

Result<TablesView> Tables::read() const {
    CODEX_TRY(txn, parts_->env->read());
    return TablesView(std::unique_ptr<TablesView::Parts>(new TablesView::Parts{std::move(txn)}));
}

Result<TablesChange> Tables::write(bool durable) const {
    if (auto there = parts_->env->require_in_place(); !there && !parts_->nameless)
        return fail(Errc::unavailable, "{}", there.error().text());
    CODEX_TRY(txn, parts_->env->write(durable));
    return TablesChange(std::unique_ptr<TablesView::Parts>(new TablesView::Parts{std::move(txn)}));
}

bool Tables::is_in_place() const {
    return parts_->env->require_in_place().has_value();
}

} // namespace codex::repo
