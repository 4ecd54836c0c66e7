// The constraints of codex-circuit(5), CONSTRAINTS, group by group. Linear relations have no rows:
// their signals are written out as combinations of wires ("signals without a wire").
#include "crypto/poseidon2/constants.hpp"
#include "proof/circuit.hpp"
#include "proof/detail/layout.hpp"
#include "proof/detail/sum.hpp"

#include <functional>

namespace codex::proof {

namespace {

using detail::CellWires;
using detail::IndexWires;
using detail::Layout;
using detail::PathWires;
using detail::PermutationWires;
using detail::Sum;
using detail::Wire;
using snark::R1cs;
using snark::Term;

using State = std::array<Sum, 3>;
using OnRow = std::function<void(std::vector<Term>, std::vector<Term>, std::vector<Term>)>;

Fr power_of_two(std::uint64_t exponent) {
    return Fr::from_u64(2).pow({exponent, 0, 0, 0});
}

class Builder {
public:
    explicit Builder(const CircuitParameters& parameters)
        : p_(parameters), wires_(parameters), half_(Fr::from_u64(2).inverse()),
          quarter_(Fr::from_u64(4).inverse()) {}

    /// Gives all constraints to `on_row`, whose terms are as they come. `on_group` hears what the
    /// following ones are for.
    void build(const OnRow& on_row, const std::function<void(std::string)>& on_group) {
        on_row_ = &on_row;
        on_group_ = &on_group;
        slot_size();
        const std::vector<Sum> slot_bits = slot_index_bits();
        const std::vector<Sum> last_bits = last_slot_bits();
        const std::vector<Sum> mask = dataset_mask(last_bits);
        group("the dataset path from the slot root");
        path(
            wires_.dataset_path(), Layout::kSlotRoot, slot_bits, last_bits, mask,
            [this](Wire i) { return wires_.slot_proof(i); }, Layout::kDatasetRoot);
        for (Wire sample = 0; sample < p_.samples; ++sample) {
            const std::vector<Sum> index = sample_index(sample);
            cell(sample, index);
        }
    }

private:
    void group(std::string text) { (*on_group_)(std::move(text)); }
    void row(Sum a, Sum b, Sum c) {
        (*on_row_)(std::move(a).take(), std::move(b).take(), std::move(c).take());
    }
    void boolean(const Sum& bit) { row(bit, Sum::constant(1) - bit, Sum()); }

    /// m_i of the slot's power-of-two check: m_0 = 1, m_D = 0, and m_{D-1} from the sum.
    [[nodiscard]] Sum slot_mask(Wire i) const {
        if (i == 0)
            return Sum::constant(1);
        if (i == p_.max_depth)
            return {};
        if (i < p_.max_depth - 1)
            return wires_.slot_mask(i);
        Sum rest = Sum(Layout::kCells) - Sum::constant(2);
        for (Wire j = 1; j + 1 < p_.max_depth; ++j)
            rest.add(wires_.slot_mask(j), -power_of_two(j));
        return power_of_two(p_.max_depth - 1).inverse() * rest;
    }

    void slot_size() {
        group("the number of cells is a power of two from 2 on");
        for (Wire i = 0; i < p_.max_depth; ++i)
            row(slot_mask(i) - slot_mask(i + 1), Sum::constant(i + 1) - wires_.log2_cells(), Sum());
    }

    /// L bits of `value`, of which the lower L-1 have wires; the top one is what is left.
    [[nodiscard]] std::vector<Sum> bits_of(const Sum& value,
                                           const std::function<Wire(Wire)>& wire) {
        const Wire length = p_.max_log2_slots;
        std::vector<Sum> bits;
        Sum rest = value;
        for (Wire i = 0; i + 1 < length; ++i) {
            bits.emplace_back(wire(i));
            rest.add(wire(i), -power_of_two(i));
        }
        bits.push_back(power_of_two(length - 1).inverse() * rest);
        for (const Sum& bit : bits)
            boolean(bit);
        return bits;
    }

    std::vector<Sum> slot_index_bits() {
        group("the slot index has at most max-log2-slots bits");
        return bits_of(Layout::kSlotIndex, [this](Wire i) { return wires_.slot_index_bit(i); });
    }

