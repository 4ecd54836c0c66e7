// Running the tools from test programs.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace codex::test {

struct Outcome {
    int status = 0; // of waitpid; see the functions below
    bool hung = false;
    int pid = 0;
    std::string out;
    std::string err;

    [[nodiscard]] bool exited() const;
    /// The exit code; -1 when a signal ended it.
    [[nodiscard]] int code() const;
    /// "exit 74", "signal 11", "hung", and what stderr has.
    [[nodiscard]] std::string text() const;
};

using Command = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

/// A process that runs, with empty stdin, until wait() has its result.
class Running {
public:
    /// `scratch` is a name prefix for the files of its stdout and stderr; `environment` is added
    /// to that of this process.
    Running(const Command& command, const Environment& environment, std::string scratch);
    [[nodiscard]] int pid() const { return pid_; }
    /// After `seconds` it is killed and has hung.
    Outcome wait(int seconds);

private:
    std::string scratch_;
    int pid_ = -1;
};

/// Gives `hung` after two minutes, which is far more than any of these commands takes.
Outcome run(const Command& command, const Environment& environment, const std::string& scratch);

std::string join(const Command& command);
std::string read_whole(const std::string& path);
void write_whole(const std::string& path, const std::string& content);
/// Bytes that nobody else has: of a generator seeded with `seed`.
std::string random_bytes(std::uint64_t seed, std::size_t count);

/// Ends the program with status 70: the test itself cannot go on.
[[noreturn]] void give_up(const std::string& text);

/// A number from the environment.
std::uint64_t setting(const char* name, std::uint64_t otherwise);

/// The program of the tools (CODEX_BIN) or of the tests (CODEX_TEST_BIN) with that name.
std::string tool(const std::string& name);
std::string test_tool(const std::string& name);

} // namespace codex::test
