// Going through a ledger from its beginning (codex-ledger(5), VERIFYING).
#include "base/temporary.hpp"
#include "ledger/detail/parts.hpp"
#include "ledger/detail/pipeline.hpp"

#include <algorithm>

namespace codex::ledger {

using detail::Found;
using detail::Mark;

namespace {

/// With what is kept on the way in that folder.
Result<Verified> verify_in(const std::string& folder, const Ledger::Parts& parts, const Mark& mark,
                           const VerifyOptions& options, const Job& job) {
    CODEX_TRY(size, parts.journal->size());
    CODEX_TRY(tables, repo::Tables::open_scratch(folder, detail::kStateOptions, parts.around));
    detail::Replay replay(parts.genesis, *parts.contracts, parts.first_mark(),
                          {false, options.signatures});
    CODEX_CHECK(replay.begin(*tables));

    Verified verified;
    if (options.head == parts.genesis_hash)
        verified.head_at = 0;
    const auto look_for_head = [&](std::span<const Found> found) {
        for (const Found& one : found)
            if (options.head == one.hash && !one.wrong)
                verified.head_at = one.record.sequence;
    };
    job.expect(mark.place.end);
    detail::Walk walk(*parts.journal, 0, mark.place.end, options.signatures);
    detail::Pipeline pipeline(walk, *tables, replay, job);
    if (auto done = pipeline.run(look_for_head); !done)
        return fail(std::move(done).error().context(parts.path));
    const Mark& found = replay.mark();
    if (found.place.hash != mark.place.hash)
        return fail(detail::damage(mark.place.sequence, mark.place.begin,
                                   "is another one than was executed")
                        .context(parts.path));
    if (found.digest != mark.digest)
        return fail(
            Error(Errc::ledger_damaged,
                  fmt::format("{}/state: keeps something else than the records give", parts.path))
                .hint("take that folder away, which is made again of the journal"));
    verified.head = detail::head_of(found.place, parts.genesis);
    verified.bytes = found.place.end;
    verified.digest = found.digest;
    verified.torn_bytes = size - std::min(size, found.place.end);
    return verified;
}

} // namespace

Result<Verified> Ledger::verify(const VerifyOptions& options, const Job& job) const {
    // What is not acknowledged yet is taken in, or cut, by who may.
    CODEX_TRY(kept, parts_->current());
    const Mark mark = kept.mark;
    kept.view.end();
    // Where the state is there is mostly room; else where files without a name go.
    if (parts_->writable) {
        auto done = verify_in(path(), *parts_, mark, options, job);
        if (done || done.error().code() != Errc::no_space)
            return done;
    }
    auto done = verify_in(temporary_folder(), *parts_, mark, options, job);
    if (!done && done.error().code() == Errc::no_space)
        return fail(std::move(done).error().hint(
            "free some space, or name a folder that has some in TMPDIR"));
    return done;
}

} // namespace codex::ledger