    std::vector<Sum> last_slot_bits() {
        group("the number of slots minus one has at most max-log2-slots bits");
        return bits_of(Sum(Layout::kSlots) - Sum::constant(1),
                       [this](Wire i) { return wires_.last_slot_bit(i); });
    }

    /// mask_i = 1 - p_i with p_i = (1 - bit_i) p_{i+1}, p_L = 1; mask_0 .. mask_L.
    std::vector<Sum> dataset_mask(const std::vector<Sum>& last_bits) {
        group("the depth of the dataset tree");
        const Wire length = p_.max_log2_slots;
        std::vector<Sum> product(length + 1);
        product[length] = Sum::constant(1);
        product[length - 1] = Sum::constant(1) - last_bits[length - 1];
        // ceilLog2 = L - sum of all p_i gives the one without a wire.
        Sum rest = Sum::constant(length) - wires_.ceil_log2() - product[length - 1];
        for (Wire i = 0; i + 2 < length; ++i) {
            product[i] = Sum::constant(1) - wires_.dataset_mask(i);
            rest.add(product[i], -Fr::one());
        }
        product[length - 2] = rest;
        for (Wire i = 0; i + 1 < length; ++i)
            row(product[i + 1], Sum::constant(1) - last_bits[i], product[i]);
        std::vector<Sum> mask;
        for (const Sum& p : product)
            mask.push_back(Sum::constant(1) - p);
        return mask;
    }

    /// S-box: a^2, a^4 and a * a^4 = output.
    void sbox(const Sum& input, Wire square, Wire fourth, const Sum& output) {
        row(input, input, square);
        row(square, square, fourth);
        row(input, fourth, output);
    }

    static State mix_external(const State& s) {
        const Sum sum = s[0] + s[1] + s[2];
        return {s[0] + sum, s[1] + sum, s[2] + sum};
    }

    /// One external round from `state` to the words of `next`, whose S-box outputs are recovered
    /// as next_j - (next_0 + next_1 + next_2) / 4.
    void external_round(const PermutationWires& w, Wire round, const State& state,
                        const State& next) {
        namespace p2 = crypto::poseidon2;
        const Sum sum = next[0] + next[1] + next[2];
        for (Wire j = 0; j < 3; ++j)
            sbox(state[j] + Sum::constant(Fr::from_limbs(p2::kExternalConstants[3 * round + j])),
                 w.external_power(round, j, 0), w.external_power(round, j, 1),
                 next[j] - quarter_ * sum);
    }

    /// 240 rows: output = permutation(input).
    void permutation(const PermutationWires& w, const State& input, const State& output) {
        namespace p2 = crypto::poseidon2;
        const auto full = [&w](Wire round) {
            return State{w.full_state(round, 0), w.full_state(round, 1), w.full_state(round, 2)};
        };
        State state = mix_external(input);
        for (Wire round = 0; round < 4; ++round) {
            external_round(w, round, state, full(round + 1));
            state = full(round + 1);
        }
        for (Wire round = 0; round < 56; ++round) {
            const Sum next = w.first_word(5 + round);
            const Sum out = half_ * (next - state[1] - state[2]);
            sbox(state[0] + Sum::constant(Fr::from_limbs(p2::kInternalConstants[round])),
                 w.internal_power(round, 0), w.internal_power(round, 1), out);
            Sum y = out + state[1] + state[1] + state[2];
            Sum z = out + state[1] + Fr::from_u64(3) * state[2];
            state = {next, y.merge(), z.merge()};
        }
        for (Wire round = 4; round < 8; ++round) {
            const State next = round == 7 ? output : full(57 + round);
            external_round(w, round, state, next);
            state = next;
        }
    }

