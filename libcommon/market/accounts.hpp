// Who has paid whom for what: calls as entries of a double-entry book, and what has become of
// accounts, requests and slots (codex-market(7), BOOKS).
#pragma once

#include "market/contract/contracts.hpp"
#include "market/request.hpp"

#include <map>

namespace codex::market {

/// A call that was done, with what it told. What it refers to outlives the call it is given to.
struct DoneCall {
    Digest hash{};          ///< by which it is known
    std::uint64_t time = 0; ///< of its block, Unix seconds
    ethereum::Address sender;
    ethereum::Address to;
    BytesView data;
    const std::vector<ethereum::abi::Log>& logs;
};

/// Tokens that come to an account, or go from it.
struct Posting {
    std::string account;
    bool goes = false;
    ethereum::UInt256 amount; ///< base units, more than 0

    friend bool operator==(const Posting&, const Posting&) = default;
};

/// What one call has moved; what comes and what goes is as much.
struct Entry {
    Digest hash{};
    std::uint64_t time = 0;
    std::string what; ///< the function that was called
    std::vector<Posting> postings;
};

/// The book of a market, which has one when it is told of its calls in their order.
/// Threads: const calls from any thread, at once.
class Accounts {
public:
    struct Account {
        ethereum::UInt256 balance;
        ethereum::UInt256 locked;   ///< collateral of its slots
        ethereum::UInt256 earned;   ///< for slots, whoever it was paid to
        ethereum::UInt256 rewarded; ///< for proofs that it marked as missing
        ethereum::UInt256 lost;     ///< of its collateral
        ethereum::UInt256 spent;    ///< for its requests, when they were posted
        ethereum::UInt256 refunded; ///< of that
    };
    struct RequestAccount {
        ethereum::Address client;
        ethereum::UInt256 price;
        ethereum::UInt256 paid; ///< to hosts
        ethereum::UInt256 refunded;
        ethereum::UInt256 collateral_per_slot;
    };
    struct SlotAccount {
        ethereum::abi::Word request{};
        std::uint64_t index = 0;
        ethereum::Address host; ///< the last one
        ethereum::UInt256 locked;
        ethereum::UInt256 earned; ///< by all its hosts
        ethereum::UInt256 lost;   ///< likewise
        std::uint64_t missed = 0; ///< likewise
    };

    explicit Accounts(Contracts::Options options) : options_(std::move(options)) {}

    /// The balance with which an account began.
    [[nodiscard]] Entry begin(std::uint64_t time, const ethereum::Address& account,
                              const ethereum::UInt256& amount);
    /// Nothing, when nothing has moved. Errors: abi_invalid: it is no call that was done.
    [[nodiscard]] Result<std::optional<Entry>> take(const DoneCall& call);

    [[nodiscard]] const std::map<ethereum::Address, Account>& accounts() const { return accounts_; }
    [[nodiscard]] const std::map<ethereum::abi::Word, RequestAccount>& requests() const {
        return requests_;
    }
    [[nodiscard]] const std::map<ethereum::abi::Word, SlotAccount>& slots() const { return slots_; }

private:
    class Booking;
    Contracts::Options options_;
    std::map<ethereum::Address, Account> accounts_;
    std::map<ethereum::abi::Word, RequestAccount> requests_;
    std::map<ethereum::abi::Word, SlotAccount> slots_;
};

/// What begins a book for hledger, and an entry of it, each ending with an empty line.
[[nodiscard]] std::string hledger_head();
[[nodiscard]] std::string hledger_text(const Entry& entry);

} // namespace codex::market
