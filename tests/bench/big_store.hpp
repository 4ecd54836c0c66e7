// For benchmarks of datasets: a repo, and content that fills it.
#pragma once

#include "base/fd_stream.hpp"
#include "base/thread_pool.hpp"
#include "dataset/dataset.hpp"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace codex::bench {

constexpr std::uint64_t kBytes = std::uint64_t{256} << 20;

/// The value, or the end of the benchmark with the error.
template <class T> T must(Result<T> result) {
    if (!result) {
        fmt::print(stderr, "benchmark: {}\n", result.error().text());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

/// A repo in a directory of its own, and content no two of whose blocks are equal.
class World {
public:
    World() : content_(::memfd_create("content", MFD_CLOEXEC)) {
        std::string name = (std::filesystem::temp_directory_path() / "codex-bench-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
        repo_.emplace(must(
            repo::Repo::open(path_ + "/repo", {.create = true, .sync = false, .pool = pool_})));
        std::vector<std::uint64_t> words(std::size_t{1} << 17);
        std::uint64_t state = 1;
        for (std::uint64_t at = 0; at < kBytes; at += words.size() * 8) {
            for (std::uint64_t& word : words)
                word = state = state * 6364136223846793005U + 1442695040888963407U;
            must(write_full(
                content_.get(),
                as_bytes({reinterpret_cast<const char*>(words.data()), words.size() * 8}),
                "content"));
        }
    }
    ~World() {
        repo_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    dataset::Job job() { return {*repo_, pool_}; }
    dataset::Job job(Progress& progress) { return {*repo_, {pool_, progress}}; }
    Cid put() { return must(put(job())); }
    Result<Cid> put(const dataset::Job& job) {
        ::lseek(content_.get(), 0, SEEK_SET);
        CODEX_TRY(source, FdSource::create(content_.get(), "content"));
        CODEX_TRY(result, dataset::put(job, source, {}));
        return result.manifest;
    }
    repo::Repo& repo() { return *repo_; }

private:
    Fd content_;
    std::string path_;
    ThreadPool pool_;
    std::optional<repo::Repo> repo_;
};

} // namespace codex::bench
