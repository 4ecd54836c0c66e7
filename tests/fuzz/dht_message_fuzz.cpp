// Messages of the DHT: what is read, written again, reads the same, and is within its bounds.
#include "net/dht/message.hpp"
#include "property.hpp"

#include <algorithm>

using namespace codex;
using namespace codex::net::dht;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto message = decode(BytesView(data, size));
    if (!message)
        return 0;
    if (const auto* question = std::get_if<FindNode>(&message->body)) {
        FUZZ_CHECK(!question->distances.empty() && question->distances.size() <= kMaxDistances);
        if (std::any_of(question->distances.begin(), question->distances.end(),
                        [](std::uint16_t distance) { return distance > kMaxDistance; }))
            return 0; // such are answered by nothing, and not written
    }
    if (const auto* nodes = std::get_if<Nodes>(&message->body))
        FUZZ_CHECK(nodes->records.size() <= kMaxRecords);
    const auto again = decode(encode(*message));
    FUZZ_CHECK(again && *again == *message);
    return 0;
}
