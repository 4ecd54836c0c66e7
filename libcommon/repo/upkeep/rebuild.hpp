// The index made anew: what is found in segments and notes, and how it becomes an index.
#pragma once

#include "base/job.hpp"
#include "repo/index/age.hpp"
#include "repo/maintenance.hpp"
#include "repo/segments/damaged.hpp"
#include "repo/segments/partial_file.hpp"
#include "repo/segments/segments.hpp"
#include "repo/upkeep/notes.hpp"

namespace codex::repo::detail {

/// Entries written between two commits.
constexpr std::size_t kRebuildStep = 8192;

/// Places of damage that are named, of all that are counted.
constexpr std::uint64_t kMostDamageNamed = 32;

/// Of a segment, what an index says is nobody's.
struct OldSegment {
    std::uint64_t end = 0; ///< and all behind it
    Places dead;           ///< in order
};

/// What the index that is replaced knew.
struct OldIndex {
    bool known = false;      ///< it is whole and of today; else only `datasets` has something
    bool has_notes = false;  ///< it has all of the file: nothing that it knows was removed since
    std::vector<Note> notes; ///< of its rows, and what the file has lost
    std::map<Cid, std::uint64_t>
        datasets; ///< when each was stored, Unix seconds; partial ones, too
    std::map<std::uint32_t, OldSegment> segments;
};

/// One making of an index, in an empty one. One thread.
class Rebuild {
public:
    Rebuild(std::string path, Env& env, const Segments& segments, const Surroundings& around,
            const Job& job, OldIndex old)
        : path_(std::move(path)), env_(env), segments_(segments), around_(around), job_(job),
          old_(std::move(old)) {}

    Result<RebuildReport> run() {
        CODEX_CHECK(begin());
        CODEX_CHECK(read_notes());
        CODEX_TRY(ids, segments_.list());
        for (const std::uint32_t id : ids)
            expect(file_bytes(id));
        for (const std::uint32_t id : ids)
            CODEX_CHECK(scan(id));
        CODEX_CHECK(add_datasets());
        CODEX_CHECK(add_references());
        CODEX_CHECK(find_partials());
        CODEX_CHECK(drop_removed());
        CODEX_CHECK(drop_removed_partials());
        CODEX_CHECK(judge_blocks());
        CODEX_CHECK(write_segments());
        CODEX_CHECK(write_totals(*txn_, totals_));
        CODEX_TRY(lineage, ensure_lineage(*txn_, around_.random));
        age_ = {lineage, txn_->id(), txn_->id(), in_file_};
        CODEX_CHECK(find_damage());
        CODEX_CHECK(find_lost());
        CODEX_CHECK(txn_->commit());
        return report_;
    }
    /// Of the index as run() left it.
    [[nodiscard]] const IndexAge& age() const { return age_; }

private:
    struct FoundTree {
        Extent extent;
        std::uint64_t leaf_count = 0;
        std::uint64_t references = 0;
        bool removed = false; ///< a dataset over it was removed
    };

    /// A file of writers/ with manifest and tree.
    struct FoundPartial {
        std::uint64_t id = 0;
        Cid cid;
        codec::Manifest manifest;
        PartialFile file;
    };

    /// The new index is nobody's yet: only the last commit has to wait for the disk.
    Result<void> begin() {
        CODEX_TRY(txn, env_.write(true));
        txn_.emplace(std::move(txn));
        written_ = 0;
        return {};
    }
    Result<void> step() {
        CODEX_CHECK(job_.go_on());
        if (++written_ < kRebuildStep)
            return {};
        CODEX_CHECK(txn_->commit());
        txn_.reset();
        return begin();
    }

    [[nodiscard]] std::uint64_t file_bytes(std::uint32_t id) const {
        const auto size = segments_.file_size(id);
        return size ? size->value_or(0) : 0;
    }
    void expect(std::uint64_t bytes) { job_.expect(bytes); }
    /// The scan of a segment is at `offset`.
    void reached(std::uint64_t offset) {
        if (offset > at_)
            job_.advance(offset - std::exchange(at_, offset));
    }

    Result<void> scan(std::uint32_t id);
    Result<bool> block(const Fd& file, const Extent& at, const RecordHeader& header);
    Result<bool> tree(const Fd& file, const Extent& at, const RecordHeader& header);
    [[nodiscard]] std::uint64_t stored_at(const Cid& cid, const Fd& segment) const;
    Result<void> add_datasets();
    Result<void> for_each_leaf(const Cid& cid, const FoundTree& found,
                               const std::function<Result<void>(const Cid&)>& visit);
    Result<void> add_references();
    Result<void> read_notes();
    Result<void> take_old_notes(std::uint64_t& last);
    Result<void> rewrite_notes();
    [[nodiscard]] bool was_dead(std::uint32_t segment, const DamagedPlace& place) const;
    Result<bool> is_loss(std::uint32_t segment, const DamagedPlace& place);
    Result<void> find_damage();
    Result<void> find_lost();
    Result<void> find_partials();
    Result<void> add_partial(const FoundPartial& found);
    Result<void> drop_removed();
    Result<void> drop_removed_partials();
    Result<void> drop_loose(const Cid& block);
    Result<void> judge_blocks();
    Result<void> judge_block(const Cid& cid, BlockEntry entry);
    /// The note that holds of a thing; nullptr when there is none.
    [[nodiscard]] const Note* note_of(NoteKind kind, const Cid& cid) const {
        const auto found = notes_.find({kind, cid});
        return found == notes_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] bool removed(NoteKind kind, const Cid& cid) const {
        const Note* note = note_of(kind, cid);
        return note != nullptr && !note->present;
    }
    Result<void> write_segments();
    void live(const Extent& extent, std::uint64_t length) {
        live_[extent.segment].emplace_back(extent.offset, length);
    }

    std::string path_;
    Env& env_;
    const Segments& segments_;
    const Surroundings& around_;
    Job job_;
    std::uint64_t at_ = 0; // in the segment that is scanned
    std::optional<Txn> txn_;
    std::size_t written_ = 0;
    RebuildReport report_;
    IndexAge age_;
    Totals totals_;
    OldIndex old_;
    bool notes_whole_ = false;  // nothing is missing in the file of notes, and something says so
    std::uint64_t in_file_ = 0; // the highest number in the file of notes
    std::map<std::pair<NoteKind, Cid>, Note> notes_; // the highest of each thing
    std::map<Cid, FoundTree> trees_;
    std::vector<Cid> manifests_;
    std::vector<FoundPartial> removed_partials_;
    std::map<std::uint32_t, std::uint64_t> ends_;
    std::map<std::uint32_t, std::vector<DamagedPlace>> damaged_;
    std::map<std::uint32_t, std::vector<std::pair<std::uint64_t, std::uint64_t>>> live_;
};

} // namespace codex::repo::detail
