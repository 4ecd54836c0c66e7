// Why a contract has refused a call, and what can be done about it (codex-market(7), REFUSALS).
#pragma once

#include "base/json_writer.hpp"
#include "market/contract/interfaces.hpp"

namespace codex::market {

/// What the call was about, as far as the caller knows: the ways out name it. Each may be empty.
struct Subject {
    std::string request; ///< an id, as text
    std::string slot;    ///< an id, as text
    std::string caller;  ///< an address, as text
};

/// What a call was refused with. Threads: as its members.
struct Refusal {
    /// Of an error of an interface; "Error" and "Panic" are every contract's. Empty, when nothing
    /// was said, or what nobody of ours says.
    std::string name;
    const ethereum::abi::Fault* fault = nullptr; ///< of that name; nothing, when there is none
    ethereum::abi::Value::List arguments;
    Bytes data; ///< all of it

    /// "the slot is neither free nor in repair": what is the matter, in words, with the arguments
    /// that say more.
    [[nodiscard]] std::string message() const;
    /// market_refused, with message() and the way out. The object is the caller's to add.
    [[nodiscard]] Error error(const Subject& subject = {}) const;
    /// "contractError" and "args", into an object that was begun. Null and an empty array, where
    /// there is no name.
    void write(JsonWriter& json) const;
};

/// Of any bytes.
[[nodiscard]] Refusal refusal_of(BytesView revert_data);

} // namespace codex::market
