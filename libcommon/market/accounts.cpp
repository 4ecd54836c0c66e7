#include "market/accounts.hpp"

#include "base/hex.hpp"

#include <algorithm>

namespace codex::market {

using ethereum::Address;
using ethereum::UInt256;
using ethereum::abi::Function;
using ethereum::abi::Interface;
using ethereum::abi::Log;
using ethereum::abi::Value;
using ethereum::abi::Word;

namespace {

constexpr std::string_view kMinted = "equity:minted";
constexpr std::string_view kReward = "income:reward";
constexpr std::string_view kValidator = "income:validator";
/// Of what hosts lose, what nobody gets: it stays in the market.
constexpr std::string_view kKept = "income:kept";
constexpr std::string_view kStorage = "expenses:storage";
constexpr std::string_view kSlashed = "expenses:slashed";

std::string wallet(const Address& account) {
    return "wallet:" + account.text();
}

std::string reward_of(const Word& request) {
    return fmt::format("market:reward:0x{}", to_hex(request));
}

std::string collateral_of(const Word& slot) {
    return fmt::format("market:collateral:0x{}", to_hex(slot));
}

/// Sums over all time, which may be more than there ever was at once.
void raise(UInt256& sum, const UInt256& by) {
    sum = checked_add(sum, by).value_or(UInt256::max());
}

struct Transfer {
    Address from;
    Address to;
    UInt256 amount;
};

Result<std::vector<Transfer>> transfers_of(const std::vector<Log>& logs, const Address& token) {
    const auto& event = *token_interface().event("Transfer");
    std::vector<Transfer> all;
    for (const Log& log : logs) {
        if (log.address != token || log.topics.empty() || log.topics[0] != event.topic)
            continue;
        CODEX_TRY(values, decode_log(event, log));
        all.push_back({values[0].address(), values[1].address(), values[2].number()});
    }
    return all;
}

bool tells(const std::vector<Log>& logs, std::string_view name) {
    const auto topic = marketplace_interface().event(name)->topic;
    return std::ranges::any_of(
        logs, [&](const Log& log) { return !log.topics.empty() && log.topics[0] == topic; });
}

} // namespace

/// One call while it is booked.
class Accounts::Booking {
public:
    Booking(Accounts& of, const DoneCall& call, Entry& entry)
        : of_(of), call_(call), entry_(entry) {}

    [[nodiscard]] Result<void> run();

private:
    void market_call(const Function& function, const Value::List& arguments);
    void request_storage(const Request& request);
    void fill(const Word& request, std::uint64_t index);
    void miss(const Word& id);
    void free(const Word& id);
    void withdraw(const Word& id);
    void lose(const Word& id, UInt256 amount, const UInt256& rewarded);

    void post(std::string_view account, bool goes, const UInt256& amount) {
        if (amount != UInt256())
            entry_.postings.push_back({std::string(account), goes, amount});
    }
    void come(std::string_view account, const UInt256& amount) { post(account, false, amount); }
    void go(std::string_view account, const UInt256& amount) { post(account, true, amount); }
    /// As the token has it.
    void move(const Transfer& transfer);

