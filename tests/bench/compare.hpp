// What the benchmarks that hold our code against other people's have in common: their libraries are
// built elsewhere and loaded when an environment variable names them.
#pragma once

#include <algorithm>
#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <optional>
#include <vector>

namespace codex::bench {

/// A shared library that the user named; a wrong one ends the program.
class Library {
public:
    /// The library of this environment variable; nothing when it is empty or not set.
    static std::optional<Library> of(const char* variable) {
        const char* path = std::getenv(variable);
        if (path == nullptr || *path == '\0')
            return std::nullopt;
        Library library(variable, path, dlopen(path, RTLD_NOW));
        if (library.handle_ == nullptr)
            library.refuse("cannot be loaded");
        return library;
    }
    template <class Function> void look_up(const char* name, Function& function) const {
        void* symbol = dlsym(handle_, name);
        if (symbol == nullptr)
            refuse("is another library");
        std::memcpy(&function, &symbol, sizeof function);
    }
    [[noreturn]] void refuse(const char* reason) const {
        const char* detail = dlerror();
        std::fprintf(
            stderr,
            "$%s: %s %s%s%s: name another, which tests/bench/README.md describes, or unset "
            "it\n",
            variable_, path_, reason, detail == nullptr ? "" : ": ",
            detail == nullptr ? "" : detail);
        std::exit(64);
    }

private:
    Library(const char* variable, const char* path, void* handle)
        : variable_(variable), path_(path), handle_(handle) {}
    const char* variable_;
    const char* path_;
    void* handle_;
};

/// Seconds of this thread, which other processes on the machine do not lengthen.
inline double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Work> double seconds(Work work) {
    const double start = thread_seconds();
    work();
    return thread_seconds() - start;
}

inline double median(std::vector<double>& times) {
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return *middle;
}

/// Median seconds of two pieces of work that were run in turn, so that both saw the same machine.
struct Medians {
    double ours = 0;
    double theirs = 0; ///< 0: there was nobody to compare with
};

/// Runs `ours` in the timed loop (of a benchmark with manual time) and, untimed and in turn with
/// it, `theirs` when `with_peer`: each several times in a row where once is short, so that neither
/// the clock nor the caches that the other leaves behind count for much. Each time counts as an
/// iteration: a benchmark ends by the time it is told of, which is all that was taken.
template <class Ours, class Theirs>
Medians in_turn(benchmark::State& state, bool with_peer, Ours ours, Theirs theirs) {
    constexpr double kLongEnough = 500e-6;
    (void)seconds(ours); // what is made at the first use
    const double once = seconds(ours);
    const int times = once >= kLongEnough ? 1 : static_cast<int>(kLongEnough / (once + 1e-7)) + 1;
    const auto repeated = [times](auto& work) {
        return seconds([&] {
            for (int i = 0; i < times; ++i)
                work();
        });
    };
    std::vector<double> our_times;
    std::vector<double> peer_times;
    while (state.KeepRunningBatch(times)) {
        const double taken = repeated(ours);
        our_times.push_back(taken / times);
        state.SetIterationTime(taken);
        if (with_peer)
            peer_times.push_back(repeated(theirs) / times);
    }
    return {our_times.empty() ? 0 : median(our_times), peer_times.empty() ? 0 : median(peer_times)};
}

} // namespace codex::bench
