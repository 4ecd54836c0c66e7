// The additive Fourier transforms on planes of bits (bit_planes.hpp; codex-erasure(5), THE
// TRANSFORM).
//
// Some blocks of every buffer are taken apart, go through all their transforms, and are put
// together at the end. A few layers are done at once of every few rows, and depth first: what is
// near is finished before what is far, in whatever cache holds it.
#pragma once

#include "erasure/detail/bit_planes.hpp"
#include "erasure/detail/fetch_ahead.hpp"
#include "erasure/detail/kernels.hpp"
#include "erasure/detail/tower.hpp"

namespace codex::erasure::detail {

template <unsigned kWordBytes> class PlaneTransform {
public:
    static void run(const TransformJob& job) {
        PlaneTransform kernel(job);
        for (std::size_t at = job.begin; at < job.end; at += job.row_bytes) {
            if ((at - job.begin) % kernel.ahead_.stretch() == 0)
                kernel.ahead_.aim(at + kernel.ahead_.stretch(), job.end);
            kernel.at_ = at;
            kernel.bytes_ = job.end - at < job.row_bytes ? job.end - at : job.row_bytes;
            kernel.blocks_ = (kernel.bytes_ + kBlockBytes - 1) / kBlockBytes;
            if (job.known == nullptr)
                kernel.encode();
            else
                kernel.decode();
        }
    }

private:
    static constexpr std::size_t kFactorBytes = 8 * kWordBytes * kWordBytes;
    static constexpr unsigned kLeafLayers = 4; ///< of the rows that are taken apart, at most
    static constexpr unsigned kPassLayers = 3; ///< of any other

    explicit PlaneTransform(const TransformJob& job)
        : job_(job), size_(std::size_t{1} << job.log_size),
          ahead_(job.ahead, job.ahead_count, job.stretch) {}

    /// The two sets of work rows, and the rows of them.
    [[nodiscard]] Block* work(unsigned number) const {
        return reinterpret_cast<Block*>(job_.work) + number * size_ * blocks_;
    }

    void encode() {
        parity();
        forward(work(0), job_.log_size, 0, 0, job_.outputs[0].count, job_.outputs[0]);
    }

    void decode() {
        Block* const sum = work(0);
        if (job_.input_count > 0) {
            parity();
            forward(sum, job_.log_size, 0, 0, size_, {});
        } else {
            std::memset(sum, 0, size_ * blocks_ * sizeof(Block));
        }
        for (std::size_t row = 0; row < size_; ++row) {
            ahead_.steps(1);
            locate(sum + row * blocks_, job_.known[row], job_.locator + row * kFactorBytes);
        }
        inverse(sum, job_.log_size, 0, 0, size_, nullptr);
        for (std::size_t i = 0; i < job_.output_count; ++i) {
            const OutputGroup& output = job_.outputs[i];
            Block* rows = sum;
            if (i + 1 < job_.output_count) {
                rows = work(1);
                std::memcpy(rows, sum, size_ * blocks_ * sizeof(Block));
            }
            forward(rows, job_.log_size, 0, output.position, output.count, output);
        }
    }

    /// The sum of all input groups after the inverse transform, in work(0).
    void parity() {
        for (std::size_t i = 0; i < job_.input_count; ++i) {
            const InputGroup& input = job_.inputs[i];
            Block* const rows = work(i > 0 ? 1 : 0);
            inverse(rows, job_.log_size, 0, input.position, input.count, input.rows);
            if (i == 0)
                continue;
            Vector* sum = work(0)->planes[0];
            const Vector* more = rows->planes[0];
            for (std::size_t v = 0; v < size_ * blocks_ * 8 * kParts; ++v)
                sum[v] ^= more[v];
        }
    }

    /// The lower `layers` of the inverse transform, of the rows from `start` on that they mix. Rows
    /// from `count` on count as zeros, whatever they are. `from`: what is to be taken apart first,
    /// if anything.
    void inverse(Block* rows, unsigned layers, std::size_t start, std::size_t position,
                 std::size_t count, const SourceRow* from) {
        const unsigned lower = layers <= kLeafLayers ? 0 : layers - kPassLayers;
        const std::size_t block = std::size_t{1} << lower;
        const std::size_t end = start + (std::size_t{1} << layers);
        for (std::size_t at = start; at < end && at < count; at += block)
            if (lower > 0)
                inverse(rows, lower, at, position, count, from);
            else if (from != nullptr)
                take(from[at], rows + at * blocks_);
        for (std::size_t i = start; i < start + block; ++i)
            for (unsigned layer = lower; layer < layers; ++layer) {
                const std::size_t stride = std::size_t{1} << layer;
                const std::size_t used = extent(count, layer);
                for (std::size_t x = i; x < end && x < used; x += block)
                    if (((x - i) & stride) == 0)
                        inverse_butterfly(rows, x, x + stride, (position + x) >> (layer + 1),
                                          x + stride >= used);
            }
    }

    /// The lower `layers` of the transform, of the rows from `start` on that they mix; rows from
    /// `count` on are not needed. Then what `output` wants is put together.
    void forward(Block* rows, unsigned layers, std::size_t start, std::size_t position,
                 std::size_t count, const OutputGroup& output) {
        const unsigned lower = layers <= kLeafLayers ? 0 : layers - kPassLayers;
        const std::size_t block = std::size_t{1} << lower;
        const std::size_t end = start + (std::size_t{1} << layers);
        for (std::size_t i = start; i < start + block; ++i)
            for (unsigned layer = layers; layer-- > lower;) {
                const std::size_t stride = std::size_t{1} << layer;
                const std::size_t needed = extent(count, layer);
                for (std::size_t x = i; x < end && x < needed; x += block)
                    if (((x - i) & stride) == 0)
                        forward_butterfly(rows, x, x + stride, (position + x) >> (layer + 1));
            }
        for (std::size_t at = start; at < end && at < count; at += block)
            if (lower > 0)
                forward(rows, lower, at, position, count, output);
            else if (output.rows != nullptr && output.rows[at] != nullptr)
                give(rows + at * blocks_, output.rows[at],
                     output.factors == nullptr ? nullptr : output.factors + at * kFactorBytes);
    }

    /// Rows up to and with the 2^layer that row count - 1 is one of.
    static std::size_t extent(std::size_t count, unsigned layer) {
        return ((count - 1) >> layer << layer) + (std::size_t{1} << layer);
    }

    /// y += x, x += y * factor. Row y is zeros, whatever it is, if `fresh`.
    void inverse_butterfly(Block* rows, std::size_t row_x, std::size_t row_y, std::size_t skew,
                           bool fresh) {
        ahead_.steps(1);
        Block* x = rows + row_x * blocks_;
        Block* y = rows + row_y * blocks_;
        for (std::size_t i = 0; i < blocks_; ++i) {
            if (fresh)
                y[i] = x[i];
            else
                add(y[i], x[i]);
            if (skew > 0)
                multiply_add<false>(x[i], y[i], skew);
        }
    }

    /// x += y * factor, y += x.
    void forward_butterfly(Block* rows, std::size_t row_x, std::size_t row_y, std::size_t skew) {
        ahead_.steps(1);
        Block* x = rows + row_x * blocks_;
        Block* y = rows + row_y * blocks_;
        for (std::size_t i = 0; i < blocks_; ++i)
            if (skew > 0)
                multiply_add<true>(x[i], y[i], skew);
            else
                add(y[i], x[i]);
    }

    static void add(Block& to, const Block& x) {
        for (std::size_t bit = 0; bit < 8; ++bit)
#pragma GCC unroll 4
            for (std::size_t part = 0; part < kParts; ++part)
                to.planes[bit][part] ^= x.planes[bit][part];
    }

    template <bool kBack> void multiply_add(Block& x, Block& y, std::size_t skew) {
        const std::uint8_t* record = job_.skews + skew * kFactorBytes;
        if (kWordBytes == 1 || skew < 128) // a word below 256
            products<false, kBack>(x, y, record);
        else
            products<true, kBack>(x, y, record);
    }

    /// x += y * factor, which multiplies all bytes alike unless kWide; then y += x if kBack.
    template <bool kWide, bool kBack>
    [[gnu::noinline]] static void products(Block& x, Block& y, const std::uint8_t* record) {
        Sums operand;
        add_up(y, operand);
        for (std::size_t bit = 0; bit < 8; ++bit) {
            Vector plane[kParts];
#pragma GCC unroll 4
            for (std::size_t part = 0; part < kParts; ++part)
                plane[part] = x.planes[bit][part];
            if constexpr (kWide)
                add_wide_product(plane, operand, record, bit);
            else
                add_product(plane, operand, record, bit);
#pragma GCC unroll 4
            for (std::size_t part = 0; part < kParts; ++part) {
                x.planes[bit][part] = plane[part];
                if constexpr (kBack)
                    y.planes[bit][part] ^= plane[part];
            }
        }
    }

    /// To the coordinates of tower.hpp, or back.
    static void turn(Block& x) {
        if constexpr (kWordBytes > 1) {
            Sums operand;
            add_up(x, operand);
            for (std::size_t bit = 0; bit < 8; ++bit)
                add_row<0, 2, kParts / 2>(x.planes[bit], operand, row_of(kTower.matrix, bit));
        }
    }

    [[nodiscard]] std::size_t bytes_of(std::size_t i) const { return bytes_ - i * kBlockBytes; }

    void take(const SourceRow& from, Block* to) {
        const std::uint8_t* bytes = from.bytes + (at_ & from.mask);
        for (std::size_t i = 0; i < blocks_; ++i) {
            take_apart<kWordBytes>(bytes + i * kBlockBytes, bytes_of(i), to[i]);
            turn(to[i]);
        }
    }

    /// Puts a row together, times a factor if there is one.
    void give(Block* row, std::uint8_t* to, const std::uint8_t* record) {
        for (std::size_t i = 0; i < blocks_; ++i) {
            Block product{};
            if (record != nullptr)
                products<(kWordBytes > 1), false>(product, row[i], record);
            else
                product = row[i];
            turn(product);
            put_together<kWordBytes>(product, to + at_ + i * kBlockBytes, bytes_of(i));
        }
    }

    /// A row with what was received, times a factor: what the received parity says of the lost
    /// data, of which `row` has the parity computed of the known.
    void locate(Block* row, const SourceRow& known, const std::uint8_t* record) {
        const std::uint8_t* bytes = known.bytes + (at_ & known.mask);
        for (std::size_t i = 0; i < blocks_; ++i) {
            Block sum;
            take_apart<kWordBytes>(bytes + i * kBlockBytes, bytes_of(i), sum);
            turn(sum);
            add(sum, row[i]);
            row[i] = Block{};
            products<(kWordBytes > 1), false>(row[i], sum, record);
        }
    }

    const TransformJob& job_;
    std::size_t size_;
    FetchAhead<PlaneTransform> ahead_;
    std::size_t at_ = 0;
    std::size_t bytes_ = 0;
    std::size_t blocks_ = 0; ///< of a row
};

} // namespace codex::erasure::detail
