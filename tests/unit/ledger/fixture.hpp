// A ledger in a folder of its own, with a client, a host, and what they call.
#pragma once

#include "crypto/hash/keccak256.hpp"
#include "ledger/ledger.hpp"
#include "must.hpp"
#include "temporary_folder.hpp"

namespace codex::ledger::test {

using codex::test::must;
using codex::test::must_fail;
using codex::test::TemporaryFolder;
using ethereum::Address;
using ethereum::PrivateKey;
using ethereum::UInt256;
using ethereum::abi::Value;
using ethereum::abi::Word;

inline Address numbered(std::uint8_t number) {
    Address made;
    made.bytes.fill(number);
    return made;
}

inline PrivateKey key_of(std::uint8_t number) {
    Bytes scalar(PrivateKey::kBytes);
    scalar.back() = number;
    return must(PrivateKey::from_scalar(scalar));
}

inline const Address kToken = numbered(0xaa);
inline const Address kMarket = numbered(0xbb);

inline Genesis sample_genesis(ClockKind clock = ClockKind::manual) {
    Genesis genesis;
    genesis.name = "test";
    genesis.start = 1'700'000'000;
    genesis.clock = clock;
    genesis.verifier = VerifierKind::test;
    genesis.token = kToken;
    genesis.marketplace = kMarket;
    genesis.configuration.zkey_hash = "00";
    genesis.balances[key_of(1).address()] = 1'000'000'000'000;
    genesis.balances[key_of(2).address()] = 1'000'000'000'000;
    return genesis;
}

inline Bytes token_call(std::string_view name, const Value::List& arguments) {
    return encode_call(*market::token_interface().function(name), arguments);
}
inline Bytes market_call(std::string_view name, const Value::List& arguments) {
    return encode_call(*market::marketplace_interface().function(name), arguments);
}
inline Bytes approve_market(std::uint64_t amount) {
    return token_call("approve", {kMarket, UInt256(amount)});
}

/// Of key_of(1), of two slots.
inline Value sample_request(std::uint8_t nonce) {
    Word word{};
    word[0] = nonce;
    return Value::List{key_of(1).address(),
                       Value::List{UInt256(1), UInt256(1), UInt256(1), UInt256(2), UInt256(100),
                                   UInt256(3600), UInt256(1)},
                       Value::List{Bytes{1, 2, 3}, Word{}}, UInt256(600), word};
}
inline Word id_of(const Value& request) {
    return crypto::keccak256(
        encode(market::marketplace_interface().function("requestStorage")->inputs, {request}));
}
inline Word slot_of(const Word& request, std::uint64_t index) {
    Bytes both(request.begin(), request.end());
    const auto number = UInt256(index).bytes();
    append(both, number);
    return crypto::keccak256(both);
}
inline Value sample_proof() {
    const auto pair = [](std::uint64_t a) { return Value(Value::List{UInt256(a), UInt256(a)}); };
    return Value::List{pair(1), Value::List{pair(2), pair(3)}, pair(4)};
}

/// One call of one account. It has to be taken.
inline Receipt send(Ledger& ledger, const PrivateKey& key, const Address& to, const Bytes& data) {
    const std::array orders{Order{key, to, data}};
    auto receipts = must(ledger.call(orders));
    if (!receipts.at(0).outcome.ok)
        throw std::runtime_error("refused");
    return std::move(receipts[0]);
}

/// One call of key_of(1), which can be refused, or fail.
inline Result<std::vector<Receipt>> try_to_call(Ledger& ledger, std::uint64_t amount) {
    const PrivateKey key = key_of(1);
    const Bytes data = approve_market(amount);
    const std::array orders{Order{key, kToken, data}};
    return ledger.call(orders);
}

/// The request, both slots hosted by key_of(2): thirteen records.
inline Word run_sample(Ledger& ledger, std::uint8_t nonce = 1) {
    const PrivateKey client = key_of(1);
    const PrivateKey host = key_of(2);
    send(ledger, client, kToken, approve_market(1'000'000'000));
    send(ledger, host, kToken, approve_market(1'000'000'000));
    const Value request = sample_request(nonce);
    const Word id = id_of(request);
    send(ledger, client, kMarket, market_call("requestStorage", {request}));
    for (std::uint64_t slot = 0; slot < 2; ++slot)
        send(ledger, host, kMarket, market_call("reserveSlot", {id, UInt256(slot)}));
    for (std::uint64_t slot = 0; slot < 2; ++slot)
        send(ledger, host, kMarket, market_call("fillSlot", {id, UInt256(slot), sample_proof()}));
    for (int period = 0; period < 3; ++period) {
        if (ledger.genesis().clock == ClockKind::manual)
            must(ledger.advance({Advance::By::seconds, 120}));
        if (ledger.genesis().clock == ClockKind::manual)
            send(ledger, host, kMarket,
                 market_call("submitProof", {slot_of(id, static_cast<std::uint64_t>(period) % 2),
                                             sample_proof()}));
    }
    return id;
}
constexpr std::uint64_t kSampleRecords = 13;

} // namespace codex::ledger::test
