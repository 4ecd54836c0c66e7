#include "market/contract/detail/vault_funds.hpp"

#include "market/contract/detail/token.hpp"

namespace codex::market::detail {

namespace {

constexpr unsigned kTokens = 128; ///< bits of an amount
constexpr unsigned kRate = 96;    ///< bits of tokens a second

/// A rate, or an amount, that does not fit is an overflow of its own type.
UInt256 fitting(const UInt256& number, unsigned bits) {
    if (number.bits() > bits)
        panic(Panic::arithmetic);
    return number;
}

} // namespace

UInt256 tokens(const UInt256& number) {
    return fitting(number, kTokens);
}

Funds::Funds(Frame& frame, const Address& controller, const Word& id)
    : frame_(frame), controller_(controller), id_(id) {
    const auto kept = frame_.get(key(Table::fund));
    if (!kept)
        return;
    Unpacker from(*kept);
    fund_.lock_expiry = from.u64();
    fund_.lock_maximum = from.u64();
    fund_.frozen_at = from.u64();
    from.end();
}

FundStatus Funds::status() const {
    if (frame_.time() < fund_.lock_expiry)
        return fund_.frozen_at != 0 ? FundStatus::frozen : FundStatus::locked;
    return fund_.lock_maximum == 0 ? FundStatus::inactive : FundStatus::withdrawing;
}

void Funds::lock(std::uint64_t expiry, std::uint64_t maximum) {
    if (status() != FundStatus::inactive)
        refuse("VaultFundAlreadyLocked");
    fund_.lock_expiry = expiry;
    fund_.lock_maximum = maximum;
    check_expiry();
    keep();
}

void Funds::extend(std::uint64_t expiry) {
    want(FundStatus::locked, "VaultFundNotLocked");
    if (fund_.lock_expiry > expiry)
        refuse("VaultInvalidExpiry");
    fund_.lock_expiry = expiry;
    check_expiry();
    keep();
}

void Funds::deposit(const Word& to, const UInt256& amount) {
    want(FundStatus::locked, "VaultFundNotLocked");
    Account account = account_of(to);
    account.available = fitting(add(account.available, amount), kTokens);
    keep(to, account);
    Frame vault = as_vault();
    transfer_from(vault, controller_, vault.sender(), amount);
}

void Funds::designate(const Word& of, const UInt256& amount) {
    want(FundStatus::locked, "VaultFundNotLocked");
    Account account = account_of(of);
    if (amount > account.available)
        refuse("VaultInsufficientBalance");
    account.available = sub(account.available, amount);
    account.designated = fitting(add(account.designated, amount), kTokens);
    check_solvent(account);
    keep(of, account);
}

void Funds::move(const Word& from, const Word& to, const UInt256& amount) {
    want(FundStatus::locked, "VaultFundNotLocked");
    Account sender = account_of(from);
    if (amount > sender.available)
        refuse("VaultInsufficientBalance");
    sender.available = sub(sender.available, amount);
    check_solvent(sender);
    keep(from, sender);
    Account receiver = account_of(to);
    receiver.available = fitting(add(receiver.available, amount), kTokens);
    keep(to, receiver);
}

void Funds::flow(const Word& from, const Word& to, const UInt256& rate) {
    want(FundStatus::locked, "VaultFundNotLocked");
    Account sender = account_of(from);
    settle(sender, frame_.time());
    if (rate <= sender.incoming) {
        sender.incoming = sub(sender.incoming, rate);
    } else {
        sender.outgoing = sub(fitting(add(sender.outgoing, rate), kRate), sender.incoming);
        sender.incoming = 0;
    }
    check_solvent(sender);
    keep(from, sender);
    Account receiver = account_of(to);
    settle(receiver, frame_.time());
    receiver.incoming = fitting(add(receiver.incoming, rate), kRate);
    keep(to, receiver);
}

void Funds::burn_designated(const Word& of, const UInt256& amount) {
    want(FundStatus::locked, "VaultFundNotLocked");
    Account account = account_of(of);
    if (account.designated < amount)
        refuse("VaultInsufficientBalance");
    account.designated = sub(account.designated, amount);
    keep(of, account);
    burn(amount);
}

void Funds::burn_account(const Word& of) {
    want(FundStatus::locked, "VaultFundNotLocked");
    const Account account = account_of(of);
    if (account.incoming != account.outgoing)
        refuse("VaultFlowNotZero");
    frame_.erase(account_key(of));
    burn(fitting(add(account.available, account.designated), kTokens));
}

void Funds::freeze() {
    want(FundStatus::locked, "VaultFundNotLocked");
    fund_.frozen_at = frame_.time();
    keep();
}

void Funds::withdraw(const Word& of) {
    want(FundStatus::withdrawing, "VaultFundNotUnlocked");
    Account account = account_of(of);
    settle(account, flow_end());
    frame_.erase(account_key(of));
    Frame vault = as_vault();
    transfer(vault, Address::from_bytes(BytesView(of).first(Address::kBytes)),
             fitting(add(account.available, account.designated), kTokens));
}

Account Funds::balance_of(const Word& of) const {
    Account account = account_of(of);
    switch (status()) {
    case FundStatus::inactive:
        return {};
    case FundStatus::locked:
        settle(account, frame_.time());
        break;
    case FundStatus::frozen:
    case FundStatus::withdrawing:
        settle(account, flow_end());
        break;
    }
    return account;
}

Packer Funds::key(Table table) const {
    return Packer(table).put(controller_).put(BytesView(id_));
}

Packer Funds::account_key(const Word& of) const {
    return key(Table::account).put(BytesView(of));
}

Account Funds::account_of(const Word& of) const {
    Account account;
    const auto kept = frame_.get(account_key(of));
    if (!kept)
        return account;
    Unpacker from(*kept);
    account.available = from.number();
    account.designated = from.number();
    account.outgoing = from.number();
    account.incoming = from.number();
    account.updated = from.u64();
    from.end();
    return account;
}

void Funds::keep(const Word& of, const Account& account) {
    frame_.put(account_key(of), Packer()
                                    .put(account.available)
                                    .put(account.designated)
                                    .put(account.outgoing)
                                    .put(account.incoming)
                                    .put(account.updated));
}

void Funds::keep() {
    frame_.put(key(Table::fund),
               Packer().put(fund_.lock_expiry).put(fund_.lock_maximum).put(fund_.frozen_at));
}

void Funds::want(FundStatus wanted, std::string_view otherwise) const {
    if (status() != wanted)
        refuse(otherwise);
}

void Funds::check_expiry() const {
    if (fund_.lock_expiry > fund_.lock_maximum)
        refuse("VaultInvalidExpiry");
}

void Funds::check_solvent(const Account& account) const {
    const UInt256 out = flown(account.outgoing, sub64(fund_.lock_maximum, account.updated));
    if (out > account.available)
        refuse("VaultInsufficientBalance");
}

UInt256 Funds::flown(const UInt256& rate, std::uint64_t seconds) {
    return fitting(mul(rate, seconds), kTokens);
}

void Funds::settle(Account& account, std::uint64_t at) {
    const std::uint64_t seconds = sub64(at, account.updated);
    account.available = sub(account.available, flown(account.outgoing, seconds));
    account.designated =
        fitting(add(account.designated, flown(account.incoming, seconds)), kTokens);
    account.updated = at;
}

std::uint64_t Funds::flow_end() const {
    return fund_.frozen_at != 0 ? fund_.frozen_at : fund_.lock_expiry;
}

void Funds::burn(const UInt256& amount) {
    Address nobody;
    nobody.bytes[18] = 0xde;
    nobody.bytes[19] = 0xad;
    Frame vault = as_vault();
    transfer(vault, nobody, amount);
}

} // namespace codex::market::detail
