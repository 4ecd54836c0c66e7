// A market on which seeded chance calls, and what was there before and after each call.
#pragma once

#include "market/calls.hpp"
#include "market/contract/detail/marketplace.hpp"
#include "runs.hpp"

#include <random>

namespace codex::market::random_run {

/// What can be seen of requests and slots at a time, and what is kept of them.
struct SeenRequest {
    RequestState stored{};
    RequestState effective{};
    detail::Context context;
};
struct SeenSlot {
    SlotState stored{};
    SlotState effective{};
    detail::Slot slot;
    std::uint64_t missed = 0;
};
struct Seen {
    std::map<Word, SeenRequest> requests;
    std::map<Word, SeenSlot> slots; ///< all slots of these
    detail::Totals totals;
    UInt256 supply;
    UInt256 of_market;
    UInt256 of_all; ///< the sum of all balances
};

/// One call.
struct Step {
    std::string function;
    Word id{}; ///< of the request, or of the slot, that it is about
    std::uint64_t period = 0;
    Address from;
    Address to;
    Bytes data;
    std::uint64_t block = 0;
    std::uint64_t time = 0;
    Outcome outcome;
    Seen before; ///< in the same block
    Seen after;
    bool left_alone = false; ///< what is kept is byte for byte the same
};

inline Address numbered_address(std::uint8_t number) {
    Address made;
    made.bytes.fill(number);
    return made;
}

/// Threads: one at a time.
class RandomRun {
public:
    static constexpr std::size_t kAccounts = 5;
    static constexpr std::uint64_t kBalance = 1000000000000;

    static Contracts::Options options() {
        static const TestVerifier verifier;
        Contracts::Options made;
        made.configuration.period = 10;
        made.configuration.timeout = 8;
        made.configuration.request_duration_limit = 1000;
        made.token = numbered_address(0xaa);
        made.marketplace = numbered_address(0xbb);
        made.verifier = &verifier;
        return made;
    }

    explicit RandomRun(std::uint64_t seed, std::size_t count) : chance_(seed) {
        chain_.block = 300;
        chain_.time = 1000000;
        for (std::size_t i = 0; i < kAccounts; ++i) {
            call("mint", {}, account(i), options().token, calls::mint(account(i), kBalance));
            call("approve", {}, account(i), options().token,
                 calls::approve(options().marketplace, UInt256::max()));
        }
        while (steps_.size() < count)
            one();
        finish();
    }

