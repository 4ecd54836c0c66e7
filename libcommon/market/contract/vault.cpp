#include "market/contract/detail/vault.hpp"

#include "market/contract/detail/token.hpp"

#include <algorithm>

namespace codex::market::detail {

namespace {

constexpr unsigned kTokens = 128; ///< bits of an amount
constexpr unsigned kRate = 96;    ///< bits of tokens a second

enum class Status : std::uint8_t { inactive, locked, frozen, withdrawing };

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

/// An amount, or a rate, that does not fit is an overflow of its own type.
UInt256 fitting(const UInt256& number, unsigned bits) {
    if (number.bits() > bits)
        panic(Panic::arithmetic);
    return number;
}

/// What is done in one fund.
/// Threads: one.
class Funds {
public:
    Funds(Frame& frame, const Address& controller, const Word& id)
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

    [[nodiscard]] Status status() const {
        if (frame_.time() < fund_.lock_expiry)
            return fund_.frozen_at != 0 ? Status::frozen : Status::locked;
        return fund_.lock_maximum == 0 ? Status::inactive : Status::withdrawing;
    }
    [[nodiscard]] std::uint64_t lock_expiry() const { return fund_.lock_expiry; }

    void lock(std::uint64_t expiry, std::uint64_t maximum) {
        if (status() != Status::inactive)
            refuse("VaultFundAlreadyLocked");
        fund_.lock_expiry = expiry;
        fund_.lock_maximum = maximum;
        check_expiry();
        keep();
    }

    void extend(std::uint64_t expiry) {
        want(Status::locked, "VaultFundNotLocked");
        if (fund_.lock_expiry > expiry)
            refuse("VaultInvalidExpiry");
        fund_.lock_expiry = expiry;
        check_expiry();
        keep();
    }

    void deposit(const Word& to, const UInt256& amount) {
        want(Status::locked, "VaultFundNotLocked");
        Account account = account_of(to);
        account.available = fitting(add(account.available, amount), kTokens);
        keep(to, account);
        Frame vault = as_vault();
        transfer_from(vault, controller_, vault.sender(), amount);
    }

    void designate(const Word& of, const UInt256& amount) {
        want(Status::locked, "VaultFundNotLocked");
        Account account = account_of(of);
        if (amount > account.available)
            refuse("VaultInsufficientBalance");
        account.available = sub(account.available, amount);
        account.designated = fitting(add(account.designated, amount), kTokens);
        check_solvent(account);
        keep(of, account);
    }

