#include "process.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <random>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace codex::test {

bool Outcome::exited() const {
    return !hung && WIFEXITED(status);
}

int Outcome::code() const {
    return exited() ? WEXITSTATUS(status) : -1;
}

std::string Outcome::text() const {
    const std::string how = hung       ? "hung"
                            : exited() ? "exit " + std::to_string(code())
                                       : "signal " + std::to_string(WTERMSIG(status));
    return how + ": " + err;
}

Running::Running(const Command& command, const Environment& environment, std::string scratch)
    : scratch_(std::move(scratch)) {
    std::vector<std::string> variables;
    for (char** at = environ; *at != nullptr; ++at)
        if (!environment.contains(std::string(*at, std::strcspn(*at, "="))))
            variables.emplace_back(*at);
    for (const auto& [name, value] : environment)
        variables.push_back(name + "=" + value);
    const auto pointers = [](const std::vector<std::string>& texts) {
        std::vector<char*> all;
        for (const std::string& text : texts)
            all.push_back(const_cast<char*>(text.c_str()));
        all.push_back(nullptr);
        return all;
    };
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, (scratch_ + ".out").c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&files, 2, (scratch_ + ".err").c_str(), flags, 0600);
    const int failed = ::posix_spawn(&pid_, command[0].c_str(), &files, nullptr,
                                     pointers(command).data(), pointers(variables).data());
    posix_spawn_file_actions_destroy(&files);
    if (failed != 0)
        give_up(command[0] + ": " + std::strerror(failed));
}

Outcome Running::wait(int seconds) {
    Outcome outcome;
    outcome.pid = pid_;
    const auto watch = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    pollfd ended{watch, POLLIN, 0};
    if (watch >= 0 && ::poll(&ended, 1, seconds * 1000) == 0) {
        outcome.hung = true;
        ::kill(pid_, SIGKILL);
    }
    if (watch >= 0)
        ::close(watch);
    ::waitpid(pid_, &outcome.status, 0);
    outcome.out = read_whole(scratch_ + ".out");
    outcome.err = read_whole(scratch_ + ".err");
    return outcome;
}

Outcome run(const Command& command, const Environment& environment, const std::string& scratch) {
    return Running(command, environment, scratch).wait(120);
}

std::string join(const Command& command) {
    std::string text;
    for (const std::string& word : command)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

std::string read_whole(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    std::string content(static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0)), '\0');
    file.seekg(0);
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(file.gcount()));
    return content;
}

void write_whole(const std::string& path, const std::string& content) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << content;
    file.close();
    if (!file)
        give_up("cannot write " + path);
}

std::string random_bytes(std::uint64_t seed, std::size_t count) {
    std::mt19937_64 generator(seed);
    std::string bytes(count, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(generator());
    return bytes;
}

void give_up(const std::string& text) {
    std::fprintf(stderr, "cannot go on: %s\n", text.c_str());
    std::exit(70);
}

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

namespace {

std::string from(const char* variable, const std::string& name) {
    const char* folder = std::getenv(variable);
    if (folder == nullptr)
        give_up(std::string(variable) + " is not set");
    return std::string(folder) + "/" + name;
}

} // namespace

std::string tool(const std::string& name) {
    return from("CODEX_BIN", name);
}

std::string test_tool(const std::string& name) {
    return from("CODEX_TEST_BIN", name);
}

} // namespace codex::test
