// Appending to one segment.
#include "repo/segments/io.hpp"
#include "repo/segments/segments.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

constexpr std::array<std::uint8_t, kRecordAlign> kPadding{};
/// Dirty pages are handed to the disk in steps of this size, long before anybody waits for them.
constexpr std::uint64_t kWritebackBytes = std::uint64_t{8} << 20;
/// Who appends this much will append more, and gets room on the disk ahead: as much as has come, up
/// to the second. Where a file system (ext4) looks for each page's place by itself, the kernel
/// takes half as long again for what is written.
constexpr std::uint64_t kLeastAhead = std::uint64_t{8} << 20;
constexpr std::uint64_t kMostAhead = std::uint64_t{32} << 20;
constexpr std::uint64_t kZeroBytes = std::uint64_t{1} << 20;

iovec part(BytesView bytes) {
    return {const_cast<std::uint8_t*>(bytes.data()), bytes.size()}; // only read through it
}

} // namespace

void SegmentWriter::allocate(std::uint64_t bytes) {
    const std::uint64_t needed = end_ + bytes;
    appended_ += bytes;
    if (appended_ < kLeastAhead || needed <= allocated_)
        return;
    const std::uint64_t most = std::max(needed, around_.limits.segment_bytes);
    allocated_ = std::min(needed + std::min(appended_, kMostAhead), most);
    if (!io::allocate(around_.disk, fd_.get(), end_, allocated_ - end_))
        pause(); // which asks again when so much more has come
}

void SegmentWriter::pause() {
    if (std::exchange(allocated_, 0) > end_)
        (void)!::ftruncate(fd_.get(), static_cast<off_t>(end_));
    appended_ = 0;
}

Result<void> SegmentWriter::write(std::span<iovec> parts, std::uint64_t bytes) {
    allocate(bytes);
    if (auto written = io::write_parts(around_.disk, fd_.get(), parts, end_, path_); !written) {
        roll_back(end_);
        return written;
    }
    end_ += bytes;
    if (end_ - writeback_from_ >= kWritebackBytes) {
        io::start_writeback(fd_.get(), writeback_from_, end_ - writeback_from_);
        writeback_from_ = end_;
    }
    return {};
}

Result<void> SegmentWriter::append(std::span<Record> records) {
    std::vector<Bytes> headers;
    std::vector<iovec> parts;
    headers.reserve(records.size());
    parts.reserve(records.size() * 3);
    std::uint64_t at = end_;
    for (Record& record : records) {
        const std::uint64_t bytes =
            record_bytes(record.header.cid.bytes().size(), record.payload.size());
        headers.push_back(encode_header(record.header));
        parts.push_back(part(headers.back()));
        parts.push_back(part(record.payload));
        parts.push_back(part(BytesView(kPadding).first(
            static_cast<std::size_t>(bytes - headers.back().size() - record.payload.size()))));
        record.offset = at;
        at += bytes;
    }
    return write(parts, at - end_);
}

Result<Extent> SegmentWriter::append_stream(const RecordHeader& header, const Source& fill) {
    const Extent extent{id_, end_};
    const std::uint64_t total = record_bytes(header.cid.bytes().size(), header.stored_bytes);
    const Bytes head = encode_header(header);
    // The header goes with the first piece, and the padding with the last: one write for most.
    const auto write_all = [&]() -> Result<void> {
        std::vector<iovec> parts{part(head)};
        for (std::uint64_t done = 0; done < header.stored_bytes;) {
            CODEX_TRY(piece, fill(done));
            parts.push_back(part(piece));
            std::uint64_t bytes = (done == 0 ? head.size() : 0) + piece.size();
            done += piece.size();
            if (done == header.stored_bytes) {
                const std::uint64_t padding = total - head.size() - header.stored_bytes;
                parts.push_back(part(BytesView(kPadding).first(static_cast<std::size_t>(padding))));
                bytes += padding;
            }
            CODEX_CHECK(write(parts, bytes));
            parts.clear();
        }
        return {};
    };
    if (auto written = write_all(); !written) {
        roll_back(extent.offset);
        return fail(std::move(written).error());
    }
    return extent;
}

Result<void> SegmentWriter::sync() {
    // A disk that has lost something says so once, and is content the next time.
    if (!failed()) {
        auto synced = io::sync_data(around_.disk, fd_.get(), path_);
        if (synced)
            return synced;
        const std::lock_guard lock(mutex_);
        failure_ = std::move(synced).error();
    }
    const std::lock_guard lock(mutex_);
    return fail(io::shared_error(*failure_));
}

bool SegmentWriter::failed() const {
    const std::lock_guard lock(mutex_);
    return failure_.has_value();
}

bool SegmentWriter::in_place(const Fd& folder) const {
    struct stat ours{};
    struct stat named{};
    return ::fstat(fd_.get(), &ours) == 0 &&
           ::fstatat(folder.get(), segment_file_name(id_).c_str(), &named, AT_SYMLINK_NOFOLLOW) ==
               0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino &&
           static_cast<std::uint64_t>(ours.st_size) == end_;
}

void SegmentWriter::roll_back(std::uint64_t end) {
    end_ = end;
    allocated_ = 0;
    writeback_from_ = std::min(writeback_from_, end);
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(given_up_, [end](const Range& range) { return range.begin >= end; });
    }
    // When it fails, the bytes stay as a tail that the next owner cuts off.
    (void)!::ftruncate(fd_.get(), static_cast<off_t>(end));
}

void SegmentWriter::give_up(std::uint64_t begin, std::uint64_t end) {
    if (end == end_)
        return roll_back(begin);
    {
        const std::lock_guard lock(mutex_);
        given_up_.push_back({begin, end});
    }
    // So that who makes the index anew does not find there what was refused. Where that fails it
    // is dead all the same.
    const std::vector<std::uint8_t> zeros(
        static_cast<std::size_t>(std::min(kZeroBytes, end - begin)));
    for (std::uint64_t at = begin; at < end; at += zeros.size()) {
        std::array<iovec, 1> one{part(BytesView(zeros).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), end - at))))};
        if (!io::write_parts(around_.disk, fd_.get(), one, at, path_))
            return;
    }
}

std::vector<SegmentWriter::Range> SegmentWriter::given_up_before(std::uint64_t end) const {
    const std::lock_guard lock(mutex_);
    std::vector<Range> found;
    for (const Range& range : given_up_)
        if (range.end <= end)
            found.push_back(range);
    return found;
}

void SegmentWriter::committed(std::uint64_t end) {
    const std::lock_guard lock(mutex_);
    std::erase_if(given_up_, [end](const Range& range) { return range.end <= end; });
}

} // namespace codex::repo::detail
