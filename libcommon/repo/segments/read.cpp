#include "repo/segments/read.hpp"

#include <cerrno>
#include <sys/stat.h>

namespace codex::repo::detail {

namespace {

Error with_way_out(Error error, bool opening) {
    std::string hint(error.hint());
    if (error.code() == Errc::not_found)
        hint = "put the file back; if it is lost for good, make an index of what is left: "
               "codex-chunk verify --rebuild-index";
    else if (error.code() == Errc::permission)
        hint = "let this user read the files in the repo's folder segments";
    else if (error.code() == Errc::io && opening)
        hint = "allow more open files (ulimit -n), then try again";
    else if (error.code() == Errc::io)
        hint = "try again; give a block up whose place on the disk is lost for good: "
               "codex-chunk rm CID@INDEX; then put, import or repair brings it back";
    return std::move(error).hint(std::move(hint));
}

} // namespace

Error copy_of(const Error& error) {
    return Error(error.code(), error.text()).hint(std::string(error.hint()));
}

Result<SegmentFile> open_segment(const Segments& segments, std::uint32_t id) {
    auto file = segments.open(id);
    if (!file)
        return fail(with_way_out(std::move(file).error(), true));
    return file;
}

Result<std::size_t> read_segment(const Segments& segments, std::uint32_t id, MutableBytes out,
                                 std::uint64_t at) {
    CODEX_TRY(file, open_segment(segments, id));
    auto got = pread_full(file->get(), out, at, "segment");
    if (!got)
        return fail(with_way_out(std::move(got).error().context(segments.path(id)), false));
    return got;
}

Result<std::optional<std::uint64_t>> segment_size(const Segments& segments, std::uint32_t id) {
    struct stat st{};
    const std::string name = segments.path(id);
    if (::stat(name.c_str(), &st) == 0)
        return std::optional(static_cast<std::uint64_t>(st.st_size));
    if (errno == ENOENT)
        return std::nullopt;
    return fail(with_way_out(system_error(errno, "open " + name), true));
}

} // namespace codex::repo::detail
