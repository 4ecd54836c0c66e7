#include "repo/index/age.hpp"

#include "base/endian.hpp"
#include "base/fd.hpp"
#include "repo/segments/crc32c.hpp"
#include "repo/segments/io.hpp"
#include "repo/segments/own_file.hpp"
#include "repo/segments/tails.hpp"
#include "repo/upkeep/notes.hpp"
#include "repo/upkeep/reserve.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

// Three parts of 24 bytes: of the last transaction that is on the disk, of the last one, and of the
// last note that is on the disk. "CXA1", CRC-32C of the rest, lineage, number.
constexpr std::array<std::uint8_t, 4> kAgeMagic = {'C', 'X', 'A', '1'};
constexpr std::size_t kCrcAt = 4;
constexpr std::size_t kLineageAt = 8;
constexpr std::size_t kNumberAt = 16;
constexpr std::size_t kBytes = 24;

using Part = std::array<std::uint8_t, kBytes>;

Part encode_part(std::uint64_t lineage, std::uint64_t number) {
    Part bytes{};
    std::copy(kAgeMagic.begin(), kAgeMagic.end(), bytes.begin());
    store_le(bytes.data() + kLineageAt, lineage);
    store_le(bytes.data() + kNumberAt, number);
    store_le(bytes.data() + kCrcAt, crc32c(BytesView(bytes).subspan(kLineageAt)));
    return bytes;
}

/// Lineage and number.
std::optional<std::pair<std::uint64_t, std::uint64_t>> decode_part(BytesView bytes) {
    if (bytes.size() != kBytes || !equal(bytes.first(kAgeMagic.size()), kAgeMagic) ||
        load_le<std::uint32_t>(bytes.data() + kCrcAt) != crc32c(bytes.subspan(kLineageAt)))
        return std::nullopt;
    return std::pair(load_le<std::uint64_t>(bytes.data() + kLineageAt),
                     load_le<std::uint64_t>(bytes.data() + kNumberAt));
}

/// Not synced, and a failure is none of the caller's: the worst is that an old index is not
/// noticed. What is on the disk must never seem to be older than it is.
void record(const Fd& file, std::uint64_t lineage, std::uint64_t transaction, bool synced) {
    const Part part = encode_part(lineage, transaction);
    std::array<std::uint8_t, 2 * kBytes> both{};
    std::copy(part.begin(), part.end(), both.begin());
    std::copy(part.begin(), part.end(), both.begin() + kBytes);
    (void)!::pwrite(file.get(), both.data(), synced ? 2 * kBytes : kBytes, synced ? 0 : kBytes);
}

/// The same of the last note.
void record_notes(const Fd& file, std::uint64_t lineage, std::uint64_t last) {
    const Part part = encode_part(lineage, last);
    (void)!::pwrite(file.get(), part.data(), part.size(), 2 * kBytes);
}

BytesView lineage_key() {
    return as_bytes("lineage");
}

std::string path_of(const std::string& directory) {
    return directory + "/age";
}

/// Its name is one that "*" does not take for a segment.
std::string path_beside_segments(const std::string& directory) {
    return directory + "/segments/.age";
}

Result<void> write_parts(const Fd& file, const IndexAge& age, const std::string& path) {
    Bytes parts;
    for (const std::uint64_t number : {age.transaction, age.seen, age.notes}) {
        const Part part = encode_part(age.lineage, number);
        parts.insert(parts.end(), part.begin(), part.end());
    }
    return pwrite_full(file.get(), parts, 0, path);
}

constexpr std::size_t kFileBytes = 3 * kBytes;

std::optional<IndexAge> decode_age(BytesView file) {
    const auto synced = decode_part(file.first(kBytes));
    if (!synced)
        return std::nullopt;
    IndexAge age{synced->first, synced->second, 0, 0};
    const auto number = [&](std::size_t part) {
        const auto found = decode_part(file.subspan(part * kBytes, kBytes));
        return found && found->first == age.lineage ? found->second : 0;
    };
    age.seen = number(1);
    age.notes = number(2);
    return age;
}

/// What is beside the segments. One that cannot be read may say that the index is old.
Result<std::optional<IndexAge>> age_beside_segments(const std::string& repo_path) {
    const std::string path = path_beside_segments(repo_path);
    auto file = open_own_file(path, O_RDONLY, Below::folder);
    if (!file && (file.error().code() == Errc::not_found ||
                  file.error().code() == Errc::repo_damaged)) // no file: writers refuse it
        return std::nullopt;
    if (!file)
        return fail(std::move(file).error());
    std::array<std::uint8_t, kFileBytes> bytes{};
    CODEX_CHECK(pread_full(file->get(), bytes, 0, path));
    return decode_age(bytes);
}

