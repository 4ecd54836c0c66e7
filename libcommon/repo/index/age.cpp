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
    Bytes parts;
    for (const std::uint64_t number : {age.transaction, age.seen, age.notes}) {
        const Part part = encode_part(age.lineage, number);
        parts.insert(parts.end(), part.begin(), part.end());
    }
    CODEX_CHECK(pwrite_full(file.get(), parts, 0, path));
    CODEX_CHECK(io::sync_data(disk, file.get(), path));
    return sync_directory(repo_path);
}

std::optional<IndexAge> recorded_age(const std::string& repo_path) {
    const auto file = open_own_file(path_of(repo_path), O_RDONLY);
    std::array<std::uint8_t, 3 * kBytes> bytes{};
    if (!file)
        return std::nullopt;
    const auto got = pread_full(file->get(), bytes, 0, "age");
    const auto synced = got ? decode_part(BytesView(bytes).first(kBytes)) : std::nullopt;
    if (!synced)
        return std::nullopt;
    IndexAge age{synced->first, synced->second, 0, 0};
    const auto number = [&](std::size_t part) {
        const auto found = decode_part(BytesView(bytes).subspan(part * kBytes, kBytes));
        return found && found->first == age.lineage ? found->second : 0;
    };
    age.seen = number(1);
    age.notes = number(2);
    return age;
}

Result<void> forget_age(const std::string& repo_path) {
    const std::string path = path_of(repo_path);
    if (::unlink(path.c_str()) != 0)
        return errno == ENOENT ? Result<void>() : fail(system_error(errno, "remove " + path));
    return sync_directory(repo_path);
}

Result<Standing> standing_of(const Env& env, const std::string& repo_path) {
    // Before the index is looked at: it only grows, so that this cannot make it look old.
    const auto age = recorded_age(repo_path);
    if (!age)
        return Standing::unknown;
    CODEX_TRY(txn, env.read());
    CODEX_TRY(lineage, find_lineage(txn));
    if (lineage != age->lineage || txn.id() < age->transaction)
        return Standing::older;
    return age->seen != 0 && txn.id() >= age->seen ? Standing::current : Standing::unsure;
}

namespace {

tl::unexpected<Error> older(const std::string& text) {
    return fail(Error(Errc::repo_damaged, text)
                    .remedy({Remedy::rebuild_index, "make it anew from the segments"}));
}

/// What is noted in the file was on the disk in the index before. So one that has not come to the
/// file's last number is a copy, even where REPO/age was copied with it.
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

/// Also gives what there is in segments behind their ends, where that matters.
Result<Standing> judge(const Env& env, const Segments& segments, const std::string& repo_path,
                       std::vector<UnknownRecords>& found) {
    CODEX_CHECK(require_all_notes(env, repo_path));
    CODEX_TRY(standing, standing_of(env, repo_path));
    if (standing == Standing::older)
        return older("index.mdb: is older than the segments: it does not know what "
                     "was stored and removed since it was copied");
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

/// From here on the file says what is committed, and what is noted.
void follow(Env& env, const std::shared_ptr<const Fd>& file, std::uint64_t lineage) {
    env.on_commit([file, lineage](std::uint64_t transaction, bool synced) {
        record(*file, lineage, transaction, synced);
    });
    env.on_notes([file, lineage](std::uint64_t last) { record_notes(*file, lineage, last); });
}

/// The first transaction of who opens it, before anything is appended.
Result<void> begin_anew(Env& env, std::span<const UnknownRecords> found,
                        const std::shared_ptr<const Fd>& file) {
    CODEX_TRY(txn, env.write(true));
    for (const UnknownRecords& records : found)
        if (records.entered)
            CODEX_CHECK(keep_tail(txn, records.segment));
    CODEX_TRY(lineage, ensure_lineage(txn, env.around().random));
    follow(env, file, lineage);
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
    CODEX_TRY(standing, judge(env, segments, repo_path, found));
    CODEX_TRY(opened, open_own_file(path, O_RDWR | O_CREAT));
    const auto file = std::make_shared<const Fd>(std::move(opened));
    if (standing == Standing::current) {
        CODEX_TRY(txn, env.read());
        CODEX_TRY(lineage, find_lineage(txn));
        follow(env, file, lineage);
        return {};
    }
    // Its name, before anything that would be taken for another's without it.
    CODEX_CHECK(sync_directory(repo_path));
    CODEX_CHECK(with_reserve(repo_path, [&] { return begin_anew(env, found, file); }));
    return io::sync_data(env.around().disk, file->get(), path);
}

} // namespace codex::repo::detail
