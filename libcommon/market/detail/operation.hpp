// The JSON of a run: what stands in operations, and what answers have in common.
#pragma once

#include "base/json_writer.hpp"
#include "market/contract/contracts.hpp"

#include <nlohmann/json.hpp>

namespace codex::market::detail {

/// An operation, whatever it says; at most 1 MiB, and no deeper than any is. Errors: json_invalid,
/// limit_exceeded.
[[nodiscard]] Result<nlohmann::json> operation_from_json(std::string_view text);

// Members. Errors: malformed, naming it.
[[nodiscard]] Result<std::uint64_t> number_of(const nlohmann::json& json, const char* name);
[[nodiscard]] Result<std::string> text_of(const nlohmann::json& json, const char* name);

// Into the object that is an answer.
void write_id(JsonWriter& answer, const nlohmann::json& operation);
void write_block(JsonWriter& answer, std::uint64_t block, std::uint64_t time);
void write_refusal(JsonWriter& answer, BytesView revert_data);

} // namespace codex::market::detail