Result<void> forget(const std::string& path, const std::string& folder) {
    if (::unlink(path.c_str()) != 0)
        return errno == ENOENT ? Result<void>() : fail(system_error(errno, "remove " + path));
    return sync_directory(folder);
}

} // namespace

Result<std::uint64_t> find_lineage(const Txn& txn) {
    CODEX_TRY(value, txn.get(Table::meta, lineage_key()));
    if (!value)
        return std::uint64_t{0};
    if (value->size() != sizeof(std::uint64_t))
        return fail(Errc::repo_damaged, "index: table meta: the lineage makes no sense");
    return load_le<std::uint64_t>(value->data());
}

Result<std::uint64_t> ensure_lineage(Txn& txn, Random& random) {
    CODEX_TRY(lineage, find_lineage(txn));
    while (lineage == 0)
        CODEX_SET(lineage, random.number());
    std::array<std::uint8_t, sizeof lineage> value{};
    store_le(value.data(), lineage);
    CODEX_CHECK(txn.put(Table::meta, lineage_key(), value));
    return lineage;
}

Result<void> write_age(const std::string& repo_path, const IndexAge& age, Disk& disk) {
    const std::string path = path_of(repo_path);
    CODEX_TRY(file, open_own_file(path, O_RDWR | O_CREAT));
    CODEX_CHECK(write_parts(file, age, path));
    CODEX_CHECK(io::sync_data(disk, file.get(), path));
    CODEX_CHECK(sync_directory(repo_path));
    // Not synced: without it, REPO/age alone is asked.
    const std::string beside = path_beside_segments(repo_path);
    CODEX_TRY(copy, open_own_file(beside, O_RDWR | O_CREAT, Below::folder));
    return write_parts(copy, age, beside);
}

std::optional<IndexAge> recorded_age(const std::string& repo_path) {
    const auto file = open_own_file(path_of(repo_path), O_RDONLY);
    std::array<std::uint8_t, kFileBytes> bytes{};
    if (!file || !pread_full(file->get(), bytes, 0, "age"))
        return std::nullopt;
    return decode_age(bytes);
}

Result<void> forget_age(const std::string& repo_path) {
    CODEX_CHECK(forget(path_beside_segments(repo_path), repo_path + "/segments"));
    return forget(path_of(repo_path), repo_path);
}

namespace {

/// What an index says of itself.
struct Today {
    std::uint64_t lineage = 0;
    std::uint64_t transaction = 0;
};

Standing standing_by(const std::optional<IndexAge>& age, const Today& index) {
    if (!age)
        return Standing::unknown;
    if (index.lineage != age->lineage || index.transaction < age->transaction)
        return Standing::older;
    return age->seen != 0 && index.transaction >= age->seen ? Standing::current : Standing::unsure;
}

/// What both say of an index.
struct Asked {
    std::optional<IndexAge> repo;
    std::optional<IndexAge> segments;
    Today index;

    [[nodiscard]] Standing standing() const {
        const Standing ours = standing_by(repo, index);
        const Standing theirs = standing_by(segments, index);
        if (ours == Standing::older || theirs == Standing::older)
            return Standing::older;
        return ours == Standing::current && theirs == Standing::unsure ? theirs : ours;
    }
};

Result<Asked> ask(const Env& env, const std::string& repo_path) {
    // Before the index is looked at: it only grows, so that this cannot make it look old.
    Asked asked;
    asked.repo = recorded_age(repo_path);
    CODEX_SET(asked.segments, age_beside_segments(repo_path));
    CODEX_TRY(txn, env.read());
    CODEX_SET(asked.index.lineage, find_lineage(txn));
    asked.index.transaction = txn.id();
    return asked;
}

} // namespace

Result<Standing> standing_of(const Env& env, const std::string& repo_path) {
    CODEX_TRY(asked, ask(env, repo_path));
    return asked.standing();
}

namespace {

Unexpected<Error> older(const std::string& text) {
    return fail(Error(Errc::repo_damaged, text)
                    .remedy({Remedy::rebuild_index, "make it anew from the segments"}));
}

/// Which of both says so, and what is known of it: nothing else is.
Unexpected<Error> older(const Asked& asked) {
    const bool by_segments = standing_by(asked.segments, asked.index) == Standing::older;
    const IndexAge& age = by_segments ? *asked.segments : *asked.repo;
    const std::string_view what = by_segments ? "the segments" : "the repo's age";
    if (age.lineage != asked.index.lineage)
        return older(fmt::format("index.mdb: is not the one that {} {} to: one of both was copied "
                                 "before the index was made anew",
                                 what, by_segments ? "belong" : "belongs"));
    const std::string missed = fmt::format("it ends with transaction {}, and there was a "
                                           "transaction {}: it does not know what was stored and "
                                           "removed since it was copied",
                                           asked.index.transaction, age.transaction);
    if (by_segments)
        return older(fmt::format("index.mdb: is older than the segments: {}", missed));
    return fail(
        Error(Errc::repo_damaged,
              fmt::format("index.mdb: is older than the repo's age: {}", missed))
            .remedy({Remedy::rebuild_index, "put back the rest of its day, or of today; or "
                                            "make it anew from the segments that are here"}));
}

} // namespace

