#include "cases.hpp"

#include <filesystem>

namespace codex::faults {

using test::Command;
using test::Environment;
using test::Outcome;

Outcome run_in(const std::string& folder, const Command& command, Environment environment) {
    Command resolved = command;
    resolved[0] = test::tool(command[0]);
    for (std::string& word : resolved)
        if (word.starts_with("./"))
            word = folder + word.substr(1);
    environment["CODEX_REPO"] = folder + "/repo";
    environment["HOME"] = folder;
    environment["LD_PRELOAD"] = test::test_tool("libcodex-testpreload.so");
    environment["CODEX_TEST_SKIP_SYNC"] = "1";
    return test::run(resolved, environment, folder + "/io");
}

World::World(const std::string& folder) : folder_(folder) {
    std::filesystem::create_directories(folder);
    const auto encode = [this](const std::string& cid) {
        return out_of({"codex-ec", "encode", "-k", "2", "-m", "1", cid});
    };
    plain_ = put("plain", 1, 150000);
    small_ = put("small", 2, 20000);
    coded_ = encode(plain_);
    const std::string lost = put("lost", 3, 60000);
    torn_ = encode(lost);
    const std::string gone = put("gone", 4, 90000);
    out_of({"codex-chunk", "rm", lost});
    out_of({"codex-chunk", "rm", gone});
    out_of({"codex-ec", "erase", torn_, "--slots", "1"});
    test::write_whole(folder + "/block", test::random_bytes(5, 5000));
    block_ = out_of({"codex-chunk", "block", "put", "./block"});
    put("archived", 6, 100000);
    const std::string archived =
        out_of({"codex-chunk", "put", "--block-size", "16KiB", "./archived"});
    out_of({"codex-chunk", "export", archived, "-o", "./archive.car"});
    out_of({"codex-chunk", "rm", archived});
    test::write_whole(folder + "/new", test::random_bytes(7, 120000));
    start_ = test::read_folder(folder);
    std::erase_if(start_, [](const auto& item) { return item.first.starts_with("io."); });
    start_without_repo_ = start_;
    std::erase_if(start_without_repo_,
                  [](const auto& item) { return item.first.starts_with("repo"); });
    datasets_ = {plain_, small_, coded_, torn_};
}

std::string World::out_of(const Command& command) {
    const Outcome outcome = run_in(folder_, command);
    if (outcome.code() != 0)
        test::give_up(test::join(command) + ": " + outcome.text());
    return outcome.out.substr(0, outcome.out.find_first_of("\t\n"));
}

std::string World::put(const std::string& file, std::uint64_t seed, std::size_t bytes) {
    test::write_whole(folder_ + "/" + file, test::random_bytes(seed, bytes));
    return out_of({"codex-chunk", "put", "--block-size", "16KiB", "./" + file});
}

std::vector<Case> World::cases() const {
    const std::string chunk = "codex-chunk", ec = "codex-ec", merkle = "codex-merkle";
    std::vector<Case> all = {
        {"put", {chunk, "put", "--block-size", "16KiB", "./new"}},
        {"put of many",
         {chunk, "put", "--block-size", "16KiB", "./new", "./block", "./small", "./new"}},
        {"get", {chunk, "get", plain_}},
        {"get -o", {chunk, "get", coded_, "-o", "./made"}},
        {"ls", {chunk, "ls"}},
        {"stat", {chunk, "stat", plain_, block_}},
        {"rm", {chunk, "rm", small_}, {small_}, {0, 1}},
        {"rm of many", {chunk, "rm", small_, plain_, coded_}, {small_, plain_, coded_}, {0, 1}},
        {"verify", {chunk, "verify"}},
        {"verify --rebuild-index", {chunk, "verify", "--rebuild-index"}},
        {"gc", {chunk, "gc"}},
        {"keep", {chunk, "keep", plain_, "--until", "@4000000000"}},
        {"space", {chunk, "space"}},
        {"export", {chunk, "export", plain_}},
        {"import", {chunk, "import", "./archive.car"}},
        {"block put", {chunk, "block", "put", "./small"}},
        {"block get", {chunk, "block", "get", block_}},
        {"block rm", {chunk, "block", "rm", block_}, {}, {0}},
        {"encode", {ec, "encode", "-k", "1", "-m", "1", small_}},
        {"decode", {ec, "decode", torn_}},
        {"status", {ec, "status", "--data", torn_}},
        {"repair", {ec, "repair", torn_}},
        {"ec verify", {ec, "verify", coded_}},
        {"erase", {ec, "erase", coded_, "--slots", "0"}},
        {"root", {merkle, "root", plain_}},
        {"tree", {merkle, "tree", plain_}},
        {"proof", {merkle, "proof", plain_, "--index", "3"}},
        {"slots", {"codex-prove", "slots", coded_}},
    };
    Case init{"init", {chunk, "init"}, {}, {0, 73}};
    init.empty_repo = true;
    all.push_back(init);
    Case first{"first put", {chunk, "put", "./small"}};
    first.empty_repo = true;
    all.push_back(first);
    for (Case& one : all) {
        // Where a fault left part of the work done, the rest is less than the whole.
        one.same_output = one.name != "space" && one.name != "init";
        if (one.name == "get -o")
            one.output = "made";
    }
    return all;
}

} // namespace codex::faults
