// What a peer says of itself: bounded, and what is accepted, written again, is accepted.
#include "net/identify/identify.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net;
using namespace codex::net::identify;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    if (const auto identify = decode(bytes)) {
        FUZZ_CHECK(identify->listen_addresses.size() <= kMaxAddresses);
        FUZZ_CHECK(identify->protocols.size() <= kMaxProtocols);
        FUZZ_CHECK(identify->record.has_value() == !identify->signed_record.empty());
        const Bytes written = encode(*identify);
        FUZZ_CHECK(written.size() <= kMaxWrittenBytes);
        const auto again = decode(written);
        FUZZ_CHECK(again && again->public_key == identify->public_key &&
                   again->agent_version == identify->agent_version);
        if (size <= 2048)
            FUZZ_CHECK(*again == *identify);
    }
    Reader whole;
    Reader apart;
    const bool taken = whole.receive(bytes).has_value();
    bool taken_apart = true;
    for (std::size_t i = 0; i < size && taken_apart; ++i)
        taken_apart = apart.receive(bytes.subspan(i, 1)).has_value();
    FUZZ_CHECK(taken == taken_apart);
    if (taken)
        FUZZ_CHECK(whole.finish().has_value() == apart.finish().has_value());
    return 0;
}
