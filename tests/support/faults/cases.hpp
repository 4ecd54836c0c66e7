// The commands that meet faults, and the repo that they work on.
#pragma once

#include "../common/folder.hpp"
#include "../common/process.hpp"

#include <set>
#include <string>
#include <vector>

namespace codex::faults {

struct Case {
    std::string name;
    test::Command command;              // the tool's name first; run in the folder of the trial
    std::set<std::string> removes = {}; // datasets that may be gone afterwards
    std::set<int> again = {0};          // what it may end with when it is run once more
    bool same_output = true;            // its stdout depends on nothing but the repo
    bool empty_repo = false;            // begins without one
    std::string output = {};            // a file that it makes, whole or not at all
    // What it does without a fault, filled in by the trial of none.
    int code = 0;
    std::string out = {};
    std::string made = {};
};

/// What each trial begins with: repo/ and the input files.
class World {
public:
    explicit World(const std::string& folder);

    [[nodiscard]] const test::Folder& start() const { return start_; }
    /// The input files alone.
    [[nodiscard]] const test::Folder& start_without_repo() const { return start_without_repo_; }
    /// Datasets in the repo.
    [[nodiscard]] const std::set<std::string>& datasets() const { return datasets_; }
    std::vector<Case> cases() const;

private:
    std::string out_of(const test::Command& command);
    std::string put(const std::string& file, std::uint64_t seed, std::size_t bytes);

    std::string folder_;
    test::Folder start_;
    test::Folder start_without_repo_;
    std::set<std::string> datasets_;
    std::string plain_, small_, coded_, torn_, block_;
};

/// Runs a command in a folder of a trial.
test::Outcome run_in(const std::string& folder, const test::Command& command,
                     test::Environment environment = {});

} // namespace codex::faults
