// The index made anew from segments: the last resort, and the proof that the index is only that.
#include "crypto/hash/sha256.hpp"
#include "repo/detail/block_reader.hpp"
#include "repo/detail/codec.hpp"
#include "repo/detail/dataset_record.hpp"
#include "repo/detail/flock_wait.hpp"
#include "repo/detail/index_age.hpp"
#include "repo/detail/labels.hpp"
#include "repo/detail/notes.hpp"
#include "repo/detail/own_file.hpp"
#include "repo/detail/segment_scan.hpp"
#include "repo/detail/tree_file.hpp"

#include "base/units.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo {

namespace {

/// Entries written between two commits.
constexpr std::size_t kStep = 8192;

class Rebuild {
public:
    Rebuild(std::string path, Env& env, const Segments& segments, Progress* progress,
            std::vector<Note> old_notes)
        : path_(std::move(path)), env_(env), segments_(segments), progress_(progress),
          old_notes_(std::move(old_notes)) {}

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
        CODEX_CHECK(drop_removed());
        CODEX_CHECK(judge_blocks());
        CODEX_CHECK(write_segments());
        CODEX_CHECK(write_totals(*txn_, totals_));
        CODEX_CHECK(txn_->commit());
        return report_;
    }

private:
    struct FoundTree {
        Extent extent;
        std::uint64_t leaf_count = 0;
        std::uint64_t references = 0;
        bool removed = false; ///< a dataset over it was removed
    };

    /// The new index is nobody's yet: only the last commit has to wait for the disk.
    Result<void> begin() {
        CODEX_TRY(txn, env_.write(true));
        txn_.emplace(std::move(txn));
        written_ = 0;
        return {};
    }
    Result<void> step() {
        if (++written_ < kStep)
            return {};
        CODEX_CHECK(txn_->commit());
        txn_.reset();
        return begin();
    }

    [[nodiscard]] std::uint64_t file_bytes(std::uint32_t id) const {
        struct stat st{};
        return ::stat(segments_.path(id).c_str(), &st) == 0 ? static_cast<std::uint64_t>(st.st_size)
                                                            : 0;
    }
    void expect(std::uint64_t bytes) {
        if (progress_)
            progress_->total_bytes += bytes;
    }
    /// The scan of a segment is at `offset`.
    void reached(std::uint64_t offset) {
        if (progress_ && offset > at_)
            progress_->advance(offset - std::exchange(at_, offset));
    }

    Result<void> scan(std::uint32_t id);
    Result<bool> block(const Fd& file, const Extent& at, const RecordHeader& header);
    Result<bool> tree(const Fd& file, const Extent& at, const RecordHeader& header);
    Result<void> add_datasets();
    Result<void> for_each_leaf(const Cid& cid, const FoundTree& found,
                               const std::function<Result<void>(const Cid&)>& visit);
    Result<void> add_references();
    Result<void> read_notes();
    Result<void> drop_removed();
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
    Progress* progress_;
    std::uint64_t at_ = 0; // in the segment that is scanned
    std::optional<Txn> txn_;
    std::size_t written_ = 0;
    RebuildReport report_;
    Totals totals_;
    std::vector<Note> old_notes_;                    // of the index that is replaced
    std::map<std::pair<NoteKind, Cid>, Note> notes_; // the highest of each thing
    std::map<Cid, FoundTree> trees_;
    std::vector<Cid> manifests_;
    std::map<std::uint32_t, std::uint64_t> ends_;
    std::map<std::uint32_t, std::vector<std::pair<std::uint64_t, std::uint64_t>>> live_;
};

Result<void> Rebuild::scan(std::uint32_t id) {
    ++report_.segments;
    const std::string name = segments_.path(id);
    CODEX_TRY(file, open_own_file(name, O_RDONLY, Below::folder));
    at_ = 0;
    CODEX_TRY(
        end, scan_segment(
                 file, name, [&](std::uint64_t offset, const RecordHeader& header) -> Result<bool> {
                     reached(offset);
                     const Extent at{id, offset};
                     CODEX_TRY(good, header.kind == RecordKind::block  ? block(file, at, header)
                                     : header.kind == RecordKind::tree ? tree(file, at, header)
                                                                       : Result<bool>(false));
                     report_.damaged_records += good ? 0 : 1;
                     return good;
                 }));
    reached(file_bytes(id));
    ends_[id] = end;
    return {};
}

