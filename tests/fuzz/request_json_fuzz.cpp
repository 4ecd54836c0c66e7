// A request that is read is written as a document that is the same request, with the same id; and
// so it is as the argument of a call.
#include "market/calls.hpp"
#include "market/challenge.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::market;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = as_text(BytesView(data, size));
    if (const auto request = request_from_json(text)) {
        const auto again = request_from_json(request_to_json(*request));
        FUZZ_CHECK(again && *again == *request && again->id() == request->id());
        const auto returned =
            questions::get_request({}).read({.ok = true, .data = request->encoded(), .logs = {}});
        FUZZ_CHECK(returned && *returned == *request);
        const auto price = request->max_price();
        FUZZ_CHECK(!price || request->price_per_slot_per_second().has_value());
    }
    // What a prover says, is a line from outside, too.
    if (const auto answer = proof_answer_from_json(text))
        FUZZ_CHECK(answer->statement.inputs.size() <= size);
    return 0;
}
