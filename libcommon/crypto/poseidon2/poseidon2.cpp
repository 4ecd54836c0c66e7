#include "crypto/poseidon2/poseidon2.hpp"

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "crypto/poseidon2/constants.hpp"
#include "crypto/poseidon2/detail/kernels.hpp"

#include <cstring>

namespace codex::crypto::poseidon2 {

namespace detail {

namespace {

ConstantTables make_tables() {
    ConstantTables tables;
    const Fr two_260 = Fr::from_u64(2).pow({260, 0, 0, 0});
    for (std::size_t i = 0; i < 80; ++i) {
        const Fr value =
            Fr::from_limbs(i < 24 ? kExternalConstants[i] : kInternalConstants[i - 24]);
        std::memcpy(tables.words64[i], value.montgomery().data(), 32);
        const Limbs w = (value * two_260).to_limbs();
        constexpr std::uint64_t kMask = (std::uint64_t{1} << 52) - 1;
        tables.words52[i][0] = w[0] & kMask;
        tables.words52[i][1] = (w[0] >> 52 | w[1] << 12) & kMask;
        tables.words52[i][2] = (w[1] >> 40 | w[2] << 24) & kMask;
        tables.words52[i][3] = (w[2] >> 28 | w[3] << 36) & kMask;
        tables.words52[i][4] = w[3] >> 16;
    }
    return tables;
}

const Kernel& scalar_kernel() {
#if defined(__x86_64__)
    if (cpu::features().adx)
        return adx_kernel();
#endif
    return portable_kernel();
}

/// The kernel for many permutations.
const Kernel& wide_kernel() {
#if defined(__x86_64__)
    const cpu::Features& cpu = cpu::features();
    if (cpu.avx512_ifma)
        return ifma_kernel();
    if (cpu.avx2)
        return avx2_kernel();
#endif
    return scalar_kernel();
}

/// run(kernel, from, count) for parts of `count`: what lanes are filled with, and what is left.
template <class Run> void in_batches(std::size_t count, const Run& run) {
    const Kernel& wide = wide_kernel();
    const std::size_t left = count % wide.lanes;
    const std::size_t first = left >= wide.worth ? count : count - left;
    if (first != 0)
        run(wide, 0, first);
    if (first != count)
        run(scalar_kernel(), first, count - first);
}

} // namespace

const ConstantTables& constant_tables() {
    static const ConstantTables tables = make_tables();
    return tables;
}

} // namespace detail

const char* kernel() {
    return detail::wide_kernel().name;
}

void permute(State& state) {
    std::uint64_t words[12];
    std::memcpy(words, static_cast<const void*>(state.data()), sizeof words);
    detail::scalar_kernel().permute(words);
    std::memcpy(static_cast<void*>(state.data()), words, sizeof words);
}

Fr compress(const Fr& a, const Fr& b, std::uint64_t key) {
    State state = {a, b, Fr::from_u64(key)};
    permute(state);
    return state[0];
}

Fr sponge(std::span<const Fr> elements, unsigned rate) {
    CODEX_ASSERT(rate == 1 || rate == 2);
    State state = {Fr(), Fr(), Fr::from_limbs({256 * 3 + rate, 1, 0, 0})};
    const auto padded = [&](std::size_t i) {
        return i < elements.size() ? elements[i] : i == elements.size() ? Fr::one() : Fr();
    };
    for (std::size_t i = 0; i <= elements.size(); i += rate) {
        for (std::size_t j = 0; j < rate; ++j)
            state[j] += padded(i + j);
        permute(state);
    }
    return state[0];
}

std::vector<Fr> bytes_to_elements(BytesView bytes) {
    std::vector<Fr> elements;
    elements.reserve(bytes.size() / 31 + 1);
    for (std::size_t at = 0; at <= bytes.size(); at += 31) {
        std::array<std::uint8_t, 32> chunk{};
        const BytesView part = bytes.subspan(at, std::min<std::size_t>(31, bytes.size() - at));
        std::copy(part.begin(), part.end(), chunk.begin());
        if (part.size() < 31)
            chunk[part.size()] = 1;
        elements.push_back(Fr::from_bytes_reduced(chunk)); // below 2^248: nothing to reduce
    }
    return elements;
}

Digest hash_bytes(BytesView bytes) {
    Digest digest;
    const std::uint8_t* message = bytes.data();
    hash_many({&message, 1}, bytes.size(), {&digest, 1});
    return digest;
}

void hash_many(std::span<const std::uint8_t* const> messages, std::size_t size_bytes,
               std::span<Digest> digests) {
    CODEX_ASSERT(messages.size() == digests.size());
    detail::in_batches(messages.size(),
                       [&](const detail::Kernel& kernel, std::size_t from, std::size_t count) {
                           kernel.hash_many(messages.data() + from, count, size_bytes,
                                            reinterpret_cast<std::uint8_t*>(digests.data() + from));
                       });
}

void pairs(std::span<const Digest> nodes, std::uint64_t key, std::span<Digest> parents) {
    CODEX_ASSERT(nodes.size() == 2 * parents.size());
    // In place: a later part's nodes lie behind what an earlier part wrote.
    detail::in_batches(
        parents.size(), [&](const detail::Kernel& kernel, std::size_t from, std::size_t count) {
            kernel.pairs(reinterpret_cast<const std::uint8_t*>(nodes.data() + 2 * from), count, key,
                         reinterpret_cast<std::uint8_t*>(parents.data() + from));
        });
}

} // namespace codex::crypto::poseidon2
