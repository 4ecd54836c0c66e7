#include "codec/cid_prefix.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace codex::codec {
namespace {

std::vector<Cid> samples() {
    std::mt19937_64 random(7);
    std::vector<Cid> cids;
    for (int i = 0; i < 50; ++i) {
        Digest digest;
        for (auto& octet : digest)
            octet = static_cast<std::uint8_t>(random());
        for (const Multicodec codec : {Multicodec::codex_manifest, Multicodec::codex_block,
                                       Multicodec::codex_root, Multicodec::raw})
            cids.push_back(Cid::sha256(codec, digest));
        cids.push_back(
            Cid::make(Multicodec::codex_slot_root, HashCodec::poseidon2_sponge_r2, digest));
        Bytes wide(64, static_cast<std::uint8_t>(i));
        std::copy(digest.begin(), digest.end(), wide.begin());
        cids.push_back(Cid::make(Multicodec::codex_block, HashCodec::sha2_512, wide));
    }
    return cids;
}

bool holds(const std::vector<CidRange>& ranges, BytesView bytes) {
    const Bytes key(bytes.begin(), bytes.end());
    return std::any_of(ranges.begin(), ranges.end(), [&](const CidRange& range) {
        return range.first.size() == key.size() && range.first <= key && key <= range.last;
    });
}

TEST(CidPrefix, EveryBeginningOfACidLeadsToIt) {
    for (const Cid& cid : samples()) {
        const std::string text = cid.text();
        for (std::size_t size = 2; size <= 48; ++size)
            EXPECT_TRUE(holds(cid_ranges(text.substr(0, size)), cid.bytes()))
                << text << " " << size;
    }
}

TEST(CidPrefix, OtherCidsAreOutside) {
    const std::vector<Cid> cids = samples();
    const std::string prefix = cids.front().text().substr(0, kMinCidPrefixChars);
    const std::vector<CidRange> ranges = cid_ranges(prefix);
    for (const Cid& cid : cids)
        EXPECT_EQ(holds(ranges, cid.bytes()), cid.text().starts_with(prefix)) << cid.text();
}

TEST(CidPrefix, RangesAreAscendingAndFew) {
    const std::vector<CidRange> ranges = cid_ranges(samples().front().text().substr(0, 12));
    EXPECT_LT(ranges.size(), 100U);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        EXPECT_EQ(ranges[i].first.size(), ranges[i].last.size());
        EXPECT_LE(ranges[i].first, ranges[i].last);
        EXPECT_TRUE(i == 0 || ranges[i - 1].first <= ranges[i].first);
    }
}

TEST(CidPrefix, OnlyWhatCanBeOneLooksLikeIt) {
    const std::string text = samples().front().text();
    EXPECT_TRUE(looks_like_cid_prefix(text.substr(0, 12)));
    EXPECT_TRUE(looks_like_cid_prefix("zDv"));
    EXPECT_FALSE(looks_like_cid_prefix(text)); // whole
    for (const char* other :
         {"", "z", "z1", "zD0v", "zDvl", "zDv...", "photo.jpg", "Qmabc", "bafy"})
        EXPECT_FALSE(looks_like_cid_prefix(other)) << other;
}

} // namespace
} // namespace codex::codec
