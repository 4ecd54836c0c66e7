// Values of what contracts are given and give.
#pragma once

#include "ethereum/abi/type.hpp"
#include "ethereum/address.hpp"
#include "ethereum/uint256.hpp"

#include <variant>

namespace codex::ethereum::abi {

/// A word of bytes; shorter ones have zeros behind them.
using Word = std::array<std::uint8_t, 32>;

/// One value: a number (also of a boolean, 0 or 1), an address, a word, bytes (also of a string),
/// or the values of a tuple or an array. Which of them a type has is said by encode() and decode().
/// Threads: as a vector.
class Value {
public:
    using List = std::vector<Value>;

    Value(UInt256 number) : of_(number) {}
    Value(std::uint64_t number) : of_(UInt256(number)) {}
    Value(const Address& address) : of_(address) {}
    Value(const Word& word) : of_(word) {}
    Value(Bytes bytes) : of_(std::move(bytes)) {}
    Value(List values) : of_(std::move(values)) {}
    /// A string. Not of pointers, for which a number would be the nearer.
    [[nodiscard]] static Value of_text(std::string_view text) {
        return Bytes(text.begin(), text.end());
    }

    /// What it is; it has to be that.
    [[nodiscard]] const UInt256& number() const { return std::get<UInt256>(of_); }
    /// Of a number of at most 64 bits, as its type says.
    [[nodiscard]] std::uint64_t u64() const { return number().low(); }
    [[nodiscard]] const Address& address() const { return std::get<Address>(of_); }
    [[nodiscard]] const Word& word() const { return std::get<Word>(of_); }
    [[nodiscard]] const Bytes& bytes() const { return std::get<Bytes>(of_); }
    [[nodiscard]] std::string_view text() const { return as_text(bytes()); }
    [[nodiscard]] const List& list() const { return std::get<List>(of_); }
    [[nodiscard]] const Value& operator[](std::size_t index) const { return list()[index]; }

    friend bool operator==(const Value&, const Value&) = default;

private:
    std::variant<UInt256, Address, Word, Bytes, List> of_;
};

} // namespace codex::ethereum::abi
