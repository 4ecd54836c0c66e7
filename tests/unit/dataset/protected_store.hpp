// A repo of its own for each test, with what the tests of protected datasets do to it.
#pragma once

#include "base/fd_stream.hpp"
#include "base/thread_pool.hpp"
#include "byte_generator.hpp"
#include "codec/manifest.hpp"
#include "dataset/dataset.hpp"
#include "memory_blocks.hpp"
#include "memory_streams.hpp"
#include "must.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

namespace codex::dataset::test {

using codex::test::generate;
using codex::test::MemoryBlocks;
using codex::test::MemorySink;
using codex::test::MemorySource;
using codex::test::must;
using codex::test::must_fail;
using codex::test::TemporaryFolder;

constexpr std::uint32_t kBlock = 4096;

inline erasure::Shape code_shape(std::uint64_t k, std::uint64_t m) {
    return must(erasure::Shape::create(k, m));
}

/// put() of what is behind a descriptor.
inline Result<PutResult> put_fd(const Job& job, int fd, std::string_view name,
                                const PutOptions& options = {}) {
    FdSource source = must(FdSource::create(fd, name));
    return put(job, source, options);
}

class Store {
public:
    explicit Store(const std::string& path, unsigned threads = 2, const repo::Limits& limits = {})
        : path_(path), pool_(threads),
          repo_(must(repo::Repo::open(
              path, {.create = true, .sync = false, .pool = pool_, .limits = limits}))) {}

    [[nodiscard]] Job job() { return {repo_, pool_}; }
    [[nodiscard]] repo::Repo& repo() { return repo_; }

    [[nodiscard]] Cid put(BytesView content, const PutOptions& options = {}) {
        MemorySource source(content);
        return must(dataset::put(job(), source, options)).manifest;
    }

    /// The content, without help from parity when `cid` is a plain dataset.
    [[nodiscard]] Bytes get(const Cid& cid) {
        MemorySink sink;
        const GetResult got = must(dataset::get(job(), cid, {}, sink));
        if (got.bytes != sink.content().size())
            throw std::runtime_error("short content");
        return sink.content();
    }

    [[nodiscard]] codec::Manifest manifest(const Cid& cid) {
        return must(repo_.dataset(cid)).manifest;
    }

    [[nodiscard]] std::vector<Digest> leaves(const Cid& cid) {
        const repo::StoredTree tree = must(repo_.tree(manifest(cid).tree));
        std::vector<Digest> leaves(tree.leaf_count());
        must(tree.leaves(0, leaves));
        return leaves;
    }

    /// Flips a bit of each copy of a leaf in tree records; not of the CID before a block's bytes.
    std::size_t flip_in_trees(const Digest& leaf) {
        const std::array<std::uint8_t, 2> multihash{0x12, 0x20};
        return flip_in_segments(leaf, multihash);
    }

    /// Flips one bit of the first byte of each copy of `needle` in the segments, but of those that
    /// stand after `not_after`. Gives how many.
    std::size_t flip_in_segments(BytesView needle, BytesView not_after = {}) {
        std::size_t flipped = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
            if (!entry.is_regular_file() || entry.path().extension() != ".seg")
                continue;
            const std::string name = entry.path().string();
            const Bytes content = must(read_file(name, std::uint64_t{1} << 30));
            const Fd file = must(open_file(name, O_WRONLY));
            for (auto at = content.begin();; ++at) {
                at = std::search(at, content.end(), needle.begin(), needle.end());
                if (at == content.end())
                    break;
                const BytesView before(content.begin(), at);
                if (!not_after.empty() && before.size() >= not_after.size() &&
                    equal(before.last(not_after.size()), not_after))
                    continue;
                const std::uint8_t wrong = static_cast<std::uint8_t>(*at ^ 0x40);
                const auto offset = static_cast<std::uint64_t>(at - content.begin());
                must(pwrite_full(file.get(), {&wrong, 1}, offset, name));
                ++flipped;
            }
        }
        return flipped;
    }

private:
    std::string path_;
    ThreadPool pool_;
    repo::Repo repo_;
};

/// Takes the bytes of a dataset's blocks away from its repo, into `blocks`.
inline void take_blocks(Store& store, const Cid& dataset, MemoryBlocks& blocks) {
    std::vector<Cid> taken;
    for (const Digest& leaf : store.leaves(dataset))
        if (const Cid cid = Cid::block(leaf);
            !cid.is_empty_block() && must(store.repo().has(cid))) {
            blocks.add(must(store.repo().get(cid)));
            taken.push_back(cid);
        }
    must(store.repo().drop_bytes(taken));
}

/// `count` different numbers below `below`, ascending.
inline std::vector<std::uint64_t> sample(std::mt19937_64& random, std::uint64_t below,
                                         std::size_t count) {
    std::vector<std::uint64_t> all(below);
    for (std::uint64_t i = 0; i < below; ++i)
        all[i] = i;
    std::shuffle(all.begin(), all.end(), random);
    all.resize(count);
    std::sort(all.begin(), all.end());
    return all;
}

} // namespace codex::dataset::test
