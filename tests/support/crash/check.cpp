#include "check.hpp"

#include <algorithm>
#include <sstream>

namespace codex::crash {

using test::Command;
using test::Outcome;

namespace {

/// "CID held N" and "CID whole" of the program that makes partial datasets; others say nothing of
/// it, and have every block.
std::uint64_t held_by(const std::string& line) {
    const std::size_t at = line.find("\theld\t");
    return at == std::string::npos ? UINT64_MAX : std::stoull(line.substr(at + 6));
}

} // namespace

std::vector<Promise> promises(const Scenario& scenario) {
    Promise now;
    now.required = scenario.there();
    std::vector<Promise> all{now};
    std::map<std::uint32_t, std::string> lines; // of each process, that are not whole yet
    std::set<std::uint32_t> begun;
    for (const Entry& entry : scenario.log()) {
        const Step* step = scenario.step_of(entry.process);
        if (step == nullptr)
            test::give_up("the log has a process that nobody started");
        if (begun.insert(entry.process).second) {
            for (const std::string& cid : step->removes)
                now.required.erase(cid), now.mended.erase(cid), now.held.erase(cid);
            for (const std::string& cid : step->makes)
                now.forbidden.erase(cid);
            now.unsynced = now.unsynced || !step->synced;
        }
        if (entry.op == preload::Op::output && step->synced) {
            std::string& text = lines[entry.process];
            text += entry.data;
            for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos;) {
                const std::string line = text.substr(0, end);
                const std::string cid = line.substr(0, line.find('\t'));
                text.erase(0, end + 1);
                if (std::ranges::count(step->makes, cid) != 0) {
                    now.required.insert(cid);
                    now.held[cid] = held_by(line);
                }
                if (std::ranges::count(step->mends, cid) != 0)
                    now.mended.insert(cid);
                // gc prints its counts when all is done, rm a line for each dataset
                for (const std::string& gone : step->removes)
                    if (gone == cid || step->command[1] == "gc")
                        now.forbidden.insert(gone);
            }
        }
        all.push_back(now);
    }
    return all;
}

namespace {

/// The real tools on one state.
class Checker {
public:
    Checker(const Scenario& scenario, const Promise& promise, const std::string& folder)
        : scenario_(scenario), promise_(promise), folder_(folder) {}

    std::string run() {
        if (!opens())
            return problem_;
        if (!there_is_no_repo_) {
            const bool good = lists() && goes_on() && reads() && has_every_block() &&
                              succeeds({"codex-chunk", "gc"});
            if (!good)
                return problem_;
        }
        if (puts() && removes() && is_clean()) // which reads every block once more
            lists();
        return problem_;
    }

private:
    bool wrong(const std::string& text) {
        problem_ = text;
        return false;
    }

    Outcome tool(const Command& command) {
        return test::run(resolve(command, false),
                         {{"CODEX_REPO", folder_ + "/root/" + scenario_.repo_below_root()},
                          {"HOME", folder_},
                          {"LD_PRELOAD", test::test_tool("libcodex-testpreload.so")},
                          {"CODEX_TEST_SKIP_SYNC", "1"}},
                         folder_ + "/io");
    }

    bool succeeds(const Command& command) {
        const Outcome outcome = tool(command);
        return outcome.code() == 0 ||
               wrong(test::join(command) + ": " + outcome.text() + outcome.out);
    }

    /// Blocks may be missing where some were before, or the index was made anew: it names those of
    /// datasets that were not synced, datasets that the old index knew and whose tree or manifest
    /// never reached the disk, and places in segments of which only a part did.
    bool says_only_what_is_missing(const Outcome& outcome) const {
        if (outcome.code() == 0)
            return true;
        std::istringstream lines(outcome.out);
        bool only = outcome.code() == 1 && (rebuilt_ || scenario_.begins_with_losses());
        for (std::string line; std::getline(lines, line);)
            only = only && (line.find("\tblock-missing\t") != std::string::npos ||
                            (rebuilt_ && (is_of_unsynced_dataset(line) ||
                                          line.find("\trecord-damaged\t") != std::string::npos)));
        return only;
    }

    bool is_of_unsynced_dataset(const std::string& line) const {
        return line.find("\tdataset-lost\t") != std::string::npos &&
               !promise_.required.contains(line.substr(0, line.find('\t')));
    }

    bool is_clean(const Command& command = {"codex-chunk", "verify"}) {
        const Outcome outcome = tool(command);
        return says_only_what_is_missing(outcome) ||
               wrong(test::join(command) + ": " + outcome.text() + outcome.out);
    }

