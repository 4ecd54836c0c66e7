// Jobs that another thread cancels in the middle: they end soon, say so, and leave the repo as a
// kill would; and their threads, which calls share.
#include "base/fd_stream.hpp"
#include "base/hex.hpp"
#include "base/side_job.hpp"
#include "crypto/hash/sha256.hpp"
#include "memory_streams.hpp"
#include "protected_store.hpp"
#include "stepping_disk.hpp"

#include <chrono>
#include <filesystem>
#include <future>
#include <gmock/gmock.h>
#include <map>

namespace codex::dataset::test {
namespace {

using codex::test::CountingExecutor;
using codex::test::MemorySink;
using codex::test::MemorySource;
using codex::test::SteppingDisk;

/// Loops that may be begun after a job is cancelled: those of the batches in its stages.
constexpr int kLoopsAfter = 6;
/// What a job may still count: the batches in its stages, whatever the size of the dataset.
constexpr std::uint64_t kBytesAfter = std::uint64_t{8} << 20;
constexpr std::uint32_t kBlockSize = 4096;
constexpr std::uint64_t kContentBytes = 6000 * std::uint64_t{kBlockSize};

/// Of the datasets here; made once.
BytesView content() {
    static const Bytes made = generate(7, kContentBytes);
    return made;
}

/// A repo whose handle can be closed and opened anew, with an executor and a disk that count.
class World {
public:
    explicit World(std::string path, BytesView its = content())
        : bytes(its), path_(std::move(path)), disk_(executor.trap) {
        open();
    }

    const BytesView bytes; ///< of its dataset
    CountingExecutor executor;
    Progress progress;

    [[nodiscard]] repo::OpenOptions options() {
        repo::OpenOptions options;
        options.create = true;
        options.sync = false;
        options.pool = executor;
        options.disk = disk_;
        options.limits.batch_bytes = 1 << 20; // several commits
        options.limits.segment_bytes = 8 << 20;
        options.limits.doomed_leaves = 256;
        return options;
    }
    void open() { repo_.emplace(must(repo::Repo::open(path_, options()))); }
    void close() { repo_.reset(); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] repo::Repo& repo() { return *repo_; }
    /// Nobody cancels it.
    [[nodiscard]] Job job() { return {*repo_, executor}; }
    [[nodiscard]] Job watched_job() { return {*repo_, {executor, progress}}; }

