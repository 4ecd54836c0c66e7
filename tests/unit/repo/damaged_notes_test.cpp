// Damage of the file of notes: told from what a kill leaves, and mended.
#include "repo/notes_fixture.hpp"

#include "repo/index/age.hpp"

#include <fcntl.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class DamagedNotes : public Notes {
protected:
    static constexpr std::uint64_t kLate = 4'000'000'000;
    std::string file() { return notes_path(scratch_.repo()); }
    Bytes content() { return must(read_file(file(), 1 << 20)); }
    void write(BytesView bytes) {
        const Fd opened = must(open_file(file(), O_RDWR | O_CREAT | O_TRUNC));
        must(pwrite_full(opened.get(), bytes, 0, file()));
    }
    void flip(std::uint64_t offset) {
        Bytes bytes = must(read_file(file(), 1 << 20));
        bytes.at(offset) ^= 1;
        const Fd opened = must(open_file(file(), O_RDWR));
        must(pwrite_full(opened.get(), bytes, 0, file()));
    }
};

TEST_F(DamagedNotes, AreFoundByVerifyAndWrittenAnewByGc) {
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
    must(write_blocks(repo_, seeds(10, 3), kLate));
    EXPECT_EQ(in_file().size(), 2U);
    EXPECT_THAT(problems(repo_), IsEmpty());
}

/// The bytes of a record that mean something; the rest is padding.
std::size_t used_bytes(BytesView record) {
    const RecordHeader header = must(decode_header(record));
    return static_cast<std::size_t>(header_bytes(header.cid.bytes().size()) + header.stored_bytes);
}

/// A record that is all there, and wrong, was written: no kill leaves that.
TEST_F(DamagedNotes, AreFoundAtEveryByteOfTheFirstAndTheLast) {
    const Made removed = must(write_blocks(repo_, seeds(1, 3)));
    const Made expires = must(write_blocks(repo_, seeds(10, 3), kLate, "expires"));
    const auto check = [&](const char* what) {
        const Bytes whole = content();
        ASSERT_THAT(problems(repo_, false), IsEmpty()) << what;
        std::vector<std::size_t> begins;
        for (std::size_t at = 0; at < whole.size();) {
            std::uint64_t length = 0;
            must(decode_note(BytesView(whole).subspan(at), &length));
            begins.push_back(at);
            at += static_cast<std::size_t>(length);
        }
        const std::string age = scratch_.repo() + "/age";
        for (const std::size_t begin : {begins.front(), begins.back()})
            for (std::size_t i = 0; i < used_bytes(BytesView(whole).subspan(begin)); ++i) {
                Bytes flipped = whole;
                flipped[begin + i] ^= 1;
                write(flipped);
                EXPECT_THAT(problems(repo_, false), Contains(StartsWith("notes-damaged")))
                    << what << ", byte " << i << " of the note at " << begin;
                fs::rename(age, age + ".away"); // where nothing says how many were written
                EXPECT_THAT(problems(repo_, false), Contains(StartsWith("notes-damaged")))
                    << what << ", byte " << i << " of the note at " << begin << ", without an age";
                fs::rename(age + ".away", age);
            }
        write(whole);
    };
    check("one expiry");
    must(repo_.remove_dataset(removed.manifest));
    check("an expiry and a removal");
    must(repo_.set_label(expires.manifest, std::string(200, 'x')));
    must(repo_.set_expiry(expires.manifest, kLate + 1));
    check("long ones");
    must(repo_.gc({}));
    check("written anew");
    must(repo_.remove_dataset(expires.manifest));
    check("written anew, and a removal");
}

/// What to do about it: gc, or the index, while one of both is whole.
TEST_F(DamagedNotes, OfTheLastRemovalAndExpiryAreMended) {
    for (const bool removal : {true, false})
        for (const bool many : {false, true})
            for (const bool collect : {true, false}) {
                SCOPED_TRACE(fmt::format("{} {} {}", removal, many, collect));
                const Scratch scratch;
                repo_ = must(Repo::init(scratch.repo(), {}, small()));
                const Made other = must(write_blocks(repo_, seeds(1, 3), many ? kLate : 0));
                const Made made = must(write_blocks(repo_, seeds(10, 3)));
                if (removal)
                    must(repo_.remove_dataset(made.manifest));
                else
                    must(repo_.set_expiry(made.manifest, kLate));
                const std::string notes = notes_path(scratch.repo());
                Bytes bytes = must(read_file(notes, 1 << 20));
                bytes.at(bytes.size() - 50) ^= 1;
                must(write_file_atomic(notes, bytes, 0600));
                EXPECT_THAT(problems(repo_), Contains(StartsWith("notes-damaged")));
                if (collect) {
                    must(repo_.gc({}));
                    EXPECT_THAT(problems(repo_), IsEmpty());
                }
                close();
                const auto rebuild_now = [&](bool lose_index) {
                    if (lose_index)
                        ::unlink((scratch.repo() + "/index.mdb").c_str());
                    const auto report = must(Repo::rebuild_index(scratch.repo(), small()));
                    EXPECT_THAT(report.lost, IsEmpty());
                    EXPECT_EQ(report.damaged_note_bytes > 0, !collect);
                };
                rebuild_now(collect);
                repo_ = must(Repo::open(scratch.repo(), small()));
                EXPECT_THAT(problems(repo_), IsEmpty());
                const auto dataset = repo_.dataset(made.manifest);
                EXPECT_EQ(dataset.has_value(), !removal);
                EXPECT_EQ(dataset ? dataset->expiry : kLate, kLate);
                EXPECT_EQ(must(repo_.dataset(other.manifest)).expiry, many ? kLate : 0);
                close();
            }
}

