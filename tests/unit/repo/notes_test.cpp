// Notes: what making the index anew cannot find in blocks and trees.
#include "repo/upkeep/notes.hpp"

#include "repo/notes_fixture.hpp"

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Note some_note() {
    return {7, NoteKind::dataset, true, 99, cid_of(random_bytes(1, 10)), "label"};
}

TEST(Note, RoundTripTruncationAndFlips) {
    for (const std::string& label : {std::string(), std::string("x"), std::string(255, 'y')}) {
        Note note = some_note();
        note.label = label;
        const Bytes record = encode_note(note);
        EXPECT_EQ(record.size() % kRecordAlign, 0U);
        EXPECT_LE(record.size(), kMaxNoteBytes);
        std::uint64_t length = 0;
        EXPECT_EQ(must(decode_note(record, &length)), note);
        EXPECT_EQ(length, record.size());
        const std::size_t used =
            header_bytes(note.cid.bytes().size()) + kNoteFixedBytes + label.size();
        for (std::size_t size = 0; size < used; ++size)
            EXPECT_FALSE(decode_note(BytesView(record).first(size)).has_value()) << size;
        for (std::size_t i = 0; i < used; ++i) {
            Bytes flipped = record;
            flipped[i] ^= 1;
            EXPECT_FALSE(decode_note(flipped).has_value()) << i;
        }
    }
}

TEST_F(Notes, RemovedDatasetsStayRemoved) {
    const Made stays = must(write_blocks(repo_, seeds(1, 30)));
    const Made goes = must(write_blocks(repo_, seeds(20, 30), 0, "goes"));
    must(repo_.remove_dataset(goes.manifest));
    EXPECT_EQ(rebuild().kept_blocks, 0U) << "before gc";
    EXPECT_EQ(code_of(repo_.dataset(goes.manifest)), Errc::dataset_not_found);
    EXPECT_EQ(must(repo_.space()).counters.blocks, 31U);
    must(repo_.gc({}));
    rebuild();
    EXPECT_EQ(code_of(repo_.dataset(goes.manifest)), Errc::dataset_not_found);
    EXPECT_EQ(must(repo_.space()).counters.blocks, 31U);
    for (std::size_t i = 0; i < stays.blocks.size(); ++i)
        EXPECT_EQ(must(repo_.get(stays.blocks[i])), random_bytes(1 + i, kBlock));
    must(write_blocks(repo_, seeds(20, 30), 0, "goes"));
    must(repo_.remove_dataset(stays.manifest));
    rebuild();
    EXPECT_TRUE(repo_.dataset(goes.manifest).has_value()) << "put again";
    EXPECT_EQ(must(repo_.space()).counters.datasets, 1U);
}

TEST_F(Notes, WithoutTheirIndexNothingIsLostOfDatasetsWhoseTreeIsShared) {
    const Made made = must(write_blocks(repo_, seeds(1, 20)));
    const Bytes other = manifest_for(made.tree, 20, kBlock, "other");
    const Cid second = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(other));
    must(repo_.add_manifest(second, other, 0));
    must(repo_.remove_dataset(made.manifest));
    must(repo_.gc({}));
    rebuild();
    EXPECT_EQ(must(repo_.space()).counters.datasets, 1U);
    EXPECT_TRUE(repo_.dataset(second).has_value());
    EXPECT_EQ(must(repo_.get(made.blocks[3])), random_bytes(4, kBlock));
}

TEST_F(Notes, ExpiriesAndLabelsSurvive) {
    const Made first = must(write_blocks(repo_, seeds(1, 3), 1000));
    const Made second = must(write_blocks(repo_, seeds(10, 3)));
    const Made third = must(write_blocks(repo_, seeds(20, 3), 5, "third"));
    must(repo_.set_label(second.manifest, "two"));
    must(repo_.set_expiry(third.manifest, 0));
    must(repo_.set_expiry(second.manifest, 77));
    rebuild();
    EXPECT_EQ(must(repo_.dataset(first.manifest)).expiry, 1000U);
    EXPECT_EQ(must(repo_.dataset(second.manifest)).expiry, 77U);
    EXPECT_EQ(must(repo_.dataset(second.manifest)).label, "two");
    EXPECT_EQ(must(repo_.dataset(third.manifest)).expiry, 0U);
    GcOptions options;
    options.now = 78;
    EXPECT_EQ(must(repo_.gc(options)).expired_datasets, 1U);
    rebuild();
    EXPECT_EQ(code_of(repo_.dataset(second.manifest)), Errc::dataset_not_found);
    EXPECT_EQ(must(repo_.dataset(first.manifest)).expiry, 1000U);
}

