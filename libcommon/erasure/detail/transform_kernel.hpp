// The additive Fourier transforms as a template over a vector type, for the kernel files (spec 01
// section 6.4). Instantiate with a type of an anonymous namespace only; see matrix_kernel.hpp.
//
// One column (a Unit of every buffer) is taken through all its transforms before the next, in work
// rows that stay in cache. A pass does up to V::kMaxLayers layers at once on 2^layers rows held in
// registers; the first pass reads the buffers themselves, the last writes the results.
#pragma once

#include "erasure/detail/kernels.hpp"

namespace codex::erasure::detail {

template <class V> class TransformKernel {
public:
    static void run(const TransformJob& job, std::size_t begin, std::size_t end) {
        const TransformKernel kernel(job);
        for (std::size_t at = begin; at < end; at += V::kBytes)
            if (job.known == nullptr)
                kernel.encode(V::offset(at));
            else
                kernel.decode(V::offset(at));
    }

private:
    using Unit = typename V::Unit;
    static_assert(sizeof(Unit) <= kWorkRowBytes);
    /// Rows finished together, layer by layer, before the wider layers: half of a small L1 cache.
    static constexpr std::size_t kLocalRows = 16 * 1024 / sizeof(Unit);

    explicit TransformKernel(const TransformJob& job)
        : job_(job), size_(std::size_t{1} << job.log_size), sum_(reinterpret_cast<Unit*>(job.work)),
          scratch_(reinterpret_cast<Unit*>(job.work + size_ * kWorkRowBytes)) {
        // As few passes as possible, as even as possible; the larger ones first.
        passes_ = (job.log_size + V::kMaxLayers - 1) / V::kMaxLayers;
        unsigned layer = 0;
        for (unsigned i = 0; i < passes_; ++i) {
            first_layer_[i] = layer;
            layer += (job.log_size - layer + passes_ - i - 1) / (passes_ - i);
            if ((std::size_t{1} << layer) <= kLocalRows || i == 0)
                local_passes_ = i + 1;
        }
        first_layer_[passes_] = layer;
    }

    [[gnu::always_inline]] static Unit load_row(const SourceRow& row, std::size_t offset) {
        return V::load(row.bytes + (offset & row.mask));
    }

    void encode(std::size_t offset) const {
        sum_inputs(offset);
        const OutputGroup& output = job_.outputs[0];
        forward(output, sum_, [&](std::size_t row, Unit x) {
            if (output.rows[row] != nullptr)
                V::store(output.rows[row] + offset, x);
        });
    }

    void decode(std::size_t offset) const {
        const auto locate = [&](std::size_t row, Unit x) {
            const Unit syndrome = V::add(x, load_row(job_.known[row], offset));
            return V::mul(syndrome, V::factor(job_.locator + row * V::kFactorBytes));
        };
        if (job_.input_count == 0) {
            for (std::size_t row = 0; row < size_; ++row)
                sum_[row] = locate(row, V::zero());
        } else {
            sum_inputs(offset);
            const OutputGroup parity{nullptr, nullptr, 0, size_};
            forward(parity, sum_, [&](std::size_t row, Unit x) { sum_[row] = locate(row, x); });
        }
        const InputGroup known{nullptr, 0, size_};
        inverse(
            known, sum_, [&](std::size_t row) { return sum_[row]; },
            [&](std::size_t row, Unit x) { sum_[row] = x; });
        for (std::size_t i = 0; i < job_.output_count; ++i) {
            const OutputGroup& output = job_.outputs[i];
            forward(output, scratch_, [&](std::size_t row, Unit x) {
                if (output.rows[row] != nullptr)
                    V::store(output.rows[row] + offset,
                             V::mul(x, V::factor(output.factors + row * V::kFactorBytes)));
            });
        }
    }

    /// sum_ = XOR of the inverse transforms of all input groups.
    void sum_inputs(std::size_t offset) const {
        for (std::size_t i = 0; i < job_.input_count; ++i) {
            const InputGroup& input = job_.inputs[i];
            const auto load = [&](std::size_t row) { return load_row(input.rows[row], offset); };
            if (i == 0)
                inverse(input, sum_, load, [&](std::size_t row, Unit x) { sum_[row] = x; });
            else
                inverse(input, scratch_, load,
                        [&](std::size_t row, Unit x) { sum_[row] = V::add(sum_[row], x); });
        }
    }

    /// The inverse transform of one group: from load(row), through `work`, to store(row, Unit).
    template <class Load, class Store>
    void inverse(const InputGroup& input, Unit* work, Load load, Store store) const {
        const auto load_work = [work](std::size_t row) { return work[row]; };
        const auto store_work = [work](std::size_t row, Unit x) { work[row] = x; };
        if (passes_ == 1) {
            pass<true>(0, 0, size_, input.position, load, store);
            return;
        }
        // Blocks of zeros transform to zeros.
        const std::size_t block = std::size_t{1} << first_layer_[local_passes_];
        for (std::size_t start = 0; start < size_; start += block) {
            for (unsigned i = 0; i < local_passes_; ++i) {
                const std::size_t end = used_rows(i, input.count, start, block);
                if (i == 0) {
                    pass<true>(i, start, end, input.position, load, store_work);
                    for (std::size_t row = end; row < start + block; ++row)
                        work[row] = V::zero();
                } else if (i + 1 < passes_) {
                    pass<true>(i, start, end, input.position, load_work, store_work);
                } else {
                    pass<true>(i, start, start + block, input.position, load_work, store);
                }
            }
        }
        for (unsigned i = local_passes_; i < passes_; ++i)
            if (i + 1 < passes_)
                pass<true>(i, 0, used_rows(i, input.count, 0, size_), input.position, load_work,
                           store_work);
            else
                pass<true>(i, 0, size_, input.position, load_work, store);
    }

    /// The transform of sum_ at the output's positions, through `work`, to store(row, Unit), for
    /// all rows below output.count and some above.
    template <class Store> void forward(const OutputGroup& output, Unit* work, Store store) const {
        const auto load_sum = [this](std::size_t row) { return sum_[row]; };
        const auto load_work = [work](std::size_t row) { return work[row]; };
        const auto store_work = [work](std::size_t row, Unit x) { work[row] = x; };
        if (passes_ == 1) {
            pass<false>(0, 0, size_, output.position, load_sum, store);
            return;
        }
        const Unit* from = sum_;
        for (unsigned i = passes_; i-- > local_passes_;) {
            pass<false>(
                i, 0, used_rows(i, output.count, 0, size_), output.position,
                [from](std::size_t row) { return from[row]; }, store_work);
            from = work;
        }
        const std::size_t block = std::size_t{1} << first_layer_[local_passes_];
        for (std::size_t start = 0; start < size_ && start < output.count; start += block)
            for (unsigned i = local_passes_; i-- > 0;) {
                const std::size_t end = used_rows(i, output.count, start, block);
                if (i == 0)
                    pass<false>(i, start, end, output.position, load_work, store);
                else if (i + 1 == passes_)
                    pass<false>(i, start, end, output.position, load_sum, store_work);
                else
                    pass<false>(i, start, end, output.position, load_work, store_work);
            }
    }

    /// The end of the rows of [start, start + block) that pass i must treat when rows from `count`
    /// on do not matter.
    std::size_t used_rows(unsigned i, std::size_t count, std::size_t start,
                          std::size_t block) const {
        if (count >= start + block)
            return start + block;
        if (count <= start)
            return start;
        const std::size_t mask = (std::size_t{1} << first_layer_[i + 1]) - 1;
        return (count + mask) & ~mask;
    }

    /// Pass i on the rows [start, end).
    template <bool kInverse, class Load, class Store>
    void pass(unsigned i, std::size_t start, std::size_t end, std::size_t position, Load load,
              Store store) const {
        const unsigned layer = first_layer_[i];
        const unsigned layers = first_layer_[i + 1] - layer;
        if (layers == 1)
            pass_layers<kInverse, 1>(layer, start, end, position, load, store);
        else if (layers == 2)
            pass_layers<kInverse, 2>(layer, start, end, position, load, store);
        else if constexpr (V::kMaxLayers > 2) {
            if (layers == 3)
                pass_layers<kInverse, 3>(layer, start, end, position, load, store);
            else if constexpr (V::kMaxLayers > 3)
                pass_layers<kInverse, 4>(layer, start, end, position, load, store);
        }
    }

    template <bool kInverse, unsigned kLayers, class Load, class Store>
    void pass_layers(unsigned layer, std::size_t start, std::size_t end, std::size_t position,
                     Load load, Store store) const {
        constexpr std::size_t kRows = std::size_t{1} << kLayers;
        const std::size_t stride = std::size_t{1} << layer;
        for (std::size_t block = start; block < end; block += kRows << layer) {
            // Within a layer the factors of consecutive groups are consecutive.
            const std::uint8_t* skews[kLayers];
#pragma GCC unroll 4
            for (unsigned u = 0; u < kLayers; ++u)
                skews[u] = job_.skews + ((position + block) >> (layer + u + 1)) * V::kFactorBytes;
            for (std::size_t i = block; i < block + stride; ++i) {
                Unit rows[kRows];
#pragma GCC unroll 16
                for (std::size_t q = 0; q < kRows; ++q)
                    rows[q] = load(i + (q << layer));
                butterflies<kInverse, kLayers, 0>(rows, skews);
#pragma GCC unroll 16
                for (std::size_t q = 0; q < kRows; ++q)
                    store(i + (q << layer), rows[q]);
            }
        }
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
    Unit* sum_;
    Unit* scratch_;
    unsigned passes_ = 0;
    unsigned local_passes_ = 0;
    unsigned first_layer_[17] = {};
};

} // namespace codex::erasure::detail
