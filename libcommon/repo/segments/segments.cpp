#include "repo/segments/segments.hpp"

#include "base/endian.hpp"
#include "repo/segments/io.hpp"
#include "repo/segments/own_file.hpp"
#include "repo/segments/tails.hpp"
#include "repo/upkeep/reserve.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

constexpr std::size_t kMaxOpenSegments = 64;
constexpr std::size_t kMaxIdleWriters = 4;
/// What a file may take of the disk beyond its size, in blocks and for where they are.
constexpr std::uint64_t kSlackBytes = std::uint64_t{1} << 20;

/// Locked by us and still the file of that name: gc may have unlinked it between open and lock.
bool owned(const Fd& fd) {
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return false;
    struct stat st{};
    return ::fstat(fd.get(), &st) == 0 && st.st_nlink > 0;
}

std::optional<std::uint32_t> parse_name(std::string_view name) {
    std::uint32_t id = 0;
    const char* end = name.data() + 8;
    if (name.size() != 12 || name.substr(8) != ".seg")
        return std::nullopt;
    const auto [at, error] = std::from_chars(name.data(), end, id, 16);
    return error == std::errc() && at == end ? std::optional(id) : std::nullopt;
}

constexpr std::string_view kHighestKey = "segments";

/// The highest number that a segment has, or had.
Result<std::uint32_t> last_number(const Txn& txn) {
    std::uint32_t last = 0;
    CODEX_TRY(value, txn.get(Table::meta, as_bytes(kHighestKey)));
    if (value && value->size() != sizeof last)
        return index_damaged("meta", "the highest number of a segment makes no sense");
    if (value)
        last = load_le<std::uint32_t>(value->data());
    CODEX_TRY(cursor, txn.cursor(Table::segments));
    CODEX_TRY(any, cursor.last());
    if (any) {
        CODEX_TRY(entered, decode_segment_key(cursor.key()));
        last = std::max(last, entered);
    }
    return last;
}

} // namespace

std::string segment_file_name(std::uint32_t id) {
    return fmt::format("{:08x}.seg", id);
}

Result<std::optional<SegmentEntry>> find_segment(const Txn& txn, std::uint32_t id) {
    CODEX_TRY(value, txn.get(Table::segments, segment_key(id)));
    if (!value)
        return std::nullopt;
    CODEX_TRY(entry, decode_segment(*value));
    return entry;
}

Result<std::unique_ptr<Segments>>
Segments::open_folder(const std::string& directory, const Env* env, const Surroundings& around) {
    CODEX_TRY(folder, open_own_folder(directory));
    return std::unique_ptr<Segments>(new Segments(directory, std::move(folder), env, around));
}

std::string Segments::path(std::uint32_t id) const {
    return directory_ + "/" + segment_file_name(id);
}

Result<Fd> Segments::open_file(std::uint32_t id, int flags) const {
    return open_own_file(folder_, path(id), flags);
}

