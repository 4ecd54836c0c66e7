// What every test of the repo needs: a scratch folder, blocks made from seeds, and short forms of
// common steps.
#pragma once

#include "crypto/hash/sha256.hpp"
#include "must.hpp"
#include "repo/index/surroundings.hpp"
#include "repo/repo.hpp"
#include "temporary_folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <random>

namespace codex::repo::test {

namespace fs = std::filesystem;

using codex::test::must;

template <class T> Errc code_of(const Result<T>& result) {
    if (result)
        throw std::runtime_error("an error was expected");
    return result.error().code();
}

/// A folder that goes with its test, and the repo in it.
struct Scratch : codex::test::TemporaryFolder {
    [[nodiscard]] std::string repo() const { return file("repo"); }
};

/// `size` bytes that depend on `seed` alone.
inline Bytes random_bytes(std::uint64_t seed, std::size_t size) {
    std::mt19937_64 rng(seed);
    Bytes out(size);
    for (std::size_t i = 0; i < size; i += 8) {
        const std::uint64_t word = rng();
        std::memcpy(out.data() + i, &word, std::min<std::size_t>(8, size - i));
    }
    return out;
}

inline Cid cid_of(BytesView data) {
    return Cid::block(crypto::sha256(data));
}

/// A plain manifest over `tree`.
inline Bytes manifest_for(const Cid& tree, std::uint64_t leaves, std::uint32_t block_size,
                          const std::string& name) {
    codec::Manifest manifest;
    manifest.tree = tree;
    manifest.block_size_bytes = block_size;
    manifest.dataset_size_bytes = leaves * block_size;
    if (!name.empty())
        manifest.filename = name;
    return must(codec::encode_manifest(manifest));
}

struct Made {
    Cid manifest;
    Cid tree;
    std::vector<Cid> blocks;
};

constexpr std::uint32_t kBlock = 4096;

/// Writes a dataset whose blocks are random_bytes(seed, kBlock) for each seed; `step` leaves a
/// call.
inline Result<Made> write_blocks(Repo& repo, const std::vector<std::uint64_t>& seeds,
                                 std::uint64_t expiry = 0, const std::string& name = "",
                                 std::size_t step = 64) {
    CODEX_TRY(writer, repo.write_dataset());
    Made made;
    for (std::size_t done = 0; done < seeds.size(); done += step) {
        const std::size_t n = std::min(step, seeds.size() - done);
        std::vector<Bytes> data;
        std::vector<LeafInput> leaves;
        for (std::size_t i = 0; i < n; ++i)
            data.push_back(random_bytes(seeds[done + i], kBlock));
        for (std::size_t i = 0; i < n; ++i) {
            made.blocks.push_back(cid_of(data[i]));
            leaves.push_back({done + i, made.blocks.back(), data[i]});
        }
        CODEX_CHECK(writer.leaves(leaves));
    }
    CODEX_TRY(tree, writer.finish_tree());
    made.tree = tree;
    const Bytes manifest = manifest_for(tree, seeds.size(), kBlock, name);
    CODEX_SET(made.manifest, writer.commit(manifest, expiry));
    return made;
}

inline std::vector<std::uint64_t> seeds(std::uint64_t first, std::uint64_t count) {
    std::vector<std::uint64_t> out;
    for (std::uint64_t i = 0; i < count; ++i)
        out.push_back(first + i);
    return out;
}

/// Surroundings in which nobody is waited for.
inline detail::Surroundings at_once() {
    return detail::Surroundings(OpenOptions{.lock_timeout_seconds = 0});
}

/// The files of segments in a repo, in order.
inline std::vector<std::string> segment_files(const std::string& repo) {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(repo + "/segments"))
        if (entry.path().extension() == ".seg")
            found.push_back(entry.path().string());
    std::sort(found.begin(), found.end());
    return found;
}

/// The problems verify() finds, one line each.
inline std::vector<std::string> problems(Repo& repo, bool data = true) {
    std::vector<std::string> found;
    VerifyOptions options;
    options.data = data;
    must(repo.verify(options, [&](const VerifyProblem& problem) {
        found.push_back(fmt::format("{} {}", name_of(problem.kind), problem.text));
    }));
    return found;
}

} // namespace codex::repo::test
