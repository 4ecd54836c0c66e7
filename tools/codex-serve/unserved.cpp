#include "unserved.hpp"

#include "repo/daemon_lock.hpp"
#include "toolkit/access.hpp"

namespace codex::serve_tool {

Error served_already(Error error) {
    return std::move(error)
        .remedy(Remedy(Remedy::show_node, "see the node").by("codex-serve health"))
        .remedy(Remedy::stop_node);
}

namespace {

/// Refuses a repo that somebody serves, which the error is about. Errors: repo_locked.
Result<void> require_unserved(const std::string& path) {
    if (const auto holder = repo::DaemonLock::seen(path))
        return fail(served_already(
            Error(Errc::repo_locked, fmt::format("is served already: held by {}", holder->words))));
    return {};
}

} // namespace

Result<repo::Repo> open_unless_served(cli::Context& context, const std::string& path) {
    constexpr Clock::Duration kLookAgain = std::chrono::milliseconds(50);
    repo::OpenOptions at_once = toolkit::open_options(context);
    at_once.create = true;
    at_once.lock_timeout_seconds = 0;
    const Deadline until = Deadline::after_seconds(context.clock(), context.lock_timeout_seconds());
    for (bool waiting = false;;) {
        CODEX_CHECK(require_unserved(path));
        // Only tried: all that is done to the repo later has the time that was given.
        auto tried = repo::Repo::open(path, at_once);
        if (tried || tried.error().code() != Errc::repo_locked)
            break;
        if (!until.pause(kLookAgain))
            return tried;
        if (!std::exchange(waiting, true))
            context.log()
                .with_topics("codex node")
                .notice("Waiting for the repo", {{"error", tried.error()}});
    }
    auto repo = toolkit::open_repo(context, toolkit::Access::create);
    if (!repo && repo.error().code() == Errc::repo_locked)
        CODEX_CHECK(require_unserved(path));
    return repo;
}

} // namespace codex::serve_tool
