// LEDGER/journal: records behind each other, and nothing else (codex-ledger(5), RECORDS).
#pragma once

#include "base/fd.hpp"
#include "ledger/record.hpp"
#include "repo/disk.hpp"

namespace codex::ledger::detail {

/// A record whose form is right; the rest check() says.
struct Found {
    Record record;
    Digest hash{};
    std::uint64_t begin = 0; ///< in bytes of the journal
    std::uint64_t end = 0;
    std::optional<Error> wrong; ///< what is wrong with it; nothing: form and signature are right
};

/// Threads: const calls from any thread, at once; append() and cut() one at a time, by who is
/// inside the gate of those who append.
class Journal {
public:
    /// Errors: ledger_damaged (it is not there, or no file), permission, io.
    [[nodiscard]] static Result<Journal> open(const std::string& path, bool writable,
                                              repo::Disk& disk);

    [[nodiscard]] Result<std::uint64_t> size() const;
    /// Which file it is: device and inode.
    [[nodiscard]] std::uint64_t device() const { return device_; }
    [[nodiscard]] std::uint64_t inode() const { return inode_; }
    [[nodiscard]] const std::string& path() const { return path_; }

    /// All of `to`, unless the file ends before; gives how much.
    [[nodiscard]] Result<std::size_t> read(MutableBytes to, std::uint64_t offset) const;
    /// All of it at that end, or, when it fails, nothing. Errors: no_space, io.
    [[nodiscard]] Result<void> append(BytesView bytes, std::uint64_t end) const;
    [[nodiscard]] Result<void> cut(std::uint64_t end) const;
    /// Of all that was written. Errors: io, no_space.
    [[nodiscard]] Result<void> sync() const;
    /// Writes what is there once more: after a sync that failed the system holds for written what
    /// is not. Errors: io, no_space.
    [[nodiscard]] Result<void> write_again(std::uint64_t begin, std::uint64_t end) const;

private:
    Journal(std::string path, Fd fd, repo::Disk& disk)
        : path_(std::move(path)), fd_(std::move(fd)), disk_(&disk) {}
    [[nodiscard]] Result<void> write(BytesView bytes, std::uint64_t offset) const;
    std::string path_;
    Fd fd_;
    repo::Disk* disk_;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

} // namespace codex::ledger::detail