Result<bool> Rebuild::block(const Fd& file, const Extent& at, const RecordHeader& header) {
    Bytes stored(static_cast<std::size_t>(header.stored_bytes));
    CODEX_TRY(got, pread_full(file.get(), stored,
                              at.offset + header_bytes(header.cid.bytes().size()), "segment"));
    Bytes plain(header.encoding == Encoding::zstd ? static_cast<std::size_t>(header.plain) : 0);
    if (got != stored.size() || !verifiable(header.cid) ||
        (header.encoding == Encoding::zstd && !decompress_block(stored, plain)))
        return false;
    const BytesView content = header.encoding == Encoding::zstd ? plain : stored;
    if (!equal(crypto::sha256(content), header.cid.digest()))
        return false;
    CODEX_TRY(known, txn_->get(Table::blocks, header.cid.bytes()));
    if (known)
        return true; // a second copy: dead
    BlockEntry entry;
    entry.present = true;
    entry.encoding = header.encoding;
    entry.plain_bytes = static_cast<std::uint32_t>(header.plain);
    entry.stored_bytes = static_cast<std::uint32_t>(header.stored_bytes);
    entry.extent = at;
    CODEX_CHECK(txn_->put(Table::blocks, header.cid.bytes(), encode(entry)));
    ++report_.blocks;
    report_.bytes += entry.plain_bytes;
    if (header.cid.codec() == codec::Multicodec::codex_manifest)
        manifests_.push_back(header.cid);
    CODEX_CHECK(step());
    return true;
}

Result<bool> Rebuild::tree(const Fd& file, const Extent& at, const RecordHeader& header) {
    // What a slot tree was computed from is not in its record; it is computed again when needed.
    if (header.cid.codec() == codec::Multicodec::codex_slot_root)
        return true;
    if (!verifiable(header.cid))
        return false;
    const std::uint64_t base = at.offset + header_bytes(header.cid.bytes().size());
    CODEX_TRY(bad, untrusted_leaves(
                       header.cid, header.plain,
                       [&](std::uint64_t first, std::span<Digest> out) -> Result<void> {
                           const MutableBytes bytes(reinterpret_cast<std::uint8_t*>(out.data()),
                                                    out.size_bytes());
                           CODEX_CHECK(pread_full(file.get(), bytes, base + first * sizeof(Digest),
                                                  "segment"));
                           return {};
                       }));
    if (!bad.empty())
        return false;
    trees_.emplace(header.cid, FoundTree{at, header.plain, 0, false});
    return true;
}

Result<void> Rebuild::add_datasets() {
    for (const Cid& cid : manifests_) {
        CODEX_TRY(value, txn_->get(Table::blocks, cid.bytes()));
        CODEX_TRY(entry, decode_block(value.value_or(BytesView{})));
        CODEX_TRY(file, segments_.open(entry.extent.segment));
        Bytes stored(entry.stored_bytes);
        CODEX_CHECK(pread_full(file->get(), stored,
                               entry.extent.offset + header_bytes(cid.bytes().size()), "segment"));
        Bytes plain(entry.plain_bytes);
        if (entry.encoding == Encoding::zstd)
            CODEX_CHECK(decompress_block(stored, plain));
        else
            plain = std::move(stored);
        const auto manifest = codec::decode_manifest(plain);
        const auto found = manifest ? trees_.find(manifest->tree) : trees_.end();
        if (found == trees_.end() || found->second.leaf_count != manifest->blocks_count())
            continue; // stays a block, kept for itself
        if (removed(NoteKind::dataset, cid)) {
            found->second.removed = true;
            continue;
        }
        const Note* note = note_of(NoteKind::dataset, cid);
        const std::uint64_t expiry = note != nullptr ? note->expiry : 0;
        if (note != nullptr)
            CODEX_CHECK(put_label(*txn_, cid, note->label));
        if (expiry != 0)
            CODEX_CHECK(txn_->put(Table::expiries,
                                  encode(ExpiryKey{expiry, ExpiryKind::dataset, cid}), {}));
        ++found->second.references;
        entry.references = 1;
        CODEX_CHECK(txn_->put(Table::blocks, cid.bytes(), encode(entry)));
        const DatasetEntry dataset{manifest->tree, unix_now(), expiry,
                                   static_cast<std::uint8_t>(kind_of(*manifest)), plain};
        CODEX_CHECK(txn_->put(Table::datasets, cid.bytes(), encode(dataset)));
        ++totals_.datasets;
        ++report_.datasets;
        CODEX_CHECK(step());
    }
    return {};
}

