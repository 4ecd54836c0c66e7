#include "proof/sampler.hpp"

#include "crypto/poseidon2/poseidon2.hpp"

#include <bit>

namespace codex::proof {

using crypto::Fr;

Fr challenge_to_entropy(const Digest& challenge) {
    Digest bytes = challenge;
    bytes[31] = 0;
    return Fr::from_bytes_reduced(bytes); // below 2^248: nothing to reduce
}

Result<CellSampler> CellSampler::of(const Fr& entropy, const Fr& slot_root, std::uint64_t cells) {
    if (!std::has_single_bit(cells) || cells < 2)
        return fail(Errc::malformed,
                    "a slot of {} cells cannot be sampled: the number must be a "
                    "power of two from 2 on",
                    cells);
    return CellSampler(entropy, slot_root, cells);
}

std::uint64_t CellSampler::next() {
    const Fr input[] = {entropy_, slot_root_, Fr::from_u64(++counter_)};
    return crypto::poseidon2::sponge(input).to_limbs()[0] & (cells_ - 1);
}

Result<std::vector<std::uint64_t>> sample_cells(const Fr& entropy, const Fr& slot_root,
                                                std::uint64_t cells, std::uint32_t count) {
    CODEX_TRY(sampler, CellSampler::of(entropy, slot_root, cells));
    std::vector<std::uint64_t> indices;
    for (std::uint32_t i = 0; i < count; ++i)
        indices.push_back(sampler.next());
    return indices;
}

} // namespace codex::proof
