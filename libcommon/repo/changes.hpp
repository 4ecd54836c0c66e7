// Notices of what was stored in a repo and removed from it, by whatever process (codex-repo(5),
// CHANGES): for who serves blocks and announces datasets while others write.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "codec/cid.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace codex::repo {

enum class ChangeKind : std::uint8_t {
    dataset_stored = 1,
    dataset_removed = 2, ///< by whom it may be, or because it had expired
    block_stored = 3,    ///< by itself, or restored
    block_removed = 4,   ///< by itself, or its bytes were dropped
    everything = 5,      ///< more at once than is kept one by one; never seen in Notices::changes
    partial_grown = 6,   ///< a partial dataset has begun, or has more leaves
};

/// Blocks that come and go with a dataset have no change of their own: they are in its tree. A
/// partial dataset is stored when it is whole.
struct Change {
    ChangeKind kind = ChangeKind::dataset_stored;
    Cid cid; ///< of the manifest, or of the block; null with `everything`
    friend bool operator==(const Change&, const Change&) = default;
};

/// Up to where changes were seen. Of one repo; worth keeping over the end of a process.
struct ChangePosition {
    std::uint64_t lineage = 0; ///< of the index
    std::uint64_t number = 0;  ///< of the last change; 0: before the first
    std::uint32_t chain = 0;   ///< depends on all changes up to it
    friend bool operator==(const ChangePosition&, const ChangePosition&) = default;

    /// For a file of its own; no line feed in it.
    [[nodiscard]] std::string text() const;
    /// Errors: malformed.
    [[nodiscard]] static Result<ChangePosition> from_text(std::string_view text);
};

/// What has come since.
struct Notices {
    /// What came since is not known any more: it was too much, or the index was made anew. Look at
    /// all that is there, after this; what changes from here on is noticed.
    bool everything = false;
    std::vector<Change> changes; ///< the oldest first; empty with `everything`
    [[nodiscard]] bool empty() const { return !everything && changes.empty(); }
};

/// A subscriber of one repo. Keeps the repo open. A change is noticed once its transaction is
/// committed; it may be undone by a power loss when its writer did not sync, as that itself.
/// Threads: one at a time, but for interrupt().
class Changes {
public:
    ~Changes();
    Changes(Changes&&) noexcept;
    Changes& operator=(Changes&&) noexcept;

    /// Behind what the last take() or wait() gave.
    [[nodiscard]] const ChangePosition& position() const;

    /// False as long as nothing was committed in the repo since the last take() or wait(). Costs
    /// next to nothing, and never waits.
    [[nodiscard]] bool may_have_more() const;
    /// At most `most` of what is there already; never waits. Errors: repo_damaged, io.
    [[nodiscard]] Result<Notices> take(std::size_t most = kMost);
    /// The same, but waits up to `span` of the repo's clock for something to come. Gives nothing
    /// when it has passed, or interrupt() was called, also before. Errors: as take().
    [[nodiscard]] Result<Notices> wait(Clock::Duration span, std::size_t most = kMost);
    /// Ends the wait() of now, or the next one. Any thread, and handlers of signals.
    void interrupt() const noexcept;

    static constexpr std::size_t kMost = 256;

private:
    friend class Repo;
    struct Impl;
    explicit Changes(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::repo
