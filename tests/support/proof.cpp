// codex-testproof: what scripts need to hold codex-prove against other people's programs, and
// codex-prove does not offer.
//
//   chain R1CS WTNS                         a system of 100 constraints, small enough for every
//                                           setup, and a witness of it
//   setup-known R1CS ZKEY TAU ALPHA BETA    the key of these secrets, with 1 for delta

#include "crypto/field/text.hpp"
#include "proof/groth16.hpp"
#include "proof/witness_file.hpp"

#include <cstdio>
#include <fcntl.h>

namespace codex::proof {
namespace {

/// w[i + 1] = w[i] * (w[i] + i * y) from w[3] = x on, the last of them public as wire 1; y is the
/// public input, wire 2, and x private.
Result<void> chain(char** paths) {
    constexpr std::uint32_t kConstraints = 100;
    constexpr std::uint32_t kOut = 1;
    constexpr std::uint32_t kY = 2;
    constexpr std::uint32_t kX = 3;
    R1cs system;
    system.wires = kX + kConstraints;
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
    for (std::uint32_t i = 0; i < kConstraints; ++i) {
        const std::uint32_t from = kX + i;
        const std::uint32_t to = i + 1 < kConstraints ? from + 1 : kOut;
        const Fr factor = Fr::from_u64(i);
        system.add({{from, Fr::one()}}, {{from, Fr::one()}, {kY, factor}}, {{to, Fr::one()}});
        witness[to] = witness[from] * (witness[from] + factor * witness[kY]);
    }
    CODEX_TRY(r1cs, open_file(paths[0], O_RDWR | O_CREAT | O_TRUNC));
    CODEX_CHECK(system.write(r1cs.get(), paths[0]));
    CODEX_TRY(wtns, open_file(paths[1], O_RDWR | O_CREAT | O_TRUNC));
    return write_witness(wtns.get(), paths[1], witness);
}

Result<void> setup_known(char** arguments) {
    CODEX_TRY(file, BinaryFile::open(arguments[0], "r1cs", 1));
    CODEX_TRY(system, R1cs::read(file));
    CODEX_TRY(zkey, open_file(arguments[1], O_RDWR | O_CREAT | O_TRUNC));
    CODEX_TRY(tau, crypto::field_from_text<Fr>(arguments[2]));
    CODEX_TRY(alpha, crypto::field_from_text<Fr>(arguments[3]));
    CODEX_TRY(beta, crypto::field_from_text<Fr>(arguments[4]));
    ThreadPool pool;
    return test_setup(system, zkey.get(), arguments[1], &pool,
                      SetupSecrets{tau, alpha, beta, Fr::one()});
}

} // namespace
} // namespace codex::proof

int main(int argc, char** argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    codex::Result<void> result;
    if (command == "chain" && argc == 4) {
        result = codex::proof::chain(argv + 2);
    } else if (command == "setup-known" && argc == 7) {
        result = codex::proof::setup_known(argv + 2);
    } else {
        std::fputs("usage: codex-testproof chain R1CS WTNS\n"
                   "       codex-testproof setup-known R1CS ZKEY TAU ALPHA BETA\n",
                   stderr);
        return 64;
    }
    if (!result) {
        std::fprintf(stderr, "codex-testproof: %s\n", result.error().text().c_str());
        return 1;
    }
    return 0;
}
