// The witness straight from the wire layout (codex-circuit(5), WIRES): byte for byte what circom's
// generators give, in a few milliseconds.
#include "crypto/poseidon2/constants.hpp"
#include "proof/circuit.hpp"
#include "proof/detail/layout.hpp"

#include <bit>
#include <functional>

namespace codex::proof {

namespace {

using detail::CellWires;
using detail::IndexWires;
using detail::Layout;
using detail::PathWires;
using detail::PermutationWires;
using detail::Wire;

using State = std::array<Fr, 3>;

Fr flag(bool value) {
    return value ? Fr::one() : Fr::zero();
}

Result<void> check_shape(const CircuitParameters& p, const ProofInput& in) {
    CODEX_CHECK(validate(p));
    if (in.slot_proof.size() > p.max_log2_slots)
        return fail(Errc::malformed, "slotProof has {} elements, the circuit takes {}",
                    in.slot_proof.size(), p.max_log2_slots);
    if (in.cell_data.size() != p.samples || in.merkle_paths.size() != p.samples)
        return fail(Errc::malformed, "the input has {} cells and {} paths, the circuit takes {}",
                    in.cell_data.size(), in.merkle_paths.size(), p.samples);
    for (std::size_t i = 0; i < p.samples; ++i) {
        if (in.cell_data[i].size() != p.cell_elements)
            return fail(Errc::malformed, "cellData[{}] has {} elements, the circuit takes {}", i,
                        in.cell_data[i].size(), p.cell_elements);
        if (in.merkle_paths[i].size() > p.max_depth)
            return fail(Errc::malformed, "merklePaths[{}] has {} elements, the circuit takes {}", i,
                        in.merkle_paths[i].size(), p.max_depth);
    }
    return {};
}

class Generator {
public:
    Generator(const CircuitParameters& parameters, const ProofInput& input)
        : p_(parameters), in_(input), wires_(parameters), w_(wires_.wires()) {
        namespace p2 = crypto::poseidon2;
        for (std::size_t i = 0; i < 80; ++i)
            constants_[i] =
                Fr::from_limbs(i < 24 ? p2::kExternalConstants[i] : p2::kInternalConstants[i - 24]);
    }

    std::vector<Fr> run() {
        inputs();
        // What a prover claims may be no power of two: the hint is then the floor of its log.
        log2_cells_ =
            in_.cells_per_slot == 0 ? 0 : static_cast<Wire>(std::bit_width(in_.cells_per_slot) - 1);
        for (Wire i = 1; i + 1 < p_.max_depth; ++i)
            w_[wires_.slot_mask(i)] = flag(slot_mask(i));
        for (Wire sample = 0; sample < p_.samples; ++sample)
            index(sample);
        dataset();
        for (Wire sample = 0; sample < p_.samples; ++sample)
            cell(sample);
        return std::move(w_);
    }

private:
    using Bits = std::function<bool(Wire)>;

    [[nodiscard]] bool slot_mask(Wire i) const {
        return i == 0 || (i < p_.max_depth && i < log2_cells_);
    }

    void inputs() {
        w_[Layout::kOne] = Fr::one();
        w_[Layout::kEntropy] = in_.entropy;
        w_[Layout::kDatasetRoot] = in_.dataset_root;
        w_[Layout::kSlotIndex] = Fr::from_u64(in_.slot_index);
        w_[Layout::kSlotRoot] = in_.slot_root;
        w_[Layout::kCells] = Fr::from_u64(in_.cells_per_slot);
        w_[Layout::kSlots] = Fr::from_u64(in_.slots_per_dataset);
        for (Wire i = 0; i < in_.slot_proof.size(); ++i)
            w_[wires_.slot_proof(i)] = in_.slot_proof[i];
        for (Wire s = 0; s < p_.samples; ++s) {
            for (Wire i = 0; i < p_.cell_elements; ++i)
                w_[wires_.cell_element(s, i)] = in_.cell_data[s][i];
            for (Wire i = 0; i < in_.merkle_paths[s].size(); ++i)
                w_[wires_.merkle_path(s, i)] = in_.merkle_paths[s][i];
        }
    }

    static void mix(State& s) {
        const Fr sum = s[0] + s[1] + s[2];
        for (Fr& word : s)
            word += sum;
    }

