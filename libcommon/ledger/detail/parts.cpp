#include "ledger/detail/parts.hpp"

#include "base/folder_place.hpp"
#include "base/temporary.hpp"
#include "crypto/hash/keccak256.hpp"
#include "ledger/detail/own_file.hpp"
#include "ledger/detail/pipeline.hpp"
#include "market/contract/groth16_verifier.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::ledger {

using detail::Mark;
using repo::Tables;

namespace detail {

std::string state_folder(const std::string& path) {
    return path + "/state";
}

std::string state_file(const std::string& path) {
    return state_folder(path) + "/state.mdb";
}

std::string boot_of_system() {
    const auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
    return text ? std::string(as_text(*text)) : std::string("unknown");
}

} // namespace detail

namespace {

repo::OpenOptions around_of(const Options& options) {
    repo::OpenOptions around;
    around.lock_timeout_seconds = options.lock_timeout_seconds;
    around.clock = options.clock;
    around.random = options.random;
    around.disk = options.disk;
    around.log = options.log;
    return around;
}

Result<Bytes> read_genesis(const std::string& path) {
    CODEX_TRY(file, detail::open_own_file(path, O_RDONLY));
    return read_all(file.get(), path, Genesis::kMostBytes);
}

bool may_write(const std::string& path) {
    return ::access(path.c_str(), W_OK) == 0;
}

/// Of a file that is not the user's to write, where that is why.
Unexpected<Error> with_way_out(Error error) {
    return fail(std::move(error).remedy(Remedy::verify_ledger));
}

} // namespace

Ledger::Parts::Parts(std::string of, Access how, const Options& with)
    : path(std::move(of)), access(how), options(with), around(around_of(with)),
      boot(with.boot.empty() ? detail::boot_of_system() : with.boot) {}

Result<void> Ledger::Parts::open() {
    if (const std::string why = obstacle_to_folder(path); !why.empty())
        return fail(
            Error(Errc::ledger_missing, fmt::format("{}: no ledger is there: {}", path, why))
                .remedy(Remedy::name_ledger));
    auto text = read_genesis(path + "/genesis");
    if (!text && text.error().code() == Errc::not_found)
        return fail(Error(Errc::ledger_missing, fmt::format("{}: no ledger is there", path))
                        .remedy(Remedy::make_ledger)
                        .remedy(Remedy::name_ledger));
    if (!text && text.error().code() == Errc::limit_exceeded)
        return fail(Errc::ledger_damaged, "{}", text.error().text());
    if (!text)
        return fail(std::move(text).error());
    auto read = Genesis::from_text(as_text(*text));
    if (!read)
        return fail(std::move(read).error().context(path + "/genesis"));
    genesis = std::move(*read);
    genesis_hash = crypto::keccak256(*text);
    if (genesis.verifier == VerifierKind::groth16) {
        CODEX_TRY(key, snark::verifying_key_from_json(genesis.verifying_key));
        verifier = std::make_unique<market::Groth16Verifier>(std::move(key));
    } else {
        verifier = std::make_unique<market::TestVerifier>();
    }
    market::Contracts::Options of;
    of.configuration = genesis.configuration;
    of.token = genesis.token;
    of.marketplace = genesis.marketplace;
    of.vault = genesis.vault;
    of.vault_owner = genesis.vault_owner;
    of.verifier = verifier.get();
    contracts.emplace(std::move(of));

    writable = may_write(path) && may_write(path + "/journal");
    CODEX_TRY(opened, detail::Journal::open(path + "/journal", writable, options.disk));
    if (access == Access::write && !writable)
        return fail(Errc::permission, "{}: may not be written", path);
    journal.emplace(std::move(opened));
    CODEX_SET(durable, detail::Durable::open(path, *journal, writable, boot, around));
    if (writable) {
        CODEX_CHECK(detail::require_own_file(path + "/lock"));
        auto made = repo::Gate::open(path + "/lock", around);
        if (!made)
            return fail(detail::as_ledgers(std::move(made).error()));
        gate = std::move(*made);
    }
    return {};
}

Mark Ledger::Parts::first_mark() const {
    Mark mark;
    mark.genesis = genesis_hash;
    mark.boot = load_be<std::uint64_t>(crypto::keccak256(as_bytes(boot)).data());
    mark.device = journal->device();
    mark.inode = journal->inode();
    mark.place = {0, genesis_hash, kFirstBlock, 0, 0};
    return mark;
}

/// It says that it is of this journal and this run of the machine, and its last record is there.
bool Ledger::Parts::is_ours(const Mark& mark) const {
    const Mark first = first_mark();
    if (mark.genesis != first.genesis || mark.boot != first.boot || mark.device != first.device ||
        mark.inode != first.inode)
        return false;
    if (mark.place.sequence == 0)
        return mark.place == first.place;
    {
        const std::lock_guard lock(mutex_);
        if (trusted_ == mark.place)
            return true;
    }
    const std::uint64_t size = mark.place.end - mark.place.begin;
    if (mark.place.end < mark.place.begin || size > Record::kMostBytes)
        return false;
    Bytes bytes(static_cast<std::size_t>(size));
    const auto got = journal->read(bytes, mark.place.begin);
    const auto record =
        got && *got == size ? decode_record(bytes) : Result<Record>(fail(Errc::record_invalid));
    if (!record || record->sequence != mark.place.sequence || record->hash() != mark.place.hash)
        return false;
    const std::lock_guard lock(mutex_);
    trusted_ = mark.place;
    return true;
}

