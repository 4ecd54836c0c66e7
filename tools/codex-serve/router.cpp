// codex-serve router: what the router of this host answers, and lets in.
#include "base/system_network.hpp"
#include "base/system_programs.hpp"
#include "base/thread.hpp"
#include "base/units.hpp"
#include "net/address/multiaddr.hpp"
#include "router/asker.hpp"
#include "serve.hpp"

#include <charconv>
#include <condition_variable>
#include <fcntl.h>
#include <unistd.h>

namespace codex::serve_tool {

namespace {

using net::nat::Mapping;
using net::nat::Transport;
using net::nat::Way;
using About = net::nat::RouterQuestion::About;

/// Of all that asks, its code counted: what answers is anyone in the local net.
constexpr std::uint64_t kMemoryBytes = std::uint64_t{256} << 20;

struct RouterOptions {
    std::string transport;
    std::string port;
    std::string by = "any";
    std::string router;
    std::string to;
    std::optional<std::uint64_t> outside;
    cli::DurationValue timeout{10, false};
};

struct AskedOfRouter {
    About about = About::address;
    std::vector<Way> ways;
    Mapping mapping{};
    router::Settings settings{};
    Clock::Duration patience{};
};

struct RouterSaid {
    std::string router;
    router::Found found{};
    Mapping mapping{};
};

Result<std::uint16_t> port_of(const std::string& what, const std::string& text) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, port);
    if (text.empty() || read.ec != std::errc() || read.ptr != end || port == 0)
        return fail(Errc::usage, "{}: {}: not from 1 to {}", what, text, UINT16_MAX);
    return port;
}

Result<Mapping> mapping_of(const RouterOptions& options) {
    Mapping mapping;
    if (options.transport == word_of(Transport::udp))
        mapping.transport = Transport::udp;
    else if (options.transport != word_of(Transport::tcp))
        return fail(
            Error(Errc::usage, fmt::format("TRANSPORT: {}: neither tcp nor udp", options.transport))
                .hint("name tcp for connections, udp for datagrams, in front of the port"));
    CODEX_SET(mapping.inside, port_of("PORT", options.port));
    mapping.outside = mapping.inside;
    if (options.outside)
        CODEX_SET(mapping.outside, port_of("--outside", std::to_string(*options.outside)));
    return mapping;
}

/// By each way a router is named as that way knows it; where both are asked, the one that cannot
/// says so.
Result<void> check_router(const RouterOptions& options) {
    if (options.router.empty())
        return {};
    const auto no_router = [&](std::string_view why) {
        return Error(Errc::usage, fmt::format("--router: {}: {}", options.router, why));
    };
    if (options.by == word_of(Way::upnp) && !options.router.starts_with("http://"))
        return fail(no_router("no URL, by which routers of UPnP are known")
                        .hint("as a line of it has it: codex-serve router show --by upnp; for "
                              "example: --router http://192.0.2.1:5000/root.xml"));
    const auto ip = parse_ip(options.router, 0);
    if (options.by == word_of(Way::pmp) && (!ip || ip->ip_bytes != 4))
        return fail(no_router("no address of IPv4, by which routers of NAT-PMP are known")
                        .hint("it is that of the gateway, for example: --router 192.0.2.1"));
    return {};
}

/// What a mapping leads to, or where it is asked from, is here.
Result<void> check_own(const std::string& text, const SocketAddress& own) {
    SystemLoop loop;
    SystemNetwork network(loop);
    if (network.listen(own))
        return {};
    return fail(Error(Errc::usage, fmt::format("--to: {}: no address of this host", text))
                    .hint("name one of its own, or none, and the one is taken that leads to the "
                          "router"));
}

