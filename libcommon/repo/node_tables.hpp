// REPO/node/dht.mdb: what a node that serves the repo keeps of others, as tables of bytes
// (codex-repo(5), WHAT A NODE KEEPS).
#pragma once

#include "repo/types.hpp"

#include <functional>
#include <memory>

namespace codex::repo {

enum class NodeTable : std::uint8_t { providers, records, nodes, numbers };

/// Strangers say what is in it, so it has an environment of its own: they get no hold of the lock,
/// the space and the map of the index. Nothing in it is worth a repair: what is missing, damaged or
/// of another version is made anew.
/// Threads: all calls from any thread, at once.
class NodeTables {
public:
    /// The file never becomes larger.
    static constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
    static constexpr std::size_t kMostKeyBytes = 256;

    /// Of the repo at `repo_path`, whose folder node/ is made where it is not there. A process
    /// opens it once. With `anew` it is made anew, whatever is there. Errors: repo_locked, after
    /// the wait of `options`; permission, no_space, io, repo_damaged (something else has its name).
    [[nodiscard]] static Result<std::unique_ptr<NodeTables>>
    open(const std::string& repo_path, const OpenOptions& options, bool anew = false);
    ~NodeTables();

    /// Why what was there is lost; empty, when nothing is.
    [[nodiscard]] const std::string& lost() const { return lost_; }

    struct Change {
        NodeTable table = NodeTable::providers;
        Bytes key;                  ///< 1 to kMostKeyBytes
        std::optional<Bytes> value; ///< nothing: the row goes, where it is there
    };
    /// All of it, or none; `empty_first` are tables that are emptied before. Where `durable` is
    /// false a power loss may undo it. Errors: repo_damaged (to be made anew); unavailable (another
    /// process has done that: to be opened again); no_space (the disk is full, or the file as large
    /// as it may be), repo_locked, io.
    [[nodiscard]] Result<void> write(std::span<const Change> changes, bool durable,
                                     std::span<const NodeTable> empty_first = {});
    /// Calls `visit` with each row, by their keys; what it shows is valid until it returns. Errors:
    /// repo_damaged, io.
    [[nodiscard]] Result<void>
    for_each(NodeTable table,
             const std::function<void(BytesView key, BytesView value)>& visit) const;
    /// A number that was not given out under this name before, unless the file was lost since:
    /// one more than the last, and `at_least` or more. It is on the disk when it is given. Errors:
    /// those of write().
    [[nodiscard]] Result<std::uint64_t> next_number(std::string_view name, std::uint64_t at_least);

private:
    struct Parts;
    NodeTables();
    [[nodiscard]] Result<void> open_parts(const std::string& path, const OpenOptions& options,
                                          bool anew);
    std::string lost_;
    std::unique_ptr<Parts> parts_;
};

} // namespace codex::repo
