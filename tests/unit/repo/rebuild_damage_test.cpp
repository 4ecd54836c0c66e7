// Damaged records when the index is made anew: counted, placed, and told from what nobody misses.
#include "repo/segments/damaged.hpp"

#include "repo/notes_fixture.hpp"

#include <fcntl.h>
#include <sys/mman.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class RebuildDamage : public Notes {
protected:
    std::string segment() { return segment_files(scratch_.repo()).at(0); }
    /// Where the record of a block begins.
    std::uint64_t place_of(const Cid& cid) {
        const Bytes bytes = must(read_file(segment(), 1 << 24));
        for (std::uint64_t at = 0; at < bytes.size(); at += kRecordAlign)
            if (const auto header = decode_header(BytesView(bytes).subspan(at));
                header && header->cid == cid)
                return at;
        throw std::runtime_error("no record of " + cid.text());
    }
    void flip(std::uint64_t at) {
        const Fd file = must(open_file(segment(), O_RDWR));
        Bytes byte(1);
        must(pread_full(file.get(), byte, at, segment()));
        byte[0] ^= 1;
        must(pwrite_full(file.get(), byte, at, segment()));
    }
    /// The index made anew, with the old one or without; what is said to be damaged.
    std::vector<std::string> damage(bool with_index) {
        close();
        if (!with_index)
            ::unlink((scratch_.repo() + "/index.mdb").c_str());
        const RebuildReport report = must(Repo::rebuild_index(scratch_.repo(), small()));
        repo_ = must(Repo::open(scratch_.repo(), small()));
        std::vector<std::string> said;
        for (const VerifyProblem& lost : report.lost)
            if (lost.kind == ProblemKind::record_damaged)
                said.push_back(lost.text);
        EXPECT_EQ(report.damaged_records, said.size());
        return said;
    }
    static std::string at(std::uint64_t place) {
        return fmt::format("segment 00000001 at {}: ", place);
    }
};

TEST_F(RebuildDamage, OfHeadersAndPayloadsIsCountedAndPlaced) {
    const Made made = must(write_blocks(repo_, seeds(1, 10)));
    const std::uint64_t header = place_of(made.blocks[2]);
    const std::uint64_t payload = place_of(made.blocks[5]);
    flip(header + 10);
    flip(payload + 1000);
    for (const bool with_index : {true, false}) {
        EXPECT_THAT(damage(with_index), ElementsAre(StartsWith(at(header) + "no header"),
                                                    StartsWith(at(payload) + "the bytes")))
            << with_index;
        close(); // the index of before, which knows of no damage
        flip(header + 10);
        flip(payload + 1000);
        EXPECT_THAT(damage(false), IsEmpty());
        flip(header + 10);
        flip(payload + 1000);
    }
    EXPECT_EQ(damage(false).size(), 2U);
    EXPECT_THAT(problems(repo_),
                ElementsAre(StartsWith("block-missing"), StartsWith("block-missing")));
    // What is stored again makes the damage nobody's, and gc clears it away.
    must(write_blocks(repo_, seeds(1, 10)));
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_THAT(damage(true), IsEmpty());
    must(repo_.gc({}));
    EXPECT_THAT(damage(false), IsEmpty());
    EXPECT_EQ(must(repo_.get(made.blocks[2])), random_bytes(3, kBlock));
}

TEST_F(RebuildDamage, IsFoundBehindHolesToo) {
    const Made goes = must(write_blocks(repo_, seeds(1, 10)));
    const Made stays = must(write_blocks(repo_, seeds(20, 10)));
    ASSERT_EQ(segment_files(scratch_.repo()).size(), 1U);
    must(repo_.remove_dataset(goes.manifest));
    GcOptions options;
    options.compact = false;
    must(repo_.gc(options));
    EXPECT_THAT(damage(false), IsEmpty()) << "what gc erased is none";
    const std::uint64_t first = place_of(stays.blocks[0]);
    const std::uint64_t next = place_of(stays.blocks[1]);
    const std::uint64_t other = place_of(stays.manifest);
    flip(first + 10);
    flip(next + 1000);
    flip(other + 10);
    EXPECT_THAT(damage(false), ElementsAre(StartsWith(at(first)), StartsWith(at(other))))
        << "what follows a damaged header belongs to it";
}

