// Known answers from tests/vectors, the only place where the tests see a JSON library.
#pragma once

#include "base/bytes.hpp"
#include "base/hex.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>

namespace codex::test {

using Json = nlohmann::json;

/// The parsed file `name` of tests/vectors; throws (and so fails the test) when it is not there.
inline Json load_vectors(const std::string& name) {
    std::ifstream file(std::string(CODEX_TEST_VECTORS) + "/" + name);
    if (!file)
        throw std::runtime_error("cannot open test vectors " + name);
    return Json::parse(file);
}

/// data-model.json, parsed once.
inline const Json& data_model() {
    static const Json vectors = load_vectors("data-model.json");
    return vectors;
}

/// The bytes of a hex string in a vector; throws when it is not hex.
inline Bytes unhex(const Json& text) {
    auto bytes = from_hex(text.get<std::string>());
    if (!bytes)
        throw std::runtime_error("bad hex in a test vector: " + bytes.error().text());
    return std::move(*bytes);
}

/// `size` random bytes, the same in each run for the same generator state.
inline Bytes random_bytes(std::mt19937_64& random, std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

} // namespace codex::test
