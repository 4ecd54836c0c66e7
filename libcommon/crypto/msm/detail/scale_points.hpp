// The product of a secret scalar and a point, over any type V of Fq elements: one, or eight side by
// side. V has + - *, times9(), negated(), and choose(bit, no, yes) in constant time.
#pragma once

#include "crypto/msm/detail/scale_kernel.hpp"

namespace codex::crypto {

/// (X/Z, Y/Z); infinity is (0, 1, 0). The formulas of Renes, Costello and Batina ("Complete
/// addition formulas for prime order elliptic curves", 2016, algorithms 7 and 9 with b = 3) know no
/// special case, so nothing branches.
template <class V> struct ProjectivePoint {
    V x, y, z;

    [[nodiscard]] ProjectivePoint plus(const ProjectivePoint& q) const {
        const V xx = x * q.x;
        const V yy = y * q.y;
        const V zz = (z * q.z).times9();
        const V xy = (x + y) * (q.x + q.y) - (xx + yy);
        const V yz = ((y + z) * (q.y + q.z) - yy) - z * q.z;
        const V xz = (((x + z) * (q.x + q.z) - xx) - z * q.z).times9();
        const V xx3 = (xx + xx) + xx;
        const V sum = yy + zz;
        const V difference = yy - zz;
        return {xy * difference - yz * xz, difference * sum + xz * xx3, sum * yz + xx3 * xy};
    }

    [[nodiscard]] ProjectivePoint doubled() const {
        const V yy = y * y;
        const V yy2 = yy + yy;
        const V yy4 = yy2 + yy2;
        const V yy8 = yy4 + yy4;
        const V zz = (z * z).times9();
        const V difference = yy - ((zz + zz) + zz);
        const V xy = x * y * difference;
        return {xy + xy, difference * (yy + zz) + zz * yy8, y * z * yy8};
    }

    static ProjectivePoint choose(std::uint64_t bit, const ProjectivePoint& no,
                                  const ProjectivePoint& yes) {
        return {V::choose(bit, no.x, yes.x), V::choose(bit, no.y, yes.y),
                V::choose(bit, no.z, yes.z)};
    }
    [[nodiscard]] ProjectivePoint negated_if(std::uint64_t bit) const {
        return {x, V::choose(bit, y, y.negated()), z};
    }
};

/// k * (x, y) by the plan of k. `beta` is the cube root of one that belongs to lambda.
template <class V>
ProjectivePoint<V> scale_point(const V& x, const V& y, const V& one, const V& beta,
                               const detail::ScalePlan& plan) {
    using Point = ProjectivePoint<V>;
    constexpr std::size_t kEntries = 8;
    Point table[kEntries]; // 1, 3 ... 15 times the point
    table[0] = {x, y, one};
    const Point two = table[0].doubled();
    for (std::size_t i = 1; i < kEntries; ++i)
        table[i] = table[i - 1].plus(two);
    const auto entry = [&](std::size_t half, std::uint64_t index, std::uint64_t negative) {
        Point found = table[0];
        for (std::size_t i = 1; i < kEntries; ++i) {
            const std::uint64_t differs = index ^ i; // below 8
            found = Point::choose((differs - 1) >> 63, found, table[i]);
        }
        if (half == 1)
            found.x = found.x * beta;
        return found.negated_if(negative);
    };
    Point sum = entry(0, 0, plan.half[0].minus).plus(entry(1, 0, plan.half[1].minus));
    for (std::size_t round = 0; round < detail::kScaleRounds; ++round) {
        for (int i = 0; i < 4; ++i)
            sum = sum.doubled();
        for (std::size_t half = 0; half < 2; ++half)
            sum = sum.plus(
                entry(half, plan.half[half].index[round], plan.half[half].negative[round]));
    }
    for (std::size_t half = 0; half < 2; ++half)
        sum = Point::choose(plan.half[half].even, sum,
                            sum.plus(entry(half, 0, plan.half[half].minus ^ std::uint64_t{1})));
    return sum;
}

/// The same for many points, V::kLanes at a time. V is of an anonymous namespace, and has
/// load(from, stride, offset) of the coordinate that is there in each of the points `stride` words
/// apart, from the file form, and store(to, stride, lanes), the inverse for the first lanes.
/// `from`: x and y of each point; `to`: x, y and z.
template <class V>
void scale_in_lanes(const std::uint64_t* from, std::size_t count, const V& one, const V& beta,
                    const detail::ScalePlan& plan, std::uint64_t* to) {
    for (std::size_t at = 0; at < count; at += V::kLanes) {
        const std::size_t lanes = count - at < V::kLanes ? count - at : V::kLanes;
        // Lanes beyond the end do the first point once more.
        std::uint64_t points[V::kLanes * 8];
        for (std::size_t lane = 0; lane < V::kLanes; ++lane)
            for (std::size_t i = 0; i < 8; ++i)
                points[8 * lane + i] = from[8 * (at + (lane < lanes ? lane : 0)) + i];
        const ProjectivePoint<V> product =
            scale_point<V>(V::load(points, 8, 0), V::load(points, 8, 4), one, beta, plan);
        product.x.store(to + 12 * at, 12, lanes);
        product.y.store(to + 12 * at + 4, 12, lanes);
        product.z.store(to + 12 * at + 8, 12, lanes);
    }
}

} // namespace codex::crypto