Result<AskedOfRouter> question_of(About about, const RouterOptions& options) {
    AskedOfRouter question;
    question.about = about;
    if (options.by != word_of(Way::pmp))
        question.ways.push_back(Way::upnp);
    if (options.by != word_of(Way::upnp))
        question.ways.push_back(Way::pmp);
    if (about != About::address)
        CODEX_SET(question.mapping, mapping_of(options));
    CODEX_CHECK(check_router(options));
    question.settings.router = options.router;
    if (!options.to.empty()) {
        question.settings.own = parse_ip(options.to, 0);
        if (!question.settings.own || question.settings.own->ip_bytes != 4)
            return fail(Errc::usage, "--to: {}: no address of IPv4", options.to);
        CODEX_CHECK(check_own(options.to, *question.settings.own));
    }
    question.patience = std::chrono::seconds(options.timeout.seconds);
    return question;
}

Result<RouterSaid> answer_of(const AskedOfRouter& question, Way way) {
    const auto asker = router::make_asker(way, question.settings, Random::system());
    RouterSaid answer;
    switch (question.about) {
    case About::address:
        CODEX_SET(answer.found, asker->find());
        break;
    case About::map:
        CODEX_SET(answer.mapping, asker->add(question.mapping));
        break;
    case About::unmap:
        CODEX_CHECK(asker->remove(question.mapping));
        answer.mapping = question.mapping;
        break;
    }
    answer.router = asker->router();
    return answer;
}

/// What is asked in a thread that nobody waits for once the time is over: the libraries wait as
/// long as who answers likes.
struct Asking {
    std::mutex mutex;
    std::condition_variable answered;
    std::optional<Result<RouterSaid>> answer;
};

Result<RouterSaid> ask(AskedOfRouter question, Way way, const Clock& clock) {
    const auto asking = std::make_shared<Asking>();
    const Deadline until = Deadline::after(clock, question.patience);
    question.settings.until = until;
    const auto job = [asking, question, way]() noexcept {
        auto answer = answer_of(question, way);
        const std::lock_guard lock(asking->mutex);
        asking->answer.emplace(std::move(answer));
        asking->answered.notify_all();
    };
    if (!Thread::start_unawaited(job))
        return fail(no_thread());
    std::unique_lock lock(asking->mutex);
    if (!wait_until(asking->answered, lock, until, [&] { return asking->answer.has_value(); }))
        return fail(Errc::timeout, "the router does not answer");
    return std::move(*asking->answer);
}

/// Nothing goes to stderr: the libraries say there what they think of each call of the system.
class StderrClosed {
public:
    StderrClosed() : before_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) {
        const Fd nothing(::open("/dev/null", O_WRONLY | O_CLOEXEC));
        if (before_ && nothing)
            ::dup2(nothing.get(), STDERR_FILENO);
    }
    StderrClosed(const StderrClosed&) = delete;
    StderrClosed& operator=(const StderrClosed&) = delete;
    ~StderrClosed() {
        if (before_)
            ::dup2(before_.get(), STDERR_FILENO);
    }

private:
    Fd before_;
};

std::string_view reach_of(const SocketAddress& address) {
    const net::Multiaddr shown = net::Multiaddr::tcp(address.ip_view(), 1);
    return shown.is_global() ? "internet" : shown.is_private() ? "private" : "none";
}

std::string ip_of(const SocketAddress& address) {
    const std::string text = address.text();
    return text.substr(0, text.rfind(':'));
}

Result<RouterSaid> ask_quietly(const AskedOfRouter& question, Way way, const Clock& clock) {
    const StderrClosed closed;
    return ask(question, way, clock);
}

cli::Record record_of_router(Way way, const RouterSaid& answer) {
    cli::Record record("router");
    record.field("way", word_of(way))
        .field("address", ip_of(answer.found.address))
        .field("reach", reach_of(answer.found.address))
        .field("router", answer.router);
    if (answer.found.age_seconds)
        record.json("seconds", std::uint64_t{*answer.found.age_seconds});
    else
        record.json("seconds", nullptr);
    return record;
}

