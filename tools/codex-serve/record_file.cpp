#include "record_file.hpp"

#include "base/fd.hpp"

#include <charconv>
#include <fcntl.h>

namespace codex::serve_tool {

namespace {

/// Numbers are seconds: beyond the year 9999 none is a time that a clock has said. From the highest
/// number of all there is none to go on to, and nobody would take a record of this node again.
constexpr std::uint64_t kMaxRecord = 253'402'300'799;

} // namespace

std::uint64_t last_record(const std::string& path, const log::Logger& log) {
    // Whatever stands in its place, nobody waits for it.
    const auto fd = open_file(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
    if (!fd && fd.error().code() == Errc::not_found)
        return 0;
    Bytes text(64);
    const auto size = fd ? read_full(fd->get(), text, path) : Result<std::size_t>(0);
    std::uint64_t number = 0;
    const std::string_view line = as_text(BytesView(text).first(size.value_or(0)));
    const auto read = std::from_chars(line.begin(), line.end(), number);
    if (read.ec == std::errc() && std::string_view(read.ptr, line.end()) == "\n" &&
        number <= kMaxRecord)
        return number;
    log.warn("The number of the last record is not known", {{"file", path}});
    return 0;
}

void keep_record(const std::string& path, std::uint64_t number, const log::Logger& log) {
    const std::string text = fmt::format("{}\n", number);
    if (auto kept = write_file_atomic(path, as_bytes(text), 0600); !kept)
        log.warn("The number of the last record is not kept", {{"error", kept.error()}});
}

} // namespace codex::serve_tool