Result<void> require_all_notes(const Env& env, const std::string& repo_path) {
    const std::uint64_t newest = newest_note(repo_path); // before the index, which only grows
    if (newest == 0)
        return {};
    CODEX_TRY(txn, env.read());
    CODEX_TRY(last, last_note(txn));
    if (last >= newest)
        return {};
    return older("index.mdb: is older than the notes: it does not know what was removed, labelled "
                 "and kept since it was copied");
}

namespace {

/// Also gives what there is in segments behind their ends, where that matters.
Result<Standing> judge(const Env& env, const Segments& segments, const std::string& repo_path,
                       std::vector<UnknownRecords>& found) {
    CODEX_CHECK(require_all_notes(env, repo_path));
    CODEX_TRY(asked, ask(env, repo_path));
    const Standing standing = asked.standing();
    if (standing == Standing::older)
        return older(asked);
    if (standing == Standing::current)
        return standing;
    CODEX_TRY(records, unknown_records(segments, env, Tails::all));
    found = std::move(records);
    if (standing == Standing::unknown && !found.empty())
        return older(fmt::format("index.mdb: may be older than the segments: {} is missing or "
                                 "damaged, and {} has records that the index does not know",
                                 path_of(repo_path), segments.path(found.front().segment)));
    return standing;
}

/// The two files; that beside the segments may be missing on a full disk.
struct AgeFiles {
    Fd repo;
    Fd segments;
};
using SharedFiles = std::shared_ptr<const AgeFiles>;

/// From here on they say what is committed, and what is noted.
void follow(Env& env, const SharedFiles& files, std::uint64_t lineage) {
    env.on_commit([files, lineage](std::uint64_t transaction, bool synced) {
        record(files->repo, lineage, transaction, synced);
        if (files->segments)
            record(files->segments, lineage, transaction, synced);
    });
    env.on_notes(
        [files, lineage](std::uint64_t last) { record_notes(files->repo, lineage, last); });
}

Result<SharedFiles> open_files(const std::string& repo_path) {
    AgeFiles files;
    CODEX_SET(files.repo, open_own_file(path_of(repo_path), O_RDWR | O_CREAT));
    auto beside = open_own_file(path_beside_segments(repo_path), O_RDWR | O_CREAT, Below::folder);
    if (!beside && beside.error().code() != Errc::no_space)
        return fail(std::move(beside).error());
    if (beside)
        files.segments = std::move(*beside);
    return std::make_shared<const AgeFiles>(std::move(files));
}

/// The first transaction of who opens it, before anything is appended.
Result<void> begin_anew(Env& env, std::span<const UnknownRecords> found, const SharedFiles& files) {
    CODEX_TRY(txn, env.write(true));
    for (const UnknownRecords& records : found)
        if (records.entered)
            CODEX_CHECK(keep_tail(txn, records.segment));
    CODEX_TRY(lineage, ensure_lineage(txn, env.around().random));
    follow(env, files, lineage);
    return txn.commit();
}

} // namespace

Result<void> require_current(const Env& env, const Segments& segments,
                             const std::string& repo_path) {
    std::vector<UnknownRecords> found;
    CODEX_CHECK(judge(env, segments, repo_path, found));
    return {};
}

Result<void> settle_age(Env& env, const Segments& segments, const std::string& repo_path) {
    std::vector<UnknownRecords> found;
    const std::string path = path_of(repo_path);
    CODEX_CHECK(require_own_file(path));
    CODEX_CHECK(require_own_file(path_beside_segments(repo_path)));
    CODEX_TRY(standing, judge(env, segments, repo_path, found));
    CODEX_TRY(files, open_files(repo_path));
    if (standing == Standing::current) {
        CODEX_TRY(txn, env.read());
        CODEX_TRY(lineage, find_lineage(txn));
        follow(env, files, lineage);
        return {};
    }
    // Its name, before anything that would be taken for another's without it.
    CODEX_CHECK(sync_directory(repo_path));
    CODEX_CHECK(with_reserve(repo_path, [&] { return begin_anew(env, found, files); }));
    return io::sync_data(env.around().disk, files->repo.get(), path);
}

} // namespace codex::repo::detail
