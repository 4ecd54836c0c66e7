// Notes: what making the index anew cannot find in blocks and trees.
#include "repo/upkeep/notes.hpp"

#include "repo/fixture.hpp"
#include "repo/index/age.hpp"
#include "repo/small_limits.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

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

class Notes : public testing::Test {
protected:
    Notes() : repo_(must(Repo::init(scratch_.repo(), {}, small()))) {}

    RebuildReport rebuild() {
        {
            const Repo closed = std::move(repo_);
        }
        ::unlink((scratch_.repo() + "/index.mdb").c_str());
        ::unlink((scratch_.repo() + "/index.mdb-lock").c_str());
        const RebuildReport report = must(Repo::rebuild_index(scratch_.repo(), small()));
        repo_ = must(Repo::open(scratch_.repo(), small()));
        EXPECT_THAT(problems(repo_), IsEmpty());
        return report;
    }
    std::vector<Note> in_file() {
        std::vector<Note> notes;
        const NoNotes damage =
            must(scan_notes(scratch_.repo(), [&](const Note& note) -> Result<void> {
                notes.push_back(note);
                return {};
            }));
        EXPECT_EQ(damage.between + damage.behind, 0U);
        return notes;
    }

    const Scratch scratch_;
    Repo repo_;
};

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

// --- the age of the index -----------------------------------------------------------------------

class OldIndex : public Notes {
protected:
    void copy(const char* from, const char* to) {
        fs::copy_file(scratch_.repo() + from, scratch_.repo() + to,
                      fs::copy_options::overwrite_existing);
    }
};

TEST_F(OldIndex, IsNotWrittenTo) {
    must(write_blocks(repo_, seeds(1, 5)));
    {
        const Repo closed = std::move(repo_);
    }
    copy("/index.mdb", "/index.old");
    repo_ = must(Repo::open(scratch_.repo(), small()));
    const Made later = must(write_blocks(repo_, seeds(10, 5)));
    const Made last = must(write_blocks(repo_, seeds(20, 5)));
    {
        const Repo closed = std::move(repo_);
    }
    copy("/index.old", "/index.mdb");
    EXPECT_EQ(code_of(Repo::open(scratch_.repo(), small())), Errc::repo_damaged);
    OpenOptions reading;
    reading.read_only = true;
    EXPECT_EQ(code_of(Repo::open(scratch_.repo(), small(reading))), Errc::repo_damaged)
        << "what it does not know would be called missing";
    must(Repo::rebuild_index(scratch_.repo(), small()));
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_EQ(must(repo_.space()).counters.datasets, 3U);
    EXPECT_EQ(must(repo_.get(later.blocks[0])), random_bytes(10, kBlock));
    EXPECT_EQ(must(repo_.get(last.blocks[0])), random_bytes(20, kBlock));
    must(write_blocks(repo_, seeds(30, 5)));
    {
        const Repo closed = std::move(repo_);
    }
    // Of another descent: it has seen more transactions, but not these.
    copy("/index.old", "/index.mdb");
    EXPECT_EQ(code_of(Repo::open(scratch_.repo(), small())), Errc::repo_damaged);
    must(Repo::rebuild_index(scratch_.repo(), small()));
    repo_ = must(Repo::open(scratch_.repo(), small()));
}

/// What is committed into a file without a name nobody would find.
TEST_F(OldIndex, PutInPlaceOfOneInUseTakesNothing) {
    const Made made = must(write_blocks(repo_, seeds(1, 5)));
    copy("/index.mdb", "/index.old");
    ASSERT_EQ(::unlink((scratch_.repo() + "/index.mdb").c_str()), 0);
    copy("/index.old", "/index.mdb");
    EXPECT_EQ(code_of(write_blocks(repo_, seeds(10, 5))), Errc::io);
    EXPECT_EQ(code_of(repo_.remove_dataset(made.manifest)), Errc::io);
    {
        const Repo closed = std::move(repo_);
    }
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_EQ(must(repo_.space()).counters.datasets, 1U);
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(write_blocks(repo_, seeds(10, 5)));
}