    [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
    [[nodiscard]] const std::map<Word, Request>& requests() const { return requests_; }
    [[nodiscard]] const MemoryState& state() const { return chain_.state(); }
    [[nodiscard]] static Address account(std::size_t i) {
        return numbered_address(static_cast<std::uint8_t>(i + 1));
    }

private:
    std::uint64_t below(std::uint64_t bound) { return chance_() % bound; }
    bool one_in(std::uint64_t count) { return below(count) == 0; }
    Address anyone() { return account(below(kAccounts)); }

    /// Of the newest ones, mostly.
    const Word& some_request() {
        const std::size_t newest = std::min<std::size_t>(order_.size(), one_in(8) ? 1000 : 3);
        return order_[order_.size() - 1 - below(newest)];
    }
    std::uint64_t some_slot(const Word& request) { return below(requests_.at(request).ask.slots); }

    // What is drawn is drawn in statements of its own: compilers order the arguments of a call as
    // they like, and a seed is to give one run.
    void one() {
        static constexpr std::uint64_t kSeconds[] = {0, 0, 1, 1, 2, 3, 6};
        chain_.time += kSeconds[below(7)];
        chain_.block += one_in(12) ? 70 : below(3);
        if (order_.empty())
            return post();
        switch (below(20)) {
        case 0:
            return one_in(2) ? post() : prove();
        case 1:
        case 2:
        case 3:
        case 4:
        case 5:
            return reserve();
        case 6:
        case 7:
        case 8:
        case 9:
        case 10:
            return fill();
        case 11:
            return prove();
        case 12:
        case 13:
        case 14:
        case 15:
        case 16:
            return mark();
        case 17:
            return free();
        case 18:
            return withdraw();
        default:
            return pay();
        }
    }

    void post() {
        Request request;
        request.client = anyone();
        request.ask.slots = 1 + below(3);
        request.ask.slot_size = 10 + below(90);
        request.ask.duration = 40 + below(160);
        request.ask.max_slot_loss = below(request.ask.slots + 1);
        request.ask.proof_probability = one_in(3) ? 2 : 1;
        request.ask.price_per_byte_per_second = 1 + below(5);
        request.ask.collateral_per_byte = 1 + below(9);
        request.cid = {1};
        request.expiry = one_in(12) ? request.ask.duration : 10 + below(28);
        request.nonce[0] = static_cast<std::uint8_t>(order_.size());
        request.nonce[1] = static_cast<std::uint8_t>(order_.size() >> 8);
        const Word id = request.id();
        requests_.emplace(id, request);
        const Address from = one_in(12) ? anyone() : request.client;
        if (call("requestStorage", id, from, options().marketplace,
                 calls::request_storage(request)))
            order_.push_back(id);
        else
            requests_.erase(id);
    }

    void reserve() {
        const Word& request = some_request();
        const std::uint64_t index = some_slot(request);
        const Address from = anyone();
        if (call("reserveSlot", slot_id(request, index), from, options().marketplace,
                 calls::reserve_slot(request, index)))
            reserved_[slot_id(request, index)] = from;
    }

    void fill() {
        const Word& request = some_request();
        const std::uint64_t index = some_slot(request);
        const auto known = reserved_.find(slot_id(request, index));
        const Address from = known == reserved_.end() || one_in(6) ? anyone() : known->second;
        Proof proof;
        proof.words[0] = one_in(12) ? 0 : 1;
        call("fillSlot", slot_id(request, index), from, options().marketplace,
             calls::fill_slot(request, index, proof));
    }

    Address host_of(const Word& slot) {
        const auto& seen = steps_.back().after.slots;
        const auto known = seen.find(slot);
        return known == seen.end() || one_in(8) ? anyone() : known->second.slot.host;
    }

    /// One that is filled, mostly, where there is one.
    Word chosen_slot() {
        const auto& seen = steps_.back().after.slots;
        if (!one_in(5))
            for (int i = 0; i < 6; ++i) {
                const Word& request = some_request();
                const Word slot = slot_id(request, some_slot(request));
                const auto known = seen.find(slot);
                if (known != seen.end() && known->second.stored == SlotState::filled)
                    return slot;
            }
        const Word& request = some_request();
        return slot_id(request, some_slot(request));
    }

    void prove() {
        const Word slot = chosen_slot();
        Proof proof;
        proof.words[7] = one_in(8) ? 0 : 1;
        const Address from = host_of(slot);
        call("submitProof", slot, from, options().marketplace, calls::submit_proof(slot, proof));
    }

    void mark() {
        const Word slot = chosen_slot();
        const std::uint64_t now = chain_.time / options().configuration.period;
        const std::uint64_t period = one_in(6) ? now + 1 - below(4) : now - 1;
        const Address from = anyone();
        call("markProofAsMissing", slot, from, options().marketplace,
             calls::mark_proof_as_missing(slot, period), period);
    }

    void free() {
        const Word slot = chosen_slot();
        const Address from = host_of(slot);
        const bool for_himself = one_in(2);
        const Address rewarded = anyone();
        const Address secured = anyone();
        call("freeSlot", slot, from, options().marketplace,
             for_himself ? calls::free_slot(slot) : calls::free_slot(slot, rewarded, secured));
    }

    void withdraw() {
        const Word& request = some_request();
        const Address from = one_in(6) ? anyone() : requests_.at(request).client;
        const bool for_himself = one_in(2);
        const Address recipient = anyone();
        call("withdrawFunds", request, from, options().marketplace,
             for_himself ? calls::withdraw_funds(request)
                         : calls::withdraw_funds(request, recipient));
    }

    void pay() {
        const Address to = one_in(3) ? options().marketplace : anyone();
        const Address from = anyone();
        const UInt256 amount = one_in(4) ? UInt256::max() : UInt256(below(100000));
        call("transfer", {}, from, options().token, calls::transfer(to, amount));
    }

    /// All that anybody still can get.
    void finish() {
        chain_.time += 2000;
        for (const auto& [id, request] : requests_) {
            for (std::uint64_t index = 0; index < request.ask.slots; ++index) {
                const Word slot = slot_id(id, index);
                const Address host = steps_.back().after.slots.at(slot).slot.host;
                call("freeSlot", slot, host, options().marketplace, calls::free_slot(slot));
            }
            call("withdrawFunds", id, request.client, options().marketplace,
                 calls::withdraw_funds(id));
        }
    }

    bool call(std::string_view function, const Word& id, const Address& from, const Address& to,
              Bytes data, std::uint64_t period = 0) {
        Step step{.function = std::string(function),
                  .id = id,
                  .period = period,
                  .from = from,
                  .to = to,
                  .data = std::move(data),
                  .block = chain_.block,
                  .time = chain_.time,
                  .outcome = {},
                  .before = see(),
                  .after = {},
                  .left_alone = false};
        const auto kept = chain_.state().all();
        step.outcome = chain_.send(from, to, step.data);
        step.left_alone = kept == chain_.state().all();
        step.after = see();
        steps_.push_back(std::move(step));
        return steps_.back().outcome.ok;
    }

    [[nodiscard]] Seen see() const {
        Overlay overlay(chain_.state());
        std::vector<ethereum::abi::Log> logs;
        const detail::Frame frame(chain_.contracts(), overlay, {chain_.block, chain_.time, hashes_},
                                  {}, logs);
        Seen seen;
        for (const auto& [id, request] : requests_) {
            if (!find_request(frame, id))
                continue;
            const detail::Context context = context_of(frame, id);
            seen.requests[id] = {context.state, state_of(frame, context), context};
            for (std::uint64_t index = 0; index < request.ask.slots; ++index) {
                const Word slot = slot_id(id, index);
                const detail::Slot kept = slot_of(frame, slot);
                seen.slots[slot] = {kept.state, state_of(frame, kept), kept,
                                    proofs_of(frame, slot).missed};
            }
        }
        seen.totals = totals_of(frame);
        seen.supply = frame.number(detail::Packer(detail::Table::supply));
        seen.of_market =
            frame.number(detail::Packer(detail::Table::balance).put(options().marketplace));
        for (const auto& [key, value] : chain_.state().all())
            if (key[0] == static_cast<std::uint8_t>(detail::Table::balance))
                seen.of_all = wrapping_add(seen.of_all, UInt256::from_bytes(value));
        return seen;
    }

    Chain chain_{options()};
    NumberedHashes hashes_;
    std::mt19937_64 chance_;
    std::map<Word, Request> requests_; ///< those that were posted
    std::vector<Word> order_;          ///< of them, in which they were
    std::map<Word, Address> reserved_; ///< who last did
    std::vector<Step> steps_;
};

/// The same for all tests.
inline const std::vector<RandomRun>& seeded_runs() {
    static const std::vector<RandomRun> all = [] {
        std::vector<RandomRun> made;
        for (std::uint64_t seed = 0; seed < 24; ++seed)
            made.emplace_back(seed, 600);
        return made;
    }();
    return all;
}

} // namespace codex::market::random_run
