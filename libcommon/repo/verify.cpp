#include "base/copy_error.hpp"
#include "repo/index/age.hpp"
#include "repo/index/repo_impl.hpp"
#include "repo/segments/block_reader.hpp"
#include "repo/segments/read.hpp"
#include "repo/segments/tails.hpp"
#include "repo/upkeep/audit.hpp"
#include "repo/upkeep/notes.hpp"

#include <algorithm>

namespace codex::repo {

using namespace detail;

namespace {

constexpr std::size_t kBatchBlocks = 128;
constexpr std::uint64_t kBatchBytes = std::uint64_t{16} << 20;

/// Collects blocks of the walk until there is a batch worth reading.
class DataCheck {
public:
    DataCheck(const Session& session, ReportProblem report, VerifyReport& totals, const Job& job)
        : session_(session), report_(std::move(report)), totals_(totals), job_(job) {}

    void add(const BlockInfo& info) {
        cids_.push_back(info.cid);
        sizes_.push_back(info.size_bytes);
        bytes_ += info.size_bytes;
    }
    [[nodiscard]] bool full() const {
        return cids_.size() >= kBatchBlocks || bytes_ >= kBatchBytes;
    }
    Result<void> run() {
        buffer_.resize(static_cast<std::size_t>(bytes_));
        std::vector<BlockRead> reads(cids_.size());
        std::size_t at = 0;
        for (std::size_t i = 0; i < cids_.size(); ++i) {
            reads[i].cid = cids_[i];
            reads[i].buffer = MutableBytes(buffer_).subspan(at, sizes_[i]);
            at += sizes_[i];
        }
        CODEX_CHECK(read_blocks(session_, reads));
        for (BlockRead& read : reads)
            CODEX_CHECK(judge(read));
        job_.advance(bytes_);
        cids_.clear();
        sizes_.clear();
        bytes_ = 0;
        return {};
    }

private:
    Result<void> judge(const BlockRead& read) {
        if (read.state == BlockRead::State::missing)
            return {}; // removed since; one that is known and not here the audit has reported
        if (read.state == BlockRead::State::unreadable) {
            report_unreadable(read.cid, *read.cause);
            return {};
        }
        ++totals_.blocks;
        totals_.bytes += read.size;
        if (read.state == BlockRead::State::damaged)
            report_(ProblemKind::block_damaged, read.cid, "stored bytes do not match the CID");
        else
            CODEX_CHECK(check_header(read.cid));
        return {};
    }
    void report_unreadable(const Cid& cid, const Error& cause) {
        report_(ProblemKind::block_unreadable, cid, cause.text());
        if (!totals_.unreadable)
            totals_.unreadable = std::make_shared<const Error>(copy_of(cause));
    }
    /// The index does not need the header, but its rebuilding does.
    Result<void> check_header(const Cid& cid) {
        if (cid.is_empty_block())
            return {};
        Result<bool> good = true;
        Extent place;
        for (int pass = 0; pass < 3; ++pass) { // again when gc moved it under us
            CODEX_TRY(txn, session_.store->env().read());
            CODEX_TRY(entry, find_block(txn, cid));
            if (!entry || !entry->present)
                return {};
            place = entry->extent;
            good = header_is_good(session_, cid, *entry);
            if (good && *good)
                return {};
            session_.store->segments().forget(entry->extent.segment);
        }
        if (!good) {
            report_unreadable(cid, good.error());
            return {};
        }
        report_(ProblemKind::header_damaged, cid,
                "the header of its record is damaged, its bytes are good");
        if (session_.notes != nullptr)
            session_.notes->add(cid, place);
        return {};
    }

