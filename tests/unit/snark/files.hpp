// Files of the iden3 formats in tests: written to memory, and read from bytes of vectors.
#pragma once

#include "base/fd.hpp"
#include "must.hpp"
#include "snark/groth16.hpp"
#include "vectors.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace codex::test {

/// The bytes of a file that `write` fills.
template <class Write> Bytes written(Write write) {
    const Fd fd(::memfd_create("file", 0));
    must(write(fd.get()));
    Bytes bytes(static_cast<std::size_t>(::lseek(fd.get(), 0, SEEK_END)));
    if (must(pread_full(fd.get(), bytes, 0, "file")) != bytes.size())
        throw std::runtime_error("the file ends early");
    return bytes;
}

inline snark::R1cs system_from(Bytes bytes) {
    return must(snark::R1cs::read(must(snark::BinaryFile::parse(std::move(bytes), "r1cs", 1))));
}

inline snark::ProvingKey key_from(Bytes bytes) {
    return must(
        snark::ProvingKey::read(must(snark::BinaryFile::parse(std::move(bytes), "zkey", 1))));
}

/// The circuit whose files are in proofs.json.
inline snark::R1cs tiny_system() {
    return system_from(unhex(proofs().at("groth16_tiny").at("r1cs_hex")));
}

} // namespace codex::test
