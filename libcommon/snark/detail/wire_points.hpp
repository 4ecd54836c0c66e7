// The points of a key without contributions, from powers of tau.
#pragma once

#include "base/job.hpp"
#include "snark/detail/key_format.hpp"
#include "snark/ptau.hpp"

#include <vector>

namespace codex::snark::detail {

/// Gives the points of one section after another, in pieces, in order. Errors: the sink's.
class WirePoints {
public:
    /// Checks the powers (PowersOfTau::check()), and computes their Lagrange forms where the file
    /// has none. The job counts the bytes of that, and of all points of the sections. Errors:
    /// limit_exceeded with a hint when the powers are too few for the circuit; those of check().
    [[nodiscard]] static Result<WirePoints> open(const R1cs& system, const PowersOfTau& powers,
                                                 const Job& job);

    [[nodiscard]] std::uint32_t domain_log2() const { return log2_; }
    [[nodiscard]] KeyHeader header() const;
    [[nodiscard]] Result<void> ic(const G1Sink& sink) const; ///< section 3
    [[nodiscard]] Result<void> a(const G1Sink& sink) const;  ///< 5
    [[nodiscard]] Result<void> b1(const G1Sink& sink) const; ///< 6
    [[nodiscard]] Result<void> b2(const G2Sink& sink) const; ///< 7
    [[nodiscard]] Result<void> c(const G1Sink& sink) const;  ///< 8
    [[nodiscard]] Result<void> h(const G1Sink& sink) const;  ///< 9
    /// What the circuit's hash has of [tau^(n + i) - tau^i]_1.
    [[nodiscard]] Result<void> differences(const G1Sink& sink) const;

private:
    /// A term of a wire: its place among the terms of a constraint's side.
    struct Place {
        std::uint32_t constraint = 0;
        std::uint32_t position = 0;
    };
    /// One side of all constraints by wire: those of wire i end at ends[i].
    struct Transposed {
        std::vector<std::uint32_t> ends;
        std::vector<Place> places;
    };
    /// A side of the constraints, taken over these points.
    struct Source {
        unsigned side = 0;
        BytesView points;
    };

    WirePoints(const R1cs& system, const PowersOfTau& powers, std::uint32_t domain_log2,
               const Job& job);
    [[nodiscard]] Result<void> take_lagrange_forms();
    [[nodiscard]] Result<void> compute_lagrange_forms();
    [[nodiscard]] Result<std::vector<G1>> odd_lagrange_forms();
    void expect_progress();
    [[nodiscard]] Transposed transpose(unsigned side) const;
    [[nodiscard]] Fr coefficient(unsigned side, const Place& place) const;
    template <class Point>
    [[nodiscard]] std::vector<Point> combine(std::span<const Source> sources, std::uint32_t first,
                                             std::uint32_t last) const;
    [[nodiscard]] std::vector<std::uint32_t> pieces(std::span<const Source> sources,
                                                    std::uint32_t first, std::uint32_t last) const;
    template <class Point>
    [[nodiscard]] Result<void>
    section(std::span<const Source> sources, std::uint32_t first, std::uint32_t last,
            const std::function<Result<void>(std::span<const Point>)>& sink) const;
    [[nodiscard]] Result<void> key_side(std::uint32_t first, std::uint32_t last,
                                        const G1Sink& sink) const;
    [[nodiscard]] G1 last_difference() const;

    const R1cs& system_;
    const PowersOfTau& powers_;
    std::uint32_t log2_;
    Job job_;
    std::array<Transposed, 3> sides_;
    BytesView tau1_, tau2_, alpha1_, beta1_; ///< Lagrange forms, from the file or computed
    BytesView odd_;                          ///< those of the double domain at its odd points,
    std::size_t odd_stride_ = 1;             ///< every so many of which one is such
    std::vector<std::vector<G1>> own_g1_;
    std::vector<G2> own_g2_;
};

} // namespace codex::snark::detail
