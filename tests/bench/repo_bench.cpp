// What the repo costs by itself: storing and reading blocks whose digests are known, the same in an
// index of a million blocks, and the layout of one file a block, which it was chosen over
// (codex-repo(5), WHY SEGMENTS). TMPDIR says which disk is measured.
#include "base/fd.hpp"
#include "crypto/hash/sha256.hpp"
#include "repo/repo.hpp"

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <unistd.h>

using namespace codex;
using namespace codex::repo;
namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t kBlock = 65536;
constexpr std::size_t kBatch = 256; // 16 MiB

class Scratch {
public:
    Scratch() {
        std::string pattern = (fs::temp_directory_path() / "codex-bench-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            std::abort();
        path_ = pattern;
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

template <class T> T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().text().c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

/// One batch of blocks that no earlier call gave, with their CIDs.
struct Blocks {
    explicit Blocks(std::uint32_t block_size) : size(block_size), data(kBatch * block_size) {
        std::mt19937_64 rng(1);
        for (std::size_t i = 0; i + 8 <= data.size(); i += 8) {
            const std::uint64_t word = rng();
            std::memcpy(data.data() + i, &word, 8);
        }
    }
    /// Changes eight bytes of each block; the digests are the caller's time, not the repo's.
    void renew() {
        views.clear();
        for (std::size_t i = 0; i < kBatch; ++i) {
            std::memcpy(data.data() + i * size, &++counter, 8);
            views.push_back(BytesView(data).subspan(i * size, size));
        }
        std::vector<Digest> digests(kBatch);
        crypto::sha256_many(views, digests);
        cids.clear();
        for (const Digest& digest : digests)
            cids.push_back(Cid::block(digest));
    }
    std::uint32_t size;
    Bytes data;
    std::vector<BytesView> views;
    std::vector<Cid> cids;
    std::uint64_t counter = 0;
};

/// Writes a dataset of `batches` new batches; `paused` stops the clock while they are made.
std::vector<Cid> write_dataset(Repo& repo, Blocks& blocks, std::size_t batches,
                               benchmark::State* paused) {
    std::vector<Cid> all;
    DatasetWriter writer = must(repo.write_dataset());
    std::vector<LeafInput> leaves(kBatch);
    for (std::size_t batch = 0; batch < batches; ++batch) {
        if (paused != nullptr)
            paused->PauseTiming();
        blocks.renew();
        all.insert(all.end(), blocks.cids.begin(), blocks.cids.end());
        for (std::size_t i = 0; i < kBatch; ++i)
            leaves[i] = {batch * kBatch + i, blocks.cids[i], blocks.views[i]};
        if (paused != nullptr)
            paused->ResumeTiming();
        must(writer.leaves(leaves));
    }
    codec::Manifest manifest;
    manifest.tree = must(writer.finish_tree());
    manifest.block_size_bytes = blocks.size;
    manifest.dataset_size_bytes = batches * kBatch * blocks.size;
    must(writer.commit(must(codec::encode_manifest(manifest)), 0));
    return all;
}

Repo make_repo(const Scratch& scratch, bool sync) {
    Config config;
    config.quota_bytes = UINT64_MAX / 2;
    {
        const Repo made = must(Repo::init(scratch.path() + "/repo", config));
    }
    OpenOptions options;
    options.sync = sync;
    return must(Repo::open(scratch.path() + "/repo", options));
}

/// range(0): sync; range(1): MiB a dataset; range(2): blocks that are there already.
void put(benchmark::State& state) {
    const Scratch scratch;
    Repo repo = make_repo(scratch, false);
    Blocks small(64);
    for (std::int64_t have = 0; have < state.range(2); have += kBatch * 1000)
        write_dataset(repo, small, 1000, nullptr);
    OpenOptions options;
    options.sync = state.range(0) != 0;
    Repo handle = must(Repo::open(repo.path(), options));
    Blocks blocks(kBlock);
    blocks.counter = std::uint64_t{1} << 40;
    const auto batches = static_cast<std::size_t>(state.range(1) / 16);
    for (auto _ : state)
        write_dataset(handle, blocks, batches, &state);
    state.SetBytesProcessed(state.iterations() * state.range(1) * 1048576);
}
BENCHMARK(put)
    ->ArgNames({"sync", "MiB", "blocks"})
    ->Args({1, 256, 0})
    ->Args({1, 1024, 0})
    ->Args({0, 256, 0})
    ->Args({1, 16, 0})
    ->Args({1, 16, 1'000'000})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// range(0): other blocks in the index.
void get(benchmark::State& state) {
    const Scratch scratch;
    Repo repo = make_repo(scratch, false);
    Blocks small(64);
    for (std::int64_t have = 0; have < state.range(0); have += kBatch * 1000)
        write_dataset(repo, small, 1000, nullptr);
    Blocks blocks(kBlock);
    blocks.counter = std::uint64_t{1} << 40;
    const std::vector<Cid> cids = write_dataset(repo, blocks, 1, nullptr);
    Bytes buffer(kBatch * kBlock);
    std::vector<BlockRead> reads(kBatch);
    for (auto _ : state) {
        for (std::size_t i = 0; i < kBatch; ++i)
            reads[i] = {cids[i], MutableBytes(buffer).subspan(i * kBlock, kBlock)};
        must(repo.read(reads));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(buffer.size()));
}
BENCHMARK(get)->ArgName("blocks")->Arg(0)->Arg(1'000'000)->UseRealTime();

/// Only looking up: what a block server does for each block it is asked for.
void has(benchmark::State& state) {
    const Scratch scratch;
    Repo repo = make_repo(scratch, false);
    Blocks small(64);
    std::vector<Cid> cids;
    for (std::int64_t have = 0; have <= state.range(0); have += kBatch * 1000)
        cids = write_dataset(repo, small, 1000, nullptr);
    std::size_t i = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(must(repo.has(cids[i++ * 7919 % cids.size()])));
}
BENCHMARK(has)->ArgName("blocks")->Arg(0)->Arg(1'000'000);

/// The layout not chosen: a file a block. range(0): 0 no sync, 1 fdatasync and rename each, 2 one
/// syncfs at the end.
void one_file_a_block(benchmark::State& state) {
    const Scratch scratch;
    Blocks blocks(kBlock);
    blocks.renew();
    std::uint64_t name = 0;
    for (auto _ : state) {
        for (std::size_t i = 0; i < 16 * kBatch; ++i) {
            const std::string path = scratch.path() + "/" + std::to_string(name++);
            const std::string temporary = path + ".tmp";
            const Fd fd = must(open_file(temporary, O_CREAT | O_WRONLY));
            must(write_full(fd.get(), blocks.views[i % kBatch], path));
            if (state.range(0) == 1 && ::fdatasync(fd.get()) != 0)
                std::abort();
            if (::rename(temporary.c_str(), path.c_str()) != 0)
                std::abort();
        }
        const Fd folder = must(open_file(scratch.path(), O_RDONLY));
        if (state.range(0) == 2 && ::syncfs(folder.get()) != 0)
            std::abort();
    }
    state.SetBytesProcessed(state.iterations() * std::int64_t{256} * 1048576);
}
BENCHMARK(one_file_a_block)
    ->ArgName("sync")
    ->Arg(0)
    ->Arg(1)
    ->Arg(2)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// The plain copy that a durable put is measured against: one file of 256 MiB, and fdatasync.
void one_file(benchmark::State& state) {
    const Scratch scratch;
    Blocks blocks(kBlock);
    blocks.renew();
    std::uint64_t name = 0;
    for (auto _ : state) {
        const std::string path = scratch.path() + "/" + std::to_string(name++);
        const Fd fd = must(open_file(path, O_CREAT | O_WRONLY));
        for (std::int64_t batch = 0; batch < state.range(0) / 16; ++batch)
            must(write_full(fd.get(), blocks.data, path));
        if (::fdatasync(fd.get()) != 0)
            std::abort();
        state.PauseTiming();
        ::unlink(path.c_str());
        state.ResumeTiming();
    }
    state.SetBytesProcessed(state.iterations() * state.range(0) * 1048576);
}
BENCHMARK(one_file)
    ->ArgName("MiB")
    ->Arg(256)
    ->Arg(1024)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

} // namespace

BENCHMARK_MAIN();
