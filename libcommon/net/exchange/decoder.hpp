// Reading messages of block exchange as they arrive: a message of 100 MiB costs one block of memory
// (codex-exchange(7), MESSAGES and RANGES).
#pragma once

#include "net/exchange/message.hpp"

namespace codex::net::exchange {

/// What is held of a message, and so what may be in it.
struct DecodeLimits {
    std::size_t message_bytes = kMaxMessageBytes;
    /// Of a block's data; that of the largest dataset that is wanted.
    std::size_t block_bytes = std::size_t{1} << 20;
    /// Of a block's proof and the rest of its fields, of a want and of a presence.
    std::size_t block_rest_bytes = std::size_t{16} << 10;
    std::size_t entry_bytes = 1024;
};

/// What a message says, in its order. Called within receive().
/// Threads: that of receive().
class MessageEvents {
public:
    virtual ~MessageEvents() = default;
    /// A want list begins; its entries are want().
    virtual void wants_begin() = 0;
    virtual void want(const Want& want) = 0;
    /// It ends: `full`, when it replaces all that was wanted before it began.
    virtual void wants_end(bool full) = 0;
    /// A block, not verified in any way; its views are valid during the call.
    virtual void delivery(const Delivery& delivery) = 0;
    virtual void presence(const Presence& presence) = 0;
    virtual void message_end() = 0;
};

/// The messages of one stream.
/// Threads: one at a time.
class Decoder {
public:
    explicit Decoder(const DecodeLimits& limits = {}) : limits_(limits) {}

    /// Takes all of the input. Data of a block that is whole in it is not copied. Errors:
    /// exchange_invalid, limit_exceeded, protobuf_invalid, each naming the byte of the message;
    /// then the stream is to be closed, and what was said before of this message is to be believed.
    [[nodiscard]] Result<void> receive(BytesView input, MessageEvents& events);

    /// Nothing of a message has come that has not come whole: here the stream may end.
    [[nodiscard]] bool is_between_messages() const { return !in_message_ && buffer_.empty(); }
    /// Memory that a part takes which has not come whole.
    [[nodiscard]] std::size_t held_bytes() const { return buffer_.capacity(); }

private:
    /// A field's tag, and what follows it.
    struct Head {
        std::uint32_t number = 0;
        bool is_varint = false;
        bool is_bytes = false;
        std::uint64_t value = 0;   ///< of a varint
        std::uint64_t payload = 0; ///< bytes that follow
        std::size_t size = 0;
    };
    enum class What : std::uint8_t { nothing, delivery, presence, want };

    [[nodiscard]] Result<bool> step(BytesView& input, MessageEvents& events);
    [[nodiscard]] Result<bool> read_length(BytesView& input);
    [[nodiscard]] Result<bool> read_head(BytesView& input, MessageEvents& events);
    [[nodiscard]] Result<bool> read_payload(BytesView& input, MessageEvents& events);
    [[nodiscard]] Result<std::optional<Head>> parse_head(BytesView bytes) const;
    [[nodiscard]] Result<void> begin_field(const Head& head, MessageEvents& events);
    [[nodiscard]] Result<void> collect(What what, std::uint64_t size);
    [[nodiscard]] Result<void> give(BytesView payload, MessageEvents& events);
    [[nodiscard]] std::uint64_t left() const { return in_wants_ ? wants_left_ : message_left_; }
    void pass(std::uint64_t bytes);
    void finish_levels(MessageEvents& events);
    [[nodiscard]] std::uint64_t at() const { return message_size_ - message_left_; }

    DecodeLimits limits_;
    bool in_message_ = false;
    bool in_wants_ = false;
    bool full_ = false;
    std::uint64_t message_size_ = 0;
    std::uint64_t message_left_ = 0;
    std::uint64_t wants_left_ = 0;
    What what_ = What::nothing;
    std::uint64_t payload_left_ = 0; ///< to collect, or with nothing to pass over
    Bytes buffer_;                   ///< of a head or payload that was cut
};

} // namespace codex::net::exchange