    /// A root through w.depth levels; `mask` has depth + 1 entries, the last one zero.
    void path(const PathWires& w, const Sum& leaf, const std::vector<Sum>& index,
              const std::vector<Sum>& last, const std::vector<Sum>& mask,
              const std::function<Wire(Wire)>& sibling, const Sum& root) {
        Sum last_product = root;
        for (Wire i = 0; i < w.depth; ++i) {
            const Sum below = i == 0 ? leaf : Sum(w.hash(i));
            const Sum difference = index[i] - last[i];
            row(difference, w.inverse(i), Sum::constant(1) - w.equal(i));
            row(difference, w.equal(i), Sum());
            if (i + 1 < w.depth)
                row(w.is_last(i + 1), w.equal(i), w.is_last(i));
            row(Sum(sibling(i)) - below, index[i], w.swap(i));
            row(Fr::from_u64(2) * Sum(w.is_last(i)), Sum::constant(1) - index[i],
                Sum(w.key(i)) - Sum::constant(i == 0 ? 1 : 0));
            permutation(w.permutation(i),
                        {below + w.swap(i), Sum(sibling(i)) - w.swap(i), w.key(i)},
                        {w.hash(i + 1), w.word(i, 1), w.word(i, 2)});
            // mask_0 counts as one, so that a tree of one leaf selects level 1.
            const Sum selected = (i == 0 ? Sum::constant(1) : mask[i]) - mask[i + 1];
            if (i + 1 < w.depth) {
                row(selected, w.hash(i + 1), w.selector(i));
                last_product.add(w.selector(i), -Fr::one());
            } else {
                row(selected, w.hash(i + 1), last_product);
            }
        }
    }

    /// Bit i of the sample's hash.
    [[nodiscard]] Sum hash_bit(const IndexWires& w, Wire i) const {
        if (i == 0)
            return w.index_bit(0);
        if (i < 253)
            return w.hash_bit(i);
        Sum rest = Sum(w.hash()) - w.index_bit(0);
        for (Wire j = 1; j < 253; ++j)
            rest.add(w.hash_bit(j), -power_of_two(j));
        return power_of_two(253).inverse() * rest;
    }

    /// The sample's cell index bits: low bits of sponge(entropy, slot root, counter).
    std::vector<Sum> sample_index(Wire sample) {
        const IndexWires w = wires_.index(sample);
        group(fmt::format("sample {}: the hash of its number", sample + 1));
        const Sum initial = Sum::constant(Fr::from_limbs({256 * 3 + 2, 1, 0, 0}));
        permutation(w.permutation(0), {Layout::kEntropy, Layout::kSlotRoot, initial},
                    {w.state(0), w.state(1), w.state(2)});
        permutation(w.permutation(1),
                    {Sum(w.state(0)) + Sum::constant(sample + 1),
                     Sum(w.state(1)) + Sum::constant(1), w.state(2)},
                    {w.hash(), w.last_word(1), w.last_word(2)});
        group(fmt::format("sample {}: the bits of its hash, below the modulus", sample + 1));
        strict_bits(w);
        group(fmt::format("sample {}: its cell index", sample + 1));
        std::vector<Sum> index = {w.index_bit(0)};
        for (Wire i = 1; i < p_.max_depth; ++i) {
            row(slot_mask(i), w.hash_bit(i), w.index_bit(i));
            index.emplace_back(w.index_bit(i));
        }
        return index;
    }

    /// 254 bits that are the hash and, as an integer, below r: seen from the top, the first bit
    /// that differs from r's must be smaller.
    void strict_bits(const IndexWires& w) {
        const auto prefix = [&w](Wire i) {
            return i == 254 ? Sum::constant(1) : Sum(i == 253 ? w.equal(253) : w.prefix(i));
        };
        Sum last_difference = Sum::constant(-Fr::one());
        for (Wire i = 0; i < 253; ++i)
            last_difference.add(w.difference(i), -Fr::one());
        for (Wire i = 0; i < IndexWires::kHashBits; ++i) {
            const Sum bit = hash_bit(w, i);
            const std::uint64_t modulus_bit = (crypto::FrParams::kModulus[i / 64] >> (i % 64)) & 1;
            const Sum difference = bit - Sum::constant(modulus_bit);
            boolean(bit);
            row(difference, difference, Sum::constant(1) - w.equal(i));
            if (i < 253)
                row(w.equal(i), prefix(i + 1), prefix(i));
            row(prefix(i + 1) - prefix(i), difference,
                i < 253 ? Sum(w.difference(i)) : last_difference);
        }
    }