TEST_F(Notes, KeptBlocksStayKeptAndRemovedOnesGone) {
    const Made made = must(write_blocks(repo_, seeds(1, 5)));
    const Bytes loose = random_bytes(100, 500), timed = random_bytes(101, 500),
                removed = random_bytes(102, 500), expired = random_bytes(103, 500);
    must(repo_.put(cid_of(loose), loose, 0));
    must(repo_.put(cid_of(timed), timed, 900));
    must(repo_.put(cid_of(removed), removed, 0));
    must(repo_.put(cid_of(expired), expired, 5));
    must(repo_.put(made.blocks[0], random_bytes(1, kBlock), 0)); // of a dataset, too
    must(repo_.put(cid_of(random_bytes(60, kBlock)), random_bytes(60, kBlock), 0));
    must(write_blocks(repo_, seeds(60, 2))); // names a block that is kept already
    must(repo_.remove(cid_of(removed)));
    GcOptions options;
    options.now = 6;
    options.compact = false;
    must(repo_.gc(options));
    must(repo_.remove_dataset(made.manifest));
    must(repo_.remove_dataset(must(write_blocks(repo_, seeds(60, 2))).manifest));
    rebuild();
    EXPECT_TRUE(must(repo_.stat(cid_of(loose)))->kept);
    EXPECT_EQ(must(repo_.stat(cid_of(timed)))->expiry, 900U);
    EXPECT_FALSE(must(repo_.has(cid_of(removed))));
    EXPECT_FALSE(must(repo_.has(cid_of(expired))));
    EXPECT_TRUE(must(repo_.has(made.blocks[0])));
    EXPECT_FALSE(must(repo_.has(made.blocks[1])));
    EXPECT_TRUE(must(repo_.has(cid_of(random_bytes(60, kBlock)))));
    EXPECT_FALSE(must(repo_.has(cid_of(random_bytes(61, kBlock)))));
    EXPECT_EQ(must(repo_.space()).counters.blocks, 4U);
}

/// A tree that cannot be read says nothing of whose its blocks were.
TEST_F(Notes, InDoubtBlocksAreKept) {
    const Made made = must(write_blocks(repo_, seeds(1, 5)));
    const BlockInfo manifest = must(repo_.stat(made.manifest)).value();
    EXPECT_TRUE(manifest.present);
    {
        const Repo closed = std::move(repo_);
    }
    const std::string segment = segment_files(scratch_.repo()).at(0);
    // Everything behind the five blocks: the tree and the manifest.
    must(Repo::rebuild_index(scratch_.repo(), small()));
    ASSERT_EQ(::truncate(segment.c_str(), 5 * (kBlock + 128)), 0);
    EXPECT_EQ(must(Repo::rebuild_index(scratch_.repo(), small())).kept_blocks, 5U);
    repo_ = must(Repo::open(scratch_.repo(), small()));
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_EQ(must(repo_.get(made.blocks[i])), random_bytes(1 + i, kBlock));
}

/// The file has what was committed, and gc leaves in it what still holds.
TEST_F(Notes, AreMergedWhenNothingOfWhatTheySayIsLeft) {
    EXPECT_THAT(in_file(), IsEmpty());
    std::vector<Cid> datasets;
    for (std::uint64_t i = 0; i < 20; ++i)
        datasets.push_back(must(write_blocks(repo_, seeds(i * 10, 2), 1000 + i)).manifest);
    EXPECT_EQ(in_file().size(), 20U);
    for (std::size_t i = 0; i < 19; ++i)
        must(repo_.remove_dataset(datasets[i]));
    const std::vector<Note> before = in_file();
    EXPECT_EQ(before.size(), 39U);
    for (std::size_t i = 1; i < before.size(); ++i)
        EXPECT_LT(before[i - 1].sequence, before[i].sequence);
    // As long as somebody writes, what he writes may be what was removed.
    {
        auto other = must(Store::open(scratch_.repo(), small()));
        const SegmentLease lease = must(other->segments().acquire(true));
        const Bytes data = random_bytes(1, 100);
        Record record{{RecordKind::block, Encoding::raw, data.size(), data.size(), cid_of(data)},
                      data};
        must(lease->append(std::span(&record, 1)));
        must(repo_.gc({}));
        EXPECT_EQ(in_file().size(), 39U);
        Store::release(std::move(other));
    }
    must(repo_.gc({}));
    const std::vector<Note> left = in_file();
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].cid, datasets[19]);
    must(repo_.set_expiry(datasets[19], 4));
    EXPECT_GT(in_file().back().sequence, before.back().sequence) << "numbers only grow";
    rebuild();
    must(repo_.set_expiry(datasets[19], 5));
    EXPECT_EQ(in_file().size(), 3U);
    EXPECT_GT(in_file()[2].sequence, in_file()[1].sequence);
}

