// codex-serve find, provide, spr: what the DHT knows, and is told.
#include "daemon.hpp"
#include "discovery.hpp"
#include "node/finding.hpp"

namespace codex::serve_tool {

namespace {

struct FindOptions {
    std::string what;
    std::vector<std::string> bootstrap;
    cli::DurationValue timeout{30, false};
};

/// What is looked for: one of both.
struct Sought {
    std::optional<Cid> cid;
    std::optional<net::PeerId> peer;
};

Result<Sought> sought_of(const std::string& text) {
    if (auto peer = net::PeerId::from_text(text))
        return Sought{std::nullopt, std::move(*peer)};
    auto cid = Cid::from_text(text);
    if (!cid)
        return fail(Error(cid.error().code(), cid.error().text())
                        .hint("name a dataset by its whole CID, zDv..., or a node by its peer id, "
                              "16Uiu2HA..."));
    return Sought{std::move(*cid), std::nullopt};
}

Result<void> print_found(cli::Context& context, const node::FoundPeer& found) {
    return context.print(cli::Record("found")
                             .field("id", found.id)
                             .text(fmt::format("{}", fmt::join(found.addresses, ",")))
                             .json("addresses", found.addresses));
}

/// What is found was kept from before: it may be there no more.
void warn_of_silence(cli::Context& context, const std::string& what) {
    context.warn(what, "no node of the DHT has answered: these are from before");
}

Task<Result<node::FoundProviders>> find_by(net::dht::Dht* dht, Sought sought,
                                           Clock::Instant until) {
    if (sought.cid) {
        Cid cid = *sought.cid;
        co_return co_await node::find_providers(dht, std::move(cid), until);
    }
    net::PeerId peer = *sought.peer;
    CODEX_CO_TRY(found, node::find_peer(dht, std::move(peer), until));
    node::FoundProviders one;
    one.providers.push_back(std::move(found));
    co_return one;
}

/// Without a node of the repo.
Result<void> find_here(cli::Context& context, Sought sought, const FindOptions& options) {
    const Deadline until = Deadline::after_seconds(context.clock(), options.timeout.seconds);
    context.about({}); // but of what is named
    CODEX_TRY(bootstrap, bootstrap_nodes(options.bootstrap, until));
    context.about(options.what);
    CODEX_TRY(node, Node::anonymous(context));
    CODEX_TRY(asking, begin_asking(context, *node, std::move(bootstrap)));
    auto found = run_task(node->loop, find_by(asking->dht.get(), std::move(sought), until.at()));
    if (!*found)
        return fail(std::move(*found).error());
    for (const node::FoundPeer& one : (*found)->providers)
        CODEX_CHECK(print_found(context, one));
    return {};
}

Remedy record_of_it() {
    return Remedy(Remedy::show_node, "a record is shown where its node runs")
        .by("codex-serve --repo OTHER spr");
}

/// Of a node that looks for nobody: the settings with which it was begun have to change.
/// `seconds` is how long it was given, where that can be said.
Error with_way_to_discovery(Error error, std::optional<std::uint64_t> seconds) {
    if (error.code() == Errc::timeout && !error.has_way_out() && seconds)
        return std::move(error).remedy(longer_than(*seconds));
    if (error.code() != Errc::unsupported || error.has_way_out())
        return error;
    return std::move(error)
        .remedy(Remedy::stop_node)
        .remedy(Remedy(Remedy::run_node, "and begin it again without --disc-ip none"))
        .remedy(Remedy(Remedy::name_peer, "or fetch from a node that you know"));
}

Error with_way_to_nodes(Error error) {
    if (error.code() != Errc::unavailable || error.has_way_out())
        return error;
    return std::move(error)
        .remedy(Remedy::run_node)
        .remedy(Remedy(Remedy::name_bootstrap_node, "or name one of the DHT by its record"))
        .remedy(record_of_it());
}

Result<int> run_find(cli::Context& context, const FindOptions& options) {
    context.about(options.what);
    CODEX_TRY(sought, sought_of(options.what));
    warn_of_own_bootstrap(context);
    node::Request request;
    request.ask = node::Ask::find;
    request.seconds = options.timeout.seconds;
    if (sought.cid)
        request.cid = sought.cid->text();
    else
        request.peer = sought.peer->text();
    const node::TakeReply print = [&](const node::Reply& reply) -> Result<void> {
        if (const auto* found = std::get_if<node::FoundPeer>(&reply))
            return print_found(context, *found);
        if (const auto* by = std::get_if<node::Asked>(&reply); by != nullptr && by->nodes == 0)
            warn_of_silence(context, options.what);
        return {};
    };
    auto asked = ask_daemon_if_any(context, std::move(request), print,
                                   std::chrono::seconds(options.timeout.seconds));
    if (!asked && asked.error().code() == Errc::unavailable && !asked.error().has_way_out())
        return fail(
            std::move(asked)
                .error()
                .hint("the node knows no other")
                .remedy(Remedy(Remedy::name_bootstrap_node, "begin it with the record of one"))
                .remedy(record_of_it()));
    if (!asked)
        return fail(with_way_to_discovery(std::move(asked).error(), options.timeout.seconds));
    if (*asked)
        return 0;
    if (options.bootstrap.empty()) {
        CODEX_TRY(repo, context.repo_path());
        context.about(repo);
        return fail(with_way_to_nodes(no_node(repo)));
    }
    if (auto found = find_here(context, std::move(sought), options); !found)
        return fail(with_way_to_discovery(with_way_to_nodes(std::move(found).error()),
                                          options.timeout.seconds));
    return 0;
}

/// As the repo names what it has: by the beginning, too. A whole CID needs no repo that is open.
Result<Cid> here_named(cli::Context& context, const std::string& text) {
    auto whole = Cid::from_text(text);
    if (whole)
        return whole;
    const auto repo = toolkit::open_repo(context, toolkit::Access::read);
    if (!repo)
        return whole;
    auto cid = repo->named(text, repo::Named::dataset_or_tree);
    if (!cid)
        return fail(repo->explain(text, std::move(cid).error()));
    return cid;
}

Result<int> run_provide(cli::Context& context, const FindOptions& options) {
    context.about(options.what);
    CODEX_TRY(cid, here_named(context, options.what));
    node::Request request;
    request.ask = node::Ask::provide;
    request.cid = cid.text();
    request.seconds = options.timeout.seconds;
    const node::TakeReply print = [&](const node::Reply& reply) -> Result<void> {
        const auto* provided = std::get_if<node::Provided>(&reply);
        if (provided == nullptr)
            return {};
        return context.print(
            cli::Record("provided").field("cid", cid).field("nodes", provided->nodes));
    };
    auto asked = ask_daemon(context, std::move(request), print,
                            std::chrono::seconds(options.timeout.seconds));
    if (!asked)
        return fail(with_way_to_discovery(std::move(asked).error(), options.timeout.seconds));
    return 0;
}

Result<int> run_spr(cli::Context& context) {
    node::Request request;
    request.ask = node::Ask::record;
    const node::TakeReply print = [&context](const node::Reply& reply) -> Result<void> {
        const auto* record = std::get_if<node::OwnRecord>(&reply);
        if (record == nullptr)
            return {};
        return context.print(
            cli::Record("spr").field("spr", record->spr).json("nodes", record->nodes));
    };
    auto asked = ask_daemon(context, std::move(request), print, std::chrono::seconds(30));
    if (!asked)
        return fail(with_way_to_discovery(std::move(asked).error(), std::nullopt));
    return 0;
}

} // namespace

void declare_find(cli::Command& root) {
    const auto find = std::make_shared<FindOptions>();
    cli::Command& finding =
        root.command("find", "see which nodes have a dataset, or where a node is")
            .argument("CID", find->what, "of a dataset, whole; or a peer id (16Uiu2HA...)");
    declare_bootstrap_option(finding, find->bootstrap,
                             "where no node serves the repo: the record of a node to ask");
    finding.option("--timeout", find->timeout, "how long it may take; default 30s")
        .example("codex-serve find zDvZ...")
        .example("codex-serve find 16Uiu2HA... --bootstrap-node spr:CiUI...")
        .only_needs({"repo", "bootstrap-node"})
        .run([find](cli::Context& context) { return run_find(context, *find); });
    const auto provide = std::make_shared<FindOptions>();
    root.command("provide", "tell other nodes again that this one has a dataset")
        .argument("CID", provide->what, "of the dataset, or of its tree")
        .option("--timeout", provide->timeout, "how long it may take; default 30s")
        .example("codex-serve provide zDvZ...")
        .example("codex-serve provide zDzS... --timeout 10s")
        .only_needs({"repo", "lock-timeout"})
        .run([provide](cli::Context& context) { return run_provide(context, *provide); });
    root.command("spr", "print the record by which others find the running node")
        .example("codex-serve spr")
        .example("codex-serve run --bootstrap-node \"$(codex-serve --repo OTHER spr)\"")
        .only_needs({"repo"})
        .run([](cli::Context& context) { return run_spr(context); });
}

} // namespace codex::serve_tool
