// Makes, drives and measures ledgers, for tests of crashes and for tests/bench/ledger.bash:
//     codex-testledger make PATH COUNT         a market with many slots, and COUNT records
//     codex-testledger write PATH KEY BATCH    transfers, BATCH together, until it is killed;
//                                              prints the number of each that was answered
//     codex-testledger count PATH KEY COUNT    the same, COUNT of them; prints the seconds
//     codex-testledger replay|verify|plain PATH   seconds and records: the state made anew, all
//                                              verified, all but signatures
//     codex-testledger recover PATH            the signatures alone
//     codex-testledger host                    whose slots they are: an address
#include "ledger/ledger.hpp"
#include "base/hex.hpp"
#include "base/thread_pool.hpp"
#include "crypto/hash/keccak256.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

namespace codex::ledger {
namespace {

using ethereum::Address;
using ethereum::PrivateKey;
using ethereum::UInt256;
using ethereum::abi::Value;
using ethereum::abi::Word;

template <class T> T must(Result<T> result) {
    if (!result) {
        std::cerr << errc_name(result.error().code()) << ": " << result.error().text() << "\n";
        std::exit(errc_exit_code(result.error().code()));
    }
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

PrivateKey key_of(std::uint64_t number) {
    Bytes scalar(PrivateKey::kBytes);
    for (std::size_t i = 0; i < 8; ++i)
        scalar[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return must(PrivateKey::from_scalar(scalar));
}

Address numbered(std::uint8_t number) {
    Address made;
    made.bytes.fill(number);
    return made;
}

const Address kToken = numbered(0xaa);
const Address kMarket = numbered(0xbb);
constexpr std::uint64_t kAccounts = 16;
constexpr std::uint64_t kSlots = 1000;
constexpr std::uint64_t kSlotsOfARequest = 10;

Genesis genesis() {
    Genesis made;
    made.name = "test";
    made.start = 1'700'000'000;
    made.clock = ClockKind::manual;
    made.verifier = VerifierKind::test;
    made.token = kToken;
    made.marketplace = kMarket;
    for (std::uint64_t i = 1; i <= kAccounts; ++i)
        made.balances[key_of(i).address()] = UInt256(std::uint64_t{1} << 60);
    return made;
}

Bytes token_call(std::string_view name, const Value::List& arguments) {
    return encode_call(*market::token_interface().function(name), arguments);
}
Bytes market_call(std::string_view name, const Value::List& arguments) {
    return encode_call(*market::marketplace_interface().function(name), arguments);
}

Value proof() {
    const auto pair = [](std::uint64_t a) { return Value(Value::List{UInt256(a), UInt256(a)}); };
    return Value::List{pair(1), Value::List{pair(2), pair(3)}, pair(4)};
}

Value request(std::uint64_t nonce) {
    Word word{};
    word[0] = static_cast<std::uint8_t>(nonce);
    word[1] = static_cast<std::uint8_t>(nonce >> 8);
    return Value::List{key_of(1).address(),
                       Value::List{UInt256(1), UInt256(1), UInt256(1), UInt256(kSlotsOfARequest),
                                   UInt256(100), UInt256(2592000), UInt256(1)},
                       Value::List{Bytes(38), Word{}}, UInt256(600), word};
}
Word id_of(const Value& of) {
    return crypto::keccak256(
        encode(market::marketplace_interface().function("requestStorage")->inputs, {of}));
}
Word slot_of(const Word& id, std::uint64_t index) {
    Bytes both(id.begin(), id.end());
    const auto number = UInt256(index).bytes();
    append(both, number);
    return crypto::keccak256(both);
}

/// Calls that are gathered, and made together.
class Caller {
public:
    explicit Caller(Ledger& ledger) : ledger_(ledger) {}
    void add(const PrivateKey& key, const Address& to, Bytes data) {
        calls_.push_back({&key, to, std::move(data)});
        if (calls_.size() == 1000)
            send();
    }
    void send() {
        std::vector<Order> orders;
        for (const auto& call : calls_)
            orders.push_back({*call.key, call.to, call.data});
        if (orders.empty())
            return;
        for (const Receipt& receipt : must(ledger_.call(orders)))
            if (!receipt.outcome.ok) {
                std::cerr << "refused\n";
                std::exit(70);
            }
        calls_.clear();
    }

private:
    struct Call {
        const PrivateKey* key;
        Address to;
        Bytes data;
    };
    Ledger& ledger_;
    std::vector<Call> calls_;
};

int make(const std::string& path, std::uint64_t count) {
    const auto ledger = must(Ledger::create(path, genesis()));
    const PrivateKey client = key_of(1);
    const PrivateKey host = key_of(2);
    Caller caller(*ledger);
    caller.add(client, kToken, token_call("approve", {kMarket, UInt256::max()}));
    caller.add(host, kToken, token_call("approve", {kMarket, UInt256::max()}));
    std::vector<Word> slots;
    for (std::uint64_t i = 0; i < kSlots / kSlotsOfARequest; ++i) {
        const Value of = request(i);
        caller.add(client, kMarket, market_call("requestStorage", {of}));
        for (std::uint64_t slot = 0; slot < kSlotsOfARequest; ++slot) {
            slots.push_back(slot_of(id_of(of), slot));
            caller.add(host, kMarket, market_call("reserveSlot", {id_of(of), UInt256(slot)}));
            caller.add(host, kMarket, market_call("fillSlot", {id_of(of), UInt256(slot), proof()}));
        }
    }
    caller.send();
    for (std::uint64_t made = must(ledger->head()).sequence; made < count;) {
        must(ledger->advance({Advance::By::seconds, 120}));
        ++made;
        for (std::size_t i = 0; i < slots.size() && made < count; ++i, ++made)
            caller.add(host, kMarket, market_call("submitProof", {slots[i], proof()}));
        caller.send();
    }
    const Head head = must(ledger->head());
    std::cout << head.sequence << "\t" << to_hex(head.hash) << "\n";
    return 0;
}

double seconds_of(const std::function<void()>& work) {
    const Clock& clock = Clock::system();
    const auto begin = clock.now();
    work();
    return std::chrono::duration<double>(clock.now() - begin).count();
}

void show(double seconds, std::uint64_t records) {
    std::printf("%.3f\t%llu\t%.0f\n", seconds, static_cast<unsigned long long>(records),
                static_cast<double>(records) / seconds);
}

int write(const std::string& path, std::uint64_t number, std::uint64_t together,
          std::uint64_t count) {
    const auto ledger = must(Ledger::open(path, Access::write));
    const PrivateKey key = key_of(number);
    std::uint64_t done = 0;
    const double seconds = seconds_of([&] {
        while (count == 0 || done < count) {
            std::vector<Bytes> data;
            for (std::uint64_t i = 0; i < together; ++i)
                data.push_back(token_call(
                    "transfer", {numbered(static_cast<std::uint8_t>(number)), UInt256(1)}));
            std::vector<Order> orders;
            for (const Bytes& one : data)
                orders.push_back({key, kToken, one});
            const auto receipts = must(ledger->call(orders));
            done += receipts.size();
            if (count == 0)
                std::cout << receipts.back().sequence << "\t" << to_hex(receipts.back().hash)
                          << std::endl;
        }
    });
    if (count != 0)
        show(seconds, done);
    return 0;
}

int replay(const std::string& path) {
    std::filesystem::remove_all(path + "/state");
    ThreadPool pool(2);
    Options options;
    options.pool = pool;
    const auto ledger = must(Ledger::open(path, Access::write, options));
    std::uint64_t records = 0;
    const double seconds = seconds_of([&] { records = must(ledger->head()).sequence; });
    show(seconds, records);
    return 0;
}

int verify(const std::string& path, bool signatures) {
    ThreadPool pool(2);
    const auto ledger = must(Ledger::open(path, Access::write));
    VerifyOptions options;
    options.signatures = signatures;
    Verified verified;
    const double seconds = seconds_of([&] { verified = must(ledger->verify(options, pool)); });
    show(seconds, verified.head.sequence);
    return 0;
}

int recover(const std::string& path) {
    ThreadPool pool(2);
    const auto ledger = must(Ledger::open(path, Access::read));
    std::vector<std::pair<Digest, ethereum::Signature>> all;
    must(ledger->records(1, [&](const PlacedRecord& placed) -> Result<bool> {
        if (placed.record.kind == RecordKind::call)
            all.emplace_back(placed.hash, ethereum::Signature::from_bytes(placed.record.signature));
        return true;
    }));
    std::atomic<std::uint64_t> wrong = 0;
    const double seconds = seconds_of([&] {
        pool.parallel_for(all.size() / 64 + 1, [&](std::size_t piece) {
            for (std::size_t i = piece * 64; i < std::min(all.size(), (piece + 1) * 64); ++i)
                wrong += ethereum::recover(all[i].first, all[i].second) ? 0 : 1;
        });
    });
    show(seconds, all.size());
    return wrong == 0 ? 0 : 1;
}

int host() {
    std::cout << key_of(2).address().text() << "\n";
    return 0;
}

int run(int count, char** words) {
    if (count == 2 && words[1] == std::string_view("host"))
        return host();
    const std::string what = count > 2 ? words[1] : "";
    const std::string path = count > 2 ? words[2] : "";
    const auto number = [&](int at) {
        return at < count ? std::strtoull(words[at], nullptr, 10) : 0;
    };
    if (what == "make")
        return make(path, number(3));
    if (what == "write")
        return write(path, number(3), number(4), 0);
    if (what == "count")
        return write(path, number(3), 1, number(4));
    if (what == "replay")
        return replay(path);
    if (what == "verify" || what == "plain")
        return verify(path, what == "verify");
    if (what == "recover")
        return recover(path);
    std::cerr << "see the top of tests/support/ledger.cpp\n";
    return 64;
}

} // namespace
} // namespace codex::ledger

int main(int count, char** words) {
    return codex::ledger::run(count, words);
}
