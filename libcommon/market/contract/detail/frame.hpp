// One call while it runs: what it sees of the world, and the two ways in which it ends early.
#pragma once

#include "market/contract/contracts.hpp"

namespace codex::market::detail {

using ethereum::Address;
using ethereum::UInt256;
using ethereum::abi::Interface;
using ethereum::abi::Value;
using ethereum::abi::Word;

/// Thrown: the call is refused. It is caught where the call began, so that the rules read as the
/// contract has them.
struct Revert {
    Bytes data;
};

/// Thrown: what contracts keep cannot be read, which says nothing about the call.
struct Unreadable {
    Error error;
};

/// Ends the call by an error of a contract. `name` is on the interface.
[[noreturn]] void revert(const Interface& of, std::string_view name, Value::List arguments = {});
/// Of the marketplace.
[[noreturn]] void revert(std::string_view name);
/// Ends the call as Solidity's checks do.
enum class Panic : std::uint8_t { assertion = 0x01, arithmetic = 0x11, too_large = 0x41 };
[[noreturn]] void panic(Panic code);

// Numbers, any overflow of which ends the call.
[[nodiscard]] UInt256 add(const UInt256& a, const UInt256& b);
[[nodiscard]] UInt256 sub(const UInt256& a, const UInt256& b);
[[nodiscard]] UInt256 mul(const UInt256& a, const UInt256& b);
[[nodiscard]] std::uint64_t add64(std::uint64_t a, std::uint64_t b);
[[nodiscard]] std::uint64_t sub64(std::uint64_t a, std::uint64_t b);
[[nodiscard]] std::uint64_t mul64(std::uint64_t a, std::uint64_t b);

/// Kinds of keys; each is the first byte of its keys, which is in states that are kept.
enum class Table : std::uint8_t {
    request = 1,
    context = 2,
    slot = 3,
    proofs = 4,
    received = 5,
    missing = 6,
    reservations = 7,
    list_size = 8,
    list_item = 9,
    list_place = 10,
    totals = 11,
    balance = 12,
    allowance = 13,
    supply = 14,
    fund = 15,
    account = 16,
    vault = 17,
};

/// Builds a key, or bytes that are kept. Numbers have the highest byte first.
class Packer {
public:
    Packer() = default;
    explicit Packer(Table table) { bytes_.push_back(static_cast<std::uint8_t>(table)); }
    Packer& put(BytesView bytes) {
        append(bytes_, bytes);
        return *this;
    }
    Packer& put(const Address& address) { return put(BytesView(address.bytes)); }
    Packer& put(const UInt256& number) {
        const auto bytes = number.bytes();
        return put(BytesView(bytes));
    }
    Packer& put(std::uint64_t number);
    Packer& put(std::uint8_t number) {
        bytes_.push_back(number);
        return *this;
    }
    [[nodiscard]] const Bytes& bytes() const& { return bytes_; }
    [[nodiscard]] Bytes bytes() && { return std::move(bytes_); }

private:
    Bytes bytes_;
};

/// Takes apart what a Packer has built; what has another length throws Unreadable.
class Unpacker {
public:
    explicit Unpacker(BytesView bytes) : left_(bytes) {}
    [[nodiscard]] BytesView take(std::size_t size);
    [[nodiscard]] Word word();
    [[nodiscard]] Address address() { return Address::from_bytes(take(Address::kBytes)); }
    [[nodiscard]] UInt256 number() { return UInt256::from_bytes(take(UInt256::kBytes)); }
    [[nodiscard]] std::uint64_t u64();
    [[nodiscard]] std::uint8_t u8() { return take(1)[0]; }
    void end() const;

private:
    BytesView left_;
};

/// Threads: one.
class Frame {
public:
    Frame(const Contracts& contracts, Overlay& state, const Now& now, const Address& sender,
          std::vector<ethereum::abi::Log>& logs)
        : contracts_(contracts), state_(state), now_(now), sender_(sender), logs_(logs) {}

    [[nodiscard]] const Contracts& contracts() const { return contracts_; }
    [[nodiscard]] const Configuration& configuration() const {
        return contracts_.options().configuration;
    }
    [[nodiscard]] const Address& sender() const { return sender_; }
    [[nodiscard]] const Now& now() const { return now_; }
    [[nodiscard]] std::uint64_t block() const { return now_.block; }
    [[nodiscard]] std::uint64_t time() const { return now_.time; }
    [[nodiscard]] Digest block_hash(std::uint64_t block) const { return now_.hashes.hash(block); }

    /// As another contract, which is the sender of what it calls.
    [[nodiscard]] Frame as(const Address& sender) {
        return {contracts_, state_, now_, sender, logs_};
    }

    /// Nothing, when there is no such key.
    [[nodiscard]] std::optional<Bytes> get(const Packer& key) const;
    void put(const Packer& key, Packer value) { state_.put(key.bytes(), std::move(value).bytes()); }
    void put(const Packer& key, Bytes value) { state_.put(key.bytes(), std::move(value)); }
    void erase(const Packer& key) { state_.erase(key.bytes()); }
    /// 0 where there is none; and none where it becomes 0.
    [[nodiscard]] UInt256 number(const Packer& key) const;
    void set_number(const Packer& key, const UInt256& to);

    void tell(const Address& contract, const Interface& of, std::string_view event,
              const Value::List& arguments);

private:
    const Contracts& contracts_;
    Overlay& state_;
    Now now_;
    Address sender_;
    std::vector<ethereum::abi::Log>& logs_;
};

} // namespace codex::market::detail
