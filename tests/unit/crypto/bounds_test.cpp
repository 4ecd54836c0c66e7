// Kernels stay within what they are given, and only read what is to be read.
#include "crypto/hash/sha256.hpp"
#include "crypto/msm/msm.hpp"
#include "crypto/poseidon2/poseidon2.hpp"
#include "guarded.hpp"

#include <random>

namespace codex::crypto {
namespace {

using codex::test::Edge;
using codex::test::Guarded;

constexpr Edge kEdges[] = {Edge::end, Edge::begin};

Bytes random_bytes(std::mt19937& random, std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

std::span<Digest> digests_at(Guarded& memory, std::size_t count) {
    return {reinterpret_cast<Digest*>(memory.data()), count};
}
std::span<const Digest> digests_at(const Guarded& memory, std::size_t count) {
    return {reinterpret_cast<const Digest*>(memory.data()), count};
}

TEST(Bounds, Sha256OfMessagesOfAnyLengths) {
    std::mt19937 random(1);
    for (const Edge edge : kEdges)
        for (const std::size_t count : {1U, 2U, 7U, 16U, 33U, 70U}) {
            std::vector<Guarded> messages;
            std::vector<BytesView> views;
            for (std::size_t i = 0; i < count; ++i) {
                messages.emplace_back(BytesView(random_bytes(random, random() % 200)), edge);
                views.push_back(messages.back().view());
            }
            Guarded results(32 * count, edge);
            sha256_many(views, digests_at(results, count));
            for (std::size_t i = 0; i < count; ++i) {
                Sha256 one;
                one.update(messages[i].copy());
                ASSERT_EQ(digests_at(results, count)[i], one.finish()) << count;
            }
        }
}

TEST(Bounds, TreeNodes) {
    std::mt19937 random(2);
    for (const Edge edge : kEdges)
        for (std::size_t count = 0; count <= 40; ++count) {
            const Guarded nodes(random_bytes(random, 64 * count), edge);
            Guarded results(32 * count, edge);
            sha256_pairs(digests_at(nodes, 2 * count), 1, digests_at(results, count));
            for (std::size_t i = 0; i < count; ++i) {
                Bytes message(nodes.data() + 64 * i, nodes.data() + 64 * (i + 1));
                message.push_back(1);
                ASSERT_EQ(digests_at(results, count)[i], sha256(message)) << count;
            }
            poseidon2::pairs(digests_at(nodes, 2 * count), 3, digests_at(results, count));
            for (std::size_t i = 0; i < count; ++i) {
                const auto node = [&](std::size_t n) {
                    return Fr::from_bytes_reduced(digests_at(nodes, 2 * count)[2 * i + n]);
                };
                ASSERT_EQ(digests_at(results, count)[i],
                          poseidon2::compress(node(0), node(1), 3).to_bytes())
                    << count;
            }
        }
}

TEST(Bounds, Poseidon2OfMessagesOfAnyLength) {
    std::mt19937 random(3);
    for (const Edge edge : kEdges)
        for (const std::size_t size : {0U, 1U, 23U, 30U, 31U, 32U, 62U, 100U}) {
            const std::size_t count = 1 + random() % 20;
            std::vector<Guarded> messages;
            std::vector<const std::uint8_t*> from;
            for (std::size_t i = 0; i < count; ++i) {
                messages.emplace_back(BytesView(random_bytes(random, size)), edge);
                from.push_back(messages.back().data());
            }
            Guarded results(32 * count, edge);
            poseidon2::hash_many(from, size, digests_at(results, count));
            for (std::size_t i = 0; i < count; ++i)
                ASSERT_EQ(
                    digests_at(results, count)[i],
                    poseidon2::sponge(poseidon2::bytes_to_elements(messages[i].view())).to_bytes())
                    << size;
        }
}

template <class Point, class Sum, class Add>
void expect_sums_within(const Point& generator, const Sum& first, const Add& add) {
    std::mt19937 random(4);
    std::vector<Point> all;
    for (Sum sum = first; all.size() < 40; sum = sum.doubled() + generator)
        all.push_back(sum.to_affine());
    for (const Edge edge : kEdges)
        for (const std::size_t count : {1U, 2U, 9U, 17U, 40U}) {
            std::vector<Digest> scalars(count);
            Sum expected = Sum::infinity();
            for (std::size_t i = 0; i < count; ++i) {
                scalars[i][0] = static_cast<std::uint8_t>(random());
                for (unsigned times = scalars[i][0]; times > 0; --times)
                    expected = expected + all[i];
            }
            const BytesView bytes(reinterpret_cast<const std::uint8_t*>(all.data()),
                                  count * sizeof(Point));
            const Guarded points(bytes, edge);
            EXPECT_EQ(add(scalars, points.view()).to_affine(), expected.to_affine()) << count;
        }
}

TEST(Bounds, SumsOfPoints) {
    expect_sums_within(
        g1_generator(), G1Sum::from_affine(g1_generator()),
        [](const auto& scalars, BytesView points) { return msm_g1(scalars, points); });
    expect_sums_within(
        g2_generator(), G2Sum::from_affine(g2_generator()),
        [](const auto& scalars, BytesView points) { return msm_g2(scalars, points); });
}

} // namespace
} // namespace codex::crypto
