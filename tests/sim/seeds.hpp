// Runs scenarios of many seeds, or of the one that a user asks for.
#pragma once

#include "simulation.hpp"

#include <functional>
#include <string>

namespace codex::sim {

/// Of the environment; empty, where it is not there.
[[nodiscard]] std::string variable(const char* name);
/// The first and the last that CODEX_SEEDS says, or those of `usual`.
[[nodiscard]] std::pair<std::uint64_t, std::uint64_t>
seeds_or(std::pair<std::uint64_t, std::uint64_t> usual);
/// Runs it; that it leaves no file open is a failure of the test.
[[nodiscard]] Outcome run(Scenario scenario, const log::Logger& logger = {});
/// On stdout.
void show(std::uint64_t seed, const Outcome& outcome);
/// Runs the seeds of `usual`, or those that CODEX_SEEDS says; or one, CODEX_SEED, and says what
/// happens in it. What was not as it must be are failures of the test, and how to run that seed
/// again, where `test` is its name. `judge` sees each outcome.
void run_seeds(const std::string& test, const std::function<Scenario(std::uint64_t)>& draw,
               std::pair<std::uint64_t, std::uint64_t> usual = {0, 24},
               const std::function<void(const Scenario&, const Outcome&)>& judge = {});
/// The command that runs it again, exactly.
[[nodiscard]] std::string replay(const std::string& test, std::uint64_t seed);

} // namespace codex::sim