TEST_F(RebuildDamage, OfWhatIsDeadRemovedOrNeverCommittedIsNone) {
    const Made goes = must(write_blocks(repo_, seeds(1, 10)));
    must(write_blocks(repo_, seeds(20, 10)));
    must(repo_.remove_dataset(goes.manifest));
    flip(place_of(goes.blocks[3]) + 10);
    flip(place_of(goes.manifest) + 80);
    const std::uint64_t size = fs::file_size(segment());
    {
        // What a killed writer leaves: the first part of a record.
        const Bytes whole = must(read_file(segment(), 1 << 24));
        const Fd file = must(open_file(segment(), O_RDWR));
        must(pwrite_full(file.get(), BytesView(whole).first(1000), size, segment()));
    }
    EXPECT_THAT(damage(true), IsEmpty());
    EXPECT_EQ(damage(false).size(), 1U) << "whose the block was, nobody knows now";
    // Of a header, too, and whatever a power loss left where the index says that nothing is.
    ASSERT_EQ(::truncate(segment().c_str(), static_cast<off_t>(size + 20)), 0);
    EXPECT_EQ(damage(false).size(), 1U);
    {
        const Fd file = must(open_file(segment(), O_RDWR));
        must(pwrite_full(file.get(), random_bytes(1, 5000), size, segment()));
    }
    EXPECT_THAT(damage(true), IsEmpty());
    EXPECT_EQ(damage(false).size(), 2U);
}

TEST_F(RebuildDamage, IsNamedUpToABoundAndCountedBeyond) {
    must(write_blocks(repo_, seeds(1, 50)));
    const Bytes bytes = must(read_file(segment(), 1 << 24));
    for (std::uint64_t i = 0, at = 0; i < 40; ++i) {
        flip(at + 1000);
        const RecordHeader header = must(decode_header(BytesView(bytes).subspan(at)));
        at += record_bytes(header.cid.bytes().size(), header.stored_bytes);
    }
    close();
    const RebuildReport report = must(Repo::rebuild_index(scratch_.repo(), small()));
    EXPECT_EQ(report.damaged_records, 40U);
    EXPECT_EQ(report.lost.size(), 32U);
}

TEST(DamagedPlaces, AreBetweenWholeRecordsWhereSomethingIsNotZero) {
    const Fd file(::memfd_create("segment", MFD_CLOEXEC));
    constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20;
    ASSERT_EQ(::ftruncate(file.get(), static_cast<off_t>(kMegabyte)), 0);
    const auto put = [&](std::uint64_t at, BytesView bytes) {
        must(pwrite_full(file.get(), bytes, at, "segment"));
    };
    const auto begins = [&](const Places& whole) {
        std::vector<std::uint64_t> at;
        for (const DamagedPlace& place : must(damaged_places(file, "segment", whole)))
            at.push_back(place.begin);
        return at;
    };
    EXPECT_THAT(begins({}), IsEmpty()) << "a hole";
    put(0, Bytes(1000));
    EXPECT_THAT(begins({}), IsEmpty()) << "zeros";
    put(130, Bytes(1, 1));
    put(200'010, Bytes(1, 1));
    EXPECT_THAT(begins({}), ElementsAre(128));
    EXPECT_THAT(begins({{192, 256}}), ElementsAre(128, 200'000));
    EXPECT_THAT(begins({{200'000, 300'032}, {128, 192}}), IsEmpty());
    // A header that says how long its record is divides what is damaged.
    const Cid cid = cid_of(random_bytes(1, 8));
    put(640, encode_header({RecordKind::block, Encoding::raw, 8, 8, cid}));
    EXPECT_THAT(begins({{128, 192}, {200'000, 300'032}}), ElementsAre(640));
    put(768, Bytes(1, 1));
    const auto two = must(damaged_places(file, "segment", {{128, 192}, {200'000, 300'032}}));
    ASSERT_EQ(two.size(), 2U);
    EXPECT_EQ(two[0].cid, cid);
    EXPECT_EQ(two[0].end, 768U);
    EXPECT_FALSE(two[0].cut_off);
    EXPECT_TRUE(two[1].cid.is_null());
    // One at whose middle the file ends.
    put(300'032, encode_header({RecordKind::block, Encoding::raw, kMegabyte, kMegabyte, cid}));
    const auto last = must(damaged_places(file, "segment", {{128, 300'032}}));
    ASSERT_EQ(last.size(), 1U);
    EXPECT_TRUE(last[0].cut_off);
    EXPECT_EQ(last[0].end, kMegabyte);
}

} // namespace
} // namespace codex::repo::test
