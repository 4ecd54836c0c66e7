#include "base/json_writer.hpp"
#include "node/detail/names.hpp"

namespace codex::node {

std::string control_path(const std::string& repo) {
    return repo + "/node/control.sock";
}

namespace {

/// Writes the one member that an object of an answer has.
struct ReplyWriter {
    JsonWriter& json;

    void operator()(const About& about) const {
        json.key("node").begin_object().member("id", about.id).key("addresses");
        json.list(about.addresses).member("peers", about.peers).member("api", about.api);
        json.member("metrics", about.metrics);
        if (about.nodes)
            json.member("nodes", *about.nodes);
        json.end_object();
    }
    void operator()(const PeerRow& peer) const {
        json.key("peer").begin_object();
        json.member("id", peer.id).member("address", peer.address);
        json.member("incoming", peer.incoming).member("muxer", peer.muxer);
        json.member("agent", peer.agent).member("streams", peer.streams);
        json.member("bytesIn", peer.bytes_in).member("bytesOut", peer.bytes_out);
        json.member("wants", peer.wants).end_object();
    }
    void operator()(const LimitRow& limit) const {
        json.key("limit").begin_object().member("name", limit.name);
        json.member("value", limit.value).member("hits", limit.hits).end_object();
    }
    void operator()(const Pong& pong) const {
        json.key("pong").begin_object().member("microseconds", pong.microseconds).end_object();
    }
    void operator()(const SoFar& so_far) const {
        json.key("progress").begin_object();
        json.member("done", so_far.done).member("total", so_far.total);
        json.member("peers", so_far.peers).member("duplicates", so_far.duplicates);
        if (!so_far.waiting.empty())
            json.member("waiting", so_far.waiting).member("seconds", so_far.seconds);
        json.end_object();
    }
    void operator()(const exchange::FetchPeer& peer) const {
        using std::chrono::microseconds;
        json.key("gave").begin_object().member("id", peer.id.text());
        json.member("blocks", peer.blocks).member("bytes", peer.bytes);
        json.member("duplicates", peer.duplicates);
        json.member("unasked", peer.unasked).member("wrong", peer.wrong);
        json.member("late", peer.late);
        // Figures that were not measured are left out.
        if (const auto rate = static_cast<std::uint64_t>(peer.rate); rate != 0)
            json.member("bytesPerSecond", rate);
        const auto round_trip = static_cast<std::uint64_t>(
            std::chrono::duration_cast<microseconds>(peer.round_trip).count());
        if (round_trip != 0)
            json.member("roundTripMicroseconds", round_trip);
        if (!peer.error.empty())
            json.member("error", peer.error);
        json.end_object();
    }
    void operator()(const Totals& totals) const {
        json.key("fetched").begin_object().member("blocks", totals.blocks);
        json.member("blocksHere", totals.blocks_here);
        json.member("blocksFetched", totals.blocks_fetched);
        json.member("bytesFetched", totals.bytes_fetched).end_object();
    }
    void operator()(const OwnRecord& record) const {
        json.key("record").begin_object().member("spr", record.spr);
        json.member("nodes", record.nodes).end_object();
    }
    void operator()(const FoundPeer& found) const {
        json.key("found").begin_object().member("id", found.id).key("addresses");
        json.list(found.addresses).end_object();
    }
    void operator()(const Asked& asked) const {
        json.key("asked").begin_object().member("nodes", asked.nodes).end_object();
    }
    void operator()(const Provided& provided) const {
        json.key("provided").begin_object().member("nodes", provided.nodes).end_object();
    }
    void operator()(const Later& later) const {
        json.key("later").begin_object().member("setting", later.setting).end_object();
    }
    void operator()(const NotKnown& /*part*/) const {
        json.key("unknown").begin_object().end_object();
    }
    void operator()(const Done& /*done*/) const { json.key("done").begin_object().end_object(); }
    void operator()(const Error& error) const {
        json.key("error").begin_object().member("code", errc_name(error.code()));
        json.member("text", error.text()).member("hint", error.hint());
        json.key("remedies").begin_array();
        for (const Remedy& remedy : error.remedies()) {
            json.begin_object().member("name", remedy_name(remedy.action()));
            json.member("words", remedy.words()).member("object", remedy.object());
            if (remedy.number())
                json.member("number", *remedy.number());
            json.end_object();
        }
        json.end_array().end_object();
    }
};

} // namespace

std::string encode(const Request& request) {
    JsonWriter json;
    json.begin_object().member("request", detail::ask_name(request.ask));
    if (!request.address.empty())
        json.member("address", request.address);
    if (request.ask == Ask::ping)
        json.member("count", request.count);
    if (request.seconds)
        json.member("seconds", *request.seconds);
    if (request.ask == Ask::find || request.ask == Ask::provide) {
        if (!request.cid.empty())
            json.member("cid", request.cid);
        if (!request.peer.empty())
            json.member("peer", request.peer);
    }
    if (request.ask == Ask::fetch) {
        json.member("cid", request.cid).key("peers").list(request.peers);
        json.member("expiry", request.expiry).member("label", request.label);
        if (request.range)
            json.member("range", *request.range);
        if (request.slot)
            json.member("slot", *request.slot);
        if (request.in_order)
            json.member("inOrder", true);
    }
    return std::move(json.end_object()).text();
}

std::string encode(const Reply& reply) {
    JsonWriter json;
    json.begin_object();
    std::visit(ReplyWriter{json}, reply);
    return std::move(json.end_object()).text();
}

} // namespace codex::node
