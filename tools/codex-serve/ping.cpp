#include "serve.hpp"

#include <chrono>

namespace codex::serve_tool {

namespace {

struct PingOptions {
    std::string address;
    std::uint64_t count = 4;
    cli::DurationValue timeout{10, false};
};

Result<void> print(cli::Context& context, const std::string& id, Clock::Duration time) {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    return context.print(cli::Record("ping")
                             .field("id", id)
                             .text(fmt::format("{}.{:03} ms", micros / 1000, micros % 1000))
                             .json("microseconds", static_cast<std::uint64_t>(micros)));
}

/// Connects, and pings once after the other; each has the whole time, and is printed when it is
/// answered.
Task<Result<void>> ping_all(net::Host* host, Target target, const PingOptions* options,
                            cli::Context* context) {
    const std::string id = target.peer.text();
    const Clock::Duration span = std::chrono::seconds(options->timeout.seconds);
    std::vector<net::Multiaddr> addresses(1, target.address);
    const Clock::Instant until = host->loop().now() + span;
    CODEX_CO_CHECK(host->connect(target.peer, std::move(addresses), until, net::Redial::at_once));
    for (std::uint64_t i = 0; i < options->count; ++i) {
        const Clock::Instant ends = host->loop().now() + span;
        CODEX_CO_TRY(time, host->ping(target.peer, ends));
        auto printed = print(*context, id, time);
        if (!printed)
            co_return printed;
    }
    co_return Result<void>();
}

Result<int> run_ping(cli::Context& context, const PingOptions& options) {
    if (options.count == 0)
        return fail(Error(Errc::usage, "--count: 0 is less than 1")
                        .hint("see whether it answers at all: codex-serve ping -c 1 ADDRESS"));
    context.about(options.address);
    CODEX_TRY(target, parse_target(options.address));
    CODEX_TRY(node, Node::anonymous(context));
    auto done = run_task(node->loop, ping_all(node->host.get(), target, &options, &context));
    if (!*done)
        context.report(options.address,
                       with_way_to_node(std::move(*done).error(),
                                        options.timeout.seconds)); // and the summary follows
    return context.exit_code();
}

} // namespace

void declare_ping(cli::Command& root) {
    const auto options = std::make_shared<PingOptions>();
    root.command("ping", "see whether a node answers, and how fast")
        .argument("ADDRESS", options->address, "a multiaddr that ends in /p2p/ID")
        .option("-c,--count", options->count, "how many times; default 4")
        .option("--timeout", options->timeout, "of the connection and of each answer; default 10s")
        .example("codex-serve ping /ip4/192.0.2.1/tcp/8070/p2p/16Uiu2HA...")
        .example("codex-serve ping -c 1 --timeout 2s /ip6/::1/tcp/8070/p2p/16Uiu2HA...")
        .only_needs({})
        .run([options](cli::Context& context) { return run_ping(context, *options); });
}

} // namespace codex::serve_tool