std::uint64_t Ledger::Parts::block_now(const Mark& mark) const {
    if (genesis.clock == ClockKind::manual)
        return mark.place.block;
    return std::max(mark.place.block, genesis.block_at(options.clock.get().unix_seconds()));
}

void Ledger::Parts::forget_state() const {
    const std::lock_guard lock(mutex_);
    broken_ = true;
    tables_.reset();
}

// --- the state ----------------------------------------------------------------------------------

/// The one that is there. Errors: repo_damaged, where it is none.
Result<std::shared_ptr<const Tables>> Ledger::Parts::there() const {
    const std::lock_guard lock(mutex_);
    if (broken_)
        return fail(Errc::repo_damaged, "state: was found to be broken");
    if (tables_ && tables_->is_in_place())
        return tables_;
    tables_.reset();
    struct stat st{};
    if (::stat(detail::state_file(path).c_str(), &st) != 0)
        return fail(Errc::repo_damaged, "state: is missing");
    repo::OpenOptions how = around;
    how.read_only = !writable;
    CODEX_TRY(opened, Tables::open(detail::state_file(path), detail::kStateOptions, how));
    tables_ = std::move(opened);
    return tables_;
}

/// For who is inside the gate.
Result<std::shared_ptr<const Tables>> Ledger::Parts::anew() const {
    std::shared_ptr<const Tables> made;
    {
        const std::lock_guard lock(mutex_);
        tables_.reset();
        trusted_ = {};
        const std::string folder = detail::state_folder(path);
        if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
            return fail(system_error(errno, "create " + folder));
        const std::string file = detail::state_file(path);
        for (const std::string& name : {file, file + "-lock"})
            CODEX_CHECK(detail::require_no_folder(name));
        repo::OpenOptions how = around;
        how.create = true;
        CODEX_TRY(opened, Tables::open(file, detail::kStateOptions, how));
        tables_ = std::move(opened);
        made = tables_;
        broken_ = false;
    }
    detail::Replay replay(genesis, *contracts, first_mark(), {});
    CODEX_CHECK(replay.begin(*made));
    return made;
}

/// What is wrong behind all that was ever on the disk was never acknowledged.
Result<void> Ledger::Parts::go_through(const Tables& tables, Mark& mark, std::uint64_t end,
                                       bool may_cut) const {
    const std::uint64_t known = durable->known();
    const Job job(options.pool);
    detail::Replay replay(genesis, *contracts, mark, {});
    detail::Walk walk(*journal, mark.place.end, end, true);
    auto done = detail::Pipeline(walk, tables, replay, job).run();
    mark = replay.mark();
    if (done || done.error().code() != Errc::ledger_damaged)
        return done;
    if (mark.place.end < known || !may_cut)
        return with_way_out(std::move(done).error().context(path));
    options.log.warn("Cutting off what was not written whole",
                     {{"path", journal->path()}, {"bytes", end - mark.place.end}});
    return journal->cut(mark.place.end);
}

/// For who is inside the gate.
Result<std::shared_ptr<const Tables>> Ledger::Parts::forward() const {
    CODEX_TRY(end, journal->size());
    if (end < durable->known())
        return with_way_out(
            Error(Errc::ledger_damaged,
                  fmt::format("{}: ends at byte {}, where there were records up to byte {}",
                              journal->path(), end, durable->known())));
    auto tables = there();
    std::optional<Mark> mark;
    if (tables) {
        CODEX_TRY(view, (*tables)->read());
        CODEX_SET(mark, detail::mark_of(view));
    } else if (tables.error().code() != Errc::repo_damaged) {
        return fail(std::move(tables).error());
    }
    if (!mark || !is_ours(*mark) || mark->place.end > end) {
        CODEX_SET(tables, anew());
        mark = first_mark();
        CODEX_TRY(view, (*tables)->read());
        CODEX_SET(mark, detail::mark_of(view));
        CODEX_ASSERT(mark.has_value());
    }
    if (mark->place.end != end)
        CODEX_CHECK(go_through(**tables, *mark, end, true));
    if (!durable->appended_in_this_boot())
        CODEX_CHECK(durable->begin_boot(mark->place.end));
    return std::move(*tables);
}

Result<void> Ledger::Parts::still_here() const {
    struct stat st{};
    if (::stat(journal->path().c_str(), &st) == 0) {
        if (st.st_dev == journal->device() && st.st_ino == journal->inode())
            return {};
        return fail(
            Error(Errc::ledger_missing, fmt::format("{}: another ledger is there by now", path))
                .hint("give the command again, for the one that is there"));
    }
    if (errno != ENOENT && errno != ENOTDIR)
        return fail(system_error(errno, "look at " + journal->path()));
    return fail(Error(Errc::ledger_missing, fmt::format("{}: the ledger is gone", path))
                    .remedy(Remedy::name_ledger));
}