/// Without both, at least nobody is left to believe that all is well.
TEST_F(DamagedNotes, AreSaidWhenTheIndexIsMadeAnewWithoutThem) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    must(repo_.remove_dataset(made.manifest));
    const Bytes whole = content();
    const auto rebuilt = [&](BytesView notes, bool with_age) {
        close();
        write(notes);
        ::unlink((scratch_.repo() + "/index.mdb").c_str());
        if (!with_age)
            ::unlink((scratch_.repo() + "/age").c_str());
        RebuildReport report = must(Repo::rebuild_index(scratch_.repo(), small()));
        repo_ = must(Repo::open(scratch_.repo(), small()));
        EXPECT_THAT(problems(repo_), IsEmpty());
        return report;
    };
    Bytes flipped = whole;
    flipped.at(whole.size() - 50) ^= 1;
    for (const bool with_age : {true, false}) {
        const RebuildReport report = rebuilt(flipped, with_age);
        ASSERT_EQ(report.lost.size(), 1U);
        EXPECT_EQ(report.lost[0].kind, ProblemKind::notes_damaged);
        EXPECT_EQ(report.damaged_note_bytes, whole.size());
        must(repo_.remove_dataset(made.manifest)); // it is back
        EXPECT_EQ(in_file().size(), 1U);
    }
    // Of the file nothing is left, and age remembers that there was something.
    EXPECT_EQ(rebuilt({}, true).lost.size(), 1U);
    must(repo_.remove_dataset(made.manifest));
    // A write that was cut off had not been acknowledged; that it is there is said nevertheless.
    Bytes torn = content();
    torn.insert(torn.end(), whole.begin(), whole.begin() + 90);
    const RebuildReport report = rebuilt(torn, true);
    EXPECT_THAT(report.lost, IsEmpty());
    EXPECT_EQ(report.damaged_note_bytes, 90U);
    EXPECT_FALSE(repo_.dataset(made.manifest).has_value());
}

/// The end is gone, or all of it: no byte that is there is wrong.
TEST_F(DamagedNotes, AreThoseThatAreNotThereAnyMore) {
    const Made removed = must(write_blocks(repo_, seeds(1, 3)));
    const Made expires = must(write_blocks(repo_, seeds(10, 3), kLate));
    const Made labelled = must(write_blocks(repo_, seeds(20, 3)));
    must(repo_.set_label(labelled.manifest, "holiday"));
    must(repo_.gc({})); // from here on the index leaves what expires to the file
    const Bytes before = content();
    must(repo_.remove_dataset(removed.manifest));
    const Bytes whole = content();
    const Bytes nothing;
    for (const BytesView left : {BytesView(nothing), BytesView(before), BytesView(whole).first(128),
                                 BytesView(whole).first(70)})
        for (const bool others_write : {false, true}) {
            SCOPED_TRACE(fmt::format("{} {}", left.size(), others_write));
            write(left);
            if (others_write) // which appends what the index has, and no more
                must(write_blocks(repo_, seeds(100, 2), kLate));
            const bool mended = others_write && left.size() == before.size();
            EXPECT_EQ(problems(repo_).empty(), mended);
            must(repo_.gc({}));
            EXPECT_THAT(problems(repo_), IsEmpty());
            rebuild();
            EXPECT_EQ(code_of(repo_.dataset(removed.manifest)), Errc::dataset_not_found);
            EXPECT_EQ(must(repo_.dataset(expires.manifest)).expiry, kLate);
            EXPECT_EQ(must(repo_.dataset(labelled.manifest)).label, "holiday");
            must(write_blocks(repo_, seeds(1, 3)));
            must(repo_.gc({}));
            must(repo_.remove_dataset(removed.manifest));
        }
    ::unlink(file().c_str());
    EXPECT_THAT(problems(repo_), Contains(StartsWith("notes-damaged")));
    // The index that is replaced has it all.
    close();
    EXPECT_THAT(must(Repo::rebuild_index(scratch_.repo(), small())).lost, IsEmpty());
    repo_ = must(Repo::open(scratch_.repo(), small()));
    must(repo_.gc({}));
    rebuild();
    EXPECT_EQ(code_of(repo_.dataset(removed.manifest)), Errc::dataset_not_found);
    EXPECT_EQ(must(repo_.dataset(expires.manifest)).expiry, kLate);
}

/// A power loss may leave a file as long as the write was to make it, with zeros for bytes.
TEST_F(DamagedNotes, AreNotZerosBehindTheLast) {
    must(write_blocks(repo_, seeds(1, 3), kLate));
    const Bytes whole = content();
    for (const std::size_t arrived : {std::size_t{0}, std::size_t{64}}) {
        Bytes longer = whole;
        longer.insert(longer.end(), whole.begin(),
                      whole.begin() + static_cast<std::ptrdiff_t>(arrived));
        longer.resize(whole.size() * 2);
        write(longer);
        EXPECT_THAT(problems(repo_), IsEmpty()) << arrived;
    }
}

} // namespace
} // namespace codex::repo::test
