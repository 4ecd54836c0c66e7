#include "ledger/detail/durable.hpp"

#include "crypto/hash/keccak256.hpp"
#include "ledger/detail/own_file.hpp"
#include "ledger/detail/place.hpp"
#include "ledger/detail/rows.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

namespace codex::ledger::detail {

namespace {

/// Two parts, each written by who is inside another gate: two numbers, and a checksum, for readers
/// are inside none.
constexpr std::size_t kPartBytes = 24;
constexpr std::uint64_t kAppendedAt = 0; ///< up to where there are records, in which boot
constexpr std::uint64_t kSyncedAt = 64;  ///< up to where they are on the disk; 1: a sync began
constexpr std::size_t kFileBytes = 128;

std::uint64_t first_eight(BytesView bytes) {
    return load_be<std::uint64_t>(crypto::keccak256(bytes).data());
}

Bytes part(std::uint64_t a, std::uint64_t b) {
    Writer made;
    made.put(a).put(b);
    const std::uint64_t check = first_eight(made.bytes());
    return std::move(made.put(check)).bytes();
}

} // namespace

Bytes Durable::first_content() {
    Bytes content(kFileBytes);
    std::ranges::copy(part(0, 0), content.begin() + kAppendedAt);
    std::ranges::copy(part(0, 0), content.begin() + kSyncedAt);
    return content;
}

Result<std::unique_ptr<Durable>> Durable::open(const std::string& folder, const Journal& journal,
                                               bool writable, const std::string& boot,
                                               const repo::OpenOptions& around) {
    std::unique_ptr<Durable> made(new Durable(journal, around.disk));
    made->path_ = folder + "/durable";
    made->boot_ = first_eight(as_bytes(boot));
    // It is made anew where it is lost: what it says is a hint.
    auto opened = open_own_file(made->path_, writable ? O_RDWR | O_CREAT : O_RDONLY);
    if (!opened && (writable || opened.error().code() != Errc::not_found))
        return fail(std::move(opened).error());
    if (opened)
        made->fd_ = std::move(*opened);
    if (writable) {
        CODEX_CHECK(require_own_file(folder + "/lock-sync"));
        auto gate = repo::Gate::open(folder + "/lock-sync", around);
        if (!gate)
            return fail(as_ledgers(std::move(gate).error()));
        made->gate_ = std::move(*gate);
    }
    return made;
}

/// Nothing, where it is none, or stays half written.
std::optional<Bytes> Durable::read_part(std::uint64_t offset) const {
    constexpr int kTries = 100; // another one may be writing it
    Bytes bytes(kPartBytes);
    for (int i = 0; fd_ && i < kTries; ++i) {
        const auto got = pread_full(fd_.get(), bytes, offset, path_);
        if (!got || *got != kPartBytes)
            return std::nullopt;
        if (first_eight(BytesView(bytes).first(16)) == load_be<std::uint64_t>(&bytes[16]))
            return bytes;
    }
    return std::nullopt;
}

Result<void> Durable::write_part(std::uint64_t offset, std::uint64_t a, std::uint64_t b) const {
    Bytes bytes = part(a, b);
    const iovec whole{bytes.data(), bytes.size()};
    if (disk_.pwritev(fd_.get(), &whole, 1, static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(bytes.size()))
        return fail(system_error(errno, "write " + path_));
    return {};
}

Durable::Synced Durable::synced() const {
    const auto bytes = read_part(kSyncedAt);
    if (!bytes)
        return {};
    Reader part(*bytes);
    const std::uint64_t to = part.u64();
    return {to, part.u64() != 0};
}

std::uint64_t Durable::appended() const {
    const auto bytes = read_part(kAppendedAt);
    if (!bytes)
        return 0;
    Reader part(*bytes);
    const std::uint64_t to = part.u64();
    return part.u64() == boot_ ? to : 0;
}

std::uint64_t Durable::known() const {
    return synced().bytes;
}

bool Durable::appended_in_this_boot() const {
    const auto bytes = read_part(kAppendedAt);
    return bytes && Reader(BytesView(*bytes).subspan(8)).u64() == boot_;
}

/// Who syncs next takes his own end where this is lost.
void Durable::note_appended(std::uint64_t end) const {
    (void)write_part(kAppendedAt, end, boot_);
}

Result<void> Durable::begin_boot(std::uint64_t end) const {
    CODEX_CHECK(ensure(end));
    CODEX_CHECK(write_part(kAppendedAt, end, boot_));
    // From now on no crash takes away what this says of records that are there now.
    if (disk_.fdatasync(fd_.get()) != 0)
        return fail(system_error(errno, "sync " + path_));
    return {};
}

Result<void> Durable::ensure(std::uint64_t end) const {
    if (known() >= end)
        return {};
    if (!gate_) // nobody writes here, or somebody who may
        return journal_.sync();
    auto turn = gate_->enter();
    if (!turn)
        return fail(as_ledgers(std::move(turn).error()));
    const Synced before = synced();
    if (before.bytes >= end)
        return {};
    const std::uint64_t target = std::max(end, appended());
    if (before.under_way)
        CODEX_CHECK(write_again(before.bytes, target));
    CODEX_CHECK(write_part(kSyncedAt, before.bytes, 1));
    CODEX_CHECK(journal_.sync());
    (void)write_part(kSyncedAt, target, 0); // else the next one syncs once more
    return {};
}

/// After a sync that failed, or was killed, the system may hold pages for written that are not, and
/// even have read them anew from the disk: so they have to be records still.
Result<void> Durable::write_again(std::uint64_t begin, std::uint64_t end) const {
    std::optional<Digest> last;
    Bytes bytes(Record::kMostBytes);
    for (std::uint64_t at = begin; at < end;) {
        CODEX_TRY(got, journal_.read(bytes, at));
        const auto size = record_bytes(BytesView(bytes).first(got));
        const bool whole = size && *size && **size <= got;
        const auto record = whole ? decode_record(BytesView(bytes).first(**size))
                                  : Result<Record>(fail(Errc::record_invalid));
        if (!record || (last && record->previous != *last))
            return fail(Errc::io, "sync {}: byte {} was written, and is not there any more",
                        journal_.path(), at);
        last = record->hash();
        at += **size;
    }
    return journal_.write_again(begin, end);
}

} // namespace codex::ledger::detail