Result<void> Rebuild::for_each_leaf(const Cid& cid, const FoundTree& found,
                                    const std::function<Result<void>(const Cid&)>& visit) {
    std::vector<Digest> leaves;
    CODEX_TRY(file, segments_.open(found.extent.segment));
    for (std::uint64_t at = 0; at < found.leaf_count; at += leaves.size()) {
        leaves.resize(
            static_cast<std::size_t>(std::min<std::uint64_t>(kStep, found.leaf_count - at)));
        CODEX_CHECK(pread_full(
            file->get(),
            {reinterpret_cast<std::uint8_t*>(leaves.data()), leaves.size() * sizeof(Digest)},
            found.extent.offset + header_bytes(cid.bytes().size()) + at * sizeof(Digest),
            "segment"));
        for (const Digest& leaf : leaves)
            if (const Cid block = Cid::block(leaf); !block.is_empty_block())
                CODEX_CHECK(visit(block));
    }
    return {};
}

Result<void> Rebuild::add_references() {
    for (const auto& [cid, found] : trees_) {
        if (found.references == 0)
            continue; // of a dataset that never was, or is no more
        ++report_.trees;
        live(found.extent, tree_record_bytes(cid, found.leaf_count));
        totals_.tree_bytes += tree_node_bytes(found.leaf_count);
        CODEX_CHECK(txn_->put(Table::trees, cid.bytes(),
                              encode(TreeEntry{found.extent, found.leaf_count, found.references})));
        CODEX_CHECK(for_each_leaf(cid, found, [&](const Cid& block) -> Result<void> {
            CODEX_TRY(known, find_block(*txn_, block));
            BlockEntry entry = known.value_or(BlockEntry{});
            report_.missing_blocks += known ? 0 : 1;
            ++entry.references;
            CODEX_CHECK(txn_->put(Table::blocks, block.bytes(), encode(entry)));
            return step();
        }));
    }
    return {};
}

/// The newest note of each thing.
Result<void> Rebuild::read_notes() {
    std::uint64_t last = 0;
    const auto take = [&](const Note& note) -> Result<void> {
        last = std::max(last, note.sequence);
        Note& newest = notes_[{note.kind, note.cid}];
        if (note.sequence >= newest.sequence)
            newest = note;
        return {};
    };
    CODEX_TRY(damaged, scan_notes(path_, take));
    for (const Note& note : old_notes_)
        CODEX_CHECK(take(note));
    report_.damaged_records += damaged > 0 ? 1 : 0;
    if (last > 0)
        CODEX_CHECK(set_last_note(*txn_, last));
    for (const auto& [name, note] : notes_)
        if (!note.present) {
            CODEX_CHECK(restore_note(*txn_, note)); // until nothing of it is in any segment
            CODEX_CHECK(step());
        }
    return {};
}

/// Blocks of trees whose datasets were removed go, unless something else names them or they are
/// kept. Without its tree nobody knows whose a block was.
Result<void> Rebuild::drop_removed() {
    for (const auto& [cid, found] : trees_) {
        if (found.references > 0 || !found.removed)
            continue;
        CODEX_CHECK(for_each_leaf(cid, found, [&](const Cid& block) -> Result<void> {
            CODEX_TRY(entry, find_block(*txn_, block));
            const Note* note = note_of(NoteKind::block, block);
            if (!entry || entry->references > 0 || (note != nullptr && note->present))
                return {};
            CODEX_CHECK(txn_->erase(Table::blocks, block.bytes()));
            return step();
        }));
    }
    return {};
}

/// Blocks that were put for themselves are kept, and so is what is in doubt: a block of no dataset
/// of which nobody noted that it was removed.
Result<void> Rebuild::judge_block(const Cid& cid, BlockEntry entry) {
    const Note* note = note_of(NoteKind::block, cid);
    const bool loose = entry.references == 0;
    if (loose && (removed(NoteKind::block, cid) || removed(NoteKind::dataset, cid)) &&
        (note == nullptr || !note->present)) {
        CODEX_CHECK(txn_->erase(Table::blocks, cid.bytes()));
        return step();
    }
    if (loose || (note != nullptr && note->present)) {
        entry.kept = true;
        entry.expiry = note != nullptr ? note->expiry : 0;
        CODEX_CHECK(txn_->put(Table::blocks, cid.bytes(), encode(entry)));
        if (entry.expiry != 0)
            CODEX_CHECK(txn_->put(Table::expiries,
                                  encode(ExpiryKey{entry.expiry, ExpiryKind::block, cid}), {}));
        report_.kept_blocks += loose ? 1 : 0;
    }
    if (entry.present) {
        live(entry.extent, block_record_bytes(cid, entry));
        ++totals_.blocks;
        totals_.used_bytes += entry.plain_bytes;
    }
    return step();
}