    Fr sbox(const Fr& a, Wire square, Wire fourth) {
        const Fr a2 = a.square();
        const Fr a4 = a2.square();
        w_[square] = a2;
        w_[fourth] = a4;
        return a4 * a;
    }

    /// permutation(state), with everything between written to its wires.
    void permute(State& s, const PermutationWires& w) {
        mix(s);
        const auto external = [&](Wire round) {
            for (Wire j = 0; j < 3; ++j)
                s[j] = sbox(s[j] + constants_[3 * round + j], w.external_power(round, j, 0),
                            w.external_power(round, j, 1));
            mix(s);
        };
        const auto keep = [&](Wire round) {
            for (Wire j = 0; j < 3; ++j)
                w_[w.full_state(round, j)] = s[j];
        };
        for (Wire round = 0; round < 4; ++round) {
            external(round);
            keep(round + 1);
        }
        for (Wire round = 0; round < 56; ++round) {
            s[0] = sbox(s[0] + constants_[24 + round], w.internal_power(round, 0),
                        w.internal_power(round, 1));
            const Fr sum = s[0] + s[1] + s[2];
            s = {s[0] + sum, s[1] + sum, s[2].doubled() + sum};
            w_[w.first_word(5 + round)] = s[0];
        }
        for (Wire round = 4; round < 8; ++round) {
            external(round);
            if (round < 7)
                keep(57 + round);
        }
    }

    static Fr sponge_start() { return Fr::from_limbs({256 * 3 + 2, 1, 0, 0}); }

    void index(Wire sample) {
        const IndexWires w = wires_.index(sample);
        State s = {in_.entropy, in_.slot_root, sponge_start()};
        permute(s, w.permutation(0));
        for (Wire j = 0; j < 3; ++j)
            w_[w.state(j)] = s[j];
        s[0] += Fr::from_u64(sample + 1);
        s[1] += Fr::one();
        permute(s, w.permutation(1));
        w_[w.hash()] = s[0];
        w_[w.last_word(1)] = s[1];
        w_[w.last_word(2)] = s[2];
        const crypto::Limbs hash = s[0].to_limbs();
        const auto bit = [&hash](Wire i) { return ((hash[i / 64] >> (i % 64)) & 1) != 0; };
        index_bits_.emplace_back(p_.max_depth);
        for (Wire i = 0; i < p_.max_depth; ++i) {
            index_bits_.back()[i] = slot_mask(i) && bit(i);
            w_[w.index_bit(i)] = flag(index_bits_.back()[i]);
        }
        for (Wire i = 1; i < 253; ++i)
            w_[w.hash_bit(i)] = flag(bit(i));
        strict_bits(w, bit);
    }

    void strict_bits(const IndexWires& w, const Bits& bit) {
        bool prefix = true; // j_{i+1}: the bits above i are those of r
        for (Wire i = IndexWires::kHashBits; i-- > 0;) {
            const bool modulus_bit = (crypto::FrParams::kModulus[i / 64] >> (i % 64)) & 1;
            const bool same = bit(i) == modulus_bit;
            w_[w.equal(i)] = flag(same);
            const bool next = prefix && same;
            if (i < 253) {
                // (j_{i+1} - j_i) * (bit_i - r_i)
                const Fr sign = modulus_bit ? -Fr::one() : Fr::one(); // where they differ
                w_[w.difference(i)] = prefix && !next ? sign : Fr::zero();
                w_[w.prefix(i)] = flag(next);
            }
            prefix = next;
        }
    }

    void dataset() {
        const Wire length = p_.max_log2_slots;
        const std::uint64_t last = in_.slots_per_dataset - 1;
        const auto last_bit = [last](Wire i) { return ((last >> i) & 1) != 0; };
        const auto index_bit = [this](Wire i) { return ((in_.slot_index >> i) & 1) != 0; };
        // mask_i: some bit of the last index is set at i or above.
        std::vector<bool> mask(length + 1, false);
        std::uint64_t log = 0;
        for (Wire i = length; i-- > 0;) {
            mask[i] = mask[i + 1] || last_bit(i);
            log += mask[i] ? 1 : 0;
        }
        w_[wires_.ceil_log2()] = Fr::from_u64(log);
        for (Wire i = 0; i + 1 < length; ++i)
            w_[wires_.last_slot_bit(i)] = flag(last_bit(i));
        for (Wire i = 0; i + 2 < length; ++i)
            w_[wires_.dataset_mask(i)] = flag(mask[i]);
        w_[wires_.log2_cells()] = Fr::from_u64(log2_cells_);
        for (Wire i = 0; i + 1 < length; ++i)
            w_[wires_.slot_index_bit(i)] = flag(index_bit(i));
        path(
            wires_.dataset_path(), in_.slot_root, index_bit, last_bit,
            [&mask](Wire i) { return mask[i]; },
            [this](Wire i) { return w_[wires_.slot_proof(i)]; });
    }