    void move(const Word& from, const Word& to, const UInt256& amount) {
        want(Status::locked, "VaultFundNotLocked");
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

    void flow(const Word& from, const Word& to, const UInt256& rate) {
        want(Status::locked, "VaultFundNotLocked");
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

    void burn_designated(const Word& of, const UInt256& amount) {
        want(Status::locked, "VaultFundNotLocked");
        Account account = account_of(of);
        if (account.designated < amount)
            refuse("VaultInsufficientBalance");
        account.designated = sub(account.designated, amount);
        keep(of, account);
        burn(amount);
    }

    void burn_account(const Word& of) {
        want(Status::locked, "VaultFundNotLocked");
        const Account account = account_of(of);
        if (account.incoming != account.outgoing)
            refuse("VaultFlowNotZero");
        frame_.erase(account_key(of));
        burn(fitting(add(account.available, account.designated), kTokens));
    }

    void freeze() {
        want(Status::locked, "VaultFundNotLocked");
        fund_.frozen_at = frame_.time();
        keep();
    }

    void withdraw(const Word& of) {
        want(Status::withdrawing, "VaultFundNotUnlocked");
        Account account = account_of(of);
        settle(account, flow_end());
        frame_.erase(account_key(of));
        Frame vault = as_vault();
        transfer(vault, Address::from_bytes(BytesView(of).first(Address::kBytes)),
                 fitting(add(account.available, account.designated), kTokens));
    }

    /// As it is now, with what has flown.
    [[nodiscard]] Account balance_of(const Word& of) const {
        Account account = account_of(of);
        switch (status()) {
        case Status::inactive:
            return {};
        case Status::locked:
            settle(account, frame_.time());
            break;
        case Status::frozen:
        case Status::withdrawing:
            settle(account, flow_end());
            break;
        }
        return account;
    }

private:
    [[nodiscard]] Packer key(Table table) const {
        return Packer(table).put(controller_).put(BytesView(id_));
    }
    [[nodiscard]] Packer account_key(const Word& of) const {
        return key(Table::account).put(BytesView(of));
    }

    [[nodiscard]] Account account_of(const Word& of) const {
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

    void keep(const Word& of, const Account& account) {
        frame_.put(account_key(of), Packer()
                                        .put(account.available)
                                        .put(account.designated)
                                        .put(account.outgoing)
                                        .put(account.incoming)
                                        .put(account.updated));
    }

    void keep() {
        frame_.put(key(Table::fund),
                   Packer().put(fund_.lock_expiry).put(fund_.lock_maximum).put(fund_.frozen_at));
    }

    [[noreturn]] static void refuse(std::string_view name) { revert(vault_interface(), name); }

    void want(Status wanted, std::string_view otherwise) const {
        if (status() != wanted)
            refuse(otherwise);
    }

    void check_expiry() const {
        if (fund_.lock_expiry > fund_.lock_maximum)
            refuse("VaultInvalidExpiry");
    }

    /// What flows out until the latest end is there.
    void check_solvent(const Account& account) const {
        const UInt256 out = flown(account.outgoing, sub64(fund_.lock_maximum, account.updated));
        if (out > account.available)
            refuse("VaultInsufficientBalance");
    }

    [[nodiscard]] static UInt256 flown(const UInt256& rate, std::uint64_t seconds) {
        return fitting(mul(rate, seconds), kTokens);
    }

    static void settle(Account& account, std::uint64_t at) {
        const std::uint64_t seconds = sub64(at, account.updated);
        account.available = sub(account.available, flown(account.outgoing, seconds));
        account.designated =
            fitting(add(account.designated, flown(account.incoming, seconds)), kTokens);
        account.updated = at;
    }

    [[nodiscard]] std::uint64_t flow_end() const {
        return fund_.frozen_at != 0 ? fund_.frozen_at : fund_.lock_expiry;
    }

    [[nodiscard]] Frame as_vault() { return frame_.as(*frame_.contracts().options().vault); }

    /// To an address that has no key.
    void burn(const UInt256& amount) {
        Address nobody;
        nobody.bytes[18] = 0xde;
        nobody.bytes[19] = 0xad;
        Frame vault = as_vault();
        transfer(vault, nobody, amount);
    }

    Frame& frame_;
    Address controller_;
    Word id_;
    Fund fund_;
};

// --- who may, and when --------------------------------------------------------------------------

/// The owner, and whether all stands still. Until something is kept, the owner is as it was begun.
class Guard {
public:
    explicit Guard(Frame& frame) : frame_(frame), owner_(frame.contracts().options().vault_owner) {
        const auto kept = frame.get(Packer(Table::vault));
        if (!kept)
            return;
        Unpacker from(*kept);
        owner_ = from.address();
        paused_ = from.u8() != 0;
        from.end();
    }

    [[nodiscard]] const Address& owner() const { return owner_; }
    [[nodiscard]] bool paused() const { return paused_; }

    void want_running() const {
        if (paused_)
            revert(vault_interface(), "EnforcedPause");
    }
    void want_owner() const {
        if (frame_.sender() != owner_)
            revert(vault_interface(), "OwnableUnauthorizedAccount", {frame_.sender()});
    }

    void pause() {
        want_owner();
        want_running();
        paused_ = true;
        keep();
        tell("Paused", {frame_.sender()});
    }
    void unpause() {
        want_owner();
        if (!paused_)
            revert(vault_interface(), "ExpectedPause");
        paused_ = false;
        keep();
        tell("Unpaused", {frame_.sender()});
    }
    void give_to(const Address& owner) {
        tell("OwnershipTransferred", {owner_, owner});
        owner_ = owner;
        keep();
    }

private:
    void keep() {
        frame_.put(Packer(Table::vault),
                   Packer().put(owner_).put(static_cast<std::uint8_t>(paused_ ? 1 : 0)));
    }
    void tell(std::string_view event, const Value::List& arguments) {
        frame_.tell(*frame_.contracts().options().vault, vault_interface(), event, arguments);
    }

    Frame& frame_;
    Address owner_;
    bool paused_ = false;
};

using Arguments = const Value::List&;

Value::List no_values() {
    return {};
}

/// Of what can be asked. Nothing, when `name` is none of it.
std::optional<Value::List> answer(Frame& frame, std::string_view name, Arguments of) {
    if (name == "owner")
        return Value::List{Guard(frame).owner()};
    if (name == "paused")
        return Value::List{UInt256(Guard(frame).paused() ? 1 : 0)};
    if (name == "encodeAccountId") {
        Word id = {};
        std::ranges::copy(of[0].address().bytes, id.begin());
        std::copy_n(of[1].word().begin(), id.size() - Address::kBytes,
                    id.begin() + Address::kBytes);
        return Value::List{id};
    }
    if (name == "decodeAccountId") {
        const Word& id = of[0].word();
        Word discriminator = {};
        std::copy(id.begin() + Address::kBytes, id.end(), discriminator.begin());
        return Value::List{Address::from_bytes(BytesView(id).first(Address::kBytes)),
                           discriminator};
    }
    if (name == "getBalance" || name == "getDesignatedBalance") {
        const Account has = Funds(frame, frame.sender(), of[0].word()).balance_of(of[1].word());
        return Value::List{name == "getBalance"
                               ? fitting(add(has.available, has.designated), kTokens)
                               : has.designated};
    }
    if (name == "getFundStatus")
        return Value::List{UInt256(
            static_cast<std::uint8_t>(Funds(frame, frame.sender(), of[0].word()).status()))};
    if (name == "getLockExpiry")
        return Value::List{UInt256(Funds(frame, frame.sender(), of[0].word()).lock_expiry())};
    return std::nullopt;
}

/// Of what the owner does, and of what goes on also when all stands still. False, when `name` is
/// none of it.
bool do_always(Frame& frame, std::string_view name, Arguments of) {
    Guard guard(frame);
    if (name == "pause") {
        guard.pause();
    } else if (name == "unpause") {
        guard.unpause();
    } else if (name == "renounceOwnership") {
        guard.want_owner();
        guard.give_to(Address());
    } else if (name == "transferOwnership") {
        guard.want_owner();
        if (of[0].address().is_zero())
            revert(vault_interface(), "OwnableInvalidOwner", {of[0].address()});
        guard.give_to(of[0].address());
    } else if (name == "withdrawByRecipient") {
        const Word& account = of[2].word();
        if (frame.sender() != Address::from_bytes(BytesView(account).first(Address::kBytes)))
            revert(vault_interface(), "VaultOnlyAccountHolder");
        Funds(frame, of[0].address(), of[1].word()).withdraw(account);
    } else {
        return false;
    }
    return true;
}

} // namespace

Value::List call_vault(Frame& frame, const ethereum::abi::Function& function, Arguments of) {
    const std::string_view name = function.name;
    if (auto gives = answer(frame, name, of))
        return std::move(*gives);
    if (do_always(frame, name, of))
        return no_values();
    Guard(frame).want_running();
    Funds fund(frame, frame.sender(), of[0].word());
    if (name == "lock")
        fund.lock(of[1].u64(), of[2].u64());
    else if (name == "extendLock")
        fund.extend(of[1].u64());
    else if (name == "deposit")
        fund.deposit(of[1].word(), of[2].number());
    else if (name == "designate")
        fund.designate(of[1].word(), of[2].number());
    else if (name == "transfer")
        fund.move(of[1].word(), of[2].word(), of[3].number());
    else if (name == "flow")
        fund.flow(of[1].word(), of[2].word(), of[3].number());
    else if (name == "burnDesignated")
        fund.burn_designated(of[1].word(), of[2].number());
    else if (name == "burnAccount")
        fund.burn_account(of[1].word());
    else if (name == "freezeFund")
        fund.freeze();
    else {
        CODEX_ASSERT(name == "withdraw");
        fund.withdraw(of[1].word());
    }
    return no_values();
}

} // namespace codex::market::detail
