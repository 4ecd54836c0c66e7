// Transactions, as they are signed and sent (codex-market(7), TRANSACTIONS).
#pragma once

#include "ethereum/private_key.hpp"
#include "ethereum/uint256.hpp"

namespace codex::ethereum {

enum class TransactionKind : std::uint8_t {
    legacy,  ///< with the chain in its signature (EIP-155)
    eip1559, ///< type 2, with an empty access list
};

/// Threads: as its members.
struct Transaction {
    TransactionKind kind = TransactionKind::eip1559;
    std::uint64_t chain_id = 0;
    std::uint64_t nonce = 0;
    UInt256 max_priority_fee; ///< a unit of gas; of a legacy one 0
    UInt256 max_fee;          ///< a unit of gas; of a legacy one its gas price
    std::uint64_t gas_limit = 0;
    std::optional<Address> to; ///< nothing: its data makes a contract
    UInt256 value;
    Bytes data;

    friend bool operator==(const Transaction&, const Transaction&) = default;
};

/// One that can be sent.
struct SignedTransaction {
    Transaction transaction;
    Signature signature;

    friend bool operator==(const SignedTransaction&, const SignedTransaction&) = default;
};

/// What is signed: the bytes, and their digest.
[[nodiscard]] Bytes unsigned_bytes(const Transaction& transaction);
[[nodiscard]] Digest signing_digest(const Transaction& transaction);
[[nodiscard]] SignedTransaction sign(Transaction transaction, const PrivateKey& key);

/// The bytes that are sent; their Keccak-256 is the transaction's hash.
[[nodiscard]] Bytes encode(const SignedTransaction& transaction);
/// Of all of `bytes`. Errors: rlp_invalid; transaction_invalid (bytes behind it, numbers beyond
/// what they count, an address of another length); unsupported (another type, an access list, a
/// legacy signature without a chain).
[[nodiscard]] Result<SignedTransaction> decode_transaction(BytesView bytes);
/// Who has signed it. Errors: signature_invalid.
[[nodiscard]] Result<Address> sender(const SignedTransaction& transaction);

} // namespace codex::ethereum
