#include "base/counted.hpp"
#include "chunk.hpp"

#include <algorithm>

namespace codex::chunk {

namespace {

struct Verify {
    std::vector<std::string> cids; ///< none: the whole repo
    bool index_only = false;
    bool repair_counters = false;
    bool rebuild_index = false;
    bool drop_damaged = false;
};

/// Prints problems as they are found, and counts them.
class Problems {
public:
    explicit Problems(cli::Context& context) : context_(context) {}

    /// `dataset`: the one that was named, empty when the whole repo is looked at.
    void add(const repo::VerifyProblem& problem, const std::string& dataset = {}) {
        if (problem.kind == repo::ProblemKind::block_damaged)
            damaged_.push_back(problem.cid);
        cli::Record record("problem");
        if (problem.cid.is_null())
            record.text("-").json("cid", nullptr);
        else
            record.field("cid", problem.cid);
        record.field("kind", name_of(problem.kind)).field("text", problem.text);
        if (!dataset.empty())
            record.field("dataset", dataset);
        else if (problem.kind == repo::ProblemKind::block_damaged ||
                 problem.kind == repo::ProblemKind::block_missing)
            ownerless_ = true;
        ++count_;
        if (printed_)
            printed_ = context_.print(record);
    }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// Whether there are blocks among them of which nobody has said whose they are.
    [[nodiscard]] bool ownerless() const { return ownerless_; }
    /// Errors: io, when a line could not be written.
    [[nodiscard]] Result<void> printed() { return std::exchange(printed_, {}); }
    /// Errors: the repo's.
    [[nodiscard]] Result<void> drop_damaged(repo::Repo& repo) {
        CODEX_TRY(dropped, repo.drop_bytes(damaged_));
        context_.inform(fmt::format("{} missing now",
                                    counted(dropped, "damaged block is", "damaged blocks are")));
        damaged_.clear();
        return {};
    }

private:
    cli::Context& context_;
    std::vector<Cid> damaged_;
    std::uint64_t count_ = 0;
    bool ownerless_ = false;
    Result<void> printed_;
};

/// Where records are damaged is on stdout, as other problems are; here are the first places, and
/// the way out.
void warn_of_damage(cli::Context& context, const repo::RebuildReport& report) {
    constexpr std::size_t kNamed = 3;
    std::string places;
    std::size_t named = 0;
    for (const repo::VerifyProblem& lost : report.lost)
        if (lost.kind == repo::ProblemKind::record_damaged && ++named <= kNamed)
            places += (named > 1 ? ", " : "") + lost.text.substr(0, lost.text.find(':'));
    if (report.damaged_records > kNamed)
        places += fmt::format(", and {} more", report.damaged_records - kNamed);
    context.warn(fmt::format("{} damaged and left out: {}; see which datasets lost something: "
                             "codex-chunk ls | codex-chunk verify -; put, import or codex-ec "
                             "repair brings that back, and codex-chunk gc clears the damage away",
                             counted(report.damaged_records, "record in the segments was",
                                     "records in the segments were"),
                             places));
}

/// The index made anew, and what could not be made anew with it.
Result<void> rebuild(cli::Context& context, Problems& problems) {
    CODEX_TRY(path, context.repo_path());
    Progress progress;
    auto view = context.show(progress, "rebuild index");
    CODEX_TRY(report, repo::Repo::rebuild_index(path, toolkit::open_options(context),
                                                {context.pool(), progress}));
    view.reset();
    for (const repo::VerifyProblem& lost : report.lost)
        problems.add(lost);
    CODEX_CHECK(problems.printed());
    if (report.damaged_records > 0)
        warn_of_damage(context, report);
    if (!report.lost.empty()) // nobody can mend it here, and verify is about what is here
        context.warn("what is lost is named this once: the new index does not know of it, and the "
                     "next verify says nothing; keep this list");
    if (context.json())
        return context.print(cli::Record("rebuilt")
                                 .json("segments", report.segments)
                                 .json("blocks", report.blocks)
                                 .json("bytes", report.bytes)
                                 .json("trees", report.trees)
                                 .json("datasets", report.datasets)
                                 .json("partials", report.partials)
                                 .json("keptBlocks", report.kept_blocks)
                                 .json("missingBlocks", report.missing_blocks)
                                 .json("damagedRecords", report.damaged_records)
                                 .json("damagedNoteBytes", report.damaged_note_bytes)
                                 .json("notesUnchecked", report.notes_unchecked));
    context.warn(fmt::format("index made anew from {}: {}, {}, {} of them in no dataset; expiries "
                             "and labels are as the notes have them",
                             counted(report.segments, "segment"),
                             counted(report.datasets, "dataset"), counted(report.blocks, "block"),
                             report.kept_blocks));
    if (report.damaged_note_bytes > 0)
        context.warn(fmt::format("{} of the notes are no note and left out: they are damaged, or "
                                 "of a write that was cut off",
                                 counted(report.damaged_note_bytes, "byte")));
    if (report.notes_unchecked)
        context.warn("neither the old index nor the repo's age says how many notes there were: if "
                     "the file of notes is an old copy, what was removed since then may be back");
    return {};
}

void add_totals(cli::Context& context, const repo::VerifyReport& report) {
    for (const auto& [name, count] :
         {std::pair("blocks", report.blocks), std::pair("bytes", report.bytes),
          std::pair("trees", report.trees), std::pair("datasets", report.datasets),
          std::pair("problems", report.problems)})
        context.add_total(name, count);
    context.note_total("countersRepaired", report.counters_repaired);
}

/// The manifest, the trees of the slots, and the tree with the blocks that it names.
class DatasetCheck {
public:
    DatasetCheck(const dataset::Job& job, const Cid& cid, Problems& problems)
        : job_(job), cid_(cid), text_(cid.text()), problems_(problems) {}

