#include "content_file.hpp"

#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace codex::serve_tool {

namespace {

/// How long nobody may read a FIFO until somebody looks again.
constexpr std::chrono::milliseconds kNextReader{50};

/// Errors: those of OutputFile::open(); timeout.
Result<OutputFile> open_until(const std::string& path, const Deadline& until) {
    for (;;) {
        CODEX_TRY(opened, OutputFile::open_if_read(path));
        if (opened)
            return std::move(*opened);
        if (!until.pause(kNextReader))
            return fail(
                Error(Errc::timeout, fmt::format("{}: is a FIFO, and nobody has begun to "
                                                 "read it: the time is over",
                                                 path))
                    .remedy({Remedy::name_output, "name a file, or let somebody read it first"}));
    }
}

} // namespace

Result<ContentFile> ContentFile::open(cli::Context& context, const std::string& to,
                                      const Deadline& until) {
    ContentFile content;
    if (codex::is_stdout(to)) {
        if (::isatty(STDOUT_FILENO) != 0)
            return fail(Error(Errc::usage, fmt::format("--to {}: stdout is a terminal", to))
                            .hint("name a file, or put a pipe behind it"));
        CODEX_CHECK(context.binary_output());
        CODEX_TRY(out, FdSink::create(STDOUT_FILENO, "stdout"));
        content.sink_ = std::make_unique<FdSink>(std::move(out));
        return content;
    }
    CODEX_CHECK(context.require_outside_of_repo(to));
    CODEX_SET(content.file_, open_until(to, until));
    CODEX_TRY(sink, FdSink::create(content.file_->fd(), to));
    content.sink_ = std::make_unique<FdSink>(std::move(sink));
    return content;
}

bool ContentFile::is_about(const Error& error) const {
    return sink_ && error.text().starts_with(fmt::format("write {}: ", name()));
}

Result<void> ContentFile::commit() {
    return file_ ? file_->commit() : Result<void>();
}

PipesBreakGently::PipesBreakGently() : before_(std::signal(SIGPIPE, SIG_IGN)) {}

PipesBreakGently::~PipesBreakGently() {
    std::signal(SIGPIPE, before_);
}

void PipesBreakGently::end_if_broken() const {
    pollfd out{STDOUT_FILENO, 0, 0};
    if (::poll(&out, 1, 0) != 1 || (out.revents & POLLERR) == 0)
        return;
    std::signal(SIGPIPE, before_);
    std::raise(SIGPIPE);
}

} // namespace codex::serve_tool
