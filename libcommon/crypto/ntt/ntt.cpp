#include "crypto/ntt/ntt.hpp"

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "crypto/ntt/detail/ntt_kernel.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace codex::crypto {

namespace {

using detail::NttKernel;

/// w_28 in standard form (codex-groth16(5), FIELDS AND GROUPS).
constexpr Limbs kRoot28 = {0x9bd61b6e725b19f0, 0x402d111e41112ed4, 0x00e0a7eb8ef62abc,
                           0x2a3c09f0a58a7e85};
/// Blocks of this many elements fit the second-level cache with their twiddles.
constexpr std::size_t kCacheBlock = std::size_t{1} << 12;
/// Pieces of work for the pool.
constexpr std::size_t kPiece = std::size_t{1} << 12;

std::uint64_t* words(Fr* elements) {
    return reinterpret_cast<std::uint64_t*>(elements);
}
const std::uint64_t* words(const Fr* elements) {
    return reinterpret_cast<const std::uint64_t*>(elements);
}

const NttKernel& scalar_kernel() {
#if defined(__x86_64__)
    if (cpu::features().adx)
        return detail::ntt_adx();
#endif
    return detail::ntt_portable();
}

const NttKernel& wide_kernel() {
#if defined(__x86_64__)
    if (cpu::features().avx512_ifma)
        return detail::ntt_ifma();
    if (cpu::features().avx2)
        return detail::ntt_avx2();
#endif
    return scalar_kernel();
}

/// The kernel for runs of `count`: lanes need eight.
const NttKernel& kernel_for(std::size_t count) {
    return count % 8 == 0 ? wide_kernel() : scalar_kernel();
}

/// The kernel for the three smallest layers of a block; nullptr for one of less than eight.
const NttKernel* eights_for(std::size_t size) {
    for (const NttKernel* kernel : {&wide_kernel(), &scalar_kernel()})
        if (size % kernel->eights == 0)
            return kernel;
    return nullptr;
}

void in_pieces(std::size_t count, Executor& pool,
               const std::function<void(std::size_t, std::size_t)>& body) {
    const std::size_t pieces = (count + kPiece - 1) / kPiece;
    const auto one = [&](std::size_t i) { body(i * kPiece, std::min(kPiece, count - i * kPiece)); };
    pool.parallel_for(pieces, one);
}

std::size_t reverse_bits(std::size_t value, unsigned bits) {
    std::size_t result = 0;
    for (unsigned i = 0; i < bits; ++i)
        result |= ((value >> i) & 1) << (bits - 1 - i);
    return result;
}

/// first, first * ratio, first * ratio^2 ...
std::vector<Fr> powers(const Fr& ratio, const Fr& first, std::size_t count) {
    std::vector<Fr> result(count);
    Fr power = first;
    for (Fr& value : result) {
        value = power;
        power *= ratio;
    }
    return result;
}

/// Twiddles of all layers of one size: layer `half` uses w^j, j < half, for w of order 2 half.
class Twiddles {
public:
    explicit Twiddles(unsigned log2) {
        for (unsigned layer = 0; layer < log2; ++layer) {
            const std::size_t half = std::size_t{1} << layer;
            const std::size_t piece = std::min(half, kPiece);
            const NttKernel& kernel = kernel_for(half);
            std::vector<std::uint64_t> words_of_layer(half * kernel.twiddle_words);
            const Fr root = root_of_unity(layer + 1);
            Fr first = Fr::one();
            for (std::size_t at = 0; at < half; at += piece) {
                const std::vector<Fr> roots = powers(root, first, piece);
                kernel.make_twiddles(words(roots.data()), piece,
                                     words_of_layer.data() + at * kernel.twiddle_words);
                first = roots.back() * root;
            }
            layers_.push_back(std::move(words_of_layer));
        }
        eighth_ = powers(root_of_unity(3), root_of_unity(3), 3);
    }
    /// From twiddle `from` on of the layer with this half.
    [[nodiscard]] const std::uint64_t* at(std::size_t half, std::size_t from) const {
        return layers_[static_cast<std::size_t>(std::countr_zero(half))].data() +
               from * kernel_for(half).twiddle_words;
    }

