// Every kernel this machine can run against the plain one, whatever the dispatcher would choose.
#include "base/cpu.hpp"
#include "base/hex.hpp"
#include "crypto/hash/detail/sha256_dispatch.hpp"
#include "crypto/hash/sha256.hpp"

#include <cstring>
#include <random>

namespace codex::crypto::detail {
namespace {

using State = std::array<std::uint32_t, 8>;

template <class Words> void fill_random(Words& words, std::mt19937_64& random) {
    for (auto& word : words)
        word = static_cast<typename Words::value_type>(random());
}

/// Lanes begin at all places of a cache line, each at another than its neighbour.
constexpr std::size_t kOffsets = 64;
std::size_t offset(std::size_t lane) {
    return (lane * 37 + 1) % kOffsets;
}

void expect_equals_portable(decltype(Sha256Kernels::compress) kernel) {
    std::mt19937_64 random(1);
    Bytes room(64 * 25 + kOffsets);
    fill_random(room, random);
    for (std::size_t blocks = 0; blocks <= 25; ++blocks) {
        const std::uint8_t* message = room.data() + offset(blocks);
        State state;
        fill_random(state, random);
        State expected = state;
        sha256_compress_portable(expected.data(), message, blocks);
        kernel(state.data(), message, blocks);
        EXPECT_EQ(state, expected) << blocks << " blocks";
    }
}

void expect_wide_equals_portable(const Sha256Wide& wide) {
    std::mt19937_64 random(wide.lanes);
    for (const std::size_t blocks : {1UL, 2UL, 3UL, 17UL}) {
        std::vector<Bytes> messages(wide.lanes, Bytes(64 * blocks + kOffsets));
        std::vector<State> states(wide.lanes);
        std::vector<State> expected(wide.lanes);
        std::vector<std::uint32_t*> state_pointers;
        std::vector<const std::uint8_t*> data_pointers;
        for (std::size_t lane = 0; lane < wide.lanes; ++lane) {
            fill_random(messages[lane], random);
            fill_random(states[lane], random);
            expected[lane] = states[lane];
            const std::uint8_t* data = messages[lane].data() + offset(lane);
            sha256_compress_portable(expected[lane].data(), data, blocks);
            state_pointers.push_back(states[lane].data());
            data_pointers.push_back(data);
        }
        wide.compress(state_pointers.data(), data_pointers.data(), blocks);
        EXPECT_EQ(states, expected) << wide.lanes << " lanes, " << blocks << " blocks";
    }
}

using NodesKernel = void (*)(const std::uint8_t*, unsigned, std::size_t, std::uint8_t*);

void expect_nodes_equal_portable(NodesKernel kernel, std::size_t step) {
    std::mt19937_64 random(step);
    for (std::size_t count = 0; count <= 6 * step; count += step)
        for (unsigned key = 0; key < kSha256NodeKeys; ++key) {
            const std::size_t shift = offset(count + key); // aligned for nothing
            Bytes room(64 * count + shift);
            fill_random(room, random);
            std::uint8_t* children = room.data() + shift;
            Bytes expected(32 * count);
            sha256_nodes_portable(children, key, count, expected.data());
            Bytes parents(32 * count + 1);
            kernel(children, key, count, parents.data() + 1);
            EXPECT_EQ(to_hex(BytesView(parents).subspan(1)), to_hex(expected))
                << count << " nodes, key " << key;
            kernel(children, key, count, children);
            EXPECT_EQ(to_hex(BytesView(children, 32 * count)), to_hex(expected))
                << "in place, " << count << " nodes";
        }
}

TEST(Sha256Kernels, ShaNiEqualsPortable) {
    if (!cpu::features().sha_ni)
        return; // this process may not execute it; the run without CODEX_CPU does where it can
    expect_equals_portable(sha256_compress_shani);
    expect_wide_equals_portable({2, 2, sha256_compress2_shani});
    expect_nodes_equal_portable(sha256_nodes_shani, 1);
}

TEST(Sha256Kernels, Avx2EqualsPortable) {
    if (!cpu::features().avx2)
        return;
    expect_equals_portable(sha256_compress_avx2);
    expect_wide_equals_portable({8, 8, sha256_compress8_avx2});
    expect_wide_equals_portable({16, 16, sha256_compress16_avx2});
    expect_nodes_equal_portable(sha256_nodes_avx2, 8);
}

TEST(Sha256Kernels, Avx512EqualsPortable) {
    if (!cpu::features().avx512)
        return;
    expect_wide_equals_portable({16, 16, sha256_compress16_avx512});
    expect_wide_equals_portable({32, 32, sha256_compress32_avx512});
    expect_nodes_equal_portable(sha256_nodes_avx512, 16);
}

template <class Wide> void expect_ordered(const Wide* wide) {
    for (std::size_t lanes = kSha256MaxLanes + 1; wide->lanes != 0; ++wide) {
        EXPECT_LT(wide->lanes, lanes);
        EXPECT_LE(wide->worth_from, wide->lanes);
        EXPECT_GE(wide->worth_from, 2U);
        lanes = wide->lanes;
    }
}

TEST(Sha256Kernels, TheChoiceIsAllowedAndOrdered) {
    const Sha256Kernels& kernels = sha256_kernels();
    const cpu::Features& cpu = cpu::features();
    EXPECT_EQ(kernels.wide_nodes[0].nodes == sha256_nodes_avx512, cpu.avx512);
    EXPECT_EQ(kernels.wide_nodes[0].nodes == sha256_nodes_avx2,
              cpu.avx2 && !cpu.avx512 && !cpu.sha_ni);
    EXPECT_EQ(kernels.compress == sha256_compress_shani, cpu.sha_ni);
    EXPECT_EQ(kernels.compress == sha256_compress_avx2, cpu.avx2 && !cpu.sha_ni);
    expect_ordered(kernels.wide);
    expect_ordered(kernels.wide_nodes);
}

} // namespace
} // namespace codex::crypto::detail
