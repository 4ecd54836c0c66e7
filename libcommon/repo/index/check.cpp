#include "repo/index/check.hpp"

#include "base/endian.hpp"
#include "repo/index/lmdb_calls.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <lmdb.h>
#include <optional>
#include <sys/stat.h>

namespace codex::repo::detail {

namespace {

/// What may be missing at the end of an index: pages that a transaction took and gave up again.
constexpr std::uint64_t kUnwrittenBytes = std::uint64_t{1} << 20;

constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kDataVersion = 1;
constexpr std::uint16_t kMetaPage = 0x08;
constexpr std::uint16_t kTableKinds = 0xff; // above are flags of the environment
constexpr std::uint32_t kLeastPage = 512;
constexpr std::uint32_t kMostPage = 65536;

/// Offsets in a page of this kind, the first two of the file.
constexpr std::size_t kFlagsAt = 10;
constexpr std::size_t kMagicAt = 16;
constexpr std::size_t kVersionAt = 20;
constexpr std::size_t kPageSizeAt = 40;
constexpr std::size_t kFreeFlagsAt = 44;
constexpr std::size_t kMainFlagsAt = 92;
constexpr std::size_t kLastPageAt = 136;
constexpr std::size_t kTransactionAt = 144;
constexpr std::size_t kMetaBytes = 152;

template <class T> T field(BytesView page, std::size_t at) {
    T value{};
    std::memcpy(&value, page.data() + at, sizeof value); // LMDB's are in the order of the machine
    return value;
}

struct Header {
    std::uint32_t page_bytes = 0;
    std::uint64_t last_page = 0;
    std::uint64_t transaction = 0;
};

/// Page 0 or 1; nothing when LMDB should not see it.
std::optional<Header> read_header(const Fd& index, unsigned which, std::uint64_t at) {
    std::array<std::uint8_t, kMetaBytes> page{};
    const auto n = pread_full(index.get(), page, at, "index");
    if (!n || *n != page.size())
        return std::nullopt;
    Header header{field<std::uint32_t>(page, kPageSizeAt), field<std::uint64_t>(page, kLastPageAt),
                  field<std::uint64_t>(page, kTransactionAt)};
    // INTEGERKEY is how free pages are listed; no other kind of table is ever made.
    const bool right = field<std::uint32_t>(page, kMagicAt) == kMagic &&
                       field<std::uint32_t>(page, kVersionAt) == kDataVersion &&
                       (field<std::uint16_t>(page, kFlagsAt) & kMetaPage) != 0 &&
                       (field<std::uint16_t>(page, kFreeFlagsAt) & kTableKinds) == MDB_INTEGERKEY &&
                       field<std::uint16_t>(page, kMainFlagsAt) == 0 &&
                       std::has_single_bit(header.page_bytes) && header.page_bytes >= kLeastPage &&
                       header.page_bytes <= kMostPage &&
                       (header.transaction == 0 || header.transaction % 2 == which) &&
                       header.last_page < UINT64_MAX / kMostPage - 1;
    return right ? std::optional(header) : std::nullopt;
}

bool header_is_good(const Fd& index) {
    const auto first = read_header(index, 0, 0);
    const auto second = first ? read_header(index, 1, first->page_bytes) : std::nullopt;
    struct stat st{};
    if (!second || second->page_bytes != first->page_bytes || ::fstat(index.get(), &st) != 0)
        return false;
    const Header& newest = second->transaction > first->transaction ? *second : *first;
    const std::uint64_t wanted = (newest.last_page + 1) * newest.page_bytes;
    return wanted <= static_cast<std::uint64_t>(st.st_size) + kUnwrittenBytes;
}

/// A walk over the lists of free pages, C all the way: it touches the map itself.
struct FreeLists {
    MDB_txn* txn = nullptr;
    MDB_cursor* cursor = nullptr;
    std::uint64_t from = 0;      ///< the first list that counts
    std::uint64_t last_page = 0; ///< of the file
    std::uint64_t pages = 0;     ///< out
    bool good = true;            ///< out
};

bool list_is_good(const MDB_val& value, std::uint64_t last_page) {
    const auto* words = static_cast<const std::size_t*>(value.mv_data);
    const std::size_t room = value.mv_size / sizeof(std::size_t);
    if (room == 0 || words[0] > room - 1)
        return false;
    for (std::size_t i = 1; i <= words[0]; ++i) // from the last page to the first, after two metas
        if (words[i] < 2 || words[i] > last_page || (i > 1 && words[i] >= words[i - 1]))
            return false;
    return true;
}

int walk(MDB_env* env, FreeLists& lists) {
    int rc = mdb_txn_begin(env, nullptr, MDB_RDONLY, &lists.txn);
    MDB_envinfo info{};
    if (rc == 0)
        rc = mdb_env_info(env, &info);
    lists.last_page = info.me_last_pgno;
    if (rc == 0)
        rc = mdb_cursor_open(lists.txn, 0, &lists.cursor);
    std::uint64_t before = 0;
    MDB_val key{sizeof lists.from, &lists.from};
    MDB_val value{};
    for (rc = rc == 0 ? mdb_cursor_get(lists.cursor, &key, &value, MDB_SET_RANGE) : rc; rc == 0;
         rc = mdb_cursor_get(lists.cursor, &key, &value, MDB_NEXT)) {
        std::uint64_t transaction = 0;
        lists.good = key.mv_size == sizeof transaction && list_is_good(value, lists.last_page);
        if (lists.good)
            std::memcpy(&transaction, key.mv_data, sizeof transaction);
        lists.good = lists.good && transaction > before;
        if (!lists.good)
            return 0;
        before = transaction;
        lists.pages += *static_cast<const std::size_t*>(value.mv_data);
        if (lists.pages > lists.last_page) {
            lists.good = false;
            return 0;
        }
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

Result<std::uint64_t> free_pages(MDB_env* env, std::uint64_t from) {
    FreeLists lists;
    lists.from = from;
    const int rc = lmdb::run([&] { return walk(env, lists); });
    (void)lmdb::run([&] {
        if (lists.cursor != nullptr)
            mdb_cursor_close(lists.cursor);
        if (lists.txn != nullptr)
            mdb_txn_abort(lists.txn);
        return 0;
    });
    if (rc == ETIMEDOUT || rc == MDB_READERS_FULL || rc == ENOMEM)
        return fail(rc == ENOMEM ? Errc::out_of_memory : Errc::unavailable,
                    "index: read free pages: {}", mdb_strerror(rc));
    if (rc != 0 || !lists.good)
        return fail(damaged_index("its lists of free pages are damaged"));
    return lists.pages;
}

/// The rows of LMDB's own listing: number, thread (hexadecimal), transaction or "-".
struct Listing {
    Reader oldest;
    pid_t wanted = 0;
    bool found = false;
};

std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \n"), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(" \n"));
    line.remove_prefix(word.size());
    return word;
}

int read_row(const char* text, void* context) {
    auto& listing = *static_cast<Listing*>(context);
    std::string_view line = text;
    const std::string_view number = take_word(line);
    take_word(line);
    const std::string_view state = take_word(line);
    Reader reader;
    std::from_chars(number.data(), number.data() + number.size(), reader.number);
    listing.found = listing.found || (reader.number != 0 && reader.number == listing.wanted);
    const auto [at, error] =
        std::from_chars(state.data(), state.data() + state.size(), reader.state);
    if (reader.number != 0 && error == std::errc() && at == state.data() + state.size() &&
        (listing.oldest.number == 0 || reader.state < listing.oldest.state))
        listing.oldest = reader;
    return 0;
}

Result<Listing> list_readers(MDB_env* env, pid_t wanted) {
    Listing listing;
    listing.wanted = wanted;
    const int rc = lmdb::run([&] { return mdb_reader_list(env, read_row, &listing); });
    if (rc < 0)
        return fail(Errc::io, "index.mdb-lock: cannot be read");
    return listing;
}

} // namespace

Error damaged_index(std::string_view what) {
    return Error(Errc::repo_damaged, fmt::format("index: {}", what)).remedy(Remedy::rebuild_index);
}

Result<void> check_header(const Fd& index, const std::string& path) {
    // A writer changes one of both pages in one write; only a machine that shows half of it is the
    // reason to look again.
    for (int pass = 0; pass < 3; ++pass)
        if (header_is_good(index))
            return {};
    // A read that fails says nothing about what is there.
    std::array<std::uint8_t, std::size_t{8} << 10> pages{};
    CODEX_CHECK(pread_full(index.get(), pages, 0, path));
    struct stat st{};
    const bool empty = ::fstat(index.get(), &st) == 0 && st.st_size == 0;
    return fail(Error(Errc::repo_damaged,
                      fmt::format("{}: {}", path, empty ? "is empty" : "is cut short, or no index"))
                    .remedy(Remedy::rebuild_index));
}

Result<void> check_free_lists(MDB_env* env) {
    CODEX_CHECK(free_pages(env, 0));
    return {};
}

Result<Reader> oldest_reader(MDB_env* env) {
    CODEX_TRY(listing, list_readers(env, 0));
    return listing.oldest;
}

Result<bool> is_registered(MDB_env* env, pid_t number) {
    CODEX_TRY(listing, list_readers(env, number));
    return listing.found;
}

Result<bool> is_half_made(MDB_env* env) {
    MDB_envinfo info{};
    std::size_t id = 0;
    const int rc = lmdb::run([&] {
        MDB_txn* txn = nullptr;
        int code = mdb_env_info(env, &info); // before, since it only grows
        if (code == 0)
            code = mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn);
        if (code == 0) {
            id = mdb_txn_id(txn);
            mdb_txn_abort(txn);
        }
        return code;
    });
    if (rc == lmdb::kFault)
        return fail(damaged_index("cannot be examined"));
    // Who commits writes the index first, then the table: one less is nothing.
    return rc == 0 && info.me_last_txnid != 0 && (id == 0 || id + 1 < info.me_last_txnid);
}

Result<std::uint64_t> bytes_kept_for(MDB_env* env, std::uint64_t state) {
    CODEX_TRY(pages, free_pages(env, state));
    MDB_stat stat{};
    if (lmdb::run([&] { return mdb_env_stat(env, &stat); }) != 0)
        return fail(damaged_index("cannot be examined"));
    return pages * stat.ms_psize;
}

} // namespace codex::repo::detail