TEST_F(OldIndex, IsTakenAsItIsWhereNothingSaysOtherwise) {
    must(write_blocks(repo_, seeds(1, 5)));
    {
        const Repo closed = std::move(repo_);
    }
    EXPECT_TRUE(recorded_age(scratch_.repo()).has_value());
    for (const char* content : {"", "nonsense, and long enough to be read"}) {
        must(write_file_atomic(scratch_.repo() + "/age", as_bytes(content)));
        EXPECT_EQ(recorded_age(scratch_.repo()), std::nullopt);
        EXPECT_TRUE(Repo::open(scratch_.repo(), small()).has_value());
    }
    ::unlink((scratch_.repo() + "/age").c_str());
    repo_ = must(Repo::open(scratch_.repo(), small()));
    must(write_blocks(repo_, seeds(9, 5)));
}

/// What was not synced may be gone after power loss: nothing says that it was there.
TEST_F(OldIndex, IsNotOneThatLostWhatWasNotSynced) {
    must(write_blocks(repo_, seeds(1, 5)));
    {
        const Repo closed = std::move(repo_);
    }
    const auto age = recorded_age(scratch_.repo());
    OpenOptions lazy;
    lazy.sync = false;
    repo_ = must(Repo::open(scratch_.repo(), small(lazy)));
    must(write_blocks(repo_, seeds(10, 5)));
    const auto now = recorded_age(scratch_.repo());
    EXPECT_EQ(now->transaction, age->transaction) << "it is not on the disk";
    EXPECT_GT(now->seen, age->seen);
    {
        const Repo closed = std::move(repo_);
    }
    repo_ = must(Repo::open(scratch_.repo(), {}));
    must(write_blocks(repo_, seeds(20, 5)));
    EXPECT_EQ(recorded_age(scratch_.repo())->transaction, recorded_age(scratch_.repo())->seen);
    EXPECT_THAT(problems(repo_), IsEmpty());
}

/// Nothing says that the index is of today, and segments have what it does not know.
TEST_F(OldIndex, IsNotBelievedWithoutAnAgeWhereSegmentsHaveMore) {
    must(write_blocks(repo_, seeds(1, 5)));
    {
        const Repo closed = std::move(repo_);
    }
    copy("/index.mdb", "/index.old");
    repo_ = must(Repo::open(scratch_.repo(), {}));
    const Made later = must(write_blocks(repo_, seeds(10, 1))); // goes in the tail of the segment
    {
        const Repo closed = std::move(repo_);
    }
    const std::vector<std::string> files = segment_files(scratch_.repo());
    const Bytes before = must(read_file(files.back(), 1 << 20));
    for (const std::size_t zeros : {std::size_t{0}, std::size_t{24}, std::size_t{48}}) {
        copy("/index.old", "/index.mdb");
        ::unlink((scratch_.repo() + "/age").c_str());
        if (zeros > 0)
            must(write_file_atomic(scratch_.repo() + "/age", Bytes(zeros)));
        OpenOptions reading;
        reading.read_only = true;
        EXPECT_EQ(code_of(Repo::open(scratch_.repo(), reading)), Errc::repo_damaged) << zeros;
        EXPECT_EQ(code_of(Repo::open(scratch_.repo(), {})), Errc::repo_damaged) << zeros;
        EXPECT_EQ(must(read_file(files.back(), 1 << 20)), before);
    }
    must(Repo::rebuild_index(scratch_.repo()));
    repo_ = must(Repo::open(scratch_.repo(), {}));
    EXPECT_EQ(must(repo_.get(later.blocks[0])), random_bytes(10, kBlock));
    EXPECT_EQ(must(repo_.space()).counters.datasets, 2U);
    EXPECT_THAT(problems(repo_), IsEmpty());
}

