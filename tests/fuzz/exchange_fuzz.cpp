// Messages of block exchange say the same however their bytes arrive, and what is accepted can be
// written and read again.
#include "net/exchange/decoder.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net::exchange;

namespace {

/// What was said, with the bytes kept.
class KeptMessages final : public MessageEvents {
public:
    void wants_begin() override { ++lists; }
    void want(const Want& want) override { message.wants.push_back(want); }
    void wants_end(bool full) override { message.full |= full; }
    void delivery(const Delivery& delivery) override {
        FUZZ_CHECK(delivery.data.size() <= 4096);
        Delivery kept = delivery;
        kept.data = keep(delivery.data);
        kept.proof = keep(delivery.proof);
        message.deliveries.push_back(kept);
    }
    void presence(const Presence& presence) override { message.presences.push_back(presence); }
    void message_end() override { ++ends; }

    Message message;
    std::size_t lists = 0;
    std::size_t ends = 0;

private:
    BytesView keep(BytesView bytes) {
        return *kept_.emplace_back(std::make_unique<Bytes>(bytes.begin(), bytes.end()));
    }
    std::vector<std::unique_ptr<Bytes>> kept_;
};

bool read(BytesView input, std::size_t piece, KeptMessages& kept) {
    DecodeLimits limits;
    limits.block_bytes = 4096;
    limits.block_rest_bytes = 512;
    Decoder decoder(limits);
    for (std::size_t at = 0; at < input.size(); at += piece)
        if (!decoder.receive(input.subspan(at, std::min(piece, input.size() - at)), kept))
            return false;
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input(data, size);
    KeptMessages whole;
    KeptMessages apart;
    const bool good = read(input, size + 1, whole);
    FUZZ_CHECK(read(input, 1, apart) == good);
    FUZZ_CHECK(whole.lists == apart.lists && whole.ends == apart.ends);
    FUZZ_CHECK(whole.message.deliveries.size() == apart.message.deliveries.size());
    whole.message.deliveries.resize(std::min(whole.message.deliveries.size(), kMaxBlocksWritten));
    apart.message.deliveries.resize(whole.message.deliveries.size());
    const Bytes written = encode(whole.message);
    FUZZ_CHECK(encode(apart.message) == written);
    KeptMessages again;
    FUZZ_CHECK(read(encode_framed(whole.message), size + 1, again));
    FUZZ_CHECK(encode(again.message) == written);
    return 0;
}