Result<void> Rebuild::judge_blocks() {
    Bytes from;
    for (bool more = true; more;) {
        std::vector<std::pair<Cid, BlockEntry>> some;
        {
            CODEX_TRY(cursor, txn_->cursor(Table::blocks));
            CODEX_TRY(found, cursor.seek(from));
            more = found;
            for (std::size_t i = 0; more && i < kStep; ++i) {
                CODEX_TRY(cid, decode_cid_key(cursor.key()));
                CODEX_TRY(entry, decode_block(cursor.value()));
                some.emplace_back(cid, entry);
                from.assign(cursor.key().begin(), cursor.key().end());
                from.push_back(0);
                CODEX_TRY(next, cursor.next());
                more = next;
            }
        }
        for (const auto& [cid, entry] : some)
            CODEX_CHECK(judge_block(cid, entry));
    }
    return {};
}

/// What lies between live records is dead: damaged, second copies, or of removed trees.
Result<void> Rebuild::write_segments() {
    for (const auto& [id, end] : ends_) {
        auto& ranges = live_[id];
        std::ranges::sort(ranges);
        SegmentEntry entry;
        entry.committed_end = end;
        std::uint64_t at = 0;
        const auto dead_up_to = [&](std::uint64_t to) -> Result<void> {
            if (at < to)
                CODEX_CHECK(txn_->put(Table::dead, extent_key({id, at}),
                                      dead_value({{id, at}, to - at, false})));
            return {};
        };
        for (const auto& [offset, length] : ranges) {
            CODEX_CHECK(dead_up_to(offset));
            entry.live_bytes += length;
            at = offset + length;
            CODEX_CHECK(step());
        }
        CODEX_CHECK(dead_up_to(end));
        CODEX_CHECK(txn_->put(Table::segments, segment_key(id), encode(entry)));
    }
    return {};
}

/// What the index that is replaced knew and nobody has appended to the file: who was to do it was
/// killed. None of an index that is damaged, or older than the segments.
std::vector<Note> notes_of_old_index(const std::string& path) {
    EnvOptions options;
    options.mode = EnvMode::read_only_no_lock; // nobody else has it open
    const auto env = Env::open(path + "/index.mdb", options);
    if (!env || !require_current(**env, path))
        return {};
    const auto txn = (*env)->read();
    auto notes = txn ? all_notes(*txn) : Result<std::vector<Note>>(std::vector<Note>());
    return notes ? std::move(*notes) : std::vector<Note>();
}

} // namespace

Result<RebuildReport> Repo::rebuild_index(const std::string& path,
                                          std::uint64_t lock_timeout_seconds, Progress* progress) {
    CODEX_CHECK(check_version(path));
    CODEX_CHECK(require_folders(path));
    CODEX_TRY(lock, lock_repo(path, true, lock_timeout_seconds));
    std::vector<Note> old_notes = notes_of_old_index(path);
    // The lock may have lost its name while others hold it; the index is what they hold, too.
    CODEX_TRY(claim, claim_index(path + "/index.mdb", lock_timeout_seconds));
    const std::string fresh = path + "/index.mdb.new";
    const auto unlink_fresh = [&] {
        ::unlink(fresh.c_str());
        ::unlink((fresh + "-lock").c_str());
    };
    unlink_fresh(); // of a rebuild that was killed
    auto rebuilt = [&]() -> Result<RebuildReport> {
        EnvOptions options;
        options.create = true;
        CODEX_TRY(env, Env::open(fresh, options));
        const Segments segments(path + "/segments", env.get());
        return Rebuild(path, *env, segments, progress, std::move(old_notes)).run();
    }();
    if (rebuilt)
        if (auto forgotten = forget_age(path); !forgotten)
            rebuilt = fail(std::move(forgotten).error());
    if (rebuilt && ::rename(fresh.c_str(), (path + "/index.mdb").c_str()) != 0)
        rebuilt = fail(system_error(errno, "rename " + fresh));
    if (rebuilt) {
        ::unlink((path + "/index.mdb-lock").c_str()); // it is about readers of the old one
        CODEX_CHECK(sync_directory(path));
    }
    unlink_fresh();
    clear_lock_note(lock);
    return rebuilt;
}

} // namespace codex::repo
