// One fund of the vault, and its accounts (codex-market(7), VAULT).
#pragma once

#include "market/contract/detail/frame.hpp"

namespace codex::market::detail {

enum class FundStatus : std::uint8_t { inactive, locked, frozen, withdrawing };

/// Of one controller. Times are seconds, of 40 bits; 0 stands for none.
struct Fund {
    std::uint64_t lock_expiry = 0;
    std::uint64_t lock_maximum = 0;
    std::uint64_t frozen_at = 0;
};

struct Account {
    UInt256 available;
    UInt256 designated;
    UInt256 outgoing; ///< tokens a second
    UInt256 incoming;
    std::uint64_t updated = 0;
};

/// An amount; what does not fit is an overflow of its own type.
[[nodiscard]] UInt256 tokens(const UInt256& number);

/// What is done in one fund. Each ends the call where it may not be.
/// Threads: one.
class Funds {
public:
    Funds(Frame& frame, const Address& controller, const Word& id);
    [[nodiscard]] FundStatus status() const;
    [[nodiscard]] std::uint64_t lock_expiry() const { return fund_.lock_expiry; }
    void lock(std::uint64_t expiry, std::uint64_t maximum);
    void extend(std::uint64_t expiry);
    void deposit(const Word& to, const UInt256& amount);
    void designate(const Word& of, const UInt256& amount);
    void move(const Word& from, const Word& to, const UInt256& amount);
    void flow(const Word& from, const Word& to, const UInt256& rate);
    void burn_designated(const Word& of, const UInt256& amount);
    void burn_account(const Word& of);
    void freeze();
    void withdraw(const Word& of);
    /// As it is now, with what has flown.
    [[nodiscard]] Account balance_of(const Word& of) const;

private:
    [[nodiscard]] Packer key(Table table) const;
    [[nodiscard]] Packer account_key(const Word& of) const;
    [[nodiscard]] Account account_of(const Word& of) const;
    void keep(const Word& of, const Account& account);
    void keep();
    [[noreturn]] static void refuse(std::string_view name) { revert(vault_interface(), name); }
    void want(FundStatus wanted, std::string_view otherwise) const;
    void check_expiry() const;
    /// What flows out until the latest end is there.
    void check_solvent(const Account& account) const;
    [[nodiscard]] static UInt256 flown(const UInt256& rate, std::uint64_t seconds);
    static void settle(Account& account, std::uint64_t at);
    [[nodiscard]] std::uint64_t flow_end() const;
    [[nodiscard]] Frame as_vault() { return frame_.as(*frame_.contracts().options().vault); }
    /// To an address that has no key.
    void burn(const UInt256& amount);
    Frame& frame_;
    Address controller_;
    Word id_;
    Fund fund_;
};

} // namespace codex::market::detail
