#include "snark/witness_file.hpp"

#include "base/endian.hpp"
#include "snark/detail/modulus.hpp"

namespace codex::snark {

using crypto::Fr;

namespace {

constexpr std::size_t kWitnessHeaderBytes = 40;

bool is_reduced(const Digest& word) {
    crypto::Limbs limbs;
    for (std::size_t i = 0; i < 4; ++i)
        limbs[i] = load_le<std::uint64_t>(word.data() + 8 * i);
    return Fr::below_modulus(limbs);
}

Result<std::span<const Digest>> checked_words(const BinaryFile& file) {
    CODEX_TRY(header, file.section(1));
    if (header.size() != kWitnessHeaderBytes || load_le<std::uint32_t>(header.data()) != 32 ||
        !equal(header.subspan(4, 32), detail::modulus_bytes<crypto::FrParams>()))
        return fail(Errc::malformed, "{}: not a witness over the scalar field of BN254",
                    file.name());
    const auto count = load_le<std::uint32_t>(header.data() + 36);
    CODEX_TRY(body, file.section(2));
    if (body.size() != std::size_t{32} * count || count == 0)
        return fail(Errc::malformed, "{}: {} bytes for {} wires", file.name(), body.size(), count);
    const std::span words(reinterpret_cast<const Digest*>(body.data()), count);
    for (std::size_t i = 0; i < words.size(); ++i)
        if (!is_reduced(words[i]))
            return fail(Errc::malformed, "{}: wire {} is not below the modulus", file.name(), i);
    if (words[0] != Fr::one().to_bytes())
        return fail(Errc::malformed, "{}: wire 0 is not 1", file.name());
    return words;
}

} // namespace

Result<std::span<const Digest>> witness_words(const BinaryFile& file) {
    return file.if_intact(checked_words(file));
}

Result<void> write_witness(int fd, const std::string& name, std::span<const Fr> witness) {
    CODEX_TRY(out, BinaryWriter::begin(fd, name, "wtns", 2, 2));
    CODEX_CHECK(out.begin_section(1));
    CODEX_CHECK(out.write_u32(32));
    CODEX_CHECK(out.write(detail::modulus_bytes<crypto::FrParams>()));
    CODEX_CHECK(out.write_u32(static_cast<std::uint32_t>(witness.size())));
    CODEX_CHECK(out.end_section());
    CODEX_CHECK(out.begin_section(2));
    for (const Fr& value : witness)
        CODEX_CHECK(out.write(value.to_bytes()));
    CODEX_CHECK(out.end_section());
    return out.finish();
}

} // namespace codex::snark
