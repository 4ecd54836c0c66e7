// Packets of the DHT: what is opened, made again, is the same datagram. The first byte says whether
// the input is masked; as no fuzzer finds the mask, the header may come in the clear.
#include "net/dht/packet.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net::dht;

namespace {

constexpr std::size_t kHeaderWithoutAuthdata = 16 + 23;

void open(const Id& own, BytesView datagram) {
    const auto packet = open_packet(own, datagram);
    if (!packet) {
        FUZZ_CHECK(packet.error().code() == Errc::malformed);
        return;
    }
    FUZZ_CHECK(equal(make_datagram(own, packet->header, packet->message), datagram));
    MaskingIv iv{};
    std::copy_n(datagram.begin(), iv.size(), iv.begin());
    FUZZ_CHECK(make_header(iv, packet->nonce, packet->head) == packet->header);
    const SessionKey key{};
    if (const auto plain = open_message(key, *packet))
        FUZZ_CHECK(seal_message(key, packet->nonce, packet->header, *plain) == packet->message);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    Id own;
    own.bytes.fill(0x5a);
    const BytesView input(data + 1, size - 1);
    if (data[0] % 2 == 0) {
        open(own, input);
        return 0;
    }
    if (input.size() < kHeaderWithoutAuthdata)
        return 0;
    const std::size_t authdata = input[37] * std::size_t{256} + input[38];
    const std::size_t header = std::min(input.size(), kHeaderWithoutAuthdata + authdata);
    open(own, make_datagram(own, input.first(header), input.subspan(header)));
    return 0;
}
