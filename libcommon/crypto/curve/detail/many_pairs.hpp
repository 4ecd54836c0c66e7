// The Miller loop for many pairs at once.
//
// Running points are affine: what their slopes are divided by is inverted for all pairs together.
// Lines are divided by the y of the point they are evaluated at, which the final exponentiation
// does not see: 1 + b w + c v w. Two of them are multiplied with each other by three products
// before they meet the long one.
#pragma once

#include "crypto/curve/detail/miller.hpp"
#include "crypto/field/inverse.hpp"

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

class ManyPairs {
public:
    /// As Pairing::miller().
    static Fq12 miller(std::span<const G1> ps, std::span<const G2> qs, unsigned char* outside) {
        ManyPairs pairs(ps, qs, outside);
        return pairs.run();
    }

private:
    /// 1 + b w + c v w.
    struct Line {
        Fq2 b, c;
    };
    struct Pair {
        std::size_t index; ///< among those given
        G2 q;
        G2 running;
        Fq inverse_y; ///< of P
        Fq minus_x;   ///< -x / y of P
    };

    ManyPairs(std::span<const G1> ps, std::span<const G2> qs, unsigned char* outside)
        : outside_(outside) {
        for (std::size_t i = 0; i < ps.size(); ++i)
            if (!ps[i].is_infinity() && !qs[i].is_infinity())
                pairs_.push_back({i, qs[i], qs[i], ps[i].y, ps[i].x});
        lines_.resize(pairs_.size());
        divisors_.resize(pairs_.size());
        norms_.resize(pairs_.size());
        scratch_.resize(pairs_.size());
        for (std::size_t k = 0; k < pairs_.size(); ++k)
            norms_[k] = pairs_[k].inverse_y; // never zero: G1 is of odd order
        invert_norms();
        for (std::size_t k = 0; k < pairs_.size(); ++k) {
            pairs_[k].inverse_y = norms_[k];
            pairs_[k].minus_x = -(pairs_[k].minus_x * norms_[k]);
        }
    }

    Fq12 run() {
        const auto& digits = Pairing::kDigits;
        for (int bit = digits.count - 1; bit-- > 0;) {
            f_ = f_.square();
            double_all();
            if (digits.digit[bit] > 0)
                add_all([](const Pair& pair) { return pair.q; });
            else if (digits.digit[bit] < 0)
                add_all([](const Pair& pair) { return -pair.q; });
        }
        for (Pair& pair : pairs_)
            pair.q = Pairing::frobenius(pair.q);
        add_all([](const Pair& pair) { return pair.q; });
        for (Pair& pair : pairs_)
            pair.q = -Pairing::frobenius(pair.q);
        add_all([](const Pair& pair) { return pair.q; });
        for (const Pair& pair : pairs_)
            if (pair.running != Pairing::frobenius(pair.q))
                outside_[pair.index] = 1;
        return f_;
    }

    void double_all() {
        for (std::size_t k = 0; k < pairs_.size(); ++k)
            divisors_[k] = pairs_[k].running.y.doubled();
        invert_divisors();
        for (std::size_t k = 0; k < pairs_.size(); ++k) {
            const Fq2& x = pairs_[k].running.x;
            const Fq2 square = x.square();
            step(k, (square.doubled() + square) * divisors_[k], x);
        }
        multiply_lines();
    }

    /// running += what `operand` gives of the pair.
    template <class Operand> void add_all(Operand operand) {
        for (std::size_t k = 0; k < pairs_.size(); ++k)
            divisors_[k] = pairs_[k].running.x - operand(pairs_[k]).x;
        invert_divisors();
        for (std::size_t k = 0; k < pairs_.size(); ++k) {
            const G2 q = operand(pairs_[k]);
            step(k, (pairs_[k].running.y - q.y) * divisors_[k], q.x);
        }
        multiply_lines();
    }

    /// The line with this slope through the running point, and on to the negative of where it meets
    /// the curve once more, besides the running point and the one with `x`.
    void step(std::size_t k, const Fq2& slope, const Fq2& x) {
        Pair& pair = pairs_[k];
        G2& p = pair.running;
        lines_[k] = {slope * pair.minus_x, (slope * p.x - p.y) * pair.inverse_y};
        const Fq2 next = slope.square() - p.x - x;
        p.y = slope * (p.x - next) - p.y;
        p.x = next;
    }

    /// Divisors by norms: 1/d = conjugate(d) / norm(d). Zero only in exceptional steps, which
    /// points of the subgroup do not meet (see Pairing::miller()).
    void invert_divisors() {
        for (std::size_t k = 0; k < pairs_.size(); ++k) {
            const Fq2& d = divisors_[k];
            norms_[k] = d.c0.square() + d.c1.square();
            if (norms_[k].is_zero())
                outside_[pairs_[k].index] = 1;
        }
        invert_norms();
        for (std::size_t k = 0; k < pairs_.size(); ++k)
            divisors_[k] = divisors_[k].conjugate() * norms_[k];
    }

    /// Each norm by its inverse, zeros left; public values.
    void invert_norms() {
        Fq product = Fq::one();
        for (std::size_t k = 0; k < norms_.size(); ++k) {
            scratch_[k] = product;
            if (!norms_[k].is_zero())
                product *= norms_[k];
        }
        Fq inverse = inverse_variable_time(product);
        for (std::size_t k = norms_.size(); k-- > 0;) {
            if (norms_[k].is_zero())
                continue;
            const Fq norm = norms_[k];
            norms_[k] = inverse * scratch_[k];
            inverse *= norm;
        }
    }

    void multiply_lines() {
        std::size_t k = 0;
        for (; k + 1 < lines_.size(); k += 2)
            multiply_two(lines_[k], lines_[k + 1]);
        if (k < lines_.size())
            f_ = f_.times_line(Fq2::one(), lines_[k].b, lines_[k].c);
    }

    /// (1 + b w + c v w)(1 + b' w + c' v w) = 1 + xi cc' + bb' v + (bc' + b'c) v^2
    /// + (b + b') w + (c + c') v w, for w^2 = v and v^3 = xi.
    void multiply_two(const Line& one, const Line& two) {
        const Fq2 bb = one.b * two.b;
        const Fq2 cc = one.c * two.c;
        const Fq2 b = one.b + two.b;
        const Fq2 c = one.c + two.c;
        const Fq6 even = {Fq2::one() + cc.times_xi(), bb,
                          (one.b + one.c) * (two.b + two.c) - bb - cc};
        const Fq6 t0 = f_.c0 * even;
        const Fq6 t1 = f_.c1.times_01(b, c);
        const Fq6 both = (f_.c0 + f_.c1) * Fq6{even.c0 + b, even.c1 + c, even.c2};
        f_ = {t0 + t1.times_v(), both - t0 - t1};
    }

    unsigned char* outside_;
    std::vector<Pair> pairs_;
    std::vector<Line> lines_;
    std::vector<Fq2> divisors_;
    std::vector<Fq> norms_;
    std::vector<Fq> scratch_;
    Fq12 f_ = Fq12::one();
};

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