Result<std::optional<std::uint64_t>> Segments::file_size(std::uint32_t id) const {
    struct stat st{};
    if (::fstatat(folder_.get(), segment_file_name(id).c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0)
        return std::optional(static_cast<std::uint64_t>(st.st_size));
    if (errno == ENOENT)
        return std::nullopt;
    return fail(system_error(errno, "open " + path(id)));
}

std::uint64_t Segments::disk_bytes(std::uint32_t id) const {
    struct stat st{};
    return ::fstatat(folder_.get(), segment_file_name(id).c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0
               ? static_cast<std::uint64_t>(st.st_blocks) * 512
               : 0;
}

bool Segments::unlink(std::uint32_t id) const {
    return ::unlinkat(folder_.get(), segment_file_name(id).c_str(), 0) == 0;
}

Result<void> Segments::sync_names() const {
    const Fd folder(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
        return fail(system_error(errno, "open " + directory_));
    if (::fsync(folder.get()) != 0)
        return fail(system_error(errno, "sync " + directory_));
    return {};
}

Result<std::vector<std::uint32_t>> Segments::list() const {
    Fd folder(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(
        folder ? ::fdopendir(folder.get()) : nullptr, [](DIR* d) { return ::closedir(d); });
    if (!directory)
        return fail(system_error(errno, "open " + directory_));
    (void)folder.release(); // it is the stream's now
    std::vector<std::uint32_t> ids;
    while (const dirent* entry = ::readdir(directory.get()))
        if (const auto id = parse_name(entry->d_name))
            ids.push_back(*id);
    std::sort(ids.begin(), ids.end());
    return ids;
}

Result<SegmentLease> Segments::acquire(bool sync) {
    std::unique_ptr<SegmentWriter> idle;
    {
        const std::lock_guard lock(mutex_);
        while (!idle && !idle_.empty()) {
            idle = std::move(idle_.back());
            idle_.pop_back();
            if (!idle->in_place(folder_))
                idle.reset();
            else if (sync && !idle->named()) {
                CODEX_CHECK(sync_names());
                idle->set_named();
            }
        }
    }
    if (idle) // without the lock: refused memory, it is taken back at once
        return lend(std::move(idle));
    make_reserve(directory_.substr(0, directory_.rfind('/')));
    std::vector<std::uint32_t> candidates;
    {
        CODEX_TRY(txn, env_->read());
        CODEX_CHECK(
            for_each(txn, Table::segments, {}, [&](BytesView key, BytesView value) -> Result<void> {
                CODEX_TRY(entry, decode_segment(value));
                CODEX_TRY(id, decode_segment_key(key));
                if (entry.committed_end < around_.limits.segment_bytes)
                    candidates.push_back(id);
                return {};
            }));
    }
    for (const std::uint32_t id : candidates) {
        CODEX_TRY(writer, take_over(id, sync));
        if (writer)
            return lend(std::move(writer));
    }
    CODEX_TRY(writer, create(sync));
    return lend(std::move(writer));
}

// Gives nullptr when the segment is somebody else's, full by now, or damaged.
Result<std::unique_ptr<SegmentWriter>> Segments::take_over(std::uint32_t id, bool sync) {
    auto fd = open_file(id, O_RDWR);
    if (!fd || !owned(*fd))
        return nullptr;
    // Read after locking, as the last owner may have committed in between; and as a writer, as it
    // may have been killed inside its commit: a reader does not see that commit before the next
    // writer has taken the dead one's place, and would take what it names for a tail.
    struct stat st{};
    if (::fstat(fd->get(), &st) != 0)
        return nullptr;
    const auto size = static_cast<std::uint64_t>(st.st_size);
    std::uint64_t end = 0;
    std::uint64_t synced_end = 0;
    {
        CODEX_TRY(txn, env_->write(false));
        CODEX_TRY(entry, find_segment(txn, id));
        CODEX_TRY(kept, tail_is_kept(txn, id));
        if (!entry || kept || entry->committed_end >= around_.limits.segment_bytes)
            return nullptr;
        CODEX_TRY(accounted, size > entry->committed_end ? is_accounted(txn, id, *entry) : true);
        if (!accounted)
            return nullptr;
        end = entry->committed_end;
        synced_end = entry->synced_end;
    }
    if (size < end)
        return nullptr;
    // A killed owner may have had room on the disk behind the end, too.
    const bool has_more = static_cast<std::uint64_t>(st.st_blocks) * 512 > end + kSlackBytes;
    if ((size > end || has_more) && ::ftruncate(fd->get(), static_cast<off_t>(end)) != 0)
        return fail(system_error(errno, "truncate " + path(id)));
    // Its maker may not have synced the name; with the first synced end it was.
    if (sync && synced_end == 0)
        CODEX_CHECK(sync_names());
    return std::make_unique<SegmentWriter>(id, path(id), std::move(*fd), end, sync, around_);
}

/// Before anything is in it: a segment with records that the index does not know is then never one
/// whose maker was killed, and gc need not guess.
Result<void> Segments::enter(std::uint32_t id, bool sync) const {
    if (sync)
        CODEX_CHECK(sync_names());
    CODEX_TRY(txn, env_->write(sync));
    CODEX_CHECK(env_->require_in_place());
    CODEX_TRY(last, last_number(txn));
    std::array<std::uint8_t, sizeof id> highest{};
    store_le(highest.data(), std::max(id, last));
    CODEX_CHECK(txn.put(Table::meta, as_bytes(kHighestKey), highest));
    CODEX_CHECK(txn.put(Table::segments, segment_key(id), encode(SegmentEntry{})));
    return txn.commit();
}

Result<std::unique_ptr<SegmentWriter>> Segments::create(bool sync) {
    CODEX_TRY(ids, list());
    std::uint32_t id = ids.empty() ? 1 : ids.back() + 1;
    {
        // A number is never used twice: an index that is older knows other things of it.
        CODEX_TRY(txn, env_->read());
        CODEX_TRY(last, last_number(txn));
        id = std::max(id, last + 1);
    }
    for (;; ++id) {
        Fd fd(::openat(folder_.get(), segment_file_name(id).c_str(),
                       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!fd && errno == EEXIST)
            continue;
        if (!fd)
            return fail(system_error(errno, "create " + path(id)));
        if (!owned(fd))
            continue;
        if (auto entered = enter(id, sync); !entered) {
            (void)unlink(id);
            return fail(std::move(entered).error());
        }
        return std::make_unique<SegmentWriter>(id, path(id), std::move(fd), 0, sync, around_);
    }
}

SegmentLease Segments::lend(std::unique_ptr<SegmentWriter> writer) {
    return {writer.release(), [this](SegmentWriter* lent) {
                try {
                    take_back(std::unique_ptr<SegmentWriter>(lent));
                } catch (const std::bad_alloc&) {
                    // It is closed instead, and the next owner cuts it.
                }
            }};
}

void Segments::take_back(std::unique_ptr<SegmentWriter> writer) {
    // What was appended and not committed, because something failed, is given up.
    const auto committed = [&]() -> Result<std::uint64_t> {
        CODEX_TRY(txn, env_->read());
        CODEX_TRY(entry, find_segment(txn, writer->id()));
        return entry ? entry->committed_end : 0;
    }();
    if (!committed)
        return; // the next owner cuts it
    if (writer->end() != *committed)
        writer->roll_back(*committed);
    writer->pause();
    const std::lock_guard lock(mutex_);
    if (!writer->full() && !writer->failed() && idle_.size() < kMaxIdleWriters)
        idle_.push_back(std::move(writer));
}

void Segments::release_all() {
    const std::lock_guard lock(mutex_);
    idle_.clear();
}

Result<SegmentFile> Segments::open(std::uint32_t id) const {
    const std::lock_guard lock(mutex_);
    if (const auto found = open_.find(id); found != open_.end())
        return found->second;
    CODEX_TRY(fd, open_file(id, O_RDONLY));
    if (open_.size() >= kMaxOpenSegments)
        open_.erase(open_.begin());
    return open_[id] = std::make_shared<const Fd>(std::move(fd));
}

void Segments::forget(std::uint32_t id) const {
    const std::lock_guard lock(mutex_);
    open_.erase(id);
}

Result<std::optional<Fd>> Segments::lock_idle(std::uint32_t id) const {
    auto fd = open_file(id, O_RDWR);
    if (!fd && fd.error().code() == Errc::not_found)
        return std::nullopt;
    if (!fd)
        return fail(std::move(fd).error());
    if (!owned(*fd))
        return std::nullopt;
    return std::optional<Fd>(std::move(*fd));
}

} // namespace codex::repo::detail
