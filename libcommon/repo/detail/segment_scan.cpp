#include "repo/detail/segment_scan.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace codex::repo {

namespace {

/// The first boundary at or after `offset` that may hold data; `size` when there is none.
std::uint64_t skip_hole(const Fd& file, std::uint64_t offset, std::uint64_t size) {
    const off_t data = ::lseek(file.get(), static_cast<off_t>(offset), SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? size : offset;
    return std::max(offset, static_cast<std::uint64_t>(data) / kRecordAlign * kRecordAlign);
}

} // namespace

Result<std::uint64_t> scan_segment(const Fd& file, const std::string& name,
                                   const VisitRecord& visit) {
    const off_t file_size = ::lseek(file.get(), 0, SEEK_END);
    if (file_size < 0)
        return fail(system_error(errno, "seek " + name));
    const auto size = static_cast<std::uint64_t>(file_size);
    Bytes window(std::size_t{1} << 16);
    std::uint64_t window_at = 0;
    std::size_t window_size = 0;
    std::uint64_t end = 0;
    for (std::uint64_t at = skip_hole(file, 0, size); at < size;) {
        if (at < window_at || at + kMaxHeaderBytes > window_at + window_size) {
            at = skip_hole(file, at, size);
            CODEX_TRY(got, pread_full(file.get(), window, at, name));
            window_at = at;
            window_size = got;
        }
        const BytesView rest =
            BytesView(window).subspan(static_cast<std::size_t>(at - window_at),
                                      window_size - static_cast<std::size_t>(at - window_at));
        const auto header = decode_header(rest);
        std::uint64_t length = kRecordAlign;
        if (header) {
            const std::uint64_t whole =
                record_bytes(header->cid.bytes().size(), header->stored_bytes);
            if (whole <= size - at) {
                CODEX_TRY(good, visit(at, *header));
                length = good ? whole : kRecordAlign;
                end = good ? at + whole : end;
            }
        }
        at += length;
    }
    return end;
}

} // namespace codex::repo