    /// Fills a path segment and gives the root it selects.
    Fr path(const PathWires& w, const Fr& leaf, const Bits& index, const Bits& last,
            const Bits& mask, const std::function<Fr(Wire)>& sibling) {
        bool is_last = true;
        for (Wire i = w.depth; i-- > 0;) {
            const bool same = index(i) == last(i);
            is_last = is_last && same;
            w_[w.equal(i)] = flag(same);
            // The inverse of bit - last, which is 1 or -1, or 0 where they agree.
            w_[w.inverse(i)] = same ? Fr::zero() : index(i) ? Fr::one() : -Fr::one();
            w_[w.is_last(i)] = flag(is_last);
        }
        Fr below = leaf;
        Fr root;
        for (Wire i = 0; i < w.depth; ++i) {
            const Fr beside = sibling(i);
            const Fr swap = index(i) ? beside - below : Fr::zero();
            const bool odd = w_[w.is_last(i)] == Fr::one() && !index(i);
            const Fr key = Fr::from_u64((i == 0 ? 1U : 0U) + (odd ? 2U : 0U));
            w_[w.swap(i)] = swap;
            w_[w.key(i)] = key;
            State s = {below + swap, beside - swap, key};
            permute(s, w.permutation(i));
            w_[w.hash(i + 1)] = s[0];
            w_[w.word(i, 1)] = s[1];
            w_[w.word(i, 2)] = s[2];
            const bool selected = (i == 0 || mask(i)) && !mask(i + 1);
            const bool negative = i > 0 && !mask(i) && mask(i + 1);
            const Fr product = selected ? s[0] : negative ? -s[0] : Fr::zero();
            if (i + 1 < w.depth)
                w_[w.selector(i)] = product;
            root += product;
            below = s[0];
        }
        return root;
    }

    void cell(Wire sample) {
        const CellWires w = wires_.cell(sample);
        State s = {Fr(), Fr(), sponge_start()};
        const auto absorbed = [&](Wire i) {
            return i < p_.cell_elements ? in_.cell_data[sample][i] : flag(i == p_.cell_elements);
        };
        for (Wire i = 0; i < w.permutations; ++i) {
            s[0] += absorbed(2 * i);
            s[1] += absorbed(2 * i + 1);
            permute(s, w.permutation(i));
            if (i + 1 < w.permutations)
                for (Wire j = 0; j < 3; ++j)
                    w_[w.state(i + 1, j)] = s[j];
        }
        w_[w.hash()] = s[0];
        w_[w.last_word(1)] = s[1];
        w_[w.last_word(2)] = s[2];
        const Wire b = p_.block_depth;
        const std::vector<bool>& index = index_bits_[sample];
        const Fr block_root = path(
            w.block_path(), s[0], [&](Wire i) { return index[i]; },
            [this](Wire i) { return slot_mask(i); },
            [this, b](Wire i) { return i < b && slot_mask(i); },
            [&](Wire i) { return w_[wires_.merkle_path(sample, i)]; });
        w_[w.block_root()] = block_root;
        path(
            w.slot_path(), block_root, [&](Wire i) { return index[b + i]; },
            [this, b](Wire i) { return slot_mask(b + i); },
            [this, b](Wire i) { return slot_mask(b + i); },
            [&](Wire i) { return w_[wires_.merkle_path(sample, b + i)]; });
    }

    const CircuitParameters& p_;
    const ProofInput& in_;
    Layout wires_;
    std::vector<Fr> w_;
    std::array<Fr, 80> constants_;
    std::vector<std::vector<bool>> index_bits_; ///< a sample's masked index bits
    Wire log2_cells_ = 0;
};

} // namespace

Result<std::vector<Fr>> compute_witness(const CircuitParameters& parameters,
                                        const ProofInput& input) {
    CODEX_CHECK(check_shape(parameters, input));
    return Generator(parameters, input).run();
}

} // namespace codex::proof
