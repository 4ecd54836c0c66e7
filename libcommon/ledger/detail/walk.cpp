#include "ledger/detail/walk.hpp"

#include <algorithm>

namespace codex::ledger::detail {

/// Where records lie is known by their lengths; what they are is looked at by several threads.
Result<std::vector<Found>> Walk::split() {
    std::vector<Found> found;
    if (over_ || at_ >= end_)
        return found;
    bytes_.resize(static_cast<std::size_t>(
        std::min<std::uint64_t>(end_ - at_, kMostBytes + Record::kMostBytes)));
    CODEX_TRY(got, journal_.read(bytes_, at_));
    bytes_.resize(got);
    bytes_at_ = at_;
    std::size_t at = 0;
    while (at < bytes_.size() && at < kMostBytes && found.size() < kMostRecords) {
        const auto size = record_bytes(BytesView(bytes_).subspan(at));
        const bool whole = size && *size && **size <= bytes_.size() - at;
        Found& one = found.emplace_back();
        one.begin = bytes_at_ + at;
        one.end = one.begin + (whole ? **size : bytes_.size() - at);
        if (!whole) {
            one.wrong = size ? Error(Errc::record_invalid, "is cut off")
                             : Error(Errc::record_invalid, size.error().text());
            over_ = true;
            break;
        }
        at += **size;
    }
    at_ = bytes_at_ + at;
    return found;
}

void Walk::check(Found& found) const {
    if (found.wrong)
        return;
    auto record =
        decode_record(BytesView(bytes_).subspan(static_cast<std::size_t>(found.begin - bytes_at_),
                                                static_cast<std::size_t>(found.end - found.begin)));
    if (!record) {
        found.wrong = std::move(record).error();
        return;
    }
    found.record = std::move(*record);
    found.hash = found.record.hash();
    if (!signatures_)
        return;
    if (auto right = found.record.check_signature(found.hash); !right)
        found.wrong = std::move(right).error();
}

Result<std::vector<Found>> Walk::next(const Job& job) {
    CODEX_CHECK(job.go_on());
    CODEX_TRY(found, split());
    constexpr std::size_t kTogether = 64;
    const std::size_t pieces = (found.size() + kTogether - 1) / kTogether;
    job.executor().parallel_for(pieces, [&](std::size_t piece) {
        const std::size_t last = std::min(found.size(), (piece + 1) * kTogether);
        for (std::size_t i = piece * kTogether; i < last && !job.cancelled(); ++i)
            check(found[i]);
    });
    CODEX_CHECK(job.go_on());
    const auto wrong =
        std::ranges::find_if(found, [](const Found& one) { return one.wrong.has_value(); });
    if (wrong != found.end()) {
        over_ = true;
        found.erase(wrong + 1, found.end());
    }
    return found;
}

Result<void> follow(const Found& found, const Genesis& genesis, bool signed_, Place& place) {
    const Record& record = found.record;
    const std::uint64_t sequence = place.sequence + 1;
    const auto wrong = [&](std::string_view what) {
        return fail(damage(sequence, found.begin, what));
    };
    if (found.wrong)
        return wrong(found.wrong->text());
    if (record.sequence != sequence)
        return wrong(fmt::format("record {} stands in its place", record.sequence));
    if (record.previous != place.hash) {
        // Who has signed this one has seen another one before.
        if (signed_ && record.kind == RecordKind::call && place.sequence > 0)
            return fail(damage(place.sequence, place.begin,
                               "is another one than the next was written behind"));
        return wrong("was not written behind the one before it");
    }
    if (record.block < place.block)
        return wrong("is of a block before that of the one before it");
    if (record.kind == RecordKind::clock && genesis.clock != ClockKind::manual)
        return wrong("moves time, which goes by the clock");
    if (record.kind == RecordKind::clock && record.block == place.block)
        return wrong("moves time by nothing");
    if (record.kind == RecordKind::call && genesis.clock == ClockKind::manual &&
        record.block != place.block)
        return wrong("is of another block than time was moved to");
    if (record.block > genesis.block_at(UINT64_MAX / 2))
        return wrong("is of a block that no time will come to");
    place = {sequence, found.hash, record.block, found.begin, found.end};
    return {};
}

} // namespace codex::ledger::detail
