#include "crypto/field/inverse.hpp"
#include "crypto/msm/detail/add_kernel.hpp"

#include <algorithm>

namespace codex::crypto::detail {

void AddKernel::add_pairs(const std::uint64_t* left_base, const std::uint64_t* right_base,
                          const PairTask* tasks, std::size_t count, std::uint64_t* out) const {
    constexpr std::size_t kStep = 2048; // what the kernels do with one inversion
    std::uint64_t left[kStep];
    std::uint64_t right[kStep];
    std::uint64_t* to[kStep];
    const auto reference = [this](const std::uint64_t* base, std::uint32_t task) {
        return 2 * reinterpret_cast<std::uint64_t>(base + std::size_t{task / 2} * point_words) +
               task % 2;
    };
    for (std::size_t at = 0; at < count; at += kStep) {
        const std::size_t some = std::min(kStep, count - at);
        for (std::size_t i = 0; i < some; ++i) {
            left[i] = reference(left_base, tasks[at + i].left);
            right[i] = reference(right_base, tasks[at + i].right);
            to[i] = out + (at + i) * point_words;
        }
        add(left, right, to, some);
    }
}

#if defined(__x86_64__)

void invert_lanes(std::uint64_t (*values)[4], std::size_t lanes) {
    constexpr std::size_t kMost = 8;
    Fq elements[kMost];
    Fq before[kMost]; // products of the non-zero ones before
    Fq product = Fq::one();
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        Digest bytes;
        std::memcpy(bytes.data(), values[lane], sizeof bytes);
        // To Montgomery form and back is 1: what remains is the reduction.
        elements[lane] = Fq::from_montgomery(Fq::from_bytes_reduced(bytes).to_limbs());
        before[lane] = product;
        if (!elements[lane].is_zero())
            product *= elements[lane];
    }
    // Of v the Montgomery form of the inverse is 2^512 / v; 64 gives six factors of two more.
    Fq inverse = inverse_variable_time(product) * Fq::from_u64(64);
    for (std::size_t lane = lanes; lane-- > 0;) {
        const Fq element = elements[lane];
        const Fq result = element.is_zero() ? Fq::zero() : inverse * before[lane];
        if (!element.is_zero())
            inverse *= element;
        std::memcpy(values[lane], result.montgomery().data(), sizeof values[lane]);
    }
}

#endif

} // namespace codex::crypto::detail