    Result<repo::VerifyReport> run(bool data) {
        CODEX_TRY(health, dataset::health(job_, cid_, data));
        if (data)
            CODEX_CHECK(check_manifest());
        report_.datasets = 1;
        report_.trees = 1;
        report_.blocks = health.blocks - health.missing.size();
        report_.bytes = data ? health.manifest.dataset_size_bytes : 0;
        if (health.tree_damaged)
            add(repo::ProblemKind::tree_damaged, health.manifest.tree, "its record is damaged");
        CODEX_TRY(tree, job_.repo.tree(health.manifest.tree));
        const auto block = [&](std::uint64_t index) {
            Digest leaf{};
            const bool known = tree.leaves(index, {&leaf, 1}) && leaf != Digest{};
            return known ? Cid::block(leaf) : Cid();
        };
        for (const std::uint64_t index : health.missing)
            add(repo::ProblemKind::block_missing, block(index),
                fmt::format("block {} is not here", index));
        for (const std::uint64_t index : health.damaged)
            add(repo::ProblemKind::block_damaged, block(index),
                fmt::format("block {}: stored bytes do not match the CID", index));
        if (health.manifest.is_verifiable())
            CODEX_CHECK(check_slot_trees(*health.manifest.erasure->verification));
        return report_;
    }

private:
    void add(repo::ProblemKind kind, const Cid& cid, const std::string& text) {
        problems_.add({kind, cid, text}, text_);
        ++report_.problems;
    }
    Result<void> check_manifest() {
        auto bytes = job_.repo.get(cid_);
        if (bytes)
            return {};
        if (bytes.error().code() == Errc::block_corrupt)
            add(repo::ProblemKind::block_damaged, cid_,
                "the manifest: stored bytes do not match the CID");
        else if (bytes.error().code() == Errc::block_not_found)
            add(repo::ProblemKind::block_missing, cid_, "the manifest is not here");
        else
            return fail(std::move(bytes).error());
        return {};
    }
    /// Those that are stored: the others are computed when they are needed.
    Result<void> check_slot_trees(const codec::VerificationInfo& info) {
        for (const Cid& root : info.slot_roots) {
            auto tree = job_.repo.tree(root);
            if (!tree && tree.error().code() == Errc::block_not_found)
                continue;
            if (!tree)
                return fail(std::move(tree).error());
            CODEX_TRY(wrong, tree->check());
            ++report_.trees;
            if (!wrong.empty())
                add(repo::ProblemKind::tree_damaged, root,
                    "its record is damaged, the tree of a slot");
        }
        return {};
    }

