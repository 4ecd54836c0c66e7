// The public code: every loss it promises to repair, and every refusal.
#include "erasure/code.hpp"
#include "erasure/detail/solver.hpp"

#include "base/thread_pool.hpp"
#include "generator.hpp"
#include "must.hpp"
#include "reference.hpp"

#include <atomic>
#include <bit>

namespace codex::erasure {
namespace {

using codex::test::must;

using testing::HasSubstr;

/// A column of a dataset with its parity.
struct Column {
    Column(std::uint32_t k, std::uint32_t m, std::size_t bytes)
        : code(must(Shape::create(k, m))), size_bytes(bytes), parity(m, Bytes(bytes, 0xEE)) {
        for (std::uint32_t j = 0; j < k; ++j)
            data.push_back(test::generate(j, bytes));
        EXPECT_TRUE(code.encode(pointers(data), writable(parity), bytes));
    }
    static std::vector<const std::uint8_t*> pointers(const std::vector<Bytes>& buffers) {
        std::vector<const std::uint8_t*> found;
        for (const Bytes& buffer : buffers)
            found.push_back(buffer.data());
        return found;
    }
    static std::vector<std::uint8_t*> writable(std::vector<Bytes>& buffers) {
        std::vector<std::uint8_t*> found;
        for (Bytes& buffer : buffers)
            found.push_back(buffer.data());
        return found;
    }
    /// All shards but those with `lost` set.
    [[nodiscard]] std::vector<Code::Shard> shards(const std::vector<bool>& lost) const {
        std::vector<Code::Shard> found(lost.size());
        for (std::size_t i = 0; i < lost.size(); ++i)
            if (!lost[i])
                found[i] = {i < code.k() ? data[i].data() : parity[i - code.k()].data(), true};
        return found;
    }
    void expect_repaired(const std::vector<bool>& lost, Executor& pool = Executor::caller()) const {
        std::vector<Bytes> results(code.k(), Bytes(size_bytes, 0xEE));
        const auto done = code.decode(shards(lost), writable(results), size_bytes, pool);
        ASSERT_TRUE(done) << done.error().text();
        for (std::uint32_t j = 0; j < code.k(); ++j)
            ASSERT_EQ(results[j], lost[j] ? data[j] : Bytes(size_bytes, 0xEE))
                << "k=" << code.k() << " m=" << code.m() << " block " << j;
    }
    void expect_random_losses_repaired(test::Random& random, std::uint32_t losses,
                                       Executor& pool = Executor::caller()) const {
        std::vector<bool> lost(std::size_t{code.k()} + code.m());
        std::fill_n(lost.begin(), losses, true);
        random.shuffle(lost);
        expect_repaired(lost, pool);
    }

