// Indexes with other bytes in them, as broken disks and hostile archives have them: whatever is
// done with one either works or ends with an error, never by a signal and never without an end, and
// the segments stay. CODEX_MUTATIONS says how many (default 32: four of each kind).
#include "base/fd.hpp"
#include "repo/fixture.hpp"
#include "sanitizers.hpp"

#include <csignal>
#include <functional>
#include <map>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::repo::test {
namespace {

constexpr std::size_t kPage = 4096;
constexpr unsigned kMostSeconds = 120;
/// What a child ends with when it was given wrong bytes.
constexpr int kWrongBytes = 200;

/// A repo with something in every table, and free pages.
struct Sample {
    Scratch scratch;
    Made kept;
    Made other;
    Bytes index;

    Sample() {
        {
            Repo repo = must(Repo::init(scratch.repo(), {}));
            kept = must(write_blocks(repo, seeds(1, 300), 4'000'000'000));
            other = must(write_blocks(repo, seeds(200, 200)));
            const Made gone = must(write_blocks(repo, seeds(1000, 300)));
            must(repo.remove_dataset(gone.manifest));
            const Bytes own = random_bytes(5000, 100);
            must(repo.put(cid_of(own), own, 4'100'000'000));
        }
        index = must(read_file(scratch.repo() + "/index.mdb", 1U << 30));
    }
};

Bytes mutated(const Bytes& whole, std::uint64_t seed) {
    std::mt19937_64 rng(seed);
    Bytes index = whole;
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(rng() % n); };
    const auto page = [&] {
        return MutableBytes(index).subspan(below(index.size() / kPage) * kPage, kPage);
    };
    switch (rng() % 8) {
    case 0: // bytes anywhere
        for (std::size_t i = 0, n = 1 + below(64); i < n; ++i)
            index[below(index.size())] = static_cast<std::uint8_t>(rng());
        break;
    case 1: { // the head of a page: its number, kind, and where its content is
        const MutableBytes head = page().first(32);
        for (std::size_t i = 0, n = 1 + below(8); i < n; ++i)
            head[below(head.size())] = static_cast<std::uint8_t>(rng());
        break;
    }
    case 2: { // a number where there was one
        const std::uint64_t values[] = {0, 1, 2, UINT64_MAX, UINT32_MAX, 1U << 31, rng(), 0xffff};
        const std::uint64_t value = values[below(8)];
        std::memcpy(index.data() + below(index.size() / 8) * 8, &value, sizeof value);
        break;
    }
    case 3: { // a page in the place of another
        const MutableBytes from = page();
        const MutableBytes to = page();
        std::copy(from.begin(), from.end(), to.begin());
        break;
    }
    case 4: {
        const MutableBytes zero = page();
        std::fill(zero.begin(), zero.end(), std::uint8_t{0});
        break;
    }
    case 5:
        index.resize(below(index.size()));
        break;
    case 6: { // noise in all of a page
        const MutableBytes noise = page().subspan(16);
        for (std::uint8_t& byte : noise)
            byte = static_cast<std::uint8_t>(rng());
        break;
    }
    default: { // offsets of entries within a page
        const MutableBytes table = page().subspan(16, 200);
        for (std::size_t i = 0, n = 1 + below(20); i < n; ++i)
            table[below(table.size())] = static_cast<std::uint8_t>(rng());
        break;
    }
    }
    return index;
}

using Job = std::function<Result<int>(const std::string& path)>;

Result<Repo> opened(const std::string& path, bool read_only) {
    OpenOptions options;
    options.read_only = read_only;
    options.sync = false;
    return Repo::open(path, options);
}

Result<int> read_all(const std::string& path, const Made& made, std::uint64_t first_seed) {
    CODEX_TRY(repo, opened(path, true));
    for (std::size_t i = 0; i < made.blocks.size(); ++i) {
        const auto data = repo.get(made.blocks[i]);
        if (data && *data != random_bytes(first_seed + i, kBlock))
            return kWrongBytes;
    }
    return 0;
}

std::map<std::string, Job> jobs(const Sample& sample) {
    std::map<std::string, Job> all;
    all["1 list"] = [](const std::string& path) -> Result<int> {
        CODEX_TRY(repo, opened(path, true));
        CODEX_CHECK(repo.for_each_dataset([](const DatasetInfo&) { return true; }));
        CODEX_CHECK(repo.for_each_block([](const BlockInfo&) { return true; }));
        CODEX_CHECK(repo.space());
        return 0;
    };
    all["2 get"] = [&](const std::string& path) { return read_all(path, sample.kept, 1); };
    all["3 verify"] = [](const std::string& path) -> Result<int> {
        CODEX_TRY(repo, opened(path, true));
        CODEX_CHECK(repo.verify({}, [](const VerifyProblem&) {}));
        return 0;
    };
    all["4 put"] = [](const std::string& path) -> Result<int> {
        CODEX_TRY(repo, opened(path, false));
        CODEX_CHECK(write_blocks(repo, seeds(9000, 300)));
        CODEX_CHECK(write_blocks(repo, seeds(100, 300), 4'000'000'001));
        return 0;
    };
    all["5 keep"] = [&](const std::string& path) -> Result<int> {
        CODEX_TRY(repo, opened(path, false));
        CODEX_CHECK(repo.set_expiry(sample.other.manifest, 4'200'000'000));
        return 0;
    };
    all["6 remove"] = [&](const std::string& path) -> Result<int> {
        CODEX_TRY(repo, opened(path, false));
        CODEX_CHECK(repo.remove_dataset(sample.other.manifest));
        return 0;
    };
    all["7 repair counters"] = [](const std::string& path) -> Result<int> {
        CODEX_TRY(repo, opened(path, false));
        VerifyOptions options;
        options.repair_counters = true;
        CODEX_CHECK(repo.verify(options, [](const VerifyProblem&) {}));
        return 0;
    };
    return all;
}

/// The exit code of `job` in a process of its own, or the signal that ended it, negative.
int in_child(const Job& job, const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(kMostSeconds);
        const auto done = job(path);
        ::_exit(done ? *done : errc_exit_code(done.error().code()));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::uint64_t wanted_mutations() {
    const char* text = std::getenv("CODEX_MUTATIONS");
    return text == nullptr ? 32 : std::stoull(text);
}

TEST(Mutation, OfAnIndexIsNoSignalAndNoHang) {
    // LMDB leaves the pages of a damaged index, and what ends that is a fault (lmdb_memory.cpp).
    if (codex::test::kAddressSanitizer)
        GTEST_SKIP() << "the sanitizer ends what is to go on to the fault";
    const Sample sample;
    const auto all = jobs(sample);
    std::map<int, int> ends;
    for (std::uint64_t seed = 1; seed <= wanted_mutations(); ++seed) {
        const Scratch copy;
        fs::copy(sample.scratch.repo(), copy.repo(), fs::copy_options::recursive);
        const Bytes index = mutated(sample.index, seed);
        must(write_file_atomic(copy.repo() + "/index.mdb", index, 0600));
        for (const auto& [name, job] : all) {
            const int end = in_child(job, copy.repo());
            ++ends[end];
            EXPECT_GE(end, 0) << "mutation " << seed << ", " << name << ": signal " << -end;
            EXPECT_NE(end, kWrongBytes) << "mutation " << seed << ", " << name;
            EXPECT_NE(end, errc_exit_code(Errc::internal)) << "mutation " << seed << ", " << name;
        }
        for (const std::string& segment : segment_files(sample.scratch.repo()))
            EXPECT_GE(
                fs::file_size(copy.repo() + "/segments/" + fs::path(segment).filename().string()),
                fs::file_size(segment))
                << "mutation " << seed;
        // Nor does collecting destroy what somebody may need.
        const int collected = in_child(
            [](const std::string& path) -> Result<int> {
                CODEX_TRY(repo, opened(path, false));
                CODEX_CHECK(repo.gc({}));
                return 0;
            },
            copy.repo());
        ++ends[collected];
        EXPECT_GE(collected, 0) << "mutation " << seed << ", gc: signal " << -collected;
        // Whatever happened, the way out leads out.
        must(Repo::rebuild_index(copy.repo()));
        EXPECT_EQ(in_child([&](const std::string& path) { return read_all(path, sample.kept, 1); },
                           copy.repo()),
                  0)
            << "mutation " << seed;
    }
    EXPECT_GT(ends[0], 0) << "some mutations hurt nothing";
    EXPECT_GT(ends[errc_exit_code(Errc::repo_damaged)], 0) << "and some are noticed";
}

} // namespace
} // namespace codex::repo::test
