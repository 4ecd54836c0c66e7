#include "ethereum/transaction.hpp"

#include "crypto/hash/keccak256.hpp"
#include "ethereum/rlp.hpp"

namespace codex::ethereum {

namespace {

constexpr std::uint8_t kEip1559 = 0x02;
/// Of a first byte below, it is the type (EIP-2718); a list begins higher.
constexpr std::uint8_t kTypes = 0x80;
/// v of a legacy signature is this, and the parity, and twice the chain (EIP-155).
constexpr std::uint64_t kChainInV = 35;

/// All that stands before the signature.
Bytes fields_of(const Transaction& of) {
    Bytes fields;
    if (of.kind == TransactionKind::eip1559)
        rlp::put_number(fields, of.chain_id);
    rlp::put_number(fields, of.nonce);
    if (of.kind == TransactionKind::eip1559)
        rlp::put_number(fields, of.max_priority_fee);
    rlp::put_number(fields, of.max_fee);
    rlp::put_number(fields, of.gas_limit);
    rlp::put_bytes(fields, of.to ? BytesView(of.to->bytes) : BytesView());
    rlp::put_number(fields, of.value);
    rlp::put_bytes(fields, of.data);
    if (of.kind == TransactionKind::eip1559)
        rlp::put_list(fields, {});
    return fields;
}

Bytes enveloped(TransactionKind kind, BytesView fields) {
    Bytes bytes;
    if (kind == TransactionKind::eip1559)
        bytes.push_back(kEip1559);
    rlp::put_list(bytes, fields);
    return bytes;
}

Result<std::uint64_t> read_u64(rlp::Reader& from, std::string_view what) {
    CODEX_TRY(number, from.number());
    if (!number.fits_u64())
        return fail(Errc::transaction_invalid, "its {} is beyond 64 bits", what);
    return number.low();
}

Result<Digest> read_scalar(rlp::Reader& from) {
    CODEX_TRY(number, from.number());
    return number.bytes();
}

Result<std::optional<Address>> read_address(rlp::Reader& from) {
    CODEX_TRY(bytes, from.bytes());
    if (bytes.empty())
        return std::optional<Address>();
    if (bytes.size() != Address::kBytes)
        return fail(Errc::transaction_invalid, "an address of {} bytes", bytes.size());
    return std::optional(Address::from_bytes(bytes));
}

Result<void> read_fields(rlp::Reader& from, Transaction& into) {
    CODEX_SET(into.nonce, read_u64(from, "nonce"));
    if (into.kind == TransactionKind::eip1559)
        CODEX_SET(into.max_priority_fee, from.number());
    CODEX_SET(into.max_fee, from.number());
    CODEX_SET(into.gas_limit, read_u64(from, "limit of gas"));
    CODEX_SET(into.to, read_address(from));
    CODEX_SET(into.value, from.number());
    CODEX_TRY(data, from.bytes());
    into.data.assign(data.begin(), data.end());
    return {};
}

Result<void> read_eip1559(rlp::Reader& from, SignedTransaction& into) {
    Transaction& transaction = into.transaction;
    CODEX_SET(transaction.chain_id, read_u64(from, "chain"));
    CODEX_CHECK(read_fields(from, transaction));
    CODEX_TRY(access, from.list());
    if (!access.at_end())
        return fail(Errc::unsupported, "a transaction with an access list");
    CODEX_TRY(parity, from.number());
    if (parity > UInt256(1))
        return fail(Errc::transaction_invalid, "the parity of its signature is neither 0 nor 1");
    into.signature.parity = static_cast<std::uint8_t>(parity.low());
    return {};
}

Result<void> read_legacy(rlp::Reader& from, SignedTransaction& into) {
    Transaction& transaction = into.transaction;
    transaction.kind = TransactionKind::legacy;
    CODEX_CHECK(read_fields(from, transaction));
    CODEX_TRY(v, read_u64(from, "signature's chain"));
    if (v < kChainInV)
        return fail(Errc::unsupported, "a transaction that names no chain");
    transaction.chain_id = (v - kChainInV) / 2;
    into.signature.parity = static_cast<std::uint8_t>((v - kChainInV) % 2);
    return {};
}

} // namespace

Bytes unsigned_bytes(const Transaction& transaction) {
    Bytes fields = fields_of(transaction);
    if (transaction.kind == TransactionKind::legacy) {
        rlp::put_number(fields, transaction.chain_id);
        rlp::put_bytes(fields, {});
        rlp::put_bytes(fields, {});
    }
    return enveloped(transaction.kind, fields);
}

Digest signing_digest(const Transaction& transaction) {
    return crypto::keccak256(unsigned_bytes(transaction));
}

SignedTransaction sign(Transaction transaction, const PrivateKey& key) {
    const Signature signature = key.sign(signing_digest(transaction));
    return {std::move(transaction), signature};
}

Bytes encode(const SignedTransaction& of) {
    const Transaction& transaction = of.transaction;
    Bytes fields = fields_of(transaction);
    UInt256 v = of.signature.parity;
    if (transaction.kind == TransactionKind::legacy)
        v = wrapping_add(wrapping_add(v, kChainInV),
                         wrapping_add(transaction.chain_id, transaction.chain_id));
    rlp::put_number(fields, v);
    rlp::put_number(fields, UInt256::from_bytes(of.signature.r));
    rlp::put_number(fields, UInt256::from_bytes(of.signature.s));
    return enveloped(transaction.kind, fields);
}

Result<SignedTransaction> decode_transaction(BytesView bytes) {
    SignedTransaction into;
    const bool typed = !bytes.empty() && bytes[0] < kTypes;
    if (typed && bytes[0] != kEip1559)
        return fail(Errc::unsupported, "a transaction of type {}", bytes[0]);
    rlp::Reader whole(typed ? bytes.subspan(1) : bytes);
    CODEX_TRY(from, whole.list());
    CODEX_CHECK(typed ? read_eip1559(from, into) : read_legacy(from, into));
    CODEX_SET(into.signature.r, read_scalar(from));
    CODEX_SET(into.signature.s, read_scalar(from));
    if (!from.at_end() || !whole.at_end())
        return fail(Errc::transaction_invalid, "bytes follow the transaction");
    return into;
}

Result<Address> sender(const SignedTransaction& transaction) {
    return recover(signing_digest(transaction.transaction), transaction.signature);
}

} // namespace codex::ethereum
