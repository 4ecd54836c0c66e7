// codex-testcrash FOLDER [SCENARIO...]: what a power loss may leave, by the method of ALICE. Each
// scenario is run with a log of its writes; the folders that a loss of power at some moment may
// leave are made from the log (disk.hpp), and worked with (check.hpp). Prints a line for each
// scenario, and for each bad state what it takes to look at it. CODEX_SEED chooses the states,
// CODEX_STATES is their number for each scenario and variant; 0 is all moments with all policies.
#include "check.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <thread>
#include <unordered_set>

namespace codex::crash {

namespace {

constexpr const char* kVariants[] = {"synced", "among --no-sync", "--no-sync"};
constexpr std::size_t kMaxReports = 3; // of one scenario and variant

struct Sample {
    std::size_t moment; // so many records of the log have happened
    Policy policy;
    std::uint64_t seed;
};

/// In the order of their moments.
std::vector<Sample> draw(std::size_t records, std::uint64_t count, std::uint64_t seed) {
    std::vector<Sample> samples;
    std::mt19937_64 random(seed);
    if (count == 0)
        for (std::size_t moment = 0; moment <= records; ++moment)
            for (std::uint64_t policy = 0; policy < kPolicies; ++policy)
                samples.push_back({moment, static_cast<Policy>(policy), random()});
    for (std::uint64_t i = 0; i < count; ++i)
        samples.push_back(
            {random() % (records + 1), static_cast<Policy>(random() % kPolicies), random()});
    std::ranges::sort(samples, {},
                      [](const Sample& one) { return std::pair(one.moment, one.seed); });
    return samples;
}

std::size_t hash(const State& state) {
    std::size_t sum = 0;
    for (const auto& [path, node] : state)
        sum =
            (sum * 31 + std::hash<std::string>()(path)) * 31 + std::hash<std::string>()(node.bytes);
    return sum;
}

class Run {
public:
    Run(const Plan& plan, Variant variant, const std::string& folder)
        : name_(plan.name + ", " + kVariants[static_cast<std::size_t>(variant)]), folder_(folder),
          variant_(variant), scenario_(folder, plan.no_repo) {
        plan.build(scenario_);
    }

    /// False when something is wrong.
    bool operator()(std::uint64_t states, std::uint64_t seed) {
        Disk disk(scenario_.root());
        if (const std::string failed = scenario_.run(variant_); !failed.empty()) {
            std::printf("FAILED %s: %s\n", name_.c_str(), failed.c_str());
            return false;
        }
        require_no_writable_map();
        const std::vector<Sample> samples = draw(scenario_.log().size(), states, seed);
        promises_ = promises(scenario_);
        std::size_t records = 0;
        std::atomic<std::size_t> next{0};
        const auto work = [&] {
            for (;;) {
                State state;
                Sample sample{};
                {
                    const std::lock_guard lock(mutex_);
                    if (next == samples.size() || failures_ >= kMaxReports)
                        return;
                    sample = samples[next++];
                    for (; records < sample.moment; ++records)
                        disk.apply(scenario_.log()[records]);
                    state = disk.after_power_loss(sample.policy, sample.seed);
                    if (!seen_.insert(hash(state) ^ promise_of(sample)).second)
                        continue;
                }
                examine(sample, state);
            }
        };
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
            threads.emplace_back(work);
        for (std::thread& thread : threads)
            thread.join();
        if (failures_ == 0)
            compare_with_the_folder(disk, records);
        std::printf("%s %s: %zu records, %zu states\n", failures_ == 0 ? "ok" : "FAILED",
                    name_.c_str(), scenario_.log().size(), seen_.size());
        std::fflush(stdout);
        return failures_ == 0;
    }

private:
    /// LMDB must write its pages with pwrite, or this log would not know of them. Its tables of
    /// readers are made anew by whoever is first after a power loss.
    void require_no_writable_map() {
        for (const Entry& entry : scenario_.log())
            if (entry.op == preload::Op::map && !entry.path.ends_with("-lock/"))
                test::give_up(entry.path + " is mapped for writing");
    }

    /// The model of the disk is right when it ends as the folder did.
    void compare_with_the_folder(Disk& disk, std::size_t records) {
        for (; records < scenario_.log().size(); ++records)
            disk.apply(scenario_.log()[records]);
        State model = disk.now();
        State folder = test::read_folder(scenario_.root());
        const auto is_lock = [](const auto& item) { return item.first.ends_with("-lock"); };
        std::erase_if(model, is_lock);
        std::erase_if(folder, is_lock);
        for (const auto& [path, node] : folder)
            if (!model.contains(path) || model[path].bytes != node.bytes)
                test::give_up(name_ + ": the log does not explain " + path);
        for (const auto& [path, node] : model)
            if (!folder.contains(path))
                test::give_up(name_ + ": the log leaves " + path);
    }

    std::size_t promise_of(const Sample& sample) {
        std::size_t sum = 0;
        const Promise& promise = promises_[sample.moment];
        for (const auto* cids : {&promise.required, &promise.forbidden, &promise.mended})
            for (const std::string& cid : *cids)
                sum = sum * 31 + std::hash<std::string>()(cid);
        return sum;
    }

    void examine(const Sample& sample, const State& state) {
        const std::string at = folder_ + "/" + std::to_string(sample.moment) + "." +
                               std::to_string(static_cast<int>(sample.policy)) + "." +
                               std::to_string(sample.seed % 100000);
        const std::string problem = check(scenario_, state, promises_[sample.moment], at);
        if (!problem.empty()) {
            const std::lock_guard lock(mutex_);
            ++failures_;
            test::write_folder(state, at + "/as-it-was");
            std::printf("BAD STATE of %s, after %zu of %zu records, policy %d, seed %llu:\n"
                        "  %s\n  the folder: %s\n  look at %s/as-it-was\n",
                        name_.c_str(), sample.moment, scenario_.log().size(),
                        static_cast<int>(sample.policy),
                        static_cast<unsigned long long>(sample.seed), problem.c_str(), at.c_str(),
                        at.c_str());
            return;
        }
        std::filesystem::remove_all(at);
    }

    std::string name_;
    std::string folder_;
    Variant variant_;
    Scenario scenario_;
    std::vector<Promise> promises_;
    std::mutex mutex_;
    std::unordered_set<std::size_t> seen_;
    std::size_t failures_ = 0;
};

} // namespace

} // namespace codex::crash

int main(int argc, char** argv) {
    using namespace codex;
    if (argc < 2) {
        std::fputs("usage: codex-testcrash FOLDER [SCENARIO...]\n", stderr);
        return 64;
    }
    const std::vector<std::string> wanted(argv + 2, argv + argc);
    const std::uint64_t states = test::setting("CODEX_STATES", 12);
    const std::uint64_t seed = test::setting("CODEX_SEED", 1);
    bool good = true;
    std::uint64_t number = 0;
    for (const crash::Plan& plan : crash::plans()) {
        if (!wanted.empty() && std::ranges::count(wanted, plan.name) == 0)
            continue;
        for (const auto variant :
             {crash::Variant::synced, crash::Variant::among_unsynced, crash::Variant::unsynced}) {
            const std::string folder = std::string(argv[1]) + "/" + plan.name + "." +
                                       std::to_string(static_cast<int>(variant));
            good = crash::Run(plan, variant, folder)(states, seed * 1000 + ++number) && good;
        }
    }
    return good ? 0 : 1;
}