    [[nodiscard]] Cid put(BytesView some, std::uint64_t expiry = 0) {
        MemorySource source(some);
        PutOptions options;
        options.block_size_bytes = kBlockSize;
        options.expiry = expiry;
        return must(dataset::put(job(), source, options)).manifest;
    }
    [[nodiscard]] Cid plain() { return put(bytes); }
    [[nodiscard]] Cid coded() { return must(encode(job(), plain(), code_shape(4, 2))); }
    /// One of its blocks in four is lost; parity gives them again.
    [[nodiscard]] Cid damaged() {
        const Cid cid = coded();
        const auto layout = must(erasure::Layout::of(must(repo().dataset(cid)).manifest));
        std::vector<std::uint64_t> lost;
        for (std::uint64_t column = 0; column < layout.steps; ++column)
            lost.push_back(layout.index(column, static_cast<std::uint32_t>(column % 4)));
        must(erase(job(), cid, lost));
        return cid;
    }
    [[nodiscard]] std::vector<std::string> problems() {
        std::vector<std::string> found;
        must(repo().verify({}, [&](const repo::VerifyProblem& problem) {
            found.push_back(fmt::format("{}: {}", name_of(problem.kind), problem.text));
        }));
        return found;
    }

private:
    std::string path_;
    SteppingDisk disk_;
    std::optional<repo::Repo> repo_;
};

/// What is done with a world before, and the job, which gives what must be the same whenever it is
/// done to its end.
struct Case {
    std::function<std::string(World&)> prepare;
    std::function<Result<std::string>(World&, const Job&, const std::string& prepared)> run;
    bool lacks_blocks = false; ///< before the job is done
};

Cid cid_of(const std::string& text) {
    return must(Cid::from_text(text));
}

std::string nothing(World&) {
    return {};
}

Result<std::string> run_put(World& world, const Job& job, const std::string&) {
    MemorySource source(world.bytes);
    PutOptions options;
    options.block_size_bytes = kBlockSize;
    CODEX_TRY(result, put(job, source, options));
    return result.manifest.text();
}

Result<std::string> run_get(World&, const Job& job, const std::string& cid) {
    MemorySink sink;
    CODEX_TRY(result, get(job, cid_of(cid), {}, sink));
    return fmt::format("{} {}", result.bytes, to_hex(crypto::sha256(sink.content())));
}

Result<std::string> run_gc(World& world, const Job& job, const std::string&) {
    repo::GcOptions options;
    options.now = 1000;
    CODEX_TRY(report, world.repo().gc(options, job));
    CODEX_TRY(space, world.repo().space());
    return fmt::format("{} blocks, {} dead", space.counters.blocks, space.dead_bytes);
}

Result<std::string> run_export(World&, const Job& job, const std::string& cid) {
    MemorySink sink;
    const Cid cids[] = {cid_of(cid)};
    CODEX_CHECK(export_car(job, cids, sink, false));
    return to_hex(crypto::sha256(sink.content()));
}

std::string make_archive(World& world) {
    World other(world.path() + "-source", world.bytes);
    const std::string path = world.path() + ".car";
    const Cid cids[] = {other.plain()};
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    FdSink sink = must(FdSink::create(file.get(), path));
    must(export_car(other.job(), cids, sink, false));
    return path;
}

Result<std::string> run_import(World&, const Job& job, const std::string& archive) {
    const Fd file = must(open_file(archive, O_RDONLY));
    CODEX_TRY(source, FdSource::create(file.get(), archive));
    CODEX_TRY(report, import_car(job, source, 0, [](const Cid&) {}));
    return report.datasets.at(0).text();
}

Result<std::string> run_rebuild(World& world, const Job& job, const std::string&) {
    world.close();
    auto report = repo::Repo::rebuild_index(world.path(), world.options(), job);
    world.open();
    if (!report)
        return fail(std::move(report).error());
    return fmt::format("{} blocks, {} datasets", report->blocks, report->datasets);
}

const std::map<std::string, Case>& cases() {
    static const std::map<std::string, Case> all = {
        {"put", {nothing, run_put}},
        {"get", {[](World& world) { return world.plain().text(); }, run_get}},
        {"get_damaged", {[](World& world) { return world.damaged().text(); }, run_get, true}},
        {"encode",
         {[](World& world) { return world.plain().text(); },
          [](World&, const Job& job, const std::string& cid) -> Result<std::string> {
              CODEX_TRY(coded, encode(job, cid_of(cid), code_shape(4, 2)));
              return coded.text();
          }}},
        {"decode",
         {[](World& world) {
              const Cid coded = world.damaged();
              must(world.repo().remove_dataset(world.plain()));
              return coded.text();
          },
          [](World&, const Job& job, const std::string& cid) -> Result<std::string> {
              CODEX_TRY(plain, decode(job, cid_of(cid), std::nullopt));
              return plain.text();
          },
          true}},
        {"repair",
         {[](World& world) { return world.damaged().text(); },
          [](World&, const Job& job, const std::string& cid) -> Result<std::string> {
              CODEX_TRY(report, repair(job, cid_of(cid)));
              return fmt::format("{} lost", report.lost_blocks.size());
          },
          true}},
        {"verify_dataset",
         {[](World& world) { return world.coded().text(); },
          [](World&, const Job& job, const std::string& cid) -> Result<std::string> {
              CODEX_TRY(found, verify(job, cid_of(cid)));
              return fmt::format("{}", found.right());
          }}},
        {"verify_repo",
         {[](World& world) { return world.coded().text(); },
          [](World& world, const Job& job, const std::string&) -> Result<std::string> {
              CODEX_TRY(report, world.repo().verify({}, [](const repo::VerifyProblem&) {}, job));
              return fmt::format("{} of {}", report.problems, report.blocks);
          }}},
        {"gc",
         {[](World& world) {
              for (std::uint32_t i = 0; i < 40; ++i)
                  (void)world.put(generate(100 + i, 40 * kBlockSize), i % 4 == 0 ? 0 : 500);
              return std::string();
          },
          run_gc}},
        {"export", {[](World& world) { return world.plain().text(); }, run_export}},
        {"import", {make_archive, run_import}},
        {"rebuild", {[](World& world) { return world.coded().text(); }, run_rebuild}},
    };
    return all;
}

class Cancelled : public testing::TestWithParam<std::string> {
protected:
    TemporaryFolder folder_;
};

TEST_P(Cancelled, EndsSoonAndLeavesTheRepoAsAKillWould) {
    const Case& one = cases().at(GetParam());
    World whole(folder_.file("whole"));
    const std::string prepared = one.prepare(whole);
    whole.close();
    std::filesystem::copy(whole.path(), folder_.file("prepared"),
                          std::filesystem::copy_options::recursive);
    whole.open();
    const long first = whole.executor.trap.steps();
    const std::string expected = must(one.run(whole, whole.job(), prepared));
    const long steps = whole.executor.trap.steps() - first;
    ASSERT_GT(steps, 8) << "there is a middle";

    for (const long at : {1L, steps / 4, steps / 2, steps * 3 / 4}) {
        SCOPED_TRACE(fmt::format("at step {} of {}", at, steps));
        const std::string path = folder_.file(fmt::format("at{}", at));
        std::filesystem::copy(folder_.file("prepared"), path,
                              std::filesystem::copy_options::recursive);
        World world(path);
        world.executor.trap.set(world.progress, at);
        const auto done = one.run(world, world.watched_job(), prepared);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code(), Errc::cancelled) << done.error().text();
        EXPECT_LE(world.executor.trap.loops_after(), kLoopsAfter);
        EXPECT_LE(world.executor.trap.bytes_after(), kBytesAfter);

        world.close(); // as the next process finds it
        world.open();
        if (!one.lacks_blocks) {
            EXPECT_THAT(world.problems(), testing::IsEmpty());
        }
        EXPECT_EQ(must(one.run(world, world.job(), prepared)), expected);
        repo::GcOptions collect;
        collect.now = 1000;
        must(world.repo().gc(collect));
        if (!one.lacks_blocks || GetParam() == "repair") {
            EXPECT_THAT(world.problems(), testing::IsEmpty());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Jobs, Cancelled,
                         testing::Values("put", "get", "get_damaged", "encode", "decode", "repair",
                                         "verify_dataset", "verify_repo", "gc", "export", "import",
                                         "rebuild"),
                         [](const auto& given) { return given.param; });

TEST(Cancel, AJobThatWasCancelledBeforeDoesNothing) {
    const TemporaryFolder folder;
    for (const auto& [name, one] : cases()) {
        SCOPED_TRACE(name);
        World world(folder.file(name), content().first(100 * kBlockSize));
        const std::string prepared = one.prepare(world);
        world.progress.cancel();
        const auto done = one.run(world, world.watched_job(), prepared);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code(), Errc::cancelled);
        EXPECT_EQ(world.progress.done_bytes, 0U);
    }
}

/// Waits generously; the job has nothing to do but to notice.
template <class Value> Value in_time(std::future<Value>& future) {
    if (future.wait_for(std::chrono::minutes(2)) != std::future_status::ready) {
        ADD_FAILURE() << "it still waits";
        std::abort();
    }
    return future.get();
}

TEST(Cancel, APutEndsThoughItsSourceNeitherGivesNorEnds) {
    const TemporaryFolder folder;
    const Bytes content = generate(1, 3 * kBlockSize);
    for (const bool alone : {false, true}) {
        SCOPED_TRACE(alone);
        World world(folder.file(alone ? "alone" : "beside"));
        MemorySource source(content);
        source.wait_at_end();
        const Job job(world.repo(), {alone ? Executor::caller() : world.executor, world.progress});
        auto put = std::async(std::launch::async, [&] {
            return dataset::put(job, source, {.block_size_bytes = kBlockSize});
        });
        source.until_it_waits();
        world.progress.cancel();
        const auto done = in_time(put);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code(), Errc::cancelled) << done.error().text();
        EXPECT_EQ(must(world.repo().space()).counters.datasets, 0U);
    }
}

TEST(Cancel, AnImportEndsThoughItsSourceNeitherGivesNorEnds) {
    const TemporaryFolder folder;
    World world(folder.file("repo"));
    const Bytes archive = must(read_file(make_archive(world), std::uint64_t{1} << 30));
    for (const std::size_t given : {std::size_t{0}, std::size_t{30}, std::size_t{20'000}}) {
        SCOPED_TRACE(given);
        Progress progress;
        MemorySource source(BytesView(archive).first(given));
        source.wait_at_end();
        const Job job(world.repo(), {world.executor, progress});
        auto import = std::async(std::launch::async,
                                 [&] { return import_car(job, source, 0, [](const Cid&) {}); });
        source.until_it_waits();
        progress.cancel();
        const auto done = in_time(import);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code(), Errc::cancelled) << done.error().text();
    }
}

TEST(Cancel, AGetEndsThoughNobodyReadsWhatItWrites) {
    const TemporaryFolder folder;
    World world(folder.file("repo"));
    const Cid cid = world.plain();
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd out(ends[0]);
    const Fd in(ends[1]);
    FdSink sink = must(FdSink::create(in.get(), "pipe"));
    const Job job = world.watched_job();
    auto get = std::async(std::launch::async, [&] { return dataset::get(job, cid, {}, sink); });
    Bytes first(1);
    ASSERT_EQ(must(read_full(out.get(), first, "pipe")),
              1U); // it writes, to a pipe that is too small
    world.progress.cancel();
    const auto done = in_time(get);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code(), Errc::cancelled) << done.error().text();
}

TEST(Threads, AHundredCallsStartNoneAfterTheFirst) {
    const TemporaryFolder folder;
    World world(folder.file("repo"));
    // As many as are ever busy at once: of a put two stages, and a batch on its way to the disk.
    constexpr std::size_t kAtOnce = 3;
    {
        std::promise<void> open;
        const std::shared_future<void> gate = open.get_future().share();
        std::vector<SideJob> jobs(kAtOnce);
        for (SideJob& job : jobs)
            ASSERT_TRUE(job.start(world.executor, [gate] { gate.wait(); }));
        open.set_value();
    }
    ASSERT_EQ(world.executor.threads_beside(), kAtOnce);
    for (std::uint32_t i = 0; i < 100; ++i) {
        const Cid cid = world.put(generate(i, 40 * kBlockSize));
        (void)must(run_get(world, world.job(), cid.text()));
        if (i % 10 == 0)
            (void)must(encode(world.job(), cid, code_shape(4, 2)));
    }
    EXPECT_EQ(world.executor.threads_beside(), kAtOnce);
    EXPECT_GT(world.executor.begun_beside(), 300);
}

} // namespace
} // namespace codex::dataset::test
