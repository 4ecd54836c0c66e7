// An index that is not of today, and what says so.
#include "repo/index/age.hpp"

#include "repo/notes_fixture.hpp"

#include <fcntl.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

/// REPO/age says what the index says; the segments know better, while they are those of today.
TEST_F(OldIndex, IsFoundOutByTheSegmentsWhereItsAgeWasPutBackToo) {
    must(write_blocks(repo_, seeds(1, 5)));
    close();
    copy("/index.mdb", "/index.old");
    copy("/age", "/age.old");
    repo_ = must(Repo::open(scratch_.repo(), small()));
    const Made later = must(write_blocks(repo_, seeds(10, 5))); // in the tail of the segment
    close();
    const std::string segment = segment_files(scratch_.repo()).back();
    const Bytes before = must(read_file(segment, 1 << 20));
    const std::string beside = scratch_.repo() + "/segments/.age";
    const Bytes today = must(read_file(beside, 1 << 10));
    const auto put_back = [&] {
        copy("/index.old", "/index.mdb");
        copy("/age.old", "/age");
    };
    OpenOptions reading;
    reading.read_only = true;
    for (const OpenOptions& how : {small(), small(reading)}) {
        put_back();
        const auto refused = Repo::open(scratch_.repo(), how);
        ASSERT_EQ(code_of(refused), Errc::repo_damaged);
        EXPECT_THAT(refused.error().text(), testing::HasSubstr("is older than the segments"));
        EXPECT_EQ(refused.error().remedies().front().action(), Remedy::rebuild_index);
        EXPECT_EQ(must(read_file(segment, 1 << 20)), before);
    }
    must(Repo::rebuild_index(scratch_.repo(), small()));
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_EQ(must(repo_.get(later.blocks[0])), random_bytes(10, kBlock));
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_NE(must(read_file(beside, 1 << 10)), today) << "it is of the new index";
    close();
    // From before the index was made anew.
    put_back();
    const auto refused = Repo::open(scratch_.repo(), small());
    ASSERT_EQ(code_of(refused), Errc::repo_damaged);
    EXPECT_THAT(refused.error().text(), testing::HasSubstr("is not the one"));
    must(write_file_atomic(beside, today, 0600));
    EXPECT_EQ(code_of(Repo::open(scratch_.repo(), small())), Errc::repo_damaged);
    // Where it says nothing, REPO/age alone is believed.
    for (const BytesView nothing : {BytesView(), BytesView(today).first(16)}) {
        must(write_file_atomic(beside, nothing, 0600));
        repo_ = must(Repo::open(scratch_.repo(), small()));
        close();
    }
}

/// What is said is what is known: the index is compared with one file, or with the other.
TEST_F(OldIndex, IsSaidToBeOlderThanTheAgeWhereTheSegmentsAreOldToo) {
    must(write_blocks(repo_, seeds(1, 5)));
    close();
    fs::copy(scratch_.repo(), scratch_.file("before"), fs::copy_options::recursive);
    repo_ = must(Repo::open(scratch_.repo(), small()));
    must(write_blocks(repo_, seeds(10, 5)));
    close();
    fs::remove_all(scratch_.repo() + "/segments");
    fs::copy(scratch_.file("before") + "/segments", scratch_.repo() + "/segments");
    fs::copy_file(scratch_.file("before") + "/index.mdb", scratch_.repo() + "/index.mdb",
                  fs::copy_options::overwrite_existing);
    const auto refused = Repo::open(scratch_.repo(), small());
    ASSERT_EQ(code_of(refused), Errc::repo_damaged);
    EXPECT_THAT(refused.error().text(),
                testing::StartsWith("index.mdb: is older than the repo's age: it ends with"));
    must(Repo::rebuild_index(scratch_.repo(), small()));
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_EQ(must(repo_.space()).counters.datasets, 1U);
    EXPECT_THAT(problems(repo_), IsEmpty());
}

/// Which of both was copied, nobody knows; what the index names was not removed since, or notes
/// would say so.
TEST_F(OldIndex, NamesWhatIsLostWhereTheSegmentsAreFromBeforeItWasMade) {
    const Made stays = must(write_blocks(repo_, seeds(1, 5)));
    const Made goes = must(write_blocks(repo_, seeds(10, 5)));
    close();
    fs::copy(scratch_.repo() + "/segments", scratch_.file("before"));
    repo_ = must(Repo::open(scratch_.repo(), small()));
    const Made lost = must(write_blocks(repo_, seeds(20, 5)));
    must(repo_.remove_dataset(goes.manifest));
    close();
    must(Repo::rebuild_index(scratch_.repo(), small()));
    fs::remove_all(scratch_.repo() + "/segments");
    fs::copy(scratch_.file("before"), scratch_.repo() + "/segments");
    const auto refused = Repo::open(scratch_.repo(), small());
    ASSERT_EQ(code_of(refused), Errc::repo_damaged);
    EXPECT_THAT(refused.error().text(), testing::HasSubstr("is not the one"));
    const RebuildReport report = must(Repo::rebuild_index(scratch_.repo(), small()));
    ASSERT_EQ(report.lost.size(), 1U);
    EXPECT_EQ(report.lost[0].kind, ProblemKind::dataset_lost);
    EXPECT_EQ(report.lost[0].cid, lost.manifest);
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_TRUE(repo_.dataset(stays.manifest).has_value());
    EXPECT_EQ(must(repo_.space()).counters.datasets, 1U);
    EXPECT_THAT(problems(repo_), IsEmpty());
}

/// A writer that is killed just before its commit leaves a whole dataset that nobody was told of.
TEST_F(OldIndex, IsNotOneWithAWholeDatasetBehindItsEndAlone) {
    must(write_blocks(repo_, seeds(1, 1)));
    close();
    copy("/index.mdb", "/index.old");
    copy("/age", "/age.old");
    copy("/segments/.age", "/age.beside");
    repo_ = must(Repo::open(scratch_.repo(), small()));
    const Made later = must(write_blocks(repo_, seeds(10, 1)));
    close();
    // All as it was before the commit, but the bytes.
    copy("/index.old", "/index.mdb");
    copy("/age.old", "/age");
    copy("/age.beside", "/segments/.age");
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_THAT(must(repo_.gc({})).unaccounted, IsEmpty());
    EXPECT_EQ(code_of(repo_.dataset(later.manifest)), Errc::dataset_not_found);
    must(write_blocks(repo_, seeds(20, 1)));
    EXPECT_THAT(problems(repo_), IsEmpty());
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
        must(write_blocks(repo_, seeds(static_cast<std::uint64_t>(20 + round), 1)));
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

} // namespace
} // namespace codex::repo::test
