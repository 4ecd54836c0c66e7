#include "snark/detail/wire_points.hpp"

#include "base/endian.hpp"
#include "crypto/msm/combine.hpp"
#include "crypto/msm/group_ntt.hpp"
#include "crypto/ntt/ntt.hpp"
#include "snark/detail/overrun.hpp"
#include "snark/setup.hpp"

#include <algorithm>

namespace codex::snark::detail {

namespace {

using Basis = PowersOfTau::Basis;
using crypto::Limbs;

/// Wires, and terms of them, that a thread takes at once.
constexpr std::uint32_t kPieceWires = 4096;
constexpr std::uint32_t kPieceTerms = 8192;
/// Points that are passed on at once where nothing is computed.
constexpr std::size_t kPiecePoints = std::size_t{1} << 14;
/// Pieces that wait for their turn, for each thread.
constexpr std::size_t kPiecesAhead = 4;
/// The position of the term that binds a public wire.
constexpr std::uint32_t kBinding = UINT32_MAX;

G1 load_point(const std::uint8_t* from, const G1*) {
    return load_g1(from);
}
G2 load_point(const std::uint8_t* from, const G2*) {
    return load_g2(from);
}

template <class Point> std::vector<Point> load_points(BytesView from, std::size_t count) {
    std::vector<Point> points;
    points.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        points.push_back(
            load_point(from.data() + i * sizeof(Point), static_cast<const Point*>(nullptr)));
    return points;
}

std::vector<G1> combinations(std::span<const G1> points, std::span<const crypto::PointTerm> terms,
                             std::span<const std::uint32_t> ends) {
    return crypto::combinations_g1(points, terms, ends);
}
std::vector<G2> combinations(std::span<const G2> points, std::span<const crypto::PointTerm> terms,
                             std::span<const std::uint32_t> ends) {
    return crypto::combinations_g2(points, terms, ends);
}

} // namespace

Result<WirePoints> WirePoints::open(const R1cs& system, const PowersOfTau& powers, const Job& job) {
    CODEX_TRY(log2, domain_log2_of(system));
    const std::string& file = powers.file().name();
    if (log2 > powers.power)
        return fail(Error(Errc::limit_exceeded,
                          fmt::format("{}: has powers for 2^{} constraints, the circuit needs 2^{}",
                                      file, powers.power, log2))
                        .hint("take a file of a larger ceremony"));
    std::uint64_t terms = system.public_count() + std::uint64_t{1};
    for (std::size_t i = 0; i < system.constraint_count(); ++i)
        for (unsigned side = 0; side < 3; ++side)
            terms += system.terms(i, side).size();
    if (terms > UINT32_MAX)
        return fail(Errc::limit_exceeded, "{} terms in the constraints, 2^32 are known", terms);
    WirePoints points(system, powers, log2, job);
    points.expect_progress();
    CODEX_CHECK(powers.check(log2, job));
    if (powers.prepared())
        CODEX_CHECK(points.take_lagrange_forms());
    else
        CODEX_CHECK(points.compute_lagrange_forms());
    for (unsigned side = 0; side < 3; ++side)
        points.sides_[side] = points.transpose(side);
    return points;
}

Result<void> WirePoints::take_lagrange_forms() {
    CODEX_TRY(tau1, powers_.lagrange(Basis::tau_g1, log2_));
    CODEX_TRY(wide, powers_.lagrange(Basis::tau_g1, log2_ + 1));
    CODEX_TRY(tau2, powers_.lagrange(Basis::tau_g2, log2_));
    CODEX_TRY(alpha1, powers_.lagrange(Basis::alpha_g1, log2_));
    CODEX_TRY(beta1, powers_.lagrange(Basis::beta_g1, log2_));
    tau1_ = tau1;
    tau2_ = tau2;
    alpha1_ = alpha1;
    beta1_ = beta1;
    odd_ = wide.subspan(kG1Bytes);
    odd_stride_ = 2;
    return {};
}

Result<void> WirePoints::compute_lagrange_forms() {
    const std::size_t size = std::size_t{1} << log2_;
    const auto transformed = [&](BytesView powers) -> Result<BytesView> {
        std::vector<G1>& points = own_g1_.emplace_back(load_points<G1>(powers, size));
        CODEX_CHECK(crypto::inverse_transform(std::span(points), job_));
        return stored<G1>(points);
    };
    // Views of vectors stay when the vectors are moved.
    CODEX_SET(tau1_, transformed(powers_.tau_g1));
    CODEX_SET(alpha1_, transformed(powers_.alpha_g1));
    CODEX_SET(beta1_, transformed(powers_.beta_g1));
    own_g2_ = load_points<G2>(powers_.tau_g2, size);
    CODEX_CHECK(crypto::inverse_transform(std::span(own_g2_), job_));
    tau2_ = stored<G2>(own_g2_);
    CODEX_TRY(odd, odd_lagrange_forms());
    odd_ = stored<G1>(own_g1_.emplace_back(std::move(odd)));
    odd_stride_ = 1;
    return {};
}

/// l_(2j+1) of the double domain, whose root is g with g^2 = w: 1/2n sum_i g^(-i(2j+1)) x_i over 2n
/// powers, and since g^n = -1, that is half the transform of g^(-i) (x_i - x_(i+n)).
Result<std::vector<G1>> WirePoints::odd_lagrange_forms() {
    const std::size_t size = std::size_t{1} << log2_;
    // The last power may be one that the file has not, which counts for nothing.
    const std::size_t count = std::min(2 * size, powers_.tau_g1.size() / kG1Bytes);
    const std::vector<G1> points = load_points<G1>(powers_.tau_g1, count);
    std::vector<crypto::PointTerm> terms;
    std::vector<std::uint32_t> ends;
    const Fr step = crypto::root_of_unity(log2_ + 1).inverse();
    Fr factor = Fr::from_u64(2).inverse();
    std::vector<Fr> factors;
    for (std::uint32_t i = 0; i < size; ++i) {
        terms.push_back({i, Fr::one()});
        if (i + size < count)
            terms.push_back({i + static_cast<std::uint32_t>(size), -Fr::one()});
        ends.push_back(static_cast<std::uint32_t>(terms.size()));
        factors.push_back(factor);
        factor *= step;
    }
    std::vector<G1> differences = crypto::combinations_g1(points, terms, ends);
    crypto::multiply_each(std::span(differences), factors, job_.executor());
    CODEX_CHECK(crypto::inverse_transform(std::span(differences), job_));
    return differences;
}

/// Multiples count by the bytes of their points, in transforms and, roughly, in sections.
void WirePoints::expect_progress() {
    std::uint64_t total = std::uint64_t{system_.wires} * (3 * kG1Bytes + kG2Bytes) +
                          (std::uint64_t{kG1Bytes} << log2_);
    if (!powers_.prepared())
        total +=
            4 * crypto::transform_bytes(log2_, kG1Bytes) + crypto::transform_bytes(log2_, kG2Bytes);
    job_.expect(total);
}

WirePoints::WirePoints(const R1cs& system, const PowersOfTau& powers, std::uint32_t domain_log2,
                       const Job& job)
    : system_(system), powers_(powers), log2_(domain_log2), job_(job) {}

WirePoints::Transposed WirePoints::transpose(unsigned side) const {
    Transposed result;
    result.ends.assign(system_.wires, 0);
    const auto each = [&](const auto& body) {
        for (std::uint32_t i = 0; i < system_.constraint_count(); ++i) {
            const std::span<const Term> terms = system_.terms(i, side);
            for (std::uint32_t t = 0; t < terms.size(); ++t)
                body(terms[t].wire, Place{i, t});
        }
        for (std::uint32_t s = 0; s <= system_.public_count() && side == 0; ++s)
            body(s, Place{static_cast<std::uint32_t>(system_.constraint_count()) + s, kBinding});
    };
    // A counting sort: ends are beginnings until the places are filled in.
    each([&](std::uint32_t wire, const Place&) { ++result.ends[wire]; });
    std::uint32_t total = 0;
    for (std::uint32_t& end : result.ends)
        total += std::exchange(end, total);
    result.places.resize(total);
    each([&](std::uint32_t wire, const Place& place) {
        result.places[result.ends[wire]++] = place;
    });
    return result;
}

Fr WirePoints::coefficient(unsigned side, const Place& place) const {
    return place.position == kBinding
               ? Fr::one()
               : system_.terms(place.constraint, side)[place.position].coefficient;
}

/// Wires [first, last) over all sources. Only the points that they need are copied.
template <class Point>
std::vector<Point> WirePoints::combine(std::span<const Source> sources, std::uint32_t first,
                                       std::uint32_t last) const {
    // A point's name: its source and its constraint.
    const auto name = [](std::size_t source, const Place& place) {
        return std::uint64_t{source} << 32 | place.constraint;
    };
    const auto each = [&](std::uint32_t wire, const auto& body) {
        for (std::size_t s = 0; s < sources.size(); ++s) {
            const Transposed& side = sides_[sources[s].side];
            for (std::uint32_t i = wire == 0 ? 0 : side.ends[wire - 1]; i < side.ends[wire]; ++i)
                body(s, side.places[i]);
        }
    };
    std::vector<std::uint64_t> names;
    for (std::uint32_t wire = first; wire < last; ++wire)
        each(wire, [&](std::size_t s, const Place& place) { names.push_back(name(s, place)); });
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    std::vector<Point> points;
    points.reserve(names.size());
    for (const std::uint64_t one : names)
        points.push_back(
            load_point(sources[one >> 32].points.data() + (one & UINT32_MAX) * sizeof(Point),
                       static_cast<const Point*>(nullptr)));
    std::vector<crypto::PointTerm> terms;
    std::vector<std::uint32_t> ends;
    for (std::uint32_t wire = first; wire < last; ++wire) {
        each(wire, [&](std::size_t s, const Place& place) {
            const auto found = std::ranges::lower_bound(names, name(s, place));
            terms.push_back({static_cast<std::uint32_t>(found - names.begin()),
                             coefficient(sources[s].side, place)});
        });
        ends.push_back(static_cast<std::uint32_t>(terms.size()));
    }
    return combinations(points, terms, ends);
}

/// Wires [first, last) cut where a thread has enough to do.
std::vector<std::uint32_t> WirePoints::pieces(std::span<const Source> sources, std::uint32_t first,
                                              std::uint32_t last) const {
    std::vector<std::uint32_t> cuts = {first};
    std::uint64_t terms = 0;
    for (std::uint32_t wire = first; wire < last; ++wire) {
        for (const Source& source : sources) {
            const std::vector<std::uint32_t>& ends = sides_[source.side].ends;
            terms += ends[wire] - (wire == 0 ? 0 : ends[wire - 1]);
        }
        if (wire + 1 == last || terms >= kPieceTerms || wire + 1 - cuts.back() >= kPieceWires) {
            cuts.push_back(wire + 1);
            terms = 0;
        }
    }
    return cuts;
}

template <class Point>
Result<void>
WirePoints::section(std::span<const Source> sources, std::uint32_t first, std::uint32_t last,
                    const std::function<Result<void>(std::span<const Point>)>& sink) const {
    const std::vector<std::uint32_t> cuts = pieces(sources, first, last);
    const std::size_t threads = job_.executor().size();
    std::vector<std::vector<Point>> done(threads * kPiecesAhead);
    for (std::size_t at = 0; at + 1 < cuts.size(); at += done.size()) {
        const std::size_t count = std::min(done.size(), cuts.size() - 1 - at);
        const auto one = [&](std::size_t i) {
            done[i] = combine<Point>(sources, cuts[at + i], cuts[at + i + 1]);
            job_.advance(done[i].size() * sizeof(Point));
        };
        CODEX_CHECK(job_.go_on());
        job_.executor().parallel_for(count, one);
        for (std::size_t i = 0; i < count; ++i)
            CODEX_CHECK(sink(done[i]));
    }
    return {};
}

KeyHeader WirePoints::header() const {
    KeyHeader header;
    header.wires = system_.wires;
    header.public_count = system_.public_count();
    header.domain_log2 = log2_;
    header.alpha1 = load_g1(powers_.alpha_g1.data());
    header.beta1 = load_g1(powers_.beta_g1.data());
    header.beta2 = powers_.beta2;
    return header;
}

/// [beta A_i + alpha B_i + C_i].
Result<void> WirePoints::key_side(std::uint32_t first, std::uint32_t last,
                                  const G1Sink& sink) const {
    const Source sources[] = {{0, beta1_}, {1, alpha1_}, {2, tau1_}};
    return section<G1>(sources, first, last, sink);
}

Result<void> WirePoints::ic(const G1Sink& sink) const {
    return key_side(0, system_.public_count() + 1, sink);
}
Result<void> WirePoints::c(const G1Sink& sink) const {
    return key_side(system_.public_count() + 1, system_.wires, sink);
}
Result<void> WirePoints::a(const G1Sink& sink) const {
    const Source sources[] = {{0, tau1_}};
    return section<G1>(sources, 0, system_.wires, sink);
}
Result<void> WirePoints::b1(const G1Sink& sink) const {
    const Source sources[] = {{1, tau1_}};
    return section<G1>(sources, 0, system_.wires, sink);
}
Result<void> WirePoints::b2(const G2Sink& sink) const {
    const Source sources[] = {{1, tau2_}};
    return section<G2>(sources, 0, system_.wires, sink);
}

Result<void> WirePoints::h(const G1Sink& sink) const {
    const std::size_t size = std::size_t{1} << log2_;
    std::vector<G1> points;
    for (std::size_t at = 0; at < size; at += kPiecePoints) {
        CODEX_CHECK(job_.go_on());
        points.clear();
        for (std::size_t j = at; j < std::min(size, at + kPiecePoints); ++j)
            points.push_back(load_g1(odd_.data() + j * odd_stride_ * kG1Bytes));
        CODEX_CHECK(sink(points));
        job_.advance(points.size() * kG1Bytes);
    }
    return {};
}

/// The difference that begins with tau^(2n - 1) where the file ends before that power.
G1 WirePoints::last_difference() const {
    Bytes bytes;
    bool behind = false;
    for (const auto& [type, section] : powers_.file().sections()) {
        if (behind && bytes.size() < kG1Bytes) {
            std::array<std::uint8_t, 12> head;
            store_le(head.data(), type);
            store_le(head.data() + 4, std::uint64_t{section.size()});
            append(bytes, head);
            append(bytes, section.first(std::min(section.size(), kG1Bytes)));
        }
        behind = behind || type == 2;
    }
    bytes.resize(kG1Bytes);
    const std::size_t last = (std::size_t{1} << log2_) - 1;
    return difference_of_overrun(std::span(bytes).first<kG1Bytes>(),
                                 load_g1(powers_.tau_g1.data() + last * kG1Bytes));
}

Result<void> WirePoints::differences(const G1Sink& sink) const {
    const std::size_t size = std::size_t{1} << log2_;
    const std::size_t count = hashed_differences(log2_);
    // Of the last one the file may have only the subtrahend.
    const std::size_t whole = std::min(count, powers_.tau_g1.size() / kG1Bytes - size);
    for (std::size_t at = 0; at < whole; at += kPiecePoints) {
        CODEX_CHECK(job_.go_on());
        const std::size_t piece = std::min(kPiecePoints, whole - at);
        std::vector<G1> points;
        std::vector<crypto::PointTerm> terms;
        std::vector<std::uint32_t> ends;
        for (std::size_t i = at; i < at + piece; ++i)
            for (const std::size_t power : {size + i, i}) {
                points.push_back(load_g1(powers_.tau_g1.data() + power * kG1Bytes));
                terms.push_back({static_cast<std::uint32_t>(terms.size()),
                                 power == i ? -Fr::one() : Fr::one()});
                if (power == i)
                    ends.push_back(static_cast<std::uint32_t>(terms.size()));
            }
        CODEX_CHECK(sink(crypto::combinations_g1(points, terms, ends)));
    }
    if (whole == count)
        return {};
    const G1 last[] = {last_difference()};
    return sink(last);
}

} // namespace codex::snark::detail
