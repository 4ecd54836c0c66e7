// The segment files: who may append to which, and reading from them.
//
// A writer owns a segment by flock on it; so a killed owner's segment is free at once, and whoever
// takes it cuts off the tail that no index entry names.
#pragma once

#include "base/fd.hpp"
#include "repo/index/entries.hpp"
#include "repo/index/lmdb.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <sys/uio.h>

namespace codex::repo::detail {

/// One record to append. The views must live through the call.
struct Record {
    RecordHeader header;
    BytesView payload;
    std::uint64_t offset = 0; ///< out
};

/// The right to append to one segment. One thread at a time, except sync().
class SegmentWriter {
public:
    SegmentWriter(std::uint32_t id, std::string path, Fd fd, std::uint64_t end, bool named,
                  const Surroundings& around)
        : around_(around), id_(id), path_(std::move(path)), fd_(std::move(fd)), end_(end),
          named_(named) {}

    [[nodiscard]] std::uint32_t id() const { return id_; }
    /// Where the next record goes; 64-byte aligned.
    [[nodiscard]] std::uint64_t end() const { return end_; }
    [[nodiscard]] bool full() const { return end_ >= around_.limits.segment_bytes; }
    /// Whether the name of its file is known to be on the disk.
    [[nodiscard]] bool named() const { return named_; }
    void set_named() { named_ = true; }

    /// Appends and sets the offsets. After an error the file is as before. Errors: no_space, io.
    [[nodiscard]] Result<void> append(std::span<Record> records);
    /// Appends one record whose payload comes in pieces: `fill` gives the piece at a payload
    /// offset, at most 1 MiB, never empty. Errors: as append(), and those of `fill`.
    using Source = std::function<Result<BytesView>(std::uint64_t offset)>;
    [[nodiscard]] Result<Extent> append_stream(const RecordHeader& header, const Source& fill);
    /// All appended bytes are on the disk on return. Errors: no_space, io; once it has failed, the
    /// same for ever. Any thread.
    [[nodiscard]] Result<void> sync();
    /// A sync() has failed: nobody goes on with it.
    [[nodiscard]] bool failed() const;
    /// Whether the file is still under its name in `folder`, and ends where we ended: nobody
    /// removed it or cut it short behind our back.
    [[nodiscard]] bool in_place(const Fd& folder) const;
    /// Cuts the file back to `end`: what no transaction has committed.
    void roll_back(std::uint64_t end);
    /// Nothing is appended for now: what the file has of the disk behind its end, for what was to
    /// come, is given back.
    void pause();

    /// Bytes of the file.
    struct Range {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };
    /// What was appended from `begin` to `end` will not be committed: it is cut off, or, where more
    /// was appended behind it, zeros from now on, which the commit of that enters as dead.
    void give_up(std::uint64_t begin, std::uint64_t end);
    /// What was given up before `end` and has not been committed as dead.
    [[nodiscard]] std::vector<Range> given_up_before(std::uint64_t end) const;
    /// It has.
    void committed(std::uint64_t end);

private:
    [[nodiscard]] Result<void> write(std::span<iovec> parts, std::uint64_t bytes);
    void allocate(std::uint64_t bytes);
    const Surroundings& around_;
    std::uint32_t id_;
    std::string path_;
    Fd fd_;
    std::uint64_t end_;
    bool named_;
    std::uint64_t writeback_from_ = 0;
    std::uint64_t appended_ = 0;  // since nothing was for a time
    std::uint64_t allocated_ = 0; // the file has the disk up to here; 0: up to its end
    mutable std::mutex mutex_; // of what follows: a batch is committed while the next one appends
    std::vector<Range> given_up_;
    std::optional<Error> failure_; // of sync()
};

/// A segment on loan to one or more batches; goes back to Segments with the last of them.
using SegmentLease = std::shared_ptr<SegmentWriter>;

/// A segment opened for reading; stays readable after it was unlinked.
using SegmentFile = std::shared_ptr<const Fd>;

/// All segments of a repo. Thread-safe. They are those in the folder that was opened: a repo that
/// is moved, with another one made at its path, is not mistaken for that.
class Segments {
public:
    /// `env` and `around` outlive it. Errors: repo_damaged when it is no folder, not_found,
    /// permission, io.
    [[nodiscard]] static Result<std::unique_ptr<Segments>>
    open_folder(const std::string& directory, const Env* env, const Surroundings& around);

    /// A segment with room that nobody else appends to; a new one if need be, which is entered in
    /// the index. `sync`: the file's name is on the disk on return. The caller has no writing
    /// transaction. Errors: no_space, permission, io.
    [[nodiscard]] Result<SegmentLease> acquire(bool sync);
    /// Gives up all segments held between operations, so that gc may take them away.
    void release_all();

    /// Errors: not_found, io.
    [[nodiscard]] Result<SegmentFile> open(std::uint32_t id) const;
    /// Forgets a cached descriptor.
    void forget(std::uint32_t id) const;
    /// Locks a segment that nobody appends to; nothing when somebody does, or it is gone.
    [[nodiscard]] Result<std::optional<Fd>> lock_idle(std::uint32_t id) const;

    /// The file of a segment, opened with these flags. Errors: not_found, permission, io,
    /// repo_damaged when it is no regular file.
    [[nodiscard]] Result<Fd> open_file(std::uint32_t id, int flags) const;
    /// The size of a segment's file; nothing when there is none. Errors: permission, io.
    [[nodiscard]] Result<std::optional<std::uint64_t>> file_size(std::uint32_t id) const;
    /// What it takes of the disk; 0 when it is not there.
    [[nodiscard]] std::uint64_t disk_bytes(std::uint32_t id) const;
    /// Takes a segment's file away, for who has locked it. False when that failed.
    [[nodiscard]] bool unlink(std::uint32_t id) const;
    /// The names of all segments are on the disk on return. Errors: io.
    [[nodiscard]] Result<void> sync_names() const;

    /// For messages.
    [[nodiscard]] std::string path(std::uint32_t id) const;
    /// The ids of all segment files, ascending.
    [[nodiscard]] Result<std::vector<std::uint32_t>> list() const;

private:
    Segments(std::string directory, Fd folder, const Env* env, const Surroundings& around)
        : directory_(std::move(directory)), folder_(std::move(folder)), env_(env), around_(around) {
    }
    [[nodiscard]] Result<std::unique_ptr<SegmentWriter>> take_over(std::uint32_t id, bool sync);
    [[nodiscard]] Result<void> enter(std::uint32_t id, bool sync) const;
    [[nodiscard]] Result<std::unique_ptr<SegmentWriter>> create(bool sync);
    [[nodiscard]] SegmentLease lend(std::unique_ptr<SegmentWriter> writer);
    void take_back(std::unique_ptr<SegmentWriter> writer);
    std::string directory_;
    Fd folder_;
    const Env* env_;
    const Surroundings& around_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<SegmentWriter>> idle_;
    mutable std::map<std::uint32_t, SegmentFile> open_;
};

/// Its name in the folder of segments.
[[nodiscard]] std::string segment_file_name(std::uint32_t id);
/// The index entry of a segment; nothing when it has none.
[[nodiscard]] Result<std::optional<SegmentEntry>> find_segment(const Txn& txn, std::uint32_t id);

} // namespace codex::repo::detail
