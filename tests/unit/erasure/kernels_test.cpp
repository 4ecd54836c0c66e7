// Every kernel set this process may use, by every method, against the definition of the code.
#include "base/thread_pool.hpp"
#include "erasure/detail/caches.hpp"
#include "erasure/detail/kernel_choice.hpp"
#include "erasure/detail/solver.hpp"
#include "generator.hpp"
#include "must.hpp"
#include "reference.hpp"

#include <map>
#include <tuple>

namespace codex::erasure::detail {
namespace {

using codex::test::must;

/// A code word in memory: parity at 0..m-1, data at size.., in buffers off by one from alignment.
struct Word {
    Word(const Shape& shape, std::size_t size_bytes, std::uint32_t stream)
        : buffers(std::size_t{shape.parity_positions()} + shape.k()) {
        std::vector<Bytes> data;
        for (std::uint32_t j = 0; j < shape.k(); ++j)
            data.push_back(test::generate(stream + j, size_bytes));
        const std::vector<Bytes> parity = test::reference_parity(data, shape.m());
        for (std::uint32_t i = 0; i < shape.m(); ++i)
            set(i, parity[i]);
        for (std::uint32_t j = 0; j < shape.k(); ++j)
            set(shape.parity_positions() + j, data[j]);
    }
    void set(std::size_t position, const Bytes& bytes) {
        buffers[position].assign(1, 0xAA);
        append(buffers[position], bytes);
        buffers[position].push_back(0xBB);
    }
    std::vector<Bytes> buffers;
};

/// The same word for all kernel sets: the reference takes longer than they do.
const Word& word_of(const Shape& shape, std::size_t size_bytes) {
    static std::map<std::tuple<std::uint32_t, std::uint32_t, std::size_t>, Word> words;
    return words.try_emplace({shape.k(), shape.m(), size_bytes}, shape, size_bytes, shape.k())
        .first->second;
}

/// Solves for the wanted positions and compares with the word.
void expect_solved(const Shape& shape, const KernelSet& kernels, Method method,
                   const std::vector<Role>& roles, const Word& word, std::size_t size_bytes,
                   Executor& pool) {
    std::vector<const std::uint8_t*> from(roles.size());
    std::vector<std::uint8_t*> to(roles.size());
    std::vector<Bytes> results(roles.size());
    for (std::size_t x = 0; x < roles.size(); ++x) {
        if (roles[x] == Role::known)
            from[x] = word.buffers[x].data() + 1;
        if (roles[x] == Role::wanted) {
            results[x].assign(size_bytes + 2, 0xEE);
            results[x].front() = 0xAA;
            results[x].back() = 0xBB;
            to[x] = results[x].data() + 1;
        }
    }
    const auto skews = skew_factors(shape, kernels);
    Solver(shape, kernels, skews, roles, method).run(from, to, size_bytes, pool);
    for (std::size_t x = 0; x < roles.size(); ++x)
        if (roles[x] == Role::wanted) {
            ASSERT_EQ(results[x], word.buffers[x])
                << kernels.name << " method " << static_cast<int>(method) << " k=" << shape.k()
                << " m=" << shape.m() << " position " << x << " bytes " << size_bytes;
        }
}

std::vector<Role> encoding_roles(const Shape& shape) {
    std::vector<Role> roles(std::size_t{shape.parity_positions()} + shape.k(), Role::unused);
    std::fill_n(roles.begin(), shape.m(), Role::wanted);
    std::fill(roles.begin() + shape.parity_positions(), roles.end(), Role::known);
    return roles;
}

/// `losses` random positions lost; some lost data are not wanted.
std::vector<Role> decoding_roles(const Shape& shape, std::uint32_t losses, test::Random& random) {
    std::vector<Role> roles(std::size_t{shape.parity_positions()} + shape.k(), Role::known);
    std::fill(roles.begin() + shape.m(), roles.begin() + shape.parity_positions(), Role::unused);
    std::vector<std::uint32_t> present;
    for (std::uint32_t x = 0; x < roles.size(); ++x)
        if (roles[x] == Role::known)
            present.push_back(x);
    random.shuffle(present);
    for (std::uint32_t i = 0; i < losses; ++i)
        roles[present[i]] = present[i] < shape.parity_positions() || random.below(8) == 0
                                ? Role::unused
                                : Role::wanted;
    return roles;
}

/// The first data lost, and all else there.
std::vector<Role> losing(const Shape& shape, std::uint32_t losses) {
    std::vector<Role> roles(std::size_t{shape.parity_positions()} + shape.k(), Role::known);
    std::fill(roles.begin() + shape.m(), roles.begin() + shape.parity_positions(), Role::unused);
    std::fill_n(roles.begin() + shape.parity_positions(), losses, Role::wanted);
    return roles;
}

class KernelTest : public testing::TestWithParam<const KernelSet*> {
protected:
    static void check(std::uint32_t k, std::uint32_t m, std::size_t size_bytes,
                      std::uint32_t patterns, Executor& pool = Executor::caller()) {
        const Shape shape = must(Shape::create(k, m));
        const Word& word = word_of(shape, size_bytes);
        test::Random random(k * 65537 + m);
        std::vector<std::vector<Role>> problems{encoding_roles(shape)};
        for (std::uint32_t i = 0; i < patterns; ++i)
            problems.push_back(decoding_roles(shape, i == 0 ? m : random.below(m) + 1, random));
        for (const auto& roles : problems)
            for (const Method method : {Method::exclusive_or, Method::matrix, Method::transform})
                if (method == Method::matrix || (m == 1) == (method == Method::exclusive_or))
                    expect_solved(shape, *GetParam(), method, roles, word, size_bytes, pool);
    }
};

TEST_P(KernelTest, SmallCodes) {
    for (std::uint32_t k = 1; k <= 20; ++k)
        for (std::uint32_t m = 1; m <= std::min(k, 9U); ++m)
            check(k, m, 64 + 64 * (k % 7), 2);
}

TEST_P(KernelTest, AllTransformSizesOfTheSmallField) {
    for (std::uint32_t size = 2; size <= 128; size *= 2) {
        check(256 - size < 150 ? 256 - size : 150, size, 128, 2);
        check(size + 3 > 128 ? 128 : size + 3, size / 2 + 1, 64, 2);
    }
}

TEST_P(KernelTest, TransformSizesOfTheLargeField) {
    check(255, 2, 192, 2);
    check(254, 3, 64, 2);
    check(250, 7, 192, 2);
    check(245, 13, 64, 1);
    check(230, 29, 64, 1);
    check(200, 50, 64, 1);
    check(193, 64, 128, 1);
    check(300, 100, 64, 1);
    check(280, 140, 64, 1);
}

/// Groups of data of which the first rows alone have bytes are turned with the group before them.
TEST_P(KernelTest, GroupsWithFewRows) {
    constexpr std::size_t kSizeBytes = 64 * 11;
    check(23, 10, 64 * 3, 1);
    for (const auto& [k, m] : {std::pair{12U, 2U}, std::pair{23U, 4U}, std::pair{46U, 7U},
                               std::pair{47U, 12U}, std::pair{64U, 29U}}) {
        const Shape shape = must(Shape::create(k, m));
        const std::size_t size = shape.parity_positions();
        const auto skews = skew_factors(shape, *GetParam());
        std::vector<Bytes> data(k);
        for (std::uint32_t j = 0; j < k; ++j)
            data[j] = test::generate(j, kSizeBytes);
        for (std::size_t few = 1; few <= 3; ++few)
            for (std::size_t which = 0; which < 2; ++which) {
                std::vector<const std::uint8_t*> from(size + k);
                for (std::size_t j = 0; j < k; ++j)
                    if (j / size % 2 != which || j % size < few)
                        from[size + j] = data[j].data();
                const auto encode = [&](Method method) {
                    std::vector<Bytes> parity(m, Bytes(kSizeBytes));
                    std::vector<std::uint8_t*> to(from.size());
                    for (std::uint32_t i = 0; i < m; ++i)
                        to[i] = parity[i].data();
                    Solver(shape, *GetParam(), skews, encoding_roles(shape), method)
                        .run(from, to, kSizeBytes, Executor::caller());
                    return parity;
                };
                ASSERT_EQ(encode(Method::transform), encode(Method::matrix))
                    << k << "/" << m << " few " << few << " which " << which;
            }
    }
}

/// Where as much is lost as there are positions of parity the locator is a constant.
TEST_P(KernelTest, AllDataLost) {
    test::Random random(5);
    for (const std::uint32_t size : {2U, 8U, 16U, 64U, 128U, 256U}) {
        const Shape shape = must(Shape::create(size, size));
        const Word& word = word_of(shape, 64 * 3);
        std::vector<Role> roles(2 * std::size_t{size}, Role::known);
        std::fill(roles.begin() + size, roles.end(), Role::wanted);
        expect_solved(shape, *GetParam(), Method::transform, roles, word, 64 * 3,
                      Executor::caller());
        roles[size + random.below(size)] = Role::unused;
        expect_solved(shape, *GetParam(), Method::transform, roles, word, 64 * 3,
                      Executor::caller());
    }
}

/// Losses side by side leave whole blocks of a group without data, and parity that was not received
/// is no row of what follows from it.
TEST_P(KernelTest, LossesInARow) {
    for (const auto& [k, m] : {std::pair{40U, 10U}, std::pair{150U, 33U}, std::pair{300U, 100U}}) {
        const Shape shape = must(Shape::create(k, m));
        const std::uint32_t first = shape.parity_positions();
        const Word& word = word_of(shape, 64);
        for (const std::uint32_t losses : {m, m - 3, m / 2})
            for (const std::uint32_t begin : {0U, 5U, k - losses}) {
                std::vector<Role> roles(std::size_t{first} + k, Role::known);
                std::fill(roles.begin() + losses, roles.begin() + first, Role::unused);
                std::fill_n(roles.begin() + first + begin, losses, Role::wanted);
                expect_solved(shape, *GetParam(), Method::transform, roles, word, 64,
                              Executor::caller());
            }
    }
}

TEST_P(KernelTest, StripsAndThreads) {
    ThreadPool pool(3);
    check(5, 2, 64 * 37, 2, pool);
    check(5, 3, 64 * 37, 2, pool);
    check(20, 17, 64 * 37, 2, pool);
    check(255, 2, 64 * 37, 1, pool);
}

/// Parity that is not wanted is not written, and data that is zeros need not be there.
TEST_P(KernelTest, SomeOfTheParityOfSomeOfTheData) {
    for (const auto& [k, m] :
         {std::pair{3U, 2U}, std::pair{4U, 2U}, std::pair{11U, 5U}, std::pair{256U, 3U}}) {
        constexpr std::size_t kSizeBytes = 64 * 9;
        const Shape shape = must(Shape::create(k, m));
        std::vector<Bytes> data(k, Bytes(kSizeBytes));
        std::vector<const std::uint8_t*> from(shape.parity_positions() + k);
        for (std::uint32_t j = 0; j < k; ++j)
            if (j % 3 != 1) {
                data[j] = test::generate(j, kSizeBytes);
                from[shape.parity_positions() + j] = data[j].data();
            }
        const std::vector<Bytes> parity = test::reference_parity(data, m);
        for (std::uint32_t only = 0; only < m; ++only) {
            auto roles = encoding_roles(shape);
            std::fill_n(roles.begin(), m, Role::unused);
            roles[only] = Role::wanted;
            const auto skews = skew_factors(shape, *GetParam());
            for (const Method method : {Method::matrix, Method::transform}) {
                Bytes result(kSizeBytes);
                std::vector<std::uint8_t*> to(from.size());
                to[only] = result.data();
                Solver(shape, *GetParam(), skews, roles, method)
                    .run(from, to, kSizeBytes, Executor::caller());
                ASSERT_EQ(result, parity[only]) << k << "/" << m << " row " << only;
            }
        }
    }
}

/// More results than caches hold are written past them where they are aligned, and only there.
TEST_P(KernelTest, ResultsPastTheCaches) {
    constexpr std::size_t kSizeBytes = 128 * 1024 + 64;
    ThreadPool pool(2);
    for (const auto& [k, m] : {std::pair{40U, 33U}, std::pair{230U, 33U}}) {
        const Shape shape = must(Shape::create(k, m));
        const auto skews = skew_factors(shape, *GetParam());
        const Solver solver(shape, *GetParam(), skews, encoding_roles(shape), Method::transform);
        std::vector<Bytes> data(k);
        std::vector<const std::uint8_t*> from(shape.parity_positions() + k);
        for (std::uint32_t j = 0; j < k; ++j) {
            data[j] = test::generate(j, kSizeBytes);
            from[shape.parity_positions() + j] = data[j].data();
        }
        const auto encode = [&](Bytes& results, std::size_t shift) {
            results.resize(m * kSizeBytes + 128);
            std::uint8_t* first = results.data() + shift;
            while (reinterpret_cast<std::uintptr_t>(first) % 64 != shift)
                ++first;
            std::vector<std::uint8_t*> to(from.size());
            for (std::uint32_t i = 0; i < m; ++i)
                to[i] = first + i * kSizeBytes;
            solver.run(from, to, kSizeBytes, pool);
            return Bytes(first, first + m * kSizeBytes);
        };
        Bytes aligned;
        Bytes shifted;
        ASSERT_EQ(encode(aligned, 0), encode(shifted, 1)) << k << "/" << m;
    }
}

/// How much is treated at a time changes nothing: of work rows as long and as short as they get, of
/// sizes that are no multiple of them, and with results past caches that hold next to nothing.
TEST_P(KernelTest, AnyCachesGiveTheSameBytes) {
    const CacheSizes sizes[] = {{1 << 30, 1 << 30}, {4096, 16 * 1024}, {1, 1}};
    for (const auto& [k, m] : {std::pair{5U, 3U}, std::pair{20U, 10U}, std::pair{60U, 40U},
                               std::pair{250U, 20U}, std::pair{300U, 2U}}) {
        constexpr std::size_t kSizeBytes = 4096 + 3 * 64;
        const Shape shape = must(Shape::create(k, m));
        const auto skews = skew_factors(shape, *GetParam());
        std::vector<Bytes> data(k);
        std::vector<const std::uint8_t*> from(shape.parity_positions() + k);
        for (std::uint32_t j = 0; j < k; ++j) {
            data[j] = test::generate(j, kSizeBytes);
            from[shape.parity_positions() + j] = data[j].data();
        }
        const auto encode = [&](Method method, const CacheSizes& caches) {
            const Solver solver(shape, *GetParam(), skews, encoding_roles(shape), method, caches);
            Bytes results(m * kSizeBytes + 64);
            std::uint8_t* first = results.data();
            while (reinterpret_cast<std::uintptr_t>(first) % 64 != 0)
                ++first;
            std::vector<std::uint8_t*> to(from.size());
            for (std::uint32_t i = 0; i < m; ++i)
                to[i] = first + i * kSizeBytes;
            solver.run(from, to, kSizeBytes, Executor::caller());
            return Bytes(first, first + m * kSizeBytes);
        };
        const Bytes expected = encode(Method::matrix, {});
        for (const CacheSizes& caches : sizes)
            for (const Method method : {Method::matrix, Method::transform})
                ASSERT_EQ(encode(method, caches), expected)
                    << k << "/" << m << " caches " << caches.nearest;
    }
}

INSTANTIATE_TEST_SUITE_P(Erasure, KernelTest, testing::ValuesIn(usable_kernels()),
                         [](const auto& set) { return std::string(set.param->name); });

TEST_P(KernelTest, TheMethodFollowsTheSizeOfTheProblem) {
    const auto fastest = [](const Shape& shape, const std::vector<Role>& roles) {
        return Solver::fastest(shape, *GetParam(), roles);
    };
    test::Random random(1);
    const Shape single = must(Shape::create(100, 1));
    EXPECT_EQ(fastest(single, encoding_roles(single)), Method::exclusive_or);
    const Shape small = must(Shape::create(3, 2));
    EXPECT_EQ(fastest(small, decoding_roles(small, 1, random)), Method::matrix);
    for (const std::uint32_t size : {128U, 1000U}) {
        const Shape large = must(Shape::create(size, size));
        EXPECT_EQ(fastest(large, encoding_roles(large)), Method::transform);
        EXPECT_EQ(fastest(large, decoding_roles(large, 1, random)), Method::matrix);
        EXPECT_EQ(fastest(large, decoding_roles(large, large.m(), random)), Method::transform);
    }
    // Without data nothing is encoded; known data cost little where there are few parity positions.
    const Shape none_left = must(Shape::create(20, 20));
    const Shape many_left = must(Shape::create(200, 2));
    if (GetParam()->form == FactorForm::nibbles) {
        EXPECT_EQ(fastest(none_left, losing(none_left, 20)), Method::transform);
        EXPECT_EQ(fastest(many_left, losing(many_left, 1)), Method::transform);
    } else if (!GetParam()->by_rows) {
        EXPECT_EQ(fastest(many_left, losing(many_left, 1)), Method::matrix);
    }
    // In GF(2^16) the factors of a matrix soon take longer to read than the buffers.
    const Shape wide = must(Shape::create(1000, 1000));
    EXPECT_EQ(fastest(wide, losing(wide, 4)), Method::matrix);
    EXPECT_EQ(fastest(wide, losing(wide, 30)), Method::transform);
}

/// Whatever is lost of whatever code, what is prepared for it is bounded.
TEST_P(KernelTest, FactorsOfTheLargestCodesAreBounded) {
    for (const auto& [k, m] : {std::pair{32768U, 32768U}, std::pair{60000U, 4096U},
                               std::pair{16384U, 16384U}, std::pair{65472U, 64U}}) {
        const Shape shape = must(Shape::create(k, m));
        const std::size_t record = Factors::of(field_of(shape), GetParam()->form).record_bytes();
        EXPECT_EQ(Solver::fastest(shape, *GetParam(), losing(shape, 1)), Method::matrix) << k;
        for (std::uint32_t lost = 1; lost <= 64; lost += 3)
            if (Solver::fastest(shape, *GetParam(), losing(shape, lost)) != Method::transform) {
                EXPECT_LE(lost * k * record, std::size_t{16} << 20) << k << " " << lost;
            }
    }
}

TEST(Kernels, WorkRowsFitTheCaches) {
    const auto bytes = [](bool by_rows, const CacheSizes& caches, std::size_t rows,
                          std::size_t buffers = 100) {
        KernelSet kernels = kScalarKernels;
        kernels.by_rows = by_rows;
        kernels.shortest_row = 128;
        return work_row_bytes(kernels, caches, rows, buffers);
    };
    constexpr CacheSizes kSmall{std::size_t{32} << 10, std::size_t{512} << 10};
    constexpr CacheSizes kLarge{std::size_t{48} << 10, std::size_t{2048} << 10};
    EXPECT_EQ(bytes(true, kSmall, 4), kZeroRowBytes);
    EXPECT_EQ(bytes(true, kSmall, 32), 512U);
    EXPECT_EQ(bytes(true, kLarge, 32), 1024U);
    EXPECT_EQ(bytes(true, kSmall, 128), 512U);
    EXPECT_EQ(bytes(true, kLarge, 128), 1024U);
    EXPECT_EQ(bytes(true, kSmall, 1024), 256U);
    EXPECT_EQ(bytes(true, kLarge, 1024), 512U);
    EXPECT_EQ(bytes(true, kLarge, 1024, 2000), 1024U);
    EXPECT_EQ(bytes(true, kSmall, 1024, 2000), 256U);
    EXPECT_EQ(bytes(true, kSmall, 65536), 128U);
    EXPECT_EQ(bytes(false, kLarge, 32), 512U);
    EXPECT_EQ(bytes(false, kLarge, 256), 128U);
    EXPECT_EQ(work_row_bytes(kScalarKernels, kSmall, 65536, 100), kScalarKernels.shortest_row);
    EXPECT_GT(machine_caches().second, machine_caches().nearest);
}

TEST(Kernels, NamesSayWhatRuns) {
    const auto sets = usable_kernels();
    EXPECT_STREQ(sets.front()->name, "portable");
    EXPECT_EQ(sets.back(), &best_kernels());
}

} // namespace
} // namespace codex::erasure::detail
