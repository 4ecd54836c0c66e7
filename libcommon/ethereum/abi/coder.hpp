// Values as bytes, for contracts and from them (codex-market(7), ENCODING).
#pragma once

#include "ethereum/abi/value.hpp"

namespace codex::ethereum::abi {

/// Of as many values as types, each fitting its own. What is returned is the one form that each
/// value has: no gaps, each part behind the one before.
[[nodiscard]] Bytes encode(const std::vector<Type>& types, const Value::List& values);

/// Why bytes are no values: what a contract does then depends on it.
enum class DecodeFault : std::uint8_t {
    malformed, ///< cut off, pointing outside, or a value beyond its type: it reverts without data
    too_large, ///< a length that no memory can have: it panics with 0x41
};

/// As a contract reads its arguments (ABI coder version 2 of Solidity): bytes behind the values,
/// parts in any place and order, and anything behind a string that does not fill its words are
/// taken.
[[nodiscard]] Expected<Value::List, DecodeFault> decode_arguments(const std::vector<Type>& types,
                                                                  BytesView bytes);

/// What another gave. Errors: abi_invalid, for all that decode_arguments() refuses.
[[nodiscard]] Result<Value::List> decode(const std::vector<Type>& types, BytesView bytes);

} // namespace codex::ethereum::abi