Result<Ledger::Parts::Inside> Ledger::Parts::enter() const {
    auto turn = gate->enter();
    CODEX_CHECK(still_here()); // else nobody would ever see what is appended
    if (!turn)
        return fail(detail::as_ledgers(std::move(turn).error()));
    auto tables = forward();
    if (!tables && tables.error().code() == Errc::repo_damaged) {
        forget_state(); // and made again at once
        tables = forward();
    }
    if (!tables)
        return fail(detail::as_ledgers(std::move(tables).error()));
    return Inside{std::move(*turn), std::move(*tables)};
}

/// Nothing, where it is not to be had as it is.
Result<std::optional<Ledger::Parts::Current>> Ledger::Parts::kept() const {
    auto tables = there();
    if (!tables && tables.error().code() == Errc::repo_damaged)
        return std::nullopt;
    if (!tables)
        return fail(detail::as_ledgers(std::move(tables).error()));
    auto view = (*tables)->read();
    auto mark = view ? detail::mark_of(*view) : fail(std::move(view).error());
    if (!mark && mark.error().code() == Errc::repo_damaged) {
        forget_state();
        return std::nullopt;
    }
    if (!mark)
        return fail(detail::as_ledgers(std::move(mark).error()));
    if (!*mark || !is_ours(**mark) || (*mark)->place.end < durable->known())
        return std::nullopt;
    CODEX_TRY(size, journal->size());
    if (size < (*mark)->place.end) // it was cut
        return std::nullopt;
    return Current{std::move(*tables), std::move(*view), **mark};
}

/// In a file without a name, for who may not write here.
Result<Ledger::Parts::Current> Ledger::Parts::replayed() const {
    const std::lock_guard lock(mutex_);
    if (!scratch_) {
        CODEX_TRY(made, Tables::open_scratch(temporary_folder(), detail::kStateOptions, around));
        detail::Replay replay(genesis, *contracts, first_mark(), {});
        CODEX_CHECK(replay.begin(*made));
        scratch_ = std::move(made);
        scratch_mark_ = replay.mark();
    }
    CODEX_TRY(size, journal->size());
    const std::uint64_t known = durable->known();
    if (size < known)
        return fail(Errc::ledger_damaged, "{}: ends at byte {}, where there were records up to {}",
                    journal->path(), size, known);
    if (scratch_mark_.place.end < size) {
        auto done = go_through(*scratch_, scratch_mark_, size, false);
        // What is wrong behind that is being written, or will be cut by who may.
        if (!done &&
            (done.error().code() != Errc::ledger_damaged || scratch_mark_.place.end < known))
            return fail(std::move(done).error());
    }
    CODEX_TRY(view, scratch_->read());
    return Current{scratch_, std::move(view), scratch_mark_};
}

Result<Ledger::Parts::Current> Ledger::Parts::current() const {
    auto found = look();
    if (!found) // whatever was missed of it
        CODEX_CHECK(still_here());
    return found;
}

Result<Ledger::Parts::Current> Ledger::Parts::look() const {
    const auto on_the_disk = [this](Current found) -> Result<Current> {
        CODEX_CHECK(durable->ensure(found.mark.place.end));
        return found;
    };
    CODEX_TRY(there, kept());
    if (there)
        return on_the_disk(std::move(*there));
    if (!writable) {
        CODEX_TRY(made, replayed());
        return on_the_disk(std::move(made));
    }
    // Who only reads needs no room there, as who may not write.
    if (auto inside = enter(); !inside) {
        if (inside.error().code() != Errc::no_space)
            return fail(std::move(inside).error());
        CODEX_TRY(made, replayed());
        return on_the_disk(std::move(made));
    }
    CODEX_TRY(brought, kept());
    if (brought)
        return on_the_disk(std::move(*brought));
    return fail(Errc::ledger_damaged, "{}: is not what was written to it",
                detail::state_file(path));
}

/// Who appends reads the clock inside the gate. So who reads it there, too, has seen all records of
/// blocks before it, also those of one who was stopped for a while.
Result<Ledger::Parts::CurrentBlock> Ledger::Parts::current_block() const {
    if (genesis.clock == ClockKind::manual || !writable) {
        CODEX_TRY(there, current());
        const std::uint64_t block = block_now(there.mark);
        return CurrentBlock{std::move(there), block};
    }
    const auto look = [this]() -> Result<CurrentBlock> {
        CODEX_TRY(inside, enter());
        CODEX_TRY(view, inside.tables->read());
        CODEX_TRY(mark, detail::mark_of(view));
        if (!mark)
            return fail(Errc::repo_damaged, "state: has no mark");
        const std::uint64_t block = block_now(*mark);
        return CurrentBlock{{std::move(inside.tables), std::move(view), *mark}, block};
    };
    CODEX_TRY(seen, look());
    CODEX_CHECK(durable->ensure(seen.current.mark.place.end));
    return seen;
}

} // namespace codex::ledger