    Code code;
    std::size_t size_bytes;
    std::vector<Bytes> data;
    std::vector<Bytes> parity;
};

TEST(Code, RepairsEveryLossOfSmallCodes) {
    for (std::uint32_t k = 1; k < 10; ++k)
        for (std::uint32_t m = 1; m <= k && k + m <= 10; ++m) {
            const Column column(k, m, 64);
            ASSERT_EQ(column.parity, test::reference_parity(column.data, m));
            for (std::uint32_t losses = 0; losses < 1U << (k + m); ++losses) {
                if (std::popcount(losses) > static_cast<int>(m))
                    continue;
                std::vector<bool> lost(k + m);
                for (std::uint32_t i = 0; i < k + m; ++i)
                    lost[i] = (losses >> i & 1U) != 0;
                column.expect_repaired(lost);
            }
        }
}

TEST(Code, RepairsRandomLossesOfAllCodesUpTo32) {
    test::Random random(32);
    for (std::uint32_t k = 1; k < 32; ++k)
        for (std::uint32_t m = 1; m <= k && k + m <= 32; ++m) {
            const Column column(k, m, 64);
            ASSERT_EQ(column.parity, test::reference_parity(column.data, m));
            for (std::uint32_t losses = 1; losses <= m; ++losses)
                column.expect_random_losses_repaired(random, losses);
        }
}

TEST(Code, RepairsRandomLossesOfRandomLargerCodes) {
    test::Random random(2026);
    ThreadPool pool(2);
    for (int trial = 0; trial < 24; ++trial) {
        const std::uint32_t k = 33 + random.below(trial % 2 == 0 ? 220 : 900);
        const std::uint32_t m = 1 + random.below(std::min(k, 300U));
        const Column column(k, m, 64 * (1 + random.below(3)));
        SCOPED_TRACE(fmt::format("trial {}", trial));
        column.expect_random_losses_repaired(random, m, pool);
        column.expect_random_losses_repaired(random, 1 + random.below(m));
    }
}

TEST(Code, BothSidesOfTheFieldBoundary) {
    test::Random random(256);
    const std::uint32_t sides[][3] = {{192, 64, 8}, {193, 64, 16}, {128, 128, 8}, {129, 128, 16},
                                      {254, 2, 8},  {255, 2, 16},  {255, 1, 8},   {256, 1, 16},
                                      {224, 32, 8}, {200, 50, 16}};
    for (const auto& [k, m, bits] : sides) {
        const Column column(k, m, 64);
        EXPECT_EQ(detail::field_of(column.code.shape()).bits(), bits);
        ASSERT_EQ(column.parity, test::reference_parity(column.data, m)) << k << "/" << m;
        column.expect_random_losses_repaired(random, m);
        std::vector<bool> all_data(k + m);
        std::fill_n(all_data.begin(), m, true);
        column.expect_repaired(all_data);
    }
}

TEST(Code, TheLargestCodes) {
    test::Random random(65536);
    for (const auto& [k, m] : {std::pair{32768U, 32768U}, std::pair{65535U, 1U},
                               std::pair{65534U, 2U}, std::pair{65408U, 100U}}) {
        SCOPED_TRACE(k);
        Column(k, m, 64).expect_random_losses_repaired(random, m);
    }
}

TEST(Code, ZeroBuffersMayBeNull) {
    test::Random random(7);
    for (const auto& [k, m] :
         {std::pair{5U, 1U}, std::pair{6U, 3U}, std::pair{40U, 30U}, std::pair{300U, 20U}}) {
        Column column(k, m, 192);
        auto sparse = Column::pointers(column.data);
        for (std::uint32_t j = 0; j < k; ++j)
            if (j % 3 != 1) {
                column.data[j].assign(192, 0);
                sparse[j] = nullptr;
            }
        ASSERT_TRUE(column.code.encode(sparse, Column::writable(column.parity), 192));
        const std::vector<Bytes> from_null = column.parity;
        ASSERT_TRUE(column.code.encode(Column::pointers(column.data),
                                       Column::writable(column.parity), 192));
        EXPECT_EQ(column.parity, from_null);

        std::vector<Code::Shard> shards = column.shards(std::vector<bool>(k + m));
        for (std::uint32_t j = 0; j < k; ++j)
            if (sparse[j] == nullptr)
                shards[j].bytes = nullptr;
        shards[1] = {};
        shards[0] = m > 1 ? Code::Shard{} : shards[0];
        std::vector<Bytes> results(k, Bytes(192, 0xEE));
        ASSERT_TRUE(column.code.decode(shards, Column::writable(results), 192));
        EXPECT_EQ(results[1], column.data[1]);
        EXPECT_EQ(results[0], m > 1 ? column.data[0] : Bytes(192, 0xEE));
    }
}

TEST(Code, AllZeroDataGiveZeroParity) {
    for (const auto& [k, m] : {std::pair{3U, 1U}, std::pair{3U, 2U}, std::pair{100U, 90U}}) {
        const Code code(must(Shape::create(k, m)));
        std::vector<Bytes> parity(m, Bytes(64, 0xEE));
        ASSERT_TRUE(code.encode(std::vector<const std::uint8_t*>(k), Column::writable(parity), 64));
        EXPECT_EQ(parity, std::vector<Bytes>(m, Bytes(64)));
    }
}

TEST(Code, OnlyWantedBlocksAreWritten) {
    const Column column(8, 4, 128);
    std::vector<bool> lost(12);
    lost[2] = lost[3] = lost[6] = true;
    Bytes wanted(128);
    std::vector<std::uint8_t*> out(8);
    ASSERT_TRUE(column.code.decode(column.shards(lost), out, 128)) << "nothing wanted";
    out[3] = wanted.data();
    ASSERT_TRUE(column.code.decode(column.shards(lost), out, 128));
    EXPECT_EQ(wanted, column.data[3]);
}

TEST(Code, ManyThreadsShareOneCode) {
    const Column column(20, 10, 256);
    ThreadPool pool(4);
    std::atomic<int> wrong = 0;
    pool.parallel_for(64, [&](std::size_t trial) {
        std::vector<bool> lost(30);
        for (std::size_t i = 0; i < 10; ++i)
            lost[(trial / 8 + 2 * i) % 20] = true;
        std::vector<Bytes> results(20, Bytes(256));
        if (!column.code.decode(column.shards(lost), Column::writable(results), 256))
            ++wrong;
        for (std::size_t j = 0; j < 20; ++j)
            if (lost[j] && results[j] != column.data[j])
                ++wrong;
    });
    EXPECT_EQ(wrong, 0);
}

TEST(Code, WithoutParityThereIsNothingToDo) {
    codec::ErasureInfo stranger;
    stranger.k = 3;
    const Code code(must(Shape::of(stranger)));
    EXPECT_EQ(code.m(), 0U);
    const Bytes block(64);
    const std::vector<const std::uint8_t*> data(3, block.data());
    EXPECT_TRUE(code.encode(data, {}, 64));
    std::vector<Code::Shard> shards(3, {block.data(), true});
    EXPECT_TRUE(code.decode(shards, std::vector<std::uint8_t*>(3), 64));
    shards[0] = {};
    EXPECT_EQ(code.decode(shards, std::vector<std::uint8_t*>(3), 64).error().code(),
              Errc::erasure_unrepairable);
}

TEST(Code, RefusesWrongSizesAndCounts) {
    const Column column(3, 2, 64);
    std::vector<Bytes> parity(2, Bytes(64));
    const auto data = Column::pointers(column.data);
    const auto outputs = Column::writable(parity);
    const auto refused = [](const Result<void>& result, const char* text) {
        return !result && result.error().code() == Errc::erasure_parameters &&
               !result.error().hint().empty() &&
               result.error().text().find(text) != std::string::npos;
    };
    EXPECT_TRUE(refused(column.code.encode(data, outputs, 0), "0 bytes"));
    EXPECT_TRUE(refused(column.code.encode(data, outputs, 63), "63 bytes"));
    EXPECT_TRUE(refused(column.code.encode(std::span(data).first(2), outputs, 64), "2 data"));
    EXPECT_TRUE(refused(column.code.encode(data, std::span(outputs).first(1), 64), "1 parity"));
    const auto shards = column.shards(std::vector<bool>(5));
    std::vector<std::uint8_t*> out(3);
    EXPECT_TRUE(refused(column.code.decode(shards, out, 96), "96 bytes"));
    EXPECT_TRUE(refused(column.code.decode(std::span(shards).first(4), out, 64), "4 shard"));
    EXPECT_TRUE(refused(column.code.decode(shards, std::span(out).first(2), 64), "2 output"));
}

TEST(Code, TooManyLossesAreRefusedNotGuessed) {
    const Column column(3, 2, 64);
    std::vector<Bytes> results(3, Bytes(64));
    const auto result = column.code.decode(column.shards({true, true, false, true, false}),
                                           Column::writable(results), 64);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), Errc::erasure_unrepairable);
    EXPECT_THAT(result.error().text(), HasSubstr("2 of 5"));
    EXPECT_FALSE(result.error().hint().empty());
}

} // namespace
} // namespace codex::erasure
