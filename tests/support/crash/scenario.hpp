// What is done while the power fails, and what has to be there afterwards.
#pragma once

#include "../common/process.hpp"
#include "log.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace codex::crash {

/// One command of a scenario.
struct Step {
    test::Command command;                 // the tool's name first, CODEX_REPO is set
    std::vector<std::string> makes = {};   // datasets it prints when they are durable
    std::vector<std::string> removes = {}; // datasets that are gone when it has printed
    std::vector<std::string> mends = {}; // datasets that have every block when it has printed them
    bool synced = true;
    bool beside_next = false; // it is started, and the next one with it
    std::string time = {};    // CODEX_NOW
};

/// How the steps are run.
enum class Variant : std::uint8_t {
    synced,
    among_unsynced, // others with --no-sync write before, between and after
    unsynced,       // with --no-sync themselves
};

/// A repo and what is done with it.
class Scenario {
public:
    /// `folder` is empty and the scenario's own. The repo is made unless `no_repo`.
    Scenario(const std::string& folder, bool no_repo);

    /// Below it everything is logged; the repo is in it.
    [[nodiscard]] std::string root() const { return folder_ + "/root"; }
    [[nodiscard]] std::string repo() const { return root() + "/" + repo_; }
    [[nodiscard]] const std::string& repo_below_root() const { return repo_; }

    /// A file of random bytes outside of the root.
    std::string file(std::uint64_t seed, std::size_t bytes);
    /// The identifier that put, and encode with k=2 and m=1, give the file, in every repo.
    std::string cid(const std::string& file);
    std::string encoded_cid(const std::string& file);
    /// Brings a dataset of which cid() was asked from another repo, a leaf after the other.
    [[nodiscard]] test::Command fetch(const std::string& cid) const;
    /// Its archive.
    std::string archive(const std::string& file);

    /// Runs a tool on the repo before the log begins. It has to succeed.
    void before(const test::Command& command);
    void have(const std::string& cid) { there_.insert(cid); }
    void lose(const std::string& cid) { there_.erase(cid); }
    /// Blocks were erased: verify says so from the beginning.
    void lose_blocks() { losses_ = true; }
    void then(Step step) { steps_.push_back(std::move(step)); }

    /// Runs the steps with the preloaded library, and fills `log` and `step_of`.
    /// Gives what went wrong, or nothing.
    std::string run(Variant variant);

    [[nodiscard]] const std::vector<Entry>& log() const { return log_; }
    [[nodiscard]] const Step* step_of(std::uint32_t process) const;
    [[nodiscard]] const std::set<std::string>& there() const { return there_; }
    /// Of all datasets that may be in the repo at some moment.
    [[nodiscard]] const std::map<std::string, std::string>& contents() const { return contents_; }
    [[nodiscard]] bool begins_without_repo() const { return no_repo_; }
    [[nodiscard]] bool begins_with_losses() const { return losses_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

private:
    test::Outcome model(const test::Command& command);
    [[nodiscard]] test::Environment environment() const;
    [[nodiscard]] std::vector<Step> planned(Variant variant);

    std::string folder_;
    std::string repo_;
    bool no_repo_;
    bool losses_ = false;
    std::map<std::string, std::string> contents_;
    std::set<std::string> there_;
    std::vector<Step> steps_;
    std::map<std::uint32_t, Step> by_process_;
    std::vector<Entry> log_;
};

struct Plan {
    std::string name;
    bool no_repo;
    std::function<void(Scenario&)> build;
};
/// All scenarios.
const std::vector<Plan>& plans();

/// The path of a tool: the real one, or its build with small limits.
test::Command resolve(const test::Command& command, bool small_limits);

} // namespace codex::crash
