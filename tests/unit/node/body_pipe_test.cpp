// Bytes between the loop's thread and a job.
#include "node/rest/body_pipe.hpp"

#include "base/system_network.hpp"
#include "base/thread_pool.hpp"
#include "must.hpp"

#include <gmock/gmock.h>

namespace codex::node::rest {
namespace {

using codex::test::must;
using codex::test::must_fail;

Task<void> give(BodyPipe* pipe, BytesView bytes, std::size_t step, bool* over) {
    while (!bytes.empty() && !pipe->cancelled()) {
        const MutableBytes room = pipe->room();
        if (room.empty()) {
            co_await BodyPipe::until_room(pipe);
            continue;
        }
        const std::size_t count = std::min({bytes.size(), room.size(), step});
        std::copy_n(bytes.begin(), count, room.begin());
        pipe->filled(count);
        bytes = bytes.subspan(count);
    }
    if (bytes.empty())
        pipe->finish();
    *over = true;
}

TEST(BodyPipe, GivesAllInOrderWhoeverIsSlower) {
    SystemLoop loop;
    ThreadPool pool(2);
    Bytes content(300000);
    for (std::size_t i = 0; i < content.size(); ++i)
        content[i] = static_cast<std::uint8_t>(i * i >> 3);
    for (const std::size_t step : {std::size_t{1}, std::size_t{997}, SIZE_MAX}) {
        BodyPipe pipe(loop, 1000);
        Bytes got;
        std::atomic<bool> read{false};
        pool.post([&] {
            Bytes room(step == 1 ? 5000 : 333);
            for (;;) {
                const auto count = pipe.read_some(room);
                if (!count || *count == 0)
                    break;
                append(got, BytesView(room).first(*count));
            }
            read = true;
            loop.post([] {});
        });
        bool over = false;
        TaskGroup group(loop);
        group.start(give(&pipe, content, step, &over));
        loop.run_until([&] { return read.load(); });
        EXPECT_TRUE(over);
        EXPECT_TRUE(got == content);
    }
}

TEST(BodyPipe, EndsWithTheErrorThatItWasGiven) {
    SystemLoop loop;
    BodyPipe pipe(loop, 10);
    std::copy_n("abc", 3, pipe.room().begin());
    pipe.filled(3);
    pipe.finish(Error(Errc::truncated, "gone"));
    Bytes room(10);
    EXPECT_EQ(must(pipe.read_some(room)), 3U);
    EXPECT_EQ(must_fail(pipe.read_some(room)).code(), Errc::truncated);
}

TEST(BodyPipe, WakesBothWhenNobodyWantsMore) {
    SystemLoop loop;
    ThreadPool pool(2);
    BodyPipe full(loop, 10);
    const Bytes content(100);
    bool over = false;
    TaskGroup group(loop);
    group.start(give(&full, content, 10, &over));
    EXPECT_FALSE(over);
    pool.post([&] { full.cancel(); });
    loop.run_until([&] { return over; });
    Bytes room(10);
    EXPECT_EQ(must_fail(full.read_some(room)).code(), Errc::cancelled);
}

} // namespace
} // namespace codex::node::rest
