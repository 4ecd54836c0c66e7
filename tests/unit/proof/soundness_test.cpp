// Is every wire of the circuit determined by the inputs?
//
// At an honest witness the Jacobian of the constraints by the non-input wires is computed and
// brought to reduced row echelon form over Fr. A wire whose column has a pivot row of its own alone
// cannot move while the inputs stay: the solution is isolated in it. What is left without a pivot
// is free. Booleans and the like have several isolated solutions; that the honest one is the only
// one for them is what the range and sum constraints say, and is tested by the lies of
// circuit_test.cpp.
//
// The free wires must be exactly the inverse hints of equality tests whose sides are equal: there
// (bit - last) * inv = 1 - eq holds for any inv, eq being 1 anyway (codex-circuit(5), SOUNDNESS).
#include "fixture.hpp"
#include "proof/detail/layout.hpp"

#include <map>
#include <set>

namespace codex::proof {
namespace {

using detail::Layout;
using detail::PathWires;
using detail::Wire;
using test::kSmall;
using test::must;

using SparseRow = std::map<Wire, Fr>;

/// A reduced row echelon form that takes rows one by one.
class EchelonForm {
public:
    void add(SparseRow row) {
        for (auto it = row.begin(); it != row.end();) {
            const auto pivot = rows_.find(it->first);
            if (pivot == rows_.end() || it->second.is_zero()) {
                ++it;
                continue;
            }
            const Wire column = it->first;
            subtract(row, pivot->second, it->second);
            it = row.upper_bound(column);
        }
        std::erase_if(row, [](const auto& entry) { return entry.second.is_zero(); });
        if (row.empty())
            return;
        const Wire column = row.begin()->first;
        const Fr scale = row.begin()->second.inverse();
        for (auto& entry : row)
            entry.second *= scale;
        // Take the new column out of the rows that have it.
        for (const Wire user : std::exchange(users_[column], {})) {
            SparseRow& other = rows_.at(user);
            const auto entry = other.find(column);
            if (entry != other.end())
                subtract(other, row, Fr(entry->second), user);
        }
        for (const auto& entry : row)
            if (entry.first != column)
                users_[entry.first].insert(column);
        rows_.emplace(column, std::move(row));
    }
    /// True when the constraints fix this column, whatever the free ones do.
    [[nodiscard]] bool determined(Wire column) const {
        const auto row = rows_.find(column);
        return row != rows_.end() && row->second.size() == 1;
    }

private:
    void subtract(SparseRow& row, const SparseRow& pivot, Fr factor,
                  std::optional<Wire> user = std::nullopt) {
        for (const auto& [column, value] : pivot) {
            Fr& entry = row[column];
            entry -= factor * value;
            if (entry.is_zero())
                row.erase(column);
            else if (user && column != *user)
                users_[column].insert(*user);
        }
    }

    std::map<Wire, SparseRow> rows_;       ///< by pivot column
    std::map<Wire, std::set<Wire>> users_; ///< rows that have a column that is no pivot
};

void collect_free_hints(const PathWires& path, const std::vector<Fr>& witness,
                        std::set<Wire>& free) {
    for (Wire level = 0; level < path.depth; ++level) {
        // isLast of the top level is its equality flag.
        if (witness[path.equal(level)] == Fr::one())
            free.insert(path.inverse(level));
    }
}

TEST(Soundness, EveryWireIsDeterminedButTheHintsOfEqualBits) {
    test::FakeDataset data;
    data.slots = 7;
    data.slot_index = 5;
    data.cells = 64;
    data.cell_bytes = 127;
    const snark::R1cs system = must(build_circuit(kSmall));
    const std::vector<Fr> witness = must(compute_witness(kSmall, test::fake_input(kSmall, data)));
    ASSERT_EQ(first_broken(system, witness), std::nullopt);
    const Wire inputs = 1 + system.public_inputs + system.private_inputs;

    const auto value = [&](std::span<const snark::Term> terms) {
        Fr sum;
        for (const snark::Term& term : terms)
            sum += term.coefficient * witness[term.wire];
        return sum;
    };
    EchelonForm form;
    for (std::size_t i = 0; i < system.constraint_count(); ++i) {
        // d(A B - C) = dA B + A dB - dC
        SparseRow row;
        const auto accumulate = [&](std::span<const snark::Term> terms, const Fr& factor) {
            for (const snark::Term& term : terms)
                if (term.wire >= inputs)
                    row[term.wire] += term.coefficient * factor;
        };
        accumulate(system.terms(i, 0), value(system.terms(i, 1)));
        accumulate(system.terms(i, 1), value(system.terms(i, 0)));
        accumulate(system.terms(i, 2), -Fr::one());
        std::erase_if(row, [](const auto& entry) { return entry.second.is_zero(); });
        form.add(std::move(row));
    }

    std::set<Wire> expected;
    const Layout layout(kSmall);
    collect_free_hints(layout.dataset_path(), witness, expected);
    for (Wire sample = 0; sample < kSmall.samples; ++sample) {
        collect_free_hints(layout.cell(sample).block_path(), witness, expected);
        collect_free_hints(layout.cell(sample).slot_path(), witness, expected);
    }
    std::set<Wire> free;
    for (Wire wire = inputs; wire < system.wires; ++wire)
        if (!form.determined(wire))
            free.insert(wire);
    EXPECT_EQ(free, expected);
    EXPECT_FALSE(expected.empty());
}

} // namespace
} // namespace codex::proof