/// What a killed writer left is no record, or it is found out.
TEST_F(OldIndex, IsAcceptedWithoutAnAgeWhereTailsHaveNoWholeRecord) {
    must(write_blocks(repo_, seeds(1, 5)));
    {
        const Repo closed = std::move(repo_);
    }
    ::unlink((scratch_.repo() + "/age").c_str());
    const std::string segment = segment_files(scratch_.repo()).back();
    const Bytes whole = must(read_file(segment, 1 << 20));
    {
        // A record whose bytes are not all there, and one that is damaged.
        const Fd file = must(open_file(segment, O_RDWR));
        Bytes torn(whole.begin(), whole.begin() + 4200);
        torn[2000] ^= 1;
        must(pwrite_full(file.get(), torn, whole.size(), segment));
        must(pwrite_full(file.get(), BytesView(whole).first(1000), whole.size() + 8192, segment));
    }
    repo_ = must(Repo::open(scratch_.repo(), {}));
    EXPECT_TRUE(recorded_age(scratch_.repo()).has_value());
    must(write_blocks(repo_, seeds(10, 5)));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

/// A copy that lacks what was not synced may also be what a power loss has left. What segments have
/// more is left alone until the index is made anew.
TEST_F(OldIndex, ThatMayLackWhatWasNotSyncedDestroysNothing) {
    const Made goes = must(write_blocks(repo_, seeds(1, 1)));
    must(repo_.remove_dataset(goes.manifest)); // all of the segment is dead but what comes now
    {
        const Repo closed = std::move(repo_);
    }
    copy("/index.mdb", "/index.old");
    OpenOptions lazy;
    lazy.sync = false;
    repo_ = must(Repo::open(scratch_.repo(), lazy));
    const Made later = must(write_blocks(repo_, seeds(10, 1)));
    {
        const Repo closed = std::move(repo_);
    }
    const std::string segment = segment_files(scratch_.repo()).at(0);
    const Bytes before = must(read_file(segment, 1 << 20));
    copy("/index.old", "/index.mdb");
    OpenOptions reading;
    reading.read_only = true;
    repo_ = must(Repo::open(scratch_.repo(), reading));
    EXPECT_THAT(problems(repo_), ElementsAre(testing::StartsWith("records-unknown")));
    {
        const Repo closed = std::move(repo_);
    }
    repo_ = must(Repo::open(scratch_.repo(), {}));
    for (int round = 0; round < 2; ++round) {
        GcOptions options;
        options.dry_run = true;
        EXPECT_THAT(must(repo_.gc(options)).unaccounted, ElementsAre(segment));
        options.dry_run = false;
        EXPECT_THAT(must(repo_.gc(options)).unaccounted, ElementsAre(segment));
        must(write_blocks(repo_, seeds(20 + round, 1)));
        EXPECT_EQ(must(read_file(segment, 1 << 20)).size(), before.size());
        EXPECT_THAT(problems(repo_), ElementsAre(testing::StartsWith("records-unknown")));
        {
            const Repo closed = std::move(repo_);
        }
        repo_ = must(Repo::open(scratch_.repo(), {}));
    }
    rebuild();
    EXPECT_EQ(must(repo_.get(later.blocks[0])), random_bytes(10, kBlock));
    EXPECT_EQ(must(repo_.space()).counters.datasets, 3U);
    EXPECT_THAT(must(repo_.gc({})).unaccounted, IsEmpty());
    EXPECT_EQ(must(repo_.get(later.blocks[0])), random_bytes(10, kBlock));
}

/// In the same state a writer that was killed before its commit leaves nothing.
TEST_F(OldIndex, IsNotWhatFollowsAKilledWriter) {
    OpenOptions lazy;
    lazy.sync = false;
    repo_ = must(Repo::open(scratch_.repo(), lazy));
    must(write_blocks(repo_, seeds(1, 5)));
    {
        const Repo closed = std::move(repo_);
    }
    const std::string segment = segment_files(scratch_.repo()).back();
    const Bytes whole = must(read_file(segment, 1 << 20));
    {
        const Fd file = must(open_file(segment, O_RDWR));
        must(pwrite_full(file.get(), whole, whole.size(), segment));
    }
    repo_ = must(Repo::open(scratch_.repo(), {}));
    EXPECT_THAT(problems(repo_), IsEmpty());
    const GcReport report = must(repo_.gc({}));
    EXPECT_THAT(report.unaccounted, IsEmpty());
    EXPECT_EQ(must(read_file(segment, 1 << 20)).size(), whole.size());
}

TEST_F(OldIndex, AgeFollowsTheIndexThatIsMadeAnew) {
    must(write_blocks(repo_, seeds(1, 5)));
    const auto before = recorded_age(scratch_.repo());
    rebuild();
    const auto after = recorded_age(scratch_.repo());
    ASSERT_TRUE(before && after);
    EXPECT_NE(before->lineage, after->lineage);
    EXPECT_EQ(after->transaction, after->seen);
}

// --- damage of the file --------------------------------------------------------------------------

class DamagedNotes : public Notes {
protected:
    std::string file() { return notes_path(scratch_.repo()); }
    void flip(std::uint64_t offset) {
        Bytes bytes = must(read_file(file(), 1 << 20));
        bytes.at(offset) ^= 1;
        const Fd opened = must(open_file(file(), O_RDWR));
        must(pwrite_full(opened.get(), bytes, 0, file()));
    }
};

TEST_F(DamagedNotes, AreFoundByVerifyAndWrittenAnewByGc) {
    constexpr std::uint64_t kLate = 4'000'000'000;
    const Made expires = must(write_blocks(repo_, seeds(1, 3), kLate));
    const Made labelled = must(write_blocks(repo_, seeds(10, 3)));
    must(repo_.set_label(labelled.manifest, "holiday"));
    const Bytes kept = random_bytes(20, 100);
    must(repo_.put(cid_of(kept), kept, kLate));
    const Made removed = must(write_blocks(repo_, seeds(30, 3)));
    const Bytes again = manifest_for(removed.tree, 3, kBlock, "");
    must(repo_.put(removed.manifest, again, 0)); // else its block goes, and the note with it
    must(repo_.remove_dataset(removed.manifest));
    const Made last = must(write_blocks(repo_, seeds(40, 3), kLate));
    EXPECT_THAT(problems(repo_), IsEmpty());
    // The first turn is of the file as it grew, the others are of one that gc wrote.
    for (std::uint64_t at = 70; at + 300 < fs::file_size(file()); at += 192) {
        flip(at);
        EXPECT_THAT(problems(repo_), testing::Not(IsEmpty())) << at;
        must(repo_.gc({}));
        EXPECT_THAT(problems(repo_), IsEmpty()) << at;
    }
    rebuild();
    EXPECT_EQ(must(repo_.dataset(expires.manifest)).expiry, kLate);
    EXPECT_EQ(must(repo_.dataset(labelled.manifest)).label, "holiday");
    EXPECT_EQ(must(repo_.stat(cid_of(kept)))->expiry, kLate);
    EXPECT_EQ(must(repo_.dataset(last.manifest)).expiry, kLate);
    EXPECT_EQ(code_of(repo_.dataset(removed.manifest)), Errc::dataset_not_found);
}

/// What a kill leaves behind the last note is no damage, and no reason to write all anew.
TEST_F(DamagedNotes, AreNotThoseWhoseEndWasCutOff) {
    must(write_blocks(repo_, seeds(1, 3), 4'000'000'000));
    const std::uint64_t size = fs::file_size(file());
    {
        const Fd opened = must(open_file(file(), O_RDWR));
        must(pwrite_full(opened.get(), random_bytes(1, 100), size, file()));
    }
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(write_blocks(repo_, seeds(10, 3), 4'000'000'000));
    EXPECT_EQ(in_file().size(), 2U);
    EXPECT_THAT(problems(repo_), IsEmpty());
}

} // namespace
} // namespace codex::repo::test
