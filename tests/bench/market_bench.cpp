// What it costs to try a call before it is made: on an overlay over a market in memory that has
// 10,000 requests, the last of which it is about. Each has a slot that is filled and one that is
// reserved.
#include "market/calls.hpp"

#include <benchmark/benchmark.h>
#include <stdexcept>

namespace {

using namespace codex;
using namespace codex::market;
using ethereum::Address;
using ethereum::UInt256;
using ethereum::abi::Word;

constexpr std::uint64_t kRequests = 10000;

class NumberedHashes final : public BlockHashes {
public:
    [[nodiscard]] Digest hash(std::uint64_t block) const override {
        return UInt256(block + 1).bytes();
    }
};

Address numbered(std::uint8_t number) {
    Address made;
    made.bytes.fill(number);
    return made;
}

Contracts::Options options() {
    static const TestVerifier verifier;
    Contracts::Options made;
    made.token = numbered(0xaa);
    made.marketplace = numbered(0xbb);
    made.verifier = &verifier;
    return made;
}

Proof proof() {
    Proof made;
    made.words[0] = 1;
    return made;
}

class Market {
public:
    [[nodiscard]] static const Market& made() {
        static const Market market;
        return market;
    }

    /// On a fresh overlay, which is left behind.
    [[nodiscard]] Outcome try_call(const Address& from, const Address& to, BytesView data) const {
        Overlay overlay(state_);
        auto outcome = contracts_.execute(overlay, {300, 1000000, hashes_}, {from, to, data});
        if (!outcome || !outcome->ok)
            throw std::runtime_error("a call of the bench is refused");
        return std::move(*outcome);
    }
    [[nodiscard]] const Word& last() const { return last_; }
    [[nodiscard]] const Address& client() const { return client_; }
    [[nodiscard]] const Address& host() const { return host_; }
    [[nodiscard]] static Request request(std::uint64_t number, const Address& client) {
        Request made;
        made.client = client;
        made.ask = {UInt256(100), UInt256(1), UInt256(1), 4, 65536, 3600, 2};
        made.cid.assign(38, 1);
        made.expiry = 600;
        made.nonce = UInt256(number).bytes();
        return made;
    }

private:
    Market() : contracts_(options()) {
        for (const Address& account : {client_, host_}) {
            call(account, options().token, calls::mint(account, UInt256(UINT64_MAX)));
            call(account, options().token, calls::approve(options().marketplace, UInt256::max()));
        }
        for (std::uint64_t i = 0; i < kRequests; ++i)
            post(request(i, client_));
    }

    void post(const Request& request) {
        last_ = request.id();
        call(client_, options().marketplace, calls::request_storage(request));
        call(host_, options().marketplace, calls::reserve_slot(last_, 0));
        call(host_, options().marketplace, calls::fill_slot(last_, 0, proof()));
        call(host_, options().marketplace, calls::reserve_slot(last_, 1));
    }

    void call(const Address& from, const Address& to, BytesView data) {
        Overlay overlay(state_);
        auto outcome = contracts_.execute(overlay, {300, 1000000, hashes_}, {from, to, data});
        if (!outcome || !outcome->ok)
            throw std::runtime_error("a call of the bench is refused");
        state_.apply(overlay.changes());
    }

    Contracts contracts_;
    MemoryState state_;
    NumberedHashes hashes_;
    Address client_ = numbered(1);
    Address host_ = numbered(2);
    Word last_{};
};

void preflight(benchmark::State& state, const Address& from, const Bytes& data) {
    const Market& market = Market::made();
    for (auto _ : state)
        benchmark::DoNotOptimize(market.try_call(from, options().marketplace, data));
}

void request_storage(benchmark::State& state) {
    const Market& market = Market::made();
    preflight(state, market.client(),
              calls::request_storage(Market::request(kRequests, market.client())));
}
BENCHMARK(request_storage);

void reserve_slot(benchmark::State& state) {
    preflight(state, Market::made().host(), calls::reserve_slot(Market::made().last(), 2));
}
BENCHMARK(reserve_slot);

void fill_slot(benchmark::State& state) {
    preflight(state, Market::made().host(), calls::fill_slot(Market::made().last(), 1, proof()));
}
BENCHMARK(fill_slot);

void free_slot(benchmark::State& state) {
    preflight(state, Market::made().host(), calls::free_slot(slot_id(Market::made().last(), 0)));
}
BENCHMARK(free_slot);

void slot_state(benchmark::State& state) {
    preflight(state, Market::made().host(),
              questions::slot_state(slot_id(Market::made().last(), 0)).data);
}
BENCHMARK(slot_state);

} // namespace

BENCHMARK_MAIN();
