// How much of the journal is on the disk, and who syncs it: one for all who wait
// (codex-ledger(5), DURABILITY).
#pragma once

#include "ledger/detail/journal.hpp"
#include "repo/gate.hpp"

#include <mutex>

namespace codex::ledger::detail {

/// LEDGER/durable and LEDGER/lock-sync.
/// Threads: const calls from any thread, at once.
class Durable {
public:
    /// What the file has before anything was appended.
    [[nodiscard]] static Bytes first_content();
    /// Where the folder cannot be written, nothing is. `boot`: which run of the machine this is.
    /// Errors: ledger_damaged (it is no file), permission, io.
    [[nodiscard]] static Result<std::unique_ptr<Durable>>
    open(const std::string& folder, const Journal& journal, bool writable, const std::string& boot,
         const repo::OpenOptions& around);

    /// So much of the journal was once synced: what is missing or broken before it is damage. It
    /// may be less than what is on the disk, never more.
    [[nodiscard]] std::uint64_t known() const;
    /// Somebody has appended since the machine was started; else all that can be read is on the
    /// disk, and who appends first looks at all of it.
    [[nodiscard]] bool appended_in_this_boot() const;
    /// Who is inside the gate of those who append says up to where whole records are.
    void note_appended(std::uint64_t end) const;
    /// The first of a boot has gone through all there is.
    [[nodiscard]] Result<void> begin_boot(std::uint64_t end) const;
    /// Returns when the journal is on the disk up to `end`, which is behind a record: syncs it,
    /// unless another one's sync has covered that meanwhile. Errors: ledger_locked; io, no_space:
    /// it is not known what of it will stay.
    [[nodiscard]] Result<void> ensure(std::uint64_t end) const;

private:
    struct Synced {
        std::uint64_t bytes = 0;
        bool under_way = false; ///< a sync was begun, and did not come to a good end
    };
    Durable(const Journal& journal, repo::Disk& disk) : journal_(journal), disk_(disk) {}
    [[nodiscard]] std::optional<Bytes> read_part(std::uint64_t offset) const;
    [[nodiscard]] Result<void> write_part(std::uint64_t offset, std::uint64_t a,
                                          std::uint64_t b) const;
    [[nodiscard]] Synced synced() const;
    [[nodiscard]] std::uint64_t appended() const;
    [[nodiscard]] Result<void> write_again(std::uint64_t begin, std::uint64_t end) const;
    const Journal& journal_;
    repo::Disk& disk_;
    std::string path_;
    Fd fd_;
    std::unique_ptr<repo::Gate> gate_; // nothing, where nothing may be written
    std::uint64_t boot_ = 0;
};

} // namespace codex::ledger::detail