    const dataset::Job& job_;
    const Cid& cid_;
    std::string text_;
    Problems& problems_;
    repo::VerifyReport report_;
};

Result<int> run_named(cli::Context& context, const Verify& verify) {
    if (verify.repair_counters || verify.rebuild_index)
        return fail(Errc::usage, "{} is about the whole repo: no CID goes with it",
                    verify.rebuild_index ? "--rebuild-index" : "--repair-counters");
    Problems problems(context);
    add_totals(context, {});
    const auto check = [&](repo::Repo& repo, const std::string& item,
                           Progress& progress) -> Result<void> {
        CODEX_TRY(cid, repo.named(item, repo::Named::dataset));
        const dataset::Job job{repo, {context.pool(), progress}};
        CODEX_TRY(report, DatasetCheck(job, cid, problems).run(!verify.index_only));
        CODEX_CHECK(problems.printed());
        add_totals(context, report);
        context.inform(cid.text(), fmt::format("{}, {}: {}", counted(report.trees, "tree"),
                                               counted(report.blocks, "block"),
                                               counted(report.problems, "problem")));
        return verify.drop_damaged ? problems.drop_damaged(repo) : Result<void>();
    };
    const Access access = verify.drop_damaged ? Access::write : Access::read;
    CODEX_TRY(code, for_each_input(context, access, "verify", listed(verify.cids), check));
    return std::max(code, problems.count() == 0 ? 0 : 1);
}

Result<int> run_whole(cli::Context& context, const Verify& verify) {
    Problems problems(context);
    if (verify.rebuild_index)
        CODEX_CHECK(rebuild(context, problems));
    const std::uint64_t lost = problems.count();
    const bool writes = verify.repair_counters || verify.drop_damaged;
    CODEX_TRY(repo, open_repo(context, writes ? Access::write : Access::read));
    repo::VerifyOptions options;
    options.data = !verify.index_only;
    options.repair_counters = verify.repair_counters;
    Progress progress;
    auto view = context.show(progress, "verify");
    const auto add = [&](const repo::VerifyProblem& problem) { problems.add(problem); };
    CODEX_TRY(report, repo.verify(options, add, {context.pool(), progress}));
    report.problems += lost;
    view.reset();
    CODEX_CHECK(problems.printed());
    if (verify.drop_damaged)
        CODEX_CHECK(problems.drop_damaged(repo));
    add_totals(context, report);
    context.inform(fmt::format("{}, {}, {} with {}: {}", counted(report.datasets, "dataset"),
                               counted(report.trees, "tree"), counted(report.blocks, "block"),
                               counted(report.bytes, "byte"), counted(report.problems, "problem")));
    if (problems.ownerless())
        context.warn("whose these blocks are: codex-chunk ls | codex-chunk verify -");
    if (report.counters_repaired)
        context.warn("the counters were wrong and are repaired");
    if (report.unreadable) // nobody knows what is there: no answer, but an error
        return fail(Error(report.unreadable->code(), report.unreadable->text())
                        .way_out_of(*report.unreadable));
    return report.problems == 0 ? 0 : 1;
}

} // namespace

void declare_verify(cli::Command& root) {
    const auto verify = std::make_shared<Verify>();
    root.command("verify", "check every block and tree, of the repo or of datasets")
        .arguments("CID", verify->cids, "only these datasets; -: from stdin; default: everything")
        .flag("--index-only", verify->index_only, "do not read the blocks")
        .flag("--repair-counters", verify->repair_counters, "write the counted numbers back")
        .flag("--drop-damaged", verify->drop_damaged,
              "forget damaged bytes, so that put, import or codex-ec repair replaces them")
        .flag("--rebuild-index", verify->rebuild_index, "first make a lost index anew")
        .example("codex-chunk verify && echo whole")
        .example("codex-chunk verify zDvZ... || codex-ec repair zDvZ...")
        .run([verify](cli::Context& context) {
            return verify->cids.empty() ? run_whole(context, *verify) : run_named(context, *verify);
        });
}

} // namespace codex::chunk
