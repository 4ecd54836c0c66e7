// Field elements as text: decimal, as iden3's JSON files and circuit inputs have them
// (codex-circuit(5), INPUT.JSON).
#pragma once

#include "base/error.hpp"
#include "crypto/field/field.hpp"

#include <string>
#include <string_view>

namespace codex::crypto {

/// Decimal digits, or "0x" and hex digits, of a value below the modulus. Errors: malformed.
template <class F> [[nodiscard]] Result<F> field_from_text(std::string_view text);
/// Decimal, standard form, no leading zeros.
template <class F> [[nodiscard]] std::string field_to_text(const F& value);

extern template Result<Fr> field_from_text<Fr>(std::string_view);
extern template Result<Fq> field_from_text<Fq>(std::string_view);
extern template std::string field_to_text<Fr>(const Fr&);
extern template std::string field_to_text<Fq>(const Fq&);

} // namespace codex::crypto
