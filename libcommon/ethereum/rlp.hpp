// Recursive length prefix, the form of transactions (codex-market(7), RLP).
#pragma once

#include "ethereum/uint256.hpp"

namespace codex::ethereum::rlp {

/// Appends a string of bytes.
void put_bytes(Bytes& to, BytesView bytes);
/// Appends a number: its bytes without zeros in front, so none for 0.
void put_number(Bytes& to, const UInt256& number);
/// Appends a list of what `items` has, one after another.
void put_list(Bytes& to, BytesView items);

/// Items one after another, each in the one form that it has: what is longer than it need be is
/// refused.
/// Threads: one at a time.
class Reader {
public:
    /// `bytes` are referred to, and so they are by what it gives.
    explicit Reader(BytesView bytes) : left_(bytes) {}

    [[nodiscard]] bool at_end() const { return left_.empty(); }
    /// The next item, a string. Errors: rlp_invalid, also where it is a list.
    [[nodiscard]] Result<BytesView> bytes();
    /// The next item, a number. Errors: as bytes(); beyond 256 bits, or with zeros in front.
    [[nodiscard]] Result<UInt256> number();
    /// The next item, a list. Errors: rlp_invalid, also where it is a string.
    [[nodiscard]] Result<Reader> list();

private:
    struct Item {
        bool is_list = false;
        BytesView content;
    };
    [[nodiscard]] Result<Item> next();
    BytesView left_;
};

} // namespace codex::ethereum::rlp
