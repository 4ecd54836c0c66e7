// Tables of bytes by key in one file that many processes share: LMDB, hardened against files that
// are cut, killed writers and other PID namespaces, as the index of a repo is.
#pragma once

#include "repo/types.hpp"

#include <functional>
#include <memory>
#include <span>

namespace codex::repo {

/// How a file of tables is opened.
struct TablesOptions {
    /// Its tables, which calls number in this order: up to 10. They outlive the tables.
    std::span<const char* const> names;
    /// The file may not become larger; 0: what the limits of OpenOptions say.
    std::uint64_t most_bytes = 0;
    /// Nothing is ever synced: what is committed survives the end of any process, but not that of
    /// the machine, after which the file may be anything. For what can be made again.
    bool volatile_ = false;
};

/// What was committed when it began. It is given up soon: for its sake pages are not used again.
/// Threads: one at a time.
class TablesView {
public:
    TablesView(TablesView&&) noexcept;
    TablesView& operator=(TablesView&&) = delete;
    ~TablesView();

    /// What it gives is valid until the next call. Nothing, when there is no such key. Errors:
    /// repo_damaged.
    [[nodiscard]] Result<std::optional<BytesView>> get(std::size_t table, BytesView key) const;
    /// Calls visit(key, value) for each row from the first key that is not below `from`, by their
    /// keys, until it gives false; what it shows is valid until it returns. The table does not
    /// change meanwhile. Errors: repo_damaged; those of `visit`.
    [[nodiscard]] Result<void>
    for_each(std::size_t table, BytesView from,
             const std::function<Result<bool>(BytesView key, BytesView value)>& visit) const;
    /// Gives it up before it goes: nothing is asked of it any more.
    void end();
    /// Errors: repo_damaged.
    [[nodiscard]] Result<std::uint64_t> size(std::size_t table) const;

protected:
    friend class Tables;
    struct Parts;
    explicit TablesView(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// A change, which is all there when it is committed, or else nothing of it.
/// Threads: the one that began it.
class TablesChange : public TablesView {
public:
    /// `key`: 1 to 256 bytes. Errors: repo_damaged, no_space.
    [[nodiscard]] Result<void> put(std::size_t table, BytesView key, BytesView value);
    /// Gives whether it was there. Errors: repo_damaged.
    [[nodiscard]] Result<bool> erase(std::size_t table, BytesView key);
    /// Errors: no_space (the disk is full, or the file as large as it may be), io, repo_damaged.
    [[nodiscard]] Result<void> commit();

private:
    friend class Tables;
    using TablesView::TablesView;
};

/// A process opens each file once, and never carries it across fork.
/// Threads: all calls from any thread, at once.
class Tables {
public:
    /// How it is opened: with `create`, which is for who knows that nobody else does so at the same
    /// time, the file is made anew, in place of one that is there; with `read_only` a row of the
    /// table of readers is all that is written, and not even that in a folder that cannot be. The
    /// folder is there. What `around` refers to outlives the tables. Errors: repo_damaged (not
    /// there, cut, none of these), permission, repo_locked, no_space, io.
    [[nodiscard]] static Result<std::unique_ptr<Tables>>
    open(const std::string& path, const TablesOptions& options, const OpenOptions& around);
    /// New ones in a file without a name, which goes when they do. Errors: those of open();
    /// cannot_create.
    [[nodiscard]] static Result<std::unique_ptr<Tables>> open_scratch(const std::string& folder,
                                                                      const TablesOptions& options,
                                                                      const OpenOptions& around);
    ~Tables();
    Tables(const Tables&) = delete;
    Tables& operator=(const Tables&) = delete;

    /// Errors: repo_damaged, unavailable (too many readers), io.
    [[nodiscard]] Result<TablesView> read() const;
    /// Waits for others that write. Where `durable` is false a power loss may undo it, but what was
    /// there before is whole; unless the tables are volatile, where it always may. Errors:
    /// repo_locked, unavailable (the file was replaced, and is to be opened again), repo_damaged,
    /// no_space, io.
    [[nodiscard]] Result<TablesChange> write(bool durable) const;
    /// Whether the file still has its name: it was neither moved nor made anew.
    [[nodiscard]] bool is_in_place() const;

private:
    struct Parts;
    explicit Tables(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

} // namespace codex::repo
