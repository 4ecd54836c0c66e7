// Pipelines and whole datasets when the system refuses threads and memory.
#include "dataset/detail/pipeline.hpp"
#include "failing_memory.hpp"
#include "no_threads.hpp"
#include "protected_store.hpp"
#include "sanitizers.hpp"

namespace codex::dataset::test {
namespace {

using codex::test::FailingMemory;
using codex::test::NoThreads;

/// Runs `action` with the first allocation refused, then with later ones, in steps that grow, until
/// it asks for fewer. Gives how often it was refused memory.
template <class Action> int sweep(const Action& action) {
    int refused = 0;
    for (long n = 0;; n += 1 + n / 10) {
        bool thrown = false;
        bool asked = false;
        {
            const FailingMemory memory(n);
            try {
                action();
            } catch (const std::bad_alloc&) {
                thrown = true;
            }
            asked = memory.refused();
        }
        if (!asked)
            return refused;
        refused += thrown ? 1 : 0;
    }
}

struct Numbers {
    explicit Numbers(Executor& on) : executor(on) {}

    Executor& executor;
    std::array<int, 3> chunks{};
    int filled = 0;
    std::vector<int> stored;

    /// Numbers 1 to 10, squared on their way; `bad` throws in the stage that it names.
    Result<void> run(int bad_fill = -1, int bad_work = -1, int bad_store = -1) {
        const auto check = [](int value, int bad) {
            if (value == bad)
                throw std::bad_alloc();
        };
        return detail::run_pipeline<int>(executor, chunks,
                                         {.fill = [&](int& chunk) -> Result<bool> {
                                              if (filled == 10)
                                                  return false;
                                              chunk = ++filled;
                                              check(chunk, bad_fill);
                                              return true;
                                          },
                                          .work = [&](int& chunk) -> Result<void> {
                                              check(chunk, bad_work);
                                              chunk *= chunk;
                                              return {};
                                          },
                                          .store = [&](int& chunk) -> Result<void> {
                                              check(chunk, bad_store);
                                              stored.push_back(chunk);
                                              return {};
                                          },
                                          .interrupt = [] {}});
    }
};

const std::vector<int> kSquares = {1, 4, 9, 16, 25, 36, 49, 64, 81, 100};

TEST(Pipeline, WithoutThreadsGivesTheSame) {
    ThreadPool pool(2);
    Numbers beside(pool);
    must(beside.run());
    EXPECT_EQ(beside.stored, kSquares);
    ThreadPool narrow(2, 1); // one stage beside, the other in its turn
    Numbers partly(narrow);
    must(partly.run());
    EXPECT_EQ(partly.stored, kSquares);
    const NoThreads none;
    ThreadPool empty(2);
    Numbers alone(empty);
    must(alone.run());
    EXPECT_EQ(alone.stored, kSquares);
}

TEST(Pipeline, WhatAStageThrowsComesOut) {
    ThreadPool pool(2);
    for (const int at : {1, 2, 5, 10}) {
        EXPECT_THROW((void)Numbers(pool).run(at), std::bad_alloc);
        EXPECT_THROW((void)Numbers(pool).run(-1, at), std::bad_alloc);
        EXPECT_THROW((void)Numbers(pool).run(-1, -1, at * at), std::bad_alloc);
    }
}

TEST(Pipeline, EveryRefusalOfMemoryIsSurvived) {
    if (codex::test::kThreadSanitizer)
        GTEST_SKIP() << "the sanitizer brings an operator new of its own, which refuses nothing";
    EXPECT_GT(sweep([] {
                  ThreadPool pool(2);
                  Numbers numbers(pool);
                  numbers.stored.reserve(10);
                  must(numbers.run());
                  EXPECT_EQ(numbers.stored, kSquares);
              }),
              0);
}

TEST(Refusals, WithoutThreadsDatasetsAreTheSame) {
    const TemporaryFolder folder;
    const Bytes content = generate(1, 3'000'000);
    PutOptions options;
    options.block_size_bytes = 4096;
    Store first(folder.file("first"));
    const Cid cid = first.put(content, options);
    const Cid coded = must(encode(first.job(), cid, code_shape(3, 2)));
    const NoThreads none;
    Store second(folder.file("second"), 8);
    EXPECT_EQ(second.put(content, options), cid);
    EXPECT_EQ(must(encode(second.job(), cid, code_shape(3, 2))), coded);
    EXPECT_EQ(second.get(coded), content);
}

TEST(Refusals, APutThatIsRefusedMemoryLeavesAWholeRepo) {
    if (codex::test::kThreadSanitizer)
        GTEST_SKIP() << "the sanitizer brings an operator new of its own, which refuses nothing";
    const TemporaryFolder folder;
    Store store(folder.file("repo"));
    PutOptions options;
    options.block_size_bytes = 4096;
    std::uint32_t stream = 0;
    std::vector<Bytes> contents;
    std::vector<Cid> stored;
    contents.reserve(100'000); // so that noting what was stored is not refused
    stored.reserve(100'000);
    EXPECT_GT(sweep([&] {
                  Bytes content = generate(++stream, 100'000);
                  const Cid cid = store.put(content, options);
                  stored.push_back(cid);
                  contents.push_back(std::move(content));
              }),
              5);
    for (std::size_t i = 0; i < contents.size(); ++i)
        EXPECT_EQ(store.get(stored[i]), contents[i]);
    EXPECT_GE(must(store.repo().space()).counters.datasets, stored.size())
        << "one may be whole, though its CID could not be given any more";
}

TEST(Refusals, AGetThatIsRefusedMemoryCanBeMadeAgain) {
    if (codex::test::kThreadSanitizer)
        GTEST_SKIP() << "the sanitizer brings an operator new of its own, which refuses nothing";
    const TemporaryFolder folder;
    Store store(folder.file("repo"));
    const Bytes content = generate(1, 300'000);
    PutOptions options;
    options.block_size_bytes = 4096;
    const Cid cid = store.put(content, options);
    const Cid coded = must(encode(store.job(), cid, code_shape(3, 2)));
    EXPECT_GT(sweep([&] { EXPECT_TRUE(store.get(coded) == content); }), 5);
    EXPECT_GT(sweep([&] { (void)must(encode(store.job(), cid, code_shape(3, 2))); }), 5);
}

} // namespace
} // namespace codex::dataset::test
