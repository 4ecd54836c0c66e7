// Which rule belongs to which call, and what can be asked.
#include "market/contract/detail/marketplace.hpp"

#include <algorithm>

namespace codex::market::detail {

namespace {

Proof proof_of(const Value& value) {
    Proof proof;
    std::size_t next = 0;
    const auto take = [&](const Value& pair) {
        for (const Value& word : pair.list())
            proof.words[next++] = word.number();
    };
    take(value[0]);
    take(value[1][0]);
    take(value[1][1]);
    take(value[2]);
    return proof;
}

Value ids(const std::vector<Word>& all) {
    Value::List list;
    for (const Word& id : all)
        list.emplace_back(id);
    return list;
}

Value truth(bool is) {
    return UInt256(is ? 1 : 0);
}

template <class State> Value number_of(State state) {
    return UInt256(static_cast<std::uint8_t>(state));
}

using Arguments = const Value::List&;
using Rule = Value::List (*)(Frame& frame, Arguments arguments);

/// Of the period that is now.
Requirement requirement_now(const Frame& frame, const Word& slot) {
    return requirement_of(frame, slot, period_now(frame));
}

Value::List active_slot(Frame& frame, Arguments arguments) {
    const Slot slot = slot_of(frame, arguments[0].word());
    if (slot.state == SlotState::free)
        revert("Marketplace_SlotIsFree");
    const Request request = known_request(frame, slot.request);
    // A list in braces would be a copy of it to some compilers, and a list with it in to others.
    return {Value(Value::List{request.value(), UInt256(slot.index)})};
}

Value::List request_end(Frame& frame, Arguments arguments) {
    const Word& id = arguments[0].word();
    (void)known_request(frame, id);
    return {UInt256(end_of(frame, context_of(frame, id)))};
}

Value::List request_state(Frame& frame, Arguments arguments) {
    const Word& id = arguments[0].word();
    (void)known_request(frame, id);
    return {number_of(state_of(frame, context_of(frame, id)))};
}

struct Row {
    std::string_view signature;
    Rule rule;
};

const Row kRows[] = {
    // --- requests
    {"requestStorage",
     [](Frame& frame, Arguments of) {
         request_storage(frame, Request(of[0]));
         return Value::List();
     }},
    {"withdrawFunds(bytes32)",
     [](Frame& frame, Arguments of) {
         withdraw_funds(frame, of[0].word(), frame.sender());
         return Value::List();
     }},
    {"withdrawFunds(bytes32,address)",
     [](Frame& frame, Arguments of) {
         withdraw_funds(frame, of[0].word(), of[1].address());
         return Value::List();
     }},
    {"getRequest",
     [](Frame& frame, Arguments of) {
         return Value::List{known_request(frame, of[0].word()).value()};
     }},
    {"requestState", request_state},
    {"requestEnd", request_end},
    {"requestExpiry",
     [](Frame& frame, Arguments of) {
         return Value::List{UInt256(context_of(frame, of[0].word()).expires_at)};
     }},
    {"myRequests",
     [](Frame& frame, Arguments) {
         return Value::List{ids(IdList(frame, IdList::Kind::requests, frame.sender()).all())};
     }},
    // --- slots
    {"reserveSlot",
     [](Frame& frame, Arguments of) {
         reserve_slot(frame, of[0].word(), of[1].u64());
         return Value::List();
     }},
    {"canReserveSlot",
     [](Frame& frame, Arguments of) {
         return Value::List{truth(can_reserve(frame, of[0].word(), of[1].u64()))};
     }},
    {"fillSlot",
     [](Frame& frame, Arguments of) {
         fill_slot(frame, of[0].word(), of[1].u64(), proof_of(of[2]));
         return Value::List();
     }},
    {"freeSlot(bytes32)",
     [](Frame& frame, Arguments of) {
         free_slot(frame, of[0].word(), frame.sender(), frame.sender());
         return Value::List();
     }},
    {"freeSlot(bytes32,address,address)",
     [](Frame& frame, Arguments of) {
         free_slot(frame, of[0].word(), of[1].address(), of[2].address());
         return Value::List();
     }},
    {"getActiveSlot", active_slot},
    {"getHost",
     [](Frame& frame, Arguments of) { return Value::List{slot_of(frame, of[0].word()).host}; }},
    {"slotState",
     [](Frame& frame, Arguments of) {
         return Value::List{number_of(state_of(frame, slot_of(frame, of[0].word())))};
     }},
    {"mySlots",
     [](Frame& frame, Arguments) {
         return Value::List{ids(IdList(frame, IdList::Kind::slots, frame.sender()).all())};
     }},
    {"currentCollateral",
     [](Frame& frame, Arguments of) {
         return Value::List{slot_of(frame, of[0].word()).current_collateral};
     }},
    // --- proofs
    {"submitProof",
     [](Frame& frame, Arguments of) {
         submit_proof(frame, of[0].word(), proof_of(of[1]));
         return Value::List();
     }},
    {"markProofAsMissing",
     [](Frame& frame, Arguments of) {
         mark_missing(frame, of[0].word(), of[1].u64());
         return Value::List();
     }},
    {"canMarkProofAsMissing",
     [](Frame& frame, Arguments of) {
         check_missing(frame, of[0].word(), of[1].u64());
         return Value::List();
     }},
    {"missingProofs",
     [](Frame& frame, Arguments of) {
         return Value::List{UInt256(proofs_of(frame, of[0].word()).missed)};
     }},
    {"getPointer",
     [](Frame& frame, Arguments of) {
         return Value::List{UInt256(pointer_of(frame, of[0].word(), period_now(frame)))};
     }},
    {"getChallenge",
     [](Frame& frame, Arguments of) {
         const auto pointer = pointer_of(frame, of[0].word(), period_now(frame));
         return Value::List{challenge_at(frame, pointer)};
     }},
    {"isProofRequired",
     [](Frame& frame, Arguments of) {
         const Requirement owed = requirement_now(frame, of[0].word());
         return Value::List{truth(owed.required && !owed.in_downtime)};
     }},
    {"willProofBeRequired",
     [](Frame& frame, Arguments of) {
         const Requirement owed = requirement_now(frame, of[0].word());
         return Value::List{truth(owed.required && owed.in_downtime)};
     }},
    {"slotProbability",
     [](Frame& frame, Arguments of) { return Value::List{probability_of(frame, of[0].word())}; }},
    // --- what it is made of
    {"configuration",
     [](Frame& frame, Arguments) { return Value::List{frame.configuration().value()}; }},
    {"token",
     [](Frame& frame, Arguments) { return Value::List{frame.contracts().options().token}; }},
};

/// In the order of the interface: names are compared once.
const std::vector<Rule>& rules() {
    static const std::vector<Rule> all = [] {
        std::vector<Rule> made;
        for (const auto& function : marketplace_interface().functions()) {
            const auto* const row = std::ranges::find_if(kRows, [&](const Row& one) {
                return marketplace_interface().function(one.signature) == &function;
            });
            CODEX_ASSERT(row != std::end(kRows));
            made.push_back(row->rule);
        }
        return made;
    }();
    return all;
}

} // namespace

Value::List call_marketplace(Frame& frame, const ethereum::abi::Function& function,
                             Arguments arguments) {
    const auto number = &function - marketplace_interface().functions().data();
    return rules()[static_cast<std::size_t>(number)](frame, arguments);
}

} // namespace codex::market::detail
