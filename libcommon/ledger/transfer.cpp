// A ledger as one file (codex-ledger(5), EXPORT).
#include "ledger/detail/making.hpp"
#include "ledger/detail/parts.hpp"
#include "ledger/detail/rows.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace codex::ledger {

namespace {

constexpr std::string_view kMagic = "codex-ledger 1\n";
constexpr std::string_view kAnyMagic = "codex-ledger ";
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

Unexpected<Error> cut_off(const ByteSource& source) {
    return fail(Errc::ledger_damaged, "{}: is cut off at byte {}", source.name(),
                source.bytes_read());
}

Result<Bytes> take(ByteSource& source, std::size_t size) {
    Bytes bytes(size);
    CODEX_TRY(got, source.read(bytes));
    if (got != size)
        return cut_off(source);
    return bytes;
}

Result<std::string> take_genesis(ByteSource& source) {
    CODEX_TRY(magic, take(source, kMagic.size()));
    if (as_text(magic) != kMagic && as_text(magic).starts_with(kAnyMagic))
        return fail(Errc::ledger_version, "{}: was exported by another version", source.name());
    if (as_text(magic) != kMagic)
        return fail(Errc::ledger_damaged, "{}: is no ledger that was exported", source.name());
    CODEX_TRY(length, take(source, 4));
    const std::size_t size = load_be<std::uint32_t>(length.data());
    if (size > Genesis::kMostBytes)
        return fail(Errc::ledger_damaged, "{}: a genesis of {} bytes", source.name(), size);
    CODEX_TRY(text, take(source, size));
    return std::string(as_text(text));
}

/// Ends with how many there are, and the hash of the last one.
struct Ending {
    std::uint64_t sequence = 0;
    Digest hash{};
};

/// Records, as they are, up to the ending. What is in them is looked at afterwards.
Result<Ending> take_records(ByteSource& source, const std::string& journal, const Job& job) {
    CODEX_TRY(file, open_file(journal, O_WRONLY | O_NOFOLLOW));
    Bytes gathered;
    std::uint64_t sequence = 0;
    for (;;) {
        CODEX_CHECK(job.go_on());
        CODEX_TRY(bytes, take(source, 4));
        const bool more = load_be<std::uint32_t>(bytes.data()) != 0;
        if (more) {
            auto size = record_bytes(bytes);
            if (!size)
                return fail(
                    detail::damage(sequence + 1, 0, size.error().text()).context(source.name()));
            CODEX_TRY(rest, take(source, **size - bytes.size()));
            append(gathered, bytes);
            append(gathered, rest);
            ++sequence;
        }
        if (!more || gathered.size() >= kPieceBytes) {
            CODEX_CHECK(write_full(file.get(), gathered, journal));
            job.advance(gathered.size());
            gathered.clear();
        }
        if (more)
            continue;
        if (::fsync(file.get()) != 0)
            return fail(system_error(errno, "sync " + journal));
        CODEX_TRY(end, take(source, 8 + Digest().size()));
        std::array<std::uint8_t, 1> behind{};
        CODEX_TRY(left, source.read(behind));
        if (left != 0)
            return fail(Errc::ledger_damaged, "{}: has something behind its end", source.name());
        detail::Reader from(end);
        Ending ending;
        ending.sequence = from.u64();
        ending.hash = from.digest();
        return ending;
    }
}

} // namespace

Result<Head> Ledger::export_to(ByteSink& sink, const Job& job) const {
    detail::Place place;
    {
        CODEX_TRY(current, parts_->current());
        place = current.mark.place;
    }
    const std::string text = genesis().text();
    CODEX_CHECK(sink.write(detail::Writer()
                               .put(as_bytes(kMagic))
                               .put(static_cast<std::uint32_t>(text.size()))
                               .put(as_bytes(text))
                               .bytes()));
    job.expect(place.end);
    Bytes piece(kPieceBytes);
    for (std::uint64_t at = 0; at < place.end;) {
        CODEX_CHECK(job.go_on());
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, place.end - at));
        CODEX_TRY(got, parts_->journal->read(MutableBytes(piece).first(size), at));
        if (got != size)
            return fail(Errc::ledger_damaged, "{}: ends at byte {}", parts_->journal->path(),
                        at + got);
        CODEX_CHECK(sink.write(BytesView(piece).first(size)));
        job.advance(size);
        at += size;
    }
    CODEX_CHECK(sink.write(
        detail::Writer().put(std::uint32_t{0}).put(place.sequence).put(place.hash).bytes()));
    CODEX_CHECK(sink.flush());
    return detail::head_of(place, genesis());
}

Result<std::unique_ptr<Ledger>> Ledger::import_from(ByteSource& source, const std::string& path,
                                                    const Options& options, const Job& job) {
    CODEX_TRY(making, detail::Making::begin(path));
    CODEX_TRY(text, take_genesis(source));
    auto genesis = Genesis::from_text(text);
    if (!genesis)
        return fail(std::move(genesis).error().context(source.name()));
    CODEX_CHECK(making.write_genesis(text));
    CODEX_TRY(ending, take_records(source, making.folder() + "/journal", job));
    {
        Options with = options;
        with.pool = job.executor();
        Parts parts(making.folder(), Access::write, with);
        CODEX_CHECK(parts.open());
        CODEX_TRY(size, parts.journal->size());
        // So that nothing of it is taken for what was never acknowledged, and cut.
        CODEX_CHECK(parts.durable->ensure(size));
        auto current = parts.current();
        if (!current)
            return fail(std::move(current).error().context(source.name()));
        const auto& place = current->mark.place;
        if (place.sequence != ending.sequence || place.hash != ending.hash)
            return fail(Errc::ledger_damaged, "{}: does not end as it says", source.name());
    }
    CODEX_CHECK(job.go_on());
    CODEX_CHECK(making.finish());
    return open(path, Access::write, options);
}

} // namespace codex::ledger
