// The market's contracts as a function: a state, a place in time, a sender and a call give another
// state, events, and an answer. There is no clock, no file and no randomness in it
// (codex-market(7), THE CONTRACT).
#pragma once

#include "market/contract/interfaces.hpp"
#include "market/state.hpp"

namespace codex::market {

/// What the marketplace is made with (codex-market(7), CONFIGURATION).
/// Threads: as its members.
struct Configuration {
    std::uint8_t repair_reward_percentage = 10;     ///< off the collateral of who repairs
    std::uint8_t max_number_of_slashes = 2;         ///< a slot is freed when so many are missed
    std::uint8_t slash_percentage = 20;             ///< of the collateral, for each one missed
    std::uint8_t validator_reward_percentage = 20;  ///< of that
    std::uint64_t period = 120;                     ///< seconds
    std::uint64_t timeout = 30;                     ///< seconds
    std::uint8_t downtime = 64;                     ///< blocks
    std::uint8_t downtime_product = 67;             ///< prime
    std::string zkey_hash;                          ///< of the circuit's proving key, as text
    std::uint8_t max_reservations = 3;              ///< of one slot
    std::uint64_t request_duration_limit = 2592000; ///< seconds

    [[nodiscard]] ethereum::abi::Value value() const;
    /// From what configuration() returns.
    [[nodiscard]] static Configuration of(const ethereum::abi::Value& value);

    friend bool operator==(const Configuration&, const Configuration&) = default;
};

/// a, b, c of Groth16, as the contract is given them: of b, the real parts first.
struct Proof {
    std::array<ethereum::UInt256, 8> words;

    /// As an argument of a call.
    [[nodiscard]] ethereum::abi::Value value() const;
};

enum class Verdict : std::uint8_t {
    accepted,
    refused,
    overflow, ///< of the verifier's own arithmetic, which is not caught
};

/// What looks at proofs. Threads: as it says.
class Verifier {
public:
    virtual ~Verifier() = default;
    /// `inputs`: challenge, root, slot's number (codex-market(7), PROOFS).
    [[nodiscard]] virtual Verdict verify(const Proof& proof,
                                         const std::array<ethereum::UInt256, 3>& inputs) const = 0;
};

/// Takes every proof but the one of zeros alone. Threads: any.
class TestVerifier final : public Verifier {
public:
    [[nodiscard]] Verdict verify(const Proof& proof,
                                 const std::array<ethereum::UInt256, 3>& inputs) const override;
};

/// The hashes of past blocks. Threads: as it says.
class BlockHashes {
public:
    virtual ~BlockHashes() = default;
    /// Zeros, where that is not known. Errors are thrown as std::bad_alloc only.
    [[nodiscard]] virtual Digest hash(std::uint64_t block) const = 0;
};

/// Where a call takes place.
struct Now {
    std::uint64_t block;
    std::uint64_t time; ///< of the block, Unix seconds
    const BlockHashes& hashes;
};

struct Call {
    ethereum::Address sender;
    ethereum::Address to;
    BytesView data;
};

/// What a call gave.
struct Outcome {
    bool ok = false;
    Bytes data; ///< what it returns, or why it is refused; the latter may be empty
    std::vector<ethereum::abi::Log> logs;
};

/// Who is allowed to reserve a slot at what time: nobody is refused yet
/// (codex-market(7), RESERVATIONS).
using Window = bool (*)(const Now& now, const ethereum::Address& host);

/// Threads: const calls from any thread, at once.
class Contracts {
public:
    struct Options {
        Configuration configuration;
        ethereum::Address token;
        ethereum::Address marketplace;
        std::optional<ethereum::Address> vault; ///< nothing: there is none
        ethereum::Address vault_owner;
        const Verifier* verifier = nullptr; ///< outlives this
        Window window = nullptr;            ///< nothing: open at once
    };
    explicit Contracts(Options options) : options_(std::move(options)) {}

    [[nodiscard]] const Options& options() const { return options_; }

    /// What making the marketplace at such a block is refused with; nothing, when it is not.
    [[nodiscard]] static std::optional<Bytes> refusal(const Configuration& configuration,
                                                      std::uint64_t block);

    /// Does what is called, in `state`. Of a call that is refused, and of one that fails, nothing
    /// is left. Views are calls, too. Errors: not_found (nothing is at that address); those of
    /// `state`.
    [[nodiscard]] Result<Outcome> execute(Overlay& state, const Now& now, const Call& call) const;

private:
    Options options_;
};

} // namespace codex::market
