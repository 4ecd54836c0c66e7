#include "repo/segments/scan.hpp"

#include "crypto/hash/sha256.hpp"
#include "repo/segments/block_reader.hpp"
#include "repo/segments/compression.hpp"
#include "repo/segments/tree_file.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <optional>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

/// Bytes of records that proved bad may be read beyond kBadFraction of what the search has passed.
constexpr std::uint64_t kBadBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kBadFraction = 2;
/// The same of what is looked at again between two good records.
constexpr std::uint64_t kDeferredFraction = 4;
/// Places that are remembered to be looked at again; those nearest to the next good record.
constexpr std::size_t kMaxDeferred = 65536;

/// The first boundary at or after `offset` that may hold data; `size` when there is none.
std::uint64_t skip_hole(const Fd& file, std::uint64_t offset, std::uint64_t size) {
    const off_t data = ::lseek(file.get(), static_cast<off_t>(offset), SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? size : offset;
    return std::max(offset, static_cast<std::uint64_t>(data) / kRecordAlign * kRecordAlign);
}

/// Headers, read through a window that moves forward.
class Headers {
public:
    Headers(const Fd& file, const std::string& name, std::uint64_t size)
        : file_(file), name_(name), size_(size) {}

    /// The header at `at`, which is moved over a hole first; nothing when none begins there whose
    /// record ends within the file.
    Result<std::optional<RecordHeader>> at(std::uint64_t& at) {
        if (at < begin_ || at + kMaxHeaderBytes > begin_ + window_.size()) {
            at = skip_hole(file_, at, size_);
            window_.resize(kWindow);
            CODEX_TRY(got, pread_full(file_.get(), window_, at, name_));
            window_.resize(got);
            begin_ = at;
        }
        const std::size_t skip = std::min(window_.size(), static_cast<std::size_t>(at - begin_));
        auto header = decode_header(BytesView(window_).subspan(skip));
        if (!header || whole(*header) > size_ - at)
            return std::nullopt;
        return std::optional<RecordHeader>(*header);
    }
    [[nodiscard]] static std::uint64_t whole(const RecordHeader& header) {
        return record_bytes(header.cid.bytes().size(), header.stored_bytes);
    }

private:
    static constexpr std::size_t kWindow = std::size_t{1} << 16;
    const Fd& file_;
    const std::string& name_;
    std::uint64_t size_;
    Bytes window_;
    std::uint64_t begin_ = 0;
};

class Scan {
public:
    Scan(const Fd& file, const std::string& name, std::uint64_t from, std::uint64_t size,
         const VisitRecord& visit)
        : file_(file), name_(name), size_(size), visit_(visit), headers_(file, name, size),
          gap_(from), end_(from) {}

    Result<std::uint64_t> run() {
        for (std::uint64_t at = end_; at < size_;) {
            CODEX_TRY(header, headers_.at(at));
            if (at >= size_)
                break;
            if (!header) {
                chained_ = false;
                at += kRecordAlign;
                continue;
            }
            CODEX_SET(at, step(at, *header));
        }
        CODEX_CHECK(look_again(size_));
        return end_;
    }

private:
    /// Deals with the header at `at`; gives where the search goes on.
    Result<std::uint64_t> step(std::uint64_t at, const RecordHeader& header) {
        const std::uint64_t whole = Headers::whole(header);
        // A chain of headers from the beginning is of records, whatever their payloads look like.
        const bool affordable = chained_ || (bad_bytes_ + whole <= kBadFraction * at + kBadBytes);
        if (!affordable) {
            if (deferred_.size() == kMaxDeferred)
                deferred_.pop_front();
            deferred_.push_back(at);
            return at + kRecordAlign;
        }
        CODEX_TRY(good, visit_(at, header));
        if (good) {
            CODEX_CHECK(look_again(at));
            end_ = std::max(end_, at + whole);
            gap_ = at + whole;
            return at + whole;
        }
        if (chained_)
            return at + whole;
        bad_bytes_ += whole;
        return at + kRecordAlign;
    }

    /// At the places that were too dear, now that the search has come to a good record, or the end,
    /// at `limit`: from there backwards, since what is real there ends before it.
    Result<void> look_again(std::uint64_t limit) {
        std::uint64_t budget = kDeferredFraction * (limit - std::min(limit, gap_));
        for (; !deferred_.empty(); deferred_.pop_back()) {
            std::uint64_t at = deferred_.back();
            Headers headers(file_, name_, size_);
            CODEX_TRY(header, headers.at(at));
            if (!header || at != deferred_.back())
                continue;
            const std::uint64_t whole = Headers::whole(*header);
            if (at + whole > limit)
                continue; // it would overlap
            if (whole > budget)
                break;
            CODEX_TRY(good, visit_(at, *header));
            budget -= whole;
            if (good) {
                end_ = std::max(end_, at + whole);
                limit = at;
            }
        }
        deferred_.clear();
        return {};
    }

    const Fd& file_;
    const std::string& name_;
    std::uint64_t size_;
    const VisitRecord& visit_;
    Headers headers_;
    bool chained_ = true;         // a record has begun where each one before it ended
    std::uint64_t bad_bytes_ = 0; // of records that were no good, outside of the chain
    std::uint64_t gap_;           // the end of the last good record
    std::uint64_t end_;           // the highest one
    std::deque<std::uint64_t> deferred_;
};

} // namespace

Result<std::uint64_t> scan_segment(const Fd& file, const std::string& name,
                                   const VisitRecord& visit, std::uint64_t from) {
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    if (size < 0)
        return fail(system_error(errno, "seek " + name));
    return Scan(file, name, from, static_cast<std::uint64_t>(size), visit).run();
}

namespace {

Result<bool> block_is_whole(const Fd& file, const std::string& name, std::uint64_t at,
                            const RecordHeader& header) {
    Bytes stored(static_cast<std::size_t>(header.stored_bytes));
    CODEX_TRY(got, pread_full(file.get(), stored, at, name));
    Bytes plain(header.encoding == Encoding::zstd ? static_cast<std::size_t>(header.plain) : 0);
    if (got != stored.size() ||
        (header.encoding == Encoding::zstd && !decompress_block(stored, plain)))
        return false;
    const BytesView content = header.encoding == Encoding::zstd ? plain : stored;
    return equal(crypto::sha256(content), header.cid.digest());
}

} // namespace

Result<bool> record_is_whole(const Fd& file, const std::string& name, std::uint64_t offset,
                             const RecordHeader& header) {
    const std::uint64_t at = offset + header_bytes(header.cid.bytes().size());
    if (header.kind == RecordKind::note || !blocks::verifiable(header.cid))
        return false;
    if (header.kind == RecordKind::block)
        return block_is_whole(file, name, at, header);
    CODEX_TRY(bad,
              untrusted_leaves(
                  header.cid, header.plain,
                  [&](std::uint64_t first, std::span<Digest> out) -> Result<void> {
                      const MutableBytes bytes(reinterpret_cast<std::uint8_t*>(out.data()),
                                               out.size_bytes());
                      CODEX_CHECK(pread_full(file.get(), bytes, at + first * sizeof(Digest), name));
                      return {};
                  }));
    return bad.empty();
}

} // namespace codex::repo::detail
