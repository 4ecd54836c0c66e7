#include "fetch_report.hpp"

#include "base/counted.hpp"
#include "base/units.hpp"

#include <algorithm>

namespace codex::serve_tool {

namespace {

std::uint64_t failures_of(const exchange::FetchPeer& peer) {
    return peer.wrong + peer.late + (peer.error.empty() ? 0 : 1);
}

/// A figure that is never 0, or null where there is none.
void measured(JsonWriter& json, std::string_view name, std::uint64_t figure) {
    if (figure != 0)
        json.key(name).value(figure);
    else
        json.key(name).value(nullptr);
}

std::string peers_json(const std::vector<exchange::FetchPeer>& peers) {
    JsonWriter json;
    json.begin_array();
    for (const exchange::FetchPeer& peer : peers) {
        json.begin_object();
        if (!peer.error.empty())
            json.key("error").value(peer.error);
        json.key("id").value(peer.name);
        json.key("blocks").value(peer.blocks);
        json.key("bytes").value(peer.bytes);
        json.key("duplicates").value(peer.duplicates);
        json.key("unasked").value(peer.unasked);
        json.key("wrong").value(peer.wrong);
        json.key("late").value(peer.late);
        json.key("failures").value(failures_of(peer));
        // What was not measured is not 0, which would be said of a peer that is dead, or here.
        measured(json, "bytesPerSecond", static_cast<std::uint64_t>(peer.rate));
        measured(
            json, "roundTripMicroseconds",
            static_cast<std::uint64_t>(
                std::chrono::duration_cast<std::chrono::microseconds>(peer.round_trip).count()));
        json.end_object();
    }
    json.end_array();
    return std::move(json).text();
}

std::uint64_t duplicates_of(const exchange::FetchStatus& status) {
    std::uint64_t duplicates = 0;
    for (const exchange::FetchPeer& peer : status.peers)
        duplicates += peer.duplicates;
    return duplicates;
}

/// Of one that has given to several fetches what it was in the last, and all that it gave.
void add(exchange::FetchPeer& to, const exchange::FetchPeer& more) {
    to.blocks += more.blocks;
    to.bytes += more.bytes;
    to.duplicates += more.duplicates;
    to.unasked += more.unasked;
    to.wrong += more.wrong;
    to.late += more.late;
    if (more.rate > 0)
        to.rate = more.rate;
    if (more.round_trip != Clock::Duration::zero())
        to.round_trip = more.round_trip;
    if (to.error.empty())
        to.error = more.error;
}

} // namespace

// --- while it goes on
// ---------------------------------------------------------------------------

void FetchTelling::tell(const node::SoFar& now) {
    cli::Record more("progress");
    if (!now.waiting.empty())
        more.field("waiting", now.waiting).json("secondsToWait", now.seconds);
    more.text(counted(now.peers, "peer", "peers")).json("peers", now.peers);
    if (now.duplicates != 0)
        more.text(counted(now.duplicates, "duplicate", "duplicates"));
    more.json("duplicates", now.duplicates);
    context_.note_progress(std::move(more));
    if (!now.waiting.empty() && now.waiting != waiting_) {
        const std::string until =
            now.seconds == 0
                ? std::string()
                : " until " + format_time(context_.clock().unix_seconds() + now.seconds);
        context_.warn(cid_, fmt::format("{}: it waits{}", now.waiting, until));
    }
    waiting_ = now.waiting;
}

// --- afterwards
// ---------------------------------------------------------------------------------

void FetchReport::count(const exchange::FetchStatus& status) {
    context_.add_total("blocksFetched", status.blocks_fetched);
    context_.add_total("bytesFetched", status.bytes_fetched);
    context_.add_total("duplicates", duplicates_of(status));
    for (const exchange::FetchPeer& peer : status.peers) {
        const auto known = std::ranges::find(peers_, peer.name, &exchange::FetchPeer::name);
        if (known == peers_.end())
            peers_.push_back(peer);
        else
            add(*known, peer);
    }
    context_.note_total_json("peers", peers_json(peers_));
}

Result<void> FetchReport::fetched(const Cid& cid, const exchange::FetchStatus& status) {
    for (const exchange::FetchPeer& peer : status.peers)
        if (!peer.error.empty())
            context_.warn(cid.text(), "a peer gave nothing: " + peer.error);
    return context_.print(cli::Record("fetched")
                              .field("cid", cid)
                              .field("blocksFetched", status.blocks_fetched)
                              .field("bytesFetched", status.bytes_fetched)
                              .json("blocks", status.blocks)
                              .json("duplicates", duplicates_of(status))
                              .json_raw("peers", peers_json(status.peers)));
}

cli::Record FetchReport::failed(const Cid& cid, const exchange::FetchStatus& status) {
    cli::Record more("error");
    more.json("cid", cid.text()); // which the error may not be about, but about where it goes
    more.json("blocks", status.blocks).json("blocksHere", status.blocks_here);
    more.json("blocksFetched", status.blocks_fetched).json("bytesFetched", status.bytes_fetched);
    more.json("duplicates", duplicates_of(status)).json_raw("peers", peers_json(status.peers));
    return more;
}

Error with_way_out(Error error, Asked asked) {
    const Errc code = error.code();
    if (code == Errc::timeout && !error.has_way_out())
        return std::move(error)
            .remedy(Remedy(Remedy::wait_longer, "give it longer").by("--timeout 10m"))
            .remedy(Remedy(Remedy::name_peer, "or name another node that may have it"));
    if (code != Errc::unavailable && code != Errc::dataset_not_found &&
        code != Errc::block_not_found && code != Errc::peer_wrong && code != Errc::select_invalid)
        return error;
    Error whole = Error(code, error.text()).hint(std::string(error.hint()));
    if (asked == Asked::peers_of_node && code == Errc::unavailable)
        return std::move(whole)
            .remedy(Remedy::connect_node)
            .remedy(Remedy(Remedy::name_peer, "or name one"));
    if (asked == Asked::commands)
        return std::move(whole)
            .remedy(Remedy(Remedy::name_peer, "name another command").by("--via COMMAND"))
            .remedy(Remedy(Remedy::name_peer, "or name another node that may have it"));
    return std::move(whole).remedy(Remedy(Remedy::name_peer, "name another node that may have it"));
}

} // namespace codex::serve_tool
