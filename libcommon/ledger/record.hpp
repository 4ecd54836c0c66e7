// Records of the journal (codex-ledger(5), RECORDS).
#pragma once

#include "ethereum/private_key.hpp"

#include <optional>

namespace codex::ledger {

/// What a record is about.
enum class RecordKind : std::uint8_t {
    call = 0,  ///< somebody called a contract
    clock = 1, ///< time was moved, on a ledger whose clock is manual
};

/// One record. Threads: as its members.
struct Record {
    static constexpr std::size_t kMostCalldata = std::size_t{64} << 10;
    /// Of a record without calldata.
    static constexpr std::size_t kLeastBytes = 4 + 1 + 8 + 8 + 20 + 20 + 32 + 65;
    static constexpr std::size_t kMostBytes = kLeastBytes + kMostCalldata;

    RecordKind kind = RecordKind::call;
    std::uint64_t sequence = 0; ///< from 1, without a gap
    std::uint64_t block = 0;
    ethereum::Address from; ///< who calls; zeros where kind is clock
    ethereum::Address to;   ///< which contract; zeros where kind is clock
    Bytes calldata;         ///< up to kMostCalldata; empty where kind is clock
    Digest previous{};      ///< hash of the record before; of the first one, that of the genesis
    /// Of `from` over hash(). Where kind is clock, hash() and zeros, for nobody signs it.
    std::array<std::uint8_t, ethereum::Signature::kBytes> signature{};

    /// Keccak-256 of `previous` and of what stands between length and `previous`.
    [[nodiscard]] Digest hash() const;
    [[nodiscard]] Bytes encoded() const;
    /// That `signature` is right; `hash` is hash(). Errors: signature_invalid.
    [[nodiscard]] Result<void> check_signature(const Digest& hash) const;
    /// The signature of a clock record with that hash.
    [[nodiscard]] static std::array<std::uint8_t, ethereum::Signature::kBytes>
    clock_signature(const Digest& hash);

    friend bool operator==(const Record&, const Record&) = default;
};

/// The bytes of the record that `bytes` begin with, as their first four say. Nothing, when there
/// are fewer than four. Errors: record_invalid: shorter or longer than any record.
[[nodiscard]] Result<std::optional<std::size_t>> record_bytes(BytesView bytes);

/// From all bytes of one. Errors: record_invalid: cut off, too long, of an unknown kind, or a clock
/// record with what only a call has.
[[nodiscard]] Result<Record> decode_record(BytesView bytes);

} // namespace codex::ledger
