// The index made anew from segments: the last resort, and the proof that the index is only that.
#include "repo/upkeep/rebuild.hpp"
#include "crypto/hash/sha256.hpp"
#include "repo/index/age.hpp"
#include "repo/index/dataset_record.hpp"
#include "repo/index/flock_wait.hpp"
#include "repo/index/labels.hpp"
#include "repo/index/partial_entry.hpp"
#include "repo/index/place.hpp"
#include "repo/repo.hpp"
#include "repo/segments/block_reader.hpp"
#include "repo/segments/compression.hpp"
#include "repo/segments/own_file.hpp"
#include "repo/segments/scan.hpp"
#include "repo/segments/tree_file.hpp"
#include "repo/upkeep/notes.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo {

using namespace detail;

Result<void> Rebuild::scan(std::uint32_t id) {
    ++report_.segments;
    const std::string name = segments_.path(id);
    CODEX_TRY(file, segments_.open_file(id, O_RDONLY));
    at_ = 0;
    Places places;
    CODEX_TRY(
        end, scan_segment(
                 file, name, [&](std::uint64_t offset, const RecordHeader& header) -> Result<bool> {
                     reached(offset);
                     CODEX_CHECK(job_.go_on());
                     const Extent at{id, offset};
                     CODEX_TRY(good, header.kind == RecordKind::block  ? block(file, at, header)
                                     : header.kind == RecordKind::tree ? tree(file, at, header)
                                                                       : Result<bool>(false));
                     if (good)
                         add_place(
                             places, offset,
                             offset + record_bytes(header.cid.bytes().size(), header.stored_bytes));
                     return good;
                 }));
    CODEX_TRY(damaged, damaged_places(file, name, std::move(places)));
    if (!damaged.empty())
        damaged_[id] = std::move(damaged);
    reached(file_bytes(id));
    ends_[id] = end;
    return {};
}

Result<bool> Rebuild::block(const Fd& file, const Extent& at, const RecordHeader& header) {
    CODEX_TRY(whole, record_is_whole(file, "segment", at.offset, header));
    if (!whole)
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
    CODEX_TRY(whole, record_is_whole(file, "segment", at.offset, header));
    if (!whole)
        return false;
    trees_.emplace(header.cid, FoundTree{at, header.plain, 0, false});
    return true;
}

