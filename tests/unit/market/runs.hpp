// Runs of the deployed contract, in a local node, and ours beside them.
#pragma once

#include "ethereum/abi/json.hpp"
#include "market/contract/contracts.hpp"
#include "marketplace.hpp"
#include "must.hpp"

namespace codex::market {

using ethereum::Address;
using ethereum::UInt256;
using ethereum::abi::Value;
using ethereum::abi::Word;
using test::Json;
using test::must;

inline Word word_of(const Json& hex) {
    Word word{};
    std::ranges::copy(test::unhex(hex), word.begin());
    return word;
}

/// All different, and none of zeros.
class NumberedHashes final : public BlockHashes {
public:
    [[nodiscard]] Digest hash(std::uint64_t block) const override {
        const auto bytes = UInt256(block + 1).bytes();
        Digest hash{};
        std::copy(bytes.begin(), bytes.end(), hash.begin());
        hash[0] = 0x5a;
        return hash;
    }
};

/// A market of defaults, which takes any proof but one of zeros.
inline Contracts::Options usual_options() {
    static const TestVerifier verifier;
    Contracts::Options made;
    made.token.bytes.fill(0x11);
    made.marketplace.bytes.fill(0x22);
    made.verifier = &verifier;
    return made;
}

/// A chain of blocks with what was called in them, in memory.
class Chain {
public:
    explicit Chain(Contracts::Options options) : contracts_(std::move(options)) {}

    [[nodiscard]] const Contracts& contracts() const { return contracts_; }
    [[nodiscard]] const MemoryState& state() const { return state_; }
    std::uint64_t block = 282;
    std::uint64_t time = 0;

    Outcome call(const Address& from, const Address& to, const Bytes& data) {
        Overlay overlay(state_);
        return must(contracts_.execute(overlay, {block, time, hashes_}, {from, to, data}));
    }
    Outcome send(const Address& from, const Address& to, const Bytes& data) {
        Overlay overlay(state_);
        auto outcome = must(contracts_.execute(overlay, {block, time, hashes_}, {from, to, data}));
        state_.apply(overlay.changes());
        return outcome;
    }

private:
    Contracts contracts_;
    NumberedHashes hashes_;
    MemoryState state_;
};

} // namespace codex::market
