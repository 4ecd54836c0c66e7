// Sums of points in many places at once, by batches of independent affine additions.
#pragma once

#include "crypto/curve/curve.hpp"
#include "crypto/msm/detail/add_kernel.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace codex::crypto::detail {

template <class F> std::uint64_t* words_of(Affine<F>* points) {
    return reinterpret_cast<std::uint64_t*>(points);
}
template <class F> const std::uint64_t* words_of(const Affine<F>* points) {
    return reinterpret_cast<const std::uint64_t*>(points);
}

/// Points are added to places in rounds. Within a round the points of one place are paired as they
/// come, pairs are summed apart, and an odd one is added to the place; the sums of pairs are points
/// of the next round. So all additions of a round are independent, however the points are spread,
/// and each point is read soon after it was named.
template <class F> class Accumulator {
public:
    using Point = Affine<F>;

    /// For up to `points` points in a go; with fewer than a round has, less memory is taken.
    Accumulator(const AddKernel& kernel, std::size_t points)
        : kernel_(kernel), limit_(std::clamp<std::size_t>(points, 1, kRound)),
          touched_(2 * limit_ + 1), results_(limit_), previous_(limit_), owners_(limit_ + 1),
          previous_owners_(limit_ + 1), left_(2 * limit_ + 1), right_(2 * limit_ + 1),
          out_(2 * limit_ + 1) {}

    /// Begins with this many places, all of them infinity.
    void start(std::size_t places) {
        sums_.assign(places, Point::infinity());
        waiting_.assign(places, 0);
    }

    /// sums[place] += the point at `address` (file form, any alignment), or its negative. It is
    /// read later: until finish().
    void add(std::size_t place, const std::uint8_t* address, bool negative) {
        put(place, 2 * reinterpret_cast<std::uint64_t>(address) + (negative ? 1 : 0));
        if (++named_ == limit_)
            round();
    }
    void add(std::size_t place, const Point& point, bool negative = false) {
        add(place, reinterpret_cast<const std::uint8_t*>(&point), negative);
    }

    /// The sums, when all points are added up; infinity where there was none.
    [[nodiscard]] std::vector<Point> finish() {
        while (touched_count_ != 0 || pairs_ != 0)
            round();
        return std::move(sums_);
    }

private:
    /// Pairs the operand with the one that waits for its place, or lets it wait. Without branches:
    /// which of the two it is cannot be foreseen.
    void put(std::size_t place, std::uint64_t operand) {
        const std::uint64_t other = waiting_[place];
        const std::size_t paired = other != 0 ? 1 : 0;
        left_[pairs_] = other;
        right_[pairs_] = operand;
        owners_[pairs_] = static_cast<std::uint32_t>(place);
        pairs_ += paired;
        waiting_[place] = paired != 0 ? 0 : operand;
        touched_[touched_count_] = static_cast<std::uint32_t>(place);
        touched_count_ += 1 - paired;
    }

    void round() {
        for (std::size_t i = 0; i < pairs_; ++i)
            out_[i] = words_of(&results_[i]);
        std::size_t tasks = pairs_;
        for (std::size_t i = 0; i < touched_count_; ++i) {
            const std::size_t place = touched_[i];
            const std::uint64_t operand = std::exchange(waiting_[place], 0);
            Point& sum = sums_[place];
            const bool empty = sum.is_infinity();
            if (empty && operand != 0)
                sum = load(operand);
            // No operand: paired since, or seen already. As unforeseeable as in put().
            left_[tasks] = 2 * reinterpret_cast<std::uint64_t>(&sum);
            right_[tasks] = operand;
            out_[tasks] = words_of(&sum);
            tasks += !empty && operand != 0 ? 1 : 0;
        }
        touched_count_ = 0;
        named_ = 0;
        kernel_.add(left_.data(), right_.data(), out_.data(), tasks);
        // The sums of pairs are read in the next round, whose own go elsewhere.
        std::swap(results_, previous_);
        const std::size_t done = std::exchange(pairs_, 0);
        std::swap(owners_, previous_owners_);
        for (std::size_t i = 0; i < done; ++i)
            put(previous_owners_[i], 2 * reinterpret_cast<std::uint64_t>(&previous_[i]));
    }

    static Point load(std::uint64_t operand) {
        Point point;
        std::memcpy(static_cast<void*>(&point), reinterpret_cast<const void*>(operand / 2),
                    sizeof point);
        if ((operand & 1) != 0 && !point.is_infinity())
            point.y = -point.y;
        return point;
    }

    /// Points a round: what one inversion serves, and what fits a second-level cache. Sums of pairs
    /// that come on top are never more: of n, at most (n + kRound) / 2 are made.
    static constexpr std::size_t kRound = 2048;

    const AddKernel& kernel_;
    std::size_t limit_;
    std::vector<Point> sums_;
    std::vector<std::uint64_t> waiting_; ///< an operand for the place; 0: none
    std::vector<std::uint32_t> touched_; ///< places that got an operand to wait
    std::vector<Point> results_;         ///< of this round's pairs
    std::vector<Point> previous_;        ///< of the last round's
    std::vector<std::uint32_t> owners_;  ///< the places of pairs
    std::vector<std::uint32_t> previous_owners_;
    std::vector<std::uint64_t> left_;
    std::vector<std::uint64_t> right_;
    std::vector<std::uint64_t*> out_;
    std::size_t touched_count_ = 0;
    std::size_t pairs_ = 0;
    std::size_t named_ = 0; ///< points added in this round
};

} // namespace codex::crypto::detail
