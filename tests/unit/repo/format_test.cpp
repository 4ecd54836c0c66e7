// The bytes on disk: known answers, round trips, every truncation, every flipped bit.
#include "repo/fixture.hpp"
#include "repo/index/entries.hpp"
#include "repo/segments/compression.hpp"
#include "repo/segments/crc32c.hpp"

#include "base/hex.hpp"

namespace codex::repo::test {

using namespace detail;

namespace {

Cid some_cid() {
    return cid_of(as_bytes("abc"));
}

RecordHeader some_header() {
    return {RecordKind::block, Encoding::zstd, 1000, 65536, some_cid()};
}

TEST(Crc32c, KnownAnswers) {
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
    EXPECT_EQ(crc32c(Bytes(32, 0)), 0x8A9136AAU); // RFC 3720 appendix B.4
    EXPECT_EQ(crc32c(Bytes(32, 0xFF)), 0x62A8AB43U);
    EXPECT_EQ(crc32c({}), 0U);
}

TEST(Record, HeaderIsAsDescribed) {
    // magic, kind, encoding, CID length, zero; checksum; features; stored; plain; zero; CID
    EXPECT_EQ(to_hex(encode_header(some_header())),
              "435852310101260069576edb00000000e803000000000000000001000000000000000000"
              "01829a031220ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Record, RoundTripTruncationAndFlips) {
    for (const RecordHeader& header :
         {some_header(), RecordHeader{RecordKind::block, Encoding::raw, 1, 1, some_cid()},
          RecordHeader{RecordKind::tree, Encoding::raw, 6 * 32, 3, some_cid()}}) {
        const Bytes bytes = encode_header(header);
        EXPECT_EQ(must(decode_header(bytes)), header);
        Bytes longer = bytes;
        longer.resize(kMaxHeaderBytes + 100, 0xAA);
        EXPECT_EQ(must(decode_header(longer)), header) << "what follows is not its matter";
        for (std::size_t n = 0; n < bytes.size(); ++n)
            EXPECT_FALSE(decode_header(BytesView(bytes).first(n)).has_value()) << n;
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            Bytes flipped = bytes;
            flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            EXPECT_FALSE(decode_header(flipped).has_value()) << "bit " << bit;
        }
    }
}

TEST(Record, ImpossibleSizesAreRefused) {
    const auto refused = [](RecordHeader header) {
        return !decode_header(encode_header(header)).has_value();
    };
    const Cid cid = some_cid();
    using enum RecordKind;
    EXPECT_TRUE(refused({block, Encoding::raw, 0, 0, cid}));
    EXPECT_TRUE(refused({block, Encoding::raw, 10, 11, cid}));
    EXPECT_TRUE(refused({block, Encoding::zstd, 11, 10, cid}));
    EXPECT_TRUE(refused({block, Encoding::raw, UINT64_MAX, UINT64_MAX, cid}));
    EXPECT_TRUE(refused({block, Encoding::zstd, 10, codec::kMaxBlockSizeBytes + 1ULL, cid}));
    EXPECT_TRUE(refused({tree, Encoding::raw, 5 * 32, 3, cid}));
    EXPECT_TRUE(refused({tree, Encoding::raw, 0, 0, cid}));
    EXPECT_TRUE(refused({tree, Encoding::zstd, 6 * 32, 3, cid}));
    EXPECT_TRUE(refused({tree, Encoding::raw, UINT64_MAX, UINT64_MAX, cid}));
    EXPECT_TRUE(refused({tree, Encoding::raw, kMaxTreeStoredBytes + 32, 1ULL << 33, cid}));
}

/// Decodes back to the same; no proper prefix decodes.
template <class Entry, class Decode>
void round_trip(const Entry& entry, const Bytes& bytes, Decode decode) {
    EXPECT_EQ(must(decode(BytesView(bytes))), entry);
    for (std::size_t n = 0; n < bytes.size(); ++n)
        EXPECT_FALSE(decode(BytesView(bytes).first(n)).has_value()) << n;
    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_FALSE(decode(BytesView(longer)).has_value());
}

TEST(Entries, RoundTrips) {
    const BlockEntry block{true, true, Encoding::zstd, 65536, 1000, {7, 640}, 3, 99};
    round_trip(block, encode(block), decode_block);
    const TreeEntry tree{{7, 64}, 1000, 2};
    round_trip(tree, encode(tree), decode_tree_entry);
    const SegmentEntry segment{6400, 640, 6400, 64};
    round_trip(segment, encode(segment), decode_segment);
    const Totals totals{1, 2, 3, 4};
    round_trip(totals, encode(totals), decode_totals);
    const DeadRange dead{{1, 64}, 128, true};
    round_trip(dead, dead_value(dead),
               [&](BytesView value) { return decode_dead(extent_key({1, 64}), value); });
    const DoomedTree doomed{some_cid(), {1, 64}, 10, 3};
    round_trip(doomed, doomed_value(doomed),
               [&](BytesView value) { return decode_doomed(extent_key({1, 64}), value); });
    const DatasetEntry dataset{some_cid(), 5, 6, 1, Bytes{1, 2, 3}};
    EXPECT_EQ(must(decode_dataset(encode(dataset))), dataset);
    const std::vector<Cid> pins = {some_cid(), Cid::empty_block(), some_cid()};
    EXPECT_EQ(must(decode_pins(encode_pins(pins))), pins);
    EXPECT_TRUE(must(decode_pins({})).empty());
    const ExpiryKey expiry =
        must(decode_expiry_key(encode(ExpiryKey{UINT64_MAX, ExpiryKind::block, some_cid()})));
    EXPECT_EQ(expiry.expiry, UINT64_MAX);
    EXPECT_EQ(expiry.kind, ExpiryKind::block);
    EXPECT_EQ(expiry.cid, some_cid());
    const PendingKey pending = must(decode_pending_key(encode(PendingKey{5, 6})));
    EXPECT_EQ(pending.writer, 5U);
    EXPECT_EQ(pending.sequence, 6U);
    EXPECT_EQ(must(decode_segment_key(segment_key(0xABCDEF01))), 0xABCDEF01U);
}

TEST(Entries, KeysSortAsNumbers) {
    EXPECT_LT(segment_key(255), segment_key(256));
    EXPECT_LT(extent_key({1, UINT64_MAX}), extent_key({2, 0}));
    EXPECT_LT(encode(ExpiryKey{255, ExpiryKind::block, some_cid()}),
              encode(ExpiryKey{256, ExpiryKind::dataset, some_cid()}));
    EXPECT_LT(encode(PendingKey{1, UINT32_MAX}), encode(PendingKey{2, 0}));
}

TEST(Entries, NonsenseIsRefused) {
    const auto refused = [](auto entry, auto decode) {
        const auto result = decode(encode(entry));
        return !result.has_value() && result.error().code() == Errc::repo_damaged;
    };
    EXPECT_TRUE(refused(BlockEntry{true, false, Encoding::raw, 10, 0, {1, 0}, 1, 0}, decode_block));
    EXPECT_TRUE(
        refused(BlockEntry{true, false, Encoding::raw, 10, 11, {1, 0}, 1, 0}, decode_block));
    EXPECT_TRUE(
        refused(BlockEntry{true, false, Encoding::raw, 10, 10, {1, 65}, 1, 0}, decode_block));
    EXPECT_TRUE(refused(TreeEntry{{1, 64}, 0, 1}, decode_tree_entry));
    EXPECT_TRUE(refused(TreeEntry{{1, 64}, UINT64_MAX, 1}, decode_tree_entry));
    EXPECT_TRUE(refused(SegmentEntry{64, 128, 0, 0}, decode_segment));
    EXPECT_TRUE(refused(SegmentEntry{64, 0, 128, 0}, decode_segment));
    EXPECT_TRUE(refused(SegmentEntry{65, 0, 0, 0}, decode_segment));
    EXPECT_TRUE(refused(DatasetEntry{some_cid(), 0, 0, 3, Bytes{1}}, decode_dataset));
    EXPECT_TRUE(refused(DatasetEntry{some_cid(), 0, 0, 0, {}}, decode_dataset));
}

TEST(BlockCodec, CompressesWhatIsWorthIt) {
    const Bytes zeros(65536, 0);
    const Bytes stored = compress_block(zeros, 3);
    ASSERT_FALSE(stored.empty());
    EXPECT_LT(stored.size(), 100U);
    Bytes back(zeros.size());
    must(decompress_block(stored, back));
    EXPECT_EQ(back, zeros);
    EXPECT_TRUE(compress_block(zeros, 0).empty());
    EXPECT_TRUE(compress_block(random_bytes(1, 65536), 3).empty()) << "saves nothing";
    Bytes wrong_size(zeros.size() + 1);
    EXPECT_FALSE(decompress_block(stored, wrong_size).has_value());
    Bytes too_small(zeros.size() - 1);
    EXPECT_FALSE(decompress_block(stored, too_small).has_value());
    EXPECT_FALSE(decompress_block(random_bytes(1, 100), back).has_value());
}

} // namespace
} // namespace codex::repo::test
