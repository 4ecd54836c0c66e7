// Keys from a phase-1 ceremony, as snarkjs lays them out and hashes them.
#include "snark/detail/contribution_format.hpp"
#include "snark/detail/wire_points.hpp"
#include "snark/setup.hpp"

namespace codex::snark {

namespace {

/// Begins and ends a section around what `give` gives, which goes into the hash, too.
template <class Point, class Give>
Result<void> hashed_section(BinaryWriter& out, std::uint32_t type, std::uint32_t count,
                            detail::CircuitHash& hash, Give give) {
    CODEX_CHECK(out.begin_section(type));
    hash.count(count);
    CODEX_CHECK(give([&](std::span<const Point> points) {
        hash.add(points);
        return out.write(detail::stored<Point>(points));
    }));
    return out.end_section();
}

Result<void> write_key(const R1cs& system, const PowersOfTau& powers, int fd,
                       const std::string& name, const Job& job) {
    CODEX_TRY(points, detail::WirePoints::open(system, powers, job));
    detail::CircuitHash hash(points.header());
    CODEX_TRY(out, BinaryWriter::begin(fd, name, "zkey", 1, 10));
    CODEX_CHECK(detail::write_header(out, points.header()));
    CODEX_CHECK(out.begin_section(4));
    CODEX_CHECK(
        detail::coefficient_section(system, [&out](BytesView bytes) { return out.write(bytes); }));
    CODEX_CHECK(out.end_section());
    const std::uint32_t publics = system.public_count() + 1;
    CODEX_CHECK(hashed_section<G1>(out, 3, publics, hash,
                                   [&](const auto& sink) { return points.ic(sink); }));
    CODEX_CHECK(out.begin_section(9));
    CODEX_CHECK(points.h(
        [&out](std::span<const G1> piece) { return out.write(detail::stored<G1>(piece)); }));
    CODEX_CHECK(out.end_section());
    hash.count((std::uint32_t{1} << points.domain_log2()) - 1);
    CODEX_CHECK(points.differences([&hash](std::span<const G1> piece) -> Result<void> {
        hash.add(piece);
        return {};
    }));
    CODEX_CHECK(hashed_section<G1>(out, 8, system.wires - publics, hash,
                                   [&](const auto& sink) { return points.c(sink); }));
    CODEX_CHECK(hashed_section<G1>(out, 5, system.wires, hash,
                                   [&](const auto& sink) { return points.a(sink); }));
    CODEX_CHECK(hashed_section<G1>(out, 6, system.wires, hash,
                                   [&](const auto& sink) { return points.b1(sink); }));
    CODEX_CHECK(hashed_section<G2>(out, 7, system.wires, hash,
                                   [&](const auto& sink) { return points.b2(sink); }));
    CODEX_CHECK(detail::write_section(out, 10, detail::contributions_section(hash.digest(), {})));
    return out.finish();
}

} // namespace

Result<void> setup_from_powers(const R1cs& system, const PowersOfTau& powers, int fd,
                               const std::string& name, const Job& job) {
    return powers.file().if_intact(write_key(system, powers, fd, name, job));
}

} // namespace codex::snark
