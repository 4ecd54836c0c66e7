// codex-testfaults FOLDER [CASE...]: each command meets the failure of its n-th open, read, write,
// sync, rename, unlink, mmap, thread and allocation, of that call alone and of all from there on.
// It must end with its result, or with an error line and a documented code; nothing is lost, the
// repo verifies, and the same command succeeds when nothing fails any more (trial.hpp).
// CODEX_FAULTS is how many faults of each command and kind are tried, chosen by CODEX_SEED; 0 is
// all.
#include "trial.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

namespace codex::faults {

namespace {

struct Task {
    const Case* one;
    Fault fault;
};

std::vector<Task> tasks_of(const Case& one, const Counts& counts, std::uint64_t most,
                           std::mt19937_64& random) {
    std::vector<Task> tasks;
    const char* kinds = std::getenv("CODEX_KINDS");
    for (std::uint32_t kind = 0; kind < preload::kKinds; ++kind) {
        if (kinds != nullptr &&
            (" " + std::string(kinds) + " ")
                    .find(std::string(" ") + preload::kKindNames[kind] + " ") == std::string::npos)
            continue;
        std::vector<Task> all;
        for (std::uint64_t number = 1; number <= counts[kind]; ++number)
            for (const bool later : {false, true})
                all.push_back({&one, {static_cast<preload::Kind>(kind), number, later}});
        if (most > 0 && all.size() > most) {
            std::ranges::shuffle(all, random);
            all.resize(most);
        }
        tasks.insert(tasks.end(), all.begin(), all.end());
    }
    return tasks;
}

/// One kind of failure is told once.
std::string gist(const Task& task, const std::string& problem) {
    std::string text = task.one->name + "|" +
                       preload::kKindNames[static_cast<std::size_t>(task.fault.kind)] + "|" +
                       problem.substr(0, 60);
    std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
    return text;
}

class Run {
public:
    explicit Run(const std::string& folder) : folder_(folder), world_(folder + "/world") {}

    bool operator()(const std::vector<std::string>& wanted) {
        std::mt19937_64 random(test::setting("CODEX_SEED", 1));
        std::vector<Case> cases = world_.cases();
        std::vector<Task> tasks;
        for (Case& one : cases) {
            if (!wanted.empty() && std::ranges::count(wanted, one.name) == 0)
                continue;
            const Counts counts = measure(world_, one, folder_ + "/measured");
            const auto more = tasks_of(one, counts, test::setting("CODEX_FAULTS", 4), random);
            tasks.insert(tasks.end(), more.begin(), more.end());
        }
        std::atomic<std::size_t> next{0};
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
            threads.emplace_back([&] {
                for (std::size_t at = 0; (at = next++) < tasks.size();)
                    examine(tasks[at], at);
            });
        for (std::thread& thread : threads)
            thread.join();
        for (const auto& [text, count] : seen_)
            std::printf("%zu times: %s\n", count, text.c_str());
        std::printf("%zu faults in %zu commands, %zu kinds of failure\n", tasks.size(),
                    cases.size(), seen_.size());
        return seen_.empty();
    }

private:
    void examine(const Task& task, std::size_t number) {
        const std::string at = folder_ + "/" + std::to_string(number);
        const std::string problem = try_fault(world_, *task.one, task.fault, at);
        if (!problem.empty()) {
            const std::lock_guard lock(mutex_);
            if (++seen_[gist(task, problem)] == 1) {
                std::printf("BAD: %s, CODEX_TEST_FAIL=%s: %s\n  %s\n  the folder: %s\n",
                            task.one->name.c_str(), task.fault.text().c_str(),
                            test::join(task.one->command).c_str(), problem.c_str(), at.c_str());
                std::fflush(stdout);
                return; // it stays
            }
        }
        std::filesystem::remove_all(at);
    }

    std::string folder_;
    World world_;
    std::mutex mutex_;
    std::map<std::string, std::size_t> seen_;
};

} // namespace

} // namespace codex::faults

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: codex-testfaults FOLDER [CASE...]\n", stderr);
        return 64;
    }
    const bool good = codex::faults::Run(argv[1])({argv + 2, argv + argc});
    return good ? 0 : 1;
}
