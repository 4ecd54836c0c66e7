#include "scenario.hpp"

#include <filesystem>

namespace codex::crash {

using test::Command;
using test::Environment;
using test::Outcome;

Command resolve(const Command& command, bool small_limits) {
    Command resolved = command;
    const std::string& name = command[0];
    resolved[0] = name == "codex-partial" ? test::test_tool("codex-testpartial")
                  : small_limits ? test::test_tool("codex-test" + name.substr(name.find('-') + 1))
                                 : test::tool(name);
    return resolved;
}

namespace {

std::string first_column(const std::string& out) {
    return out.substr(0, out.find_first_of("\t\n"));
}

Step without_sync(Step step) {
    step.synced = false;
    step.command.emplace_back("--no-sync");
    return step;
}

} // namespace

Scenario::Scenario(const std::string& folder, bool no_repo)
    : folder_(folder), repo_(no_repo ? "home/data/repo" : "repo"), no_repo_(no_repo) {
    std::filesystem::create_directories(root());
    if (!no_repo)
        before({"codex-chunk", "init"});
}

Environment Scenario::environment() const {
    return {{"CODEX_REPO", repo()}, {"HOME", folder_}};
}

Outcome Scenario::model(const Command& command) {
    Outcome outcome =
        test::run(resolve(command, false), {{"CODEX_REPO", folder_ + "/model"}, {"HOME", folder_}},
                  folder_ + "/model.io");
    if (outcome.code() != 0)
        test::give_up(test::join(command) + ": " + outcome.text());
    return outcome;
}

std::string Scenario::file(std::uint64_t seed, std::size_t bytes) {
    const std::string path = folder_ + "/file" + std::to_string(seed);
    test::write_whole(path, test::random_bytes(seed, bytes));
    return path;
}

std::string Scenario::cid(const std::string& file) {
    const std::string cid =
        first_column(model({"codex-chunk", "put", "--block-size", "16KiB", file}).out);
    contents_[cid] = test::read_whole(file);
    return cid;
}

std::string Scenario::encoded_cid(const std::string& file) {
    const std::string coded =
        first_column(model({"codex-ec", "encode", "-k", "2", "-m", "1", cid(file)}).out);
    contents_[coded] = test::read_whole(file);
    return coded;
}

Command Scenario::fetch(const std::string& cid) const {
    return {"codex-partial", folder_ + "/model", cid};
}

std::string Scenario::archive(const std::string& file) {
    model({"codex-chunk", "export", cid(file), "-o", file + ".car"});
    return file + ".car";
}

void Scenario::before(const Command& command) {
    const Outcome outcome =
        test::run(resolve(command, true), environment(), folder_ + "/before.io");
    if (outcome.code() != 0)
        test::give_up(test::join(command) + ": " + outcome.text());
}

std::vector<Step> Scenario::planned(Variant variant) {
    if (variant == Variant::synced)
        return steps_;
    std::vector<Step> all;
    if (variant == Variant::unsynced) {
        for (const Step& step : steps_)
            all.push_back(without_sync(step));
        return all;
    }
    std::uint64_t seed = 9000;
    const auto stranger = [&] {
        const std::string noise = file(++seed, 90000);
        const std::string made = cid(noise);
        all.push_back(without_sync({{"codex-chunk", "put", "--block-size", "16KiB", noise}}));
        return made;
    };
    for (const Step& step : steps_) {
        stranger();
        all.push_back(step);
        if (!step.beside_next)
            all.push_back(without_sync({{"codex-chunk", "gc"}}));
    }
    const std::string last = stranger();
    all.push_back(without_sync({{"codex-chunk", "rm", last}}));
    all.push_back(without_sync({{"codex-chunk", "gc"}}));
    return all;
}

std::string Scenario::run(Variant variant) {
    Environment logged = environment();
    logged["LD_PRELOAD"] = test::test_tool("libcodex-testpreload.so");
    logged["CODEX_TEST_ROOT"] = root();
    logged["CODEX_TEST_LOG"] = folder_ + "/log";
    logged["CODEX_TEST_SKIP_SYNC"] = "1";
    std::vector<std::pair<Step, test::Running>> running;
    std::string failed;
    std::size_t number = 0;
    for (const Step& step : planned(variant)) {
        logged["CODEX_NOW"] = step.time;
        running.emplace_back(step, test::Running(resolve(step.command, true), logged,
                                                 folder_ + "/step" + std::to_string(++number)));
        if (step.beside_next)
            continue;
        for (auto& [started, process] : running) {
            by_process_[static_cast<std::uint32_t>(process.pid())] = started;
            const Outcome outcome = process.wait(120);
            if (outcome.code() != 0)
                failed += test::join(started.command) + ": " + outcome.text();
        }
        running.clear();
    }
    log_ = read_log(folder_ + "/log");
    return failed;
}

const Step* Scenario::step_of(std::uint32_t process) const {
    const auto found = by_process_.find(process);
    return found == by_process_.end() ? nullptr : &found->second;
}

} // namespace codex::crash