    /// Powers 1 to 3 of the root of order eight.
    [[nodiscard]] const std::uint64_t* eighth() const { return words(eighth_.data()); }

private:
    std::vector<std::vector<std::uint64_t>> layers_;
    std::vector<Fr> eighth_;
};

/// What a polynomial's coefficients are multiplied with between the transforms of
/// shift_to_odd_coset().
///
/// The first transform leaves n times coefficient -rev(i) mod n in place i, rev() turning round
/// log2 bits, and its factor is g^(-rev(i) mod n) / n = -g^-rev(i) / n, for g^n = -1; in place 0 it
/// is 1/n. Of a place in block `high`, rev(i) is the sum of what `low` and `high` give, so a table
/// of one block and one of the blocks do.
class CosetFactors {
public:
    explicit CosetFactors(unsigned log2)
        : low_(std::min(std::size_t{1} << log2, kCacheBlock)),
          high_((std::size_t{1} << log2) / low_.size()) {
        const auto low_bits = static_cast<unsigned>(std::countr_zero(low_.size()));
        const std::vector<Fr> low_powers =
            powers(root_of_unity(low_bits + 1).inverse(), Fr::one(), low_.size());
        for (std::size_t i = 0; i < low_.size(); ++i)
            low_[i] = low_powers[reverse_bits(i, low_bits)];
        const std::vector<Fr> high_powers =
            powers(root_of_unity(log2 + 1).inverse(),
                   -Fr::from_u64(std::uint64_t{1} << log2).inverse(), high_.size());
        for (std::size_t i = 0; i < high_.size(); ++i)
            high_[i] = high_powers[reverse_bits(i, log2 - low_bits)];
    }
    /// Multiplies one block.
    void apply(std::span<Fr> block, std::size_t number) const {
        kernel_for(block.size())
            .multiply(words(block.data()), words(low_.data()), words(&high_[number]), block.size());
        if (number == 0)
            block[0] = -block[0];
    }

private:
    std::vector<Fr> low_;
    std::vector<Fr> high_;
};

/// Everything that depends on the size only.
struct Plan {
    explicit Plan(unsigned log2_size) : log2(log2_size), twiddles(log2_size), coset(log2_size) {}

