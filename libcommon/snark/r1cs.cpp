#include "snark/r1cs.hpp"

#include "base/endian.hpp"
#include "snark/detail/modulus.hpp"

#include <algorithm>

namespace codex::snark {

namespace {

constexpr std::uint32_t kHeader = 1;
constexpr std::uint32_t kConstraints = 2;
constexpr std::uint32_t kLabels = 3;
constexpr std::size_t kR1csHeaderBytes = 64;
constexpr std::size_t kTermBytes = 36;

} // namespace

void normalise(std::vector<Term>& terms) {
    std::sort(terms.begin(), terms.end(),
              [](const Term& a, const Term& b) { return a.wire < b.wire; });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < terms.size();) {
        Term sum = terms[i++];
        while (i < terms.size() && terms[i].wire == sum.wire)
            sum.coefficient += terms[i++].coefficient;
        if (!sum.coefficient.is_zero())
            terms[kept++] = sum;
    }
    terms.resize(kept);
}

namespace {

/// Reads integers off a section and remembers where it is.
class SectionReader {
public:
    explicit SectionReader(BytesView bytes) : bytes_(bytes) {}
    [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
    [[nodiscard]] std::size_t at() const { return at_; }
    std::uint32_t u32() {
        const auto value = load_le<std::uint32_t>(bytes_.data() + at_);
        at_ += 4;
        return value;
    }
    std::uint64_t u64() {
        const auto value = load_le<std::uint64_t>(bytes_.data() + at_);
        at_ += 8;
        return value;
    }
    std::span<const std::uint8_t, 32> word() {
        const auto value = bytes_.subspan(at_).first<32>();
        at_ += 32;
        return value;
    }

private:
    BytesView bytes_;
    std::size_t at_ = 0;
};

Result<std::vector<Term>> read_terms(SectionReader& in, std::uint32_t wires) {
    if (in.left() < 4)
        return fail(Errc::malformed, "r1cs: constraints end at offset {}", in.at());
    const std::uint32_t count = in.u32();
    if (in.left() / kTermBytes < count)
        return fail(Errc::malformed, "r1cs: {} terms at offset {} do not fit the section", count,
                    in.at());
    std::vector<Term> terms(count);
    for (Term& term : terms) {
        const std::size_t at = in.at();
        term.wire = in.u32();
        const auto value = Fr::from_bytes(in.word());
        if (term.wire >= wires)
            return fail(Errc::malformed, "r1cs: wire {} at offset {} is not below {}", term.wire,
                        at, wires);
        if (!value)
            return fail(Errc::malformed, "r1cs: coefficient at offset {} is not reduced", at + 4);
        term.coefficient = *value;
    }
    return terms;
}

} // namespace

std::span<const Term> R1cs::terms(std::size_t constraint, unsigned side) const {
    const std::size_t slot = 3 * constraint + side;
    const std::uint64_t begin = slot == 0 ? 0 : ends_[slot - 1];
    return std::span(terms_).subspan(begin, ends_[slot] - begin);
}

void R1cs::add(std::vector<Term> a, std::vector<Term> b, std::vector<Term> c) {
    for (std::vector<Term>* side : {&a, &b, &c}) {
        normalise(*side);
        add_side(*side);
    }
}

void R1cs::add_side(std::span<const Term> terms) {
    terms_.insert(terms_.end(), terms.begin(), terms.end());
    ends_.push_back(terms_.size());
}

void R1cs::reserve(std::size_t constraints, std::size_t terms) {
    ends_.reserve(3 * constraints);
    terms_.reserve(terms);
}

Result<R1cs> R1cs::read(const BinaryFile& file) {
    return file.if_intact(read_sections(file));
}

Result<R1cs> R1cs::read_sections(const BinaryFile& file) {
    CODEX_TRY(header, file.section(kHeader));
    if (header.size() != kR1csHeaderBytes)
        return fail(Errc::malformed, "{}: header is {} bytes, not {}", file.name(), header.size(),
                    kR1csHeaderBytes);
    SectionReader in(header);
    if (in.u32() != 32 || !equal(in.word(), detail::modulus_bytes<crypto::FrParams>()))
        return fail(Errc::malformed, "{}: not over the scalar field of BN254", file.name());
    R1cs system;
    system.wires = in.u32();
    system.public_outputs = in.u32();
    system.public_inputs = in.u32();
    system.private_inputs = in.u32();
    system.labels = in.u64();
    const std::uint32_t constraints = in.u32();
    const std::uint64_t inputs =
        std::uint64_t{1} + system.public_outputs + system.public_inputs + system.private_inputs;
    if (inputs > system.wires)
        return fail(Errc::malformed, "{}: {} wires cannot hold {} inputs and outputs", file.name(),
                    system.wires, inputs - 1);
    CODEX_TRY(body, file.section(kConstraints));
    if (body.size() / 12 < constraints)
        return fail(Errc::malformed, "{}: {} constraints do not fit {} bytes", file.name(),
                    constraints, body.size());
    SectionReader rows(body);
    system.reserve(constraints, body.size() / kTermBytes);
    for (std::uint32_t i = 0; i < constraints; ++i) {
        for (unsigned side = 0; side < 3; ++side) {
            CODEX_TRY(terms, read_terms(rows, system.wires));
            system.add_side(terms);
        }
    }
    if (rows.left() != 0)
        return fail(Errc::malformed, "{}: {} bytes behind the last constraint", file.name(),
                    rows.left());
    if (file.has(kLabels)) {
        CODEX_TRY(labels, file.section(kLabels));
        if (labels.size() != std::size_t{8} * system.wires)
            return fail(Errc::malformed, "{}: the label map is {} bytes for {} wires", file.name(),
                        labels.size(), system.wires);
        SectionReader map(labels);
        system.wire_labels.resize(system.wires);
        for (std::uint64_t& label : system.wire_labels)
            label = map.u64();
    } else if (system.wires - 1 > system.terms_.size()) {
        // Some writers omit the labels; then nothing else in the file bounds what wires will cost.
        return fail(Errc::malformed, "{}: {} wires, but only {} terms and no labels", file.name(),
                    system.wires, system.terms_.size());
    }
    return system;
}

Result<void> R1cs::write(int fd, const std::string& name) const {
    CODEX_TRY(out, BinaryWriter::begin(fd, name, "r1cs", 1, 3));
    CODEX_CHECK(out.begin_section(kHeader));
    CODEX_CHECK(out.write_u32(32));
    CODEX_CHECK(out.write(detail::modulus_bytes<crypto::FrParams>()));
    for (const std::uint32_t value : {wires, public_outputs, public_inputs, private_inputs})
        CODEX_CHECK(out.write_u32(value));
    CODEX_CHECK(out.write_u64(labels));
    CODEX_CHECK(out.write_u32(static_cast<std::uint32_t>(constraint_count())));
    CODEX_CHECK(out.end_section());
    CODEX_CHECK(out.begin_section(kConstraints));
    for (std::size_t i = 0; i < constraint_count(); ++i)
        for (unsigned side = 0; side < 3; ++side) {
            const std::span<const Term> list = terms(i, side);
            CODEX_CHECK(out.write_u32(static_cast<std::uint32_t>(list.size())));
            for (const Term& term : list) {
                CODEX_CHECK(out.write_u32(term.wire));
                CODEX_CHECK(out.write(term.coefficient.to_bytes()));
            }
        }
    CODEX_CHECK(out.end_section());
    CODEX_CHECK(out.begin_section(kLabels));
    for (const std::uint64_t label : wire_labels)
        CODEX_CHECK(out.write_u64(label));
    CODEX_CHECK(out.end_section());
    return out.finish();
}

std::optional<std::size_t> first_broken(const R1cs& system, std::span<const Fr> witness) {
    CODEX_ASSERT(witness.size() == system.wires);
    const auto evaluate = [&witness](std::span<const Term> terms) {
        Fr sum;
        for (const Term& term : terms)
            sum += term.coefficient * witness[term.wire];
        return sum;
    };
    for (std::size_t i = 0; i < system.constraint_count(); ++i)
        if (evaluate(system.terms(i, 0)) * evaluate(system.terms(i, 1)) !=
            evaluate(system.terms(i, 2)))
            return i;
    return std::nullopt;
}

} // namespace codex::snark
