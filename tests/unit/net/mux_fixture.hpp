// What the tests of both muxers share: events as text, and two ends that talk.
#pragma once

#include "base/hex.hpp"
#include "must.hpp"
#include "net/mux/muxer.hpp"

#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

namespace codex::net::mux {

/// Keeps what happened, in words, and the bytes of each stream.
class RecordedEvents final : public MuxEvents {
public:
    void opened(StreamId stream) override {
        log.push_back("opened");
        last = stream;
    }
    void data(StreamId stream, BytesView bytes) override {
        append(received[stream], bytes);
        if (log.empty() || log.back() != "data")
            log.push_back("data");
    }
    void ended(StreamId /*stream*/) override { log.push_back("ended"); }
    void reset(StreamId /*stream*/) override { log.push_back("reset"); }
    void writable_again(StreamId /*stream*/) override { log.push_back("writable"); }
    void pong(std::uint32_t number) override { log.push_back("pong " + std::to_string(number)); }
    void go_away(std::uint32_t code) override { log.push_back("away " + std::to_string(code)); }
    void refused() override { log.push_back("refused"); }

    /// What happened since the last call.
    std::string take() {
        std::string text;
        for (const std::string& word : log)
            text += (text.empty() ? "" : ", ") + word;
        log.clear();
        return text;
    }

    std::vector<std::string> log;
    std::map<StreamId, Bytes> received;
    StreamId last = 0; ///< opened
};

/// A muxer with what it said and what happened to it.
template <class M> struct MuxEnd {
    template <class... Args> explicit MuxEnd(Args&&... args) : muxer(std::forward<Args>(args)...) {}

    /// Feeds all of `input` and returns what happened.
    std::string feed(BytesView input) {
        EXPECT_EQ(test::must(muxer.receive(input, out, events)), input.size());
        return events.take();
    }
    std::string feed_hex(std::string_view hex) { return feed(test::must(from_hex(hex))); }
    /// The error that `input` gives.
    Error refusal(std::string_view hex) {
        return test::must_fail(muxer.receive(test::must(from_hex(hex)), out, events));
    }
    /// What was said since the last call, in hex.
    std::string said() { return to_hex(std::exchange(out, {})); }

    M muxer;
    Bytes out;
    RecordedEvents events;
};

/// Lets two ends talk until both are silent.
template <class M> void settle(MuxEnd<M>& a, MuxEnd<M>& b) {
    while (!a.out.empty() || !b.out.empty()) {
        const Bytes to_b = std::exchange(a.out, {});
        const Bytes to_a = std::exchange(b.out, {});
        EXPECT_EQ(test::must(b.muxer.receive(to_b, b.out, b.events)), to_b.size());
        EXPECT_EQ(test::must(a.muxer.receive(to_a, a.out, a.events)), to_a.size());
    }
}

} // namespace codex::net::mux
