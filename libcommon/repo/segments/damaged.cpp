#include "repo/segments/damaged.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

constexpr std::size_t kWindow = std::size_t{1} << 16;

/// The first boundary in [from, end) behind which something is not zero; `end` when nothing is.
Result<std::uint64_t> skip_zeros(const Fd& file, const std::string& name, std::uint64_t from,
                                 std::uint64_t end) {
    Bytes window;
    for (std::uint64_t at = from; at < end; at += window.size()) {
        const off_t data = ::lseek(file.get(), static_cast<off_t>(at), SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return end;
        if (data > 0)
            at = std::max(at, static_cast<std::uint64_t>(data) / kRecordAlign * kRecordAlign);
        if (at >= end)
            return end;
        window.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kWindow, end - at)));
        CODEX_TRY(got, pread_full(file.get(), window, at, name));
        const auto found =
            std::find_if(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(got),
                         [](std::uint8_t byte) { return byte != 0; });
        const auto skipped = static_cast<std::uint64_t>(found - window.begin());
        if (skipped < got)
            return (at + skipped) / kRecordAlign * kRecordAlign;
        if (got < window.size())
            return end;
    }
    return end;
}

/// What begins at `at`, which is no whole record, before the next one at `end`.
Result<DamagedPlace> place_at(const Fd& file, const std::string& name, std::uint64_t at,
                              std::uint64_t end, bool last) {
    Bytes head(static_cast<std::size_t>(std::min<std::uint64_t>(kMaxHeaderBytes, end - at)));
    CODEX_CHECK(pread_full(file.get(), head, at, name));
    const auto header = decode_header(head);
    if (!header)
        return DamagedPlace{at, end, Cid(), last && header.error().code() == Errc::truncated};
    const std::uint64_t length = record_bytes(header->cid.bytes().size(), header->stored_bytes);
    return DamagedPlace{at, at + std::min(length, end - at), header->cid,
                        last && length > end - at};
}

} // namespace

void add_place(Places& whole, std::uint64_t begin, std::uint64_t end) {
    if (!whole.empty() && whole.back().second == begin)
        whole.back().second = end;
    else
        whole.emplace_back(begin, end);
}

Result<std::vector<DamagedPlace>> damaged_places(const Fd& file, const std::string& name,
                                                 Places whole) {
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    if (size < 0)
        return fail(system_error(errno, "seek " + name));
    std::ranges::sort(whole);
    const auto file_end = static_cast<std::uint64_t>(size);
    whole.emplace_back(file_end, file_end);
    std::vector<DamagedPlace> found;
    std::uint64_t at = 0;
    for (const auto& [begin, end] : whole) {
        while (at < begin) {
            CODEX_SET(at, skip_zeros(file, name, at, begin));
            if (at >= begin)
                break;
            CODEX_TRY(place, place_at(file, name, at, begin, begin == file_end));
            at = place.end;
            found.push_back(std::move(place));
        }
        at = std::max(at, end);
    }
    return found;
}

} // namespace codex::repo::detail
