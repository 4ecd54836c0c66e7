// What stands on a side of a constraint while it is written down.
#pragma once

#include "proof/detail/layout.hpp"
#include "snark/r1cs.hpp"

#include <algorithm>

namespace codex::proof::detail {

/// A linear combination of wires; normalise() sorts and merges the terms.
class Sum {
public:
    Sum() = default;
    Sum(Wire wire) { terms_.push_back({wire, Fr::one()}); } // a wire is a combination
    [[nodiscard]] static Sum constant(const Fr& value) {
        Sum sum;
        sum.terms_.push_back({Layout::kOne, value});
        return sum;
    }
    [[nodiscard]] static Sum constant(std::uint64_t value) { return constant(Fr::from_u64(value)); }

    Sum& add(const Sum& other, const Fr& factor) {
        for (const snark::Term& term : other.terms_)
            terms_.push_back({term.wire, term.coefficient * factor});
        return *this;
    }
    friend Sum operator+(Sum a, const Sum& b) { return a.add(b, Fr::one()); }
    friend Sum operator-(Sum a, const Sum& b) { return a.add(b, -Fr::one()); }
    friend Sum operator*(const Fr& factor, const Sum& a) { return Sum().add(a, factor); }
    /// Terms of one wire become one: for sums that are kept and grow.
    Sum& merge() {
        std::sort(terms_.begin(), terms_.end(),
                  [](const snark::Term& a, const snark::Term& b) { return a.wire < b.wire; });
        std::size_t kept = 0;
        for (std::size_t i = 1; i < terms_.size(); ++i) {
            if (terms_[i].wire == terms_[kept].wire)
                terms_[kept].coefficient += terms_[i].coefficient;
            else
                terms_[++kept] = terms_[i];
        }
        if (!terms_.empty())
            terms_.resize(kept + 1);
        return *this;
    }
    [[nodiscard]] std::vector<snark::Term> take() && { return std::move(terms_); }

private:
    std::vector<snark::Term> terms_;
};

} // namespace codex::proof::detail
