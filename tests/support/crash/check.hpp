// Is a state that a power loss may leave one that a repo may be in?
#pragma once

#include "disk.hpp"
#include "scenario.hpp"

#include <map>
#include <set>

namespace codex::crash {

/// What the processes have been told, or told others, up to a moment of the log.
struct Promise {
    std::set<std::string> required;            // datasets that have to be there
    std::set<std::string> forbidden;           // and that must not be
    std::set<std::string> mended;              // and that have every block
    std::map<std::string, std::uint64_t> held; // and blocks of those that may be partial
    bool unsynced = false; // --no-sync was used: the index may have to be made anew
};
/// Of each number of records of the log that came before: one more than there are records.
std::vector<Promise> promises(const Scenario& scenario);

/// Puts the state into `folder` and works with it. Gives what is wrong, or nothing.
std::string check(const Scenario& scenario, const State& state, const Promise& promise,
                  const std::string& folder);

} // namespace codex::crash
