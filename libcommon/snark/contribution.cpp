#include "snark/contribution.hpp"

#include "base/printable.hpp"
#include "snark/detail/contribution_format.hpp"

#include <algorithm>

namespace codex::snark {

using crypto::Limbs;

namespace {

constexpr std::uint8_t kName = 1;
constexpr std::uint8_t kIterations = 2;
constexpr std::uint8_t kBeaconRecord = 3;
/// UTF-16 units that snarkjs keeps of a name.
constexpr std::size_t kMaxNameUnits = 64;

void append_u32(Bytes& to, std::uint32_t value) {
    std::array<std::uint8_t, 4> bytes;
    store_le(bytes.data(), value);
    append(to, bytes);
}

/// Coordinates in Montgomery form.
void append_stored(Bytes& to, const Fq& value) {
    for (const std::uint64_t limb : value.montgomery()) {
        std::array<std::uint8_t, 8> bytes;
        store_le(bytes.data(), limb);
        append(to, bytes);
    }
}
void append_stored(Bytes& to, const G1& point) {
    append_stored(to, point.x);
    append_stored(to, point.y);
}
void append_stored(Bytes& to, const G2& point) {
    for (const Fq& value : {point.x.c0, point.x.c1, point.y.c0, point.y.c1})
        append_stored(to, value);
}

void append_uncompressed(Bytes& to, const Fq& value) {
    Digest bytes = value.to_bytes();
    std::ranges::reverse(bytes);
    append(to, bytes);
}

Bytes parameters_of(const ContributionLabel& label) {
    Bytes bytes;
    if (!label.name.empty()) {
        bytes.push_back(kName);
        bytes.push_back(static_cast<std::uint8_t>(label.name.size()));
        append(bytes, as_bytes(label.name));
    }
    if (label.type == 1) {
        bytes.push_back(kIterations);
        bytes.push_back(label.beacon_iterations_log2);
        bytes.push_back(kBeaconRecord);
        bytes.push_back(static_cast<std::uint8_t>(label.beacon.size()));
        append(bytes, label.beacon);
    }
    return bytes;
}

} // namespace

crypto::Blake2bDigest contribution_hash(const Contribution& contribution) {
    return crypto::blake2b(detail::public_part(contribution));
}

Result<void> check_contribution_name(std::string_view name) {
    std::size_t units = 0;
    for (std::string_view rest = name; !rest.empty();) {
        const Utf8Unit unit = utf8_front(rest);
        if (!unit.well_formed)
            return fail(Errc::argument_invalid, "the name is not UTF-8");
        units += unit.code_point > 0xFFFF ? 2 : 1;
        rest.remove_prefix(unit.bytes);
    }
    if (units > kMaxNameUnits)
        return fail(Errc::argument_invalid, "the name has {} characters, {} are kept", units,
                    kMaxNameUnits);
    return {};
}

namespace detail {

void append_uncompressed(Bytes& to, const G1& point) {
    snark::append_uncompressed(to, point.x);
    snark::append_uncompressed(to, point.y);
}

void append_uncompressed(Bytes& to, const G2& point) {
    for (const Fq& value : {point.x.c1, point.x.c0, point.y.c1, point.y.c0})
        snark::append_uncompressed(to, value);
}

Bytes public_part(const Contribution& contribution) {
    Bytes bytes;
    append_uncompressed(bytes, contribution.delta_after);
    append_uncompressed(bytes, contribution.g1_s);
    append_uncompressed(bytes, contribution.g1_sx);
    append_uncompressed(bytes, contribution.g2_spx);
    append(bytes, contribution.transcript);
    return bytes;
}

Result<ContributionLabel> read_label(BoundedReader& in) {
    ContributionLabel label;
    CODEX_SET(label.type, in.u32());
    CODEX_TRY(size, in.u32());
    const std::size_t begin = in.at();
    CODEX_TRY(bytes, in.take(size));
    BoundedReader parameters(bytes, fmt::format("parameters at offset {}", begin));
    std::uint8_t last = 0;
    while (parameters.left() > 0) {
        CODEX_TRY(kind, parameters.u8());
        if (kind <= last || kind > kBeaconRecord)
            return fail(Errc::malformed, "contribution parameter {} after {} at offset {}", kind,
                        last, begin + parameters.at() - 1);
        last = kind;
        CODEX_TRY(length, parameters.u8());
        if (kind == kIterations) {
            label.beacon_iterations_log2 = length; // the value itself
            continue;
        }
        CODEX_TRY(value, parameters.take(length));
        if (kind == kName)
            label.name = as_text(value);
        else
            label.beacon.assign(value.begin(), value.end());
    }
    return label;
}

Result<Contribution> read_contribution(BoundedReader& in) {
    Contribution one;
    CODEX_TRY(delta_after, in.g1());
    CODEX_TRY(g1_s, in.g1());
    CODEX_TRY(g1_sx, in.g1());
    CODEX_TRY(g2_spx, in.g2());
    CODEX_TRY(transcript, in.take(one.transcript.size()));
    one.delta_after = delta_after;
    one.g1_s = g1_s;
    one.g1_sx = g1_sx;
    one.g2_spx = g2_spx;
    std::memcpy(one.transcript.data(), transcript.data(), one.transcript.size());
    CODEX_SET(one.label, read_label(in));
    return one;
}

Bytes contributions_section(const crypto::Blake2bDigest& circuit_hash,
                            std::span<const Contribution> contributions) {
    Bytes bytes;
    append(bytes, circuit_hash);
    append_u32(bytes, static_cast<std::uint32_t>(contributions.size()));
    for (const Contribution& one : contributions) {
        append_stored(bytes, one.delta_after);
        append_stored(bytes, one.g1_s);
        append_stored(bytes, one.g1_sx);
        append_stored(bytes, one.g2_spx);
        append(bytes, one.transcript);
        append_u32(bytes, one.label.type);
        const Bytes parameters = parameters_of(one.label);
        append_u32(bytes, static_cast<std::uint32_t>(parameters.size()));
        append(bytes, parameters);
    }
    return bytes;
}

} // namespace detail
} // namespace codex::snark
