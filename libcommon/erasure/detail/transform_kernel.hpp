// The additive Fourier transforms as a template over a vector type, for the kernel files (spec 01
// section 6.4). Instantiate with a type of an anonymous namespace only; see matrix_kernel.hpp.
//
// A few columns (Units of every buffer) are taken through all their transforms before the next, in
// work rows that stay in cache. A pass does up to V::kMaxLayers layers at once on 2^layers rows
// held in registers; the first pass reads the buffers themselves, the last writes the results.
#pragma once

#include "erasure/detail/kernels.hpp"

namespace codex::erasure::detail {

template <class V> class TransformKernel {
public:
    static void run(const TransformJob& job, std::size_t begin, std::size_t end) {
        TransformKernel kernel(job);
        for (std::size_t at = begin; at < end; at += kBatch * V::kBytes) {
            kernel.at_ = at;
            kernel.columns_ = (end - at) / V::kBytes < kBatch ? (end - at) / V::kBytes : kBatch;
            if (job.known == nullptr)
                kernel.encode();
            else
                kernel.decode();
        }
    }

private:
    using Unit = typename V::Unit;
    /// Columns taken together, so that buffers are read and written in whole stretches.
    static constexpr std::size_t kBatch = kWorkRowBytes / sizeof(Unit);
    /// Rows finished together, layer by layer, before the wider layers: half of a small L1 cache.
    static constexpr std::size_t kLocalRows = 16 * 1024 / sizeof(Unit);

    explicit TransformKernel(const TransformJob& job)
        : job_(job), size_(std::size_t{1} << job.log_size),
          sum_{reinterpret_cast<Unit*>(job.work), size_},
          scratch_{sum_.rows + size_ * kBatch, size_} {
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
    }

    /// Where column `c` of the batch lies in the buffers.
    [[nodiscard]] std::size_t offset(std::size_t c) const { return V::offset(at_ + c * V::kBytes); }

    /// Work rows as the input or the output of a pass.
    struct WorkRows {
        Unit* rows;
        std::size_t size;
        [[nodiscard]] WorkRows column(std::size_t c) const { return {rows + c * size, size}; }
        [[nodiscard]] Unit load(std::size_t row) const { return rows[row]; }
        void store(std::size_t row, Unit x) const { rows[row] = x; }
    };
    /// Work rows that what a pass gives is added to.
    struct AddedRows {
        Unit* rows;
        std::size_t size;
        [[nodiscard]] AddedRows column(std::size_t c) const { return {rows + c * size, size}; }
        void store(std::size_t row, Unit x) const { rows[row] = V::add(rows[row], x); }
    };
    /// Buffers to read; the same bytes of the next batch are asked for on the way.
    struct SourceRows {
        const SourceRow* rows;
        const TransformKernel* kernel;
        std::size_t offset = 0;
        [[nodiscard]] SourceRows column(std::size_t c) const {
            return {rows, kernel, kernel->offset(c)};
        }
        [[nodiscard]] Unit load(std::size_t row) const {
            const std::uint8_t* from = rows[row].bytes + (offset & rows[row].mask);
            V::prefetch(from + kWorkRowBytes);
            return V::load(from);
        }
    };
    /// Buffers to write, where they are wanted, likewise; multiplied where there are factors.
    template <bool kScaled> struct ResultRows {
        const OutputGroup* output;
        const TransformKernel* kernel;
        std::size_t offset = 0;
        [[nodiscard]] ResultRows column(std::size_t c) const {
            return {output, kernel, kernel->offset(c)};
        }
        void store(std::size_t row, Unit x) const {
            if (output->rows[row] == nullptr)
                return;
            if constexpr (kScaled)
                x = V::mul(x, V::factor(output->factors + row * V::kFactorBytes));
            std::uint8_t* to = output->rows[row] + offset;
            V::store(to, x);
            V::prefetch(to + kWorkRowBytes);
        }
    };
    /// Work rows that take the received values of a polynomial from the parity computed of the
    /// known data.
    struct LocatedRows {
        WorkRows work;
        SourceRows known;
        const std::uint8_t* locator;
        [[nodiscard]] LocatedRows column(std::size_t c) const {
            return {work.column(c), known.column(c), locator};
        }
        void store(std::size_t row, Unit x) const {
            const Unit syndrome = V::add(x, known.load(row));
            work.store(row, V::mul(syndrome, V::factor(locator + row * V::kFactorBytes)));
        }
    };

    void encode() const {
        sum_inputs();
        forward(job_.outputs[0], sum_, ResultRows<false>{&job_.outputs[0], this});
    }

    void decode() const {
        const LocatedRows located{sum_, {job_.known, this}, job_.locator};
        if (job_.input_count == 0) {
            for (std::size_t c = 0; c < columns_; ++c)
                for (std::size_t row = 0; row < size_; ++row)
                    located.column(c).store(row, V::zero());
        } else {
            sum_inputs();
            forward({nullptr, nullptr, 0, size_}, sum_, located);
        }
        inverse({nullptr, 0, size_}, sum_, sum_, sum_);
        for (std::size_t i = 0; i < job_.output_count; ++i)
            forward(job_.outputs[i], scratch_, ResultRows<true>{&job_.outputs[i], this});
    }

    /// sum_ = XOR of the inverse transforms of all input groups.
    void sum_inputs() const {
        for (std::size_t i = 0; i < job_.input_count; ++i) {
            const InputGroup& input = job_.inputs[i];
            if (i == 0)
                inverse(input, SourceRows{input.rows, this}, sum_, sum_);
            else
                inverse(input, SourceRows{input.rows, this}, scratch_, AddedRows{sum_.rows, size_});
        }
    }

    /// The inverse transform of one group, through the rows `work`.
    template <class From, class To>
    void inverse(const InputGroup& input, From from, WorkRows work, To to) const {
        if (passes_ == 1) {
            pass<true>(0, 0, size_, 0, columns_, input.position, from, to);
            return;
        }
        // Rows from `count` on are zeros, and blocks of zeros transform to zeros.
        const std::size_t block = std::size_t{1} << first_layer_[local_passes_];
        for (std::size_t start = 0; start < size_; start += block) {
            const std::size_t read = used_rows(0, input.count, start, block);
            pass<true>(0, start, read, 0, columns_, input.position, from, work);
            for (std::size_t c = 0; c < columns_; ++c) {
                for (std::size_t row = read; row < start + block; ++row)
                    work.column(c).store(row, V::zero());
                for (unsigned i = 1; i < local_passes_; ++i)
                    later_pass(i, input, start, block, c, work, to);
            }
        }
        for (std::size_t c = 0; c < columns_; ++c)
            for (unsigned i = local_passes_; i < passes_; ++i)
                later_pass(i, input, 0, size_, c, work, to);
    }

    template <class To>
    void later_pass(unsigned i, const InputGroup& input, std::size_t start, std::size_t block,
                    std::size_t c, WorkRows work, To to) const {
        if (i + 1 < passes_)
            pass<true>(i, start, used_rows(i, input.count, start, block), c, c + 1, input.position,
                       work, work);
        else
            pass<true>(i, start, start + block, c, c + 1, input.position, work, to);
    }

    /// The transform of sum_ at the output's positions, through the rows `work`; all rows below
    /// output.count are stored, and some above.
    template <class To> void forward(const OutputGroup& output, WorkRows work, To to) const {
        if (passes_ == 1) {
            pass<false>(0, 0, size_, 0, columns_, output.position, sum_, to);
            return;
        }
        const auto wide_pass = [&](unsigned i, std::size_t start, std::size_t block,
                                   std::size_t c) {
            pass<false>(i, start, used_rows(i, output.count, start, block), c, c + 1,
                        output.position, i + 1 == passes_ ? sum_ : work, work);
        };
        for (std::size_t c = 0; c < columns_; ++c)
            for (unsigned i = passes_; i-- > local_passes_;)
                wide_pass(i, 0, size_, c);
        const std::size_t block = std::size_t{1} << first_layer_[local_passes_];
        for (std::size_t start = 0; start < size_ && start < output.count; start += block) {
            for (std::size_t c = 0; c < columns_; ++c)
                for (unsigned i = local_passes_; i-- > 1;)
                    wide_pass(i, start, block, c);
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
              std::size_t position, From from, To to) const {
        const unsigned layers = first_layer_[i + 1] - first_layer_[i];
        const Range range{start, end, left, right, position, first_layer_[i]};
        if (layers == 1)
            pass_layers<kInverse, 1>(range, from, to);
        else if (layers == 2)
            pass_layers<kInverse, 2>(range, from, to);
        else if constexpr (V::kMaxLayers > 2) {
            if (layers == 3)
                pass_layers<kInverse, 3>(range, from, to);
            else if constexpr (V::kMaxLayers > 3)
                pass_layers<kInverse, 4>(range, from, to);
        }
    }

    struct Range {
        std::size_t start, end, left, right, position;
        unsigned layer;
    };

    template <bool kInverse, unsigned kLayers, class From, class To>
    void pass_layers(const Range& range, From from, To to) const {
        constexpr std::size_t kRows = std::size_t{1} << kLayers;
        for (std::size_t block = range.start; block < range.end; block += kRows << range.layer) {
            // Within a layer the factors of consecutive groups are consecutive.
            const std::uint8_t* skews[kLayers];
#pragma GCC unroll 4
            for (unsigned u = 0; u < kLayers; ++u)
                skews[u] = job_.skews +
                           ((range.position + block) >> (range.layer + u + 1)) * V::kFactorBytes;
            for (std::size_t c = range.left; c < range.right; ++c) {
                const auto source = from.column(c);
                const auto target = to.column(c);
                // The stride of the first pass is known to the compiler.
                if (range.layer == 0)
                    group<kInverse, kLayers>(block, 0, skews, source, target);
                else
                    for (std::size_t i = block; i < block + (std::size_t{1} << range.layer); ++i)
                        group<kInverse, kLayers>(i, range.layer, skews, source, target);
            }
        }
    }

    /// The rows first, first + 2^layer, ... through kLayers layers.
    template <bool kInverse, unsigned kLayers, class From, class To>
    [[gnu::always_inline]] static void group(std::size_t first, unsigned layer,
                                             const std::uint8_t* const* skews, From from, To to) {
        constexpr std::size_t kRows = std::size_t{1} << kLayers;
        Unit rows[kRows];
#pragma GCC unroll 16
        for (std::size_t q = 0; q < kRows; ++q)
            rows[q] = from.load(first + (q << layer));
        butterflies<kInverse, kLayers, 0>(rows, skews);
#pragma GCC unroll 16
        for (std::size_t q = 0; q < kRows; ++q)
            to.store(first + (q << layer), rows[q]);
    }

    /// All butterflies from number kNumber on: layers ascending in the inverse transform,
    /// descending in the forward one.
    template <bool kInverse, unsigned kLayers, unsigned kNumber>
    [[gnu::always_inline]] static void butterflies(Unit* rows, const std::uint8_t* const* skews) {
        constexpr unsigned kPerLayer = 1U << (kLayers - 1);
        if constexpr (kNumber < kLayers * kPerLayer) {
            constexpr unsigned kOrder = kNumber / kPerLayer;
            constexpr unsigned kLayer = kInverse ? kOrder : kLayers - 1 - kOrder;
            constexpr unsigned kGroup = kNumber % kPerLayer >> kLayer;
            constexpr unsigned kX =
                (kGroup << (kLayer + 1)) + (kNumber % kPerLayer & ((1U << kLayer) - 1));
            Unit& x = rows[kX];
            Unit& y = rows[kX + (1U << kLayer)];
            const auto factor = V::factor(skews[kLayer] + kGroup * V::kFactorBytes);
            if constexpr (kInverse) {
                y = V::add(y, x);
                x = V::mul_add(x, V::prepare(y), factor);
            } else {
                x = V::mul_add(x, V::prepare(y), factor);
                y = V::add(y, x);
            }
            butterflies<kInverse, kLayers, kNumber + 1>(rows, skews);
        }
    }

    const TransformJob& job_;
    std::size_t size_;
    WorkRows sum_;
    WorkRows scratch_;
    std::size_t at_ = 0;
    std::size_t columns_ = 0;
    unsigned passes_ = 0;
    unsigned local_passes_ = 0;
    unsigned first_layer_[17] = {};
};

} // namespace codex::erasure::detail
