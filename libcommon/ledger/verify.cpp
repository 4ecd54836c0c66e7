// Going through a ledger from its beginning (codex-ledger(5), VERIFYING).
#include "base/temporary.hpp"
#include "ledger/detail/parts.hpp"
#include "ledger/detail/pipeline.hpp"

#include <algorithm>

namespace codex::ledger {

using detail::Found;
using detail::Mark;

namespace {

/// Where the state is, when there is room; else where files without a name go.
std::string scratch_folder(const Ledger::Parts& parts) {
    return parts.writable ? parts.path : temporary_folder();
}

} // namespace

Result<Verified> Ledger::verify(const VerifyOptions& options, const Job& job) const {
    // What is not acknowledged yet is taken in, or cut, by who may.
    CODEX_TRY(kept, parts_->current());
    const Mark mark = kept.mark;
    kept.view.end();
    CODEX_TRY(size, parts_->journal->size());
    CODEX_TRY(tables, repo::Tables::open_scratch(scratch_folder(*parts_), detail::kStateOptions,
                                                 parts_->around));
    detail::Replay replay(genesis(), contracts(), parts_->first_mark(),
                          {false, options.signatures});
    CODEX_CHECK(replay.begin(*tables));

    Verified verified;
    if (options.head == parts_->genesis_hash)
        verified.head_at = 0;
    const auto look_for_head = [&](std::span<const Found> found) {
        for (const Found& one : found)
            if (options.head == one.hash && !one.wrong)
                verified.head_at = one.record.sequence;
    };
    job.expect(mark.place.end);
    detail::Walk walk(*parts_->journal, 0, mark.place.end, options.signatures);
    detail::Pipeline pipeline(walk, *tables, replay, job);
    if (auto done = pipeline.run(look_for_head); !done)
        return fail(std::move(done).error().context(path()));
    const Mark& found = replay.mark();
    if (found.place.hash != mark.place.hash)
        return fail(detail::damage(mark.place.sequence, mark.place.begin,
                                   "is another one than was executed")
                        .context(path()));
    if (found.digest != mark.digest)
        return fail(
            Error(Errc::ledger_damaged,
                  fmt::format("{}/state: keeps something else than the records give", path()))
                .hint("take that folder away, which is made again of the journal"));
    verified.head = detail::head_of(found.place, genesis());
    verified.bytes = found.place.end;
    verified.digest = found.digest;
    verified.torn_bytes = size - std::min(size, found.place.end);
    return verified;
}

} // namespace codex::ledger
