// Walking segments without the index: what is found, and what it costs whatever blocks contain.
#include "repo/segments/scan.hpp"

#include "crypto/hash/sha256.hpp"
#include "must.hpp"

#include <gtest/gtest.h>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using codex::test::must;

Bytes noise(std::uint64_t seed, std::size_t size) {
    std::mt19937_64 rng(seed);
    Bytes out(size);
    for (auto& byte : out)
        byte = static_cast<std::uint8_t>(rng());
    return out;
}

Bytes header_of(const Cid& cid, std::uint64_t size) {
    return encode_header({RecordKind::block, Encoding::raw, size, size, cid});
}

/// A segment being written, and what is good in it.
struct Segment {
    Bytes bytes;
    std::vector<std::uint64_t> good;

    std::uint64_t add(BytesView content, bool intact = true) {
        const std::uint64_t at = bytes.size();
        const Cid cid = Cid::block(crypto::sha256(content));
        Bytes record(static_cast<std::size_t>(record_bytes(cid.bytes().size(), content.size())));
        const Bytes header = header_of(cid, content.size());
        std::copy(header.begin(), header.end(), record.begin());
        std::copy(content.begin(), content.end(),
                  record.begin() + static_cast<std::ptrdiff_t>(header.size()));
        bytes.insert(bytes.end(), record.begin(), record.end());
        if (intact)
            good.push_back(at);
        return at;
    }
};

struct Walked {
    std::vector<std::uint64_t> good;
    std::uint64_t hashed = 0; ///< bytes of payloads
    std::uint64_t end = 0;
};

Walked walk(const Segment& segment) {
    const Fd file(::memfd_create("segment", MFD_CLOEXEC));
    must(pwrite_full(file.get(), segment.bytes, 0, "segment"));
    Walked walked;
    walked.end = must(scan_segment(
        file, "segment", [&](std::uint64_t at, const RecordHeader& header) -> Result<bool> {
            walked.hashed += header.stored_bytes;
            const BytesView payload =
                BytesView(segment.bytes)
                    .subspan(static_cast<std::size_t>(at + header_bytes(header.cid.bytes().size())),
                             static_cast<std::size_t>(header.stored_bytes));
            const bool good = equal(crypto::sha256(payload), header.cid.digest());
            if (good)
                walked.good.push_back(at);
            return good;
        }));
    std::sort(walked.good.begin(), walked.good.end());
    return walked;
}

/// A block of `size` bytes that is nothing but headers, each claiming `claim(i)` bytes.
template <class Claim> Bytes crafted(std::size_t size, Claim claim) {
    Bytes out(size);
    // The record's own header is 74 bytes long: content begins 10 bytes behind a boundary.
    for (std::size_t at = 128 - 74; at + 128 <= size; at += 128) {
        const Bytes header = header_of(Cid::block(crypto::sha256(noise(at, 32))), claim(at));
        std::copy(header.begin(), header.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return out;
}

void expect_linear(const Walked& walked, const Segment& segment) {
    EXPECT_LE(walked.hashed, 8 * segment.bytes.size() + (std::uint64_t{1} << 20));
}

TEST(Scan, CraftedContentIsNotLookedIntoWhileRecordsFollowEachOther) {
    Segment segment;
    segment.add(noise(1, 5000));
    const std::uint64_t at =
        segment.add(crafted(65536, [](std::size_t) { return std::uint64_t{1} << 20; }), false);
    for (std::uint64_t i = 0; i < 64; ++i)
        segment.add(noise(i + 2, 65536));
    segment.bytes[static_cast<std::size_t>(at) + 100] ^= 1; // its payload is damaged
    const Walked walked = walk(segment);
    EXPECT_EQ(walked.good, segment.good);
    EXPECT_LE(walked.hashed, segment.bytes.size());
    EXPECT_EQ(walked.end, segment.bytes.size());
}

/// Its header is damaged, too, so that nobody knows where the next record begins.
TEST(Scan, CraftedContentCostsNoMoreThanItsShare) {
    for (const std::uint64_t fraction : {1U, 2U, 3U}) {
        Segment segment;
        const std::size_t after = 64 * (65536 + 128);
        const std::uint64_t at = segment.add(
            crafted(65536,
                    [&](std::size_t offset) { return (after + 65536 - offset) / fraction - 4096; }),
            false);
        for (std::uint64_t i = 0; i < 64; ++i)
            segment.add(noise(i + 2, 65536));
        segment.bytes[static_cast<std::size_t>(at) + 40] ^= 1;
        const Walked walked = walk(segment);
        EXPECT_EQ(walked.good, segment.good) << fraction;
        expect_linear(walked, segment);
    }
}

/// The dearest record that is real follows: it is found by going backwards from the next one.
TEST(Scan, LargeRecordsBehindCraftedContentAreFound) {
    Segment segment;
    constexpr std::size_t kLarge = std::size_t{24} << 20;
    const std::uint64_t at = segment.add(
        crafted(65536, [](std::size_t offset) { return kLarge + 65536 - offset; }), false);
    segment.add(noise(5, kLarge));
    segment.add(noise(6, 65536));
    segment.bytes[static_cast<std::size_t>(at) + 40] ^= 1;
    Walked walked = walk(segment);
    EXPECT_EQ(walked.good, segment.good);
    expect_linear(walked, segment);
    // And from the end, where no record follows.
    segment.bytes.resize(static_cast<std::size_t>(segment.good.back()));
    segment.good.pop_back();
    walked = walk(segment);
    EXPECT_EQ(walked.good, segment.good);
    expect_linear(walked, segment);
}

TEST(Scan, EverythingIntactIsFoundAmongDamage) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        std::mt19937_64 rng(seed);
        Segment segment;
        for (int i = 0; i < 40; ++i) {
            const std::size_t size = 1 + rng() % (rng() % 4 == 0 ? 200'000 : 3000);
            const std::uint64_t at = segment.bytes.size();
            switch (rng() % 5) {
            case 0: // a hole, as gc leaves it
                segment.bytes.resize(segment.bytes.size() + (size / 64 + 1) * 64);
                break;
            case 1: // a damaged header
                segment.add(noise(rng(), size), false);
                segment.bytes[static_cast<std::size_t>(at) + rng() % 74] ^= 4;
                break;
            case 2: // a damaged payload
                segment.add(noise(rng(), size), false);
                segment.bytes[static_cast<std::size_t>(at) + 74 + rng() % size] ^= 4;
                break;
            default:
                segment.add(noise(rng(), size));
            }
        }
        const Walked walked = walk(segment);
        EXPECT_EQ(walked.good, segment.good) << "seed " << seed;
        expect_linear(walked, segment);
        EXPECT_LE(walked.end, segment.bytes.size());
    }
}

} // namespace
} // namespace codex::repo::test
