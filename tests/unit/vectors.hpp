// Known answers from tests/vectors, the only place where the tests see a JSON library. Reading is
// compiled once, for all test programs.
#pragma once

#include "base/bytes.hpp"
#include "base/hex.hpp"

#include <concepts>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>

namespace codex::test {

using Json = nlohmann::json;

/// The parsed file `name` of tests/vectors; throws (and so fails the test) when it is not there.
[[nodiscard]] Json load_vectors(const std::string& name);

/// data-model.json, parsed once.
[[nodiscard]] const Json& data_model();

/// proofs.json, parsed once.
[[nodiscard]] const Json& proofs();

/// The bytes of a hex string; throws when it is not hex.
[[nodiscard]] Bytes unhex(std::string_view text);
/// Of one in a vector.
[[nodiscard]] inline Bytes unhex(const std::same_as<Json> auto& text) {
    return unhex(text.template get_ref<const std::string&>());
}

/// `size` random bytes, the same in each run for the same generator state.
[[nodiscard]] Bytes random_bytes(std::mt19937_64& random, std::size_t size);

} // namespace codex::test
