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

/// At the most `step` bytes of `from`, which it takes from its front.
BodyPipe::Fill giving(BytesView& from, std::size_t step) {
    return [&from, step](MutableBytes room) {
        const std::size_t count = std::min({from.size(), room.size(), step});
        std::copy_n(from.begin(), count, room.begin());
        from = from.subspan(count);
        return std::optional(count);
    };
}

Task<void> give(BodyPipe* pipe, BytesView bytes, std::size_t step, bool* over) {
    const BodyPipe::Fill next = giving(bytes, step);
    while (!bytes.empty() && !pipe->cancelled()) {
        if (!pipe->has_room()) {
            co_await BodyPipe::until_room(pipe);
            continue;
        }
        must(pipe->fill(bytes.size(), next));
    }
    if (bytes.empty())
        pipe->finish();
    *over = true;
}

Bytes some_content(std::size_t size) {
    Bytes content(size);
    for (std::size_t i = 0; i < size; ++i)
        content[i] = static_cast<std::uint8_t>(i * i >> 3);
    return content;
}

TEST(BodyPipe, GivesAllInOrderWhoeverIsSlower) {
    SystemLoop loop;
    ThreadPool pool(2);
    const Bytes content = some_content(300000);
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

TEST(BodyPipe, KeepsAsMuchAsTheRingHasWhileNobodyReads) {
    SystemLoop loop;
    BodyPipe pipe(loop, 10);
    const Bytes content = some_content(25);
    BytesView left(content);
    const BodyPipe::Fill next = giving(left, 6);
    EXPECT_EQ(must(pipe.fill(100, next)), 6U);
    EXPECT_EQ(must(pipe.fill(3, next)), 3U); // no more than it is told
    EXPECT_EQ(must(pipe.fill(100, next)), 1U);
    EXPECT_FALSE(pipe.has_room());
    EXPECT_EQ(must(pipe.fill(100, next)), std::nullopt);
    EXPECT_EQ(left.size(), 15U);
}

/// What is put in while a reader waits is put where it reads to.
TEST(BodyPipe, PutsBytesWhereWhoWaitsReadsThemTo) {
    SystemLoop loop;
    ThreadPool pool(2);
    BodyPipe pipe(loop, 10);
    const Bytes content = some_content(5000);
    BytesView left(content);
    must(pipe.fill(7, giving(left, 7))); // into the ring, as nobody waits yet
    Bytes room(5000);
    std::atomic<bool> read{false};
    pool.post([&] {
        EXPECT_EQ(must(pipe.read_some(room)), 5000U);
        read = true;
        loop.post([] {});
    });
    const BodyPipe::Fill next = [&](MutableBytes to) {
        if (to.size() <= 10) // the ring's
            return Result<std::optional<std::size_t>>(std::nullopt);
        EXPECT_EQ(to.data(), room.data() + (content.size() - left.size()));
        return Result<std::optional<std::size_t>>(giving(left, 1000)(to));
    };
    while (left.size() > 10)
        must(pipe.fill(left.size() - 10, next));
    must(pipe.fill(10, giving(left, 10)));
    loop.run_until([&] { return read.load(); });
    EXPECT_TRUE(room == content);
}

TEST(BodyPipe, EndsWithTheErrorThatItWasGiven) {
    SystemLoop loop;
    BodyPipe pipe(loop, 10);
    const Bytes content = some_content(3);
    BytesView left(content);
    must(pipe.fill(10, giving(left, 3)));
    pipe.finish(Error(Errc::truncated, "gone"));
    Bytes room(10);
    EXPECT_EQ(must(pipe.read_some(room)), 3U);
    EXPECT_EQ(must_fail(pipe.read_some(room)).code(), Errc::truncated);
}

TEST(BodyPipe, GivesWhatHasComeBeforeTheEndToWhoWaits) {
    SystemLoop loop;
    ThreadPool pool(2);
    BodyPipe pipe(loop, 10);
    const Bytes content = some_content(30);
    Bytes room(100);
    std::atomic<bool> read{false};
    pool.post([&] {
        EXPECT_EQ(must(pipe.read_some(room)), 30U);
        EXPECT_EQ(must(pipe.read_some(room)), 0U);
        read = true;
        loop.post([] {});
    });
    bool over = false;
    TaskGroup group(loop);
    group.start(give(&pipe, content, 9, &over));
    loop.run_until([&] { return read.load(); });
    EXPECT_TRUE(std::equal(content.begin(), content.end(), room.begin()));
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

/// Its memory is nobody else's from then on.
TEST(BodyPipe, LetsGoOfAReaderThatIsCancelled) {
    SystemLoop loop;
    ThreadPool pool(2);
    BodyPipe pipe(loop, 10);
    Bytes room(100);
    std::atomic<bool> read{false};
    pool.post([&] {
        EXPECT_EQ(must_fail(pipe.read_some(room)).code(), Errc::cancelled);
        read = true;
        loop.post([] {});
    });
    const Bytes content = some_content(20);
    BytesView left(content);
    const BodyPipe::Fill next = giving(left, 20);
    while (left.size() == 20) // more at once than the ring has: it is the reader's
        must(pipe.fill(left.size(), [&](MutableBytes to) {
            return to.size() > 10 ? next(to) : Result<std::optional<std::size_t>>(std::nullopt);
        }));
    pipe.cancel();
    loop.run_until([&] { return read.load(); });
    const Bytes before = room;
    left = content;
    must(pipe.fill(10, next));
    EXPECT_TRUE(room == before);
}

} // namespace
} // namespace codex::node::rest
