// What names requests, slots and accounts on a command line and in lines of stdin.
#pragma once

#include "ethereum/abi/value.hpp"
#include "market/request.hpp"

#include <optional>

namespace codex::market_tool {

using ethereum::Address;
using ethereum::UInt256;
using ethereum::abi::Word;

/// "0x" and 64 digits, for people and programs.
[[nodiscard]] std::string text_of(const Word& id);

/// The id of a request: 64 hexadecimal digits, with 0x or without. Errors: hex_invalid.
[[nodiscard]] Result<Word> request_from_text(std::string_view text);

/// Where a slot is.
struct SlotPlace {
    Word request{};
    std::uint64_t index = 0;
};
/// A slot, by its id or as REQUEST@INDEX.
struct SlotName {
    Word id{};
    std::optional<SlotPlace> place; ///< nothing: only the id is known
};
/// Errors: hex_invalid.
[[nodiscard]] Result<SlotName> slot_from_text(std::string_view text);

/// Errors: address_invalid, with how one looks.
[[nodiscard]] Result<Address> account_from_text(std::string_view text);

/// Base units, or tokens as 1.5tst. Errors: amount_invalid, with how one looks.
[[nodiscard]] Result<UInt256> amount_from_text(std::string_view text);

/// A whole number of 64 bits in decimal digits. Errors: amount_invalid.
[[nodiscard]] Result<std::uint64_t> number_from_text(std::string_view text);

/// A request as JSON (codex-market(7), DOCUMENTS). Errors: market::request_from_json()'s, each with
/// no_request()'s way out.
[[nodiscard]] Result<market::Request> request_document(std::string_view json);
/// An error of what is no request, with how to see one.
[[nodiscard]] Error no_request(Error error);

} // namespace codex::market_tool
