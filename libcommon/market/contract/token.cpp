#include "market/contract/detail/token.hpp"

namespace codex::market::detail {

namespace {

Packer balance_key(const Address& of) {
    return Packer(Table::balance).put(of);
}

Packer allowance_key(const Address& owner, const Address& spender) {
    return Packer(Table::allowance).put(owner).put(spender);
}

Packer supply_key() {
    return Packer(Table::supply);
}

void tell_transfer(Frame& frame, const Address& from, const Address& to, const UInt256& value) {
    frame.tell(frame.contracts().options().token, token_interface(), "Transfer", {from, to, value});
}

/// Also of nothing, and to oneself.
void move(Frame& frame, const Address& from, const Address& to, const UInt256& value) {
    if (from.is_zero())
        revert(token_interface(), "ERC20InvalidSender", {from});
    if (to.is_zero())
        revert(token_interface(), "ERC20InvalidReceiver", {to});
    const UInt256 has = balance_of(frame, from);
    if (has < value)
        revert(token_interface(), "ERC20InsufficientBalance", {from, has, value});
    frame.set_number(balance_key(from), sub(has, value));
    // Cannot overflow, for all balances are not more than the supply.
    frame.set_number(balance_key(to), add(balance_of(frame, to), value));
    tell_transfer(frame, from, to, value);
}

void approve(Frame& frame, const Address& spender, const UInt256& value) {
    if (spender.is_zero())
        revert(token_interface(), "ERC20InvalidSpender", {spender});
    frame.set_number(allowance_key(frame.sender(), spender), value);
    frame.tell(frame.contracts().options().token, token_interface(), "Approval",
               {frame.sender(), spender, value});
}

void mint(Frame& frame, const Address& to, const UInt256& amount) {
    if (to.is_zero())
        revert(token_interface(), "ERC20InvalidReceiver", {to});
    frame.set_number(supply_key(), add(frame.number(supply_key()), amount));
    frame.set_number(balance_key(to), add(balance_of(frame, to), amount));
    tell_transfer(frame, Address(), to, amount);
}

Value truth() {
    return UInt256(1);
}

} // namespace

UInt256 balance_of(const Frame& frame, const Address& of) {
    return frame.number(balance_key(of));
}

void transfer(Frame& frame, const Address& to, const UInt256& value) {
    move(frame, frame.sender(), to, value);
}

/// What is without an end is not spent.
void transfer_from(Frame& frame, const Address& from, const Address& to, const UInt256& value) {
    const Packer key = allowance_key(from, frame.sender());
    const UInt256 allowed = frame.number(key);
    if (allowed != UInt256::max()) {
        if (allowed < value)
            revert(token_interface(), "ERC20InsufficientAllowance",
                   {frame.sender(), allowed, value});
        if (from.is_zero())
            revert(token_interface(), "ERC20InvalidApprover", {from});
        frame.set_number(key, sub(allowed, value));
    }
    move(frame, from, to, value);
}

Value::List call_token(Frame& frame, const ethereum::abi::Function& function,
                       const Value::List& arguments) {
    const std::string_view name = function.name;
    if (name == "name")
        return {Value::of_text("TestToken")};
    if (name == "symbol")
        return {Value::of_text("TST")};
    if (name == "decimals")
        return {UInt256(18)};
    if (name == "totalSupply")
        return {frame.number(supply_key())};
    if (name == "balanceOf")
        return {balance_of(frame, arguments[0].address())};
    if (name == "allowance")
        return {frame.number(allowance_key(arguments[0].address(), arguments[1].address()))};
    if (name == "approve") {
        approve(frame, arguments[0].address(), arguments[1].number());
        return {truth()};
    }
    if (name == "transfer") {
        transfer(frame, arguments[0].address(), arguments[1].number());
        return {truth()};
    }
    if (name == "transferFrom") {
        transfer_from(frame, arguments[0].address(), arguments[1].address(), arguments[2].number());
        return {truth()};
    }
    CODEX_ASSERT(name == "mint");
    mint(frame, arguments[0].address(), arguments[1].number());
    return {};
}

} // namespace codex::market::detail
