#include "seeds.hpp"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

namespace codex::sim {

using std::chrono::milliseconds;

namespace {

std::ptrdiff_t open_files() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
}

void note_failures(const std::string& test, std::uint64_t seed, const Outcome& outcome) {
    for (const std::string& failure : outcome.failures)
        ADD_FAILURE() << failure;
    if (!outcome.failures.empty())
        ADD_FAILURE() << "again, with what happens: " << replay(test, seed);
}

} // namespace

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

std::pair<std::uint64_t, std::uint64_t> seeds_or(std::pair<std::uint64_t, std::uint64_t> usual) {
    const std::string range = variable("CODEX_SEEDS");
    const std::size_t dash = range.find('-');
    if (dash == std::string::npos)
        return usual;
    return {std::stoull(range), std::stoull(range.substr(dash + 1))};
}

std::string replay(const std::string& test, std::uint64_t seed) {
    return fmt::format("CODEX_SEED={} build/bin/test_sim --gtest_filter={}", seed, test);
}

Outcome run(Scenario scenario, const log::Logger& logger) {
    const std::uint64_t seed = scenario.seed;
    const std::ptrdiff_t before = open_files();
    Outcome outcome;
    {
        Simulation simulation(std::move(scenario), logger);
        outcome = simulation.run();
    }
    EXPECT_EQ(open_files(), before) << seed;
    return outcome;
}

void show(std::uint64_t seed, const Outcome& outcome) {
    std::printf(
        "seed %llu: trace %016llx of %llu events, %lld ms, %llu bytes, %llu fetches of %llu "
        "blocks, %llu duplicates, %zu held, %zu unsent\n",
        static_cast<unsigned long long>(seed), static_cast<unsigned long long>(outcome.trace),
        static_cast<unsigned long long>(outcome.events),
        static_cast<long long>(outcome.took / milliseconds(1)),
        static_cast<unsigned long long>(outcome.wire_bytes),
        static_cast<unsigned long long>(outcome.fetches),
        static_cast<unsigned long long>(outcome.fetched),
        static_cast<unsigned long long>(outcome.duplicates), outcome.most_held_bytes,
        outcome.most_unsent_bytes);
}

void run_seeds(const std::string& test, const std::function<Scenario(std::uint64_t)>& draw,
               std::pair<std::uint64_t, std::uint64_t> usual,
               const std::function<void(const Scenario&, const Outcome&)>& judge) {
    if (const std::string one = variable("CODEX_SEED"); !one.empty()) {
        const std::uint64_t seed = std::stoull(one);
        std::printf("%s\n", draw(seed).text().c_str());
        log::Options options;
        const std::string levels = variable("CODEX_LEVELS");
        options.directives = levels.empty() ? "info" : levels;
        const log::Logger logger(codex::test::must(log::Output::open(options)));
        const Outcome outcome = run(draw(seed), logger);
        show(seed, outcome);
        note_failures(test, seed, outcome);
        return;
    }
    const auto [first, last] = seeds_or(usual);
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const Scenario scenario = draw(seed);
        const Outcome outcome = run(scenario);
        show(seed, outcome);
        note_failures(test, seed, outcome);
        if (judge)
            judge(scenario, outcome);
    }
}

} // namespace codex::sim
