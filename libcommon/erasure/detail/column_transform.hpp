// The additive Fourier transforms as a template over a vector type, for the kernel files
// (codex-erasure(5), THE TRANSFORM). Instantiate with a type of an anonymous namespace only; see
// matrix_kernel.hpp.
//
// A few columns (Units of every buffer) are taken through all their transforms before the next, in
// work rows that stay in cache. A pass does up to V::kMaxLayers layers at once on 2^layers rows
// held in registers; the first pass reads the buffers themselves, the last writes the results. The
// last pass of the sum of the inputs and the first of its transform treat the same rows: they are
// one, the turn.
#pragma once

#include "erasure/detail/column_butterflies.hpp"
#include "erasure/detail/column_rows.hpp"
#include "erasure/detail/fetch_ahead.hpp"
#include "erasure/detail/kernels.hpp"

#include <type_traits>

namespace codex::erasure::detail {

template <class V> class ColumnTransform {
public:
    static void run(const TransformJob& job, std::size_t begin, std::size_t end) {
        ColumnTransform kernel(job);
        for (std::size_t at = begin; at < end; at += kernel.batch_ * V::kBytes) {
            if ((at - begin) % kernel.ahead_.stretch() == 0)
                kernel.ahead_.aim(at + kernel.ahead_.stretch(), end);
            kernel.at_ = at;
            kernel.columns_ = (end - at) / V::kBytes;
            if (kernel.columns_ > kernel.batch_)
                kernel.columns_ = kernel.batch_;
            if (job.known == nullptr)
                kernel.encode();
            else
                kernel.decode();
        }
        // Stores past the caches are ordered with nothing, not even with a release, without this.
        if (job.streamed)
            V::order_streams();
    }

private:
    using Unit = typename V::Unit;
    /// Rows finished together, layer by layer, before the wider layers: half of a small nearest
    /// cache, whatever this machine has.
    static constexpr std::size_t kLocalRows = 16 * 1024 / sizeof(Unit);

    explicit ColumnTransform(const TransformJob& job)
        : job_(job), size_(std::size_t{1} << job.log_size), batch_(job.row_bytes / sizeof(Unit)),
          ahead_(job.ahead, job.ahead_count, job.stretch),
          sum_{reinterpret_cast<Unit*>(job.work), size_},
          scratch_{sum_.rows + size_ * batch_, size_} {
        // As few passes as possible, as even as possible; the larger ones last.
        passes_ = (job.log_size + V::kMaxLayers - 1) / V::kMaxLayers;
        unsigned layer = 0;
        for (unsigned i = 0; i < passes_; ++i) {
            first_layer_[i] = layer;
            layer += (job.log_size - layer) / (passes_ - i);
            if ((std::size_t{1} << layer) <= kLocalRows || i == 0)
                local_passes_ = i + 1;
        }
        first_layer_[passes_] = layer;
        const std::size_t rows = std::size_t{1} << first_layer_[local_passes_];
        together_ = kLocalRows / rows == 0 ? 1 : kLocalRows / rows;
    }

    template <unsigned kLayers, bool kSmall>
    using GroupFactors = detail::GroupFactors<V, kLayers, kSmall>;
    using WorkRows = detail::WorkRows<V>;
    using SourceRows = detail::SourceRows<V>;

    void encode() {
        if (job_.streamed)
            parity(job_.outputs[0], ResultRows<V, false, true>{&job_.outputs[0], at_});
        else
            parity(job_.outputs[0], ResultRows<V, false, false>{&job_.outputs[0], at_});
    }

    void decode() {
        const LocatedRows<V> located{sum_, {job_.known, at_}, job_.locator};
        if (job_.input_count == 0) {
            for (std::size_t c = 0; c < columns_; ++c)
                for (std::size_t row = 0; row < size_; ++row)
                    located.column(c).store(row, V::zero());
        } else {
            parity({nullptr, nullptr, 0, size_}, located);
        }
        inverse({nullptr, 0, 0, size_}, sum_, sum_, sum_, passes_);
        for (std::size_t i = 0; i < job_.output_count; ++i) {
            const OutputGroup& output = job_.outputs[i];
            if (job_.streamed)
                forward(output, scratch_, ResultRows<V, true, true>{&output, at_}, passes_);
            else
                forward(output, scratch_, ResultRows<V, true, false>{&output, at_}, passes_);
        }
    }

    /// The transform at position 0 of the sum of the inverse transforms of all input groups.
    template <class To> void parity(const OutputGroup& output, To to) {
        for (std::size_t i = 0; i + 1 < job_.input_count; ++i) {
            const InputGroup& input = job_.inputs[i];
            const SourceRows source{input.rows, at_};
            if (i == 0)
                inverse(input, source, sum_, sum_, passes_);
            else
                inverse(input, source, scratch_, AddedRows<V>{sum_.rows, size_}, passes_);
        }
        const bool added = job_.input_count > 1;
        const InputGroup& last = job_.inputs[job_.input_count - 1];
        const SourceRows source{last.rows, at_};
        if (passes_ == 1) {
            turn(last, added, source, to);
        } else {
            const WorkRows work = added ? scratch_ : sum_;
            inverse(last, source, work, work, passes_ - 1);
            turn(last, added, work, sum_);
            forward(output, sum_, to, passes_ - 1);
        }
    }

    /// The last pass of the last input group, the sum of the others added, and the first pass of
    /// the transform at position 0.
    template <class From, class To>
    void turn(const InputGroup& input, bool added, From from, To to) {
        const unsigned layer = first_layer_[passes_ - 1];
        const std::size_t used = (input.count + (std::size_t{1} << layer) - 1) >> layer;
        with_layers(passes_ - 1, [&](auto layers) {
            constexpr unsigned kAll = layers();
            constexpr unsigned kHalf = kAll > 1 ? kAll - 1 : kAll;
            constexpr unsigned kQuarter = kAll > 2 ? kAll - 2 : kHalf;
            any_factors(layers(), layer, input.position, [&](auto small) {
                constexpr bool kSmall = small();
                if (!added)
                    turn_layers<kAll, kAll, false, kSmall>(input.position, from, to);
                else if (used <= std::size_t{1} << kQuarter)
                    turn_layers<kAll, kQuarter, true, kSmall>(input.position, from, to);
                else if (used <= std::size_t{1} << kHalf)
                    turn_layers<kAll, kHalf, true, kSmall>(input.position, from, to);
                else
                    turn_layers<kAll, kAll, true, kSmall>(input.position, from, to);
            });
        });
    }

    /// Calls work(std::bool_constant): whether the factors of the group at `position`, of so many
    /// layers from `layer` on, are below 256 and the field computes with these in less time.
    template <class Work>
    static void any_factors(unsigned layers, unsigned layer, std::size_t position, Work work) {
        if constexpr (V::kHasSubfield) {
            // Factor i is word 2 i, and those of the lowest layer are the largest.
            if ((position >> (layer + 1)) + (std::size_t{1} << (layers - 1)) <= 128) {
                work(std::true_type{});
                return;
            }
        }
        work(std::false_type{});
    }

    /// All groups of rows of the turn, of which 2^kUsed are not zeros.
    template <unsigned kLayers, unsigned kUsed, bool kAdded, bool kSmall, class From, class To>
    void turn_layers(std::size_t position, From from, To to) {
        constexpr std::size_t kRows = std::size_t{1} << kLayers;
        constexpr bool kOnlyPass = std::is_same_v<From, SourceRows>;
        const unsigned layer = kOnlyPass ? 0 : first_layer_[passes_ - 1];
        const std::uint8_t* skews[kLayers];
        const std::uint8_t* origin[kLayers];
#pragma GCC unroll 4
        for (unsigned u = 0; u < kLayers; ++u) {
            skews[u] = job_.skews + (position >> (layer + u + 1)) * V::kFactorBytes;
            origin[u] = job_.skews;
        }
        const GroupFactors<kLayers, kSmall> factors(skews);
        const GroupFactors<kLayers, V::kHasSubfield> origin_factors(origin);
        for (std::size_t c = 0; c < columns_; ++c) {
            const auto source = from.column(c);
            const auto target = to.column(c);
            const WorkRows sum = sum_.column(c);
            for (std::size_t i = 0; i < std::size_t{1} << layer; ++i) {
                ahead_.steps(1);
                Unit rows[kRows];
#pragma GCC unroll 16
                for (std::size_t q = 0; q < std::size_t{1} << kUsed; ++q)
                    rows[q] = source.load(i + (q << layer));
                Butterflies<V>::template run<true, kLayers, 0, kUsed>(rows, factors);
                if constexpr (kAdded)
#pragma GCC unroll 16
                    for (std::size_t q = 0; q < kRows; ++q)
                        rows[q] = V::add(rows[q], sum.load(i + (q << layer)));
                Butterflies<V>::template run<false, kLayers, 0, kLayers, true>(rows,
                                                                               origin_factors);
#pragma GCC unroll 16
                for (std::size_t q = 0; q < kRows; ++q)
                    target.store(i + (q << layer), rows[q]);
            }
        }
    }

    /// The first `passes` passes of the inverse transform of one group, through the rows `work`.
    template <class From, class To>
    void inverse(const InputGroup& input, From from, WorkRows work, To to, unsigned passes) {
        if (passes_ == 1) {
            pass<true>(0, 0, size_, 0, columns_, input.position, from, to);
            return;
        }
        // Rows from `count` on are zeros, and blocks of zeros transform to zeros.
        const std::size_t block = std::size_t{1} << first_layer_[local_passes_];
        for (std::size_t start = 0; start < size_; start += block) {
            const std::size_t read = used_rows(0, input.count, start, block);
            pass<true>(0, start, read, 0, columns_, input.position, from, work);
            for (std::size_t c = 0; c < columns_; ++c)
                for (std::size_t row = read; row < start + block; ++row)
                    work.column(c).store(row, V::zero());
            for_columns([&](std::size_t left, std::size_t right) {
                for (unsigned i = 1; i < local_passes_ && i < passes; ++i)
                    later_pass(i, input, start, block, left, right, work, to);
            });
        }
        for_columns([&](std::size_t left, std::size_t right) {
            for (unsigned i = local_passes_; i < passes; ++i)
                later_pass(i, input, 0, size_, left, right, work, to);
        });
    }

    template <class To>
    void later_pass(unsigned i, const InputGroup& input, std::size_t start, std::size_t block,
                    std::size_t left, std::size_t right, WorkRows work, To to) {
        if (i + 1 < passes_)
            pass<true>(i, start, used_rows(i, input.count, start, block), left, right,
                       input.position, work, work);
        else
            pass<true>(i, start, start + block, left, right, input.position, work, to);
    }

    /// Calls work(left, right) for all columns: as many at a time as kLocalRows has room for, for
    /// which factors are loaded once then.
    template <class Work> void for_columns(Work work) const {
        for (std::size_t left = 0; left < columns_; left += together_)
            work(left, columns_ - left < together_ ? columns_ : left + together_);
    }

    /// The last `passes` passes of the transform of sum_ at the output's positions, through the
    /// rows `work`; all rows below output.count are stored, and some above.
    template <class To>
    void forward(const OutputGroup& output, WorkRows work, To to, unsigned passes) {
        if (passes_ == 1) {
            pass<false>(0, 0, size_, 0, columns_, output.position, sum_, to);
            return;
        }
        const auto wide_pass = [&](unsigned i, std::size_t start, std::size_t block,
                                   std::size_t left, std::size_t right) {
            pass<false>(i, start, used_rows(i, output.count, start, block), left, right,
                        output.position, i + 1 == passes_ ? sum_ : work, work);
        };
        for_columns([&](std::size_t left, std::size_t right) {
            for (unsigned i = passes; i-- > local_passes_;)
                wide_pass(i, 0, size_, left, right);
        });
        const std::size_t block = std::size_t{1} << first_layer_[local_passes_];
        for (std::size_t start = 0; start < size_ && start < output.count; start += block) {
            for_columns([&](std::size_t left, std::size_t right) {
                for (unsigned i = passes < local_passes_ ? passes : local_passes_; i-- > 1;)
                    wide_pass(i, start, block, left, right);
            });
            pass<false>(0, start, used_rows(0, output.count, start, block), 0, columns_,
                        output.position, work, to);
        }
    }

    /// The end of the rows of [start, start + block) that pass i must treat when rows from `count`
    /// on do not matter.
    [[nodiscard]] std::size_t used_rows(unsigned i, std::size_t count, std::size_t start,
                                        std::size_t block) const {
        if (count >= start + block)
            return start + block;
        if (count <= start)
            return start;
        const std::size_t mask = (std::size_t{1} << first_layer_[i + 1]) - 1;
        return (count + mask) & ~mask;
    }

    /// Pass i on the rows [start, end) of the columns [left, right).
    template <bool kInverse, class From, class To>
    void pass(unsigned i, std::size_t start, std::size_t end, std::size_t left, std::size_t right,
              std::size_t position, From from, To to) {
        const Range range{start, end, left, right, position, first_layer_[i]};
        with_layers(i, [&](auto layers) { pass_layers<kInverse, layers()>(range, from, to); });
    }

    /// Calls work(std::integral_constant) with the number of layers of pass i.
    template <class Work> void with_layers(unsigned i, Work work) const {
        const unsigned layers = first_layer_[i + 1] - first_layer_[i];
        if (layers == 1)
            work(std::integral_constant<unsigned, 1>{});
        else if (layers == 2)
            work(std::integral_constant<unsigned, 2>{});
        else if constexpr (V::kMaxLayers > 2) {
            if (layers == 3)
                work(std::integral_constant<unsigned, 3>{});
            else if constexpr (V::kMaxLayers > 3)
                work(std::integral_constant<unsigned, 4>{});
        }
    }

    struct Range {
        std::size_t start, end, left, right, position;
        unsigned layer;
    };

    template <bool kInverse, unsigned kLayers, class From, class To>
    void pass_layers(const Range& range, From from, To to) {
        const std::size_t rows = std::size_t{1} << (kLayers + range.layer);
        for (std::size_t block = range.start; block < range.end; block += rows)
            any_factors(kLayers, range.layer, range.position + block, [&](auto small) {
                block_layers<kInverse, kLayers, small()>(range, block, from, to);
            });
    }

    /// The rows of a pass that share their factors, from `block` on.
    template <bool kInverse, unsigned kLayers, bool kSmall, class From, class To>
    void block_layers(const Range& range, std::size_t block, From from, To to) {
        // Within a layer the factors of consecutive groups are consecutive.
        const std::uint8_t* skews[kLayers];
#pragma GCC unroll 4
        for (unsigned u = 0; u < kLayers; ++u)
            skews[u] =
                job_.skews + ((range.position + block) >> (range.layer + u + 1)) * V::kFactorBytes;
        const GroupFactors<kLayers, kSmall> factors(skews);
        // The stride of the first pass is known to the compiler.
        if (range.layer == 0) {
            ahead_.steps(range.right - range.left);
            for (std::size_t c = range.left; c < range.right; ++c)
                group<kInverse, kLayers, kSmall>(block, 0, factors, from.column(c), to.column(c));
            return;
        }
        for (std::size_t c = range.left; c < range.right; ++c) {
            const auto source = from.column(c);
            const auto target = to.column(c);
            const std::size_t end = block + (std::size_t{1} << range.layer);
            for (std::size_t i = block; i < end; ++i) {
                ahead_.steps(1);
                group<kInverse, kLayers, kSmall>(i, range.layer, factors, source, target);
            }
        }
    }

    /// The rows first, first + 2^layer, ... through kLayers layers.
    template <bool kInverse, unsigned kLayers, bool kSmall, class From, class To>
    [[gnu::always_inline]] static void group(std::size_t first, unsigned layer,
                                             const GroupFactors<kLayers, kSmall>& factors,
                                             From from, To to) {
        constexpr std::size_t kRows = std::size_t{1} << kLayers;
        Unit rows[kRows];
#pragma GCC unroll 16
        for (std::size_t q = 0; q < kRows; ++q)
            rows[q] = from.load(first + (q << layer));
        Butterflies<V>::template run<kInverse, kLayers, 0>(rows, factors);
#pragma GCC unroll 16
        for (std::size_t q = 0; q < kRows; ++q)
            to.store(first + (q << layer), rows[q]);
    }

    const TransformJob& job_;
    std::size_t size_;
    std::size_t batch_;        ///< columns in the work rows
    std::size_t together_ = 1; ///< of them in the same loops
    FetchAhead<V> ahead_;
    WorkRows sum_;
    WorkRows scratch_;
    std::size_t at_ = 0;
    std::size_t columns_ = 0;
    unsigned passes_ = 0;
    unsigned local_passes_ = 0;
    unsigned first_layer_[17] = {};
};

} // namespace codex::erasure::detail
