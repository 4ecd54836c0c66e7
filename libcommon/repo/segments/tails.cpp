#include "repo/segments/tails.hpp"

#include "repo/segments/scan.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace codex::repo::detail {

namespace {

// A row of the table `meta`: the prefix and the number of the segment -> nothing.
constexpr std::string_view kKeptPrefix = "kept-tail:";

Bytes kept_key(std::uint32_t segment) {
    const Bytes number = segment_key(segment);
    Bytes key;
    append(key, as_bytes(kKeptPrefix));
    append(key, number);
    return key;
}

/// Where the index says that a segment ends; nothing when it has no entry.
Result<std::optional<std::uint64_t>> committed_end(const Txn& txn, std::uint32_t id) {
    CODEX_TRY(entry, find_segment(txn, id));
    return entry ? std::optional(entry->committed_end) : std::nullopt;
}

/// As a writer, where we may: a reader does not see a commit whose writer was killed within it.
Result<Txn> newest(const Env& env) {
    return env.mode() == EnvMode::read_write ? env.write(false) : env.read();
}

Result<bool> has_whole_record(const Fd& file, const std::string& name, std::uint64_t from) {
    bool found = false;
    // The first one will do: the search ends with an error of its own.
    auto end = scan_segment(
        file, name,
        [&](std::uint64_t offset, const RecordHeader& header) -> Result<bool> {
            CODEX_TRY(whole, record_is_whole(file, name, offset, header));
            found = whole;
            return whole ? Result<bool>(fail(Errc::internal, "found")) : Result<bool>(false);
        },
        from);
    if (!found && !end)
        return fail(std::move(end).error());
    return found;
}

/// Looks at one segment, if nobody appends to it.
Result<std::optional<UnknownRecords>> look_at(const Segments& segments, const Env& env,
                                              std::uint32_t id) {
    auto file = segments.open_file(id, O_RDONLY);
    if (!file && file.error().code() == Errc::not_found)
        return std::nullopt;
    if (!file)
        return fail(std::move(file).error());
    if (::flock(file->get(), LOCK_SH | LOCK_NB) != 0)
        return std::nullopt;
    struct stat st{};
    std::optional<std::uint64_t> end;
    {
        CODEX_TRY(txn, newest(env)); // after locking: its owner may have committed in between
        CODEX_TRY(now, committed_end(txn, id));
        end = now;
    }
    if (::fstat(file->get(), &st) != 0 || st.st_nlink == 0 ||
        static_cast<std::uint64_t>(st.st_size) <= end.value_or(0))
        return std::nullopt;
    CODEX_TRY(found, has_whole_record(*file, segments.path(id), end.value_or(0)));
    return found ? std::optional(UnknownRecords{id, end.has_value()}) : std::nullopt;
}

} // namespace

Result<std::vector<UnknownRecords>> unknown_records(const Segments& segments, const Env& env,
                                                    Tails tails) {
    CODEX_TRY(ids, segments.list());
    std::vector<std::uint32_t> candidates;
    {
        CODEX_TRY(txn, env.read());
        for (const std::uint32_t id : ids) {
            CODEX_TRY(end, committed_end(txn, id));
            CODEX_TRY(size, segments.file_size(id));
            CODEX_TRY(kept, tail_is_kept(txn, id));
            if (size.value_or(0) > end.value_or(0) && (tails == Tails::all || !end || kept))
                candidates.push_back(id);
        }
    }
    std::vector<UnknownRecords> all;
    for (const std::uint32_t id : candidates) {
        CODEX_TRY(found, look_at(segments, env, id));
        if (found)
            all.push_back(*found);
    }
    return all;
}

Result<bool> is_accounted(const Txn& txn, std::uint32_t segment, const SegmentEntry& entry) {
    std::uint64_t sum = entry.live_bytes;
    CODEX_CHECK(for_each(txn, Table::dead, extent_key({segment, 0}),
                         [&](BytesView key, BytesView value) -> Result<bool> {
                             CODEX_TRY(range, decode_dead(key, value));
                             if (range.extent.segment != segment)
                                 return false;
                             sum += range.length;
                             return true;
                         }));
    return sum == entry.committed_end;
}

Result<bool> tail_is_kept(const Txn& txn, std::uint32_t segment) {
    CODEX_TRY(row, txn.get(Table::meta, kept_key(segment)));
    return row.has_value();
}

Result<void> keep_tail(Txn& txn, std::uint32_t segment) {
    return txn.put(Table::meta, kept_key(segment), {});
}

} // namespace codex::repo::detail
