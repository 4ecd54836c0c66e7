// The scenarios. Blocks of 16 KiB and the small limits of codex-testchunk: a file of 200 kB is
// several batches and more than one segment.
#include "scenario.hpp"

namespace codex::crash {

namespace {

const test::Command kPut = {"codex-chunk", "put", "--block-size", "16KiB"};

test::Command with(test::Command command, const std::vector<std::string>& more) {
    command.insert(command.end(), more.begin(), more.end());
    return command;
}

/// A dataset that is there before the log begins.
std::string put_before(Scenario& scenario, std::uint64_t seed, std::size_t bytes) {
    const std::string file = scenario.file(seed, bytes);
    scenario.before(with(kPut, {file}));
    const std::string cid = scenario.cid(file);
    scenario.have(cid);
    return cid;
}

void put_again(Scenario& scenario, std::uint64_t seed, std::size_t bytes) {
    const std::string file = scenario.file(seed, bytes);
    scenario.then({with(kPut, {file}), {scenario.cid(file)}});
}

void encode_before(Scenario& scenario, const std::string& file) {
    scenario.before({"codex-ec", "encode", "-k", "2", "-m", "1", scenario.cid(file)});
    scenario.have(scenario.encoded_cid(file));
}

void put_first(Scenario& scenario) {
    put_again(scenario, 1, 70000);
    put_again(scenario, 2, 150000);
}

void put(Scenario& scenario) {
    put_before(scenario, 1, 100000);
    const std::string a = scenario.file(2, 250000), b = scenario.file(3, 5000);
    scenario.then({with(kPut, {a, b, "--unordered"}), {scenario.cid(a), scenario.cid(b)}});
    put_again(scenario, 1, 100000); // is here already
    put_again(scenario, 4, 120000);
}

/// Neighbours that share a transaction: some have the same blocks, one is large, one comes twice.
void put_many(Scenario& scenario) {
    const std::string here = scenario.file(1, 60000);
    put_before(scenario, 1, 60000);
    std::vector<std::string> files = {here};
    std::vector<std::string> cids;
    for (const auto& [seed, bytes] : std::vector<std::pair<std::uint64_t, std::size_t>>{
             {2, 5000}, {3, 40000}, {4, 20000}, {5, 250000}, {6, 16384}, {7, 30000}})
        files.push_back(scenario.file(seed, bytes));
    files.push_back(files[2]);
    files.push_back(scenario.folder() + "/both"); // begins as another one
    test::write_whole(files.back(), test::read_whole(files[2]) + test::read_whole(files[1]));
    for (const std::string& file : files)
        cids.push_back(scenario.cid(file));
    scenario.then({with(kPut, files), cids});
    const std::vector<std::string> gone = {cids[1], cids[3], cids[6]};
    scenario.then({with({"codex-chunk", "rm"}, gone), {}, gone});
    scenario.then({with(kPut, {files[6], files[1], files[7]}), {cids[6], cids[1], cids[7]}});
}

void encode(Scenario& scenario) {
    put_before(scenario, 1, 150000);
    put_before(scenario, 2, 60000);
    const std::string a = scenario.file(1, 150000), b = scenario.file(2, 60000);
    scenario.then({{"codex-ec", "encode", "-k", "2", "-m", "1", scenario.cid(a), scenario.cid(b)},
                   {scenario.encoded_cid(a), scenario.encoded_cid(b)}});
}

void remove(Scenario& scenario) {
    const std::string a = put_before(scenario, 1, 200000);
    const std::string b = put_before(scenario, 2, 90000);
    encode_before(scenario, scenario.file(2, 90000));
    put_before(scenario, 3, 50000);
    scenario.then({{"codex-chunk", "rm", a, b}, {}, {a, b}});
    scenario.then({{"codex-chunk", "gc"}});
    put_again(scenario, 1, 200000);
}

void compact(Scenario& scenario) {
    std::vector<std::string> gone;
    for (std::uint64_t seed = 1; seed <= 6; ++seed)
        gone.push_back(put_before(scenario, seed, 90000));
    const std::vector<std::string> kept = {gone[1], gone[4]};
    for (const std::string& cid : kept)
        std::erase(gone, cid);
    scenario.then({with({"codex-chunk", "rm"}, gone), {}, gone});
    scenario.then({{"codex-chunk", "gc"}});
    put_again(scenario, 7, 120000);
    scenario.then({{"codex-chunk", "rm", kept[0]}, {}, {kept[0]}});
    scenario.then({{"codex-chunk", "gc"}});
}

void import(Scenario& scenario) {
    put_before(scenario, 1, 100000);
    const std::string a = scenario.file(2, 180000), b = scenario.file(3, 20000);
    scenario.then({{"codex-chunk", "import", scenario.archive(a), scenario.archive(b)},
                   {scenario.cid(a), scenario.cid(b)}});
}

void repair(Scenario& scenario) {
    const std::string plain = put_before(scenario, 1, 200000);
    const std::string file = scenario.file(1, 200000);
    encode_before(scenario, file);
    const std::string coded = scenario.encoded_cid(file);
    scenario.before({"codex-chunk", "rm", plain});
    scenario.lose(plain);
    scenario.before({"codex-ec", "erase", coded, "--slots", "1"});
    scenario.lose_blocks();
    Step step{{"codex-ec", "repair", coded}, {coded}};
    step.mends = {coded};
    scenario.then(step);
}

void expire(Scenario& scenario) {
    const std::string a = put_before(scenario, 1, 120000);
    put_before(scenario, 2, 60000);
    scenario.then({{"codex-chunk", "keep", a, "--until", "@4000000000"}});
    Step gc{{"codex-chunk", "gc"}, {}, {a}};
    gc.time = "4000000001";
    scenario.then(gc);
    put_again(scenario, 1, 120000);
}

void rebuild(Scenario& scenario) {
    const std::string gone = put_before(scenario, 1, 100000);
    put_before(scenario, 2, 150000);
    scenario.before({"codex-chunk", "rm", gone});
    scenario.lose(gone);
    scenario.before({"codex-chunk", "gc"});
    scenario.then({{"codex-chunk", "verify", "--rebuild-index"}});
    put_again(scenario, 3, 60000);
}

void crowd(Scenario& scenario) {
    const std::string gone = put_before(scenario, 1, 150000);
    put_before(scenario, 2, 60000);
    for (std::uint64_t seed = 3; seed <= 5; ++seed) {
        const std::string file = scenario.file(seed, 130000);
        Step step{with(kPut, {file}), {scenario.cid(file)}};
        step.beside_next = true;
        scenario.then(step);
    }
    Step rm{{"codex-chunk", "rm", gone}, {}, {gone}};
    rm.beside_next = true;
    scenario.then(rm);
    scenario.then({{"codex-chunk", "gc"}});
    scenario.then({{"codex-chunk", "gc"}});
}

void partial(Scenario& scenario) {
    put_before(scenario, 1, 60000);
    const std::string a = scenario.cid(scenario.file(2, 200000));
    const std::string b = scenario.cid(scenario.file(3, 150000));
    const std::string c = scenario.cid(scenario.file(4, 90000));
    const auto some = [&](const std::string& cid, const char* leaves) {
        scenario.then({with(scenario.fetch(cid), {"--bytes", "40000", "--leaves", leaves}), {cid}});
    };
    some(a, "7");
    some(b, "100");
    some(c, "3");
    scenario.then({{"codex-chunk", "rm", c}, {}, {c}});
    scenario.then({{"codex-chunk", "gc"}});
    some(a, "100");
}

} // namespace

const std::vector<Plan>& plans() {
    static const std::vector<Plan> all = {
        {"put-first", true, put_first}, {"put", false, put},       {"put-many", false, put_many},
        {"encode", false, encode},      {"rm", false, remove},     {"compact", false, compact},
        {"import", false, import},      {"repair", false, repair}, {"expire", false, expire},
        {"rebuild", false, rebuild},    {"crowd", false, crowd},   {"partial", false, partial},
    };
    return all;
}

} // namespace codex::crash
