#include "market/contract/detail/vault.hpp"

#include "market/contract/detail/vault_funds.hpp"

#include <algorithm>

namespace codex::market::detail {

namespace {

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
        return Value::List{name == "getBalance" ? tokens(add(has.available, has.designated))
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
