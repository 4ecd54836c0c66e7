// Known answers about contracts, for the floors that have to do with them.
#pragma once

#include "vectors.hpp"

namespace codex::test {

/// marketplace.json, parsed once.
[[nodiscard]] inline const Json& marketplace() {
    static const Json vectors = load_vectors("marketplace.json");
    return vectors;
}

} // namespace codex::test