/// Nothing was removed, but what was said again and again is said once.
TEST_F(Notes, AreMergedWhenTheyHaveGrown) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    must(repo_.set_expiry(made.manifest, 1));
    must(repo_.gc({}));
    EXPECT_EQ(in_file().size(), 1U);
    for (std::uint64_t i = 2; i <= 100; ++i)
        must(repo_.set_expiry(made.manifest, 1000 + i));
    EXPECT_EQ(in_file().size(), 100U);
    must(repo_.gc({}));
    ASSERT_EQ(in_file().size(), 1U);
    EXPECT_EQ(in_file()[0].expiry, 1100U);
    rebuild();
    EXPECT_EQ(must(repo_.dataset(made.manifest)).expiry, 1100U);
}

/// A writer that was killed between its commit and its note, or that found no room for the note.
TEST_F(Notes, AreWrittenByWhoeverComesNext) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    const Made other = must(write_blocks(repo_, seeds(10, 3)));
    must(repo_.set_expiry(made.manifest, 100));
    must(repo_.remove_dataset(made.manifest));
    const std::string path = scratch_.repo() + "/notes";
    const auto whole = fs::file_size(path);
    // Torn within its last record.
    ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(whole - 70)), 0);
    must(repo_.set_expiry(other.manifest, 7));
    std::vector<bool> present;
    for (const Note& note : in_file())
        present.push_back(note.present);
    EXPECT_THAT(present, ElementsAre(true, false, true));
    ASSERT_EQ(::truncate(path.c_str(), 0), 0);
    must(repo_.gc({}));
    rebuild();
    EXPECT_EQ(code_of(repo_.dataset(made.manifest)), Errc::dataset_not_found);
}

/// Killed between the commit and the file: the index that is made anew knew of it.
TEST_F(Notes, AreTakenFromTheIndexThatIsReplaced) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    must(repo_.set_label(made.manifest, "kept"));
    const Made other = must(write_blocks(repo_, seeds(10, 3)));
    must(repo_.remove_dataset(other.manifest));
    {
        const Repo closed = std::move(repo_);
    }
    ASSERT_EQ(::truncate((scratch_.repo() + "/notes").c_str(), 0), 0);
    must(Repo::rebuild_index(scratch_.repo(), small()));
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_EQ(must(repo_.dataset(made.manifest)).label, "kept");
    EXPECT_EQ(code_of(repo_.dataset(other.manifest)), Errc::dataset_not_found);
}

/// A power loss may undo it: then the file must not have said that it was done.
TEST_F(Notes, OfWhatIsNotSyncedAreWrittenByThoseWhoSync) {
    const Made made = must(write_blocks(repo_, seeds(1, 3), 50));
    const Made other = must(write_blocks(repo_, seeds(10, 3)));
    {
        const Repo closed = std::move(repo_);
    }
    OpenOptions lazy;
    lazy.sync = false;
    repo_ = must(Repo::open(scratch_.repo(), small(lazy)));
    const std::vector<Note> before = in_file();
    EXPECT_EQ(before.size(), 1U);
    must(repo_.remove_dataset(made.manifest));
    EXPECT_EQ(in_file(), before);
    {
        const Repo closed = std::move(repo_);
    }
    repo_ = must(Repo::open(scratch_.repo(), small()));
    must(repo_.set_expiry(other.manifest, 9));
    ASSERT_EQ(in_file().size(), 3U);
    EXPECT_EQ(in_file()[1].cid, made.manifest);
    EXPECT_FALSE(in_file()[1].present);
    rebuild();
    EXPECT_EQ(code_of(repo_.dataset(made.manifest)), Errc::dataset_not_found);
}

/// A repo made before notes: no file, no rows.
TEST_F(Notes, AreNotNeeded) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    EXPECT_FALSE(fs::exists(scratch_.repo() + "/notes"));
    rebuild();
    EXPECT_TRUE(repo_.dataset(made.manifest).has_value());
}

} // namespace
} // namespace codex::repo::test
