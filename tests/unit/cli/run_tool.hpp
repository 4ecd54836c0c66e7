// Runs a tool that a test declares, as a process would: in a child, with its own streams.
#pragma once

#include "base/fd.hpp"
#include "cli/tool.hpp"

#include <cstdlib>
#include <gtest/gtest.h>
#include <map>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::cli::test {

struct Outcome {
    int exit_code = -1; ///< 128 + n when signal n ended it
    std::string out;
    std::string err;
};

struct Call {
    std::vector<std::string> arguments;
    std::string input;
    /// Set in the child beside an environment without any CODEX_ variable.
    std::map<std::string, std::string> environment;
};

/// A stream of the child, held in memory, so that no test waits for a pipe that is full.
inline Fd memory_file(const std::string& content = {}) {
    Fd fd(::memfd_create("stream", MFD_CLOEXEC));
    EXPECT_TRUE(write_full(fd.get(), as_bytes(content), "memory file"));
    EXPECT_EQ(::lseek(fd.get(), 0, SEEK_SET), 0);
    return fd;
}

inline std::string content_of(const Fd& fd) {
    const off_t size = ::lseek(fd.get(), 0, SEEK_END);
    Bytes bytes(static_cast<std::size_t>(size));
    EXPECT_TRUE(pread_full(fd.get(), bytes, 0, "memory file"));
    return std::string(as_text(bytes));
}

[[noreturn]] inline void child(const std::function<void(Command&)>& declare, const Call& call,
                               int in, int out, int err) {
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    for (const char* name :
         {"CODEX_REPO", "CODEX_LOG", "CODEX_LOG_FORMAT", "CODEX_THREADS", "CODEX_PROGRESS",
          "CODEX_CONFIG", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "NO_COLOR"})
        ::unsetenv(name);
    ::setenv("HOME", "/home/test", 1);
    for (const auto& [name, value] : call.environment)
        ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<std::string> words = call.arguments;
    words.insert(words.begin(), "codex-sample");
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const ToolSpec spec{"codex-sample", "a tool for tests", declare};
    ::_exit(run_tool(static_cast<int>(words.size()), argv.data(), spec));
}

[[nodiscard]] inline Outcome run(const std::function<void(Command&)>& declare, const Call& call) {
    const Fd in = memory_file(call.input);
    const Fd out = memory_file();
    const Fd err = memory_file();
    const pid_t pid = ::fork();
    if (pid == 0)
        child(declare, call, in.get(), out.get(), err.get());
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    Outcome outcome;
    outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    outcome.out = content_of(out);
    outcome.err = content_of(err);
    return outcome;
}

} // namespace codex::cli::test
