// What a contract can be asked, tells, and refuses with: read from text, so that another version of
// it is other text (codex-market(7), INTERFACES).
#pragma once

#include "ethereum/abi/coder.hpp"

#include <map>

namespace codex::ethereum::abi {

/// The first four bytes of the Keccak-256 of a signature: of a function, or of an error.
using Selector = std::array<std::uint8_t, 4>;

/// Threads: as its members.
struct Function {
    std::string name;
    std::vector<Type> inputs;
    std::vector<Type> outputs;
    bool is_view = false; ///< it changes nothing, so it is asked and not sent
    Selector selector{};

    /// "freeSlot(bytes32)"
    [[nodiscard]] std::string signature() const { return name + text_of(inputs); }
};

struct Event {
    std::string name;
    std::vector<Type> inputs;
    Digest topic{}; ///< the Keccak-256 of its signature

    [[nodiscard]] std::string signature() const { return name + text_of(inputs); }
};

struct Fault {
    std::string name;
    std::vector<Type> inputs;
    Selector selector{};

    [[nodiscard]] std::string signature() const { return name + text_of(inputs); }
};

/// What a contract has told.
struct Log {
    Address address; ///< of the contract
    std::vector<Word> topics;
    Bytes data;

    friend bool operator==(const Log&, const Log&) = default;
};

/// Threads: const calls from any thread, at once.
class Interface {
public:
    /// A line each, as ethers and viem write them:
    ///     function balanceOf(address account) view returns (uint256)
    ///     event SlotFilled(bytes32 indexed requestId, uint64 slotIndex)
    ///     error ERC20InvalidReceiver(address receiver)
    /// Errors: abi_invalid (names the line; also where two have one selector), unsupported.
    [[nodiscard]] static Result<Interface> from_text(std::string_view text);

    [[nodiscard]] const std::vector<Function>& functions() const { return functions_; }
    [[nodiscard]] const std::vector<Event>& events() const { return events_; }
    [[nodiscard]] const std::vector<Fault>& faults() const { return faults_; }

    /// Nothing, when there is none.
    [[nodiscard]] const Function* function(const Selector& selector) const;
    [[nodiscard]] const Fault* fault(const Selector& selector) const;
    [[nodiscard]] const Event* event(const Digest& topic) const;
    /// By name where only one has it, or by signature. Nothing, when there is none.
    [[nodiscard]] const Function* function(std::string_view name) const;
    [[nodiscard]] const Fault* fault(std::string_view name) const;
    [[nodiscard]] const Event* event(std::string_view name) const;

private:
    [[nodiscard]] Result<void> add(std::string_view line);
    std::vector<Function> functions_;
    std::vector<Event> events_;
    std::vector<Fault> faults_;
};

/// Selector and arguments.
[[nodiscard]] Bytes encode_call(const Function& function, const Value::List& arguments);
[[nodiscard]] Bytes encode_fault(const Fault& fault, const Value::List& arguments);
/// The first four bytes. Nothing, when there are fewer.
[[nodiscard]] std::optional<Selector> selector_of(BytesView bytes);

/// Indexed arguments are of fixed length, and are topics behind the event's own.
[[nodiscard]] Log encode_log(const Address& contract, const Event& event,
                             const Value::List& arguments);
/// The arguments in their order, indexed or not. Errors: abi_invalid, also where the first topic is
/// another one's.
[[nodiscard]] Result<Value::List> decode_log(const Event& event, const Log& log);

} // namespace codex::ethereum::abi
