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

Error end_all(std::span<const std::unique_ptr<Via>> commands, Error error) {
    for (const auto& via : commands) {
        const bool over = via->peer->ended();
        const std::string name = via->peer->name();
        const bool its_error = error.text().find(name) != std::string::npos;
        via->peer.reset();
        const cli::ChildEnd ended = via->child.end();
        if (!over || !its_error || error.code() != Errc::unavailable || ended.status == 0 ||
            ended.was_told) // then how it has ended is our doing
            continue;
        std::string text = fmt::format("{}: exit status {}", error.text(), ended.status);
        if (!ended.last_line.empty())
            text += ": " + ended.last_line;
        Error whole = Error(error.code(), std::move(text)).way_out_of(error);
        error = std::move(whole);
    }
    return error;
}

} // namespace codex::serve_tool