/// As the old index has it; else not later than its segment was last written to.
std::uint64_t Rebuild::stored_at(const Cid& cid, const Fd& segment) const {
    const std::uint64_t now = around_.clock.unix_seconds();
    const auto known = old_.datasets.find(cid);
    if (known != old_.datasets.end() && known->second != 0 && known->second <= now)
        return known->second;
    struct stat st{};
    return ::fstat(segment.get(), &st) == 0 && st.st_mtim.tv_sec > 0
               ? std::min(now, static_cast<std::uint64_t>(st.st_mtim.tv_sec))
               : now;
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
        const DatasetEntry dataset{manifest->tree, stored_at(cid, *file), expiry,
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
        CODEX_CHECK(job_.go_on());
        leaves.resize(
            static_cast<std::size_t>(std::min<std::uint64_t>(kRebuildStep, found.leaf_count - at)));
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

namespace {

/// What is there was stored when it says, whatever it lacks.
Result<void> read_datasets(const Env& env, std::map<Cid, std::uint64_t>& stored) {
    CODEX_TRY(txn, env.read());
    CODEX_CHECK(
        for_each(txn, Table::datasets, {}, [&](BytesView key, BytesView value) -> Result<void> {
            CODEX_TRY(cid, decode_cid_key(Table::datasets, key));
            CODEX_TRY(entry, decode_dataset(value));
            stored[cid] = entry.added;
            return {};
        }));
    return for_each_partial(txn, {},
                            [&](const Cid& cid, const PartialEntry& entry) -> Result<bool> {
                                stored[cid] = entry.added;
                                return true;
                            });
}

Result<void> read_old_index(const Env& env, const std::string& path, OldIndex& old) {
    CODEX_TRY(txn, env.read());
    // Also what nobody has appended to the file: who was to do it was killed.
    CODEX_TRY(rows, notes_after(txn, 0));
    for (Note& note : rows) {
        CODEX_TRY(gone, is_let_go(txn, note));
        if (!gone)
            old.notes.push_back(std::move(note));
    }
    CODEX_TRY(state, check_notes(path, txn));
    for (Note& note : state.lost)
        if (note.present) { // a removal is a row
            note.sequence = 0;
            old.notes.push_back(std::move(note));
        }
    CODEX_CHECK(
        for_each(txn, Table::segments, {}, [&](BytesView key, BytesView value) -> Result<void> {
            CODEX_TRY(id, decode_segment_key(key));
            CODEX_TRY(entry, decode_segment(value));
            old.segments[id].end = entry.committed_end;
            return {};
        }));
    CODEX_CHECK(for_each(txn, Table::dead, {}, [&](BytesView key, BytesView value) -> Result<void> {
        CODEX_TRY(range, decode_dead(key, value));
        add_place(old.segments[range.extent.segment].dead, range.extent.offset,
                  range.extent.offset + range.length);
        return {};
    }));
    return {};
}

/// Of an index that is damaged, or older than the segments, only when datasets were stored.
OldIndex old_index(const std::string& path, const Surroundings& around) {
    EnvOptions options;
    options.mode = EnvMode::read_only_no_lock; // nobody else has it open
    const auto env = Env::open(path + "/index.mdb", options, around);
    if (!env)
        return {};
    OldIndex dated;
    const bool all = read_datasets(**env, dated.datasets).has_value();
    const auto segments = Segments::open_folder(path + "/segments", env->get(), around);
    dated.has_notes = all && require_all_notes(**env, path);
    if (!all || !segments || !require_current(**env, **segments, path))
        return dated;
    OldIndex old;
    if (!read_old_index(**env, path, old))
        return dated;
    old.datasets = std::move(dated.datasets);
    old.known = true;
    old.has_notes = true;
    return old;
}

} // namespace

Result<RebuildReport> Repo::rebuild_index(const std::string& path, const OpenOptions& options,
                                          const Job& job) {
    const Surroundings around(options);
    CODEX_CHECK(require_place(path, false));
    CODEX_CHECK(check_version(path));
    CODEX_CHECK(require_folders(path));
    // Before all the work, and not after it.
    for (const char* name : {"/notes", "/age", "/segments/.age", "/reserve"})
        CODEX_CHECK(require_own_file(path + name));
    CODEX_TRY(lock, lock_repo(path, true, around));
    OldIndex old = old_index(path, around);
    // The lock may have lost its name while others hold it; the index is what they hold, too.
    CODEX_TRY(claim, claim_index(path + "/index.mdb", around));
    const std::string fresh = path + "/index.mdb.new";
    const auto unlink_fresh = [&] {
        ::unlink(fresh.c_str());
        ::unlink((fresh + "-lock").c_str());
    };
    unlink_fresh(); // of a rebuild that was killed
    IndexAge age;
    auto rebuilt = [&]() -> Result<RebuildReport> {
        EnvOptions making;
        making.create = true;
        CODEX_TRY(env, Env::open(fresh, making, around));
        CODEX_TRY(segments, Segments::open_folder(path + "/segments", env.get(), around));
        Rebuild rebuild(path, *env, *segments, around, job, std::move(old));
        CODEX_TRY(report, rebuild.run());
        age = rebuild.age();
        return report;
    }();
    if (rebuilt)
        if (auto forgotten = forget_age(path); !forgotten)
            rebuilt = fail(std::move(forgotten).error());
    if (rebuilt && ::rename(fresh.c_str(), (path + "/index.mdb").c_str()) != 0)
        rebuilt = fail(system_error(errno, "rename " + fresh));
    if (rebuilt) {
        ::unlink((path + "/index.mdb-lock").c_str()); // it is about readers of the old one
        CODEX_CHECK(sync_directory(path));
        CODEX_CHECK(write_age(path, age, around.disk));
    }
    unlink_fresh();
    clear_lock_note(lock);
    return rebuilt;
}

} // namespace codex::repo
