#include "repo/segments/read.hpp"

namespace codex::repo::detail {

namespace {

Error with_way_out(Error error, bool opening) {
    if (error.code() == Errc::not_found)
        return std::move(error)
            .hint("put the file back")
            .remedy(
                {Remedy::rebuild_index, "if it is lost for good, make an index of what is left"});
    if (error.code() == Errc::permission)
        return std::move(error).hint("let this user read the files in the repo's folder segments");
    if (error.code() == Errc::io && !opening)
        return std::move(error)
            .hint("try again")
            .remedy(
                {Remedy::remove_block,
                 "give a block up whose place on the disk is lost for good, so that put, import "
                 "or repair brings it back"});
    return error;
}

} // namespace

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
    auto size = segments.file_size(id);
    if (!size)
        return fail(with_way_out(std::move(size).error(), true));
    return size;
}

} // namespace codex::repo::detail
