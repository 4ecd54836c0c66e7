// Slot trees whose making another thread cancels in the middle.
#include "dataset/protected_store.hpp"
#include "memory_streams.hpp"
#include "proof/slots.hpp"
#include "stepping_disk.hpp"

namespace codex::proof {
namespace {

using codex::test::CountingExecutor;
using codex::test::SteppingDisk;
using codex::test::TemporaryFolder;
using test::must;

/// What its two threads have at hand when it is cancelled, twice over.
constexpr std::uint64_t kBytesAfter = std::uint64_t{4} << 20;

class World {
public:
    explicit World(std::string path) : path_(std::move(path)), disk_(executor.trap) {
        open();
        const Bytes content = test::generate(3, 1500 * std::size_t{4096});
        test::MemorySource source(content);
        const Cid plain = must(dataset::put(job(), source, {.block_size_bytes = 4096})).manifest;
        coded = must(dataset::encode(job(), plain, dataset::test::code_shape(4, 2)));
    }

    CountingExecutor executor;
    Progress progress;
    Cid coded;

    void open() {
        repo::OpenOptions options;
        options.create = true;
        options.sync = false;
        options.pool = executor;
        options.disk = disk_;
        repo_.emplace(must(repo::Repo::open(path_, options)));
    }
    void close() { repo_.reset(); }
    [[nodiscard]] repo::Repo& repo() { return *repo_; }
    [[nodiscard]] dataset::Job job() { return {*repo_, executor}; }
    [[nodiscard]] dataset::Job watched_job() { return {*repo_, {executor, progress}}; }
    [[nodiscard]] std::uint64_t problems() {
        return must(repo().verify({},
                                  [](const repo::VerifyProblem& problem) {
                                      ADD_FAILURE()
                                          << name_of(problem.kind) << ": " << problem.text;
                                  }))
            .problems;
    }

private:
    std::string path_;
    SteppingDisk disk_;
    std::optional<repo::Repo> repo_;
};

TEST(CancelledSlots, EndSoonAndLeaveTheRepoAsAKillWould) {
    const TemporaryFolder folder;
    World whole(folder.file("whole"));
    const long first = whole.executor.trap.steps();
    const Cid expected = must(build_slots(whole.job(), whole.coded, {})).manifest;
    const long steps = whole.executor.trap.steps() - first;
    ASSERT_GT(steps, 8) << "there is a middle";

    for (const long at : {1L, steps / 4, steps / 2, steps * 3 / 4}) {
        SCOPED_TRACE(fmt::format("at step {} of {}", at, steps));
        World world(folder.file(fmt::format("at{}", at)));
        world.executor.trap.set(world.progress, at);
        const auto done = build_slots(world.watched_job(), world.coded, {});
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code(), Errc::cancelled) << done.error().text();
        EXPECT_LE(world.executor.trap.bytes_after(), kBytesAfter);
        world.close();
        world.open();
        EXPECT_EQ(world.problems(), 0U);
        EXPECT_EQ(must(build_slots(world.job(), world.coded, {})).manifest, expected);
        EXPECT_EQ(world.problems(), 0U);
    }
}

TEST(CancelledSlots, AreNeitherCheckedNorProved) {
    const TemporaryFolder folder;
    World world(folder.file("repo"));
    const Cid built =
        must(build_slots(world.job(), world.coded, {.cell_size_bytes = 1024})).manifest;
    const long first = world.executor.trap.steps();
    EXPECT_TRUE(must(check_slots(world.job(), built)).empty());
    const long steps = world.executor.trap.steps() - first;
    world.executor.trap.set(world.progress, steps / 2);
    const auto checked = check_slots(world.watched_job(), built);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code(), Errc::cancelled);
    EXPECT_LE(world.executor.trap.bytes_after(), kBytesAfter);
    CircuitParameters small;
    small.block_depth = 2;
    small.cell_elements = 34;
    (void)must(make_proof_input(world.job(), built, 0, Fr::from_u64(5), small));
    const auto input = make_proof_input(world.watched_job(), built, 0, Fr::from_u64(5), small);
    ASSERT_FALSE(input);
    EXPECT_EQ(input.error().code(), Errc::cancelled);
}

} // namespace
} // namespace codex::proof
