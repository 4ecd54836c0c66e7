// Types of what contracts are given and give (codex-market(7), TYPES).
#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace codex::ethereum::abi {

enum class Kind : std::uint8_t {
    number,  ///< uint8 to uint256
    boolean, ///< bool
    address, ///< address
    word,    ///< bytes1 to bytes32
    bytes,   ///< bytes
    string,  ///< string
    tuple,   ///< (...)
    array,   ///< T[], of any length
};

/// Threads: as a string.
struct Type {
    Kind kind = Kind::number;
    /// Of a number, bits; of a word, bytes.
    unsigned size = 256;
    /// Of a tuple, its members; of an array, the one type of its elements.
    std::vector<Type> members;
    /// What a member or an argument is called; not part of what it is.
    std::string name;
    /// Of an argument of an event: it is a topic.
    bool indexed = false;

    /// "uint64", "(bytes,bytes32)": as it stands in a signature.
    [[nodiscard]] std::string text() const;
    /// Its length is not known from the type: it stands behind the head.
    [[nodiscard]] bool is_dynamic() const;
    /// Bytes that it takes in the head: 32 where it stands behind it.
    [[nodiscard]] std::size_t head_bytes() const;
};

/// Of all members' heads.
[[nodiscard]] std::size_t head_bytes_of(const std::vector<Type>& members);
/// "(uint8,bytes)", of what stands in brackets.
[[nodiscard]] std::string text_of(const std::vector<Type>& members);

/// "(uint64 slots, (bytes cid, bytes32 merkleRoot) content)": types, and names where there are
/// some. Errors: abi_invalid; unsupported for types that no contract of ours has (signed numbers,
/// arrays of a fixed length).
[[nodiscard]] Result<std::vector<Type>> types_from_text(std::string_view text);

} // namespace codex::ethereum::abi
