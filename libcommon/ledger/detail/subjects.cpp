#include "ledger/detail/subjects.hpp"

#include "crypto/hash/keccak256.hpp"
#include "ethereum/uint256.hpp"
#include "market/contract/interfaces.hpp"

#include <algorithm>

namespace codex::ledger::detail {

using ethereum::abi::Word;

namespace {

/// What the first words of a call's arguments are: by the names that the contract gives them.
enum class Shape : std::uint8_t { nothing, posted, request, request_and_number, slot };

Shape shape_of(const ethereum::abi::Function& function) {
    if (function.is_view || function.inputs.empty())
        return Shape::nothing;
    const std::string& first = function.inputs[0].name;
    if (first == "request")
        return Shape::posted;
    if (first == "requestId" && function.inputs.size() > 1 &&
        function.inputs[1].name == "slotIndex")
        return Shape::request_and_number;
    if (first == "requestId")
        return Shape::request;
    return first == "slotId" || first == "id" ? Shape::slot : Shape::nothing;
}

std::optional<Word> word_at(BytesView data, std::size_t number) {
    Word word{};
    if (data.size() < word.size() * (number + 1))
        return std::nullopt;
    std::ranges::copy(data.subspan(word.size() * number, word.size()), word.begin());
    return word;
}

Word slot_id(const Word& request, const Word& number) {
    Bytes both(request.begin(), request.end());
    append(both, number);
    return crypto::keccak256(both);
}

/// Of the event StorageRequested: behind the request's id stands the ask, whose fourth member it
/// is.
std::uint64_t slots_posted(BytesView event) {
    const auto slots = word_at(event, 4);
    return slots ? ethereum::UInt256::from_bytes(*slots).low() : 0;
}

} // namespace

Subjects subjects_of(const Record& record, std::span<const ethereum::abi::Log> logs) {
    const auto selector = ethereum::abi::selector_of(record.calldata);
    const auto* function = selector ? market::marketplace_interface().function(*selector) : nullptr;
    if (function == nullptr)
        return {};
    const BytesView arguments = BytesView(record.calldata).subspan(selector->size());
    Subjects subjects;
    switch (shape_of(*function)) {
    case Shape::nothing:
        break;
    case Shape::posted: // its id stands in the last event alone
        if (!logs.empty()) {
            subjects.request = word_at(logs.back().data, 0);
            subjects.posted = slots_posted(logs.back().data);
        }
        break;
    case Shape::request:
        subjects.request = word_at(arguments, 0);
        break;
    case Shape::request_and_number:
        subjects.request = word_at(arguments, 0);
        if (const auto number = word_at(arguments, 1); number && subjects.request) {
            subjects.slot = slot_id(*subjects.request, *number);
            subjects.slot_index = ethereum::UInt256::from_bytes(*number).low();
        }
        break;
    case Shape::slot:
        subjects.slot = word_at(arguments, 0);
        break;
    }
    return subjects;
}

} // namespace codex::ledger::detail
