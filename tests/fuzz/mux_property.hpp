// Both muxers: the same happens however bytes arrive, and no more is held than may be.
#pragma once

#include "net/mux/muxer.hpp"
#include "property.hpp"

#include <string>

namespace codex::net::mux {

/// All that happened, as text.
class WrittenEvents final : public MuxEvents {
public:
    void opened(StreamId stream) override { say("opened", stream); }
    void data(StreamId stream, BytesView bytes) override {
        if (last_data_ != stream)
            say("data", stream);
        last_data_ = stream;
        text += as_text(bytes);
    }
    void ended(StreamId stream) override { say("ended", stream); }
    void reset(StreamId stream) override { say("reset", stream); }
    void writable_again(StreamId stream) override { say("writable", stream); }
    void pong(std::uint32_t number) override { say("pong", number); }
    void go_away(std::uint32_t code) override { say("away", code); }
    void refused() override { say("refused", 0); }
    std::string text;

private:
    void say(const char* what, std::uint64_t number) {
        last_data_ = 0;
        text += '\n';
        text += what;
        text += std::to_string(number);
        text += ' ';
    }
    StreamId last_data_ = 0;
};

inline MuxLimits small_limits() {
    MuxLimits limits;
    limits.streams_in = 4;
    limits.unread_stream_bytes = 1000;
    limits.unread_bytes = 2000;
    limits.reply_bytes = 200;
    return limits;
}

/// What happens when `input` comes in pieces, up to where there is no room.
template <class M> std::string heard(M muxer, BytesView input, std::size_t piece) {
    WrittenEvents events;
    Bytes replies;
    for (std::size_t at = 0; at < input.size();) {
        const std::size_t part = std::min(piece, input.size() - at);
        const auto taken = muxer.receive(input.subspan(at, part), replies, events);
        FUZZ_CHECK(muxer.unread_bytes() <= small_limits().unread_bytes);
        FUZZ_CHECK(muxer.streams_in() <= small_limits().streams_in);
        FUZZ_CHECK(replies.size() <= small_limits().reply_bytes + 64);
        if (!taken)
            return events.text + "\nfailed";
        FUZZ_CHECK(*taken <= part);
        at += *taken;
        if (*taken < part)
            break;
    }
    return events.text + std::string(as_text(replies));
}

/// The same with all consumed at once, streams of ours, and both ends ended: nothing is left over.
template <class M> void use_up(M muxer, BytesView input) {
    WrittenEvents events;
    Bytes out;
    const auto own = muxer.open(out);
    FUZZ_CHECK(own.has_value());
    std::size_t at = 0;
    while (at < input.size()) {
        out.clear();
        const auto taken = muxer.receive(input.subspan(at), out, events);
        if (!taken)
            return;
        at += *taken;
        for (StreamId stream = 1; stream <= 64; ++stream) {
            static_cast<void>(muxer.write(stream, as_bytes("answer"), out));
            muxer.consumed(stream, 2000, out);
            muxer.end(stream, out);
        }
        if (*taken == 0)
            break;
    }
    // Each stream of the peer's took at least two bytes of the input.
    for (StreamId stream = 1; stream <= input.size() + 2; ++stream)
        muxer.reset(stream, out);
    FUZZ_CHECK(muxer.streams_in() + muxer.streams_out() == 0 && muxer.unread_bytes() == 0);
}

template <class M> void check_muxer(const auto& make, BytesView input) {
    const std::string whole = heard<M>(make(), input, input.size() + 1);
    FUZZ_CHECK(heard<M>(make(), input, 1) == whole);
    FUZZ_CHECK(heard<M>(make(), input, 7) == whole);
    use_up<M>(make(), input);
}

} // namespace codex::net::mux
