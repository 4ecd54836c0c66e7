// Records and envelopes: what is accepted, written again, reads the same; and a text is one
// envelope.
#include "net/identity/envelope.hpp"
#include "net/identity/peer_record.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    if (const auto record = decode_peer_record(bytes)) {
        FUZZ_CHECK(record->addresses.size() <= kMaxRecordAddresses);
        const auto again = decode_peer_record(encode_peer_record(*record));
        FUZZ_CHECK(again && *again == *record);
    }
    if (const auto record = open_peer_record(bytes)) {
        FUZZ_CHECK(record->peer.public_key().has_value());
        const auto envelope = spr_bytes(spr_text(bytes));
        FUZZ_CHECK(envelope && equal(*envelope, bytes));
    }
    if (const auto envelope = spr_bytes(as_text(bytes)))
        FUZZ_CHECK(spr_text(*envelope) == as_text(bytes));
    if (const auto peer = PeerId::from_bytes(bytes)) {
        const auto again = PeerId::from_text(peer->text());
        FUZZ_CHECK(again && *again == *peer);
    }
    static_cast<void>(PeerId::from_text(as_text(bytes)));
    return 0;
}