    bool opens() {
        const Outcome outcome = tool({"codex-chunk", "verify"});
        if (says_only_what_is_missing(outcome))
            return true;
        there_is_no_repo_ = outcome.code() == 66 && scenario_.begins_without_repo() &&
                            outcome.err.find("no repo there") != std::string::npos;
        if (there_is_no_repo_)
            return promise_.required.empty() || wrong("the repo is gone: " + outcome.text());
        // 66: a segment whose name was not synced is missing.
        const bool said = outcome.code() == 65 || outcome.code() == 66 || outcome.code() == 1;
        if (!promise_.unsynced || !said)
            return wrong("verify: " + outcome.text() + outcome.out);
        rebuilt_ = true;
        return is_clean({"codex-chunk", "verify", "--rebuild-index"}) && is_clean();
    }

    bool lists() {
        const Outcome outcome = tool({"codex-chunk", "ls"});
        if (outcome.code() != 0)
            return wrong("ls: " + outcome.text());
        present_.clear();
        partial_.clear();
        std::istringstream lines(outcome.out);
        for (std::string line; std::getline(lines, line);) {
            const std::string cid = line.substr(0, line.find('\t'));
            present_.insert(cid);
            if (line.find("\tpartial ") != std::string::npos)
                partial_.insert(cid);
        }
        for (const std::string& cid : promise_.required)
            if (!present_.contains(cid) && !removed_.contains(cid))
                return wrong(cid + " was acknowledged, and is lost");
        for (const std::string& cid : present_) {
            if (promise_.forbidden.contains(cid) || removed_.contains(cid))
                return wrong(cid + " was removed, and is back");
            if (!scenario_.contents().contains(cid) && cid != added_)
                return wrong(cid + " was never put");
        }
        return true;
    }

    /// What was acknowledged of partial datasets is there, and they go on to the end.
    bool goes_on() {
        for (const std::string& cid : partial_) {
            const auto promised = promise_.held.find(cid);
            const Outcome outcome = tool({"codex-chunk", "stat", cid});
            const std::size_t at = outcome.out.find("\tblocksHeld\t");
            if (outcome.code() != 0 || at == std::string::npos)
                return wrong("stat " + cid + ": " + outcome.text() + outcome.out);
            const std::uint64_t held = std::stoull(outcome.out.substr(at + 12));
            if (promised != promise_.held.end() && held < promised->second)
                return wrong(cid + " has lost blocks that were acknowledged");
            if (!succeeds(scenario_.fetch(cid)))
                return false;
        }
        return true;
    }

    [[nodiscard]] const std::string& content(const std::string& cid) const {
        return cid == added_ ? kAdded : scenario_.contents().at(cid);
    }

    bool reads() {
        std::string expected;
        Command command = {"codex-chunk", "get"};
        for (const std::string& cid : present_) {
            if (rebuilt_ && !promise_.required.contains(cid) && cid != added_) {
                if (!is_right_or_refused(cid))
                    return false;
                continue;
            }
            command.push_back(cid);
            expected += content(cid);
        }
        if (expected.empty())
            return true;
        const Outcome outcome = tool(command);
        return (outcome.code() == 0 && outcome.out == expected) ||
               wrong("get of all: " + outcome.text() +
                     (outcome.code() == 0 ? "other bytes than were put" : ""));
    }

    bool is_right_or_refused(const std::string& cid) {
        const Outcome outcome = tool({"codex-chunk", "get", cid});
        return (outcome.code() == 0 && outcome.out == content(cid)) || outcome.code() > 0 ||
               wrong("get " + cid + ": " + outcome.text());
    }

    bool has_every_block() {
        for (const std::string& cid : promise_.mended)
            if (!succeeds({"codex-ec", "status", cid}))
                return false;
        return true;
    }

    bool puts() {
        test::write_whole(folder_ + "/added", kAdded);
        const Outcome outcome = tool({"codex-chunk", "put", folder_ + "/added"});
        added_ = outcome.out.substr(0, outcome.out.find('\n'));
        return outcome.code() == 0 || wrong("put: " + outcome.text());
    }

    bool removes() {
        if (present_.empty())
            return true;
        const std::string cid = *present_.begin();
        removed_.insert(cid);
        return succeeds({"codex-chunk", "rm", cid}) && succeeds({"codex-chunk", "gc"});
    }

    const std::string kAdded = test::random_bytes(4711, 100000);
    const Scenario& scenario_;
    const Promise& promise_;
    std::string folder_;
    std::string problem_;
    bool there_is_no_repo_ = false;
    bool rebuilt_ = false;
    std::set<std::string> present_;
    std::set<std::string> partial_; // of those that are present
    std::set<std::string> removed_;
    std::string added_;
};

} // namespace

std::string check(const Scenario& scenario, const State& state, const Promise& promise,
                  const std::string& folder) {
    test::write_folder(state, folder + "/root");
    return Checker(scenario, promise, folder).run();
}

} // namespace codex::crash
