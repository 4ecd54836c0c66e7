// codex-testproof: what scripts need to hold codex-prove against other people's programs, and
// codex-prove does not offer.
//
//   chain R1CS WTNS [N]                     a system of N (100) constraints, small enough for every
//                                           setup, and a witness of it
//   setup-known R1CS ZKEY TAU ALPHA BETA [DELTA]
//                                           the key of these secrets, with 1 for delta
//   powers POWER PTAU TAU ALPHA BETA        a phase-1 file for 2^POWER constraints of these
//   secrets,
//                                           prepared for the second phase

#include "base/thread_pool.hpp"
#include "crypto/field/text.hpp"
#include "crypto/msm/msm.hpp"
#include "crypto/ntt/ntt.hpp"
#include "snark/groth16.hpp"
#include "snark/setup.hpp"
#include "snark/witness_file.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>

namespace codex::snark {
namespace {

/// w[i + 1] = w[i] * (w[i] + i * y) from w[3] = x on, the last of them public as wire 1; y is the
/// public input, wire 2, and x private.
Result<void> chain(char** paths, std::uint32_t constraints) {
    constexpr std::uint32_t kOut = 1;
    constexpr std::uint32_t kY = 2;
    constexpr std::uint32_t kX = 3;
    R1cs system;
    system.wires = kX + constraints;
    system.public_outputs = 1;
    system.public_inputs = 1;
    system.private_inputs = 1;
    system.labels = system.wires;
    for (std::uint32_t wire = 0; wire < system.wires; ++wire)
        system.wire_labels.push_back(wire);
    std::vector<Fr> witness(system.wires);
    witness[0] = Fr::one();
    witness[kY] = Fr::from_u64(7);
    witness[kX] = Fr::from_u64(3);
    for (std::uint32_t i = 0; i < constraints; ++i) {
        const std::uint32_t from = kX + i;
        const std::uint32_t to = i + 1 < constraints ? from + 1 : kOut;
        const Fr factor = Fr::from_u64(i);
        system.add({{from, Fr::one()}}, {{from, Fr::one()}, {kY, factor}}, {{to, Fr::one()}});
        witness[to] = witness[from] * (witness[from] + factor * witness[kY]);
    }
    CODEX_TRY(r1cs, open_file(paths[0], O_RDWR | O_CREAT | O_TRUNC));
    CODEX_CHECK(system.write(r1cs.get(), paths[0]));
    CODEX_TRY(wtns, open_file(paths[1], O_RDWR | O_CREAT | O_TRUNC));
    return write_witness(wtns.get(), paths[1], witness);
}

Result<void> setup_known(char** arguments, const char* delta_text) {
    CODEX_TRY(file, BinaryFile::open(arguments[0], "r1cs", 1));
    CODEX_TRY(system, R1cs::read(file));
    CODEX_TRY(zkey, open_file(arguments[1], O_RDWR | O_CREAT | O_TRUNC));
    CODEX_TRY(tau, crypto::field_from_text<Fr>(arguments[2]));
    CODEX_TRY(alpha, crypto::field_from_text<Fr>(arguments[3]));
    CODEX_TRY(beta, crypto::field_from_text<Fr>(arguments[4]));
    CODEX_TRY(delta, crypto::field_from_text<Fr>(delta_text));
    ThreadPool pool;
    return test_setup(system, zkey.get(), arguments[1], pool,
                      SetupSecrets{tau, alpha, beta, delta});
}

template <class Point> BytesView stored(const std::vector<Point>& points) {
    return {reinterpret_cast<const std::uint8_t*>(points.data()), points.size() * sizeof(Point)};
}

/// Writes phase-1 files from what nobody may know of one in use.
class Powers {
public:
    Powers(BinaryWriter& out, unsigned power, const Fr& tau, const Fr& alpha, const Fr& beta)
        : out_(out), power_(power), tau_(tau), alpha_(alpha), beta_(beta) {}

