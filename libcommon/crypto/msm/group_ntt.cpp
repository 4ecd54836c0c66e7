// Four steps, so that many points share each twiddle: with n = rows * columns, transforms of the
// columns, one multiple for each point, a transposition, and transforms of what were the rows.
#include "crypto/msm/group_ntt.hpp"

#include "base/error.hpp"
#include "crypto/msm/combine.hpp"
#include "crypto/msm/detail/bucket_sums.hpp"
#include "crypto/msm/scale.hpp"
#include "crypto/ntt/ntt.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace codex::crypto {

namespace {

/// Points that a thread takes at once.
constexpr std::size_t kPiece = 1024;

/// One scalar for all.
void multiply_all(std::span<G1> points, const Fr& scalar) {
    scale_secret(points, scalar);
}

template <class F> void multiply_piece(std::span<Affine<F>> points, std::span<const Fr> scalars) {
    std::vector<PointTerm> terms;
    std::vector<std::uint32_t> ends;
    for (std::uint32_t i = 0; i < points.size(); ++i) {
        terms.push_back({i, scalars[i]});
        ends.push_back(i + 1);
    }
    std::vector<Affine<F>> products;
    if constexpr (std::is_same_v<F, Fq>)
        products = combinations_g1(points, terms, ends);
    else
        products = combinations_g2(points, terms, ends);
    std::ranges::copy(products, points.begin());
}

void multiply_all(std::span<G2> points, const Fr& scalar) {
    const std::vector<Fr> scalars(points.size(), scalar);
    multiply_piece<Fq2>(points, scalars);
}

template <class F>
void multiply_pieces(std::span<Affine<F>> points, std::span<const Fr> scalars, Executor& pool) {
    CODEX_ASSERT(points.size() == scalars.size());
    pool.parallel_for((points.size() + kPiece - 1) / kPiece, [&](std::size_t piece) {
        const std::size_t begin = piece * kPiece;
        const std::size_t count = std::min(kPiece, points.size() - begin);
        multiply_piece<F>(points.subspan(begin, count), scalars.subspan(begin, count));
    });
}

/// Transforms of the columns of a matrix of `rows` by `columns` points, row after row.
template <class F> class Columns {
public:
    Columns(std::span<Affine<F>> points, std::size_t rows, const Job& job)
        : points_(points), rows_(rows), columns_(points.size() / rows), job_(job) {}

    /// Without the factor.
    Result<void> run() {
        reverse_rows();
        const auto log2 = static_cast<unsigned>(std::countr_zero(rows_));
        const Fr root = root_of_unity(log2).inverse();
        for (std::size_t half = 1; half < rows_; half *= 2)
            layer(half, root.pow({rows_ / (2 * half), 0, 0, 0}));
        return job_.go_on();
    }

private:
    void reverse_rows() {
        const int bits = std::countr_zero(rows_);
        for (std::size_t i = 0; i < rows_; ++i) {
            std::size_t j = 0;
            for (int bit = 0; bit < bits; ++bit)
                j |= ((i >> bit) & 1) << (bits - 1 - bit);
            if (i < j)
                std::swap_ranges(row(i), row(i) + static_cast<std::ptrdiff_t>(columns_), row(j));
        }
    }

    auto row(std::size_t index) {
        return points_.begin() + static_cast<std::ptrdiff_t>(index * columns_);
    }

    /// Butterflies between rows `half` apart. Those that are at j in their blocks share a twiddle:
    /// they are lined up, block after block, and cut into pieces.
    void layer(std::size_t half, const Fr& root) {
        std::vector<Fr> twiddles(half);
        Fr twiddle = Fr::one();
        for (Fr& one : twiddles) {
            one = twiddle;
            twiddle *= root;
        }
        const std::size_t line = rows_ / (2 * half) * columns_;
        const std::size_t pieces = (line + kPiece - 1) / kPiece;
        job_.executor().parallel_for(half * pieces, [&](std::size_t task) {
            if (job_.cancelled())
                return;
            const std::size_t j = task / pieces;
            const std::size_t begin = task % pieces * kPiece;
            butterflies(half, j, begin, std::min(kPiece, line - begin), twiddles[j]);
        });
    }

    void butterflies(std::size_t half, std::size_t j, std::size_t begin, std::size_t count,
                     const Fr& twiddle) {
        const auto upper = [&](std::size_t i) -> Affine<F>& {
            const std::size_t block = (begin + i) / columns_;
            return row(2 * half * block + j)[static_cast<std::ptrdiff_t>((begin + i) % columns_)];
        };
        const auto lower = [&](std::size_t i) -> Affine<F>& {
            return *(&upper(i) + half * columns_);
        };
        std::vector<Affine<F>> a(count);
        std::vector<Affine<F>> b(count);
        for (std::size_t i = 0; i < count; ++i) {
            a[i] = upper(i);
            b[i] = lower(i);
        }
        if (j != 0) {
            multiply_all(std::span<Affine<F>>(b), twiddle);
            job_.advance(count * sizeof(Affine<F>));
        }
        add_and_subtract(a, b);
        for (std::size_t i = 0; i < count; ++i) {
            upper(i) = a[i];
            lower(i) = b[i];
        }
    }

    /// (a, b) := (a + b, a - b).
    static void add_and_subtract(std::vector<Affine<F>>& a, std::vector<Affine<F>>& b) {
        const detail::AddKernel& kernel = detail::add_kernel<F>();
        std::vector<detail::PairTask> tasks(a.size());
        std::vector<Affine<F>> results[2];
        for (std::uint32_t sign = 0; sign < 2; ++sign) {
            results[sign].resize(a.size());
            for (std::uint32_t i = 0; i < tasks.size(); ++i)
                tasks[i] = {2 * i, 2 * i + sign};
            kernel.add_pairs(detail::words_of(a.data()), detail::words_of(b.data()), tasks.data(),
                             tasks.size(), detail::words_of(results[sign].data()));
        }
        a.swap(results[0]);
        b.swap(results[1]);
    }

    std::span<Affine<F>> points_;
    std::size_t rows_;
    std::size_t columns_;
    Job job_;
};

unsigned log2_of(std::size_t size) {
    CODEX_ASSERT(std::has_single_bit(size) && size <= (std::size_t{1} << kTwoAdicity));
    return static_cast<unsigned>(std::countr_zero(size));
}

template <class F> Result<void> transform(std::span<Affine<F>> points, const Job& job) {
    const std::size_t size = points.size();
    const unsigned log2 = log2_of(size);
    const std::size_t rows = std::size_t{1} << (log2 / 2);
    const std::size_t columns = size / rows;
    CODEX_CHECK(Columns<F>(points, rows, job).run());
    // w^(-row * column) / n.
    const Fr root = root_of_unity(log2).inverse();
    const Fr scale = Fr::from_u64(size).inverse();
    std::vector<Fr> scalars(columns);
    Fr step = Fr::one();
    for (std::size_t row = 0; row < rows; ++row) {
        Fr factor = scale;
        for (Fr& scalar : scalars) {
            scalar = factor;
            factor *= step;
        }
        step *= root;
        CODEX_CHECK(job.go_on());
        multiply_pieces<F>(points.subspan(row * columns, columns), scalars, job.executor());
        job.advance(columns * sizeof(Affine<F>));
    }
    std::vector<Affine<F>> transposed(size);
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t column = 0; column < columns; ++column)
            transposed[column * rows + row] = points[row * columns + column];
    CODEX_CHECK(Columns<F>(transposed, columns, job).run());
    std::ranges::copy(transposed, points.begin());
    return {};
}

} // namespace

Result<void> inverse_transform(std::span<G1> points, const Job& job) {
    return transform<Fq>(points, job);
}

Result<void> inverse_transform(std::span<G2> points, const Job& job) {
    return transform<Fq2>(points, job);
}

std::uint64_t transform_bytes(unsigned log2, std::size_t point_bytes) {
    // A layer of butterflies has half as many as points, of which those at 0 need no multiple: in
    // all layers of a transform of 2^k, 2^k - 1.
    const std::uint64_t size = std::uint64_t{1} << log2;
    std::uint64_t products = size;
    for (const unsigned k : {log2 / 2, log2 - log2 / 2}) {
        const std::uint64_t own = std::uint64_t{1} << k;
        products += size / own * (own / 2 * k - (own - 1));
    }
    return products * point_bytes;
}

void multiply_each(std::span<G1> points, std::span<const Fr> scalars, Executor& pool) {
    multiply_pieces<Fq>(points, scalars, pool);
}

void multiply_each(std::span<G2> points, std::span<const Fr> scalars, Executor& pool) {
    multiply_pieces<Fq2>(points, scalars, pool);
}

} // namespace codex::crypto
