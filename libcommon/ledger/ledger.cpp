// Making and opening ledgers, and where they stand.
#include "ledger/ledger.hpp"

#include "ledger/detail/making.hpp"
#include "ledger/detail/parts.hpp"

#include <charconv>

namespace codex::ledger {

Ledger::Ledger(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::create(const std::string& path, const Genesis& genesis,
                                               const Options& options) {
    CODEX_CHECK(genesis.check());
    CODEX_TRY(made, detail::Making::begin(path));
    CODEX_CHECK(made.write_genesis(genesis.text()));
    CODEX_CHECK(made.finish());
    return open(path, Access::write, options);
}

Result<std::unique_ptr<Ledger>> Ledger::open(const std::string& path, Access access,
                                             const Options& options) {
    auto parts = std::make_unique<Parts>(path, access, options);
    CODEX_CHECK(parts->open());
    return std::unique_ptr<Ledger>(new Ledger(std::move(parts)));
}

const std::string& Ledger::path() const {
    return parts_->path;
}
const Genesis& Ledger::genesis() const {
    return parts_->genesis;
}
const market::Contracts& Ledger::contracts() const {
    return *parts_->contracts;
}

Result<Head> Ledger::head() const {
    CODEX_TRY(current, parts_->current());
    return detail::head_of(current.mark.place, parts_->genesis);
}

Result<ethereum::UInt256> Ledger::digest() const {
    CODEX_TRY(current, parts_->current());
    return current.mark.digest;
}

std::string Cursor::text() const {
    return fmt::format("{}.{}", sequence, index);
}

Result<Cursor> Cursor::from_text(std::string_view text) {
    const auto refused = [&] {
        return fail(Errc::argument_invalid,
                    "'{}' is no cursor: a record and an event of it, as 12.0", text);
    };
    Cursor read;
    const char* const end = text.data() + text.size();
    const auto sequence = std::from_chars(text.data(), end, read.sequence);
    if (sequence.ec != std::errc() || sequence.ptr == end || *sequence.ptr != '.')
        return refused();
    const auto index = std::from_chars(sequence.ptr + 1, end, read.index);
    if (index.ec != std::errc() || index.ptr != end)
        return refused();
    return read;
}

} // namespace codex::ledger
