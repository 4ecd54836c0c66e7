// Where a command's results go: stdout, or FILE of -o, and what of them stderr takes.
#include "cli/detail/state.hpp"

#include <filesystem>
#include <unistd.h>

namespace codex::cli {

namespace {

namespace fs = std::filesystem;

Error in_a_repo(const std::string& path, std::string_view which) {
    return Error(Errc::cannot_create, fmt::format("{}: is in {}", path, which))
        .remedy({Remedy::name_output, "name a file outside of it"});
}

/// As its files say (codex-repo(5), FILES).
bool is_repo(const fs::path& folder) {
    std::error_code error;
    return fs::is_regular_file(folder / "version", error) &&
           fs::is_regular_file(folder / "index.mdb", error) &&
           fs::is_directory(folder / "segments", error);
}

/// What is in the repo is the repo's own, and so it is with every other. Errors: cannot_create.
Result<void> require_outside(const std::string& repo, const std::string& path) {
    if (path == "-") // stdout, wherever this runs
        return {};
    std::error_code error; // what cannot be looked at cannot be opened either, which is said then
    // Of a relative path nothing of which is there, weakly_canonical() makes no absolute one.
    const fs::path folder = fs::weakly_canonical(fs::absolute(repo, error), error);
    const fs::path file = fs::weakly_canonical(fs::absolute(path, error), error);
    const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
    if (!repo.empty() && !folder.empty() && end == folder.end())
        return fail(in_a_repo(path, "the repo"));
    for (fs::path above = file.parent_path(); above.has_relative_path();
         above = above.parent_path())
        if (is_repo(above))
            return fail(in_a_repo(path, "another repo"));
    return {};
}

} // namespace

Result<void> Context::require_outside_of_repo(const std::string& path) const {
    return require_outside(state_->globals.repo, path);
}

Result<void> Context::State::open_output() {
    if (!takes_output || globals.output.empty())
        return {};
    if (is_stdout(globals.output)) { // so that nothing else is written among it
        globals.output = "-";
        return {};
    }
    CODEX_CHECK(require_outside(globals.repo, globals.output));
    CODEX_TRY(opened, OutputFile::open(globals.output));
    output.emplace(std::move(opened));
    return {};
}

Result<void> Context::State::commit_output() {
    if (!output)
        return {};
    CODEX_CHECK(output->commit());
    output.reset();
    return {};
}

int Context::State::output_fd() const {
    return output ? output->fd() : STDOUT_FILENO;
}

bool Context::State::stdout_is_taken() const {
    return binary && (globals.output.empty() || globals.output == "-");
}

Result<void> Context::State::write(int fd, BytesView bytes) {
    constexpr std::size_t kMostHeld = std::size_t{64} << 10;
    if (globals.buffer) {
        held += as_text(bytes);
        held_for = fd;
        return held.size() < kMostHeld ? Result<void>() : flush();
    }
    return write_now(fd, bytes);
}

Result<void> Context::State::write_now(int fd, BytesView bytes) {
    const auto write = [&] {
        return write_full(fd, bytes, fd == STDOUT_FILENO ? "stdout" : globals.output);
    };
    return out_is_terminal && fd == STDOUT_FILENO ? err.beside(write) : write();
}

Result<void> Context::State::write(std::string_view text) {
    return write(binary ? STDOUT_FILENO : output_fd(), as_bytes(text));
}

Result<void> Context::State::flush() {
    if (held.empty())
        return {};
    const std::string text = std::exchange(held, {});
    return write_now(held_for, as_bytes(text));
}

Result<void> Context::print(const Record& record, std::string_view after) {
    const std::string line = (json() ? record.as_json() : record.as_text()) + "\n";
    const std::lock_guard lock(state_->mutex);
    ++state_->records;
    if (state_->stdout_is_taken()) {
        if (json())
            state_->err.message(line + std::string(after));
        return {};
    }
    return state_->write(after.empty() ? line : line + std::string(after));
}

Result<void> Context::print_text(std::string_view text) {
    const std::lock_guard lock(state_->mutex);
    return state_->write(text);
}

Result<void> Context::write(BytesView bytes) {
    const std::lock_guard lock(state_->mutex);
    return state_->write(state_->output_fd(), bytes);
}

Result<int> Context::binary_output() {
    const std::lock_guard lock(state_->mutex);
    if (output_path().empty() && state_->out_is_terminal)
        return fail(Error(Errc::usage, "binary data does not go to a terminal")
                        .hint("use -o FILE or a pipe; -o - forces it"));
    state_->binary = true;
    const int fd = state_->output_fd();
    if (state_->out_is_terminal && fd == STDOUT_FILENO)
        state_->err.stop_drawing();
    return fd;
}

bool Context::output_is_new_file() const {
    return state_->output && state_->output->is_new_file();
}

Result<void> Context::commit_output() {
    const std::lock_guard lock(state_->mutex);
    return state_->commit_output();
}

} // namespace codex::cli
