// What there is to say about the node itself, and about others.
#include "base/json_writer.hpp"
#include "net/dht/id.hpp"
#include "node/rest/headers.hpp"
#include "node/rest/service.hpp"

namespace codex::node::rest {

namespace {

constexpr Clock::Duration kConnectPatience = std::chrono::seconds(10);
constexpr std::string_view kScheme = "spr:";

/// As the network's nodes are numbered, without the zeros in front, as the reference prints it.
std::string node_id(const net::PeerId& peer) {
    std::string digits = net::dht::Id::of_peer(peer).text();
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    return digits;
}

/// One text, or an object with it as its one member, as the client likes it.
Task<Result<void>> text_or_json(Call* call, std::string_view name, std::string value) {
    if (prefers_text(call->field("accept"))) {
        co_return co_await call->text(200, std::move(value));
    }
    JsonWriter json;
    json.begin_object().member(name, value).end_object();
    co_return co_await call->json(200, std::move(json).text());
}

/// What is not known of a node is an empty text, for some clients take nothing else.
void write_node(JsonWriter& json, const KnownNode& node) {
    // Scripts look for "spr:" in all of it and are to find one.
    std::string_view record(node.record);
    if (record.starts_with(kScheme))
        record.remove_prefix(kScheme.size());
    json.begin_object()
        .member("nodeId", node.id)
        .member("peerId", node.peer)
        .member("record", record)
        .member("address", node.address)
        .member("seen", node.seen)
        .end_object();
}

KnownNode self_of(const Service& service) {
    if (service.options.discovery != nullptr)
        return service.options.discovery->self();
    KnownNode node;
    node.id = node_id(service.host.id());
    node.peer = service.host.id().text();
    return node;
}

std::string debug_json(const Service& service) {
    const Discovery* discovery = service.options.discovery;
    std::vector<std::string> addresses;
    for (const net::Multiaddr& address : service.host.addresses())
        addresses.push_back(address.text());
    JsonWriter json(2);
    json.begin_object().member("id", service.host.id().text());
    json.key("addrs").list(addresses);
    json.member("repo", service.options.folder);
    json.member("spr", discovery == nullptr ? std::string() : discovery->record());
    if (discovery != nullptr) {
        addresses.clear();
        for (const net::Multiaddr& address : discovery->announced())
            addresses.push_back(address.text());
    }
    json.key("announceAddresses").list(addresses);
    json.key("table").begin_object().key("localNode");
    write_node(json, self_of(service));
    json.key("nodes").begin_array();
    if (discovery != nullptr)
        for (const KnownNode& node : discovery->nodes())
            write_node(json, node);
    json.end_array().end_object();
    json.key("codex")
        .begin_object()
        .member("version", service.options.version)
        .member("revision", service.options.revision)
        .member("contracts", "")
        .end_object()
        .end_object();
    return std::move(json).text();
}

/// The addresses of the query that can be dialled to reach the peer.
std::vector<net::Multiaddr> addresses_of(const Call& call, const net::PeerId& peer) {
    std::vector<net::Multiaddr> addresses;
    for (const std::string& text : call.target.values("addrs")) {
        const auto address = net::Multiaddr::from_text(text);
        if (!address || (address->peer() && *address->peer() != peer))
            continue;
        const auto bare = address->peer() ? address->without_peer() : *address;
        if (bare && bare->tcp_endpoint())
            addresses.push_back(*bare);
    }
    return addresses;
}

} // namespace

Task<Result<void>> show_record(Service* self, Call* call) {
    std::string record =
        self->options.discovery == nullptr ? std::string() : self->options.discovery->record();
    if (record.empty()) {
        co_return co_await call->json(503, std::string());
    }
    co_return co_await text_or_json(call, "spr", std::move(record));
}

Task<Result<void>> show_peer_id(Service* self, Call* call) {
    co_return co_await text_or_json(call, "id", self->host.id().text());
}

Task<Result<void>> show_debug_info(Service* self, Call* call) {
    co_return co_await call->json(200, debug_json(*self));
}

Task<Result<void>> connect_peer(Service* self, Call* call) {
    const auto peer = net::PeerId::from_text(call->parameters[0]);
    if (!peer) {
        co_return co_await call->error(400, peer.error().text());
    }
    if (self->host.connection(*peer) != nullptr) {
        co_return co_await call->text(200, "Successfully connected to peer");
    }
    if (*peer == self->host.id()) {
        co_return co_await call->error(400, "Unable to dial peer");
    }
    const Clock::Instant until = self->loop.now() + kConnectPatience;
    std::vector<net::Multiaddr> addresses = addresses_of(*call, *peer);
    net::PeerId whom = *peer;
    if (addresses.empty() && self->options.discovery != nullptr) {
        auto found = co_await self->options.discovery->find(whom, until);
        if (found)
            addresses = std::move(*found);
    }
    if (addresses.empty()) {
        co_return co_await call->error(400, "Unable to find Peer!");
    }
    const auto connected =
        co_await self->host.connect(whom, std::move(addresses), until, net::Redial::at_once);
    if (!connected) {
        co_return co_await call->error(400, "Unable to dial peer");
    }
    co_return co_await call->text(200, "Successfully connected to peer");
}

Task<Result<void>> set_log_level(Service* self, Call* call) {
    const std::vector<std::string> levels = call->target.values("level");
    if (levels.empty()) {
        co_return co_await call->error(400, "Missing log level");
    }
    const auto set = self->options.set_log_levels(levels.front());
    if (!set) {
        co_return co_await call->error(500, "Please specify one of: trace, debug, info, notice, "
                                            "warn, error or fatal");
    }
    co_return co_await call->text(200, std::string());
}

} // namespace codex::node::rest
