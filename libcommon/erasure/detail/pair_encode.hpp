// Encoding for two parity buffers in GF(2^8), bytes as they are: there is one product for every two
// buffers, which costs less than to take them apart by bits (bit_planes.hpp).
#pragma once

#include "erasure/detail/bit_planes.hpp"
#include "erasure/detail/kernels.hpp"

namespace codex::erasure::detail {

class PairEncode {
public:
    /// A job of log_size 1 that encodes.
    static void run(const TransformJob& job) {
        for (std::size_t at = job.begin; at < job.end; at += kStrip)
            strip(job, at, (job.end - at < kStrip ? job.end - at : kStrip) / sizeof(Bytes));
    }

private:
    using Bytes = std::uint8_t __attribute__((vector_size(16)));
    using SignedBytes = std::int8_t __attribute__((vector_size(16)));
    static constexpr std::size_t kStrip = 1024;

    /// The products of each bit of a byte, in every byte.
    struct Factor {
        Bytes of[8] = {};
        explicit Factor(const std::uint8_t* record) {
            std::uint64_t matrix = 0; // the row of bit 0 in the lowest byte
            for (unsigned bit = 0; bit < 8; ++bit)
                matrix |= std::uint64_t{row_of(record, bit)} << (8 * bit);
            turn_over<7, 0x00AA00AA00AA00AA>(matrix);
            turn_over<14, 0x0000CCCC0000CCCC>(matrix);
            turn_over<28, 0x00000000F0F0F0F0>(matrix);
            for (unsigned bit = 0; bit < 8; ++bit)
                of[bit] = Bytes{} + static_cast<std::uint8_t>(matrix >> (8 * bit));
        }
        /// Bits of kMask change with those kPlaces above them.
        template <unsigned kPlaces, std::uint64_t kMask> static void turn_over(std::uint64_t& x) {
            const std::uint64_t changed = (x ^ (x >> kPlaces)) & kMask;
            x ^= changed ^ (changed << kPlaces);
        }
    };

    static Bytes bytes(const std::uint8_t* from) {
        Bytes x;
        std::memcpy(&x, from, sizeof x);
        return x;
    }

    /// The sums of both rows of all groups (x, y) after their butterflies, y += x and x += y *
    /// factor. That at position 0 has the factor 0.
    static void strip(const TransformJob& job, std::size_t at, std::size_t count) {
        Bytes sum_x[kStrip / sizeof(Bytes)];
        Bytes sum_y[kStrip / sizeof(Bytes)];
        for (std::size_t g = 0; g < job.input_count; ++g) {
            const InputGroup& input = job.inputs[g];
            const std::uint8_t* from_x = input.rows[0].bytes + (at & input.rows[0].mask);
            const std::uint8_t* from_y =
                input.count > 1 ? input.rows[1].bytes + (at & input.rows[1].mask) : nullptr;
            const Factor factor(job.skews + input.position / 2 * 8);
            for (std::size_t i = 0; i < count; ++i) {
                const Bytes x = bytes(from_x + i * sizeof x);
                Bytes y = x;
                if (from_y != nullptr)
                    y ^= bytes(from_y + i * sizeof y);
                const Bytes before_x = g == 0 ? Bytes{} : sum_x[i];
                const Bytes before_y = g == 0 ? Bytes{} : sum_y[i];
                sum_y[i] = before_y ^ y;
                sum_x[i] = add_product(before_x ^ x, y, factor);
            }
        }
        const OutputGroup& output = job.outputs[0];
        std::uint8_t* to_x = output.rows[0];
        std::uint8_t* to_y = output.count > 1 ? output.rows[1] : nullptr;
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t place = at + i * sizeof(Bytes);
            const Bytes y = sum_y[i] ^ sum_x[i];
            if (to_x != nullptr)
                std::memcpy(to_x + place, &sum_x[i], sizeof y);
            if (to_y != nullptr)
                std::memcpy(to_y + place, &y, sizeof y);
        }
    }

    /// The product of each bit where it is set, the highest first.
    [[gnu::always_inline]] static Bytes add_product(Bytes sum, Bytes y, const Factor& factor) {
#pragma GCC unroll 8
        for (unsigned bit = 8; bit-- > 0;) {
            const auto set = reinterpret_cast<SignedBytes>(y) < 0;
            sum ^= reinterpret_cast<Bytes>(set) & factor.of[bit];
            y += y;
        }
        return sum;
    }
};

} // namespace codex::erasure::detail
