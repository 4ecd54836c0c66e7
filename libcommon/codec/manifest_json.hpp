// A manifest as JSON, with the names of the REST interface (codex-manifest(5), JSON).
#pragma once

#include "codec/manifest.hpp"

namespace codex::codec {

/// {"treeCid":...,"datasetSize":...,"blockSize":...,"filename":...|null,"mimetype":...|null,
/// "protected":false}; a protected manifest adds "verifiable", and, beyond the reference, "ecK",
/// "ecM", "originalTreeCid" and "originalDatasetSize". As in the reference, datasetSize of a
/// protected manifest counts data and parity.
[[nodiscard]] std::string manifest_json(const Manifest& manifest);

} // namespace codex::codec