    Accounts& of_;
    const DoneCall& call_;
    Entry& entry_;
    std::vector<Transfer> transfers_;
};

void Accounts::Booking::move(const Transfer& transfer) {
    // Each of them was right where it was made, so these are.
    if (!transfer.from.is_zero()) {
        auto& balance = of_.accounts_[transfer.from].balance;
        balance = wrapping_sub(balance, transfer.amount);
    }
    auto& balance = of_.accounts_[transfer.to].balance;
    balance = wrapping_add(balance, transfer.amount);
}

Result<void> Accounts::Booking::run() {
    CODEX_SET(transfers_, transfers_of(call_.logs, of_.options_.token));
    for (const Transfer& transfer : transfers_)
        move(transfer);
    if (call_.to != of_.options_.marketplace) {
        for (const Transfer& transfer : transfers_) {
            go(transfer.from.is_zero() ? std::string(kMinted) : wallet(transfer.from),
               transfer.amount);
            come(wallet(transfer.to), transfer.amount);
        }
    }
    const Interface& interface = call_.to == of_.options_.marketplace ? marketplace_interface()
                                 : call_.to == of_.options_.token     ? token_interface()
                                                                      : vault_interface();
    const auto selector = ethereum::abi::selector_of(call_.data);
    const Function* function = selector ? interface.function(*selector) : nullptr;
    if (function == nullptr)
        return fail(Errc::abi_invalid, "a call of a function that no contract has");
    entry_.what = function->name;
    if (call_.to != of_.options_.marketplace)
        return {};
    CODEX_TRY(arguments, decode(function->inputs, call_.data.subspan(selector->size())));
    market_call(*function, arguments);
    return {};
}

void Accounts::Booking::market_call(const Function& function, const Value::List& arguments) {
    if (function.name == "requestStorage")
        request_storage(Request::of(arguments[0]));
    else if (function.name == "fillSlot")
        fill(arguments[0].word(), arguments[1].u64());
    else if (function.name == "markProofAsMissing")
        miss(arguments[0].word());
    else if (function.name == "freeSlot")
        free(arguments[0].word());
    else if (function.name == "withdrawFunds")
        withdraw(arguments[0].word());
}

void Accounts::Booking::request_storage(const Request& request) {
    const Word id = request.id();
    RequestAccount& made = of_.requests_[id];
    made.client = request.client;
    // Without one no slot of it can ever be filled.
    made.collateral_per_slot = request.collateral_per_slot().value_or(UInt256());
    for (const Transfer& transfer : transfers_) {
        raise(made.price, transfer.amount);
        raise(of_.accounts_[request.client].spent, transfer.amount);
        go(wallet(transfer.from), transfer.amount);
        come(reward_of(id), transfer.amount);
    }
}

void Accounts::Booking::fill(const Word& request, std::uint64_t index) {
    const Word id = slot_id(request, index);
    SlotAccount& slot = of_.slots_[id];
    slot.request = request;
    slot.index = index;
    slot.host = call_.sender;
    // All of it is the host's then, also what is not taken of who repairs.
    slot.locked = of_.requests_[request].collateral_per_slot;
    raise(of_.accounts_[slot.host].locked, slot.locked);
    for (const Transfer& transfer : transfers_) {
        go(wallet(transfer.from), transfer.amount);
        come(collateral_of(id), transfer.amount);
    }
}

/// Of the collateral `amount`, perhaps all that is locked, is not the host's any more; `rewarded`
/// of it has left the market.
void Accounts::Booking::lose(const Word& id, UInt256 amount, const UInt256& rewarded) {
    SlotAccount& slot = of_.slots_[id];
    Account& host = of_.accounts_[slot.host];
    slot.locked = wrapping_sub(slot.locked, amount);
    host.locked = wrapping_sub(host.locked, amount);
    raise(slot.lost, amount);
    raise(host.lost, amount);
    come(kSlashed, amount);
    go(kValidator, rewarded);
    // More is paid than is lost where the percentage is above 100.
    if (amount >= rewarded)
        go(kKept, wrapping_sub(amount, rewarded));
    else
        come(kKept, wrapping_sub(rewarded, amount));
}

void Accounts::Booking::miss(const Word& id) {
    SlotAccount& slot = of_.slots_[id];
    ++slot.missed;
    UInt256 rewarded;
    for (const Transfer& transfer : transfers_) {
        raise(rewarded, transfer.amount);
        go(collateral_of(id), transfer.amount);
        come(wallet(transfer.to), transfer.amount);
    }
    raise(of_.accounts_[call_.sender].rewarded, rewarded);
    const auto product = checked_mul(of_.requests_[slot.request].collateral_per_slot,
                                     of_.options_.configuration.slash_percentage);
    lose(id, divide(product.value_or(UInt256()), 100).quotient, rewarded);
    if (tells(call_.logs, "SlotFreed"))
        lose(id, slot.locked, 0);
}

void Accounts::Booking::free(const Word& id) {
    SlotAccount& slot = of_.slots_[id];
    if (transfers_.size() < 2) { // it was filled still, or its request has failed
        lose(id, slot.locked, 0);
        return;
    }
    const Transfer& pay = transfers_[0];
    const Transfer& collateral = transfers_[1];
    raise(slot.earned, pay.amount);
    raise(of_.accounts_[slot.host].earned, pay.amount);
    raise(of_.requests_[slot.request].paid, pay.amount);
    go(reward_of(slot.request), pay.amount);
    come(wallet(pay.to), pay.amount);
    go(kReward, pay.amount);
    come(kStorage, pay.amount);
    Account& host = of_.accounts_[slot.host];
    host.locked = wrapping_sub(host.locked, slot.locked);
    slot.locked = UInt256();
    go(collateral_of(id), collateral.amount);
    come(wallet(collateral.to), collateral.amount);
}

void Accounts::Booking::withdraw(const Word& id) {
    RequestAccount& request = of_.requests_[id];
    for (const Transfer& transfer : transfers_) {
        raise(request.refunded, transfer.amount);
        raise(of_.accounts_[request.client].refunded, transfer.amount);
        go(reward_of(id), transfer.amount);
        come(wallet(transfer.to), transfer.amount);
    }
}

Entry Accounts::begin(std::uint64_t time, const Address& account, const UInt256& amount) {
    Entry entry{.hash = {}, .time = time, .what = "begin", .postings = {}};
    auto& balance = accounts_[account].balance;
    balance = wrapping_add(balance, amount);
    entry.postings.push_back({std::string(kMinted), true, amount});
    entry.postings.push_back({wallet(account), false, amount});
    return entry;
}

Result<std::optional<Entry>> Accounts::take(const DoneCall& call) {
    Entry entry{.hash = call.hash, .time = call.time, .what = {}, .postings = {}};
    CODEX_CHECK(Booking(*this, call, entry).run());
    if (entry.postings.empty())
        return std::optional<Entry>();
    return std::optional(std::move(entry));
}

} // namespace codex::market
