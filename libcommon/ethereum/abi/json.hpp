// Values as JSON text, for people and programs (codex-market(7), VALUES IN JSON).
#pragma once

#include "base/json_writer.hpp"
#include "ethereum/abi/value.hpp"

namespace codex::ethereum::abi {

/// A number as a string of its digits, a boolean, 0x and hexadecimal digits of addresses, words
/// and bytes, a string, an array; a tuple as an object where all its members have names, else as an
/// array. Bytes of a string that are no UTF-8 become U+FFFD.
void write_value(JsonWriter& json, const Type& type, const Value& value);
/// Of several: as a tuple.
void write_values(JsonWriter& json, const std::vector<Type>& types, const Value::List& values);

/// What write_values() writes, or values in their order in an array; numbers also as such. Each has
/// to fit its type, and nothing else may be there. Errors: json_invalid; malformed,
/// amount_invalid, address_invalid, hex_invalid, which name the member.
[[nodiscard]] Result<Value::List> values_from_json(const std::vector<Type>& types,
                                                   std::string_view json);

} // namespace codex::ethereum::abi
