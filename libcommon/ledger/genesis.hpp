// What a ledger begins with, and never changes (codex-ledger(5), GENESIS).
#pragma once

#include "market/contract/contracts.hpp"

#include <map>
#include <string>

namespace codex::ledger {

/// Who moves time: the clock of who calls, or advance() alone.
enum class ClockKind : std::uint8_t { wall, manual };
/// Who looks at proofs: Groth16 with the key of the genesis, or market::TestVerifier.
enum class VerifierKind : std::uint8_t { groth16, test };

/// The number of the first block, which begins at Genesis::start.
constexpr std::uint64_t kFirstBlock = 257;

/// Threads: as its members.
struct Genesis {
    static constexpr std::uint64_t kVersion = 1;
    static constexpr std::size_t kMostBytes = std::size_t{1} << 20;
    static constexpr std::size_t kMostNameBytes = 255;
    static constexpr std::size_t kMostBalances = 4096;
    static constexpr std::uint64_t kMostBlockSeconds = 86400;
    /// So far times of blocks can be counted: about the year 8900.
    static constexpr std::uint64_t kMostStart = std::uint64_t{1} << 37;

    std::string name; ///< UTF-8 without control characters; up to kMostNameBytes
    market::Configuration configuration;
    std::uint64_t block_seconds = 1; ///< 1 to kMostBlockSeconds
    std::uint64_t start = 0;         ///< Unix seconds, up to kMostStart
    ClockKind clock = ClockKind::wall;
    VerifierKind verifier = VerifierKind::groth16;
    std::string verifying_key; ///< as snarkjs exports it; empty for VerifierKind::test
    ethereum::Address token;
    ethereum::Address marketplace;
    std::optional<ethereum::Address> vault;                  ///< nothing: there is none
    ethereum::Address vault_owner;                           ///< zeros where there is no vault
    std::map<ethereum::Address, ethereum::UInt256> balances; ///< of tokens; none is 0

    /// Canonical JSON in one line, with a line feed: what the file holds. It is check()ed before.
    [[nodiscard]] std::string text() const;
    /// Only what text() gives. Errors: ledger_version (a later one); ledger_damaged (anything
    /// else); limit_exceeded, above kMostBytes.
    [[nodiscard]] static Result<Genesis> from_text(std::string_view text);
    /// That a ledger can be made with it. Errors: config_invalid (names the member; also what the
    /// contract refuses to be made with); key_invalid: of the verifying key; amount_invalid: all
    /// balances together are 2^256 or more.
    [[nodiscard]] Result<void> check() const;
    /// Of text(): the hash before the first record.
    [[nodiscard]] Digest hash() const;

    /// The block in which `unix_seconds` is; the first one for what is before `start`.
    [[nodiscard]] std::uint64_t block_at(std::uint64_t unix_seconds) const;
    /// When a block begins: Unix seconds. It is kFirstBlock or later.
    [[nodiscard]] std::uint64_t time_of(std::uint64_t block) const;

    friend bool operator==(const Genesis&, const Genesis&) = default;
};

} // namespace codex::ledger