    Session session_;
    ReportProblem report_;
    VerifyReport& totals_;
    Job job_;
    std::vector<Cid> cids_;
    std::vector<std::uint32_t> sizes_;
    std::uint64_t bytes_ = 0;
    Bytes buffer_;
};

std::string describe_damage(const NotesState& state) {
    if (state.file.between > 0)
        return fmt::format("{} bytes of the notes are damaged; gc writes them anew",
                           state.file.between);
    if (state.file.behind > 0)
        return fmt::format("the last {} bytes of the notes are damaged; gc writes them anew",
                           state.file.behind);
    return fmt::format("the notes end before number {}, which was written; gc writes them anew",
                       state.acknowledged);
}

/// What the file beside the segments lacks, which making the index anew would not find out.
Result<void> report_notes(const Store& store, const ReportProblem& report) {
    NotesState state;
    for (int pass = 0; pass < 3; ++pass) { // again when somebody changed something meanwhile
        CODEX_TRY(txn, store.env().read());
        CODEX_SET(state, check_notes(store.path(), txn));
        if (state.lost.empty() && !state.damaged())
            break;
    }
    if (state.damaged())
        report(ProblemKind::notes_damaged, Cid(), describe_damage(state));
    for (const Note& note : state.lost)
        report(ProblemKind::note_missing, note.cid,
               "the notes do not have what is known of it; gc notes it again");
    return {};
}

/// What gc leaves alone, and only a new index accounts for.
Result<void> report_unknown_records(const Store& store, const ReportProblem& report) {
    CODEX_TRY(standing, standing_of(store.env(), store.path()));
    CODEX_TRY(found, unknown_records(store.segments(), store.env(),
                                     standing == Standing::current ? Tails::kept : Tails::all));
    for (const UnknownRecords& records : found)
        report(ProblemKind::records_unknown, Cid(),
               fmt::format("segment {:08x} has records that the index does not know, until it is "
                           "made anew",
                           records.segment));
    return {};
}

/// Blocks that somebody who read them has found damaged, when nobody reads them now.
Result<void> report_known_damage(const Repo& repo, const ReportProblem& report, const Job& job) {
    Result<void> go_on;
    CODEX_CHECK(repo.for_each_block([&](const BlockInfo& block) {
        if (block.damaged)
            report(ProblemKind::block_damaged, block.cid,
                   "its bytes did not match the CID when they were last read");
        go_on = job.go_on();
        return go_on.has_value();
    }));
    return go_on;
}

} // namespace

Result<VerifyReport> Repo::verify(const VerifyOptions& options,
                                  const std::function<void(const VerifyProblem&)>& report,
                                  const Job& job) {
    if (options.repair_counters)
        CODEX_CHECK(impl_->require_writable());
    VerifyReport out;
    const auto tell = [&](ProblemKind kind, const Cid& cid, const std::string& text) {
        ++out.problems;
        report({kind, cid, text});
    };
    const Session session = impl_->session(job);
    std::vector<VerifyProblem> found; // told when nobody waits for us any more
    auto counted = [&]() -> Result<void> {
        // As a writer where it corrects, so that nothing changes meanwhile: other writers wait.
        CODEX_TRY(txn, options.repair_counters ? session.store->env().write(session.sync)
                                               : session.store->env().read());
        Audit audit(session, txn, [&](ProblemKind kind, const Cid& cid, const std::string& text) {
            found.push_back({kind, cid, text});
        });
        CODEX_CHECK(audit.run());
        const Totals& totals = audit.counted();
        out.counted = {totals.blocks, totals.used_bytes, totals.reserved_bytes, totals.datasets,
                       totals.tree_bytes};
        out.unreadable = audit.unreadable();
        out.trees = audit.trees();
        out.datasets = totals.datasets;
        out.blocks = options.data ? 0 : totals.blocks;
        if (options.repair_counters && audit.repairable()) {
            CODEX_CHECK(audit.repair());
            CODEX_CHECK(txn.commit());
            out.counters_repaired = true;
        }
        return {};
    }();
    for (const VerifyProblem& problem : found)
        tell(problem.kind, problem.cid, problem.text);
    CODEX_CHECK(std::move(counted));
    CODEX_CHECK(report_unknown_records(*session.store, tell));
    CODEX_CHECK(report_notes(*session.store, tell));
    if (!options.data) {
        CODEX_CHECK(report_known_damage(*this, tell, job));
        return out;
    }
    job.expect(out.counted.used_bytes);
    DataCheck check(session, tell, out, job);
    Result<void> failed;
    CODEX_CHECK(for_each_block([&](const BlockInfo& info) {
        failed = job.go_on();
        if (failed && info.present)
            check.add(info);
        if (failed && check.full())
            failed = check.run();
        return failed.has_value();
    }));
    CODEX_CHECK(std::move(failed));
    CODEX_CHECK(check.run());
    CODEX_CHECK(impl_->settle());
    return out;
}

} // namespace codex::repo