    unsigned log2;
    Twiddles twiddles;
    CosetFactors coset;
};

/// The plan of the size last asked for: a prover asks for one size again and again.
std::shared_ptr<Plan> plan_for(unsigned log2) {
    static std::mutex mutex;
    static std::shared_ptr<Plan> last;
    const std::lock_guard lock(mutex);
    if (!last || last->log2 != log2)
        last = std::make_shared<Plan>(log2);
    return last;
}

unsigned log2_of(std::size_t size) {
    CODEX_ASSERT(std::has_single_bit(size) && size <= (std::size_t{1} << kTwoAdicity));
    return static_cast<unsigned>(std::countr_zero(size));
}

using Run = void (*)(std::uint64_t*, std::uint64_t*, const std::uint64_t*, std::size_t);
using RunOf = Run NttKernel::*;

/// One layer over the whole of `values`, split inside its large blocks.
void wide_layer(std::span<Fr> values, std::size_t half, const Twiddles& twiddles, RunOf run,
                Executor& pool) {
    in_pieces(values.size() / 2, pool, [&](std::size_t from, std::size_t count) {
        while (count > 0) {
            const std::size_t block = from / half;
            const std::size_t inside = from % half;
            const std::size_t length = std::min(count, half - inside);
            Fr* low = values.data() + 2 * half * block + inside;
            (kernel_for(half).*run)(words(low), words(low + half), twiddles.at(half, inside),
                                    length);
            from += length;
            count -= length;
        }
    });
}

/// Layers within one block that stays in the cache.
void block_layer(std::span<Fr> block, std::size_t half, const Twiddles& twiddles, RunOf run) {
    for (std::size_t at = 0; at < block.size(); at += 2 * half)
        (kernel_for(half).*run)(words(&block[at]), words(&block[at + half]), twiddles.at(half, 0),
                                half);
}

/// body(block, number) for each block.
void each_block(std::span<Fr> values, Executor& pool,
                const std::function<void(std::span<Fr>, std::size_t)>& body) {
    const std::size_t size = std::min(values.size(), kCacheBlock);
    const auto one = [&](std::size_t i) { body(values.subspan(i * size, size), i); };
    pool.parallel_for(values.size() / size, one);
}

// Natural order in, bit-reversed order out (Gentleman and Sande): wide layers, then blocks.
void dif_wide(std::span<Fr> values, const Twiddles& twiddles, Executor& pool) {
    for (std::size_t half = values.size() / 2; 2 * half > kCacheBlock; half /= 2)
        wide_layer(values, half, twiddles, &NttKernel::dif_run, pool);
}
void dif_block(std::span<Fr> block, const Twiddles& twiddles) {
    const NttKernel* eights = eights_for(block.size());
    for (std::size_t half = block.size() / 2; half > (eights != nullptr ? 4 : 0); half /= 2)
        block_layer(block, half, twiddles, &NttKernel::dif_run);
    if (eights != nullptr)
        eights->dif_eights(words(block.data()), twiddles.eighth(), block.size());
}

// Bit-reversed order in, natural order out (Cooley and Tukey): blocks, then wide layers.
void dit_block(std::span<Fr> block, const Twiddles& twiddles) {
    const NttKernel* eights = eights_for(block.size());
    if (eights != nullptr)
        eights->dit_eights(words(block.data()), twiddles.eighth(), block.size());
    for (std::size_t half = eights != nullptr ? 8 : 1; half < block.size(); half *= 2)
        block_layer(block, half, twiddles, &NttKernel::dit_run);
}
void dit_wide(std::span<Fr> values, const Twiddles& twiddles, Executor& pool) {
    for (std::size_t half = kCacheBlock; half < values.size(); half *= 2)
        wide_layer(values, half, twiddles, &NttKernel::dit_run, pool);
}

void reverse_order(std::span<Fr> values) {
    const unsigned bits = log2_of(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t j = reverse_bits(i, bits);
        if (i < j)
            std::swap(values[i], values[j]);
    }
}

} // namespace

Fr root_of_unity(unsigned log2) {
    CODEX_ASSERT(log2 <= kTwoAdicity);
    Fr root = Fr::from_limbs(kRoot28);
    for (unsigned i = log2; i < kTwoAdicity; ++i)
        root = root.square();
    return root;
}

void ntt(std::span<Fr> values, Executor& pool) {
    const std::shared_ptr<Plan> plan = plan_for(log2_of(values.size()));
    reverse_order(values);
    each_block(values, pool,
               [&](std::span<Fr> block, std::size_t) { dit_block(block, plan->twiddles); });
    dit_wide(values, plan->twiddles, pool);
}

void inverse_ntt(std::span<Fr> values, Executor& pool) {
    ntt(values, pool);
    // With w^-1 for w: the same in falling order.
    std::reverse(values.begin() + 1, values.end());
    const Fr scale = Fr::from_u64(values.size()).inverse();
    for (Fr& value : values)
        value *= scale;
}

void shift_to_odd_coset(std::span<Fr> values, Executor& pool) {
    // Between the two transforms coefficients stay in bit-reversed order, and blocks in the cache.
    const std::shared_ptr<Plan> plan = plan_for(log2_of(values.size()));
    dif_wide(values, plan->twiddles, pool);
    each_block(values, pool, [&](std::span<Fr> block, std::size_t number) {
        dif_block(block, plan->twiddles);
        plan->coset.apply(block, number);
        dit_block(block, plan->twiddles);
    });
    dit_wide(values, plan->twiddles, pool);
}

void multiply_subtract(std::span<Fr> a, std::span<const Fr> b, std::span<const Fr> c,
                       Executor& pool) {
    CODEX_ASSERT(a.size() == b.size() && a.size() == c.size());
    in_pieces(a.size(), pool, [&](std::size_t from, std::size_t count) {
        kernel_for(count).multiply_subtract(words(&a[from]), words(&b[from]), words(&c[from]),
                                            count);
    });
}

} // namespace codex::crypto