cli::Record record_of_mapping(Way way, const RouterSaid& answer) {
    cli::Record record("mapping");
    record.field("way", word_of(way))
        .field("transport", word_of(answer.mapping.transport))
        .field("outside", std::uint64_t{answer.mapping.outside})
        .field("inside", std::uint64_t{answer.mapping.inside});
    if (answer.mapping.lifetime)
        record.field("seconds",
                     static_cast<std::uint64_t>(
                         std::chrono::duration_cast<std::chrono::seconds>(*answer.mapping.lifetime)
                             .count()));
    else
        record.text("-").json("seconds", nullptr);
    return record.field("router", answer.router);
}

cli::Record record_of(About about, Way way, const RouterSaid& answer) {
    if (about == About::address)
        return record_of_router(way, answer);
    if (about == About::map)
        return record_of_mapping(way, answer);
    return cli::Record("removal")
        .field("way", word_of(way))
        .field("transport", word_of(answer.mapping.transport))
        .field("outside", std::uint64_t{answer.mapping.outside})
        .field("router", answer.router);
}

/// What is left where no router does it.
void say_fixed_ports(cli::Context& context) {
    context.warn("no router lets others in: let it lead fixed ports here by its own settings, and "
                 "tell the node, with --nat extip:IP (codex-serve(1), WITHOUT A WAY IN)");
}

/// That a router refuses is an answer, and a line. Of ways that grant something the first is
/// enough; what a router answers is asked by each.
Result<int> run_router(cli::Context& context, About about, const RouterOptions& options) {
    CODEX_TRY(question, question_of(about, options));
    bound_own_memory(kMemoryBytes);
    bool granted = false;
    for (const Way way : question.ways) {
        if (granted && about != About::address)
            break;
        const auto answer = ask_quietly(question, way, context.clock());
        granted = granted || answer.has_value();
        if (answer)
            CODEX_CHECK(context.print(record_of(about, way, *answer)));
        else
            CODEX_CHECK(context.print(cli::Record("refusal")
                                          .field("way", word_of(way))
                                          .text("refused")
                                          .field("why", answer.error().text())));
    }
    if (!granted && about != About::unmap)
        say_fixed_ports(context);
    return granted ? 0 : 1;
}

void declare_asking(cli::Command& command, RouterOptions& options) {
    command.choice("--by", options.by, {"any", "upnp", "pmp"}, "how it is asked; default any")
        .option("--router WHERE", options.router,
                "where it is, as a line before has it; default: it is looked for")
        .option("--to IP", options.to,
                "the address of this host that it leads to; default: that which asks")
        .option("--timeout", options.timeout, "how long each way may take; default 10s");
}

void declare_mapping(cli::Command& command, RouterOptions& options) {
    command.argument("TRANSPORT", options.transport, "tcp or udp")
        .argument("PORT", options.port, "of this host")
        .option("--outside PORT", options.outside, "of the router; default: the same");
    declare_asking(command, options);
}

} // namespace

void declare_router(cli::Command& root) {
    const auto options = std::make_shared<RouterOptions>();
    const auto does = [options](About about) {
        return [options, about](cli::Context& context) {
            return run_router(context, about, *options);
        };
    };
    cli::Command& router = root.command("router", "ask the router of this host to let others in");
    router.example("codex-serve router show").example("codex-serve router add tcp 8070");
    cli::Command& show = router.command("show", "print what the router answers, by each way");
    declare_asking(show, *options);
    show.example("codex-serve router show")
        .example("codex-serve router show --by pmp --timeout 2s")
        .only_needs({})
        .run(does(About::address));
    cli::Command& add = router.command("add", "let in what comes to a port of the router");
    declare_mapping(add, *options);
    add.example("codex-serve router add tcp 8070")
        .example("codex-serve router add udp 8090 --outside 8091 --by upnp")
        .only_needs({})
        .run(does(About::map));
    cli::Command& remove = router.command("rm", "take back what was let in");
    declare_mapping(remove, *options);
    remove.example("codex-serve router rm tcp 8070")
        .example("codex-serve router rm udp 8090 --outside 8091")
        .only_needs({})
        .run(does(About::unmap));
}

} // namespace codex::serve_tool