    void cell(Wire sample, const std::vector<Sum>& index) {
        const CellWires w = wires_.cell(sample);
        group(fmt::format("sample {}: the hash of its cell", sample + 1));
        cell_hash(sample, w);
        const Wire b = p_.block_depth;
        std::vector<Sum> mask;
        for (Wire i = 0; i <= p_.max_depth; ++i)
            mask.push_back(slot_mask(i));
        // The tree has a power of two of cells, so the last index is all ones: the mask itself.
        const auto part = [](const std::vector<Sum>& all, Wire from, Wire to) {
            return std::vector<Sum>(all.begin() + from, all.begin() + to);
        };
        std::vector<Sum> block_mask = part(mask, 0, b);
        block_mask.emplace_back();
        group(fmt::format("sample {}: its path inside the block", sample + 1));
        path(
            w.block_path(), w.hash(), part(index, 0, b), part(mask, 0, b), block_mask,
            [&](Wire i) { return wires_.merkle_path(sample, i); }, w.block_root());
        group(fmt::format("sample {}: its path from the block to the slot root", sample + 1));
        path(
            w.slot_path(), w.block_root(), part(index, b, p_.max_depth),
            part(mask, b, p_.max_depth), part(mask, b, p_.max_depth + 1),
            [&](Wire i) { return wires_.merkle_path(sample, b + i); }, Layout::kSlotRoot);
    }

    void cell_hash(Wire sample, const CellWires& w) {
        const Wire n = p_.cell_elements;
        const auto absorbed = [&](Wire i) {
            return i < n ? Sum(wires_.cell_element(sample, i)) : Sum::constant(i == n ? 1 : 0);
        };
        State state = {Sum(), Sum(), Sum::constant(Fr::from_limbs({256 * 3 + 2, 1, 0, 0}))};
        for (Wire i = 0; i < w.permutations; ++i) {
            const bool final = i + 1 == w.permutations;
            const State next = final
                                   ? State{w.hash(), w.last_word(1), w.last_word(2)}
                                   : State{w.state(i + 1, 0), w.state(i + 1, 1), w.state(i + 1, 2)};
            permutation(w.permutation(i),
                        {state[0] + absorbed(2 * i), state[1] + absorbed(2 * i + 1), state[2]},
                        next);
            state = next;
        }
    }

    CircuitParameters p_;
    Layout wires_;
    Fr half_;
    Fr quarter_;
    const OnRow* on_row_ = nullptr;
    const std::function<void(std::string)>* on_group_ = nullptr;
};

} // namespace

Result<R1cs> build_circuit(const CircuitParameters& parameters) {
    CODEX_CHECK(validate(parameters));
    R1cs system;
    const Layout layout(parameters);
    system.wires = layout.wires();
    system.public_inputs = kPublicInputs;
    system.private_inputs = layout.slot_mask(1) - kPublicInputs - 1;
    // There are no names, so a wire's label is its own number.
    system.labels = system.wires;
    system.wire_labels.resize(system.wires);
    for (std::uint32_t i = 0; i < system.wires; ++i)
        system.wire_labels[i] = i;
    Builder(parameters)
        .build(
            [&system](std::vector<Term> a, std::vector<Term> b, std::vector<Term> c) {
                system.add(std::move(a), std::move(b), std::move(c));
            },
            [](const std::string&) {});
    return system;
}

Result<CircuitCounts> count_circuit(const CircuitParameters& parameters) {
    CODEX_CHECK(validate(parameters));
    CircuitCounts counts;
    counts.constraints = constraint_count(parameters);
    counts.wires = wire_count(parameters);
    counts.public_inputs = kPublicInputs;
    counts.private_inputs = Layout(parameters).slot_mask(1) - kPublicInputs - 1;
    Builder(parameters)
        .build(
            [&counts](std::vector<Term> a, std::vector<Term> b, std::vector<Term> c) {
                for (std::vector<Term>* side : {&a, &b, &c}) {
                    normalise(*side);
                    counts.terms += side->size();
                }
            },
            [](const std::string&) {});
    return counts;
}

std::string describe_constraint(const CircuitParameters& parameters, std::size_t index) {
    std::size_t rows = 0;
    std::string before;
    std::string found;
    Builder(parameters)
        .build([&rows](const auto&, const auto&, const auto&) { ++rows; },
               [&](std::string group) {
                   if (rows > index && found.empty())
                       found = before;
                   before = std::move(group);
               });
    return found.empty() ? before : found;
}

} // namespace codex::proof
