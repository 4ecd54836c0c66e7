// codex-testproof: two statements to prove, so that scripts can hold our files and proofs against
// other people's programs; and setup, prove and verify on any files.
//
//   storage R1CS WTNS               the storage-proof circuit for (8, 3, 2, 5, 2) and a witness of
//   it chain R1CS WTNS                 a system of 100 constraints, small enough for every setup
//   setup R1CS ZKEY                 a test key
//   setup-known R1CS ZKEY TAU ALPHA BETA
//                                   the key of these secrets, with 1 for delta
//   prove ZKEY WTNS PROOF PUBLIC    proof.json and public.json
//   vkey ZKEY                       its verification key in JSON, on stdout
//   words PROOF                     the 256 bytes of the Codex contracts, in hex, on stdout
//   calldata PROOF PUBLIC           the arguments of snarkjs's contracts, on stdout
//   verify VKEY PROOF PUBLIC        ends with 1 and the reason when the proof is refused

#include "base/hex.hpp"
#include "crypto/field/text.hpp"
#include "proof/fixture.hpp"
#include "proof/groth16.hpp"
#include "proof/witness_file.hpp"

#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <functional>
#include <map>

namespace codex::test {
namespace {

using crypto::Fr;
using proof::BinaryFile;
using proof::R1cs;

constexpr std::uint64_t kMaxJson = std::uint64_t{1} << 20;

struct Command {
    std::size_t arguments;
    std::function<void(char**)> run;
};

Fd create(const char* path) {
    return must(open_file(path, O_RDWR | O_CREAT | O_TRUNC));
}

std::string text_of(const char* path) {
    const Bytes bytes = must(read_file(path, kMaxJson));
    return {bytes.begin(), bytes.end()};
}

void write_text(const char* path, const std::string& text) {
    const Fd fd = create(path);
    must(write_full(fd.get(), {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                    path));
}

void write_statement(char** paths, const R1cs& system, const std::vector<Fr>& witness) {
    must(system.write(create(paths[0]).get(), paths[0]));
    must(proof::write_witness(create(paths[1]).get(), paths[1], witness));
}

/// Slot 2 of 5 slots of 32 cells of 127 bytes, which are five field elements.
void storage(char** paths) {
    const proof::CircuitParameters parameters = {8, 3, 2, 5, 2};
    FakeDataset data;
    data.slots = 5;
    data.slot_index = 2;
    data.cells = 32;
    data.cell_bytes = 127;
    const std::vector<Fr> witness =
        must(proof::compute_witness(parameters, fake_input(parameters, data)));
    write_statement(paths, must(proof::build_circuit(parameters)), witness);
}

/// w[i + 1] = w[i] * (w[i] + i * y) from w[3] = x on, the last of them public as wire 1; y is the
/// public input, wire 2, and x private.
void chain(char** paths) {
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
    witness[0] = Fr::from_u64(1);
    witness[kY] = Fr::from_u64(7);
    witness[kX] = Fr::from_u64(3);
    for (std::uint32_t i = 0; i < kConstraints; ++i) {
        const std::uint32_t from = kX + i;
        const std::uint32_t to = i + 1 < kConstraints ? from + 1 : kOut;
        const Fr factor = Fr::from_u64(i);
        system.add({{from, witness[0]}}, {{from, witness[0]}, {kY, factor}}, {{to, witness[0]}});
        witness[to] = witness[from] * (witness[from] + factor * witness[kY]);
    }
    write_statement(paths, system, witness);
}

void setup_with(char** paths, const std::optional<proof::SetupSecrets>& secrets) {
    ThreadPool pool;
    const R1cs system = must(R1cs::read(must(BinaryFile::open(paths[0], "r1cs", 1))));
    must(proof::test_setup(system, create(paths[1]).get(), paths[1], &pool, secrets));
}

void setup(char** paths) {
    setup_with(paths, {});
}

void setup_known(char** arguments) {
    std::array<Fr, 3> secrets;
    for (std::size_t i = 0; i < secrets.size(); ++i)
        secrets[i] = must(crypto::field_from_text<Fr>(arguments[2 + i]));
    setup_with(arguments, proof::SetupSecrets{secrets[0], secrets[1], secrets[2], Fr::from_u64(1)});
}

void prove(char** paths) {
    ThreadPool pool;
    const auto key = must(proof::ProvingKey::read(must(BinaryFile::open(paths[0], "zkey", 1))));
    const BinaryFile file = must(BinaryFile::open(paths[1], "wtns", 2));
    const std::span<const Digest> witness = must(proof::witness_words(file));
    write_text(paths[2], proof::proof_to_json(must(proof::prove(key, witness, &pool))));
    std::vector<Fr> inputs;
    for (const Digest& word : witness.subspan(1, key.public_count))
        inputs.push_back(*Fr::from_bytes(word));
    write_text(paths[3], proof::inputs_to_json(inputs));
}

void vkey(char** paths) {
    const auto key = must(proof::ProvingKey::read(must(BinaryFile::open(paths[0], "zkey", 1))));
    std::puts(proof::verifying_key_to_json(key.verifying_key()).c_str());
}

void words(char** paths) {
    const Bytes words =
        proof::proof_to_contract_words(must(proof::proof_from_json(text_of(*paths))));
    std::puts(to_hex(words).c_str());
}

void calldata(char** paths) {
    const auto proof = must(proof::proof_from_json(text_of(paths[0])));
    const auto inputs = must(proof::inputs_from_json(text_of(paths[1])));
    std::puts(proof::proof_to_snarkjs_calldata(proof, inputs).c_str());
}

void verify(char** paths) {
    const auto key = must(proof::verifying_key_from_json(text_of(paths[0])));
    const auto proof = must(proof::proof_from_json(text_of(paths[1])));
    const auto inputs = must(proof::inputs_from_json(text_of(paths[2])));
    must(proof::verify(key, inputs, proof));
}

const std::map<std::string_view, Command> kCommands = {
    {"storage", {2, storage}}, {"chain", {2, chain}},
    {"setup", {2, setup}},     {"setup-known", {5, setup_known}},
    {"prove", {4, prove}},     {"vkey", {1, vkey}},
    {"words", {1, words}},     {"calldata", {2, calldata}},
    {"verify", {3, verify}},
};

} // namespace
} // namespace codex::test

int main(int argc, char** argv) {
    const auto& commands = codex::test::kCommands;
    const auto command = argc > 1 ? commands.find(argv[1]) : commands.end();
    if (command == commands.end() ||
        static_cast<std::size_t>(argc) != command->second.arguments + 2) {
        std::fputs("usage: codex-testproof "
                   "storage|chain|setup|setup-known|prove|vkey|words|calldata|verify "
                   "ARGUMENT...\n",
                   stderr);
        return 64;
    }
    try {
        command->second.run(argv + 2);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "codex-testproof: %s\n", error.what());
        return 1;
    }
    return 0;
}
