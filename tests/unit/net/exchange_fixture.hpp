// What the tests of block exchange share: what a decoder gives, put together again.
#pragma once

#include "codec/uvarint.hpp"
#include "crypto/hash/sha256.hpp"
#include "net/exchange/decoder.hpp"
#include "network_vectors.hpp"

namespace codex::net::exchange {

using test::must;

/// Puts together what the decoder gives, and so keeps the bytes of blocks.
class Collected final : public MessageEvents {
public:
    void wants_begin() override { ++lists; }
    void want(const Want& want) override { message.wants.push_back(want); }
    void wants_end(bool full) override { message.full |= full; }
    void delivery(const Delivery& delivery) override {
        Delivery kept = delivery;
        kept.data = keep(delivery.data);
        kept.proof = keep(delivery.proof);
        message.deliveries.push_back(kept);
    }
    void presence(const Presence& presence) override { message.presences.push_back(presence); }
    void message_end() override { ++messages; }

    Message message;
    int lists = 0;
    int messages = 0;

private:
    BytesView keep(BytesView bytes) {
        return *kept_.emplace_back(std::make_unique<Bytes>(bytes.begin(), bytes.end()));
    }
    std::vector<std::unique_ptr<Bytes>> kept_;
};

inline Bytes framed(BytesView body) {
    Bytes bytes;
    codec::append_uvarint(bytes, body.size());
    append(bytes, body);
    return bytes;
}

/// What one message says that arrives in pieces of `piece` bytes.
inline std::unique_ptr<Collected> decoded(BytesView body, std::size_t piece = SIZE_MAX) {
    auto collected = std::make_unique<Collected>();
    Decoder decoder;
    const Bytes stream = framed(body);
    for (std::size_t at = 0; at < stream.size();) {
        const std::size_t part = std::min(piece, stream.size() - at);
        must(decoder.receive(BytesView(stream).subspan(at, part), *collected));
        at += part;
        EXPECT_EQ(decoder.is_between_messages(), at == stream.size());
    }
    EXPECT_EQ(collected->messages, 1);
    return collected;
}

inline Cid tree() {
    return Cid::sha256(codec::Multicodec::codex_root, crypto::sha256(as_bytes("tree")));
}

} // namespace codex::net::exchange
