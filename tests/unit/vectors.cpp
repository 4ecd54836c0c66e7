#include "vectors.hpp"

namespace codex::test {

Json load_vectors(const std::string& name) {
    std::ifstream file(std::string(CODEX_TEST_VECTORS) + "/" + name);
    if (!file)
        throw std::runtime_error("cannot open test vectors " + name);
    return Json::parse(file);
}

const Json& data_model() {
    static const Json vectors = load_vectors("data-model.json");
    return vectors;
}

const Json& proofs() {
    static const Json vectors = load_vectors("proofs.json");
    return vectors;
}

Bytes unhex(std::string_view text) {
    auto bytes = from_hex(text);
    if (!bytes)
        throw std::runtime_error("bad hex in a test vector: " + bytes.error().text());
    return std::move(*bytes);
}

Bytes random_bytes(std::mt19937_64& random, std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

} // namespace codex::test
