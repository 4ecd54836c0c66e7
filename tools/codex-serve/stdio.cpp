// codex-serve stdio: the server of a repo, for one peer, over stdin and stdout.
#include "base/copy_error.hpp"
#include "exchange/pipe.hpp"
#include "exchange/server.hpp"
#include "serve.hpp"
#include "toolkit/access.hpp"

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace codex::serve_tool {

namespace {

constexpr std::string_view kWhom = "the other end of the pipe";

/// Until the other side ends.
Task<void> until_ended(exchange::PipePeer* peer) {
    Signal& changed = peer->changed();
    while (!peer->ended()) {
        co_await changed.wait();
    }
}

Task<Result<void>> serve_one(exchange::PipePeer* peer) {
    co_await until_ended(peer);
    // That it ends is how it is told that no more is wanted.
    if (peer->error() && (!peer->greeted() || peer->error()->code() != Errc::unavailable))
        co_return fail(copy_of(*peer->error()));
    co_return Result<void>();
}

Result<Fd> duplicate(int fd) {
    Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!copy)
        return fail(system_error(errno, fd == STDIN_FILENO ? "take stdin" : "take stdout"));
    return copy;
}

Result<int> run_stdio(cli::Context& context) {
    if (::isatty(STDIN_FILENO) != 0 || ::isatty(STDOUT_FILENO) != 0)
        return fail(Error(Errc::usage, "stdin or stdout is a terminal")
                        .hint("it is for who fetches, as his --via"));
    CODEX_CHECK(context.binary_output());
    CODEX_TRY(repo, toolkit::open_repo(context, toolkit::Access::read));
    CODEX_TRY(in, duplicate(STDIN_FILENO));
    CODEX_TRY(out, duplicate(STDOUT_FILENO));
    std::signal(SIGPIPE, SIG_IGN); // who stops reading has ended
    SystemLoop loop(context.clock());
    SystemNetwork network(loop);
    CODEX_TRY(pipe, network.pipe(std::move(in), std::move(out), std::string(kWhom)));
    // At least one that works beside the loop, whatever -j says.
    ThreadPool pool(std::max(2u, context.pool().size()));
    exchange::PipePeer peer(loop, std::move(pipe), {std::string(kWhom), true});
    exchange::PeersOptions peers_options;
    peers_options.logger = context.log().with_topics("codex blockexcnetwork");
    exchange::Peers peers(loop, std::move(peers_options));
    exchange::ServerOptions server_options;
    server_options.logger = context.log().with_topics("codex blockexcengine");
    const exchange::Server server(peers, repo, pool, std::move(server_options));
    peers.attach(peer);
    auto done = run_task(loop, serve_one(&peer));
    if (peers.limit_counts().of(net::Limit::memory) != 0) // and so the pipe was closed
        return fail(out_of_memory());
    CODEX_CHECK(std::move(*done));
    return 0;
}

} // namespace

void declare_stdio(cli::Command& root) {
    root.command("stdio", "serve the repo to one peer, over stdin and stdout")
        .example("codex-serve fetch zDvZ... --via 'ssh example.org codex-serve stdio'")
        .example("codex-serve fetch zDvZ... --via 'codex-serve stdio --repo /mnt/backup'")
        .run([](cli::Context& context) { return run_stdio(context); });
}

} // namespace codex::serve_tool
