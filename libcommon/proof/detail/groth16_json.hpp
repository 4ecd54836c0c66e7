// Proofs and public inputs inside a document that is parsed already. A parsed document from outside
// is never copied or written out again: nlohmann does both by recursion, as deep as the document
// is. That rules out ordered_json for reading: its objects copy their members when they grow.
#pragma once

#include "proof/groth16.hpp"

#include <nlohmann/json.hpp>

namespace codex::proof::detail {

using Json = nlohmann::json;

/// All of `text` as one document. Errors: json_invalid naming `what`.
[[nodiscard]] Result<Json> parse_json(std::string_view text, std::string_view what);

/// As proof_from_json(). Errors: malformed.
[[nodiscard]] Result<Groth16Proof> proof_of(const Json& json);
/// As inputs_from_json(). Errors: malformed.
[[nodiscard]] Result<std::vector<Fr>> inputs_of(const Json& json);

} // namespace codex::proof::detail