    Result<void> write() {
        const std::size_t size = std::size_t{1} << power_;
        CODEX_CHECK(header());
        CODEX_CHECK(section(2, g1(powers(2 * size - 1, Fr::one()))));
        CODEX_CHECK(section(3, g2(powers(size, Fr::one()))));
        CODEX_CHECK(section(4, g1(powers(size, alpha_))));
        CODEX_CHECK(section(5, g1(powers(size, beta_))));
        CODEX_CHECK(section(6, g2({beta_})));
        CODEX_CHECK(out_.begin_section(7));
        CODEX_CHECK(out_.write_u32(0));
        CODEX_CHECK(out_.end_section());
        CODEX_CHECK(section(12, g1(lagrange(Fr::one(), power_ + 1))));
        CODEX_CHECK(section(13, g2(lagrange(Fr::one(), power_))));
        CODEX_CHECK(section(14, g1(lagrange(alpha_, power_))));
        CODEX_CHECK(section(15, g1(lagrange(beta_, power_))));
        return out_.finish();
    }

private:
    Result<void> header() {
        CODEX_CHECK(out_.begin_section(1));
        CODEX_CHECK(out_.write_u32(32));
        for (const std::uint64_t limb : crypto::FqParams::kModulus)
            CODEX_CHECK(out_.write_u64(limb));
        CODEX_CHECK(out_.write_u32(power_));
        CODEX_CHECK(out_.write_u32(power_));
        return out_.end_section();
    }

    template <class Point> Result<void> section(std::uint32_t type, std::vector<Point> points) {
        CODEX_CHECK(out_.begin_section(type));
        CODEX_CHECK(out_.write(stored(points)));
        return out_.end_section();
    }

    std::vector<G1> g1(const std::vector<Fr>& scalars) {
        return crypto::multiples_g1(crypto::g1_generator(), scalars, pool_);
    }
    std::vector<G2> g2(const std::vector<Fr>& scalars) {
        return crypto::multiples_g2(crypto::g2_generator(), scalars, pool_);
    }

    [[nodiscard]] std::vector<Fr> powers(std::size_t count, Fr factor) const {
        std::vector<Fr> result(count);
        for (Fr& value : result) {
            value = factor;
            factor *= tau_;
        }
        return result;
    }

    /// Of the domains of 1, 2, 4 ... 2^most, without a power that section 2 has not.
    [[nodiscard]] std::vector<Fr> lagrange(const Fr& factor, unsigned most) const {
        std::vector<Fr> result;
        for (unsigned log2 = 0; log2 <= most; ++log2) {
            std::vector<Fr> values = powers(std::size_t{1} << log2, factor);
            if (log2 > power_)
                values.back() = Fr::zero();
            crypto::inverse_ntt(values);
            result.insert(result.end(), values.begin(), values.end());
        }
        return result;
    }

    BinaryWriter& out_;
    unsigned power_;
    Fr tau_, alpha_, beta_;
    ThreadPool pool_;
};

Result<void> powers(char** arguments) {
    CODEX_TRY(file, open_file(arguments[1], O_RDWR | O_CREAT | O_TRUNC));
    CODEX_TRY(tau, crypto::field_from_text<Fr>(arguments[2]));
    CODEX_TRY(alpha, crypto::field_from_text<Fr>(arguments[3]));
    CODEX_TRY(beta, crypto::field_from_text<Fr>(arguments[4]));
    CODEX_TRY(out, BinaryWriter::begin(file.get(), arguments[1], "ptau", 1, 11));
    const auto power = static_cast<unsigned>(std::strtoul(arguments[0], nullptr, 10));
    return Powers(out, power, tau, alpha, beta).write();
}

} // namespace
} // namespace codex::snark

int main(int argc, char** argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    codex::Result<void> result;
    if (command == "chain" && (argc == 4 || argc == 5)) {
        const unsigned long count = argc == 5 ? std::strtoul(argv[4], nullptr, 10) : 100;
        result = codex::snark::chain(argv + 2, static_cast<std::uint32_t>(count));
    } else if (command == "setup-known" && (argc == 7 || argc == 8)) {
        result = codex::snark::setup_known(argv + 2, argc == 8 ? argv[7] : "1");
    } else if (command == "powers" && argc == 7) {
        result = codex::snark::powers(argv + 2);
    } else {
        std::fputs("usage: codex-testproof chain R1CS WTNS [N]\n"
                   "       codex-testproof setup-known R1CS ZKEY TAU ALPHA BETA [DELTA]\n"
                   "       codex-testproof powers POWER PTAU TAU ALPHA BETA\n",
                   stderr);
        return 64;
    }
    if (!result) {
        std::fprintf(stderr, "codex-testproof: %s\n", result.error().text().c_str());
        return 1;
    }
    return 0;
}
