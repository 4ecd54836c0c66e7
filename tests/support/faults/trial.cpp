#include "trial.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

namespace codex::faults {

using preload::Kind;
using test::Outcome;

namespace {

/// Of codex-exit(7), without 70, which is a mistake in the program.
const std::set<int> kDocumented = {0, 1, 64, 65, 66, 69, 73, 74, 75, 76, 77, 78};

int error_of(const Fault& fault) {
    const auto one_of = [&](std::initializer_list<int> errors) {
        return errors.begin()[fault.number % errors.size()];
    };
    switch (fault.kind) {
    case Kind::open:
        return one_of({EMFILE, EACCES, EIO});
    case Kind::write:
    case Kind::rename:
        return one_of({ENOSPC, EIO});
    case Kind::thread:
        return EAGAIN;
    case Kind::mmap:
    case Kind::memory:
        return ENOMEM;
    default:
        return EIO;
    }
}

void prepare(const World& world, const Case& one, const std::string& folder) {
    test::write_folder(one.empty_repo ? world.start_without_repo() : world.start(), folder);
}

/// Whether that is the repo as it was, in what matters: locks and the table of readers may differ.
bool is_as_it_was(const test::Folder& start, const std::string& folder) {
    const auto matters = [](const std::string& name) {
        return name.starts_with("repo/") && !name.ends_with("lock");
    };
    std::size_t there = 0;
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder + "/repo")) {
        const std::string name = item.path().string().substr(folder.size() + 1);
        if (!matters(name))
            continue;
        const auto before = start.find(name);
        if (before == start.end() || before->second.folder != item.is_directory())
            return false;
        const std::string& bytes = before->second.bytes;
        if (!item.is_directory() &&
            (item.file_size() != bytes.size() || test::read_whole(item.path()) != bytes))
            return false;
        ++there;
    }
    return there == static_cast<std::size_t>(std::ranges::count_if(
                        start, [&](const auto& item) { return matters(item.first); }));
}

/// What a command prints, with the folder of its trial as it is in the command.
std::string printed(std::string out, const std::string& folder) {
    for (std::size_t at = 0; (at = out.find(folder, at)) != std::string::npos;)
        out.replace(at, folder.size(), ".");
    return out;
}

class Trial {
public:
    Trial(const World& world, const Case& one, const std::string& folder)
        : world_(world), case_(one), folder_(folder) {}

    std::string run(const Fault& fault) {
        const Outcome outcome = run_in(folder_, case_.command, {{"CODEX_TEST_FAIL", fault.text()}});
        if (!ends_well(outcome))
            return problem_;
        if (!case_.output.empty() && !output_is_whole(outcome.code() == 0))
            return problem_;
        if (!case_.empty_repo && is_as_it_was(world_.start(), folder_))
            return {}; // as before it, so all is there
        const bool done = outcome.code() == case_.code;
        if (!case_.empty_repo && !is_clean())
            return problem_;
        if ((!done || case_.removes.empty()) && !(again() && is_clean()))
            return problem_;
        lists(); // what is lost does not come back by doing the same again
        return problem_;
    }

private:
    bool wrong(const std::string& text) {
        problem_ = text;
        return false;
    }

    bool ends_well(const Outcome& outcome) {
        if (!outcome.exited())
            return wrong("it ended by " + outcome.text());
        if (!kDocumented.contains(outcome.code()))
            return wrong("no such exit code: " + outcome.text());
        const bool says = outcome.err.find(": error: ") != std::string::npos;
        if (outcome.code() == case_.code && !says)
            return !case_.same_output || printed(outcome.out, folder_) == case_.out ||
                   wrong("it succeeds with another result: " + outcome.out + outcome.err);
        return (outcome.code() != 0 && says) ||
               wrong("no line says what is wrong: " + outcome.text() + outcome.out);
    }

    bool output_is_whole(bool succeeded) {
        const std::string path = folder_ + "/" + case_.output;
        if (!std::filesystem::exists(path))
            return !succeeded || wrong("success without " + case_.output);
        return test::read_whole(path) == case_.made || wrong("half a file: " + case_.output);
    }

    bool is_clean() {
        const Outcome outcome = run_in(folder_, {"codex-chunk", "verify"});
        std::istringstream lines(outcome.out);
        bool clean = outcome.code() == 0 || outcome.code() == 1;
        for (std::string line; std::getline(lines, line);) // some were missing from the beginning
            clean = clean && line.find("\tblock-missing\t") != std::string::npos;
        return clean || wrong("verify afterwards: " + outcome.text() + outcome.out);
    }

    bool lists() {
        const Outcome outcome = run_in(folder_, {"codex-chunk", "ls"});
        if (outcome.code() != 0)
            return wrong("ls afterwards: " + outcome.text());
        if (case_.empty_repo)
            return true;
        for (const std::string& cid : world_.datasets())
            if (outcome.out.find(cid) == std::string::npos && !case_.removes.contains(cid))
                return wrong(cid + " is lost");
        return true;
    }

    bool again() {
        const Outcome outcome = run_in(folder_, case_.command);
        const bool good = outcome.code() == case_.code || case_.again.contains(outcome.code());
        return good || wrong("once more: " + outcome.text());
    }

    const World& world_;
    const Case& case_;
    std::string folder_;
    std::string problem_;
};

} // namespace

std::string Fault::text() const {
    return std::string(preload::kKindNames[static_cast<std::size_t>(kind)]) + ":" +
           std::to_string(number) + ":" + std::to_string(error_of(*this)) + (all ? ":all" : "");
}

Counts measure(const World& world, Case& one, const std::string& folder) {
    prepare(world, one, folder);
    const Outcome outcome =
        run_in(folder, one.command, {{"CODEX_TEST_COUNTS", folder + "/counts"}});
    if (!outcome.exited())
        test::give_up(one.name + ": " + outcome.text());
    one.code = outcome.code();
    one.out = printed(outcome.out, folder);
    if (!one.output.empty())
        one.made = test::read_whole(folder + "/" + one.output);
    Counts counts{};
    const std::string bytes = test::read_whole(folder + "/counts");
    std::memcpy(counts.data(), bytes.data(), std::min(bytes.size(), sizeof counts));
    std::filesystem::remove_all(folder);
    return counts;
}

std::string try_fault(const World& world, const Case& one, const Fault& fault,
                      const std::string& folder) {
    prepare(world, one, folder);
    return Trial(world, one, folder).run(fault);
}

} // namespace codex::faults
