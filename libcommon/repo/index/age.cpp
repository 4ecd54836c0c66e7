#include "repo/index/age.hpp"

#include "base/endian.hpp"
#include "base/fd.hpp"
#include "repo/segments/crc32c.hpp"
#include "repo/segments/own_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

// "CXA1", CRC-32C of the rest, lineage, transaction.
constexpr std::array<std::uint8_t, 4> kMagic = {'C', 'X', 'A', '1'};
constexpr std::size_t kCrcAt = 4;
constexpr std::size_t kLineageAt = 8;
constexpr std::size_t kTransactionAt = 16;
constexpr std::size_t kBytes = 24;

BytesView lineage_key() {
    return as_bytes("lineage");
}

std::string path_of(const std::string& directory) {
    return directory + "/age";
}

Result<std::uint64_t> find_lineage(const Txn& txn) {
    CODEX_TRY(value, txn.get(Table::meta, lineage_key()));
    if (!value)
        return std::uint64_t{0};
    if (value->size() != sizeof(std::uint64_t))
        return fail(Errc::repo_damaged, "index: table meta: the lineage makes no sense");
    return load_le<std::uint64_t>(value->data());
}

} // namespace

Result<std::uint64_t> ensure_lineage(Txn& txn) {
    CODEX_TRY(known, find_lineage(txn));
    if (known != 0)
        return known;
    std::uint64_t lineage = 0;
    while (lineage == 0)
        if (::getrandom(&lineage, sizeof lineage, 0) != static_cast<ssize_t>(sizeof lineage))
            return fail(system_error(errno, "random number"));
    std::array<std::uint8_t, sizeof lineage> value{};
    store_le(value.data(), lineage);
    CODEX_CHECK(txn.put(Table::meta, lineage_key(), value));
    return lineage;
}

void record_age(const std::string& repo_path, const IndexAge& age) {
    // Another process may have been faster with a later transaction.
    if (const auto now = recorded_age(repo_path);
        now && now->lineage == age.lineage && now->transaction >= age.transaction)
        return;
    std::array<std::uint8_t, kBytes> bytes{};
    std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
    store_le(bytes.data() + kLineageAt, age.lineage);
    store_le(bytes.data() + kTransactionAt, age.transaction);
    store_le(bytes.data() + kCrcAt, crc32c(BytesView(bytes).subspan(kLineageAt)));
    if (auto file = open_own_file(path_of(repo_path), O_RDWR | O_CREAT))
        (void)!::pwrite(file->get(), bytes.data(), bytes.size(), 0);
}

std::optional<IndexAge> recorded_age(const std::string& repo_path) {
    const auto file = open_own_file(path_of(repo_path), O_RDONLY);
    std::array<std::uint8_t, kBytes> bytes{};
    if (!file)
        return std::nullopt;
    const auto got = pread_full(file->get(), bytes, 0, "age");
    if (!got || *got != bytes.size() || !equal(BytesView(bytes).first(kMagic.size()), kMagic) ||
        load_le<std::uint32_t>(bytes.data() + kCrcAt) !=
            crc32c(BytesView(bytes).subspan(kLineageAt)))
        return std::nullopt;
    return IndexAge{load_le<std::uint64_t>(bytes.data() + kLineageAt),
                    load_le<std::uint64_t>(bytes.data() + kTransactionAt)};
}

Result<void> forget_age(const std::string& repo_path) {
    const std::string path = path_of(repo_path);
    if (::unlink(path.c_str()) != 0)
        return errno == ENOENT ? Result<void>() : fail(system_error(errno, "remove " + path));
    return sync_directory(repo_path);
}

Result<void> require_current(const Env& env, const std::string& repo_path) {
    // Before the index is looked at: it only grows, so that this cannot make it look old.
    const auto age = recorded_age(repo_path);
    if (!age)
        return {};
    CODEX_TRY(txn, env.read());
    CODEX_TRY(lineage, find_lineage(txn));
    if (lineage == age->lineage && txn.id() >= age->transaction)
        return {};
    return fail(Error(Errc::repo_damaged,
                      "index.mdb: is older than the segments: it does not know what "
                      "was stored and removed since it was copied")
                    .hint("make it anew from the segments: codex-chunk verify --rebuild-index"));
}

} // namespace codex::repo::detail
