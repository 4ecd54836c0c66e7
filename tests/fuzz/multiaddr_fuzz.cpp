// An address that is accepted, in binary or as text, has one binary form and one text.
#include "net/address/multiaddr.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net;

namespace {

void check(const Multiaddr& address) {
    FUZZ_CHECK(!address.bytes().empty() && address.bytes().size() <= Multiaddr::kMaxBytes);
    const auto from_bytes = Multiaddr::from_bytes(address.bytes());
    FUZZ_CHECK(from_bytes && *from_bytes == address);
    const std::string text = address.text();
    for (const char c : text)
        FUZZ_CHECK(c > ' ' && c < 0x7f);
    const auto from_text = Multiaddr::from_text(text);
    if (text.size() <= Multiaddr::kMaxTextChars)
        FUZZ_CHECK(from_text && *from_text == address);
    const auto bare = address.without_peer();
    FUZZ_CHECK(bare.has_value() || address.peer().has_value());
    // Behind another peer, which nobody serves, with_peer() would stand in that one's place.
    if (const auto peer = address.peer(); peer && bare && !bare->peer()) {
        const auto again = bare->with_peer(*peer);
        FUZZ_CHECK(again && *again == address);
    }
    FUZZ_CHECK(!address.is_dialable() || address.tcp_endpoint().has_value());
    FUZZ_CHECK(address.is_loopback() + address.is_private() + address.is_unspecified() +
                   address.is_global() <=
               1);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    if (const auto address = Multiaddr::from_bytes(bytes))
        check(*address);
    if (const auto address = Multiaddr::from_text(as_text(bytes)))
        check(*address);
    return 0;
}
