// Every kernel set stays within its buffers, whatever sizes of caches the machine says it has.
#include "erasure/detail/kernel_choice.hpp"
#include "erasure/detail/solver.hpp"
#include "generator.hpp"
#include "guarded.hpp"
#include "must.hpp"

namespace codex::erasure::detail {
namespace {

using codex::test::Edge;
using codex::test::Guarded;
using codex::test::must;

/// A code word, parity first, each buffer at the edge of a page.
class GuardedWord {
public:
    GuardedWord(const Shape& shape, std::size_t size_bytes, Edge edge)
        : shape_(shape), size_bytes_(size_bytes), edge_(edge) {
        for (std::uint32_t j = 0; j < shape.k(); ++j)
            data_.emplace_back(BytesView(test::generate(j + 1, size_bytes)), edge);
        const Method method = shape.m() == 1 ? Method::exclusive_or : Method::matrix;
        for (const Bytes& one : solved(kScalarKernels, encoding(), method, {}))
            parity_.emplace_back(BytesView(one), edge);
    }

    [[nodiscard]] std::vector<Role> encoding() const {
        std::vector<Role> roles(first_data() + shape_.k(), Role::known);
        std::fill_n(roles.begin(), first_data(), Role::unused);
        std::fill_n(roles.begin(), shape_.m(), Role::wanted);
        return roles;
    }
    /// The last data lost, as many as can be.
    [[nodiscard]] std::vector<Role> decoding() const {
        std::vector<Role> roles(first_data() + shape_.k(), Role::known);
        std::fill(roles.begin() + shape_.m(), roles.begin() + index(first_data()), Role::unused);
        std::fill(roles.end() - shape_.m(), roles.end(), Role::wanted);
        return roles;
    }
    [[nodiscard]] std::vector<Bytes> solved(const KernelSet& kernels,
                                            const std::vector<Role>& roles, Method method,
                                            const CacheSizes& caches) const {
        std::vector<const std::uint8_t*> from(roles.size());
        std::vector<std::uint8_t*> to(roles.size());
        std::vector<Guarded> results;
        results.reserve(shape_.m());
        for (std::size_t x = 0; x < roles.size(); ++x)
            if (roles[x] == Role::known)
                from[x] = buffer(x).data();
            else if (roles[x] == Role::wanted)
                to[x] = results.emplace_back(size_bytes_, edge_).data();
        const auto skews = skew_factors(shape_, kernels);
        Solver(shape_, kernels, skews, roles, method, caches)
            .run(from, to, size_bytes_, Executor::caller());
        std::vector<Bytes> found;
        for (const Guarded& result : results)
            found.push_back(result.copy());
        return found;
    }
    [[nodiscard]] std::vector<Bytes> wanted(const std::vector<Role>& roles) const {
        std::vector<Bytes> found;
        for (std::size_t x = 0; x < roles.size(); ++x)
            if (roles[x] == Role::wanted)
                found.push_back(buffer(x).copy());
        return found;
    }

private:
    [[nodiscard]] std::size_t first_data() const { return shape_.parity_positions(); }
    [[nodiscard]] static std::ptrdiff_t index(std::size_t i) {
        return static_cast<std::ptrdiff_t>(i);
    }
    [[nodiscard]] const Guarded& buffer(std::size_t position) const {
        return position < first_data() ? parity_[position] : data_[position - first_data()];
    }

    Shape shape_;
    std::size_t size_bytes_;
    Edge edge_;
    std::vector<Guarded> data_;
    std::vector<Guarded> parity_;
};

class BoundsTest : public testing::TestWithParam<const KernelSet*> {};

TEST_P(BoundsTest, NothingBesideTheBuffersIsTouched) {
    const CacheSizes sizes[] = {{}, {0, 0}, {SIZE_MAX, SIZE_MAX}, {SIZE_MAX, 0}, {0, SIZE_MAX}};
    std::size_t turn = 0;
    for (const auto& [k, m] : {std::pair{1U, 1U}, std::pair{7U, 1U}, std::pair{3U, 2U},
                               std::pair{5U, 5U}, std::pair{23U, 10U}, std::pair{40U, 33U},
                               std::pair{256U, 1U}, std::pair{260U, 3U}, std::pair{250U, 20U}})
        for (const std::size_t chunks : {1U, 2U, 7U, 9U, 33U}) {
            const CacheSizes& caches = sizes[++turn % std::size(sizes)];
            const GuardedWord word(must(Shape::create(k, m)), 64 * chunks,
                                   turn % 2 == 0 ? Edge::end : Edge::begin);
            for (const auto& roles : {word.encoding(), word.decoding()})
                for (const Method method :
                     {Method::exclusive_or, Method::matrix, Method::transform})
                    if (method == Method::matrix || (m == 1) == (method == Method::exclusive_or)) {
                        ASSERT_EQ(word.solved(*GetParam(), roles, method, caches),
                                  word.wanted(roles))
                            << k << "/" << m << " chunks " << chunks << " caches " << caches.nearest
                            << " " << caches.second;
                    }
        }
}

INSTANTIATE_TEST_SUITE_P(Erasure, BoundsTest, testing::ValuesIn(usable_kernels()),
                         [](const auto& set) { return std::string(set.param->name); });

} // namespace
} // namespace codex::erasure::detail
