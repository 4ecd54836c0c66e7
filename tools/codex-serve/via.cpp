#include "via.hpp"

namespace codex::serve_tool {

Result<std::unique_ptr<Via>> Via::start(SystemNetwork& network, const std::string& command,
                                        Clock::Duration patience) {
    CODEX_TRY(child, cli::Child::start(command));
    auto via = std::make_unique<Via>(std::move(child));
    via->command = command;
    const std::string name = "'" + command + "'";
    CODEX_TRY(pipe, network.pipe(via->child.take_stdout(), via->child.take_stdin(), name));
    via->peer = std::make_unique<exchange::PipePeer>(
        network.loop(), std::move(pipe), exchange::PipeOptions{name, false, patience, command});
    return via;
}

namespace {

/// What is to be said behind what is wrong with it; nothing, where how it ended is our doing.
std::string end_of(Via& via) {
    const bool over = via.peer->ended();
    const bool silent = !via.peer->greeted();
    via.peer.reset();
    const cli::ChildEnd ended = via.child.end();
    if (!over && !silent)
        return {};
    std::string text;
    if (ended.status != 0 && !ended.was_told)
        text = fmt::format(": exit status {}", ended.status);
    if (!ended.last_line.empty() && (!text.empty() || silent))
        text += ": " + ended.last_line;
    return text;
}

} // namespace

std::optional<Error> end_all(std::span<const std::unique_ptr<Via>> commands,
                             std::vector<exchange::FetchPeer>& peers, std::optional<Error> error) {
    for (const auto& via : commands) {
        const std::string name = via->peer->name();
        const std::string end = end_of(*via);
        if (end.empty())
            continue;
        for (exchange::FetchPeer& peer : peers)
            if (peer.name == via->command && !peer.error.empty())
                peer.error += end;
        const bool its_error =
            error && error->text().find(name) != std::string::npos &&
            (error->code() == Errc::unavailable || error->code() == Errc::timeout);
        if (its_error) {
            Error whole = Error(error->code(), error->text() + end).way_out_of(*error);
            error = std::move(whole);
        }
    }
    return error;
}

} // namespace codex::serve_tool
